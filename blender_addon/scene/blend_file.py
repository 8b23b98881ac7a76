"""Reads the recipe that a .blend file holds, without opening it in the running Blender. bpy only."""

import shutil
import tempfile
from pathlib import Path

import bpy

from ..engine.errors import RecipeError
from .images import RECIPE_KEY


def read_recipe(path: Path) -> str:
    """The JSON text of the first object, or else image, that has a custom property "gancube"."""
    if not path.is_file():
        raise RecipeError(f"{path}: no such file.")
    with tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        # A copy under a new name is a library of its own, so that it can be removed again even where the
        # open file links the original. (bpy.data.temp_data would be made for this, but crashes Blender 5.0.)
        copy = Path(folder) / "read.blend"
        known = {library.session_uid for library in bpy.data.libraries}
        try:
            shutil.copyfile(path, copy)
            recipe = recipe_in(copy)
        except OSError as error:
            raise RecipeError(
                f"{path}: not a .blend file, damaged, or made by a newer Blender than {bpy.app.version_string}."
            ) from error
        finally:
            new = [library for library in bpy.data.libraries if library.session_uid not in known]
            bpy.data.batch_remove(new)  # takes what was linked from them along
    if recipe is None:
        raise RecipeError(f"{path}: no object or image in it carries a GAN Cubes recipe.")
    return recipe


def recipe_in(path: Path) -> str | None:
    """Links the file's objects and images into the open file and looks at their custom properties."""
    with bpy.data.libraries.load(str(path), link=True) as (inside, wanted):
        wanted.objects = list(inside.objects)
        wanted.images = list(inside.images)
    for block in (*wanted.objects, *wanted.images):
        recipe = block.get(RECIPE_KEY) if block is not None else None
        if isinstance(recipe, str):
            return recipe
    return None
