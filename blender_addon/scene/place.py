"""Where a new object goes: the scene and the collection in which it was asked for, whatever is shown by then. bpy only.

Held by `session_uid`, which renaming and undo leave as it is. Previous station: the click. Next: the object lands.
"""

from dataclasses import dataclass

import bpy

from ..engine.errors import RequestError


@dataclass(frozen=True)
class Place:
    """`scene` and `collection`: session_uid; `name`: of the scene, for a sentence when it is gone."""

    scene: int
    collection: int
    name: str

    @classmethod
    def of(cls, context) -> "Place":
        return cls(context.scene.session_uid, context.collection.session_uid, context.scene.name)


def scene_of(place: Place) -> bpy.types.Scene:
    """RequestError where it is gone."""
    for scene in bpy.data.scenes:
        if scene.session_uid == place.scene:
            return scene
    raise RequestError(
        f"the scene {place.name} in which this was begun was removed meanwhile. Begin it again"
    )


def add(item: bpy.types.Object, place: Place) -> bpy.types.Scene:
    """Into the scene, selected and active there, as Blender's own Add operators do; RequestError as scene_of()."""
    scene = scene_of(place)
    inside = (scene.collection, *scene.collection.children_recursive)
    wanted = next((one for one in inside if one.session_uid == place.collection), scene.collection)
    wanted.objects.link(item)
    layer = bpy.context.view_layer if scene == bpy.context.scene else scene.view_layers[0]
    # the override, because Blender brings a view layer up to date by the scene of the context, even another one's
    with bpy.context.temp_override(scene=scene, view_layer=layer):
        try:
            item.select_set(True, view_layer=layer)
        except RuntimeError:  # not in the view layer: the collection is excluded from it
            return scene
        for other in list(layer.objects.selected):
            other.select_set(other == item, view_layer=layer)
        layer.objects.active = item
    return scene
