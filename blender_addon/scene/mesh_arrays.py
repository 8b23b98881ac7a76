"""An object's mesh as it is rendered (modifiers applied, in its place), for engine/surface_mesh.py. bpy only.

Previous station: the object; looks.py. Next: usd.py, obj.py, fbx.py.
"""

from array import array

import bpy

from ..engine.errors import OutputError
from ..engine.surface_mesh import SurfaceMesh, surface_mesh
from .looks import Look
from .session import temporary_scene


def mesh_of(item: bpy.types.Object, looks: list[Look]) -> SurfaceMesh:
    """The UVs of each polygon are those of its look, with the repetitions of the texture in them."""
    with temporary_scene([item]):
        evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
        mesh = evaluated.to_mesh()
        try:
            if not len(mesh.polygons):
                raise OutputError(f"{item.name}: has no faces, so there is nothing to export.")
            mesh.transform(evaluated.matrix_world)
            if evaluated.matrix_world.determinant() < 0:
                mesh.flip_normals()  # a mirrored object would turn its inside out
            if not _finite(mesh):
                raise OutputError(f"{item.name}: has vertices without a place (NaN). Repair the mesh.")
            layers = [layer.name for layer in mesh.uv_layers]
            return surface_mesh(
                _taken(mesh.vertices, "co", "f", 3),
                _taken(mesh.loops, "vertex_index", "i"),
                _taken(mesh.polygons, "loop_total", "i"),
                _taken(mesh.polygons, "material_index", "i"),
                _taken(mesh.corner_normals, "vector", "f", 3),
                [_taken(layer.uv, "vector", "f", 2) for layer in mesh.uv_layers],
                [_layer(mesh, layers, look.uv_layer) for look in looks],
                [look.uv_scale for look in looks],
            )
        finally:
            evaluated.to_mesh_clear()


def _layer(mesh: bpy.types.Mesh, layers: list[str], name: str) -> int | None:
    if name:
        return layers.index(name) if name in layers else None
    return next((i for i, layer in enumerate(mesh.uv_layers) if layer.active_render), None)


def _finite(mesh: bpy.types.Mesh) -> bool:
    total = sum(_taken(mesh.vertices, "co", "f", 3))
    return total - total == 0  # false for NaN and infinity


def _taken(collection, name: str, code: str, width: int = 1) -> array:
    values = array(code, bytes(4 * width * len(collection)))
    collection.foreach_get(name, values)
    return values
