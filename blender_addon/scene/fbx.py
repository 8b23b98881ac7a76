"""FBX through Blender's exporter: a plain copy of mesh and materials, the textures beside the file. bpy only.

A copy, because the exporter knows only images linked straight to the Principled shader, and writes whatever else the
object carries. Metres, Y up, tangents where it can write them (triangles and quads).
Previous station: looks.py, mesh_arrays.py, texture_files.py. Next: engine/fbx_tidy.py.
"""

import tempfile
from pathlib import Path

import bpy

from ..engine.errors import OutputError
from ..engine.fbx_tidy import tidied
from ..engine.mark import Mark, custom_properties
from ..engine.surface_mesh import SurfaceMesh
from .looks import Look
from .mapping import new_node
from .material import shader_tree
from .session import nothing_left_behind, run_operator, temporary_scene
from .texture_files import Textures

FBX_ADDON = "io_scene_fbx"
UV_LAYER = "UVMap"
# Map -> socket. FBX has no word for occlusion, and Blender's writer none for displacement: those files lie beside.
SOCKETS = {"base_color": "Base Color", "alpha": "Alpha", "metallic": "Metallic", "roughness": "Roughness"}
SETTINGS = {
    "use_selection": False,
    "use_custom_props": True,
    "bake_anim": False,
    "apply_scale_options": "FBX_SCALE_UNITS",  # the file says that its unit is a metre
    "bake_space_transform": True,  # Y up in the vertices themselves, not as a rotation of the object
    "mesh_smooth_type": "OFF",  # normals are written as they are
    "path_mode": "STRIP",
}


def fbx_bytes(mesh: SurfaceMesh, looks: list[Look], made: Textures, folder: str, mark: Mark) -> bytes:
    """folder: name of the folder beside the file in which the textures will lie."""
    enable_exporter()
    paths = {name: f"{folder}/{name}" for name in made.data}
    with tempfile.TemporaryDirectory(prefix="gancube-") as place, nothing_left_behind():
        draft = Path(place) / "cube.fbx"
        materials = [material(look, names) for look, names in zip(looks, made.names, strict=True)]
        item = bpy.data.objects.new(mark.title, new_mesh(mark.title, mesh, materials))
        for key, text in custom_properties(mark).items():
            item[key] = text
        tangents = int(mesh.counts.max()) <= 4
        with temporary_scene([item]):
            fault = run_operator(
                bpy.ops.export_scene.fbx, filepath=str(draft), use_tspace=tangents, **SETTINGS
            )
        if fault or not draft.is_file():
            raise OutputError(f"Blender's FBX exporter failed in {place}: {fault or 'it wrote nothing'}")
        return tidied(draft.read_bytes(), mark, paths)


def enable_exporter() -> None:
    if hasattr(bpy.types, "EXPORT_SCENE_OT_fbx"):
        return
    import addon_utils

    if addon_utils.enable(FBX_ADDON, default_set=False) is None:
        raise OutputError(f"Blender's FBX exporter (add-on {FBX_ADDON}) cannot be enabled in this Blender.")


def new_mesh(name: str, mesh: SurfaceMesh, materials: list[bpy.types.Material]) -> bpy.types.Mesh:
    made = bpy.data.meshes.new(name)
    made.vertices.add(len(mesh.points))
    made.vertices.foreach_set("co", mesh.points.reshape(-1))
    made.loops.add(len(mesh.corners))
    made.loops.foreach_set("vertex_index", mesh.corners)
    made.polygons.add(len(mesh.counts))
    made.polygons.foreach_set("loop_start", mesh.counts.cumsum(dtype=mesh.counts.dtype) - mesh.counts)
    for one in materials:
        made.materials.append(one)
    made.polygons.foreach_set("material_index", mesh.slots)
    made.update(calc_edges=True)
    made.uv_layers.new(name=UV_LAYER, do_init=False).uv.foreach_set("vector", mesh.uvs.reshape(-1))
    made.normals_split_custom_set(mesh.normals)
    return made


def material(look: Look, names: dict[str, str]) -> bpy.types.Material:
    """Images straight at the shader; they have no pixels, the exporter needs their names only."""
    made = bpy.data.materials.new(look.name)
    tree = shader_tree(made)
    tree.nodes.clear()
    output = new_node(tree, "ShaderNodeOutputMaterial", (600, 300))
    shader = new_node(tree, "ShaderNodeBsdfPrincipled", (250, 300))
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    shader.inputs["Base Color"].default_value = (*look.color, 1)
    shader.inputs["Roughness"].default_value = look.roughness
    shader.inputs["Metallic"].default_value = look.metallic
    for map_name, name in names.items():
        if map_name in SOCKETS:
            node = image_node(tree, name)
            tree.links.new(node.outputs["Color"], shader.inputs[SOCKETS[map_name]])
        elif map_name == "normal":
            bent = new_node(tree, "ShaderNodeNormalMap", (0, -100))
            tree.links.new(image_node(tree, name).outputs["Color"], bent.inputs["Color"])
            tree.links.new(bent.outputs["Normal"], shader.inputs["Normal"])
    return made


def image_node(tree: bpy.types.NodeTree, name: str) -> bpy.types.Node:
    node = new_node(tree, "ShaderNodeTexImage", (-500, 0))
    node.image = bpy.data.images.new(name, 1, 1)
    node.image.source = "FILE"
    node.image.filepath_raw = f"//{name}"
    return node
