"""The sub-panel "Models": the generators with their pictures, what they were trained on, and where they lie.

bpy.types only; drawing reads what is in memory and never touches the disk. Next: model_operators.py.
"""

import bpy

from ..engine.errors import ModelError
from . import model_folders, model_operators, models, thumbnails
from .wrapped_text import sidebar_width, wrapped

PICTURE = 4.2  # of a thumbnail, in heights of a row


class GANCUBE_PT_models(bpy.types.Panel):
    bl_label = "Models"
    bl_idname = "GANCUBE_PT_models"
    bl_parent_id = "GANCUBE_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout = self.layout
        row = layout.row(align=True)
        row.operator("gancube.install_model", text="Install...", icon="IMPORT")
        row.operator("gancube.open_models", text="", icon="FILE_FOLDER")
        row.operator("gancube.refresh_models", text="", icon="FILE_REFRESH")
        if model_operators.installing():
            row = layout.row(align=True)
            row.label(text=model_operators.installation.text, icon="TIME")
            row.operator("gancube.cancel_install", text="", icon="X")
        for entry in models.usable():
            self.draw_entry(context, entry)

    def draw_entry(self, context, entry):
        settings = context.scene.gancube
        used = entry.name in (settings.model, settings.transform.model)
        row = self.layout.box().row()
        icon = thumbnails.icon(entry)
        if icon:
            row.template_icon(icon_value=icon, scale=PICTURE)
        column = row.column(align=True)
        head = column.row(align=True)
        mark = "RADIOBUT_ON" if used else "RADIOBUT_OFF"
        name = head.row()
        name.alignment = "LEFT"
        name.operator("gancube.use_model", text=entry.name, icon=mark, emboss=False).name = entry.name
        buttons = head.row(align=True)
        buttons.alignment = "RIGHT"
        buttons.operator("gancube.about_model", text="", icon="INFO", emboss=False).name = entry.name
        if model_folders.is_removable(entry.path):
            buttons.operator("gancube.remove_model", text="", icon="TRASH", emboss=False).name = entry.name
        room = sidebar_width(context) - PICTURE * 20
        wrapped(column, entry.card.summary, "NONE", room, most=3)
        column.label(text=f"{models.megabytes(entry)}, {', '.join(entry.card.provenance.licences) or '?'}")


class GANCUBE_OT_about_model(bpy.types.Operator):
    bl_idname = "gancube.about_model"
    bl_label = "About This Generator"
    bl_description = "What it draws, which data it was trained on, and under which licences"
    bl_options = {"INTERNAL"}

    name: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def invoke(self, context, event):
        try:
            models.entry(self.name)
        except ModelError as error:
            return model_operators.refused(self, error)
        return context.window_manager.invoke_popup(self, width=460)

    def draw(self, context):
        if models.card(self.name) is None:  # removed while it is shown
            return
        entry = models.entry(self.name)
        row = self.layout.row()
        if icon := thumbnails.icon(entry):
            row.template_icon(icon_value=icon, scale=6)
        column = row.column(align=True)
        column.label(text=entry.name, icon="NODE_TEXTURE")
        wrapped(column, entry.card.summary, "NONE", 280)
        for title, text in about(entry):
            split = self.layout.split(factor=0.2)
            split.label(text=title)
            wrapped(split, text, "NONE", 370, most=12)

    def execute(self, context):
        return {"FINISHED"}


def about(entry) -> list[tuple[str, str]]:
    """(title, text) of all that a card says to people."""
    card, made = entry.card, entry.card.provenance
    size = f"{card.fixed_size} px" if card.fixed_size else f"{card.stride} px and its multiples"
    licences = ", ".join(f"{name} ({count} images)" for name, count in made.licences.items())
    rows = [
        ("Takes", ", ".join(card.takes)),
        ("Maps", ", ".join(card.map_names)),
        ("Labels", ", ".join(card.labels)),
        ("Sizes", f"{size}; {'every picture tiles' if card.tileable else 'the pictures do not tile'}"),
        ("Trained on", made.dataset),
        ("Licences", licences),
        ("Authors", ", ".join(made.authors)),
        ("Family", f"{card.family}, {made.steps} steps" if made.steps else card.family),
        ("File", f"{entry.path}, {models.megabytes(entry)}"),
    ]
    return [(title, text) for title, text in rows if text]


CLASSES = (GANCUBE_PT_models, GANCUBE_OT_about_model)
