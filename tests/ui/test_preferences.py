"""The preferences in bpy without a window: what they mean for a scene and the child, and the check of the provider."""

import pytest

bpy = pytest.importorskip("bpy")

import blender_addon  # noqa: E402
from blender_addon.ui import preferences, provider_check, session  # noqa: E402


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    make = pytest.importorskip("tests.tiny", reason="making a model needs onnx").make_tiny
    folder = tmp_path_factory.mktemp("models")
    make(folder / "alpha.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANCUBE_MODELS", str(folder))
        blender_addon.register()
        yield
        blender_addon.unregister()


@pytest.fixture(autouse=True)
def fresh(registered):
    provider_check.forget()
    provider_check.reasons.clear()
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.context.scene.gancube.model = "alpha"


def test_without_preferences_the_defaults_hold():
    assert preferences.chosen() == preferences.Choice() and preferences.stored() is None


def test_plain_values(prefs):
    prefs.threads, prefs.cache_limit, prefs.asset_author = 2, 64, "Me"
    chosen = preferences.chosen()
    assert (chosen.threads, chosen.cache_limit, chosen.asset_author) == (2, 64, "Me")
    prefs.cache_limit = 65
    assert preferences.chosen() == chosen, "the cache is no reason for another child process"
    prefs.threads = 3
    assert preferences.chosen() != chosen


def test_the_default_size_is_that_of_new_files_only(prefs, tmp_path):
    scene = bpy.context.scene.gancube
    prefs.default_size = 512
    assert scene.size == 512
    scene.size = 128
    prefs.default_size = 1024
    assert scene.size == 128, "what is set in the file stays"
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    assert bpy.context.scene.gancube.size == 1024
    bpy.context.scene.gancube.property_unset("size")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "old.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "old.blend"))
    assert bpy.context.scene.gancube.size == 256


def test_why_an_option_is_grey(prefs, tmp_path):
    assert provider_check.why_not("auto") == provider_check.why_not("cpu") == ""
    assert "onnxruntime-gpu" in provider_check.why_not("cuda")
    prefs.python = str(tmp_path / "python")
    assert provider_check.why_not("cuda") == "", "a Python of one's own may have it"
    provider_check.reasons["cuda"] = "no driver"
    assert provider_check.why_not("cuda") == "no driver"
    prefs.python = ""
    assert "onnxruntime-gpu" in provider_check.why_not("cuda"), "another Python, another answer"


def test_check_now_asks_a_real_child(prefs):
    prefs.provider = "cpu"
    assert bpy.ops.gancube.check_provider() == {"FINISHED"}
    check = provider_check.check
    assert check.line.startswith("Ran on CPU, checked") and check.device and not check.client.alive
    assert set(provider_check.reasons) == {"cpu", "cuda", "webgpu", "coreml"}
    assert session.client is None, "the panel's own child was not needed"


def test_what_the_last_run_ran_on_is_kept():
    bpy.context.scene.gancube.size = 32
    assert bpy.ops.gancube.generate_cube() == {"FINISHED"}
    assert "checked" in session.provider and session.device


def test_check_now_says_why_it_fails(prefs):
    prefs.provider = "webgpu"
    with pytest.raises(RuntimeError, match="onnxruntime-ep-webgpu"):
        bpy.ops.gancube.check_provider()
    assert provider_check.check.failed and provider_check.why_not("webgpu")


def test_a_python_that_is_none_is_a_sentence(prefs, tmp_path):
    prefs.python = str(tmp_path / "python")
    with pytest.raises(RuntimeError, match="Python for Generation"):
        bpy.ops.gancube.check_provider()


def test_everything_goes_with_the_add_on(registered):
    import bpy.app

    from blender_addon.ui import default_size

    blender_addon.unregister()
    assert not any(default_size.on_load in handlers for handlers in default_size.HANDLERS)
    assert not hasattr(bpy.types, "GANCUBE_FH_onnx") and not hasattr(bpy.types, "GANCUBE_OT_install_model")
    blender_addon.register()
