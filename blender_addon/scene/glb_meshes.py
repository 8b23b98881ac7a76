"""The meshes of a GLB as objects to be baked, each known by its number in the file. bpy and numpy; changes no file.

They stand as the scene shows them, posed and turned, since a generator may ask what is up. Previous station:
engine/glb_shape.py. Next: geometry.py; then engine/glb_paint.py.
"""

import tempfile
from array import array
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path

import bpy

from ..engine.errors import SurfaceError
from ..engine.glb import write_glb
from ..engine.glb_shape import MESH_KEY, mesh_name, shape_of, uv_sets
from .mesh_source import imported
from .session import temporary_scene
from .unwrap import taken
from .uv_check import fault_steps


@dataclass(frozen=True)
class GlbMesh:
    """`item`: a new object in no collection. `mirrored`: its corners run the other way round than in the file.
    `others`: how many more nodes show the mesh in other proportions."""

    number: int
    item: bpy.types.Object
    mirrored: bool
    others: int


def meshes_in(document: dict, binary: bytes) -> list[GlbMesh]:
    """Those that a node shows and that have faces, in the order of the file."""
    with tempfile.TemporaryDirectory(prefix="gancube-") as folder, temporary_scene([]) as scene:
        draft = Path(folder) / "shape.glb"
        write_glb(draft, shape_of(document), binary)
        nodes: dict[int, list[bpy.types.Object]] = {}
        try:
            items = imported(draft, scene, "")
        except SurfaceError as error:
            raise SurfaceError(str(error).removeprefix(f"{draft}: ")) from error
        for item in items:
            if item.type == "MESH" and MESH_KEY in item.data:
                nodes.setdefault(item.data[MESH_KEY], []).append(item)
        found = [
            as_shown(document, number, sorted(nodes[number], key=lambda one: one.name))
            for number in sorted(nodes)
        ]
    return [one for one in found if len(one.item.data.polygons)]


def as_shown(document: dict, number: int, nodes: list[bpy.types.Object]) -> GlbMesh:
    """The mesh as its first node shows it."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    first = nodes[0]
    mesh = bpy.data.meshes.new_from_object(
        first.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph
    )
    mesh.transform(first.matrix_world)
    mirrored = first.matrix_world.determinant() < 0
    if mirrored:  # its faces would show their backs
        mesh.flip_normals()
    shape = proportions(first)
    others = sum(
        max(abs(a - b) for a, b in zip(shape, proportions(one), strict=True)) > 1e-3 for one in nodes[1:]
    )
    return GlbMesh(number, bpy.data.objects.new(mesh_name(document, number), mesh), mirrored, others)


def proportions(item: bpy.types.Object) -> list[float]:
    """Of its axes, the longest being 1; less than zero where it is mirrored."""
    scale = item.matrix_world.to_scale()
    longest = max(abs(one) for one in scale) or 1.0
    return [one / longest for one in scale]


def fitting_set_steps(
    document: dict, one: GlbMesh
) -> Generator[None, None, tuple[int | None, array | None, str]]:
    """(number of a UV set that can be baked into, its UVs [loops * 2], ""), or (None, None, what is wrong with all)."""
    mesh, faults = one.item.data, []
    for number in uv_sets(document, document["meshes"][one.number]):
        uvs = taken(mesh.uv_layers[number].uv, "vector", "f", 2)
        fault = yield from fault_steps(mesh, uvs, set(range(max(len(mesh.materials), 1))))
        if not fault:
            return number, uvs, ""
        faults.append(f"its UV set {number} {fault}")
    return None, None, " and ".join(faults) or "not all of it has UVs"
