"""What can run here, and whether it computes what the model says: asked of a child process of its own. bpy only.

Before: preferences_layout.py (the button). Next: engine/worker.py ("providers", then "load" with the test vector).
"""

import sys
import time
from dataclasses import dataclass

import bpy

from ..engine.errors import GanCubeError
from . import models, preferences, session
from .job import provider_line
from .redraw import redraw

TICK = 0.1  # seconds


@dataclass
class Check:
    """One look at the machine; step() never waits."""

    client: object  # an engine Client
    load: dict  # the request to load the model
    state: str = "asking"  # asking, checking, done
    line: str = ""  # the result, or what went wrong
    device: str = ""
    failed: bool = False

    def start(self) -> "Check":
        self.client.submit({"do": "providers"})
        return self

    @property
    def running(self) -> bool:
        return self.state != "done"

    def step(self) -> None:
        for header, _ in self.client.poll() if self.running else ():
            event = header.get("event")
            if event == "done" and self.state == "asking":
                self.state = "checking"
                reasons.update(header["providers"])
                self.client.submit(self.load)
            elif event == "loaded":
                self.line, self.device = provider_line(header), header["device_name"]
            elif event == "done":
                self.end()
            elif event in ("error", "died"):
                self.line, self.failed = header["message"], True
                self.end()

    def end(self) -> None:
        self.state = "done"
        self.client.close()


check: Check | None = None  # the latest one
reasons: dict[str, str] = {}  # provider -> why it cannot run, "" if it can; empty before the first check


def start(model: str) -> Check:
    """GanCubeError where there is no such model."""
    global check
    path = str(models.entry(model).path)
    choice = preferences.chosen()
    load = {"do": "load", "model": path, "provider": choice.provider, "threads": choice.threads}
    forget()
    check = Check(session.new_client(choice), load).start()
    return check


def forget() -> None:
    """The preferences changed, or the add-on goes: what was found holds no longer."""
    global check
    if check is not None and check.running:
        check.client.kill()
    check = None


def why_not(provider: str) -> str:
    """Why a provider cannot work on this machine, as far as is known before and after a check; "" if it may."""
    if provider == "auto":
        return ""
    if reasons:
        return reasons.get(provider, "")
    if provider == "coreml" and sys.platform != "darwin":
        return "only on a Mac"
    if provider in ("cuda", "webgpu") and not preferences.chosen().own_python:
        package = {"cuda": "onnxruntime-gpu", "webgpu": "onnxruntime-ep-webgpu"}[provider]
        return f"needs Python for Generation set to a Python with {package}"
    return ""


def tick() -> float | None:
    if check is None:
        return None
    before = check.state
    check.step()
    if check.state != before:
        redraw()
    return TICK if check.running else None


class GANCUBE_OT_check_provider(bpy.types.Operator):
    bl_idname = "gancube.check_provider"
    bl_label = "Check Now"
    bl_description = "Ask what can run here, and run the model's test vector on what is chosen"

    @classmethod
    def poll(cls, context):
        if check is not None and check.running:
            cls.poll_message_set("Being checked")
            return False
        return True

    def execute(self, context):
        try:
            start(context.scene.gancube.model)
        except GanCubeError as error:
            self.report({"ERROR"}, str(error))
            return {"CANCELLED"}
        if not bpy.app.background:
            bpy.app.timers.register(tick, first_interval=TICK, persistent=True)
            redraw()
            return {"FINISHED"}
        while check.running:
            check.step()
            time.sleep(0.01)
        self.report({"ERROR" if check.failed else "INFO"}, check.line)
        return {"CANCELLED" if check.failed else "FINISHED"}


CLASSES = (GANCUBE_OT_check_provider,)
