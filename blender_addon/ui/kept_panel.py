"""The history: starred and latest recipes, to rebuild or to copy as a command. Draws what is in memory. bpy.types only.

Before: kept_recipes.py. Next: operators.CubeGeneration makes the cube again.
"""

import bpy

from ..engine.errors import RecipeError
from . import icons, models, session
from .kept_recipes import command, kind_of, picture_of, recipe_of
from .operators import CubeGeneration

COLUMNS = 4

INDEX = bpy.props.IntProperty(
    name="Entry",
    description="Number in the history; -1 means the active object",
    default=-1,
    min=-1,
    options={"HIDDEN"},
)


class GANCUBE_OT_rebuild(CubeGeneration, bpy.types.Operator):
    bl_idname = "gancube.rebuild"
    bl_label = "Rebuild"
    bl_description = "Make a cube from this recipe again"
    bl_options = {"REGISTER", "UNDO"}

    index: INDEX

    def wish(self, context):
        recipe = recipe_of(context, self.index)
        if recipe.kind != "cube":
            raise RecipeError("this is the recipe of a texture, not of a cube. Use Texture Again")
        return recipe.to_request(str(models.entry_of(recipe.model).path)), None


class GANCUBE_OT_copy_command(bpy.types.Operator):
    bl_idname = "gancube.copy_command"
    bl_label = "Copy as Command"
    bl_description = "Copy the command that makes the same cube outside Blender"
    bl_options = {"INTERNAL"}

    index: INDEX

    def execute(self, context):
        try:
            recipe = recipe_of(context, self.index)
        except RecipeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if recipe.kind != "cube":
            self.report({"ERROR"}, "The command makes cubes; this is the recipe of another surface")
            return {"CANCELLED"}
        kept = context.scene.gancube.kept
        text = kept[self.index].recipe if self.index >= 0 else context.active_object["gancube"]
        context.window_manager.clipboard = command(text, recipe)
        self.report({"INFO"}, "Command copied")
        return {"FINISHED"}


class GANCUBE_OT_forget(bpy.types.Operator):
    bl_idname = "gancube.forget"
    bl_label = "Remove From History"
    bl_description = "Remove this entry. What is in the scene stays"
    bl_options = {"UNDO", "INTERNAL"}

    index: INDEX

    def execute(self, context):
        kept = context.scene.gancube.kept
        if not 0 <= self.index < len(kept):
            return {"CANCELLED"}
        kept.remove(self.index)
        return {"FINISHED"}


class GANCUBE_PT_kept(bpy.types.Panel):
    bl_label = "History"
    bl_idname = "GANCUBE_PT_kept"
    bl_parent_id = "GANCUBE_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        return len(context.scene.gancube.kept) > 0

    def draw(self, context):
        kept = context.scene.gancube.kept
        grid = self.layout.grid_flow(row_major=True, columns=COLUMNS, even_columns=True, align=True)
        grid.enabled = not session.busy()
        order = sorted(
            range(len(kept)), key=lambda i: (not kept[i].starred, -i)
        )  # favourites, then the newest
        for index in order:
            cell = grid.column(align=True)
            cell.template_icon(icon_value=icons.icon_id(picture_of(kept[index])), scale=3.0)
            row = cell.row(align=True)
            row.alignment = "CENTER"
            star = "SOLO_ON" if kept[index].starred else "SOLO_OFF"
            row.prop(kept[index], "starred", text="", icon=star, emboss=False)
            kind = kind_of(kept[index])
            if kind == "cube":
                row.operator("gancube.rebuild", text="", icon="MESH_CUBE", emboss=False).index = index
                row.operator("gancube.copy_command", text="", icon="COPYDOWN", emboss=False).index = index
            elif kind:
                again = row.operator("gancube.rebuild_texture", text="", icon="TEXTURE", emboss=False)
                again.entry = index
            row.operator("gancube.forget", text="", icon="X", emboss=False).index = index


CLASSES = (
    GANCUBE_OT_rebuild,
    GANCUBE_OT_copy_command,
    GANCUBE_OT_forget,
    GANCUBE_PT_kept,
)
