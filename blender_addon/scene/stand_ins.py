"""Images that are shown while no undo step knows them yet; among them previews, which stand in for others. bpy only.

Previews are never in a saved file, and where undo or redo brings some back, the images that they stood in for are shown
again. Before undo all that is tried is put back: Blender takes materials that seem the same as they are, and one that
shows an image which no step knows would then show what is freed. Before: ui/adjust.py.
"""

from collections.abc import Callable

import bpy

from .faces import image_nodes
from .steps import Images

STANDS_FOR = "gancube_stands_for"  # name of the image that was shown before
trying: list[Callable[[], None]] = []  # what puts back the images that are tried


def mark(images: Images, before: dict[str, str]) -> None:
    """`images` stand in for those of `before` {map name: name of its image}."""
    for name, image in images.items():
        if name in before:
            image[STANDS_FOR] = before[name]


@bpy.app.handlers.persistent
def put_back(*_) -> None:
    """Shows what was shown before, wherever an image stands in for it."""
    if not any(STANDS_FOR in image for image in bpy.data.images):
        return
    for material in bpy.data.materials:
        for _, nodes in image_nodes(material).values():
            for node in nodes:
                before = bpy.data.images.get(node.image.get(STANDS_FOR, ""))
                node.image = before or node.image


@bpy.app.handlers.persistent
def before_undo(*_) -> None:
    for put_back_tried in trying:
        put_back_tried()


HANDLERS = (
    (bpy.app.handlers.save_pre, put_back),
    (bpy.app.handlers.undo_pre, before_undo),
    (bpy.app.handlers.redo_pre, before_undo),
    (bpy.app.handlers.undo_post, put_back),
    (bpy.app.handlers.redo_post, put_back),
)


def register() -> None:
    for handlers, handler in HANDLERS:
        handlers.append(handler)


def unregister() -> None:
    trying.clear()
    for handlers, handler in HANDLERS:
        handlers.remove(handler)
