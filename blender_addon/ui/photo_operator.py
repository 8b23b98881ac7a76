"""From a photo: the look of a generator that comes nearest to it, for cubes and textures alike. bpy.types only.

Before: matching.py. Next: properties.asked(), which puts the look into every request of its generator.
"""

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..engine import latent_file
from ..engine.errors import GanCubeError
from ..scene.place import Place, scene_of
from . import models, photo_look, session
from .dialog import go_on
from .matching import Matching
from .preferences import ADDON, chosen
from .stepped import Stepped
from .wrapped_text import filled

matching: Matching | None = None
PHOTO = bpy.props.StringProperty(
    name="Photo",
    description="What the generator shall come near to",
    subtype="FILE_PATH",
    options={"SKIP_SAVE"},
)


class GANCUBE_OT_from_photo(bpy.types.Operator):
    bl_idname = "gancube.from_photo"
    bl_label = "From Photo..."
    bl_description = "Choose a photo; the generator's label and look that come nearest to it are found"
    bl_options = {"INTERNAL"}

    filepath: PHOTO
    filter_image: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})
    filter_folder: bpy.props.BoolProperty(default=True, options={"HIDDEN", "SKIP_SAVE"})

    @classmethod
    def poll(cls, context):
        return GANCUBE_OT_match_photo.poll(context)

    def invoke(self, context, event):
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        return go_on(self, "match_photo", filepath=self.filepath)


class GANCUBE_OT_match_photo(Stepped, bpy.types.Operator):
    bl_idname = "gancube.match_photo"
    bl_label = "Match Photo"
    bl_description = "Find the generator's label and look that come nearest to a photo. Esc cancels"
    bl_options = {"UNDO", "INTERNAL"}

    filepath: PHOTO
    pause = 0.02  # the look is found by another process
    tries: bpy.props.IntProperty(
        name="Tries", description="Pictures to compare with it", default=300, min=128, max=100000
    )

    @classmethod
    def poll(cls, context):
        if ADDON.startswith("bl_ext.") and not chosen().own_python:
            cls.poll_message_set(
                "Needs gan-train: set Python for Generation in the preferences to a Python that has it"
            )
            return False
        if matching is not None:
            cls.poll_message_set("A photo is being matched")
        elif session.busy():
            cls.poll_message_set("Generating; Esc cancels")
        elif models.card(context.scene.gancube.model) is None:
            cls.poll_message_set("Choose a generator")
        else:
            return True
        return False

    def begin(self, context):
        global matching
        entry, photo = models.entry(context.scene.gancube.model), Path(bpy.path.abspath(self.filepath))
        self.place = Place.of(context)
        matching = Matching(chosen().python, entry.path, photo, self.tries)
        return matching.steps()

    def ended(self, context):
        close()

    def done(self, context, look):
        if look is None:
            return {"CANCELLED"}
        try:
            settings = scene_of(self.place).gancube
        except GanCubeError as error:
            return self.fail(str(error))
        settings.look, settings.look_name = latent_file.dumps(look), Path(self.filepath).name
        labels = ", ".join(look.label or {})
        self.report({"INFO"}, rpt("The look of {} was found: {}").format(settings.look_name, labels))
        return {"FINISHED"}

    def fail(self, message: str) -> set:
        session.error = message[:1].upper() + message[1:]
        return Stepped.fail(self, message)


class GANCUBE_OT_forget_look(bpy.types.Operator):
    bl_idname = "gancube.forget_look"
    bl_label = "Forget Look"
    bl_description = "Go back to looks drawn from the seed"
    bl_options = {"UNDO", "INTERNAL"}

    def execute(self, context):
        context.scene.gancube.look = context.scene.gancube.look_name = ""
        return {"FINISHED"}


def draw(layout, settings) -> None:
    """The row of the main panel."""
    row = layout.row(align=True)
    if matching is not None:
        row.label(text=filled(*matching.words), icon="TIME", translate=False)
    elif settings.look:
        used = photo_look.is_used(settings)
        text = settings.look_name if used else filled("{}: not of this generator", settings.look_name)
        row.label(text=text, icon="IMAGE_DATA" if used else "ERROR", translate=False)
        row.operator("gancube.forget_look", text="", icon="X")
    else:
        row.operator("gancube.from_photo", icon="IMAGE_DATA")


def close() -> None:
    global matching
    if matching is not None:
        matching.close()
        matching = None


CLASSES = (GANCUBE_OT_from_photo, GANCUBE_OT_match_photo, GANCUBE_OT_forget_look)
