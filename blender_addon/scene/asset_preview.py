"""Small pictures of an object or a material for the Asset Browser, rendered here and now (Cycles, CPU). bpy only.

Blender's own previews are rendered later, by a job that a Blender without a window never runs. Before: asset_mark.py.
"""

import math
import tempfile
from pathlib import Path

import bpy
from mathutils import Matrix, Vector

from ..engine.errors import OutputError
from ..engine.png import decode
from .cube import build_cube
from .render import RIGHT, TOWARDS_CAMERA, settings, soft_light, toward_viewer, world
from .session import nothing_left_behind, run_operator

SIDE = 192  # pixels; Blender shows 256 at most, and 192 take half the time
SAMPLES = 10  # enough without denoising, which would take twice the time of the rest
FIELD_OF_VIEW = math.radians(20)


def object_preview(item: bpy.types.Object, side: int = SIDE, threads: int = 0) -> bytes:
    """The object alone, from the corner from which cubes are shown, as PNG with a transparent ground.

    threads: 0 is all.
    """
    with nothing_left_behind():
        copy = item.copy()
        copy.parent = None
        copy.constraints.clear()
        copy.animation_data_clear()
        _, rotation, scale = item.matrix_world.decompose()
        copy.matrix_world = rotation.to_matrix().to_4x4() @ Matrix.Diagonal((*scale, 1.0))
        copy.hide_render = False
        return _render(copy, side, threads)


def material_preview(material: bpy.types.Material, side: int = 128) -> bytes:
    """A cube of this material, as PNG with a transparent ground."""
    with nothing_left_behind():
        return _render(build_cube(2.0, [material] * 6, "preview"), side)


def set_preview(block: bpy.types.ID, png: bytes) -> None:
    """Gives a datablock the picture; its materials, images and the file stay as they are."""
    pixels, _ = decode(png)  # [H, W, 4] uint8, row 0 on top
    preview = block.preview_ensure()
    preview.image_size = (pixels.shape[1], pixels.shape[0])
    preview.image_pixels_float.foreach_set((pixels[::-1] / 255.0).astype("float32").reshape(-1))


def _render(item: bpy.types.Object, side: int, threads: int = 0) -> bytes:
    corners = [item.matrix_world @ Vector(corner) for corner in item.bound_box]
    centre = sum(corners, Vector()) / 8
    radius = max((corner - centre).length for corner in corners) or 1.0
    item.matrix_world = Matrix.Translation(-centre) @ item.matrix_world
    edge = radius / 0.87  # of a cube that large, for which the lights are set up
    scene = bpy.data.scenes.new("preview")
    lights = (
        soft_light(edge, 3.4 * RIGHT + Vector((0, 0, 6.0)) + 3.0 * toward_viewer(), 5.0, 390.0),
        soft_light(edge, -6.0 * RIGHT + Vector((0, 0, 3.4)) + 3.5 * toward_viewer(), 5.0, 190.0),
    )
    for one in (item, *lights, _camera(scene, radius)):
        scene.collection.objects.link(one)
    settings(scene, side, SAMPLES)
    scene.cycles.use_denoising, scene.cycles.samples = False, SAMPLES
    scene.render.resolution_x = side
    scene.render.threads_mode, scene.render.threads = ("FIXED", threads) if threads else ("AUTO", 1)
    scene.render.film_transparent = True
    scene.render.image_settings.color_mode = "RGBA"
    scene.world = world()
    with tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        draft = Path(folder) / "preview.png"
        scene.render.filepath = str(draft)
        fault = run_operator(bpy.ops.render.render, write_still=True, scene=scene.name)
        if fault or not draft.is_file():
            raise OutputError(
                f"Blender could not render a preview into {folder}: {fault or 'is the disk full?'}"
            )
        return draft.read_bytes()


def _camera(scene: bpy.types.Scene, radius: float) -> bpy.types.Object:
    """Sees a ball of `radius` around the origin, whole."""
    data = bpy.data.cameras.new("camera")
    data.angle = FIELD_OF_VIEW
    distance = radius / math.sin(FIELD_OF_VIEW / 2)
    data.clip_start, data.clip_end = distance / 100, 100 * distance
    item = bpy.data.objects.new("camera", data)
    item.location = TOWARDS_CAMERA * distance
    item.rotation_euler = (-TOWARDS_CAMERA).to_track_quat("-Z", "Y").to_euler()
    scene.camera = item
    return item
