"""A GLB with what a scene may hold, for tests that nothing of it gets lost; a generator that shows the shape. bpy."""

import io
import math
from pathlib import Path

import bpy
import numpy as np
import onnx
from onnx import TensorProto, helper
from PIL import Image

from blender_addon.scene.material import shader_tree
from tests.tiny import write_card
from tests.tiny_picture import picture_card

TILES = 3


def make_mirror(path: Path, takes=("object_normal",), gives=("base_color",)) -> None:
    """A generator that gives what it is given, cut to the channels of the maps: the shape is seen in the colours."""
    card = picture_card(takes=takes, gives=gives)
    channels = sum(spec.channels[1] - spec.channels[0] for spec in card.maps)
    whole = card.input("image").shape[1]
    nodes = [
        helper.make_node("Concat", ["image"] * -(-channels // whole), ["wide"], axis=1),
        helper.make_node("Slice", ["wide", "first", "end", "axis"], ["maps"]),
    ]
    numbers = {"first": 0, "end": channels, "axis": 1}
    graph = helper.make_graph(
        nodes,
        "mirror",
        [helper.make_tensor_value_info(i.name, TensorProto.FLOAT, i.shape) for i in card.inputs],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, card.output.shape)],
        [helper.make_tensor(name, TensorProto.INT64, [1], [value]) for name, value in numbers.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9), path)
    write_card(path, card)


def image_of(name: str, pixels: np.ndarray, colorspace: str = "sRGB", kind: str = "PNG") -> bpy.types.Image:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind)
    data = buffer.getvalue()
    image = bpy.data.images.new(name, 8, 8, alpha=pixels.shape[2] == 4)
    image.colorspace_settings.name = colorspace
    image.source = "FILE"
    image.pack(data=data, data_len=len(data))
    return image


def checks(size: int = 16, channels: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (size, size, channels)).astype(np.uint8)


def look(name: str, metal: bool = False, alpha: bool = False, kind: str = "PNG") -> bpy.types.Material:
    """A material that shows an image, on request one of roughness and metal (of that kind), or transparent colours."""
    material = bpy.data.materials.new(name)
    tree = shader_tree(material)
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    colors = tree.nodes.new("ShaderNodeTexImage")
    colors.image = image_of(f"{name} colours", checks(channels=4 if alpha else 3))
    tree.links.new(colors.outputs["Color"], shader.inputs["Base Color"])
    if alpha:
        tree.links.new(colors.outputs["Alpha"], shader.inputs["Alpha"])
    if metal:
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = image_of(f"{name} metal", checks(seed=1), "Non-Color", kind)
        parts = tree.nodes.new("ShaderNodeSeparateColor")
        tree.links.new(node.outputs["Color"], parts.inputs["Color"])
        tree.links.new(parts.outputs["Green"], shader.inputs["Roughness"])
        tree.links.new(parts.outputs["Blue"], shader.inputs["Metallic"])
    return material


def crate(name: str, material: bpy.types.Material | None, uvs: str = "own") -> bpy.types.Object:
    """A cube whose UVs are its own, repeat, or are none."""
    bpy.ops.mesh.primitive_cube_add()
    item = bpy.context.object
    item.name = item.data.name = name
    if uvs == "none":
        item.data.uv_layers.remove(item.data.uv_layers[0])
    if uvs == "repeat":
        for one in item.data.uv_layers[0].uv:
            one.vector = one.vector * TILES
    if material is not None:
        item.data.materials.append(material)
    return item


def exported(path: Path) -> Path:
    bpy.ops.export_scene.gltf(
        filepath=str(path),
        export_cameras=True,
        export_lights=True,
        export_extras=True,
        export_animations=True,
        export_tangents=False,
    )
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


def write_yard(path: Path) -> Path:
    """Under a turned and moving root: a crate that stands there twice, a wall whose UVs repeat and that shares its
    material, a mirrored pebble without UVs and material, an arm with bones and a shape key, a camera, a light."""
    stone = look("stone")
    bpy.ops.object.empty_add(rotation=(math.radians(90), 0, math.radians(30)))
    root = bpy.context.object
    root.name = "root"
    root["made for"] = "tests"
    first = crate("crate", stone)
    second = first.copy()
    second.name, second.location = "crate again", (5, 0, 0)
    bpy.context.scene.collection.objects.link(second)
    wall = crate("wall", stone, "repeat")
    bpy.ops.mesh.primitive_ico_sphere_add(subdivisions=2, calc_uvs=False)
    pebble = bpy.context.object
    pebble.name = pebble.data.name = "pebble"
    pebble.scale = (-1, 1, 1)
    pebble.data.polygons.foreach_set("use_smooth", [True] * len(pebble.data.polygons))
    bpy.ops.object.armature_add()
    rig = bpy.context.object
    arm = crate("arm", look("skin"), "none")
    arm.parent = rig
    arm.modifiers.new("Armature", "ARMATURE").object = rig
    arm.vertex_groups.new(name="Bone").add(range(8), 1.0, "REPLACE")
    arm.shape_key_add(name="Basis")
    arm.shape_key_add(name="bent").points[0].co.x += 1
    bpy.ops.object.camera_add()
    camera = bpy.context.object
    bpy.ops.object.light_add(type="POINT")
    light = bpy.context.object
    for item in (first, second, wall, pebble, camera, light, rig):
        item.parent = root
    root.keyframe_insert("location", frame=1)
    root.location.x = 3
    root.keyframe_insert("location", frame=20)
    return exported(path)
