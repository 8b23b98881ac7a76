"""`gancube transform` of a GLB by the shape of its meshes: each is baked and painted, and the file keeps all else as it
is. bpy and numpy.

Blender reads the meshes and bakes them; nothing that it reads is written. Previous station: weather_file.py. Next:
engine/glb_paint.py.
"""

import os
import tempfile
from array import array
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import bpy
import numpy as np

from ..engine.errors import GanCubeError, SurfaceError
from ..engine.files import write_atomic
from ..engine.glb import pack_glb, read_glb
from ..engine.glb_images import changed, check_whole
from ..engine.glb_maps import Placing
from ..engine.glb_mark import stamp, told_by
from ..engine.glb_numbers import check_numbers
from ..engine.glb_paint import Painted, check_any_shows, paint
from ..engine.glb_shape import mesh_name, surfaces
from ..engine.glb_uvs import add_uvs, as_imported, check_can_split, corners_of, kept_triangles, next_sets
from ..engine.mesh_file import check_mesh_file
from ..engine.transform_recipe import combined
from ..engine.transform_request import source_of
from ..engine.transform_run import mark, pngs, run
from .geometry import baked_steps, check, request_fields, told_of
from .glb_meshes import GlbMesh, fitting_set_steps, meshes_in
from .layouts import counts
from .unwrap import taken
from .weathered import seam_of


@dataclass
class Room:
    """What the steps of one mesh share. `read`: an image file -> [H, W, 1..4] uint8. `folder`: for bakes."""

    placing: Placing
    chain: list
    size: int
    folder: Path
    progress_of: Callable
    tell: Callable
    earlier: dict


def weather_glb(
    source: Path, out: Path, chain: list, size: int, progress_of, tell, read: Callable
) -> list[Path]:
    """chain: [(Model, Step)], the first of which takes a shape. read: an image file -> [H, W, 1..4] uint8."""
    check_mesh_file(source)
    document, binary = read_glb(source)
    try:
        check_whole(document)
        check_numbers(document)
        with tempfile.TemporaryDirectory(prefix="gancube-") as folder:
            room = Room(
                Placing(document, binary, read),
                chain,
                size,
                Path(folder),
                progress_of,
                tell,
                told_by(document),
            )
            texts, sources, images = weather_meshes(room)
        document, binary = changed(
            document, room.placing.binary, lambda data, number: images.get(number, data)
        )
    except GanCubeError as error:
        said = str(error)
        raise type(error)(said if said.startswith(str(source)) else f"{source}: {said}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise SurfaceError(f"{source}: is damaged: its parts make no sense together.") from error
    for sentence in dict.fromkeys(room.placing.notes):
        tell(sentence)
    text = combined(texts)
    stamp(document, text, mark(text, chain, out.stem, sources))
    return [write_atomic(out, pack_glb(document, binary))]


def weather_meshes(room: Room) -> tuple[dict[str, str], list, dict[int, bytes]]:
    """({name: recipe} of each mesh, what they were made from, {number of an image: what takes its place})."""
    document, texts, sources, images, skipped = room.placing.document, {}, [], {}, []
    found = meshes_in(document, room.placing.binary)
    if not found:
        raise SurfaceError("no mesh in it has faces.")
    say_skipped(document, found, room.tell)
    for one in found:
        name = mesh_name(document, one.number)
        if one.others:
            room.tell(
                f"{name}: {one.others} more of its nodes show it in other proportions; baked is how the first does."
            )
        try:
            shown, text, replaced = weather_mesh(room, one)
        except SurfaceError as error:
            skipped.append(f"{name} is skipped: {error}")
            room.tell(skipped[-1])
            continue
        texts[name if name not in texts else f"{name} ({one.number})"] = text
        sources.append(shown)
        images |= replaced
    if not texts:
        raise SurfaceError(f"none of its meshes can be painted. {' '.join(skipped)}")
    return texts, sources, images


def say_skipped(document: dict, found: list[GlbMesh], tell: Callable) -> None:
    numbers = {one.number for one in found}
    for number, mesh in enumerate(document["meshes"]):
        if number not in numbers:
            why = "no node shows it" if surfaces(mesh) else "it has no faces"
            tell(f"{mesh_name(document, number)} is skipped: {why}.")


def weather_mesh(room: Room, one: GlbMesh) -> tuple:
    """(Source, its recipe, {number of an image: PNG}); SurfaceError before anything of the document is changed."""
    document, chain, item = room.placing.document, room.chain, one.item
    check(item)
    uv_set, uvs, why = last(fitting_set_steps(document, one))
    kept = None if uvs is not None else splittable(room, one, why)
    mesh = document["meshes"][one.number]
    sets = next_sets(mesh) if uvs is None else [uv_set] * len(surfaces(mesh))
    given = {spec.name for model, _ in chain for spec in model.card.maps}
    check_any_shows(room.placing, one.number, sets, given)
    steps = baked_steps(
        item.session_uid,
        chain[0][0].card.takes,
        room.size,
        room.folder / str(one.number),
        uvs,
        counts(item.data),
        os.cpu_count() or 1,
    )
    baked = told_of(steps, item.name, room.tell)
    shown = source_of({**request_fields(baked), "name": item.name})
    shown = replace(
        shown, **{key: tuple(room.earlier[key]) for key in ("licences", "authors") if key in room.earlier}
    )
    picture, text = run(chain, shown, False, bpy.app.version_string, room.progress_of(item.name))
    maps = {name: png for name, png in pngs(picture, text).items() if name in given}
    if uvs is None:
        room.placing.binary = add_uvs(
            document, room.placing.binary, mesh, of_corners(baked.uvs, kept, one.mirrored)
        )
    replaced = paint(room.placing, Painted(one.number, sets, maps))
    say_seam(room, one, uvs if uvs is not None else baked.uvs, next(iter(maps.values())))
    return shown, text, replaced


def splittable(room: Room, one: GlbMesh, why: str) -> tuple[np.ndarray, int]:
    """(which triangles of the file the imported mesh has, of how many); SurfaceError where it gets no new UVs."""
    document, mesh = room.placing.document, room.placing.document["meshes"][one.number]
    try:
        check_can_split(mesh)
        triangles = as_imported(corners_of(document, room.placing.binary, mesh))
        if one.mirrored:
            triangles = triangles[:, [0, 2, 1]]
        there = np.array(taken(one.item.data.attributes[".corner_vert"].data, "value", "i", 1)).reshape(-1, 3)
        kept = kept_triangles(triangles, there)
    except SurfaceError as error:
        raise SurfaceError(f"{why}, and a new one cannot be made: it {error}") from error
    room.tell(f"{one.item.name}: {why}, so a new one was made.")
    return kept, len(triangles)


def of_corners(uvs: array, kept: tuple[np.ndarray, int], mirrored: bool) -> np.ndarray:
    """[loops * 2] of the imported mesh -> [T, 3, 2] float32 of all triangles of the file."""
    rows, count = kept
    made = np.zeros((count, 3, 2), np.float32)
    mine = np.frombuffer(uvs, np.float32).reshape(-1, 3, 2)
    made[rows] = mine[:, [0, 2, 1]] if mirrored else mine
    return made


def say_seam(room: Room, one: GlbMesh, uvs: array, png: bytes) -> None:
    seam = seam_of(one.item.data, uvs, png)
    told = "no UV borders" if seam is None else f"seam at UV borders {seam:.2f}"
    room.tell(f"{one.item.name}: {told} (0 none, 1 unrelated)")


def last(steps):
    """What the steps return."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value
