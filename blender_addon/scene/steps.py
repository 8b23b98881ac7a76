"""A GAN cube in small steps, so that the panel never holds up Blender for longer than one image. bpy only.

Previous station: FacePixels from the panel's worker. Next: the operator links the object and selects it.
"""

from collections.abc import Generator

import bpy

from .assets import FacePixels
from .cube import FACES, build_cube
from .images import RECIPE_KEY, new_image
from .material import build_material


def cube_steps(
    faces: list[FacePixels],
    colorspaces: dict[str, str],
    recipe: str,
    size: float = 2.0,
    name: str = "GAN Cube",
) -> Generator[None, None, bpy.types.Object]:
    """As assets.make_cube, but yields after each image and returns the object.

    Closed before its end it leaves nothing behind. It holds names, not datablocks, while it waits: an undo
    between two steps frees every datablock, and a Python reference to a freed one crashes.
    """
    assert len(faces) == len(FACES), "a cube has six faces"
    made: list[dict[str, str]] = []  # per face {map name: name of the image}
    try:
        for face, pixels in zip(FACES, faces, strict=True):
            made.append({})
            for map_name, png in pixels.maps.items():
                image = new_image(f"{name} {face} {map_name}", png, colorspaces[map_name], recipe)
                made[-1][map_name] = image.name
                yield
        # undone meanwhile: make those again that are gone
        materials = []
        for face, pixels, names in zip(FACES, faces, made, strict=True):
            images = {}
            for map_name, png in pixels.maps.items():
                image = bpy.data.images.get(names[map_name])
                if image is None:
                    image = new_image(f"{name} {face} {map_name}", png, colorspaces[map_name], recipe)
                images[map_name] = image
            materials.append(build_material(f"{name} {face}", images))
        cube = build_cube(size, materials, name)
        cube[RECIPE_KEY] = recipe
        return cube
    except BaseException:  # also GeneratorExit, when the user presses Esc
        for image_name in (image_name for names in made for image_name in names.values()):
            if (image := bpy.data.images.get(image_name)) is not None and image.users == 0:
                bpy.data.images.remove(image)
        raise
