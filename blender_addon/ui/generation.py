"""What every operator that runs a generator has in common. Clicked, it leaves Blender usable; called by a script it
waits. bpy.types only.

Before: ticking.py, job.py. Next: operators.py and its neighbours, which mix this in and say what is asked, built and
landed.
"""

import time
from collections.abc import Generator

import bpy

from ..engine.errors import GanCubeError, RequestError
from ..scene.images import purge
from ..scene.place import Place, scene_of
from . import kept_recipes as kept
from . import session
from .preferences import chosen
from .ticking import Ticking

BUDGET = 0.02  # seconds of a tick for building; an image takes about one millisecond


class Generation(Ticking):
    """Mixed into an operator with bl_options REGISTER and UNDO: one undo step, pushed when the result lands.

    The operator gives:
        prepare(context)          what it works on; GanCubeError where that cannot be
        wish(context)             what session.start() takes
        build(context, result)    a generator that makes the datablocks in small steps, and returns them
        land(context, made)       puts them into the scene, and returns the sentence to report
    """

    result: bpy.props.StringProperty(options={"HIDDEN", "SKIP_SAVE"})  # key in session.results

    @classmethod
    def poll(cls, context):
        if session.busy():
            cls.poll_message_set("Generating; Esc cancels")
        elif context.mode != "OBJECT":
            cls.poll_message_set("Switch to Object Mode")
        else:
            return cls.allows(context)
        return False

    @classmethod
    def allows(cls, context) -> bool:
        return True

    def prepare(self, context) -> None:
        pass

    def wish(self, context) -> tuple:
        raise NotImplementedError

    def begin(self, context):
        """The job."""
        return session.start(*self.wish(context))

    def started(self, context) -> None:
        """session.job is under way."""

    def arrived(self, context, job) -> None:
        """After each look at the job; what it has may be taken out of job.textures."""

    def build(self, context, result) -> Generator:
        raise NotImplementedError

    def land(self, context, made) -> str:
        raise NotImplementedError

    def launch(self, context) -> None:
        self.place, self.building = Place.of(context), None
        self.prepare(context)
        self.begin(context)
        self.started(context)

    def tick(self, context) -> set | None:
        job = session.job
        if job is None:  # the add-on was disabled, or its preferences changed
            return self.fail("")
        job.step()
        self.arrived(context, job)
        if job.running:
            return None
        if job.state != "done":
            return self.fail(job.error)
        if context.mode != "OBJECT":  # it lands when Object Mode is back
            return None
        if self.building is None:
            self.take(job)
            self.building = self.build(context, self.made)
        try:
            end = time.monotonic() + BUDGET
            while time.monotonic() < end:
                next(self.building)
        except StopIteration as stop:
            return self.finish(context, stop.value)
        return None

    def cancel(self, context):
        if self.building is not None:
            self.building.close()  # takes away the images of what was not finished
        Ticking.cancel(self, context)

    def execute(self, context):
        """From a script: waits. From the redo panel: builds again from the pictures that are there."""
        self.place = Place.of(context)
        try:
            self.prepare(context)
            if self.result not in session.results:
                job = self.begin(context)
                self.started(context)
                while job.running:
                    job.step()
                    self.arrived(context, job)
                    time.sleep(0.002)
                if job.state != "done":
                    return self.fail(job.error)
                self.take(job)
            else:
                self.made = session.results[self.result]
            self.place = self.made.place
            building = self.build(context, self.made)
            while True:
                try:
                    next(building)
                except StopIteration as stop:
                    return self.finish(context, stop.value)
        except GanCubeError as error:
            return self.fail(str(error))

    def take(self, job) -> None:
        """The result; kept where the operator can be adjusted. Those of one that cannot are never asked for again."""
        self.made = session.result_of(job, self.place)
        if "REGISTER" in self.bl_options:
            self.result = session.keep(self.made)

    def finish(self, context, made) -> set:
        try:
            sentence = self.land(context, made)
        except GanCubeError as error:
            return self.fail(str(error))
        session.landed()
        if "UNDO" in self.bl_options:
            result = self.made
            if result.textures:
                purge(chosen().cache_limit * 2**20)
                self.remember(context, result)
        self.report({"INFO"}, f"{sentence}. {session.provider}")
        return {"FINISHED"}

    def remember(self, context, result) -> None:
        """What was made, in the panel's history."""
        icon = next(iter(result.textures.values())).icon
        kept.add(self.scene_of_history(context), result.recipe, icon)

    def scene_of_history(self, context):
        try:
            return scene_of(self.place)
        except RequestError:  # what was textured is in another scene, too
            return context.scene

    def fail(self, message: str) -> set:
        """Says what went wrong, in the status bar and in the panel; nothing to say means that the user cancelled."""
        session.error = message[:1].upper() + message[1:]
        if session.busy():  # done, and then it could not land
            session.cancel()
        self.given_up()
        if message:
            self.report({"ERROR"}, session.error)
        return {"CANCELLED"}


def show_textures(context):
    """In solid shading, show images instead of plain colours, else a new texture looks grey.

    Not Material Preview: it would compile shaders and change the lighting of the whole view, unasked.
    """
    for shading in shown_solid(context):
        shading.color_type = "TEXTURE"


def shown_solid(context) -> list:
    """The settings of the 3D views that are in solid shading."""
    areas = context.screen.areas if context.screen else ()
    views = [area.spaces.active.shading for area in areas if area.type == "VIEW_3D"]
    return [shading for shading in views if shading.type == "SOLID"]
