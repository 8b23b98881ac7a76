"""A box projection into images through the mesh's UVs, map by map, with Cycles. bpy only; the mesh stays intact.

What is seen live is not what other programs can read: they know UVs only. Each map is baked in a temporary scene from
a copy of the object without its modifiers and shape keys, so that nothing of the open file is touched and the images
lie on the mesh as it was modelled, however bones bend it. Colours and values are baked as light (Emit): the pass for
diffuse colour would be black on metal. The relief of height becomes a tangent normal map.

Previous station: scene/surfaces.py, mode "box". Next: the operator pushes one undo step.
"""

import math
import tempfile
from array import array
from collections.abc import Generator
from pathlib import Path

import bpy

from ..engine.errors import OutputError, SurfaceError
from .assets import FacePixels
from .faces import image_nodes
from .images import RECIPE_KEY
from .layouts import counts, layer_for
from .mapping import Mapping, new_node
from .material import MAP_ORDER, shader_tree, strengths
from .session import nothing_left_behind, run_operator, temporary_scene
from .shelf import Shelf
from .slots import put, users_of
from .surfaces import active_attribute_kept, add_layer
from .targets import check_editable, find
from .unwrap import active_render, taken

SAMPLES = 4  # per pixel: there is no light to be noisy


def bake_steps(
    uid: int, size: int = 1024, own_uvs: bool = True, name: str = "GAN Bake"
) -> Generator[tuple[int, int], None, str]:
    """Gives the box-projected slots of an object baked images; yields (maps done, all maps) and returns its name.

    size: width and height in pixels. own_uvs: into the mesh's UVs (they must not overlap), where it has any; else
    into a new layer "gancube" by Smart UV Project. One map is one step: seconds, in which Blender waits.
    Nothing of the object changes before the last step. Closed before its end it leaves nothing behind.
    """
    item = existing(uid)
    maps, before = baked_maps(item), counts(item.data)
    if not maps:
        raise SurfaceError(f"{item.name}: shows no box projection. Texture it with Box first.")
    recipe = str(item.get(RECIPE_KEY, ""))
    layer, uvs, is_new = layer_to_bake(item, own_uvs)
    yield 0, len(maps)
    pngs = {}
    for done, map_name in enumerate(maps, 1):
        pngs[map_name] = bake(existing(uid), map_name, uvs, size)
        yield done, len(maps)
    shelf = Shelf([FacePixels(0, None, pngs)], {one: colorspace(one) for one in maps}, recipe, name)
    try:
        for _ in shelf.image_steps(0):
            yield len(maps), len(maps)
        item = existing(uid)
        if counts(item.data) != before or baked_maps(item) != maps:
            raise SurfaceError(f"{item.name}: was changed meanwhile. Bake it again.")
        land(item, shelf, layer, uvs if is_new else None)
        return item.name
    except BaseException:  # also GeneratorExit
        shelf.clear()
        raise


def existing(uid: int) -> bpy.types.Object:
    for item in find((uid,)):
        check_editable(item)
        return item
    raise SurfaceError("The object to be baked was deleted meanwhile.")


def colorspace(map_name: str) -> str:
    return "sRGB" if map_name == "base_color" else "Non-Color"


def baked_maps(item: bpy.types.Object) -> list[str]:
    """The maps that baking makes, in order; none where no slot shows a box projection."""
    shown = [slot.material for slot in item.material_slots if is_box(slot.material)]
    maps = {name for material in shown for name in image_nodes(material)} - {"height", "normal"}
    if any("height" in strengths(material) for material in shown):
        maps.add("normal")
    return [name for name in MAP_ORDER if name in maps]


def is_box(material: bpy.types.Material | None) -> bool:
    nodes = [node for _, nodes in image_nodes(material).values() for node in nodes]
    return any(node.projection == "BOX" for node in nodes)


def layer_to_bake(item: bpy.types.Object, own_uvs: bool) -> tuple[str, array, bool]:
    """(layer that the material names, "" being the one that is rendered; its UVs; whether it is to be made)."""
    mesh = item.data
    if own_uvs and mesh.uv_layers:
        return "", taken(active_render(mesh).uv, "vector", "f", 2), False
    uvs = smart_uvs(item)
    name, is_new = layer_for(mesh, uvs)
    return name, uvs, is_new


