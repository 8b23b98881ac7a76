"""Where the panel looks for generators, and where it puts new ones. Paths only: bpy.utils, no bpy.types, no drawing.

Before: preferences.py. Next: models.py reads what lies there, model_operators.py installs and removes.
"""

from pathlib import Path

import bpy

from . import preferences


def own() -> Path:
    """The extension's folder in the user's profile, which survives updates; beside it in a checkout."""
    if preferences.ADDON.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(preferences.ADDON, path="models"))
    return Path(bpy.utils.user_resource("DATAFILES", path="gancube/models"))


def of_the_user() -> list[Path]:
    """Those set in the preferences, then the own one."""
    return [*preferences.chosen().model_folders, own()]


def for_new_ones() -> Path:
    """The first of the preferences; the own one where none is set."""
    return of_the_user()[0]


def is_removable(path: Path) -> bool:
    """The user's files, never those that came with the add-on or lie where others look after them."""
    return path.parent in (own(), for_new_ones())
