"""UVs for a whole mesh in small steps, and the size of UVs in metres. bpy only; reads meshes, changes none.

Previous station: scene/targets.py. Next: scene/surfaces.py puts the numbers into the layer "gancube". Blender's own
unwrapping operators need Edit Mode and the selection, hold up Blender on large meshes, and leave undo steps; a tiling
texture needs no islands that do not overlap.
"""

import math
import statistics
from array import array
from collections.abc import Callable, Generator

import bpy
from mathutils import Matrix

from ..engine.errors import SurfaceError

CHUNK = 1000  # polygons of a step, about 10 ms
SAMPLE = 1500  # polygons looked at for the size of UVs


def uv_steps(mesh_uid: int, layout: Callable) -> Generator[None, None, array]:
    """The UVs of each loop, [loops * 2] float32, by a function of face_layout.py."""
    starts = taken(mesh_by_uid(mesh_uid).polygons, "loop_start", "i", 1)
    yield
    # attributes, not mesh.loops and mesh.vertices: those are a hundred times slower to read
    normals = taken(mesh_by_uid(mesh_uid).polygon_normals, "vector", "f", 3)
    yield
    vertices = taken(mesh_by_uid(mesh_uid).attributes[".corner_vert"].data, "value", "i", 1)
    starts.append(len(vertices))
    yield
    points = taken(mesh_by_uid(mesh_uid).attributes["position"].data, "vector", "f", 3)
    uvs = array("f", [0.0]) * (2 * len(vertices))
    yield
    for begin in range(0, len(starts) - 1, CHUNK):
        for polygon in range(begin, min(begin + CHUNK, len(starts) - 1)):
            first, after = starts[polygon], starts[polygon + 1]
            corners = [points[3 * v : 3 * v + 3] for v in vertices[first:after]]
            flat = layout(corners, normals[3 * polygon : 3 * polygon + 3])
            uvs[2 * first : 2 * after] = array("f", [c for uv in flat for c in uv])
        yield
    return uvs


def mesh_by_uid(uid: int) -> bpy.types.Mesh:
    for mesh in bpy.data.meshes:
        if mesh.session_uid == uid:
            return mesh
    raise SurfaceError("A mesh was removed meanwhile. Select what is left and try again.")


def taken(items, name: str, code: str, width: int) -> array:
    """[items * width] of one property."""
    values = array(code, [0]) * (width * len(items))
    items.foreach_get(name, values)
    return values


def metres_per_uv(mesh: bpy.types.Mesh, world: Matrix, uvs: array | None = None) -> float | None:
    """How many metres of the surface one unit of UV spans: the median over the polygons; None without any area.

    uvs: of uv_steps, instead of those of the layer active for rendering. At most SAMPLE polygons are looked at.
    """
    layer = None if uvs is not None else active_render(mesh).data
    stretch = abs(world.determinant()), world.to_3x3().inverted_safe().transposed()
    count = len(mesh.polygons)
    spans = []
    for index in range(0, count, max(count // SAMPLE, 1)):
        polygon = mesh.polygons[index]
        loops = range(polygon.loop_start, polygon.loop_start + polygon.loop_total)
        if uvs is not None:
            corners = [(uvs[2 * i], uvs[2 * i + 1]) for i in loops]
        else:
            corners = [tuple(layer[i].uv) for i in loops]
        flat = shoelace(corners)
        # a linear map M scales the area of a plane with normal n by |det M| * |M^-T n|
        area = polygon.area * stretch[0] * (stretch[1] @ polygon.normal).length
        if flat > 1e-12 and area > 0:
            spans.append(math.sqrt(area / flat))
    return statistics.median(spans) if spans else None


def active_render(mesh: bpy.types.Mesh) -> bpy.types.MeshUVLoopLayer:
    return next((layer for layer in mesh.uv_layers if layer.active_render), mesh.uv_layers[0])


def shoelace(corners: list[tuple[float, float]]) -> float:
    """The area of a flat polygon."""
    return abs(sum(u * corners[i - 1][1] - corners[i - 1][0] * v for i, (u, v) in enumerate(corners))) / 2
