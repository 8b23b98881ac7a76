"""Where a material's images lie on the surface: the coordinate nodes before the image nodes. bpy only; never images.

    UV       Texture Coordinate UV -> Mapping -> images        (the mesh's UV layer that is active for rendering)
             UV Map "gancube"      -> images                   (a layer named)
    OBJECT   Texture Coordinate Object -> Mapping -> images, projection Box with blend

Previous station: scene/surfaces.py. Next: scene/material.py. The images of a cube need none of this: without
coordinates an image node takes the UV layer that is active for rendering.
"""

from dataclasses import dataclass

import bpy

# Height from black to white as a share of the texture's width: 4 cm on the face of a cube of 2 m.
RELIEF_SHARE = 0.02

# The node through which slots.py knows a material that stands in a slot added for it.
OWN_SLOT = "GAN Cube Face"


@dataclass(frozen=True)
class Mapping:
    """scale: repetitions of the texture per unit of the coordinates, on each axis. relief: height from black to white,
    in units of the object. own_slot: for the slots that mode "faces" adds."""

    coordinates: str = "UV"  # or "OBJECT"
    uv_layer: str = ""  # "" is the layer active for rendering
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blend: float = 0.0
    relief: float = 2 * RELIEF_SHARE
    own_slot: bool = False

    @property
    def is_box(self) -> bool:
        return self.coordinates == "OBJECT"


def add_coordinates(
    tree: bpy.types.NodeTree, mapping: Mapping, images: list[bpy.types.ShaderNodeTexImage]
) -> None:
    """The nodes of `mapping`, linked to each of the image nodes."""
    vector = coordinates(tree, mapping)
    if mapping.scale != (1.0, 1.0, 1.0):
        node = new_node(tree, "ShaderNodeMapping", (-750, 300))
        node.inputs["Scale"].default_value = mapping.scale
        tree.links.new(vector, node.inputs["Vector"])
        vector = node.outputs["Vector"]
    for image in images:
        tree.links.new(vector, image.inputs["Vector"])
        if mapping.is_box:
            image.projection = "BOX"
            image.projection_blend = mapping.blend


def coordinates(tree: bpy.types.NodeTree, mapping: Mapping) -> bpy.types.NodeSocket:
    if mapping.uv_layer:
        node = new_node(tree, "ShaderNodeUVMap", (-950, 300))
        node.uv_map = mapping.uv_layer
        if mapping.own_slot:
            node.name = node.label = OWN_SLOT
        return node.outputs["UV"]
    # not a UV Map node: so the material also fits an object whose UV layer has another name
    node = new_node(tree, "ShaderNodeTexCoord", (-950, 300))
    return node.outputs["Object" if mapping.is_box else "UV"]


def new_node(tree: bpy.types.NodeTree, kind: str, location: tuple[float, float]) -> bpy.types.Node:
    node = tree.nodes.new(kind)
    node.location = location
    return node


def has_own_slot(material: bpy.types.Material | None) -> bool:
    """Whether the slot that shows it was added for it."""
    tree = material.node_tree if material is not None else None
    return tree is not None and OWN_SLOT in tree.nodes
