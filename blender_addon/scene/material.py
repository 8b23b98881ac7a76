"""Principled materials from map images. bpy only; the images come from scene/images.py.

Every map has one place in the node tree:

    base_color  -> Base Color
    alpha       -> Alpha
    metallic    -> Metallic
    roughness   -> Roughness
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
in the normals.
Next station: scene/cube.py, scene/assets.py.
"""

import bpy

GLTF_GROUP = "glTF Material Output"

# A socket holds the value of a map that the model does not give.
DEFAULTS = {"Roughness": 0.7, "Metallic": 0.0}

# Relief of a pure height map, in metres from black to white, on a cube of 2 m.
RELIEF = 0.04

MAP_ORDER = ("base_color", "alpha", "metallic", "roughness", "normal", "height", "ao")


def build_material(name: str, images: dict[str, bpy.types.Image]) -> bpy.types.Material:
    """A material that shows `images` ({map name: image}), one of them "base_color"."""
    assert "base_color" in images, "every card has a base_color map"
    assert set(images) <= set(MAP_ORDER), f"unknown maps: {sorted(set(images) - set(MAP_ORDER))}"
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

    tree.links.new(nodes["base_color"].outputs["Color"], shader.inputs["Base Color"])
    for map_name, socket in (("alpha", "Alpha"), ("metallic", "Metallic"), ("roughness", "Roughness")):
        if map_name in nodes:
            tree.links.new(nodes[map_name].outputs["Color"], shader.inputs[socket])
    if "normal" in nodes:
        normal_map = new_node(tree, "ShaderNodeNormalMap", (0, -100))
        tree.links.new(nodes["normal"].outputs["Color"], normal_map.inputs["Color"])
        tree.links.new(normal_map.outputs["Normal"], shader.inputs["Normal"])
        if "height" in nodes:
            nodes["height"].label = "height (for displacement)"
    elif "height" in nodes:
        displacement = new_node(tree, "ShaderNodeDisplacement", (250, -100))
        displacement.inputs["Scale"].default_value = RELIEF
        tree.links.new(nodes["height"].outputs["Color"], displacement.inputs["Height"])
        tree.links.new(displacement.outputs["Displacement"], output.inputs["Displacement"])
        material.displacement_method = "BUMP"
    if "ao" in nodes:
        group = new_node(tree, "ShaderNodeGroup", (250, -350))
        group.node_tree = gltf_group()
        tree.links.new(nodes["ao"].outputs["Color"], group.inputs["Occlusion"])
    # The image a user would paint on, and what Texture display in solid mode shows.
    tree.nodes.active = nodes["base_color"]
    return material


def shader_tree(datablock: bpy.types.Material | bpy.types.World) -> bpy.types.ShaderNodeTree:
    """The node tree of a material or world. Blender 5 makes it at once and deprecates `use_nodes`;
    before, it comes with `use_nodes`."""
    if datablock.node_tree is None:
        datablock.use_nodes = True
    return datablock.node_tree


def new_node(tree: bpy.types.NodeTree, kind: str, location: tuple[float, float]) -> bpy.types.Node:
    node = tree.nodes.new(kind)
    node.location = location
    return node


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
