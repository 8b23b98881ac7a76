"""From generated maps to a GAN cube, in one call for the panel and the command. bpy only; never numpy.

Previous station: engine/model.py and engine/png.py (the command), or the worker's PNG bytes (the
panel). Next: the panel links the object and pushes one undo step; the command exports it.
"""

from dataclasses import dataclass

import bpy

from ..engine.surface_request import FACES
from .cube import build_cube
from .images import RECIPE_KEY, new_image
from .material import build_material


@dataclass(frozen=True)
class FacePixels:
    """What one face shows: texture seed, label name (None without labels) and {map name: PNG bytes}."""

    seed: int
    label: str | None
    maps: dict[str, bytes]


def make_cube(
    faces: list[FacePixels],
    colorspaces: dict[str, str],
    recipe: str,
    size: float = 2.0,
    name: str = "GAN Cube",
) -> bpy.types.Object:
    """A cube with six generated faces, in no collection yet.

    faces: six, in the order of engine.surface_request.FACES. colorspaces: {map name: "sRGB" or "Non-Color"} from the
    model's card. recipe: JSON text, kept in the custom property "gancube" of object and images.
    size: edge length in metres.
    """
    cube = build_cube(size, new_materials(faces, colorspaces, recipe, name), name)
    cube[RECIPE_KEY] = recipe
    return cube


def apply(cube: bpy.types.Object, faces: list[FacePixels], colorspaces: dict[str, str], recipe: str) -> None:
    """Gives an existing GAN cube six new materials with new images.

    The old ones are left alone, for undo steps and other users of them; without users they go when
    the file is saved.
    """
    assert len(cube.material_slots) == len(FACES), "apply() takes a cube that make_cube made"
    for slot, material in zip(
        cube.material_slots, new_materials(faces, colorspaces, recipe, cube.name), strict=True
    ):
        slot.material = material
    cube[RECIPE_KEY] = recipe


def new_materials(
    faces: list[FacePixels], colorspaces: dict[str, str], recipe: str, name: str
) -> list[bpy.types.Material]:
    """One material with images of its own for each face, named "<name> +X" and "<name> +X base_color"."""
    assert len(faces) == len(FACES), "a cube has six faces"
    materials = []
    for face, pixels in zip(FACES, faces, strict=True):
        images = {
            map_name: new_image(f"{name} {face} {map_name}", png, colorspaces[map_name], recipe)
            for map_name, png in pixels.maps.items()
        }
        materials.append(build_material(f"{name} {face}", images))
    return materials
