"""Asks Blender to draw what shows our state again: sidebars and the preferences. bpy only."""

import bpy

# area -> the region in it; never the 3D view itself
SHOWN_IN = {"VIEW_3D": "UI", "IMAGE_EDITOR": "UI", "PROPERTIES": "WINDOW", "PREFERENCES": "WINDOW"}


def redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            for region in area.regions if area.type in SHOWN_IN else ():
                if region.type == SHOWN_IN[area.type]:
                    region.tag_redraw()
