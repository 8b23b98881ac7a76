"""What a cube or a mesh's textures were made from, to make them again: a small strict JSON. Never bpy.

Standard library only. Every exported file carries it (recipe_files.py; .blend files: scene/blend_file.py), or a .json
file of its own. It holds versions, never a date, host or path.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from .errors import CardError, RecipeError
from .json_fields import Node
from .mark import RECIPE_KEY
from .providers import CHOICES
from .recipe_steps import MAX_SEED, check_steps
from .surface_request import MOST_IMAGES, ROUND, SURFACES, SurfaceRequest

KEY = RECIPE_KEY
MADE_BY = "made by a trained generator"
MAX_BYTES = 256 * 1024  # of a recipe's text


@dataclass(frozen=True)
class Recipe:
    """`model` {"name", "sha256"}; `face_seeds` (uint64) and `face_labels` of the images; `kind`: the surface.

    A label is a name or {name: weight}, None where the model has none.
    """

    model: dict
    seed: int
    label: str | dict | None
    face_seeds: tuple
    face_labels: tuple
    size: int
    settings: (
        dict  # {"scalars": {name: number}, "provider": effective provider}; where they were asked for also
    )
    # "latents" {name: numbers}, "walk" {"toward": seed of a surface, "share": 0 to 4}, "style" {"seed", "layer"},
    # "face_styles": for each image such a style of its own, or null; "face_settings": for each image
    # {"scalars", "toward", "walk"} of its own, or null; "transform": the steps of
    # the chain that went over the textures (recipe_steps.py)
    versions: dict  # {"gancube", "onnxruntime", "numpy", "blender": text}
    kind: str = "cube"
    made_by: str = MADE_BY

    def to_request(self, model: str | None = None) -> SurfaceRequest:
        """The request that makes the same, from `model` (a name or file) or the model the recipe names."""
        walk = self.settings.get("walk", {"toward": 0, "share": 0.0})
        own = self.settings.get("face_styles", ())
        return SurfaceRequest(
            surface=self.kind,
            images=None if SURFACES[self.kind] else len(self.face_seeds),
            toward=walk["toward"],
            walk=walk["share"],
            style=_style(self.settings.get("style")) or (),
            face_styles=tuple(map(_style, own)),
            face_settings=tuple(self.settings.get("face_settings", ())),
            model=model or self.model["name"],
            seed=self.seed,
            label=self.label,
            face_seeds=self.face_seeds,
            face_labels=self.face_labels,
            size=self.size,
            scalars=dict(self.settings["scalars"]),
            latents=dict(self.settings.get("latents", {})),
        )


def style_fields(style: tuple) -> dict:
    return {"seed": style[0], "layer": style[1]}


def _style(fields: dict | None) -> tuple | None:
    return (fields["seed"], fields["layer"]) if fields else None


def dumps(recipe: Recipe) -> str:
    """Canonical JSON: keys sorted, no spaces, ASCII. Refuses (RecipeError) what loads would refuse."""
    try:
        text = json.dumps(asdict(recipe), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"recipe: cannot be written as JSON ({error}).") from error
    loads(text)
    return text


def loads(text: str, file: str = "recipe") -> Recipe:
    """JSON -> Recipe; RecipeError `FILE: FIELD: what` on anything else."""

    def fail(field, what):
        raise RecipeError(f"{file}: {field}: {what}")

    def pairs(found):
        if len({key for key, _ in found}) < len(found):
            fail("recipe", "holds a key twice.")
        return dict(found)

    if len(text) > MAX_BYTES:
        fail("recipe", f"is longer than {MAX_BYTES} characters.")
    try:
        data = json.loads(
            text, object_pairs_hook=pairs, parse_constant=lambda name: fail("recipe", f"holds {name}.")
        )
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{file}: is not a recipe: not JSON ({str(error)[:100]}).") from error
    if isinstance(data, dict) and data.get("kind") == "transform":
        fail("recipe", "is that of a transformed picture, and draws no textures out of seeds.")
    fields = set(Recipe.__dataclass_fields__)
    if not isinstance(data, dict) or data.get("kind") not in list(SURFACES) or data.get("made_by") != MADE_BY:
        fail("recipe", "is not the recipe of anything that GAN Cubes makes.")
    for key in sorted(fields - set(data)):
        fail(key, "is missing.")
    for key in sorted(set(data) - fields):
        fail(key[:100], "is not a key of a recipe.")
    _texts(fail, "model", data["model"], ("name", "sha256"))
    if len(data["model"]["sha256"]) != 64 or set(data["model"]["sha256"]) - set("0123456789abcdef"):
        fail("model.sha256", "must be 64 small hexadecimal digits.")
    _texts(fail, "versions", data["versions"], None)
    _whole(fail, "seed", data["seed"], 0, MAX_SEED)
    _whole(fail, "size", data["size"], 1, 8192)
    seeds, count = data["face_seeds"], SURFACES[data["kind"]]
    if not isinstance(seeds, list) or not 1 <= len(seeds) <= MOST_IMAGES or count not in (None, len(seeds)):
        fail("face_seeds", f"must be a list of {count or f'1 to {MOST_IMAGES}'}.")
    if not isinstance(data["face_labels"], list) or len(data["face_labels"]) != len(seeds):
        fail("face_labels", f"must be a list of {len(seeds)}.")
    for i, seed in enumerate(data["face_seeds"]):
        _whole(fail, f"face_seeds[{i}]", seed, 0, MAX_SEED)
    for field, label in [
        ("label", data["label"]),
        *((f"face_labels[{i}]", v) for i, v in enumerate(data["face_labels"])),
    ]:
        if isinstance(label, dict):
            _numbers(fail, field, label)
        elif label is not None and not _is_text(label):
            fail(field, "must be a text, an object of weights, or null.")
    settings = data["settings"]
    if (
        not isinstance(settings, dict)
        or set(settings) - {"latents", "walk", "style", "face_styles", "face_settings", "transform"}
        != {"scalars", "provider"}
        or not all(isinstance(settings.get(key, {}), dict) for key in ("scalars", "latents", "walk"))
    ):
        fail("settings", "must hold scalars and provider.")
    if settings["provider"] not in CHOICES:
        fail("settings.provider", f"must be one of {', '.join(CHOICES)}.")
    _numbers(fail, "settings.scalars", settings["scalars"])
    for name, values in settings.get("latents", {}).items():
        if not _is_text(name) or not isinstance(values, list) or not all(map(_is_number, values)):
            fail(f"settings.latents.{name[:100]}", "must be a list of finite numbers.")
    if "walk" in settings:
        walk = settings["walk"]
        if (
            set(walk) != {"toward", "share"}
            or not _is_number(walk["share"])
            or not 0 < walk["share"] <= ROUND
        ):
            fail("settings.walk", f"must hold toward (a seed) and share (above 0, at most {ROUND}).")
        _whole(fail, "settings.walk.toward", walk["toward"], 0, MAX_SEED)
    if "transform" in settings:
        try:
            check_steps(Node(file, "settings.transform", settings["transform"]))
        except CardError as error:
            raise RecipeError(str(error)) from error
    styles = {f"face_styles[{i}]": one for i, one in _own(fail, "face_styles", settings, len(seeds))}
    for i, one in _own(fail, "face_settings", settings, len(seeds)):
        field = f"settings.face_settings[{i}]"
        if not isinstance(one, dict) or set(one) != {"scalars", "toward", "walk"}:
            fail(field, "must hold scalars, toward and walk.")
        if (
            not isinstance(one["scalars"], dict)
            or not _is_number(one["walk"])
            or not 0 <= one["walk"] <= ROUND
        ):
            fail(field, f"must hold numbers, and a walk from 0 to {ROUND}.")
        _numbers(fail, f"{field}.scalars", one["scalars"])
        _whole(fail, f"{field}.toward", one["toward"], 0, MAX_SEED)
    if "style" in settings:
        styles["style"] = settings["style"]
    for field, style in styles.items():
        if not isinstance(style, dict) or set(style) != {"seed", "layer"}:
            fail(f"settings.{field}", "must hold seed and layer.")
        _whole(fail, f"settings.{field}.seed", style["seed"], 0, MAX_SEED)
        _whole(fail, f"settings.{field}.layer", style["layer"], 0, 1000)
    return Recipe(
        **{**data, "face_seeds": tuple(data["face_seeds"]), "face_labels": tuple(data["face_labels"])}
    )


def _own(fail, name: str, settings: dict, count: int) -> list[tuple]:
    """(index, what it is) of the images that have something of their own."""
    own = settings.get(name, [None] * count)
    if not isinstance(own, list) or len(own) != count:
        fail(f"settings.{name}", f"must be a list of {count}.")
    return [(i, one) for i, one in enumerate(own) if one is not None]


def merged(present: Recipe, made: Recipe, images: Iterable[int]) -> Recipe:
    """`present` with the `images` (their numbers) of `made`; RecipeError where the rest is not the same any more.

    Of a surface that was changed (undone, say) while some of its images were made anew.
    """
    images = tuple(images)
    if "transform" in present.settings and len(set(images)) < len(present.face_seeds):
        raise RecipeError(
            "generators went over all its images when it was made, and single ones made anew would not fit to the "
            "others. Change all of them"
        )
    each = ("face_seeds", "face_labels")
    of_each = ("face_styles", "face_settings")
    rest = [
        {
            **asdict(one),
            "versions": None,
            "settings": _without(one.settings, (*of_each, "provider", "transform")),
        }
        for one in (present, made)
    ]
    if _without(rest[0], each) != _without(rest[1], each):
        raise RecipeError("it was changed meanwhile, and the new images do not fit to it. Make them again")
    parts = {name: _replaced(getattr(present, name), getattr(made, name), images) for name in each}
    settings = _without(made.settings, of_each)
    for name in of_each:
        none = [None] * len(present.face_seeds)
        own = _replaced(present.settings.get(name, none), made.settings.get(name, none), images)
        if any(one is not None for one in own):
            settings[name] = list(own)
    return replace(made, settings=settings, **parts)


def _without(fields: dict, names) -> dict:
    return {key: value for key, value in fields.items() if key not in names}


def _replaced(old, new, images: Iterable[int]) -> tuple:
    return tuple(new[i] if i in images else one for i, one in enumerate(old))


def read(path) -> Recipe:
    """The recipe in a file of any format but .blend."""
    from .recipe_files import text_in  # it reads many formats; those who only dump need none of them

    return loads(text_in(Path(path)), str(path))


def _is_text(value) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 1000 and value.isprintable()


def _is_number(value) -> bool:
    return not isinstance(value, bool) and isinstance(value, (int, float)) and abs(value) < 1e30


def _numbers(fail, field: str, value: dict) -> None:
    for key, number in value.items():
        if not _is_text(key) or not _is_number(number):
            fail(f"{field}.{key[:100]}", "must be a finite number.")


def _texts(fail, field: str, value, keys) -> None:
    if not isinstance(value, dict) or (keys and set(value) != set(keys)):
        fail(field, f"must be an object{' with ' + ' and '.join(keys) if keys else ''}.")
    for key, text in value.items():
        if not _is_text(key) or not _is_text(text):
            fail(f"{field}.{key[:100]}", "must be a printable text.")


def _whole(fail, field: str, value, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        fail(field, f"must be a whole number from {least} to {most}.")
