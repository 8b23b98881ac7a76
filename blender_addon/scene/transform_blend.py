"""`gancube transform` on a .blend: its scenes are appended, their materials transformed, and written again. bpy only.

Previous station: transform_command.py. Next: transformed.py, as in the panel. What is open in Blender stays as it was.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import bpy

from ..engine.errors import OutputError, SurfaceError
from ..engine.files import atomic_path
from ..engine.transform_request import source_of
from ..engine.transform_run import pngs, run
from . import picture_source, transformed
from .session import nothing_left_behind


def transform_blend(
    source: Path, out: Path, chain: list, wraps: bool | None, progress_of: Callable, tell
) -> list[Path]:
    """chain: [(Model, Step)]. progress_of(name): what run() calls. SurfaceError where there is nothing to change."""
    wanted = set(chain[0][0].card.takes)
    colorspaces = {spec.name: spec.colorspace for model, _ in chain for spec in model.card.maps}
    with nothing_left_behind(), tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        scenes = appended(source)
        objects = [
            item for item in dict.fromkeys(o for one in scenes for o in one.objects) if item.type == "MESH"
        ]
        try:
            found = transformed.materials_of(objects, wanted)
        except SurfaceError as error:
            raise SurfaceError(f"{source}: {error}") from error
        for sentence in found.skipped:
            tell(sentence)
        results = {}
        for uid, images in found.materials.items():
            first = next(iter(images.values()))
            maps = {
                name: picture_source.fields_of(image, Path(folder) / f"{uid}-{name}")
                for name, image in images.items()
            }
            fields = {"name": first.name, "maps": maps, "recipe": picture_source.recipe_text(first)}
            picture, text = run(
                chain, source_of(fields), wraps, bpy.app.version_string, progress_of(first.name)
            )
            results[uid] = (
                {name: png for name, png in pngs(picture, text).items() if name in colorspaces},
                text,
            )
        transformed.put(found.uids, results, colorspaces, chain[-1][1].label or chain[-1][0].card.name)
        with atomic_path(out) as draft:
            try:
                bpy.data.libraries.write(str(draft), set(scenes), path_remap="ABSOLUTE", compress=True)
            except (RuntimeError, OSError) as error:
                raise OutputError(f"{out}: Blender could not write it: {str(error).strip()}") from error
    return [out]


def appended(source: Path) -> list[bpy.types.Scene]:
    try:
        with bpy.data.libraries.load(str(source)) as (inside, wanted):
            wanted.scenes = list(inside.scenes)
    except OSError as error:
        raise SurfaceError(
            f"{source}: not a .blend file, damaged, or made by a newer Blender than {bpy.app.version_string}."
        ) from error
    if not wanted.scenes:
        raise SurfaceError(f"{source}: holds no scene.")
    return list(wanted.scenes)
