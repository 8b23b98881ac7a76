"""`gancube transform` on the shape of meshes: read, baked, painted by a chain of generators, written again. bpy only.

A .blend keeps its objects and scenes, a GLB all but the looks of its meshes (weather_glb.py). The meshes of an OBJ
become one object, since its images must fit one set of UVs. Previous station: transform_command.py. Next: geometry.py
and weathered.py, as in the panel.
"""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import bpy

from ..engine.errors import SurfaceError
from ..engine.sizes import check_bake_size
from ..engine.transform import baked_channels, check_chain
from ..engine.transform_request import source_of
from ..engine.transform_run import mark, pngs, run
from .bake import existing
from .formats import FORMATS
from .geometry import Geometry, chosen, geometry_steps, request_fields, told_of
from .mesh_source import from_file
from .session import nothing_left_behind
from .transform_blend import appended, meshes_of, write
from .weather_glb import weather_glb
from .weathered import weather


def weather_file(
    source: Path, out: Path, chain: list, size: int, progress_of: Callable, tell: Callable, read: Callable
) -> list[Path]:
    """chain: [(Model, Step)], the first of which takes a shape. size: of the images of each mesh, in pixels.
    progress_of(name): what run() calls. read: an image file -> [H, W, 1..4] uint8."""
    cards = [(model.titled, step) for model, step in chain]
    check_bake_size(size)
    check_chain(cards, baked_channels(cards[0][0].takes), size=(size, size))
    with nothing_left_behind() as before:
        if source.suffix.lower() == ".blend":
            blocks = appended(source, out)
            weather_objects(source, meshes_of(source, blocks), chain, size, progress_of, tell)
            write(blocks, before, out)
            return [out]
        if source.suffix.lower() == ".glb":
            return weather_glb(source, out, chain, size, progress_of, tell, read)
        item = from_file(source, "", source.stem)
        tell(f"{source.name}: its objects become one.")
        (text,) = weather_objects(source, [item], chain, size, progress_of, tell)
        return FORMATS[source.suffix.lower()[1:]](item, out.with_suffix(""), mark(text, chain, out.stem))


def weather_objects(source: Path, objects: list, chain: list, size: int, progress_of, tell) -> list[str]:
    """The recipe of each mesh."""
    colorspaces = {spec.name: spec.colorspace for model, _ in chain for spec in model.card.maps}
    title, texts = chain[-1][1].label or chain[-1][0].card.name, []
    try:
        found = chosen(objects)
    except SurfaceError as error:
        raise SurfaceError(f"{source}: {error}") from error
    for sentence in found.skipped:
        tell(sentence)
    with tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        for number, (uid, users) in enumerate(found.users.items()):
            baked = bake(uid, chain[0][0].card.takes, size, Path(folder) / str(number), tell)
            fields = request_fields(baked)
            shown = source_of(fields)
            picture, text = run(chain, shown, False, bpy.app.version_string, progress_of(fields["name"]))
            maps = {name: png for name, png in pngs(picture, text).items() if name in colorspaces}
            done = weather(baked, users, maps, colorspaces, text, title)
            told = "no UV borders" if done.seam is None else f"seam at UV borders {done.seam:.2f}"
            tell(f"{', '.join(done.names)}: {told} (0 none, 1 unrelated)")
            texts.append(text)
    return texts


def bake(uid: int, maps: tuple[str, ...], size: int, folder: Path, tell) -> Geometry:
    steps = geometry_steps(uid, maps, size, folder, threads=os.cpu_count() or 1)
    baked = told_of(steps, existing(uid).name, tell)
    if baked.note:
        tell(baked.note)
    return baked
