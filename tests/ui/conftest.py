"""The add-on registered from the checkout on small models, a fresh file's settings, and the preferences."""

import pytest


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    pytest.importorskip("bpy")
    tiny = pytest.importorskip("tests.tiny", reason="making a model needs onnx")
    from tests.tiny_style import make_tiny_style

    folder = tmp_path_factory.mktemp("models")
    tiny.make_tiny(folder / "alpha.onnx", maps=("base_color", "normal", "roughness"), stride=16)
    tiny.make_tiny(folder / "beta.onnx", labels=("brick", "straw"), stride=24, name="beta", seed=1)
    make_tiny_style(folder / "tinted.onnx")
    tiny.make_tiny(folder / "nan.onnx", name="nan", nan=True)
    tiny.make_tiny(folder / "text.onnx", not_onnx=True)
    return folder


@pytest.fixture(scope="module")
def registered(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANCUBE_MODELS", str(folder))
        import blender_addon

        blender_addon.register()
        yield
        blender_addon.unregister()


@pytest.fixture
def settings(registered):
    """A fresh file's settings, on the model alpha."""
    import bpy

    from blender_addon.ui import session

    session.error = session.provider = ""
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    settings = bpy.context.scene.gancube
    settings.model, settings.size = "alpha", 32
    return settings


@pytest.fixture
def prefs():
    """The add-on's preferences, as where it is enabled; gone afterwards."""
    bpy = pytest.importorskip("bpy")
    from blender_addon.ui.preferences import ADDON

    addons = bpy.context.preferences.addons
    addon = addons.new()
    addon.module = ADDON
    yield addon.preferences
    addons.remove(addons[ADDON])
