"""A scene whose generator is not there any more goes back to the first one, and the panel says so. bpy.app.handlers.

Left alone, Blender would print a warning at every look at the choice. Before: models.py. Next: panels.py.
"""

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from . import models, session


@bpy.app.handlers.persistent
def set_back(*_):
    scenes = getattr(bpy.data, "scenes", ())  # none while Blender starts
    if not hasattr(bpy.types.Scene, "gancube"):
        return
    gone, chosen = [], ""
    for scene in scenes:
        settings = scene.gancube
        both = (settings, models.model_items), (settings.transform, models.taker_items)
        for part, items in both if scene.library is None else ():
            if was_set_back(part, items(None, None)):
                gone, chosen = [*gone, scene.name], part.model
    if gone:
        sentence = rpt("The generator that was chosen in {} is not here any more. Chosen now: {}")
        session.error = sentence.format(", ".join(gone[:4]), chosen)


def was_set_back(settings, items: list[tuple]) -> bool:
    """Sets back the choice where there is no such generator; whether it was another than the first."""
    number = stored(settings).get("model", 0)
    if number in {item[3] for item in items}:
        return False
    settings.model = items[0][0]
    return number != models.number(items[0][0])  # else it only has become the first


def stored(settings) -> dict:
    """What the file has, as numbers. Blender 5 keeps it apart from custom properties."""
    found = settings.bl_system_properties_get() if hasattr(settings, "bl_system_properties_get") else settings
    return found or {}


def register() -> None:
    models.after_refresh.append(set_back)
    bpy.app.handlers.load_post.append(set_back)


def unregister() -> None:
    bpy.app.handlers.load_post.remove(set_back)
    models.after_refresh.remove(set_back)
