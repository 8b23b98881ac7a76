"""A box projection baked into the mesh's UVs, map by map. bpy.types only.

Baking is Blender's own and holds it up for seconds per map; between two maps Esc is heard. Next: scene/bake.py.
"""

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..scene import bake, faces
from . import session
from .adjust_panel import draw_strengths
from .stepped import Stepped


class GANCUBE_OT_bake_box(Stepped, bpy.types.Operator):
    bl_idname = "gancube.bake_box"
    bl_label = "Bake Box Projection"
    bl_description = (
        "Bake the box projection to images for the UV map, for export. Esc cancels between two maps"
    )
    bl_options = {"REGISTER", "UNDO"}

    size: bpy.props.IntProperty(
        name="Size",
        description="Width and height of the images",
        default=1024,
        min=64,
        max=8192,
        subtype="PIXEL",
    )
    own_uvs: bpy.props.BoolProperty(
        name="Into My UV Map",
        description="Use the mesh's UV map, whose islands must not overlap; else a new one is made",
        default=True,
    )

    @classmethod
    def poll(cls, context):
        item = context.active_object
        if item is None or item.type != "MESH" or not bake.baked_maps(item):
            cls.poll_message_set("Select an object that shows a box projection")
            return False
        return context.mode == "OBJECT" and not session.busy()

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

    def done(self, context, name):
        self.report({"INFO"}, rpt("{} baked").format(name))
        return {"FINISHED"}


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
            layout.operator("gancube.bake_box", icon="RENDER_STILL")
        if recipe.kind == "cube":
            layout.operator("gancube.copy_command", icon="COPYDOWN").index = -1


CLASSES = (GANCUBE_OT_bake_box, GANCUBE_PT_material)
