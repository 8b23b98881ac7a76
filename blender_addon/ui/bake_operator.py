"""A box projection baked into the mesh's UVs, map by map. bpy.types only.

Baking is Blender's own and holds it up for seconds per map; between two maps Esc is heard. Next: scene/bake.py.
"""

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..scene import bake, faces
from . import session
from .adjust_panel import draw_strengths
from .dialog import Asking
from .stepped import Stepped


def size(**how):
    limits = {"default": 1024, "min": 64, "max": 8192, "subtype": "PIXEL"}
    return bpy.props.IntProperty(name="Size", description="Width and height of the images", **limits, **how)


def own_uvs(**how):
    text = "Use the mesh's UV map, whose islands must not overlap; else a new one is made"
    return bpy.props.BoolProperty(name="Into My UV Map", description=text, default=True, **how)


class GANCUBE_OT_bake_box(Stepped, bpy.types.Operator):
    bl_idname = "gancube.bake_box"
    bl_label = "Bake Box Projection"
    bl_description = (
        "Bake the box projection to images for the UV map, for export. Esc cancels between two maps"
    )
    bl_options = {"REGISTER", "UNDO"}

    # asked for before: done over, a bake would hold up Blender
    size: size(options={"HIDDEN"})
    own_uvs: own_uvs(options={"HIDDEN"})

    @classmethod
    def poll(cls, context):
        item = context.active_object
        if item is None or item.type != "MESH" or not bake.baked_maps(item):
            cls.poll_message_set("Select an object that shows a box projection")
        elif context.mode != "OBJECT":
            cls.poll_message_set("Switch to Object Mode")
        elif session.busy():
            cls.poll_message_set("Generating; Esc cancels")
        else:
            return True
        return False

    def begin(self, context):
        if not bpy.app.background:
            context.window_manager.progress_begin(0, 100)
        return bake.bake_steps(context.active_object.session_uid, self.size, self.own_uvs)

    def show(self, context, state):
        done, total = state
        context.window_manager.progress_update(100 * done / total)
        context.workspace.status_text_set(rpt("Baking, {} of {} maps. Esc cancels").format(done, total))

    def ended(self, context):
        if not bpy.app.background:
            context.window_manager.progress_end()
            context.workspace.status_text_set(None)

    def done(self, context, baked):
        if baked.note:
            self.report({"WARNING"}, baked.note)
        self.report({"INFO"}, rpt("{} baked").format(baked.name))
        return {"FINISHED"}


class GANCUBE_OT_ask_to_bake(Asking, bpy.types.Operator):
    bl_idname = "gancube.ask_to_bake"
    bl_label = "Bake Box Projection..."
    bl_description = "Ask for the size and the UV map, and bake the box projection to images for export"
    bl_options = {"INTERNAL"}

    size: size()
    own_uvs: own_uvs()

    works = GANCUBE_OT_bake_box

    def draw(self, context):
        self.layout.use_property_split = True
        self.layout.prop(self, "size")
        if context.active_object.data.uv_layers:
            self.layout.prop(self, "own_uvs")


class GANCUBE_PT_material(bpy.types.Panel):
    bl_label = "GAN Cubes"
    bl_idname = "GANCUBE_PT_material"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "material"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        return faces.recipe_of(context.object) is not None

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        recipe = faces.recipe_of(context.object)
        label = recipe.label if isinstance(recipe.label, str) else ""
        text = rpt("{}, seed {} {}").format(recipe.model["name"], recipe.seed, label)
        layout.label(text=text, icon="NODE_TEXTURE", translate=False)
        draw_strengths(layout, context.object)
        if bake.baked_maps(context.object):
            layout.operator("gancube.ask_to_bake", icon="RENDER_STILL")
        if recipe.kind == "cube":
            layout.operator("gancube.copy_command", icon="COPYDOWN").index = -1


CLASSES = (GANCUBE_OT_bake_box, GANCUBE_OT_ask_to_bake, GANCUBE_PT_material)
