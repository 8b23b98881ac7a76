"""The active cube, unfolded: a thumbnail of each face with its buttons. bpy.types only; drawing reads memory only.

Before: face_operators.py (what the buttons do). The net is the one drawn in scene/cube.py.
"""

import bpy
from bpy.app.translations import pgettext_iface as iface

from ..engine.surface_request import FACES
from ..scene import faces
from . import models, session

NET = ((None, "+Z", None, None), ("-X", "-Y", "+X", "+Y"), (None, "-Z", None, None))


class GANCUBE_PT_net(bpy.types.Panel):
    bl_label = "Faces"
    bl_idname = "GANCUBE_PT_net"
    bl_parent_id = "GANCUBE_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"

    @classmethod
    def poll(cls, context):
        return faces.is_cube(context.active_object)

    def draw(self, context):
        layout = self.layout
        cube = context.active_object
        recipe = faces.recipe_of(cube)
        grid = layout.column(align=True)
        grid.enabled = not session.busy()
        for names in NET:
            row = grid.row(align=True)
            for name in names:
                cell = row.column(align=True)
                if name is None:
                    cell.label(text="")
                else:
                    draw_face(cell, cube, FACES.index(name))
        row = layout.row(align=True)
        row.operator("gancube.reroll", text="Re-roll Unlocked", icon="FILE_REFRESH").face = -1
        if not models.is_here(recipe):
            text = iface("Generator {} is not here").format(recipe.model["name"])
            layout.label(text=text, icon="ERROR", translate=False)


def draw_face(cell, cube, index: int) -> None:
    image = faces.base_color_of(cube, index)
    preview = image.preview_ensure() if image is not None else None
    if preview is not None:
        cell.template_icon(icon_value=preview.icon_id, scale=3.0)
    else:
        cell.label(text=FACES[index])
    row = cell.row(align=True)
    row.alignment = "CENTER"
    locked = cube.gancube_locks[index]
    row.prop(
        cube, "gancube_locks", index=index, text="", icon="LOCKED" if locked else "UNLOCKED", emboss=False
    )
    row.operator("gancube.reroll", text="", icon="FILE_REFRESH", emboss=False).face = index
    row.operator("gancube.edit_face", text="", icon="GREASEPENCIL", emboss=False).face = index
    cell.separator(factor=0.5)


CLASSES = (GANCUBE_PT_net,)
