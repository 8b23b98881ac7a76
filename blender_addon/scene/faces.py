"""Single faces of a GAN cube that is in the scene: what they show, and showing something else. bpy only.

Previous station: steps.image_steps. Nodes, settings and links of a face's material stay what the artist made of them;
only the images in it change, and those it had are left alone for undo.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
from mathutils import Vector

from ..engine.errors import RecipeError, RequestError
from ..engine.recipe import KEY, Recipe, loads
from ..engine.surface_request import FACES
from .cube import ORIENTATION
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
    return image_nodes(material).get("base_color", (None,))[0]


def show(cube: bpy.types.Object, images: dict[int, Images], recipe: str | None) -> None:
    """The faces with these numbers show these images from now on; `recipe` None while they are only being tried."""
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
        nodes = image_nodes(material)
        if set(nodes) != set(maps):  # another generator, or a material of the artist's own
            slot.material = build_material(f"{cube.name} {FACES[index]}", maps)
            continue
        if material.users > 1:  # a copy of the cube keeps its faces
            slot.material = material.copy()
            nodes = image_nodes(slot.material)
        for map_name, image in maps.items():
            for node in nodes[map_name][1]:
                node.image = image
    if recipe is not None:
        cube[KEY] = recipe


@dataclass(frozen=True)
class Before:
    """What a cube showed, by names: how its slots were linked, their materials, and the images in their nodes."""

    slots: list[tuple[str, str]]
    images: list[dict[str, str]]

    @classmethod
    def of(cls, cube: bpy.types.Object) -> "Before":
        slots = cube.material_slots[: len(FACES)]
        names = [{k: image.name for k, (image, _) in image_nodes(slot.material).items()} for slot in slots]
        return cls([(slot.link, slot.material.name) for slot in slots], names)

    def restore(self, cube: bpy.types.Object) -> None:
        for slot, (link, name), images in zip(cube.material_slots, self.slots, self.images, strict=False):
            if slot.link != link:
                slot.link = link
            slot.material = bpy.data.materials.get(name) or slot.material
            for map_name, (_, nodes) in image_nodes(slot.material).items():
                for node in nodes:
                    node.image = bpy.data.images.get(images.get(map_name, "")) or node.image


def discard(images: Iterable[str]) -> None:
    """Removes images that were only tried, where nothing shows them any more."""
    for name in images:
        if (image := bpy.data.images.get(name)) is not None and image.users == 0:
            bpy.data.images.remove(image)


def facing(cube: bpy.types.Object, eye) -> tuple[tuple[int, ...], int]:
    """Numbers of the faces, those turned most towards `eye` (a point of the world) first; and how many are in view."""
    turned = []
    for face in FACES:
        outward = (cube.matrix_world.to_3x3() @ Vector(ORIENTATION[face][1])).normalized()
        middle = cube.matrix_world @ (Vector(ORIENTATION[face][1]) * max(cube.dimensions) / 2)
        turned.append(outward.dot((Vector(eye) - middle).normalized()))
    order = tuple(sorted(range(len(FACES)), key=lambda i: -turned[i]))
    return order, sum(one > 0 for one in turned)


def image_nodes(material: bpy.types.Material) -> dict[str, tuple]:
    """{map name: (image, [nodes that show it])} of the nodes that show an image of ours, by their labels."""
    nodes: dict[str, tuple] = {}
    for node in material.node_tree.nodes if material is not None and material.node_tree else ():
        if node.type == "TEX_IMAGE" and node.image is not None and KEY in node.image:
            name = node.label.partition(" ")[0]
            nodes.setdefault(name, (node.image, []))[1].append(node)
    return nodes
