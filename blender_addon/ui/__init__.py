"""The panel: properties, operators, panel, preferences, and the job behind the button. bpy.types only; never numpy.

Explicit classes, in the order of their registration. Registration raises, unregistration runs reversed.
"""

import bpy

from . import models, session
from .operators import (
    GANCUBE_OT_cancel,
    GANCUBE_OT_generate_cube,
    GANCUBE_OT_random_seed,
    GANCUBE_OT_refresh_models,
)
from .panels import GANCUBE_PT_main
from .preferences import GANCUBE_preferences
from .properties import GANCUBE_PG_settings

CLASSES = (
    GANCUBE_preferences,
    GANCUBE_PG_settings,
    GANCUBE_OT_generate_cube,
    GANCUBE_OT_cancel,
    GANCUBE_OT_random_seed,
    GANCUBE_OT_refresh_models,
    GANCUBE_PT_main,
)


def register():
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.gancube = bpy.props.PointerProperty(type=GANCUBE_PG_settings)
    models.refresh()


def unregister():
    session.close()
    del bpy.types.Scene.gancube
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
