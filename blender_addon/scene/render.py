"""A picture of a GAN cube with all six faces: the cube twice, from two opposite corners. bpy only (Cycles, CPU).

Previous station: scene/assets.py. The picture's pixels go through engine/png.py, which writes the
recipe into the file and leaves out Blender's date and host.
"""

import math
import tempfile
from pathlib import Path

import bpy
from mathutils import Matrix, Vector

from ..engine.errors import OutputError
from ..engine.files import write_atomic
from ..engine.png import decode, encode
from .images import RECIPE_KEY
from .material import shader_tree
from .session import nothing_left_behind, run_operator, temporary_scene

# Towards the camera: it sees +X, -Y and +Z of the first cube.
TOWARDS_CAMERA = Vector((1.0, -1.0, 0.86)).normalized()

# To the right in the picture.
RIGHT = Vector((1.0, 1.0, 0.0)).normalized()

# The second cube is turned by half a turn about RIGHT: -Z comes up, +Y and -X to the camera.
TURNED = Matrix.Rotation(math.pi, 4, RIGHT)

# Half the distance of the two cubes' centres, in edge lengths.
APART = 0.86

CAMERA_DISTANCE = 11.0  # in edge lengths
VISIBLE_WIDTH = 3.6  # in edge lengths, at the cubes

GROUND = (0.58, 0.58, 0.59, 1.0)


def render_png(cube: bpy.types.Object, path: Path, recipe: str) -> None:
    """Renders the cube into a PNG file."""
    write_atomic(path, picture_bytes(cube, recipe))


def picture_bytes(cube: bpy.types.Object, recipe: str, height: int = 512, samples: int = 16) -> bytes:
    """The cube from two opposite corners, side by side, as a PNG of 2*height x height pixels, 8-bit RGB.

    recipe: JSON text, kept in the PNG's text under "gancube". Nothing of the open file is changed.
    """
    with tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        draft = Path(folder) / "render.png"
        with nothing_left_behind(), temporary_scene(stage(cube, max(cube.dimensions))) as scene:
            settings(scene, height, samples)
            scene.world = world()
            scene.camera = next(item for item in scene.objects if item.type == "CAMERA")
            scene.render.filepath = str(draft)
            fault = run_operator(bpy.ops.render.render, write_still=True, scene=scene.name)
        if fault:
            raise OutputError(f"Blender could not render into {folder}: {fault}")
        if not draft.is_file():
            raise OutputError(f"Blender rendered nothing into {folder}. Is the disk full?")
        pixels, _ = decode(draft.read_bytes())
    return encode(pixels, {RECIPE_KEY: recipe})


def stage(cube: bpy.types.Object, edge: float) -> list[bpy.types.Object]:
    """Two copies of the cube (sharing its mesh), the ground, three soft lights and the camera."""
    upright = copy_of(cube, Matrix.Translation(-APART * edge * RIGHT))
    turned = copy_of(cube, Matrix.Translation(APART * edge * RIGHT) @ TURNED)
    return [
        upright,
        turned,
        ground(edge),
        soft_light(edge, 3.4 * RIGHT + Vector((0, 0, 6.0)) + 3.0 * toward_viewer(), 5.0, 390.0),
        soft_light(edge, -6.0 * RIGHT + Vector((0, 0, 3.4)) + 3.5 * toward_viewer(), 5.0, 190.0),
        camera(edge),
    ]


def toward_viewer() -> Vector:
    """The horizontal direction from the cubes to the camera."""
    return Vector((TOWARDS_CAMERA.x, TOWARDS_CAMERA.y, 0.0)).normalized()


def copy_of(cube: bpy.types.Object, matrix: Matrix) -> bpy.types.Object:
    copy = cube.copy()
    copy.matrix_world = matrix
    return copy


def ground(edge: float) -> bpy.types.Object:
    """A neutral floor under the cubes, so wide that the camera never sees its end."""
    reach, z = 60 * edge, -edge / 2
    mesh = bpy.data.meshes.new("ground")
    mesh.from_pydata(
        [(-reach, -reach, z), (reach, -reach, z), (reach, reach, z), (-reach, reach, z)], [], [(0, 1, 2, 3)]
    )
    material = bpy.data.materials.new("ground")
    shader = next(n for n in shader_tree(material).nodes if n.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = GROUND
    shader.inputs["Roughness"].default_value = 1.0
    shader.inputs["Specular IOR Level"].default_value = 0.0
    mesh.materials.append(material)
    return bpy.data.objects.new("ground", mesh)


def soft_light(edge: float, position: Vector, size: float, power: float) -> bpy.types.Object:
    """A square area light at `position` (edge lengths) that looks at the cubes; power for an edge of 1 m."""
    light = bpy.data.lights.new("light", "AREA")
    light.size = size * edge
    light.energy = power * edge**2  # the same brightness on a cube of any size
    item = bpy.data.objects.new("light", light)
    item.location = position * edge
    item.rotation_euler = (-position).to_track_quat("-Z", "Y").to_euler()
    return item


def camera(edge: float) -> bpy.types.Object:
    data = bpy.data.cameras.new("camera")
    data.angle = 2 * math.atan(VISIBLE_WIDTH / 2 / CAMERA_DISTANCE)
    data.clip_end = 100 * edge
    item = bpy.data.objects.new("camera", data)
    item.location = TOWARDS_CAMERA * CAMERA_DISTANCE * edge
    item.rotation_euler = (-TOWARDS_CAMERA).to_track_quat("-Z", "Y").to_euler()
    return item


def world() -> bpy.types.World:
    """An even sky that fills the shadows."""
    data = bpy.data.worlds.new("sky")
    background = next(n for n in shader_tree(data).nodes if n.type == "BACKGROUND")
    background.inputs["Color"].default_value = (1.0, 1.0, 1.0, 1.0)
    background.inputs["Strength"].default_value = 0.6
    return data


def settings(scene: bpy.types.Scene, height: int, samples: int) -> None:
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = samples
    scene.cycles.use_adaptive_sampling = False
    scene.cycles.seed = 0
    scene.cycles.max_bounces = 3
    try:
        scene.cycles.denoiser = "OPENIMAGEDENOISE"
        scene.cycles.use_denoising = True
        scene.cycles.denoising_use_gpu = False
    except TypeError:  # distributions build Blender without Open Image Denoise
        scene.cycles.use_denoising = False
        scene.cycles.samples = 4 * samples
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x = 2 * height
    scene.render.resolution_y = height
    scene.render.resolution_percentage = 100
    scene.render.use_file_extension = False
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
    scene.render.image_settings.color_depth = "8"
    scene.render.image_settings.compression = 0  # encoded again with the recipe
