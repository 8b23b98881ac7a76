"""The panel's operators. Clicked, generate_cube leaves Blender usable; called by a script it waits. bpy.types only.

Before: properties.py and job.py. Next: scene/steps.py builds the cube, which lands here in the scene.
"""

import random
import time

import bpy

from ..engine.errors import GanCubeError
from ..scene.assets import FacePixels
from ..scene.steps import cube_steps
from . import models, session

TICK = 0.05  # seconds between two looks at the child process
BUDGET = 0.02  # seconds of a tick for building; an image takes about one millisecond


class GANCUBE_OT_generate_cube(bpy.types.Operator):
    bl_idname = "gancube.generate_cube"
    bl_label = "Generate Cube"
    bl_description = "Add a cube whose six faces show six different generated images. Esc cancels"
    bl_options = {"REGISTER", "UNDO"}

    # What the redo panel can do over without the generator.
    edge: bpy.props.FloatProperty(
        name="Edge Length", default=2.0, min=0.001, soft_max=100.0, unit="LENGTH", options={"SKIP_SAVE"}
    )
    location: bpy.props.FloatVectorProperty(name="Location", subtype="TRANSLATION", options={"SKIP_SAVE"})
    result: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})  # key in session.results

    @classmethod
    def poll(cls, context):
        if session.busy():
            cls.poll_message_set("Generating; Esc cancels")
        elif context.mode != "OBJECT":
            cls.poll_message_set("Switch to Object Mode")
        else:
            return True
        return False

    def invoke(self, context, event):
        if bpy.app.background:  # no window, so no timer would ever tick
            return self.execute(context)
        self.take_settings(context)
        try:
            session.start(context.scene.gancube)
        except GanCubeError as error:
            return self.fail(str(error))
        self.steps, self.shown = None, ""
        self.timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if event.type == "ESC" and event.value == "PRESS":
            session.cancel()
        elif event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            outcome = self.tick(context)
        except Exception:  # a mistake of ours: Blender shows it, and the button must not stay grey
            self.cancel(context)
            raise
        if outcome is not None:
            self.cancel(context)
        if session.status() != self.shown:
            self.shown = session.status()
            redraw_panels(context)
        return outcome or {"PASS_THROUGH"}

    def tick(self, context) -> set | None:
        """One look at the job; the operator's outcome, or None while it goes on."""
        job = session.job
        if job is None:  # the add-on was disabled, or its preferences changed
            return self.fail("")
        job.step()
        if job.running:
            return None
        if job.state != "done":
            return self.fail(job.error)
        if context.mode != "OBJECT":  # it lands when Object Mode is back
            return None
        if self.steps is None:
            self.steps = self.begin(session.keep(job))
        try:
            end = time.monotonic() + BUDGET
            while time.monotonic() < end:
                next(self.steps)
        except StopIteration as stop:
            return self.land(context, stop.value)
        return None

    def cancel(self, context):
        """Every ending of modal; Blender calls it too, when another file is opened meanwhile."""
        session.cancel()
        if self.steps is not None:
            self.steps.close()  # takes away the images of a cube that was not finished
        context.window_manager.event_timer_remove(self.timer)

    def execute(self, context):
        """From a script: waits. From the redo panel: builds again from the pictures that are there."""
        if self.result not in session.results:
            self.take_settings(context)
            try:
                job = session.start(context.scene.gancube)
            except GanCubeError as error:
                return self.fail(str(error))
            while job.running:
                job.step()
                time.sleep(0.002)
            if job.state != "done":
                return self.fail(job.error)
            self.result = session.keep(job)
        steps = self.begin(self.result)
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                return self.land(context, stop.value)

    def take_settings(self, context):
        if not self.properties.is_property_set("edge"):
            self.edge = context.scene.gancube.edge
        if not self.properties.is_property_set("location"):
            self.location = context.scene.cursor.location

    def begin(self, key: str):
        """The steps of building the result `key`."""
        self.result = key
        result = session.results[key]
        faces = [FacePixels(face.seed, face.label, face.maps) for face in result.faces]
        return cube_steps(faces, result.colorspaces, result.recipe, self.edge)

    def land(self, context, cube) -> set:
        """Into the scene, selected and active, as Blender's own Add operators do."""
        cube.location = self.location
        context.collection.objects.link(cube)
        for other in context.selected_objects:
            other.select_set(False)
        # it is not there if the active collection is excluded from the view layer
        if cube.name in context.view_layer.objects:
            cube.select_set(True)
            context.view_layer.objects.active = cube
        show_textures(context)
        session.landed()
        self.report({"INFO"}, f"GAN cube added. {session.provider}")
        return {"FINISHED"}

    def fail(self, message: str) -> set:
        """Says what went wrong, in the status bar and in the panel; nothing to say means that the user cancelled."""
        session.error = message[:1].upper() + message[1:]
        if message:
            self.report({"ERROR"}, session.error)
        return {"CANCELLED"}


class GANCUBE_OT_cancel(bpy.types.Operator):
    bl_idname = "gancube.cancel"
    bl_label = "Cancel"
    bl_description = "Stop generating. Nothing is added to the scene"

    @classmethod
    def poll(cls, context):
        return session.busy()

    def execute(self, context):
        session.cancel()  # generate_cube sees it on its next tick
        return {"FINISHED"}


class GANCUBE_OT_random_seed(bpy.types.Operator):
    bl_idname = "gancube.random_seed"
    bl_label = "Random Seed"
    bl_description = "Roll the dice for another seed"
    bl_options = {"UNDO", "INTERNAL"}

    def execute(self, context):
        context.scene.gancube.seed = random.SystemRandom().randrange(2**31)
        return {"FINISHED"}


class GANCUBE_OT_refresh_models(bpy.types.Operator):
    bl_idname = "gancube.refresh_models"
    bl_label = "Refresh"
    bl_description = "Look again for generators in the add-on's folder and in the one set in the preferences"
    bl_options = {"INTERNAL"}

    def execute(self, context):
        models.refresh()
        return {"FINISHED"}


def redraw_panels(context):
    """Sidebars only: redrawing the 3D view for each tick of a progress bar would slow down a heavy scene."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def show_textures(context):
    """In solid shading, show images instead of plain colours, else a new cube looks grey.

    Not Material Preview: it would compile shaders and change the lighting of the whole view, unasked.
    """
    for area in context.screen.areas if context.screen else ():
        if area.type == "VIEW_3D" and area.spaces.active.shading.type == "SOLID":
            area.spaces.active.shading.color_type = "TEXTURE"
