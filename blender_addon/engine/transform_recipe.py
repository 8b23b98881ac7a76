"""What a transformed picture was made from: its source's hashes and every step since. Standard library only; never bpy.

Kept where a texture's recipe is (recipe.py), in the same strict JSON. Previous station: transform_run.py. Next: the
text of a PNG, the custom property of an image in Blender.
"""

import json
from dataclasses import asdict, dataclass, field, replace

from . import recipe
from .errors import CardError, RecipeError
from .json_fields import Node, load_json
from .recipe_steps import check_digest, check_model, check_steps

KIND = "transform"


@dataclass(frozen=True)
class TransformRecipe:
    """`model`: that of the last step. `source`: {"maps": {map name: SHA-256 of the file or pixels that went in},
    "recipe": the recipe of what it was, as a dict, or null, and where the maps were baked from a mesh "bake":
    {"mesh_sha256", "size" in pixels, "uvs": its own ("mesh") or "new" ones}}. `steps`: {"model" {"name", "sha256"},
    "label", "scalars", "seed", "tiles" (whether it was taken for a picture that repeats), "provider"} of each, in
    order. Of a mesh with several images `source` names the maps of all, "IMAGE map name"; the rest is that of the
    first, and each image carries its own."""

    model: dict
    source: dict
    steps: tuple
    versions: dict
    kind: str = field(default=KIND)
    made_by: str = recipe.MADE_BY


def extended(
    source_maps: dict, earlier: str | None, steps: list[dict], versions: dict, bake: dict | None = None
) -> TransformRecipe:
    """source_maps: {map name: SHA-256}. earlier: the recipe in the source, whose chain goes on where it is one."""
    source, before = {"maps": source_maps, "recipe": None} | ({"bake": bake} if bake else {}), ()
    if earlier is not None:
        try:
            known = loads_any(earlier)
        except RecipeError:
            known = None  # somebody else's text under our key
        if isinstance(known, TransformRecipe):
            source, before = known.source, known.steps
        elif known is not None:
            source["recipe"] = json.loads(earlier)
    return TransformRecipe(steps[-1]["model"], source, (*before, *steps), versions)


def combined(texts: dict[str, str]) -> str:
    """{name of an image: its recipe} -> the recipe of the file that shows them."""
    first, *others = [loads(text) for text in texts.values()]
    if not others:
        return next(iter(texts.values()))
    maps = {
        f"{name} {key}": sha256
        for name, one in zip(texts, (first, *others), strict=True)
        for key, sha256 in one.source["maps"].items()
    }
    return dumps(replace(first, source={**first.source, "maps": maps}))


def dumps(made: TransformRecipe) -> str:
    """Canonical JSON: keys sorted, no spaces, ASCII. Refuses (RecipeError) what loads would refuse."""
    try:
        text = json.dumps(asdict(made), sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise RecipeError(f"recipe: cannot be written as JSON ({error}).") from error
    loads(text)
    return text


def loads(text: str, file: str = "recipe") -> TransformRecipe:
    """JSON -> TransformRecipe; RecipeError `FILE: FIELD: what` on anything else."""
    try:
        root = Node(file, "card", load_json(text, file, recipe.MAX_BYTES))
        root.keys(("kind", "made_by", "model", "source", "steps", "versions"))
        if root.value["kind"] != KIND or root.value["made_by"] != recipe.MADE_BY:
            root.at("kind").fail("is not that of a transformed picture.")
        check_model(root.at("model"))
        check_steps(root.at("steps"))
        source = root.at("source").keys(("maps", "recipe"), ("bake",))
        if "bake" in source.value:
            _bake(source.at("bake"))
        for name in source.at("maps").free():
            check_digest(source.at("maps").at(name))
        for name in root.at("versions").free():
            root.at("versions").at(name).text(1)
    except CardError as error:
        raise RecipeError(str(error).replace(": card:", ": recipe:")) from error
    if source.value["recipe"] is not None:
        recipe.loads(json.dumps(source.value["recipe"]), f"{file}: source.recipe")
    return TransformRecipe(**{**root.value, "steps": tuple(root.value["steps"])})


def loads_any(text: str, file: str = "recipe"):
    """A Recipe, or the TransformRecipe of a picture."""
    return loads(text, file) if is_transform(text) else recipe.loads(text, file)


def is_transform(text: str) -> bool:
    """By its kind alone; it need not be sound."""
    try:
        found = json.loads(text) if len(text) <= recipe.MAX_BYTES else None
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("kind") == KIND


def _bake(node: Node) -> None:
    node.keys(("mesh_sha256", "size", "uvs"))
    check_digest(node.at("mesh_sha256"))
    node.at("size").whole(1, 2**20)
    if node.at("uvs").text() not in ("mesh", "new"):
        node.at("uvs").fail("must be mesh or new.")
