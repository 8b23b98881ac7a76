"""Rooms for work that leaves no trace: a temporary scene, and an end that removes every new datablock. bpy only.

The command uses these, stand-alone and inside a running Blender alike, so that an open file is never
touched. Previous station: cli.py. Next: scene/export.py, scene/render.py.
"""

import contextlib
from collections.abc import Iterator

import bpy

# What the scene room ever makes. Removed in this order: users before what they use.
COLLECTIONS = (
    "scenes",
    "objects",
    "meshes",
    "lights",
    "cameras",
    "worlds",
    "materials",
    "node_groups",
    "images",
)


@contextlib.contextmanager
def nothing_left_behind() -> Iterator[None]:
    """Removes at the end every datablock (of COLLECTIONS) that was not there at the start."""
    before = {block.session_uid for block in all_blocks()}
    try:
        yield
    finally:
        bpy.data.batch_remove([block for block in all_blocks() if block.session_uid not in before])


def all_blocks() -> list[bpy.types.ID]:
    return [block for name in COLLECTIONS for block in getattr(bpy.data, name)]


@contextlib.contextmanager
def temporary_scene(objects: list[bpy.types.Object], name: str = "GAN Cube") -> Iterator[bpy.types.Scene]:
    """An empty scene that shows `objects` and is the window's scene meanwhile.

    The window's scene is switched, not only the context overridden, because the glTF exporter sets
    it as well and reads the active scene from it.
    """
    window = bpy.context.window or bpy.context.window_manager.windows[0]
    scene_before = window.scene
    scene = bpy.data.scenes.new(name)
    for item in objects:
        scene.collection.objects.link(item)
    window.scene = scene
    try:
        yield scene
    finally:
        window.scene = scene_before
        bpy.data.scenes.remove(scene)
