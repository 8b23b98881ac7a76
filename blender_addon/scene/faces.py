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
from .shelf import NUMBER
from .steps import Images


def recipe_of(item: bpy.types.Object | None) -> Recipe | None:
    """What the object was made from; None where that is nothing of ours (or no longer readable)."""
    text = item.get(KEY) if item is not None else None
    return read(text) if isinstance(text, str) else None


@lru_cache(maxsize=256)  # panels ask at each redraw, also for the history
def read(text: str) -> Recipe | None:
    """None where it is not the text of a recipe."""
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


def number_of(material: bpy.types.Material | None, recipe: Recipe) -> int | None:
    """Which image of the recipe a mesh's material shows; None where it shows none."""
    if material is None:
        return None
    if recipe.kind in ("tile", "box"):
        nodes = [node for _, shown in image_nodes(material).values() for node in shown]
        # images that were baked out of a box projection are no longer what the generator drew
        baked = recipe.kind == "box" and any(node.projection != "BOX" for node in nodes)
        return 0 if nodes and not baked else None
    number = material.get(NUMBER)
    return number if isinstance(number, int) and 0 <= number < len(recipe.face_seeds) else None


def parts(item: bpy.types.Object | None) -> dict[int, list[bpy.types.Material]]:
    """{number of an image of the recipe: the materials of this object that show it}, of a cube slot by slot. Empty
    where the object is nothing of ours. A mesh need not show all images of its recipe: others show the rest."""
    if is_cube(item):
        return {i: [item.material_slots[i].material] for i in range(len(FACES))}
    recipe = recipe_of(item)
    found: dict[int, list[bpy.types.Material]] = {}
    for slot in item.material_slots if recipe is not None and recipe.kind != "cube" else ():
        number = number_of(slot.material, recipe)
        if number is not None and slot.material not in found.setdefault(number, []):
            found[number].append(slot.material)
    return dict(sorted(found.items()))


def part_names(item: bpy.types.Object) -> dict[int, str]:
    """What the images of all_parts() are called in names of files and datablocks."""
    numbers = all_parts(item)
    if is_cube(item):
        return {number: FACES[number] for number in numbers}
    return {number: "texture" if len(numbers) == 1 else f"{number + 1:02}" for number in numbers}


def base_color_of(cube: bpy.types.Object, index: int) -> bpy.types.Image | None:
    """The picture of face `index`, for a thumbnail."""
    material = cube.material_slots[index].material
    return image_nodes(material).get("base_color", (None,))[0]


def images_of(item: bpy.types.Object, number: int) -> dict[str, bpy.types.Image]:
    """{map name: image} of what shows the image with that number."""
    materials = all_parts(item).get(number, ())
    return {name: image for one in materials for name, (image, _) in image_nodes(one).items()}


def show(item: bpy.types.Object, images: dict[int, Images], recipe: str | None) -> None:
    """The images with these numbers are shown from now on; `recipe` None while they are only being tried.

    A cube's material that others use is copied first: a copy of a cube keeps its faces. Textures on several meshes
    are in the same materials, and stay so: all of them change.
    """
    if item.library is not None or item.data.library is not None:
        raise RequestError(
            f"{item.name} is linked from another file. Make it local first (Object > Relations)"
        )
    together, places = sharing(item), all_parts(item)
    for index, maps in images.items():
        if is_cube(item):
            show_on_face(item, index, maps)
        else:
            for material in places.get(index, ()):
                show_on(material, maps)
    if recipe is not None:
        for each in together:
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
    show_on(slot.material, maps)


def show_on(material: bpy.types.Material, maps: Images) -> None:
    for map_name, (_, nodes) in image_nodes(material).items():
        for node in nodes:
            node.image = maps.get(map_name, node.image)


def sharing(item: bpy.types.Object) -> list[bpy.types.Object]:
    """The object, and those that were textured together with it and still show the same materials, or show some
    together with one that does."""
    if is_cube(item):
        return [item]
    recipe = item[KEY]
    others = [
        one for one in bpy.data.objects if one.get(KEY) == recipe and one != item and one.library is None
    ]
    together, mine = [item], shown_by(item)
    while more := [one for one in others if not mine.isdisjoint(shown_by(one))]:
        together += more
        mine = mine.union(*map(shown_by, more))
        others = [one for one in others if one not in more]
    return together


def shown_by(item: bpy.types.Object) -> set[bpy.types.Material]:
    return {material for materials in parts(item).values() for material in materials}


def all_parts(item: bpy.types.Object) -> dict[int, list[bpy.types.Material]]:
    """parts() of the object and of those that change with it."""
    found: dict[int, list[bpy.types.Material]] = {}
    for each in sharing(item):
        for number, materials in parts(each).items():
            there = found.setdefault(number, [])
            there += [material for material in materials if material not in there]
    return dict(sorted(found.items()))


@dataclass(frozen=True)
class Before:
    """What an object showed, by names."""

    slots: dict[int, tuple[str, str]]  # of a cube: how it was linked, and its material
    materials: dict[str, dict[str, str]]  # the images in its nodes, by map

    @classmethod
    def of(cls, item: bpy.types.Object) -> "Before":
        slots = {}
        for number in range(len(FACES)) if is_cube(item) else ():
            slot = item.material_slots[number]
            slots[number] = slot.link, slot.material.name if slot.material else ""
        shown = (one for materials in all_parts(item).values() for one in materials if one is not None)
        images = {
            one.name: {name: image.name for name, (image, _) in image_nodes(one).items()} for one in shown
        }
        return cls(slots, images)

    def restore(self, item: bpy.types.Object) -> None:
        for number, (link, name) in self.slots.items():
            slot = item.material_slots[number]
            if slot.link != link:
                slot.link = link
            slot.material = bpy.data.materials.get(name) or slot.material
        for name, images in self.materials.items():
            for map_name, (_, nodes) in image_nodes(bpy.data.materials.get(name)).items():
                for node in nodes:
                    node.image = bpy.data.images.get(images.get(map_name, "")) or node.image


def discard(images: Iterable[str]) -> None:
    """Removes images that were only tried, where nothing shows them any more."""
    for name in images:
        if (image := bpy.data.images.get(name)) is not None and image.users == 0:
            bpy.data.images.remove(image)


def discard_materials(known: set[str]) -> None:
    """Removes those of ours beyond the `known` ones that nothing shows: another generator's maps were tried."""
    for material in [one for one in bpy.data.materials if one.users == 0 and one.name not in known]:
        if image_nodes(material):
            bpy.data.materials.remove(material)


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
