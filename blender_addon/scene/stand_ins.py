"""Images that stand in for others until whole ones are there: previews while a slider moves. bpy only.

They are never in a saved file, and where undo or redo brings some back, the images that they stood in for are shown
again. Before: ui/adjust.py marks them. What they stand in for stays in the file, and in the undo steps.
"""

import bpy

from .faces import image_nodes
from .steps import Images

STANDS_FOR = "gancube_stands_for"  # name of the image that was shown before


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


HANDLERS = (bpy.app.handlers.save_pre, bpy.app.handlers.undo_post, bpy.app.handlers.redo_post)


def register() -> None:
    for handlers in HANDLERS:
        handlers.append(put_back)


def unregister() -> None:
    for handlers in HANDLERS:
        handlers.remove(put_back)
