"""For people who write their own pipelines: generate, apply, export. What `gancube batch` does to each asset.

    from blender_addon import api

    model = api.load("materials")
    made = api.generate(model, seed=7, label="brick", size=256)     # numpy and onnxruntime: any thread
    made = api.transform(made, api.load("weather"), label="moss", strength=0.6)   # where there is such a generator
    cube = api.apply(made, name="Wall")                             # from here on bpy: the main thread
    barrel = api.apply(made_too, api.Target("barrel.glb", mode="tile", width=0.5), name="Barrel")
    files = api.export(cube, "out/wall", ["glb", "usdz"], made)

Everything raises a GanCubeError with a sentence where the input is at fault. `with api.nothing_left_behind():` around
apply and export keeps the memory flat over thousands of assets.
"""

import contextlib
import difflib
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path

from .engine import library, png, recipe
from .engine.card import MAPS, Card
from .engine.chained import chained, with_chain
from .engine.errors import RequestError
from .engine.mark import Mark, credited, mark_of
from .engine.model import Model
from .engine.model import generate as generate_textures
from .engine.new_recipe import new_recipe
from .engine.pixels import TextureSet, to_uint8
from .engine.plan import DEFAULT_IMAGES, ENCODINGS, Target
from .engine.seeds import parse_seed
from .engine.surface_request import SURFACES, SurfaceRequest
from .engine.transform import Step, check_takes_picture

__all__ = [
    "Generated",
    "Target",
    "apply",
    "export",
    "generate",
    "load",
    "mark_as_asset",
    "nothing_left_behind",
    "picture",
    "transform",
    "transform_chain",
]


@dataclass(frozen=True)
class Generated:
    """Textures with their recipe. `textures`: arrays; `maps`: of each texture {map name: PNG bytes}. `card`: of the
    generator that drew them, with the data licences and authors of all that changed them since."""

    request: SurfaceRequest
    card: Card
    textures: list[TextureSet]
    maps: list[dict[str, bytes]]
    recipe: str

    @property
    def colorspaces(self) -> dict[str, str]:
        return {name: MAPS[name][0] for name in self.maps[0]}

    def mark(self, title: str = "GAN Cube", tags: Iterable[str] = ()) -> Mark:
        return mark_of(self.recipe, self.card, title, tags)


def load(name: str | Path | None = None, provider: str = "auto", threads: int | None = None) -> Model:
    """A generator by name or file; None is the shipped one."""
    folders = library.folders()
    path = library.default(folders) if name is None else library.find(name, folders)
    return Model.load(path, provider, threads)


def generate(
    model: Model,
    request: SurfaceRequest | None = None,
    *,
    surface: str = "cube",
    seconds: dict | None = None,
    **wanted,
) -> Generated:
    """The textures of `request`, or of `seed=` (any text too), `label=`, `size=`, `images=` and what else a
    SurfaceRequest has.

    surface: "cube" (six images), "tile" and "box" (one), or "faces" (as many as `images`, 6). seconds: gets the time of
    the PNGs under "encode".
    """
    if request is None:
        request = request_of(model, surface, wanted)
    textures_wanted = request.to_request(model.card)
    textures = generate_textures(model, textures_wanted)
    text = recipe.dumps(new_recipe(request, textures_wanted, model, blender_version()))
    return Generated(request, model.card, textures, encoded(textures, text, seconds), text)


def encoded(textures: list[TextureSet], text: str, seconds: dict | None) -> list[dict[str, bytes]]:
    """Of each texture {map name: PNG bytes}."""
    began = time.perf_counter()
    maps = [
        {name: png.encode(to_uint8(pixels), {recipe.KEY: text}) for name, pixels in one.maps.items()}
        for one in textures
    ]
    if seconds is not None:
        seconds["encode"] = seconds.get("encode", 0.0) + time.perf_counter() - began
    return maps


def transform(
    made: Generated,
    model: Model,
    label: str | dict | None = None,
    strength: float | None = None,
    seed: int = 0,
) -> Generated:
    """What a generator that takes a picture makes of the textures: other maps, more of them, or larger ones."""
    return transform_chain(
        made, [(model, Step(label, {} if strength is None else {"strength": strength}, seed))]
    )


