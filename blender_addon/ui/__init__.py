"""The panel: properties, operators, panel, preferences, and the job behind the button. bpy.types only; never numpy.

Explicit classes, in the order of their registration. Registration raises, unregistration runs reversed.
"""

import bpy

from ..scene import stand_ins
from . import (
    adjust,
    adjust_panel,
    asset_operators,
    bake_operator,
    default_size,
    face_operators,
    gone_models,
    icons,
    kept_panel,
    loop_operator,
    model_operators,
    model_panel,
    models,
    net_panel,
    operators,
    panels,
    photo_operator,
    preferences_layout,
    presets,
    provider_check,
    session,
    sketch_operator,
    surface_operators,
    thumbnails,
    transform_operator,
    transform_panel,
    transform_preview,
    variants,
    weather_operator,
)
from .kept_recipes import GANCUBE_PG_kept
from .preferences import GANCUBE_PG_model_folder, GANCUBE_preferences
from .properties import GANCUBE_PG_settings, GANCUBE_PG_transform

CLASSES = (
    GANCUBE_PG_model_folder,
    GANCUBE_preferences,
    GANCUBE_PG_kept,
    GANCUBE_PG_transform,
    GANCUBE_PG_settings,
    *operators.CLASSES,
    *face_operators.CLASSES,
    *adjust.CLASSES,
    *loop_operator.CLASSES,
    *bake_operator.CLASSES,
    *photo_operator.CLASSES,
    *presets.CLASSES,
    *panels.CLASSES,
    *surface_operators.CLASSES,
    *transform_operator.CLASSES,
    *sketch_operator.CLASSES,
    *weather_operator.CLASSES,
    *transform_panel.CLASSES,
    *net_panel.CLASSES,
    *adjust_panel.CLASSES,
    *variants.CLASSES,
    *kept_panel.CLASSES,
    *provider_check.CLASSES,
    *preferences_layout.CLASSES,
    *model_operators.CLASSES,
    *model_panel.CLASSES,
    *asset_operators.CLASSES,
)


def register():
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.gancube = bpy.props.PointerProperty(type=GANCUBE_PG_settings)
    bpy.types.WindowManager.gancube_adjust = bpy.props.PointerProperty(type=adjust_panel.GANCUBE_PG_adjust)
    bpy.types.Object.gancube_locks = bpy.props.BoolVectorProperty(
        name="Lock", description="This face keeps its image when the others are re-rolled", size=6
    )
    bpy.types.VIEW3D_MT_mesh_add.append(panels.draw_in_add_menu)
    bpy.types.VIEW3D_MT_object.append(panels.draw_in_object_menu)
    bpy.types.IMAGE_MT_image.append(transform_panel.draw_in_image_menu)
    gone_models.register()
    models.refresh()
    default_size.register()
    stand_ins.register()
    asset_operators.register()


def unregister():
    asset_operators.unregister()
    stand_ins.unregister()
    default_size.unregister()
    gone_models.unregister()
    model_operators.close()
    provider_check.forget()
    photo_operator.close()
    transform_preview.close()
    session.close()
    variants.forget()
    icons.close()
    bpy.types.IMAGE_MT_image.remove(transform_panel.draw_in_image_menu)
    bpy.types.VIEW3D_MT_object.remove(panels.draw_in_object_menu)
    bpy.types.VIEW3D_MT_mesh_add.remove(panels.draw_in_add_menu)
    del bpy.types.Object.gancube_locks
    del bpy.types.WindowManager.gancube_adjust
    thumbnails.close()
    del bpy.types.Scene.gancube
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
