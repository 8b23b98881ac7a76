"""Where pictures are changed: in the sidebar, in the material tab, in the Image Editor. bpy.types only.

Next: transform_operator.py. Only generators that take a picture are offered here, and only here.
"""

import bpy

from . import models, session, sketch_operator, transform_preview
from .transform_job import TransformJob
from .transform_operator import for_maps
from .weather_operator import painters
from .wrapped_text import filled, sidebar_width, wrapped


def draw_settings(layout, context) -> None:
    settings = context.scene.gancube.transform
    layout.use_property_split = True
    layout.use_property_decorate = False
    column = layout.column()
    column.enabled = not session.busy() or sketch_operator.following()
    column.prop(settings, "model")
    card = models.card(settings.model)
    if card is not None and card.labels:
        column.prop(settings, "label")
    if card is not None and card.has_strength:
        column.prop(settings, "strength", slider=True)


def draw_progress(layout, context) -> None:
    """Also where the sidebar of the 3D view is not in sight."""
    job = session.job
    if session.busy() and isinstance(job, TransformJob):
        layout.progress(factor=job.progress, text=filled(*job.words))
        layout.operator("gancube.cancel", text="Cancel (Esc)", icon="X")
    elif session.error:
        wrapped(layout.box(), session.error, "ERROR", sidebar_width(context))


def draw_weather(layout, settings) -> None:
    """For a generator that takes the shape of a mesh, not its images."""
    layout.prop(settings, "size")
    layout.prop(settings, "own_uvs")
    row = layout.row()
    row.scale_y = 1.5
    row.operator("gancube.weather", icon="MOD_OCEAN")


class Transform:
    """Mixed into a panel for objects."""

    bl_label = "Transform"

    @classmethod
    def poll(cls, context):
        return bool(models.takers())

    def draw(self, context):
        layout, settings = self.layout, context.scene.gancube.transform
        draw_settings(layout, context)
        if settings.model in {one.name for one in painters()}:
            draw_weather(layout, settings)
            return
        if sketch_operator.following():
            sketch_operator.draw_picture(layout)
        else:
            transform_preview.draw(layout, context)
        layout.prop(settings, "only_active")
        row = layout.row()
        row.scale_y = 1.5
        row.operator("gancube.transform", icon="MOD_HUE_SATURATION")
        if for_maps() is not None:
            layout.operator("gancube.maps_from_photo", icon="NODE_MATERIAL")
        sketch_operator.draw(layout)


class GANCUBE_PT_transform(Transform, bpy.types.Panel):
    bl_idname = "GANCUBE_PT_transform"
    bl_parent_id = "GANCUBE_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"


class GANCUBE_PT_transform_material(Transform, bpy.types.Panel):
    bl_label = "GAN Cubes: Transform"
    bl_idname = "GANCUBE_PT_transform_material"
    bl_space_type = "PROPERTIES"
    bl_region_type = "WINDOW"
    bl_context = "material"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context):
        return context.material is not None and bool(models.takers())

    def draw(self, context):
        Transform.draw(self, context)
        draw_progress(self.layout, context)


class GANCUBE_PT_transform_image(bpy.types.Panel):
    bl_label = "Transform"
    bl_idname = "GANCUBE_PT_transform_image"
    bl_space_type = "IMAGE_EDITOR"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"

    @classmethod
    def poll(cls, context):
        return bool(models.takers())

    def draw(self, context):
        layout = self.layout
        draw_settings(layout, context)
        if sketch_operator.following():
            sketch_operator.draw_picture(layout)
        else:
            transform_preview.draw(layout, context)
        layout.operator("gancube.transform_image", icon="MOD_HUE_SATURATION")
        if for_maps() is not None:
            layout.operator("gancube.material_from_image", icon="NODE_MATERIAL")
        sketch_operator.draw(layout)
        draw_progress(layout, context)


class GANCUBE_MT_image(bpy.types.Menu):
    bl_idname = "GANCUBE_MT_image"
    bl_label = "GAN Cubes"

    def draw(self, context):
        self.layout.operator_context = "INVOKE_DEFAULT"
        self.layout.operator("gancube.transform_image", icon="MOD_HUE_SATURATION")
        self.layout.operator("gancube.material_from_image", icon="NODE_MATERIAL")


def draw_in_image_menu(self, context):
    """Image, the menu of the Image Editor."""
    self.layout.separator()
    self.layout.menu("GANCUBE_MT_image", icon="MESH_CUBE")


CLASSES = (
    GANCUBE_PT_transform,
    GANCUBE_PT_transform_material,
    GANCUBE_PT_transform_image,
    GANCUBE_MT_image,
)