def transform_chain(
    made: Generated, chain: list[tuple[Model, Step]], seconds: dict | None = None
) -> Generated:
    """Several, one after the other; the recipe has a step for each. seconds: as in generate()."""
    for model, _ in chain:
        check_takes_picture(model.card)
    textures = chained(made.textures, chain, made.card.tileable)
    text = recipe.dumps(with_chain(recipe.loads(made.recipe), chain, made.card.tileable))
    card = credited(made.card, [model.card for model, _ in chain])
    return replace(made, card=card, textures=textures, maps=encoded(textures, text, seconds), recipe=text)


def request_of(model: Model, surface: str, wanted: dict) -> SurfaceRequest:
    """RequestError with a sentence for what a SurfaceRequest does not have."""
    known = [one.name for one in fields(SurfaceRequest) if one.name not in ("model", "surface")]
    for name in wanted:
        if name not in known:
            near = difflib.get_close_matches(name, known, 1)
            hint = f"Is it {near[0]!r}?" if near else f"There are {', '.join(known)}."
            raise RequestError(f"{name}: is nothing that can be asked for. {hint}")
    if surface not in SURFACES:
        raise RequestError(f"surface {surface!r}: is none of {', '.join(SURFACES)}.")
    if SURFACES[surface] is None:
        wanted = {"images": DEFAULT_IMAGES, **wanted}
    elif wanted.get("images") not in (None, SURFACES[surface]):
        raise RequestError(f"images: surface {surface!r} always has {SURFACES[surface]}. Leave it out.")
    if isinstance(wanted.get("seed"), str):
        wanted = {**wanted, "seed": parse_seed(wanted["seed"])}
    return SurfaceRequest(model=str(model.path), surface=surface, **wanted)


def blender_version() -> str:
    if "bpy" in sys.modules:  # starting it again would redirect the output of other threads
        return sys.modules["bpy"].app.version_string
    from .cube_command import start_blender

    return start_blender()


def apply(made: Generated, target: Target | None = None, item=None, name: str = "GAN Cube", threads: int = 1):
    """An object that shows `made`, in no collection: the GAN cube, or what `target` describes.

    item: a mesh object of yours that is textured in place, as `target` says, and returned. `threads` bake.
    """
    from .scene.assets import FacePixels
    from .scene.batch_asset import textured

    pixels = [
        FacePixels(one.seed, one.label, maps) for one, maps in zip(made.textures, made.maps, strict=True)
    ]
    target = target or Target(mode="faces" if made.request.surface == "cube" else made.request.surface)
    return textured(pixels, made.colorspaces, made.recipe, target, item, name, threads)


def export(
    item,
    path: str | Path,
    formats: str | Iterable[str],
    made: Generated,
    encoding: str = "png",
    tags: str | Iterable[str] = (),
    title: str | None = None,
) -> dict[str, list[Path]]:
    """Writes PATH.glb and so on: {format: its files, the main one first}. What cannot hold the encoding has PNG.

    formats, tags: several, or a single text.
    """
    from .scene.batch_asset import exported

    if encoding not in ENCODINGS:
        raise RequestError(f"encoding {encoding!r}: is none of {', '.join(ENCODINGS)}.")
    mark = made.mark(title or item.name, several(tags))
    return exported(item, Path(path), several(formats), mark, encoding)


def several(words: Iterable[str]) -> tuple[str, ...]:
    """A bare text is one word, not its letters."""
    return (words,) if isinstance(words, str) else tuple(words)


def mark_as_asset(item, made: Generated, catalog: str, tags: str | Iterable[str] = ()) -> None:
    """The object and its materials become assets with rendered previews, for the .blend that is exported next.

    catalog: a path such as "Walls/Brick". In the folder of the library, engine.asset_catalog.ensure(folder, catalog)
    tells the Asset Browser of it.
    """
    from .scene.batch_asset import mark_as_asset

    mark_as_asset(item, made.card, catalog, several(tags))


def picture(item, side: int = 128, threads: int = 0) -> bytes:
    """A small render of the object, PNG with a transparent ground. `threads`: 0 is all."""
    from .scene.batch_asset import picture

    return picture(item, side, threads)


@contextlib.contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Removes from the open file at the end all that was made between."""
    from .scene.session import nothing_left_behind

    with nothing_left_behind():
        yield
