"""What is set once per user, not per scene, and what follows from it for the child process. bpy.types only.

Next station: session.py starts the child accordingly. How the settings are drawn: preferences_layout.py.
"""

import sys
from dataclasses import dataclass, field
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


def python_changed(self, context):
    from . import provider_check, session

    session.close()
    provider_check.forget()
    provider_check.reasons.clear()


def provider_changed(self, context):
    from . import provider_check

    provider_check.forget()


def size_changed(self, context):
    from . import default_size

    default_size.apply()


class GANCUBE_PG_model_folder(bpy.types.PropertyGroup):
    path: bpy.props.StringProperty(
        name="Folder",
        description="A folder of your own with generators (*.onnx). New ones are installed into the first of the list",
        subtype="DIR_PATH",
        update=models_changed,
    )


class GANCUBE_preferences(bpy.types.AddonPreferences):
    bl_idname = ADDON

    model_folders: bpy.props.CollectionProperty(
        name="Folders of Generators",
        description="Beside the generators that came with the add-on and those that you installed",
        type=GANCUBE_PG_model_folder,
    )
    python: bpy.props.StringProperty(
        name="Python for Generation",
        description="Empty: Blender's own. Or the python of an environment that has numpy and onnxruntime-gpu",
        subtype="FILE_PATH",
        update=python_changed,
    )
    provider: bpy.props.EnumProperty(
        name="Run On", description="What the generator runs on", items=PROVIDERS, update=provider_changed
    )
    threads: bpy.props.IntProperty(
        name="Threads",
        description="Threads of the processor to use; 0 takes as many as there are",
        min=0,
        max=256,
    )
    cache_limit: bpy.props.IntProperty(
        name="Cache Limit (MB)",
        description="Memory for pictures that are kept so that they need not be generated again",
        default=512,
        min=0,
        soft_max=8192,
        max=1 << 20,
    )
    default_size: bpy.props.IntProperty(
        name="Default Size",
        description="Width and height of the images in a new file, until another size is set there",
        default=256,
        min=1,
        max=8192,
        subtype="PIXEL",
        update=size_changed,
    )
    asset_catalog: bpy.props.StringProperty(
        name="Asset Catalog",
        description="The catalog of the Asset Browser for what is saved as asset. A slash makes a catalog in another",
        default="GAN Cubes",
    )
    asset_author: bpy.props.StringProperty(
        name="Asset Author", description="Your name, written into what is saved as asset"
    )

    def draw(self, context):
        from . import preferences_layout

        preferences_layout.draw(self, self.layout)


@dataclass(frozen=True)
class Choice:
    """The preferences as plain values; the defaults where the add-on was not enabled but only registered.

    Two are equal if the same child process serves both.
    """

    model_folders: tuple[Path, ...] = field(default=(), compare=False)
    python: str = sys.executable
    own_python: bool = False  # the user's own environment: it brings its onnxruntime
    provider: str = "auto"
    threads: int | None = None
    cache_limit: int = field(default=512, compare=False)  # MB
    default_size: int = field(default=256, compare=False)  # pixels
    asset_catalog: str = field(default="GAN Cubes", compare=False)
    asset_author: str = field(default="", compare=False)


def stored() -> GANCUBE_preferences | None:
    """The preferences as Blender keeps them; None where the add-on was not enabled but only registered."""
    addon = bpy.context.preferences.addons.get(ADDON)
    return addon.preferences if addon is not None else None


def chosen() -> Choice:
    prefs = stored()
    if prefs is None:
        return Choice()
    return Choice(
        model_folders=tuple(Path(bpy.path.abspath(one.path)) for one in prefs.model_folders if one.path),
        python=bpy.path.abspath(prefs.python) or sys.executable,
        own_python=bool(prefs.python),
        provider=prefs.provider,
        threads=prefs.threads or None,
        cache_limit=prefs.cache_limit,
        default_size=prefs.default_size,
        asset_catalog=prefs.asset_catalog,
        asset_author=prefs.asset_author,
    )
