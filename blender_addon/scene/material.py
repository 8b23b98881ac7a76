"""Principled materials from map images. bpy only; the images come from scene/images.py.

Every map has one place in the node tree:

    base_color  -> Base Color
    alpha       -> Alpha
    metallic    -> Metallic
    roughness   -> Math, Multiply -> Roughness
    normal      -> Normal Map node -> Normal            (OpenGL, +Y up: what Blender expects)
    height      -> Displacement node -> Displacement    (only where there is no normal map)
    ao          -> group "glTF Material Output", Occlusion

Ambient occlusion is not multiplied into the base colour: Cycles and EEVEE compute occlusion
themselves, so it would be darkened twice, and an exported base colour would no longer be the
generated one. The group is what Blender's glTF exporter reads it from.

Height is shaded as a bump: Blender's material setting "Displacement: Bump Only", its default. It is
not a Bump node on the Normal socket, because the glTF exporter follows that one back to the height
image and writes it as the normal map. Real displacement of a subdivided mesh is then one setting away.
A height map beside a normal map stays in the tree as an unconnected image node: the relief is already
in the normals. Under Blender's box projection there is none: its normals are those of a surface with UVs.

Each of roughness, normal and height has one number that makes it weaker or stronger: strengths().
Next station: scene/cube.py, scene/assets.py, scene/surfaces.py.
"""

import bpy

from .mapping import Mapping, add_coordinates, new_node

GLTF_GROUP = "glTF Material Output"

# A socket holds the value of a map that the model does not give.
DEFAULTS = {"Roughness": 0.7, "Metallic": 0.0}

# Map: node and socket with its strength. The exporter knows the Multiply before Roughness as glTF's roughnessFactor
# (1 leaves the file as it is) and the Normal Map's Strength as its scale; it drops displacement, with any strength.
STRENGTHS = {
    "roughness": ("Roughness Strength", "Value"),  # 1: as generated
    "normal": ("Normal Strength", "Strength"),  # 1: as generated
    "height": ("Height Strength", "Scale"),  # from black to white, in units of the object
}

MAP_ORDER = ("base_color", "alpha", "metallic", "roughness", "normal", "height", "ao")


def build_material(
    name: str, images: dict[str, bpy.types.Image], mapping: Mapping | None = None
) -> bpy.types.Material:
    """A material that shows `images` ({map name: image}), one of them "base_color".

    mapping: where they lie on the surface; None is the UV layer active for rendering, as on a cube.
    """
    assert "base_color" in images, "every card has a base_color map"
    assert set(images) <= set(MAP_ORDER), f"unknown maps: {sorted(set(images) - set(MAP_ORDER))}"
    assert not (mapping and mapping.is_box and "normal" in images), (
        "normal maps are wrong under a box projection"
    )
    material = bpy.data.materials.new(name)
    tree = shader_tree(material)
    tree.nodes.clear()
    output = new_node(tree, "ShaderNodeOutputMaterial", (600, 300))
    shader = new_node(tree, "ShaderNodeBsdfPrincipled", (250, 300))
    tree.links.new(shader.outputs["BSDF"], output.inputs["Surface"])
    for socket, value in DEFAULTS.items():
        shader.inputs[socket].default_value = value

    nodes = {}
    for row, map_name in enumerate(m for m in MAP_ORDER if m in images):
        node = new_node(tree, "ShaderNodeTexImage", (-500, 600 - 290 * row))
        node.image = images[map_name]
        node.label = map_name
        nodes[map_name] = node
    if mapping is not None:
        add_coordinates(tree, mapping, list(nodes.values()))
    mapping = mapping or Mapping()
    wire(material, nodes, shader, output, mapping.uv_layer, mapping.relief, "normal" in nodes)
    # The image a user would paint on, and what Texture display in solid mode shows.
    tree.nodes.active = nodes["base_color"]
    return material


def wire(
    material: bpy.types.Material,
    nodes: dict[str, bpy.types.Node],
    shader: bpy.types.Node,
    output: bpy.types.Node,
    uv_layer: str = "",
    relief: float = Mapping.relief,
    has_normal: bool = False,
) -> None:
    """Each image node ({map name: node}) to its place in the tree. has_normal: the relief is in a normal map already,
    in one of these nodes or in another."""
    tree = material.node_tree
    for map_name, socket in (("base_color", "Base Color"), ("alpha", "Alpha"), ("metallic", "Metallic")):
        if map_name in nodes:
            tree.links.new(nodes[map_name].outputs["Color"], shader.inputs[socket])
    if "roughness" in nodes:
        multiply = strength_node(tree, "roughness", "ShaderNodeMath", (0, 150))
        multiply.operation = "MULTIPLY"
        multiply.inputs[0].default_value = 1.0
        tree.links.new(nodes["roughness"].outputs["Color"], multiply.inputs[1])
        tree.links.new(multiply.outputs["Value"], shader.inputs["Roughness"])
    if "normal" in nodes:
        normal_map = strength_node(tree, "normal", "ShaderNodeNormalMap", (0, -100))
        normal_map.uv_map = uv_layer
        tree.links.new(nodes["normal"].outputs["Color"], normal_map.inputs["Color"])
        tree.links.new(normal_map.outputs["Normal"], shader.inputs["Normal"])
    if "height" in nodes and has_normal:
        nodes["height"].label = "height (for displacement)"
    elif "height" in nodes:
        displacement = strength_node(tree, "height", "ShaderNodeDisplacement", (250, -100))
        displacement.inputs["Scale"].default_value = relief
        tree.links.new(nodes["height"].outputs["Color"], displacement.inputs["Height"])
        tree.links.new(displacement.outputs["Displacement"], output.inputs["Displacement"])
        material.displacement_method = "BUMP"
    if "ao" in nodes:
        group = new_node(tree, "ShaderNodeGroup", (250, -350))
        group.node_tree = gltf_group()
        tree.links.new(nodes["ao"].outputs["Color"], group.inputs["Occlusion"])


def strength_node(tree, map_name: str, kind: str, location: tuple[float, float]) -> bpy.types.Node:
    node = new_node(tree, kind, location)
    node.name = node.label = STRENGTHS[map_name][0]
    return node


def strengths(material: bpy.types.Material | None) -> dict[str, tuple[str, str]]:
    """{map name: (node name, name of its input socket)} of the strengths that this material has, for a panel.

    `material.node_tree.nodes[node].inputs[socket].default_value` is the number. Empty for any other material.
    """
    tree = material.node_tree if material is not None else None
    nodes = tree.nodes if tree is not None else ()
    return {
        map_name: (node, socket)
        for map_name, (node, socket) in STRENGTHS.items()
        if node in nodes and socket in nodes[node].inputs
    }


def shader_tree(datablock: bpy.types.Material | bpy.types.World) -> bpy.types.ShaderNodeTree:
    """The node tree of a material or world. Blender 5 makes it at once and deprecates `use_nodes`;
    before, it comes with `use_nodes`."""
    if datablock.node_tree is None:
        datablock.use_nodes = True
    return datablock.node_tree


def gltf_group() -> bpy.types.ShaderNodeTree:
    """The node group in which Blender's glTF exporter looks for occlusion; the file's own where it has one."""
    group = bpy.data.node_groups.get(GLTF_GROUP)
    if group is not None and group.library is None and "Occlusion" in group.interface.items_tree:
        return group
    group = bpy.data.node_groups.new(GLTF_GROUP, "ShaderNodeTree")
    group.interface.new_socket("Occlusion", socket_type="NodeSocketFloat")
    group.nodes.new("NodeGroupOutput")
    group.nodes.new("NodeGroupInput").location = (-200, 0)
    return group
