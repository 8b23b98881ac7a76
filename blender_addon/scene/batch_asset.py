"""One asset of a batch in Blender: a target that shows the textures, then its files. bpy only.

Previous station: api.py (generated textures), mesh_source.py (the object). Next: formats.py.
"""

from pathlib import Path

import bpy

from ..engine.asset_catalog import new_uuid
from ..engine.card import Card
from ..engine.errors import OutputError
from ..engine.mark import Mark
from ..engine.plan import Target
from .asset_mark import asset_steps
from .asset_preview import object_preview
from .assets import FacePixels, make_cube
from .bake import bake_steps
from .cube import UV_LAYER
from .formats import ENCODINGS, FORMATS
from .layouts import Surface
from .mesh_source import from_file, primitive
from .surfaces import texture_steps
from .targets import targets


def textured(
    pixels: list[FacePixels],
    colorspaces: dict[str, str],
    recipe: str,
    target: Target,
    item: bpy.types.Object | None,
    name: str,
    threads: int,
) -> bpy.types.Object:
    """item: textured in place, as `target` says; None makes the target. A box projection is baked, by `threads`."""
    own = False
    if item is None:
        if target.is_cube:
            return make_cube(pixels, colorspaces, recipe, name=name)
        own = True
        item = (
            from_file(Path(target.source), target.object, name)
            if target.is_file
            else primitive(target.source, name)
        )
    surface = Surface(
        mode=target.mode,
        each=target.each if target.mode == "faces" else "slot",
        width=target.width,
        blend=target.blend,
        seed=pixels[0].seed,
    )
    # An object in no collection has the matrix of its creation until a scene shows it.
    (uid,) = targets([item]).uids
    for _ in texture_steps((uid,), pixels, colorspaces, recipe, surface, name):
        pass
    if target.mode == "box":
        for _ in bake_steps(uid, target.bake, own_uvs=False, name=name, threads=threads):
            pass
    if own and UV_LAYER in item.data.uv_layers:
        # exporters compute tangents for the active layer: it must be that of the normal map
        item.data.uv_layers.active = item.data.uv_layers[UV_LAYER]
        item.data.uv_layers.active.active_render = True
    return item


def picture(item: bpy.types.Object, side: int, threads: int) -> bytes:
    """A render of the object, PNG with a transparent ground."""
    return object_preview(item, side, threads)


def mark_as_asset(item: bpy.types.Object, card: Card, catalog: str, tags: tuple[str, ...]) -> None:
    """The object and its materials become assets, with rendered previews, under the catalog of that path."""
    for _ in asset_steps([item.name], lambda recipe: card, new_uuid(catalog)):
        pass
    for tag in tags:
        item.asset_data.tags.new(tag, skip_if_exists=True)


def exported(
    item: bpy.types.Object, path: Path, formats: tuple[str, ...], mark: Mark, encoding: str
) -> dict[str, list[Path]]:
    """{format: files, the main one first}. A format that cannot hold the encoding gets PNG."""
    files = {}
    for kind in formats:
        if kind not in FORMATS:
            raise OutputError(f"{kind}: is not a format; {', '.join(FORMATS)} are.")
        held = encoding.upper() if encoding.upper() in ENCODINGS[kind] else "PNG"
        files[kind] = FORMATS[kind](item, path, mark, held)
    return files
