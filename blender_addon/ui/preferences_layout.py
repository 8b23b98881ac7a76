"""How the preferences are drawn, and the two buttons of their list of folders. bpy.types only; reads no disk.

Before: preferences.py. Next: provider_check.py.
"""

import bpy
from bpy.app.translations import pgettext_iface as iface

from . import model_folders, preferences, provider_check, session
from .wrapped_text import wrapped

WIDTH = 520  # pixels at interface scale 1 that a preferences window has at least


def draw(prefs, layout: bpy.types.UILayout) -> None:
    draw_folders(prefs, layout.box())
    draw_providers(prefs, layout.box())
    column = layout.column()
    column.use_property_split = True
    for name in ("default_size", "cache_limit", "asset_catalog", "asset_author"):
        column.prop(prefs, name)


def draw_folders(prefs, layout) -> None:
    layout.label(text="Folders of Generators", icon="FILE_FOLDER")
    for index, folder in enumerate(prefs.model_folders):
        row = layout.row(align=True)
        row.prop(folder, "path", text="")
        row.operator("gancube.remove_model_folder", text="", icon="X").index = index
    row = layout.row()
    row.operator("gancube.add_model_folder", icon="ADD")
    row.operator("gancube.open_models", text="Open Folder")
    text = iface("New ones go to {}").format(model_folders.for_new_ones())
    wrapped(layout, text, "NONE", WIDTH, most=2)


def draw_providers(prefs, layout) -> None:
    layout.label(text="Run On", icon="SYSTEM")
    for name, _, description in preferences.PROVIDERS:
        reason = provider_check.why_not(name)
        split = layout.split(factor=0.22)
        button = split.row()
        button.enabled = not reason
        button.prop_enum(prefs, "provider", name)
        note = split.column()
        note.active = not reason
        text = iface("Cannot: {}").format(reason) if reason else iface(description)
        wrapped(note, text, "NONE", WIDTH * 0.78, most=3)
    column = layout.column()
    column.use_property_split = True
    column.prop(prefs, "python")
    column.prop(prefs, "threads")
    if session.provider:
        line = with_device(session.provider, session.device)
        wrapped(layout, iface("Last run: {}").format(line), "CHECKMARK", WIDTH)
    draw_check(layout)


def draw_check(layout) -> None:
    check = provider_check.check
    row = layout.row()
    row.operator("gancube.check_provider", icon="FILE_REFRESH")
    if check is None:
        return
    if check.running:
        row.label(text="Asking" if check.state == "asking" else "Checking", icon="TIME")
        return
    wrapped(layout, with_device(check.line, check.device), "ERROR" if check.failed else "CHECKMARK", WIDTH)


def with_device(line: str, device: str) -> str:
    return iface("{}. Device: {}").format(line, device) if device else line


class GANCUBE_OT_add_model_folder(bpy.types.Operator):
    bl_idname = "gancube.add_model_folder"
    bl_label = "Add Folder"
    bl_description = "Look for generators in one more folder"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context):
        return preferences.stored() is not None

    def execute(self, context):
        preferences.stored().model_folders.add()
        context.preferences.is_dirty = True  # so that Blender saves them on quitting
        return {"FINISHED"}


class GANCUBE_OT_remove_model_folder(bpy.types.Operator):
    bl_idname = "gancube.remove_model_folder"
    bl_label = "Remove Folder"
    bl_description = "Look no longer for generators in this folder. Its files stay"
    bl_options = {"INTERNAL"}

    index: bpy.props.IntProperty(
        name="Folder", description="Number in the list, from 0", options={"SKIP_SAVE"}
    )

    @classmethod
    def poll(cls, context):
        return preferences.stored() is not None

    def execute(self, context):
        preferences.stored().model_folders.remove(self.index)
        context.preferences.is_dirty = True
        preferences.models_changed(self, context)
        return {"FINISHED"}


CLASSES = (GANCUBE_OT_add_model_folder, GANCUBE_OT_remove_model_folder)
