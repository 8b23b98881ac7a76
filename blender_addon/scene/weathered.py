"""What a generator made of a mesh's shape, put onto the object: copies of its materials that show it. bpy only.

Previous station: geometry.py, then the worker. Next: the operator's undo step. The mesh stays as it is, but for a UV
layer where it had none that fits; the materials that were there are left alone and kept.
"""

from dataclasses import dataclass

import bpy

from ..engine.errors import SurfaceError
from .geometry import Geometry, check, uv_mesh
from .images import new_image
from .layouts import counts, layer_for
from .mapping import Mapping, add_coordinates
from .material import MAP_ORDER, build_material, new_node, wire
from .originals import keep, mark_step
from .picture_source import principled, shown_maps
from .slots import put, users_of
from .surfaces import active_attribute_kept, add_layer
from .targets import find
from .unwrap import active_render, taken


@dataclass(frozen=True)
class Weathered:
    """`names` of the objects. `seam`: of the colours at the borders of UV islands (engine/uv_seam.py), None where
    there are none."""

    names: list[str]
    seam: float | None


def weather(
    geometry: Geometry,
    users: tuple[int, ...],
    maps: dict[str, bytes],
    colorspaces: dict[str, str],
    recipe: str,
    title: str,
) -> Weathered:
    """maps: {map name: PNG}. users: the objects that show it, all of one mesh. All or nothing."""
    items = [item for item in find(users) if item.data is not None]
    items = [item for item in items if item.data == items[0].data]
    if not items:
        raise SurfaceError("The objects to be weathered were deleted meanwhile.")
    for item in items:
        check(item)
    mesh = items[0].data
    if counts(mesh) != geometry.counts or (geometry.uvs is None and not mesh.uv_layers):
        raise SurfaceError(f"{items[0].name}: was changed meanwhile. Weather it again.")
    layer, is_new = ("", False) if geometry.uvs is None else layer_for(mesh, geometry.uvs)
    uvs = taken(active_render(mesh).uv, "vector", "f", 2) if geometry.uvs is None else geometry.uvs
    images = {
        name: new_image(f"{items[0].name} {title} {name}", maps[name], colorspaces[name], recipe)
        for name in MAP_ORDER
        if name in maps
    }
    if is_new:
        with active_attribute_kept(mesh):
            add_layer(mesh, layer, uvs)
        mesh.update_tag()
    dress(items, mesh, images, layer, title)
    return Weathered([item.name for item in items], seam_of(mesh, uvs, next(iter(maps.values()))))


def dress(items, mesh: bpy.types.Mesh, images: dict, layer: str, title: str) -> None:
    """Into every slot a copy of what it shows; what has no Principled shader gets a new material."""
    own = any(user not in items for user in users_of(mesh)) or len(items) > 1
    if not mesh.materials:
        mesh.materials.append(None)  # an empty slot looks as none does, on every user
    copies: dict = {}
    for item in items:
        for slot in item.material_slots:
            shown = slot.material
            if shown not in copies:
                copies[shown] = weathered_copy(shown, images, layer, f"{item.name} {title}")
                mark_step(copies[shown])
            put(slot, copies[shown], own=own or slot.link == "OBJECT")
    keep(copies)


def weathered_copy(
    shown: bpy.types.Material | None, images: dict[str, bpy.types.Image], layer: str, name: str
) -> bpy.types.Material:
    if principled(shown) is None:
        if "base_color" in images:
            return build_material(name, images, Mapping("UV", layer))
        shown = shown or bpy.data.materials.new(name)
    copy = shown.copy()
    shader = principled(copy)
    if shader is None:
        raise SurfaceError(f"{copy.name}: has no Principled shader to show the maps. Give it one.")
    tree = copy.node_tree
    has_normal = "normal" in images or "normal" in shown_maps(copy)
    nodes = {}
    for row, (key, image) in enumerate(images.items()):
        x, y = shader.location[0] - 900, shader.location[1] + 300 - 290 * row
        nodes[key] = new_node(tree, "ShaderNodeTexImage", (x, y))
        nodes[key].image, nodes[key].label = image, key
    for node in tree.nodes:  # by its label an image of ours is known as what is shown
        if node.type == "TEX_IMAGE" and node.label in nodes and node not in nodes.values():
            node.label = f"before {node.label}"
    add_coordinates(tree, Mapping("UV", layer), list(nodes.values()))
    wire(copy, nodes, shader, tree.get_output_node("ALL"), layer, has_normal=has_normal)
    tree.nodes.active = next(iter(nodes.values()))
    return copy


def seam_of(mesh: bpy.types.Mesh, uvs, png: bytes) -> float | None:
    """Measured on the first map."""
    from ..engine.png import decode
    from ..engine.uv_seam import seam

    return seam(uv_mesh(mesh, uvs), decode(png)[0][..., :3])
