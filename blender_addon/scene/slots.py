"""Materials into the slots of objects, so that no object changes that was not asked for. bpy only; makes no material.

Previous station: scene/surfaces.py. A mesh can have many users (linked duplicates), and a slot of an object shows
either its mesh's material (link "DATA") or its own (link "OBJECT"). Where a mesh is also used by others, the slots of
those asked for become their own, which is what Blender users do by hand.
"""

from array import array
from collections.abc import Callable, Generator
from dataclasses import dataclass

import bpy

from .mapping import has_own_slot
from .unwrap import CHUNK, mesh_by_uid, taken

INDEX = "material_index"  # Blender's name of the attribute; a mesh with one slot need not have it

Materials = dict[int, list[bpy.types.Material]]  # session_uid of an object -> one for each of its slots


def users_of(mesh: bpy.types.Mesh) -> list[bpy.types.Object]:
    return [item for item in bpy.data.objects if item.data == mesh]


def put_materials(mesh: bpy.types.Mesh, materials: Materials) -> None:
    """Into the existing slots of the objects named in `materials`; polygons keep their material_index."""
    if not mesh.materials:
        mesh.materials.append(None)  # an empty slot looks as none does, on every user
    users = users_of(mesh)
    lists = list(materials.values())
    own = any(item.session_uid not in materials for item in users) or any(one != lists[0] for one in lists)
    for item in users:
        for slot, material in zip(item.material_slots, materials.get(item.session_uid, ()), strict=False):
            put(slot, material, own)


def put(slot: bpy.types.MaterialSlot, material: bpy.types.Material, own: bool) -> None:
    if own:
        slot.link = "OBJECT"
    slot.material = material


@dataclass(frozen=True)
class FaceSlots:
    """The slots that a mesh is to get for textures of single polygons.

    first: index of the first one. pairs: (old slot, texture) of each. indices: the new material_index of each polygon.
    alone: nobody else uses the mesh, so the old slot does not matter. before: number of slots, to see a change.
    """

    first: int
    pairs: list[tuple[int, int]]
    indices: array
    alone: bool
    before: int


def face_slot_steps(
    mesh_uid: int, chosen: set[int], texture_of: Callable[[int], int]
) -> Generator[None, None, FaceSlots]:
    """Slots after the existing ones, one for each texture that a polygon shows.

    chosen: session_uid of the objects that show it. texture_of: the texture of a polygon, by its index. Where other
    objects use the mesh, there is one for each old slot and texture: in it they keep the old material.
    """
    mesh = mesh_by_uid(mesh_uid)
    users = users_of(mesh)
    alone = all(item.session_uid in chosen for item in users)
    before = len(mesh.materials)
    first = first_face_slot(mesh, users) if alone else before
    old = material_indices(mesh)
    place: dict[tuple[int, int], int] = {}
    for begin in range(0, len(old), 3 * CHUNK):
        for polygon in range(begin, min(begin + 3 * CHUNK, len(old))):
            # a material_index beyond the slots shows the last one
            pair = (0 if alone else min(max(old[polygon], 0), before - 1), texture_of(polygon))
            old[polygon] = place.setdefault(pair, first + len(place))
        yield
    return FaceSlots(first, list(place), old, alone, before)


def add_face_slots(
    mesh: bpy.types.Mesh, chosen: set[int], slots: FaceSlots, materials: dict[int, bpy.types.Material]
) -> None:
    """The slots with their materials ({texture: material}), and each polygon's material_index."""
    users = users_of(mesh)
    while len(mesh.materials) > slots.first + len(slots.pairs):
        mesh.materials.pop(index=len(mesh.materials) - 1)
    while len(mesh.materials) < slots.first + len(slots.pairs):
        mesh.materials.append(None)
    for index, (old, texture) in enumerate(slots.pairs, slots.first):
        if not slots.alone and old >= 0:
            mesh.materials[index] = mesh.materials[old]
        for item in users:
            slot = item.material_slots[index]
            if item.session_uid in chosen:
                put(slot, materials[texture], own=not slots.alone)
            elif old >= 0 and item.material_slots[old].link == "OBJECT":
                put(slot, item.material_slots[old].material, own=True)
    attribute = mesh.attributes.get(INDEX) or mesh.attributes.new(INDEX, "INT", "FACE")
    attribute.data.foreach_set("value", slots.indices)


def material_indices(mesh: bpy.types.Mesh) -> array:
    """Of each polygon. From the attribute: mesh.polygons is a hundred times slower."""
    attribute = mesh.attributes.get(INDEX)
    if attribute is None:
        return array("i", bytes(4 * len(mesh.polygons)))
    return taken(attribute.data, "value", "i", 1)


def first_face_slot(mesh: bpy.types.Mesh, users: list[bpy.types.Object]) -> int:
    """Where the slots of an earlier add_face_slots begin: they are used again, else they would pile up."""
    first = len(mesh.materials)
    while first and all(has_own_slot(item.material_slots[first - 1].material) for item in users):
        first -= 1
    return first
