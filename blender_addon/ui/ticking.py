"""What operators have in common that follow session.job. Clicked, such a one looks at the job again and again, leaves
Blender usable meanwhile, and hears Esc. bpy.types only.

Mixed in by generation.py and sketch_operator.py. The other kind, without a job: stepped.py.
"""

import bpy

from ..engine.errors import GanCubeError
from . import session
from .redraw import redraw

TICK = 0.05  # seconds between two looks at the child process


class Ticking:
    """The operator gives:
    launch(context)   begins the job; GanCubeError where that cannot be
    tick(context)     one look at the job: the operator's outcome, or None while it goes on; GanCubeError ends it
    fail(message)     says what went wrong, and returns the outcome
    """

    def launch(self, context) -> None:
        raise NotImplementedError

    def tick(self, context) -> set | None:
        raise NotImplementedError

    def fail(self, message: str) -> set:
        raise NotImplementedError

    def given_up(self) -> None:
        """At every ending: takes away what has not landed."""

    def invoke(self, context, event):
        if bpy.app.background:  # no window, so no timer would ever tick
            return self.execute(context)
        try:
            self.launch(context)
        except GanCubeError as error:
            return self.fail(str(error))
        self.shown = ()
        self.timer = context.window_manager.event_timer_add(TICK, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        """While a stroke is drawn no timer comes here: what is shown changes between strokes alone."""
        if event.type == "ESC" and event.value == "PRESS":
            session.cancel()
        elif event.type != "TIMER":
            return {"PASS_THROUGH"}
        try:
            outcome = self.tick(context)
        except GanCubeError as error:
            outcome = self.fail(str(error))
        except Exception:  # a mistake of ours: Blender shows it, and the button must not stay grey
            self.cancel(context)
            raise
        if outcome is not None:
            self.cancel(context)
        if session.status() != self.shown:
            self.shown = session.status()
            redraw()
        return outcome or {"PASS_THROUGH"}

    def cancel(self, context):
        """Every ending of modal; Blender calls it too, when another file is opened meanwhile."""
        session.cancel()
        self.given_up()
        context.window_manager.event_timer_remove(self.timer)
