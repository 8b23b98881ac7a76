"""What objects know of their own shape, baked into pictures for a generator: position, normal, occlusion, curvature.
bpy only; changes no object.

Previous station: the selected objects. Next: the worker, or transform_run.run; then weathered.py. Bakes take seconds:
a second Blender does them (bake.py), so that this one stays usable and Esc is heard at once.
"""

import hashlib
from array import array
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

import bpy

from ..engine.errors import GanCubeError, SurfaceError
from ..engine.sizes import check_bake_size
from . import geometry_stage
from .bake import existing, staged_steps
from .layouts import counts, layer_for
from .targets import check_editable
from .unwrap import active_render, taken
from .uv_check import fault_steps

UNWRAPPED = "uvs.bin"  # bake_child.py writes it


@dataclass(frozen=True)
class Geometry:
    """The pictures of one mesh. `files`: {map name: PNG}. `uvs`: of a layer to be made, None for the mesh's own.
    `bake`: for the recipe. `note`: a sentence where a layer has to be made though there is one."""

    uid: int
    counts: tuple[int, int, int]
    files: dict[str, Path]
    uvs: array | None
    bake: dict
    note: str = ""


@dataclass(frozen=True)
class Chosen:
    """`uids` of one object for each mesh; `users` {its uid: uids of all those chosen that show this mesh};
    `skipped`: a sentence for each that is left out."""

    users: dict[int, tuple[int, ...]]
    skipped: tuple[str, ...]


def chosen(objects: list[bpy.types.Object]) -> Chosen:
    """SurfaceError where nothing is left, with the reasons."""
    users, skipped, first = {}, [], {}
    for item in objects:
        try:
            check(item)
        except GanCubeError as error:
            reason = str(error).removeprefix(item.name + ": ").rstrip(".")
            skipped.append(f"{item.name} is skipped: {reason}.")
            continue
        uid = first.setdefault(item.data.session_uid, item.session_uid)
        users[uid] = (*users.get(uid, ()), item.session_uid)
    if not users:
        raise SurfaceError(" ".join(skipped) or "Nothing is selected. Select one or more meshes.")
    return Chosen(users, tuple(skipped))


def check(item: bpy.types.Object) -> None:
    if item.type != "MESH":
        raise SurfaceError("only meshes have a surface to weather; convert it to a mesh first")
    if not item.data.polygons:
        raise SurfaceError("it has no faces")
    check_editable(item)


def geometry_steps(
    uid: int, maps: tuple[str, ...], size: int, folder: Path, own_uvs: bool = True, threads: int = 0
) -> Generator[tuple[int, int], None, Geometry]:
    """Bakes `maps` of an object into `folder`; yields (maps done, all maps).

    size: of the pictures in pixels. own_uvs: through the mesh's UVs, where each texel is one place; else through new
    ones by Smart UV Project. Closed before its end it leaves nothing behind.
    """
    check_bake_size(size)
    item = existing(uid)
    check(item)
    before, note, uvs = counts(item.data), "", None
    if own_uvs and item.data.uv_layers:
        layer = active_render(item.data).name
        uvs = taken(item.data.uv_layers[layer].uv, "vector", "f", 2)
        slots = set(range(max(len(item.material_slots), 1)))
        why = yield from each_as((0, len(maps)), fault_steps(item.data, uvs, slots))
        if why:
            note, uvs = f'{item.name}: its UV map "{layer}" {why}, so a new one was made.', None
    found = yield from baked_steps(uid, maps, size, folder, uvs, before, threads)
    return replace(found, note=note)


def baked_steps(
    uid: int,
    maps: tuple[str, ...],
    size: int,
    folder: Path,
    uvs: array | None,
    before: tuple[int, int, int],
    threads: int = 0,
) -> Generator[tuple[int, int], None, Geometry]:
    """The same through these UVs ([loops * 2]), or through new ones. before: the counts of the mesh that has them."""
    item = existing(uid)  # undone meanwhile, it is another datablock
    check_unchanged(item, before)
    own = uvs is not None
    folder.mkdir(exist_ok=True)
    geometry_stage.write_stage(item, maps, uvs, size, max(size // 16, 2), folder / "stage.blend")
    yield from staged_steps(folder, maps, threads)
    if not own:
        uvs = array("f", (folder / UNWRAPPED).read_bytes())
        layer_for(existing(uid).data, uvs)  # is there room for it?
    item = existing(uid)
    check_unchanged(item, before)
    bake = {"mesh_sha256": mesh_hash(item, uvs), "size": size, "uvs": "mesh" if own else "new"}
    files = {name: folder / f"{name}.png" for name in maps}
    return Geometry(uid, before, files, None if own else uvs, bake)


def told_of(steps: Generator[tuple[int, int], None, Geometry], name: str, tell: Callable) -> Geometry:
    """What they return; a line for each map that is baked, since one can take minutes."""
    told = -1
    while True:
        try:
            done, count = next(steps)
        except StopIteration as stop:
            return stop.value
        if done > told:
            tell(f"{name}: {done} of {count} maps baked")
        told = done


def check_unchanged(item: bpy.types.Object, before: tuple[int, int, int]) -> None:
    if counts(item.data) != before:
        raise SurfaceError(f"{item.name}: was changed meanwhile. Weather it again.")


def each_as(state, steps: Generator) -> Generator:
    """Yields `state` for each step; returns what they return."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            return stop.value
        yield state


def request_fields(one: Geometry) -> dict:
    """As engine/transform_request.py wants them. An atlas of islands never repeats."""
    name, side = existing(one.uid).name, one.bake["size"]
    maps = {key: {"file": str(file), "width": side, "height": side} for key, file in one.files.items()}
    return {"name": name, "maps": maps, "recipe": None, "bake": one.bake, "tiles": False}


def uv_mesh(mesh: bpy.types.Mesh, uvs: array):
    """engine.uv_seam.UvMesh."""
    from ..engine.uv_seam import UvMesh  # here, since Blender's start need not wait for numpy

    return UvMesh.of(
        taken(mesh.attributes["position"].data, "vector", "f", 3),
        taken(mesh.attributes[".corner_vert"].data, "value", "i", 1),
        taken(mesh.polygons, "loop_total", "i", 1),
        uvs,
    )


def mesh_hash(item: bpy.types.Object, uvs: array) -> str:
    """Of what is baked: places, polygons, UVs and the size of the object."""
    mesh, digest = item.data, hashlib.sha256()
    digest.update(taken(mesh.attributes["position"].data, "vector", "f", 3).tobytes())
    digest.update(taken(mesh.attributes[".corner_vert"].data, "value", "i", 1).tobytes())
    digest.update(taken(mesh.polygons, "loop_total", "i", 1).tobytes())
    digest.update(uvs.tobytes())
    digest.update(array("f", item.matrix_world.to_scale()).tobytes())
    return digest.hexdigest()
