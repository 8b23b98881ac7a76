"""What is set once per user, not per scene, and what follows from it for the child process. bpy.types only.

Next station: session.py starts the child accordingly.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import bpy

ADDON = __package__.rpartition(".")[0]  # "bl_ext.user_default.gancube", or "blender_addon" in a checkout

PROVIDERS = (
    ("auto", "Automatic", "The fastest that is there and passes the model's check"),
    ("cpu", "CPU", "The processor: the same bytes every time"),
    ("cuda", "CUDA", "NVIDIA; needs a Python with onnxruntime-gpu, see Python for Generation"),
    ("webgpu", "WebGPU", "Any graphics card; needs a Python with onnxruntime-ep-webgpu"),
    ("coreml", "CoreML", "Apple's processors"),
)


def models_changed(self, context):
    from . import models

    models.refresh()


def child_changed(self, context):
    from . import session

    session.close()


class GANCUBE_preferences(bpy.types.AddonPreferences):
    bl_idname = ADDON

    model_folder: bpy.props.StringProperty(
        name="Generators",
        description="A folder of your own with generators (*.onnx), beside those that came with the add-on",
        subtype="DIR_PATH",
        update=models_changed,
    )
    python: bpy.props.StringProperty(
        name="Python for Generation",
        description="Empty: Blender's own. Or the python of an environment that has numpy and onnxruntime-gpu",
        subtype="FILE_PATH",
        update=child_changed,
    )
    provider: bpy.props.EnumProperty(name="Run On", description="What the generator runs on", items=PROVIDERS)
    threads: bpy.props.IntProperty(
        name="Threads",
        description="Threads of the processor to use; 0 takes as many as there are",
        min=0,
        max=256,
    )

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        for name in ("model_folder", "python", "provider", "threads"):
            layout.prop(self, name)


@dataclass(frozen=True)
class Choice:
    """The preferences as plain values; the defaults where the add-on was not enabled but only registered."""

    model_folder: Path | None = None
    python: str = sys.executable
    own_python: bool = False  # the user's own environment: it brings its onnxruntime
    provider: str = "auto"
    threads: int | None = None


def chosen() -> Choice:
    addon = bpy.context.preferences.addons.get(ADDON)
    if addon is None or addon.preferences is None:
        return Choice()
    prefs = addon.preferences
    return Choice(
        model_folder=Path(bpy.path.abspath(prefs.model_folder)) if prefs.model_folder else None,
        python=bpy.path.abspath(prefs.python) or sys.executable,
        own_python=bool(prefs.python),
        provider=prefs.provider,
        threads=prefs.threads or None,
    )
