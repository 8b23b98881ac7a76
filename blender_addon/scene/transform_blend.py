"""`gancube transform` on a .blend: all of it is appended, its materials transformed, and written again. bpy only.

Previous station: transform_command.py. Next: transformed.py, as in the panel. What is open in Blender stays as it was.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

import bpy

from ..engine.chain_maps import needed
from ..engine.errors import OutputError, SurfaceError
from ..engine.files import atomic_path
from ..engine.transform_request import source_of
from ..engine.transform_run import pngs, run
from ..engine.written_files import check_written
from . import picture_source, transformed
from .session import nothing_left_behind


def transform_blend(
    source: Path, out: Path, chain: list, wraps: bool | None, progress_of: Callable, tell
) -> list[Path]:
    """chain: [(Model, Step)]. progress_of(name): what run() calls. SurfaceError where there is nothing to change."""
    cards = [model.card for model, _ in chain]
    wanted = {*cards[0].takes, *needed(cards)[1:]}  # all that no step before gives
    colorspaces = {spec.name: spec.colorspace for model, _ in chain for spec in model.card.maps}
    with nothing_left_behind() as before, tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        blocks = appended(source, out)
        objects = meshes_of(source, blocks)
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
        write(blocks, before, out)
    return [out]


# What belongs to a window, and not to what is made.
NOT_KEPT = ("version", "workspaces", "screens", "window_managers")


def appended(source: Path, out: Path) -> list[bpy.types.ID]:
    """The scenes of the file and what nothing in it uses, new in this one. OutputError where `out` is one it links."""
    known = {library.session_uid for library in bpy.data.libraries}
    try:
        # Named from the root: else paths in it that are relative get lost where nothing is saved yet.
        with bpy.data.libraries.load(str(source.resolve())) as (inside, wanted):
            kinds = [kind for kind in dir(inside) if kind not in NOT_KEPT]
            for kind in kinds:
                setattr(wanted, kind, list(getattr(inside, kind)))
    except OSError as error:
        raise SurfaceError(
            f"{source}: not a .blend file, damaged, or made by a newer Blender than {bpy.app.version_string}."
        ) from error
    if not wanted.scenes:
        raise SurfaceError(f"{source}: holds no scene.")
    links = [one for one in bpy.data.libraries if one.session_uid not in known]
    check_written([out], [source, *(Path(bpy.path.abspath(one.filepath)) for one in links)])
    blocks = [one for kind in kinds for one in getattr(wanted, kind) if isinstance(one, bpy.types.ID)]
    return [one for one in blocks if isinstance(one, bpy.types.Scene) or one.users == 0]


def meshes_of(source: Path, blocks: list[bpy.types.ID]) -> list[bpy.types.Object]:
    """The meshes in its scenes; SurfaceError where there are none."""
    scenes = [one for one in blocks if isinstance(one, bpy.types.Scene)]
    items = dict.fromkeys(item for one in scenes for item in one.objects if item.type == "MESH")
    if not items:
        raise SurfaceError(f"{source}: holds no mesh in its scenes. Nothing to change.")
    return list(items)


def write(blocks: list[bpy.types.ID], before: set[int], out: Path) -> None:
    """With all that they use, and the originals that they use no more; paths of images and libraries become relative to
    the new file. before: session_uids of what belongs to the file that is open."""
    originals = [
        one
        for one in (*bpy.data.images, *bpy.data.materials)
        if one.use_fake_user and one.library is None and one.session_uid not in before
    ]
    with atomic_path(out) as draft:
        try:
            bpy.data.libraries.write(
                str(draft.resolve()),
                {*blocks, *originals},
                path_remap="RELATIVE_ALL",
                fake_user=True,  # else what nothing uses would be gone when it is saved again
                compress=True,
            )
        except (RuntimeError, OSError) as error:
            raise OutputError(f"{out}: Blender could not write it: {str(error).strip()}") from error
