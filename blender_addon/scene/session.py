"""Rooms for work that leaves no trace: a temporary scene, and an end that removes every new datablock. bpy only.

The command uses these, stand-alone and inside a running Blender alike, so that an open file is never
touched. Previous station: cli.py. Next: scene/export.py, scene/render.py.
"""

import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import bpy

# What the scene room ever makes, and what importers and whole files bring along. Removed in this order: users before
# what they use.
KINDS = """scenes collections objects meshes armatures actions curves texts lights cameras worlds materials node_groups
images textures brushes palettes particles linestyles sounds movieclips masks fonts lattices metaballs volumes speakers
cache_files pointclouds hair_curves lightprobes grease_pencils grease_pencils_v3 annotations paint_curves libraries"""
COLLECTIONS = tuple(
    name for name in KINDS.split() if name in bpy.types.BlendData.bl_rna.properties
)  # of this Blender


def program() -> str | None:
    """Blender's program, to start a second one; None where this is the module bpy, or the program was moved away."""
    return bpy.app.binary_path if Path(bpy.app.binary_path).is_file() else None


@contextlib.contextmanager
def nothing_left_behind() -> Iterator[set[int]]:
    """Removes at the end every datablock (of COLLECTIONS) that was not there at the start; gives the session_uids of
    those that were."""
    before = {block.session_uid for block in all_blocks()}
    try:
        yield before
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


def run_operator(operator: Callable, **settings) -> str:
    """Calls an operator that writes a file; returns "" or, where it failed, the sentence that says why.

    Blender wraps that sentence: it prints the traceback itself, puts it into the exception as well, and
    the place of this call behind it.
    """
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            operator(**settings)
    except RuntimeError as error:
        lines = [
            line for line in str(error).splitlines() if line.strip() and not line.startswith("Location:")
        ]
        return lines[-1].strip() if lines else "no reason given"
    return ""
