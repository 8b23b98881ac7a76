"""A new file begins with the size of the preferences; what a file has set stays. bpy.app.handlers.

Before: preferences.py. Next: the scene's own size (properties.py).
"""

import bpy

from . import preferences


@bpy.app.handlers.persistent
def on_load(*_):
    apply()


def apply() -> None:
    """Only in a file that was never saved: an older file without a size means the one that the add-on begins with."""
    size = preferences.chosen().default_size
    if bpy.data.filepath or not hasattr(bpy.types.Scene, "gancube"):
        return
    for scene in bpy.data.scenes:
        if scene.library is None and not scene.gancube.is_property_set("size") and scene.gancube.size != size:
            scene.gancube.size = size


HANDLERS = (bpy.app.handlers.load_post, bpy.app.handlers.load_factory_startup_post)


def register() -> None:
    for handlers in HANDLERS:
        handlers.append(on_load)


def unregister() -> None:
    for handlers in HANDLERS:
        handlers.remove(on_load)
