"""Small pictures of textures for the panel, from the bytes that come with them. bpy.utils.previews; no files.

Before: the icon of an image (engine/pixels.py). Next: variants.py and kept.py draw them.
"""

import hashlib
from array import array

import bpy.utils.previews

SIDE = 64  # pixels, as engine.pixels.ICON (which needs numpy, and drawing does not)
BYTES = SIDE * SIDE * 4
MOST = 400  # kept at once; then all are made anew as they are drawn

_previews: bpy.utils.previews.ImagePreviewCollection | None = None


def icon_id(rgba: bytes) -> int:
    """Blender's number of the icon with these pixels (RGBA, lowest row first); 0 where there are none."""
    global _previews
    if len(rgba) != BYTES:
        return 0
    if _previews is None or len(_previews) > MOST:
        close()
        _previews = bpy.utils.previews.new()
    key = hashlib.sha256(rgba).hexdigest()
    if key not in _previews:
        preview = _previews.new(key)
        packed = array("i", rgba)
        preview.image_size = (SIDE, SIDE)
        preview.image_pixels.foreach_set(packed)
        preview.icon_size = (SIDE, SIDE)
        preview.icon_pixels.foreach_set(packed)
    return _previews[key].icon_id


def close() -> None:
    global _previews
    if _previews is not None:
        bpy.utils.previews.remove(_previews)
        _previews = None
