"""Presets of the panel's settings, by Blender's own preset system: the button in the panel's header. bpy.types only."""

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

SUBFOLDER = "gancube"  # of the user's presets


class GANCUBE_PT_presets(PresetPanel, bpy.types.Panel):
    bl_label = "GAN Cubes Presets"
    preset_subdir = SUBFOLDER
    preset_operator = "script.execute_preset"
    preset_add_operator = "gancube.add_preset"


class GANCUBE_OT_add_preset(AddPresetBase, bpy.types.Operator):
    bl_idname = "gancube.add_preset"
    bl_label = "Add Preset"
    bl_description = "Keep the panel's settings under a name, or remove a preset"
    preset_menu = "GANCUBE_PT_presets"
    preset_subdir = SUBFOLDER
    preset_defines = ("settings = bpy.context.scene.gancube",)
    preset_values = tuple(
        f"settings.{name}"
        for name in (
            "model",  # first: it sets back the labels that it does not know
            "label",
            "other_label",
            "label_share",
            "seed",
            "toward",
            "walk",
            "scalar_0",
            "scalar_1",
            "scalar_2",
            "scalar_3",
            "size",
            "edge",
            "bevel",
            "surface",
            "each",
            "width",
            "blend",
        )
    )


CLASSES = (GANCUBE_PT_presets, GANCUBE_OT_add_preset)
