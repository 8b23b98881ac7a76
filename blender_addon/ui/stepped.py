"""What operators have in common that work in small steps without a generator's job. Clicked, such a one leaves Blender
usable and hears Esc between two steps; called by a script it waits. bpy.types only.

Mixed in by bake_operator.py, asset_operators.py and photo_operator.py. The other kind: generation.py.
"""

import time
from collections.abc import Generator

import bpy

from ..engine.errors import GanCubeError
from .redraw import redraw


class Stepped:
    """The operator gives:
    begin(context)          the work: a generator that yields what is to be shown, and returns the result
    done(context, result)   puts it into the scene, and returns the operator's outcome
    """

    tick = 0.05  # seconds between two steps; meanwhile Blender draws and hears Esc
    pause = 0.0  # seconds between two where a script waits

    def begin(self, context) -> Generator:
        raise NotImplementedError

    def show(self, context, state) -> None:
        """What a step has yielded, where it is another than before."""
        redraw()

    def done(self, context, result) -> set:
        raise NotImplementedError

    def ended(self, context) -> None:
        """After every ending, whatever it was."""

    def invoke(self, context, event):
        if bpy.app.background:  # no window, so no timer would ever tick
            return self.execute(context)
        try:
            self.steps = self.begin(context)
        except GanCubeError as error:
            return self.fail(str(error))
        self.shown = None
        self.timer = context.window_manager.event_timer_add(self.tick, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        if event.type == "ESC" and event.value == "PRESS":
            self.cancel(context)
            return {"CANCELLED"}
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            state = next(self.steps)
        except StopIteration as stop:
            self.cancel(context)
            return self.done(context, stop.value)
        except GanCubeError as error:
            self.cancel(context)
            return self.fail(str(error))
        except Exception:  # a mistake of ours: Blender shows it, and the button must not stay grey
            self.cancel(context)
            raise
        if state != self.shown:
            self.shown = state
            self.show(context, state)
        return {"PASS_THROUGH"}

    def cancel(self, context):
        """Every ending of modal; Blender calls it too, when another file is opened meanwhile."""
        self.steps.close()
        context.window_manager.event_timer_remove(self.timer)
        self.ended(context)
        redraw()

    def execute(self, context):
        steps = None
        try:
            steps = self.begin(context)
            while True:
                next(steps)
                time.sleep(self.pause)
        except StopIteration as stop:
            return self.done(context, stop.value)
        except GanCubeError as error:
            return self.fail(str(error))
        finally:
            if steps is not None:
                steps.close()
            self.ended(context)

    def fail(self, message: str) -> set:
        self.report({"ERROR"}, message[:1].upper() + message[1:])
        return {"CANCELLED"}
