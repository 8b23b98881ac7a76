"""What was shown before, kept in the file though nothing shows it any more. bpy only; removes nothing.

Blender saves what has users, and purge() (images.py) takes images of ours that have none. Previous station:
transformed.py and weathered.py, once the result is shown. Next: the operator's undo step.
"""

from collections.abc import Iterable

import bpy

from ..engine.transform_recipe import is_transform
from .images import RECIPE_KEY

STEP = "gancube_step"  # of a material: the name under which we made it
OURS = slice(37, 49)  # bytes of a PNG behind its header: kind and key of the first text, where we wrote it
FIRST_TEXT = b"tEXt" + RECIPE_KEY.encode() + b"\0"


def keep(replaced: Iterable[bpy.types.Image | bpy.types.Material]) -> None:
    """A fake user for each that would be lost. Steps of ours on the way are not kept, else a file would grow with
    each click."""
    blocks = {one for one in replaced if one is not None and one.library is None and not is_step(one)}
    users = bpy.data.user_map(subset=blocks) if blocks else {}
    for one in blocks:
        if not any(holds(user) for user in users.get(one, ())):
            one.use_fake_user = True


def holds(user: bpy.types.ID) -> bool:
    """Whether it is saved and goes on using it: an editor or a brush's canvas shows another one tomorrow."""
    return user.users > 0 and not isinstance(
        user, (bpy.types.Scene, bpy.types.Screen, bpy.types.WorkSpace, bpy.types.WindowManager)
    )


def mark_step(material: bpy.types.Material) -> None:
    """We made it, until somebody calls it otherwise: a duplicate has another name, and is its maker's."""
    material[STEP] = material.name


def is_step(block: bpy.types.Image | bpy.types.Material) -> bool:
    """Made by us out of something that is kept, and not touched since. What a seed gave is an original, too."""
    if isinstance(block, bpy.types.Material):
        return block.get(STEP) == block.name
    recipe, packed = block.get(RECIPE_KEY), block.packed_file
    if not isinstance(recipe, str) or not is_transform(recipe) or packed is None or block.is_dirty:
        return False
    return bytes(packed.data[OURS]) == FIRST_TEXT  # painted on and packed, Blender wrote it
