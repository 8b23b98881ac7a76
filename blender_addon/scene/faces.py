"""Single faces of a GAN cube that is in the scene: what they show, and showing something else. bpy only.

Previous station: steps.image_steps. Nodes, settings and links of a face's material stay what the artist made of them;
only the images in it change, and those it had are left alone for undo.
"""

import bpy

from ..engine.errors import RecipeError, RequestError
from ..engine.recipe import KEY, Recipe, loads
from ..engine.surface_request import FACES
from .material import build_material
from .steps import Images


def recipe_of(item: bpy.types.Object | None) -> Recipe | None:
    """What the object was made from; None where that is nothing of ours (or no longer readable)."""
    text = item.get(KEY) if item is not None else None
    if not isinstance(text, str):
        return None
    try:
        return loads(text)
    except RecipeError:
        return None


def is_cube(item: bpy.types.Object | None) -> bool:
    """A GAN cube whose six faces can be shown, locked and re-rolled."""
    if item is None or item.type != "MESH" or len(item.material_slots) < len(FACES):
        return False
    recipe = recipe_of(item)
    return recipe is not None and recipe.kind == "cube"


def found(uid: int) -> bpy.types.Object:
    """The object with that session_uid, which undo and renaming leave as it is; RequestError when it is gone."""
    for item in bpy.data.objects:
        if item.session_uid == uid:
            return item
    raise RequestError("the object was deleted meanwhile")


def base_color_of(cube: bpy.types.Object, index: int) -> bpy.types.Image | None:
    """The picture of face `index`, for a thumbnail."""
    material = cube.material_slots[index].material
    return image_nodes(material).get("base_color", (None,))[0] if material else None


def show(cube: bpy.types.Object, images: dict[int, Images], recipe: str) -> None:
    """The faces with these numbers show these images from now on."""
    if cube.library is not None or cube.data.library is not None:
        raise RequestError(
            f"{cube.name} is linked from another file. Make it local first (Object > Relations)"
        )
    for index, maps in images.items():
        slot = cube.material_slots[index]
        if cube.data.users > 1 and slot.link == "DATA":  # a linked duplicate keeps its faces
            material, slot.link = slot.material, "OBJECT"
            slot.material = material
        material = slot.material
        nodes = image_nodes(material) if material is not None else {}
        if set(nodes) != set(maps):  # another generator, or a material of the artist's own
            slot.material = build_material(f"{cube.name} {FACES[index]}", maps)
            continue
        if material.users > 1:  # a copy of the cube keeps its faces
            slot.material = material.copy()
            nodes = image_nodes(slot.material)
        for map_name, image in maps.items():
            for node in nodes[map_name][1]:
                node.image = image
    cube[KEY] = recipe


def image_nodes(material: bpy.types.Material) -> dict[str, tuple]:
    """{map name: (image, [nodes that show it])} of the nodes that show an image of ours, by their labels."""
    nodes: dict[str, tuple] = {}
    for node in material.node_tree.nodes if material.node_tree else ():
        if node.type == "TEX_IMAGE" and node.image is not None and KEY in node.image:
            name = node.label.partition(" ")[0]
            nodes.setdefault(name, (node.image, []))[1].append(node)
    return nodes
