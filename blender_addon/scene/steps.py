"""Images and a GAN cube in small steps, so that the panel never holds up Blender for longer than one image. bpy only.

Previous station: FacePixels from the panel's worker. Next: the operator links the object and selects it.
"""

from collections.abc import Generator

import bpy

from .assets import FacePixels
from .cube import FACES, build_cube
from .images import RECIPE_KEY, new_image
from .material import build_material

Images = dict[str, bpy.types.Image]  # map name -> image


def image_steps(
    pixels: dict[str, FacePixels], colorspaces: dict[str, str], recipe: str
) -> Generator[None, None, dict[str, Images]]:
    """{name: its maps} -> {name: its images, "<name> <map>"}; yields after each image.

    Closed before its end it leaves nothing behind. It holds names, not datablocks, while it waits: an undo
    between two steps frees every datablock, and a Python reference to a freed one crashes.
    """
    made: dict[str, dict[str, str]] = {}  # name -> {map name: name of the image}
    try:
        for name, one in pixels.items():
            made[name] = {}
            for map_name, png in one.maps.items():
                made[name][map_name] = new_image(
                    f"{name} {map_name}", png, colorspaces[map_name], recipe
                ).name
                yield
    except BaseException:  # also GeneratorExit, when the user presses Esc
        for image_name in (image_name for names in made.values() for image_name in names.values()):
            if (image := bpy.data.images.get(image_name)) is not None and image.users == 0:
                bpy.data.images.remove(image)
        raise
    # undone meanwhile: make those again that are gone
    return {
        name: {
            map_name: bpy.data.images.get(made[name][map_name])
            or new_image(f"{name} {map_name}", png, colorspaces[map_name], recipe)
            for map_name, png in one.maps.items()
        }
        for name, one in pixels.items()
    }


def cube_steps(
    faces: list[FacePixels],
    colorspaces: dict[str, str],
    recipe: str,
    size: float = 2.0,
    name: str = "GAN Cube",
    bevel: float = 0.0,
) -> Generator[None, None, bpy.types.Object]:
    """As assets.make_cube, but yields after each image and returns the object. `bevel` in metres: a modifier."""
    assert len(faces) == len(FACES), "a cube has six faces"
    names = [f"{name} {face}" for face in FACES]
    images = yield from image_steps(dict(zip(names, faces, strict=True)), colorspaces, recipe)
    materials = [build_material(face, images[face]) for face in names]
    cube = build_cube(size, materials, name)
    cube[RECIPE_KEY] = recipe
    if bevel > 0:
        add_bevel(cube, bevel)
    return cube


def add_bevel(cube: bpy.types.Object, width: float) -> None:
    """Rounded edges as a modifier, which the artist can change or remove; each rounding shows its own face."""
    modifier = cube.modifiers.new("Bevel", "BEVEL")
    modifier.width, modifier.segments, modifier.limit_method = width, 3, "NONE"
    modifier.harden_normals = True
