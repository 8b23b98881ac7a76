"""Textures onto the selected objects, in place. bpy.types only.

Before: generation.py. Next: scene/surfaces.py, which leaves the mesh intact.
"""

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..engine.errors import GanCubeError, RecipeError
from ..scene import bake, surfaces, targets
from ..scene.assets import FacePixels
from ..scene.layouts import Surface
from . import models, properties, session
from .dialog import go_on
from .generation import Generation, show_textures, shown_solid
from .kept_recipes import recipe_of

ALL_NEW = -2
UNSEEN = {  # by mapping: what Solid shading, which shows an image at the size of the UV map, does not show
    "tile": "Solid shading shows the UV map without the width; look at it in Material Preview",
    "box": "Solid shading cannot show a box projection; look at it in Material Preview",
}


class TextureGeneration(Generation):
    """The selected objects are textured; `mode_of` says how, `wish` with what."""

    # What the redo panel can do over without the generator.
    width: properties.width(options={"SKIP_SAVE"})
    blend: properties.blend(options={"SKIP_SAVE"})
    unwrap: bpy.props.BoolProperty(
        name="Unwrap",
        description="Unwrap the objects that have no UV map",
        default=True,
        options={"SKIP_SAVE", "HIDDEN"},
    )

    entry = ALL_NEW  # in the history, of what is made again

    @classmethod
    def allows(cls, context):
        if not context.selected_objects:
            cls.poll_message_set("Select one or more meshes")
            return False
        return True

    def mode_of(self, context) -> str:
        return context.scene.gancube.surface

    def seed_of(self, context) -> int:
        return properties.seed_of(context.scene.gancube)

    def invoke(self, context, event):
        if not self.properties.is_property_set("unwrap") and not bpy.app.background:
            chosen = tuple(item.session_uid for item in context.selected_objects if item.type == "MESH")
            if self.asks_to_unwrap(context) and targets.without_uvs(chosen):
                bpy.ops.gancube.ask_to_unwrap("INVOKE_DEFAULT", entry=self.entry)
                return {
                    "CANCELLED"
                }  # the dialog starts another one; with its RUNNING_MODAL this one would never end
        return Generation.invoke(self, context, event)

    def asks_to_unwrap(self, context) -> bool:
        return self.mode_of(context) == "tile"

    def prepare(self, context):
        settings, mode = context.scene.gancube, self.mode_of(context)
        for name in ("width", "blend"):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(settings, name))
        found = targets.targets(context.selected_objects, unwrapped_only=mode == "tile" and not self.unwrap)
        self.uids, self.skipped = found.uids, found.skipped
        self.surface = Surface(
            mode=mode,
            each=settings.each if mode == "faces" else "slot",
            width=self.width,
            blend=self.blend,
            seed=self.seed_of(context),
        )

    def build(self, context, result):
        textures = [FacePixels(one.seed, one.label, one.maps) for _, one in sorted(result.textures.items())]
        return surfaces.texture_steps(self.uids, textures, result.colorspaces, result.recipe, self.surface)

    def land(self, context, made):
        show_textures(context)
        for sentence in (*self.skipped, *made.notes):
            self.report({"WARNING"}, sentence)
        if self.surface.mode in UNSEEN and shown_solid(context):
            self.report({"INFO"}, UNSEEN[self.surface.mode])
        count = len(made.objects)
        one, more = rpt("{} textured"), rpt("{} objects textured")
        return one.format(made.objects[0]) if count == 1 else more.format(count)


class GANCUBE_OT_texture(TextureGeneration, bpy.types.Operator):
    bl_idname = "gancube.texture"
    bl_label = "Texture Selected"
    bl_description = "Give the selected objects generated textures. Their meshes stay as they are"
    bl_options = {"REGISTER", "UNDO"}

    def wish(self, context):
        settings = context.scene.gancube
        card = models.card(settings.model)
        if settings.surface != "faces" and card is not None and not card.tileable:
            raise GanCubeError(
                f"{settings.model} draws whole pictures that do not tile. Use Faces, or another generator"
            )
        images = surfaces.texture_count(self.uids, self.surface) if settings.surface == "faces" else None
        return properties.asked(settings, settings.surface, images), None


class GANCUBE_OT_rebuild_texture(TextureGeneration, bpy.types.Operator):
    bl_idname = "gancube.rebuild_texture"
    bl_label = "Texture Again"
    bl_description = "Give the selected objects the textures of this recipe"
    bl_options = {"REGISTER", "UNDO"}

    entry: bpy.props.IntProperty(
        name="Entry",
        description="Number in the history; -1 means the active object",
        default=-1,
        min=-1,
        options={"HIDDEN"},
    )

    def recipe(self, context):
        recipe = recipe_of(context, self.entry)
        if recipe.kind == "cube":
            raise RecipeError("this is the recipe of a cube. Use Rebuild")
        return recipe

    def mode_of(self, context):
        return self.recipe(context).kind

    def seed_of(self, context):
        return self.recipe(context).seed

    def asks_to_unwrap(self, context):
        try:
            return TextureGeneration.asks_to_unwrap(self, context)
        except RecipeError:  # said when it is begun
            return False

    def wish(self, context):
        recipe = self.recipe(context)
        return recipe.to_request(str(models.entry_of(recipe.model).path)), None


class GANCUBE_OT_ask_to_unwrap(bpy.types.Operator):
    bl_idname = "gancube.ask_to_unwrap"
    bl_label = "Unwrap and Texture"
    bl_description = "Unwrap the objects that have no UV map, and texture all that are selected"
    bl_options = {"INTERNAL"}

    entry: bpy.props.IntProperty(
        name="Entry",
        description="Number in the history of what is made again; -2 means what the panel says",
        default=ALL_NEW,
        options={"HIDDEN", "SKIP_SAVE"},
    )

    def invoke(self, context, event):
        chosen = tuple(item.session_uid for item in context.selected_objects if item.type == "MESH")
        self.names = targets.without_uvs(chosen)
        return context.window_manager.invoke_props_dialog(self, width=320)

    def draw(self, context):
        column = self.layout.column()
        column.label(text="These objects have no UV map and will be unwrapped:", icon="UV")
        for name in self.names[:8]:
            column.label(text=name, icon="MESH_DATA", translate=False)
        if len(self.names) > 8:
            column.label(text="...")

    def execute(self, context):
        if self.entry == ALL_NEW:
            return go_on(self, "texture", unwrap=True)
        return go_on(self, "rebuild_texture", entry=self.entry, unwrap=True)


class GANCUBE_PT_texture(bpy.types.Panel):
    bl_label = "Texture Selected"
    bl_idname = "GANCUBE_PT_texture"
    bl_parent_id = "GANCUBE_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.enabled = not session.busy()
        settings = context.scene.gancube
        layout.row().prop(settings, "surface", expand=True)
        if settings.surface == "faces":
            layout.row().prop(settings, "each", expand=True)
        else:
            layout.prop(settings, "width")
        if settings.surface == "box":
            layout.prop(settings, "blend")
        row = layout.row()
        row.scale_y = 1.5
        row.operator("gancube.texture", icon="TEXTURE")
        if context.active_object is not None and bake.baked_maps(context.active_object):
            layout.operator("gancube.ask_to_bake", icon="RENDER_STILL")


CLASSES = (GANCUBE_OT_texture, GANCUBE_OT_rebuild_texture, GANCUBE_OT_ask_to_unwrap, GANCUBE_PT_texture)
