"""Text for labels: over several lines, since they do not break by themselves, and with gaps filled. bpy.types only."""

import textwrap

import bpy
from bpy.app.translations import pgettext_iface as iface

PIXELS_PER_LETTER = 6.5  # at interface scale 1, about


def sidebar_width(context) -> float:
    """Of the region that is drawn, in pixels at interface scale 1."""
    return context.region.width / context.preferences.system.ui_scale


def filled(sentence: str, *values) -> str:
    """`sentence` in the user's language, with the values in its gaps {}."""
    return iface(sentence).format(*values)


def wrapped(layout: bpy.types.UILayout, text: str, icon: str, width: float, most: int = 40) -> None:
    """The text in lines of `width` pixels at interface scale 1, at most `most` of them, the icon before the first."""
    column = layout.column(align=True)
    column.scale_y = 0.8
    room = width - (40 if icon == "NONE" else 60)
    lines = textwrap.wrap(text, max(int(room / PIXELS_PER_LETTER), 12), max_lines=most, placeholder=" ...")
    for line in lines:
        column.label(text=line, icon=icon, translate=False)
        icon = icon if icon == "NONE" else "BLANK1"