def smart_uvs(item: bpy.types.Object) -> array:
    """Blender's Smart UV Project, of a copy: islands that do not overlap, in [0, 1]."""
    with nothing_left_behind():
        copy = bare_copy(item)
        with temporary_scene([copy]) as scene:
            make_active(copy, scene)
            bpy.ops.object.mode_set(mode="EDIT")
            bpy.ops.mesh.reveal()
            bpy.ops.mesh.select_all(action="SELECT")
            bpy.ops.uv.smart_project(angle_limit=math.radians(66), island_margin=0.01)
            bpy.ops.object.mode_set(mode="OBJECT")
        return taken(copy.data.uv_layers[0].uv, "vector", "f", 2)


def bake(item: bpy.types.Object, map_name: str, uvs: array, size: int) -> bytes:
    """PNG bytes of one map of all the slots, through these UVs."""
    with tempfile.TemporaryDirectory(prefix="gancube-") as folder, nothing_left_behind():
        copy = bare_copy(item)
        copy.data.uv_layers[0].uv.foreach_set("vector", uvs)
        image = bpy.data.images.new("bake", size, size)
        image.colorspace_settings.name = colorspace(map_name)
        for slot in copy.material_slots:
            material = shining(slot.material, map_name)
            slot.link = "OBJECT"
            slot.material = material
            tree = shader_tree(material)
            tree.nodes.active = new_node(tree, "ShaderNodeTexImage", (0, 0))  # where the bake goes
            tree.nodes.active.image = image
        with temporary_scene([copy]) as scene:
            make_active(copy, scene)
            try:
                scene.render.engine = "CYCLES"
            except TypeError as error:  # an add-on of Blender that a user can have switched off
                raise OutputError("Baking needs Cycles. Enable it: Preferences > Add-ons.") from error
            scene.cycles.device = "CPU"
            scene.cycles.samples = SAMPLES
            fault = run_operator(
                bpy.ops.object.bake,
                type="NORMAL" if map_name == "normal" else "EMIT",
                margin=max(size // 64, 2),
                margin_type="ADJACENT_FACES",
            )
        if fault:
            raise OutputError(f"{item.name}: Blender could not bake {map_name}: {fault}")
        image.filepath_raw, image.file_format = str(Path(folder) / "bake.png"), "PNG"
        try:
            image.save()
        except RuntimeError as error:
            raise OutputError(f"Blender could not write into {folder}: {str(error).strip()}") from error
        return (Path(folder) / "bake.png").read_bytes()


def bare_copy(item: bpy.types.Object) -> bpy.types.Object:
    """The mesh as it was modelled, with one empty UV layer, in no collection."""
    copy = item.copy()
    copy.data = item.data.copy()
    if copy.data.shape_keys is not None:
        copy.shape_key_clear()
    copy.modifiers.clear()
    copy.constraints.clear()
    copy.animation_data_clear()
    copy.parent = None
    copy.hide_render = copy.hide_viewport = False
    while copy.data.uv_layers:
        copy.data.uv_layers.remove(copy.data.uv_layers[0])
    copy.data.uv_layers.new(name="bake", do_init=False)
    return copy


def make_active(item: bpy.types.Object, scene: bpy.types.Scene) -> None:
    view_layer = scene.view_layers[0]
    view_layer.objects.active = item
    item.select_set(True, view_layer=view_layer)


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


def land(item: bpy.types.Object, shelf: Shelf, layer: str, new_uvs: array | None) -> None:
    """The baked material into the slots that showed a box projection, at the strengths that they had."""
    mesh = item.data
    if new_uvs is not None:
        with active_attribute_kept(mesh):
            add_layer(mesh, layer, new_uvs)
        mesh.update_tag()
    material = shelf.material(0, Mapping("UV", layer))
    shared = len(users_of(mesh)) > 1
    for slot in item.material_slots:
        if is_box(slot.material):
            copy_strength(slot.material, material)
            put(slot, material, own=shared and slot.link == "DATA")


def copy_strength(old: bpy.types.Material, new: bpy.types.Material) -> None:
    """Of roughness; that of height is in the baked normals."""
    if "roughness" in strengths(old) and "roughness" in strengths(new):
        node, socket = strengths(new)["roughness"]
        value = old.node_tree.nodes[node].inputs[socket].default_value
        new.node_tree.nodes[node].inputs[socket].default_value = value
