"""The generators' thumbnails as icons, from the pictures in their cards; no temporary files. bpy.utils.previews.

Before: engine/thumbnail.py (base64 to pixels). Next: model_panel.py draws them. Filled when first drawn.
"""

from collections.abc import Iterable

import bpy.utils.previews

from ..engine.errors import CardError

_previews: bpy.utils.previews.ImagePreviewCollection | None = None


def icon(entry) -> int:
    """The icon of a library entry; 0 where its card has no picture, or one that cannot be shown."""
    global _previews
    if entry.card is None or entry.card.thumbnail is None:
        return 0
    if _previews is None:
        _previews = bpy.utils.previews.new()
    if entry.sha256 not in _previews:
        _fill(_previews.new(entry.sha256), entry.card.thumbnail)
    return _previews[entry.sha256].icon_id


def _fill(preview, text: str) -> None:
    from ..engine import thumbnail  # numpy: not before a thumbnail is drawn

    try:
        width, height, pixels = thumbnail.pixels(text)
    except CardError:
        return
    preview.image_size = (width, height)
    preview.image_pixels_float.foreach_set(pixels)
    preview.icon_size = (width, height)  # rows and menus would else show a grey square
    preview.icon_pixels_float.foreach_set(pixels)


def forget(known: Iterable[str]) -> None:
    """Frees those of generators that are no longer there."""
    for gone in set(_previews or ()) - set(known):
        del _previews[gone]


def close() -> None:
    global _previews
    if _previews is not None:
        bpy.utils.previews.remove(_previews)
        _previews = None
