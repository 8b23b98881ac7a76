"""What a mesh knows of itself, as materials that shine with it, in a .blend file for baking. bpy only; bakes nothing.

    position       in the object's own axes, scaled into the bounding cube
    object_normal  likewise, of the shading, 0.5 is zero
    ao             share of the sky that is open, within REACH of the size
    curvature      0.5 is flat, more is an edge, less a hollow: how much more is open outside than inside, within NEAR

Curvature by two ambient occlusions, one of them inside the solid, does not depend on how finely a mesh is cut, which
that by vertices does: of a cube all eight are equally bent. Nothing of the open file is changed.
Previous station: scene/geometry.py. Next: scene/bake_child.py, in another Blender.
"""

from array import array
from pathlib import Path

import bpy
from mathutils import Matrix, Vector

from ..engine.errors import OutputError
from .bake_child import GROUND, MAP, MARGIN
from .bake_stage import KEPT, bare_mesh, copy_modifier
from .mapping import new_node
from .material import shader_tree
from .session import nothing_left_behind

GAP = 0.02  # between new islands, in UV: a generator sees what is near
REACH, NEAR = 0.35, 0.06  # shares of the longest side of the bounding box
RAYS = {"ao": 16, "curvature": 24}  # of each of the samples of bake_child.py
EMPTY = {"position": 0.5, "object_normal": 0.5, "ao": 1.0, "curvature": 0.5}  # where there is no surface


def write_stage(
    item: bpy.types.Object, maps: tuple[str, ...], uvs: array | None, size: int, margin: int, path: Path
) -> None:
    """uvs: to bake through; None where the mesh is to be unwrapped. size, margin: of the images, in pixels."""
    with nothing_left_behind():
        mesh = sized_mesh(item, uvs)
        low, high = bounds(mesh)
        copies = set()
        for name in maps:
            copy = bpy.data.objects.new("bake", mesh)
            copy[MAP], copy[MARGIN], copy[GROUND] = name, margin, EMPTY[name]
            for modifier in item.modifiers:
                if modifier.type in KEPT and modifier.show_render:
                    copy_modifier(modifier, copy)
            copy.material_slots[0].link = "OBJECT"
            copy.material_slots[0].material = shining(name, (low + high) / 2, max(high - low), size)
            copies.add(copy)
        try:
            bpy.data.libraries.write(str(path), copies)
        except (RuntimeError, OSError) as error:
            raise OutputError(f"Blender could not write into {path.parent}: {str(error).strip()}") from error


def sized_mesh(item: bpy.types.Object, uvs: array | None) -> bpy.types.Mesh:
    """A bare copy as large as the object is, where it is not turned, with one slot."""
    mesh = bare_mesh(item, uvs, GAP)
    scale = item.matrix_world.to_scale()
    mesh.transform(Matrix.Diagonal((*(one or 1.0 for one in scale), 1.0)))
    if scale.x * scale.y * scale.z < 0:  # mirrored: its inside would be out
        mesh.flip_normals()
    mesh.materials.clear()
    mesh.materials.append(None)
    return mesh


def bounds(mesh: bpy.types.Mesh) -> tuple[Vector, Vector]:
    values = array("f", [0.0]) * (3 * len(mesh.vertices))
    mesh.attributes["position"].data.foreach_get("vector", values)
    axes = [values[axis::3] for axis in range(3)]
    low, high = (Vector([side(one) for one in axes]) for side in (min, max))
    return low, high if max(high - low) > 0 else low + Vector((1, 1, 1))


def shining(name: str, middle: Vector, side: float, size: int) -> bpy.types.Material:
    """A material whose light is that map, with the image for it."""
    material = bpy.data.materials.new("bake")
    tree = shader_tree(material)
    tree.nodes.clear()
    output = new_node(tree, "ShaderNodeOutputMaterial", (0, 0))
    light = new_node(tree, "ShaderNodeEmission", (0, 0))
    tree.links.new(light.outputs["Emission"], output.inputs["Surface"])
    tree.links.new(VALUES[name](tree, middle, side), light.inputs["Color"])
    image = bpy.data.images.new("bake", size, size)
    image.colorspace_settings.name = "Non-Color"
    tree.nodes.active = new_node(tree, "ShaderNodeTexImage", (0, 0))  # where the bake goes
    tree.nodes.active.image = image
    return material


def position(tree, middle: Vector, side: float) -> bpy.types.NodeSocket:
    place = new_node(tree, "ShaderNodeNewGeometry", (0, 0)).outputs[
        "Position"
    ]  # the object stands at the origin
    return multiply_add(tree, place, [1 / side] * 3, [0.5 - one / side for one in middle])


def object_normal(tree, middle: Vector, side: float) -> bpy.types.NodeSocket:
    normal = new_node(tree, "ShaderNodeNewGeometry", (0, 0)).outputs["Normal"]
    return multiply_add(tree, normal, [0.5] * 3, [0.5] * 3)


def ao(tree, middle: Vector, side: float) -> bpy.types.NodeSocket:
    return openness(tree, REACH * side, RAYS["ao"], inside=False)


def curvature(tree, middle: Vector, side: float) -> bpy.types.NodeSocket:
    """0.5 + (openness outside - openness inside) / 2."""
    difference = math_node(
        tree,
        "SUBTRACT",
        *(openness(tree, NEAR * side, RAYS["curvature"], inside) for inside in (False, True)),
    )
    half = math_node(tree, "MULTIPLY", difference, 0.5)
    return math_node(tree, "ADD", half, 0.5)


VALUES = {"position": position, "object_normal": object_normal, "ao": ao, "curvature": curvature}


def openness(tree, distance: float, rays: int, inside: bool) -> bpy.types.NodeSocket:
    node = new_node(tree, "ShaderNodeAmbientOcclusion", (0, 0))
    node.inputs["Distance"].default_value = distance
    node.samples, node.inside, node.only_local = rays, inside, True
    return node.outputs["AO"]


def multiply_add(tree, socket, factors: list[float], summands: list[float]) -> bpy.types.NodeSocket:
    node = new_node(tree, "ShaderNodeVectorMath", (0, 0))
    node.operation = "MULTIPLY_ADD"
    tree.links.new(socket, node.inputs[0])
    node.inputs[1].default_value, node.inputs[2].default_value = factors, summands
    return node.outputs["Vector"]


def math_node(tree, operation: str, *values) -> bpy.types.NodeSocket:
    node = new_node(tree, "ShaderNodeMath", (0, 0))
    node.operation = operation
    for socket, value in zip(node.inputs, values, strict=False):
        if isinstance(value, float):
            socket.default_value = value
        else:
            tree.links.new(value, socket)
    return node.outputs["Value"]
