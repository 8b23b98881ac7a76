"""Install, remove, choose and show generators. Files are checked in a child process; Blender goes on meanwhile.

Before: the file browser, a file dropped on the viewport, model_panel.py. Next: installation.py. bpy.types only.
"""

import time
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..engine.errors import ModelError
from . import model_folders, models, preferences, session
from .installation import Installation
from .redraw import redraw
from .wrapped_text import wrapped

TICK = 0.1  # seconds
installation: Installation | None = None  # the latest one


def installing() -> bool:
    return installation is not None and installation.running


def tick() -> float | None:
    """The timer while files are checked."""
    if installation is None:  # the add-on was disabled
        return None
    before = installation.text
    installation.step()
    if installation.text != before:
        redraw()
    if installation.running:
        return TICK
    models.refresh()
    if installation.faults:
        window = bpy.context.window_manager.windows[0]
        with bpy.context.temp_override(window=window):
            bpy.ops.gancube.show_faults("INVOKE_DEFAULT")
    return None


def close() -> None:
    global installation
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    if installation is not None:
        installation.close()
    installation = None


class GANCUBE_OT_install_model(bpy.types.Operator):
    bl_idname = "gancube.install_model"
    bl_label = "Install Generator"
    bl_description = "Check .onnx files and copy those without a fault into your folder of generators"

    directory: bpy.props.StringProperty(subtype="DIR_PATH", options={"HIDDEN", "SKIP_SAVE"})
    files: bpy.props.CollectionProperty(
        type=bpy.types.OperatorFileListElement, options={"HIDDEN", "SKIP_SAVE"}
    )
    filter_glob: bpy.props.StringProperty(default="*.onnx", options={"HIDDEN"})

    @classmethod
    def poll(cls, context):
        if installing():
            cls.poll_message_set("Another generator is being checked")
        return not installing()

    def invoke(self, context, event):
        if self.files:  # dropped on the viewport
            return self.execute(context)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context):
        global installation
        sources = [Path(self.directory) / file.name for file in self.files if file.name]
        if not sources:
            self.report({"ERROR"}, rpt("Choose an .onnx file"))
            return {"CANCELLED"}
        client = session.new_client(preferences.chosen())
        installation = Installation(client, sources, model_folders.for_new_ones(), models.hashes()).start()
        if not bpy.app.background:
            bpy.app.timers.register(tick, first_interval=TICK, persistent=True)
            redraw()
            return {"FINISHED"}
        while installation.running:
            installation.step()
            time.sleep(0.01)
        models.refresh()
        for fault in installation.faults:
            self.report({"ERROR"}, fault)
        return {"CANCELLED" if installation.faults else "FINISHED"}


class GANCUBE_OT_cancel_install(bpy.types.Operator):
    bl_idname = "gancube.cancel_install"
    bl_label = "Cancel Installing"
    bl_description = "Stop checking. The file is not installed"

    @classmethod
    def poll(cls, context):
        return installing()

    def execute(self, context):
        installation.close()
        redraw()
        return {"FINISHED"}


class GANCUBE_OT_show_faults(bpy.types.Operator):
    bl_idname = "gancube.show_faults"
    bl_label = "What Is Wrong with a Generator"
    bl_description = "Every fault of the files that were not installed"
    bl_options = {"INTERNAL"}

    def invoke(self, context, event):
        return context.window_manager.invoke_props_dialog(self, width=520, title="Not Installed")

    def draw(self, context):
        for fault in installation.faults[:20] if installation is not None else ():
            wrapped(self.layout, fault, "ERROR", 500)

    def execute(self, context):
        return {"FINISHED"}


def refused(operator: bpy.types.Operator, error: ModelError) -> set:
    """A generator that was removed meanwhile."""
    operator.report({"ERROR"}, str(error)[:1].upper() + str(error)[1:])
    return {"CANCELLED"}


class GANCUBE_OT_use_model(bpy.types.Operator):
    bl_idname = "gancube.use_model"
    bl_label = "Use Generator"
    bl_description = "Generate with this one from now on"
    bl_options = {"UNDO", "INTERNAL"}

    name: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def execute(self, context):
        settings = context.scene.gancube
        try:
            takes_picture = models.entry(self.name).card.takes_picture
        except ModelError as error:
            return refused(self, error)
        (settings.transform if takes_picture else settings).model = self.name
        return {"FINISHED"}


class GANCUBE_OT_remove_model(bpy.types.Operator):
    bl_idname = "gancube.remove_model"
    bl_label = "Remove Generator"
    bl_description = "Delete the file of a generator that you installed. Cubes made with it stay as they are"
    bl_options = {"INTERNAL"}

    name: bpy.props.StringProperty(options={"SKIP_SAVE"})

    def invoke(self, context, event):
        try:
            entry = models.entry(self.name)
        except ModelError as error:
            return refused(self, error)
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=rpt("Delete this file? It cannot be undone"),
            message=str(entry.path),
            confirm_text=rpt("Delete"),
            icon="WARNING",
        )

    def execute(self, context):
        try:
            path = models.entry(self.name).path
        except ModelError as error:
            return refused(self, error)
        if not model_folders.is_removable(path):
            self.report({"ERROR"}, rpt("This generator was not installed by you: {}").format(path))
            return {"CANCELLED"}
        try:
            path.unlink()
        except OSError as error:
            self.report({"ERROR"}, f"{path}: {error.strerror}")
            return {"CANCELLED"}
        models.refresh()
        return {"FINISHED"}


class GANCUBE_OT_open_models(bpy.types.Operator):
    bl_idname = "gancube.open_models"
    bl_label = "Open Folder of Generators"
    bl_description = "Show the folder into which generators are installed"

    def execute(self, context):
        folder = model_folders.for_new_ones()
        folder.mkdir(parents=True, exist_ok=True)
        return bpy.ops.wm.path_open(filepath=str(folder))


class GANCUBE_FH_onnx(bpy.types.FileHandler):
    bl_idname = "GANCUBE_FH_onnx"
    bl_label = "Generator for GAN Cubes"
    bl_import_operator = "gancube.install_model"
    bl_file_extensions = ".onnx"

    @classmethod
    def poll_drop(cls, context):
        return context.area is not None and context.area.type == "VIEW_3D"


CLASSES = (
    GANCUBE_OT_install_model,
    GANCUBE_OT_cancel_install,
    GANCUBE_OT_show_faults,
    GANCUBE_OT_use_model,
    GANCUBE_OT_remove_model,
    GANCUBE_OT_open_models,
    GANCUBE_FH_onnx,
)
