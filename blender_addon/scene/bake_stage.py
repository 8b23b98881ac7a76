"""What a bake needs and nothing else, as a .blend file: the mesh as it was modelled, once for each map. bpy only.

Colours and values are baked as light (Emit): the pass for diffuse colour would be black on metal. Nothing of the open
file is changed. Previous station: scene/bake.py. Next: scene/bake_child.py, in another Blender.
"""

from array import array
from pathlib import Path

import bpy

from ..engine.errors import OutputError
from .bake_child import MAP, UNWRAP
from .faces import image_nodes
from .mapping import new_node
from .material import shader_tree
from .session import nothing_left_behind

# Modifiers that make the surface that is seen, its UVs going with it. All others would move it away from the mesh.
KEPT = ("SUBSURF",)
GAP = 0.01  # between new islands, in UV


def is_box(material: bpy.types.Material | None) -> bool:
    nodes = [node for _, nodes in image_nodes(material).values() for node in nodes]
    return any(node.projection == "BOX" for node in nodes)


def colorspace(map_name: str) -> str:
    return "sRGB" if map_name == "base_color" else "Non-Color"


def write_stage(item: bpy.types.Object, maps: list[str], uvs: array | None, size: int, path: Path) -> None:
    """uvs: to bake through; None where the mesh is to be unwrapped. size: of the images, in pixels."""
    with nothing_left_behind():
        mesh = bare_mesh(item, uvs, GAP)
        copies = {shining_copy(item, mesh, map_name, size) for map_name in maps}
        try:
            bpy.data.libraries.write(str(path), copies)  # no scene: one in no window crashes Blender 5.2 here
        except (RuntimeError, OSError) as error:
            raise OutputError(f"Blender could not write into {path.parent}: {str(error).strip()}") from error


def bare_mesh(item: bpy.types.Object, uvs: array | None, gap: float) -> bpy.types.Mesh:
    """A copy without shape keys, with one UV layer. gap: between the islands of new UVs, in UV."""
    mesh = item.data.copy()
    if mesh.shape_keys is not None:
        bearer = bpy.data.objects.new("bake", mesh)
        bearer.shape_key_clear()
    while mesh.uv_layers:
        mesh.uv_layers.remove(mesh.uv_layers[0])
    layer = mesh.uv_layers.new(name="bake", do_init=False)
    if uvs is not None:
        layer.uv.foreach_set("vector", uvs)
    mesh[UNWRAP] = gap if uvs is None else 0.0
    return mesh


def shining_copy(item: bpy.types.Object, mesh: bpy.types.Mesh, map_name: str, size: int) -> bpy.types.Object:
    """The object in its place, not bent, whose materials shine with one map and hold the image for it."""
    image = bpy.data.images.new("bake", size, size)
    image.colorspace_settings.name = colorspace(map_name)
    copy = bpy.data.objects.new("bake", mesh)
    copy.matrix_world = item.matrix_world
    copy[MAP] = map_name
    for modifier in item.modifiers:
        if modifier.type in KEPT and modifier.show_render:
            copy_modifier(modifier, copy)
    for slot, original in zip(copy.material_slots, item.material_slots, strict=True):
        material = shining(original.material, map_name)
        slot.link = "OBJECT"
        slot.material = material
        tree = shader_tree(material)
        tree.nodes.active = new_node(tree, "ShaderNodeTexImage", (0, 0))  # where the bake goes
        tree.nodes.active.image = image
    return copy


def copy_modifier(modifier: bpy.types.Modifier, onto: bpy.types.Object) -> None:
    twin = onto.modifiers.new(modifier.name, modifier.type)
    for one in modifier.bl_rna.properties:
        if not one.is_readonly and one.type in ("BOOLEAN", "INT", "FLOAT", "ENUM"):
            setattr(twin, one.identifier, getattr(modifier, one.identifier))


def shining(material: bpy.types.Material | None, map_name: str) -> bpy.types.Material:
    """A copy whose light is that map; black where it has none. For normals, what they are made by is left as it is."""
    copy = material.copy() if material is not None else bpy.data.materials.new("bake")
    tree = shader_tree(copy)
    if map_name == "normal":
        return copy
    output = next((n for n in tree.nodes if n.type == "OUTPUT_MATERIAL"), None)
    output = output or new_node(tree, "ShaderNodeOutputMaterial", (0, 0))
    light = new_node(tree, "ShaderNodeEmission", (0, 0))
    light.inputs["Color"].default_value = (0, 0, 0, 1)
    tree.links.new(light.outputs["Emission"], output.inputs["Surface"])
    if is_box(material):
        for node in image_nodes(copy).get(map_name, (None, ()))[1]:
            tree.links.new(node.outputs["Color"], light.inputs["Color"])
    return copy
