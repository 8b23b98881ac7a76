"""What a cube's faces, or a textured mesh, in the scene show, and showing something else. bpy only.

Previous station: steps.image_steps. Nodes, settings and links of a material stay what the artist made of them;
only the images in it change, and those it had are left alone for undo.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

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
    return _read(text) if isinstance(text, str) else None


@lru_cache(maxsize=64)  # panels ask at each redraw
def _read(text: str) -> Recipe | None:
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


def parts(item: bpy.types.Object | None) -> list[list[int]]:
    """For each image of the recipe the slots that show it: [[0], [1], ... [5]] of a cube, one list of a mesh with one
    texture. Empty where the object is nothing of ours, or shows a pool of images."""
    if is_cube(item):
        return [[i] for i in range(len(FACES))]
    recipe = recipe_of(item)
    if recipe is None or recipe.kind not in ("tile", "box"):
        return []
    slots = [slot.slot_index for slot in item.material_slots if image_nodes(slot.material)]
    return [slots] if slots else []


def base_color_of(cube: bpy.types.Object, index: int) -> bpy.types.Image | None:
    """The picture of face `index`, for a thumbnail."""
    material = cube.material_slots[index].material
    return image_nodes(material).get("base_color", (None,))[0]


def show(item: bpy.types.Object, images: dict[int, Images], recipe: str | None) -> None:
    """The images with these numbers are shown from now on; `recipe` None while they are only being tried.

    A cube's material that others use is copied first: a copy of a cube keeps its faces. A texture on several meshes
    is one material, and stays so: all of them change.
    """
    if item.library is not None or item.data.library is not None:
        raise RequestError(
            f"{item.name} is linked from another file. Make it local first (Object > Relations)"
        )
    places = parts(item)
    for index, maps in images.items():
        for number in places[index]:
            (show_on_face if is_cube(item) else show_on_slot)(item, number, maps)
    if recipe is not None:
        for each in sharing(item):
            each[KEY] = recipe


def show_on_face(cube: bpy.types.Object, number: int, maps: Images) -> None:
    slot = cube.material_slots[number]
    if cube.data.users > 1 and slot.link == "DATA":  # a linked duplicate keeps its faces
        material, slot.link = slot.material, "OBJECT"
        slot.material = material
    if set(image_nodes(slot.material)) != set(maps):  # another generator, or a material of the artist's own
        slot.material = build_material(f"{cube.name} {FACES[number]}", maps)
        return
    if slot.material.users > 1:
        slot.material = slot.material.copy()
    show_on_slot(cube, number, maps)


def show_on_slot(item: bpy.types.Object, number: int, maps: Images) -> None:
    for map_name, (_, nodes) in image_nodes(item.material_slots[number].material).items():
        for node in nodes:
            node.image = maps.get(map_name, node.image)


def sharing(item: bpy.types.Object) -> list[bpy.types.Object]:
    """The object, and those that were textured together with it and still show the same material."""
    if is_cube(item):
        return [item]
    mine = {slot.material for slot in item.material_slots}
    recipe = item[KEY]
    return [
        other
        for other in bpy.data.objects
        if other.get(KEY) == recipe and any(slot.material in mine for slot in other.material_slots)
    ]


@dataclass(frozen=True)
class Before:
    """What an object showed, by names: per slot how it was linked, its material, and the images in the nodes."""

    slots: dict[int, tuple[str, str, dict[str, str]]]

    @classmethod
    def of(cls, item: bpy.types.Object) -> "Before":
        slots = {}
        for number in (number for places in parts(item) for number in places):
            slot = item.material_slots[number]
            images = {name: image.name for name, (image, _) in image_nodes(slot.material).items()}
            slots[number] = slot.link, slot.material.name, images
        return cls(slots)

    def restore(self, item: bpy.types.Object) -> None:
        for number, (link, name, images) in self.slots.items():
            slot = item.material_slots[number]
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
