"""The sidebar tab "GAN Cubes". bpy.types only; drawing reads what is in memory and never touches the disk."""

import bpy

from . import (
    models,
    photo_look,
    photo_operator,
    preferences_layout,
    presets,
    properties,
    session,
    sketch_operator,
)
from .wrapped_text import filled, sidebar_width, wrapped

IN_MENU = (
    ("gancube.generate_cube", "MESH_CUBE"),
    ("gancube.texture", "TEXTURE"),
    ("gancube.transform", "MOD_HUE_SATURATION"),
    ("gancube.maps_from_photo", "NODE_MATERIAL"),
    ("gancube.from_photo", "IMAGE_DATA"),
    ("gancube.reroll", "FILE_REFRESH"),
    ("gancube.copy_strengths", "COPYDOWN"),
    ("gancube.show_variants", "IMGDISPLAY"),
    ("gancube.ask_for_loop", "FILE_MOVIE"),
    ("gancube.ask_to_bake", "RENDER_STILL"),
    ("gancube.save_asset", "ASSET_MANAGER"),
    ("gancube.install_model", "IMPORT"),
)


class GANCUBE_PT_main(bpy.types.Panel):
    bl_label = "GAN Cubes"
    bl_idname = "GANCUBE_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"

    def draw_header_preset(self, context):
        presets.GANCUBE_PT_presets.draw_panel_header(self.layout)

    def draw(self, context):
        layout = self.layout
        settings = context.scene.gancube
        job = session.job

        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.enabled = not session.busy()
        row = column.row(align=True)
        row.prop(settings, "model")
        row.operator("gancube.refresh_models", text="", icon="FILE_REFRESH")
        card = models.card(settings.model)
        if card is not None and card.labels:
            row = column.row()
            row.enabled = not photo_look.is_used(settings)  # which brings its own
            row.prop(settings, "label")
        photo_operator.draw(column, settings)
        row = column.row(align=True)
        row.prop(settings, "seed")
        row.operator("gancube.random_seed", text="", icon="FILE_3D")
        if settings.large_seed:
            column.label(text=filled("Seed {}", settings.large_seed), icon="INFO", translate=False)
        if card is None or not card.fixed_size:
            column.prop(settings, "size")
        column.prop(settings, "edge")
        column.prop(settings, "bevel")

        if session.busy():
            layout.progress(factor=job.progress, text=filled(*job.words))
            if not sketch_operator.following():  # its button is in Transform
                layout.operator("gancube.cancel", text="Cancel (Esc)", icon="X")
        else:
            row = layout.row()
            row.scale_y = 1.5
            row.operator("gancube.generate_cube", icon="MESH_CUBE")

        width = sidebar_width(context)
        if session.error:
            wrapped(layout.box(), session.error, "ERROR", width)
        elif session.provider:
            line = preferences_layout.with_device(session.provider, session.device)
            wrapped(layout, line, "CHECKMARK", width)
        for name, fault in models.faults():
            wrapped(layout.box(), f"{name}: {fault}", "ERROR", width)


class GANCUBE_PT_options(bpy.types.Panel):
    """What new textures have beside a seed and a label; Adjust has the same for those that are there."""

    bl_label = "Options"
    bl_idname = "GANCUBE_PT_options"
    bl_parent_id = "GANCUBE_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.enabled = not session.busy()
        settings = context.scene.gancube
        card = models.card(settings.model)
        column = layout.column()
        column.prop(settings, "walk")
        column.prop(settings, "toward")
        column = layout.column()
        column.enabled = not photo_look.is_used(settings)
        if card is not None and card.labels and settings.label != models.MIXED:
            column.prop(settings, "other_label")
            if settings.other_label != models.MIXED:
                column.prop(settings, "label_share")
        for index, one in enumerate(properties.scalar_inputs(card)):
            column.prop(settings, f"scalar_{index}", text=models.scalar_name(one), slider=True)


def draw_in_add_menu(self, context):
    """Add > Mesh."""
    self.layout.operator_context = "INVOKE_DEFAULT"
    self.layout.operator("gancube.generate_cube", text="GAN Cube", icon="MESH_CUBE")


class GANCUBE_MT_object(bpy.types.Menu):
    """Blender's search (F3) finds what is in a menu."""

    bl_idname = "GANCUBE_MT_object"
    bl_label = "GAN Cubes"

    def draw(self, context):
        for name, icon in IN_MENU:
            chosen = self.layout.operator(name, icon=icon)
            if name == "gancube.show_variants":
                chosen.popup = True  # the sub-panel that shows them may be closed, and the sidebar too


def draw_in_object_menu(self, context):
    """Object, the menu."""
    self.layout.separator()
    self.layout.menu("GANCUBE_MT_object", icon="MESH_CUBE")


CLASSES = (GANCUBE_PT_main, GANCUBE_PT_options, GANCUBE_MT_object)
