"""Which objects can be textured, and what stands in the way of the others. bpy only; looks, changes nothing.

Previous station: the selected objects. Next: scene/surfaces.py. An object is held by its `session_uid` from here on:
it survives renaming and undo, and no object of another file has it.
"""

from dataclasses import dataclass

import bpy

from ..engine.errors import SurfaceError
from .cube import UV_LAYER

MOST_UV_LAYERS = 8  # Blender's own limit


@dataclass(frozen=True)
class Targets:
    """uids: session_uid of each object that can be textured. skipped: a sentence for each of the others."""

    uids: tuple[int, ...]
    skipped: tuple[str, ...]


def targets(objects: list[bpy.types.Object], unwrapped_only: bool = False) -> Targets:
    """Sorts the objects; SurfaceError where one must not be changed, or none is left. `unwrapped_only`: with UVs."""
    uids, skipped = [], []
    for item in objects:
        if item.type != "MESH":
            skipped.append(
                f"{item.name} is skipped: only meshes can be textured; convert it to a mesh first."
            )
        elif not item.data.polygons:
            skipped.append(f"{item.name} is skipped: it has no faces.")
        elif unwrapped_only and not item.data.uv_layers:
            skipped.append(f"{item.name} is skipped: it has no UV map.")
        else:
            check_editable(item)
            uids.append(item.session_uid)
    if not uids:
        raise SurfaceError(" ".join(skipped) or "Nothing is selected. Select one or more meshes.")
    return Targets(tuple(uids), tuple(skipped))


def check_editable(item: bpy.types.Object) -> None:
    """SurfaceError for an object or mesh of another file: Blender would forget a change of it on reopening."""
    for block in (item, item.data):
        if block.library is not None:
            raise SurfaceError(
                f"{item.name}: comes from {block.library.filepath}. Open that file, or make a copy of your own with "
                "Object > Relations > Make Local > All (object and data)."
            )
        if block.override_library is not None:
            raise SurfaceError(
                f"{item.name}: is a library override. Make it local first: Object > Relations > Make Local > All."
            )
    if item.data.is_editmode:
        raise SurfaceError(f"{item.name}: its mesh is in Edit Mode. Switch to Object Mode first.")


def find(uids: tuple[int, ...]) -> list[bpy.types.Object]:
    """The objects that are still there, in this order."""
    there = {item.session_uid: item for item in bpy.data.objects}
    return [there[uid] for uid in uids if uid in there]


def meshes_of(objects: list[bpy.types.Object]) -> list[bpy.types.Mesh]:
    """Each mesh once: linked duplicates share theirs."""
    return list({item.data.session_uid: item.data for item in objects}.values())


def without_uvs(uids: tuple[int, ...]) -> list[str]:
    """The names of the objects that mode "tile" would have to unwrap, so that the panel can ask first."""
    return [item.name for item in find(uids) if not item.data.uv_layers]


def check_room_for_layer(mesh: bpy.types.Mesh) -> None:
    if len(mesh.uv_layers) >= MOST_UV_LAYERS:
        raise SurfaceError(
            f"{mesh.name}: has {MOST_UV_LAYERS} UV maps, and Blender allows no more. Remove one, "
            f'so that there is room for "{UV_LAYER}".'
        )
