"""What was made in this file: the latest recipes, and the starred ones for good. Saved with the scene. bpy.types only.

Before: generation.py and adjust.py, which add what has landed. Next: kept_panel.py shows them.
"""

import base64
import binascii
import shlex
import subprocess
import sys
import zlib

import bpy

from ..engine.errors import RecipeError
from ..engine.recipe import Recipe, loads
from ..scene import faces
from . import icons
from .preferences import ADDON

LATEST = 24  # recipes without a star that are kept


class GANCUBE_PG_kept(bpy.types.PropertyGroup):
    recipe: bpy.props.StringProperty(options={"HIDDEN"})
    picture: bpy.props.StringProperty(options={"HIDDEN"})  # base64 of the compressed icon
    starred: bpy.props.BoolProperty(name="Favourite", description="Keep this, however much comes after it")


def add(scene, recipe: str, icon: bytes, starred: bool = False) -> None:
    """The newest comes last. What is there already moves to the end and keeps its star."""
    kept = scene.gancube.kept
    for index in range(len(kept) - 1, -1, -1):
        if kept[index].recipe == recipe:
            starred = starred or kept[index].starred
            kept.remove(index)
    one = kept.add()
    one.recipe, one.starred = recipe, starred
    one.picture = base64.b64encode(zlib.compress(icon)).decode()
    plain = [index for index, each in enumerate(kept) if not each.starred]
    for index in reversed(plain[:-LATEST]):
        kept.remove(index)


def picture_of(one) -> bytes:
    """The icon's pixels; nothing where a file from somewhere else holds something else."""
    try:
        return zlib.decompressobj().decompress(base64.b64decode(one.picture, validate=True), icons.BYTES)
    except (binascii.Error, ValueError, zlib.error):
        return b""


def kind_of(one) -> str:
    """The surface that its recipe is of; nothing where it cannot be read."""
    recipe = faces.read(one.recipe)
    return recipe.kind if recipe is not None else ""


def recipe_of(context, index: int) -> Recipe:
    """Of an entry, or (-1) of the active object; RecipeError with the reason where there is none."""
    kept = context.scene.gancube.kept
    if index == -1:
        recipe = faces.recipe_of(context.active_object)
        if recipe is None:
            raise RecipeError("the active object was not made by GAN Cubes")
        return recipe
    if not 0 <= index < len(kept):
        raise RecipeError("there is no such entry")
    return loads(kept[index].recipe)


def command(recipe_text: str, recipe: Recipe) -> str:
    """The command that makes the same cube outside Blender, for the shell of this system."""
    program = [bpy.app.binary_path or "blender", "--command"] if ADDON.startswith("bl_ext.") else []
    out = f"{recipe.model['name']}-cube.glb"
    words = [*program, "gancube", "cube", "--recipe", recipe_text, "--out", out]
    return subprocess.list2cmdline(words) if sys.platform == "win32" else shlex.join(words)
