"""A look from a photo in bpy without a window, with the real gan-train in a process of its own."""

import sys

import pytest

bpy = pytest.importorskip("bpy")
pytest.importorskip("torch")

from blender_addon.engine.recipe import loads  # noqa: E402
from blender_addon.ui import photo_look, preferences  # noqa: E402
from tests.ui.panel import generate, pictures  # noqa: E402


@pytest.fixture
def photo(settings, tmp_path):
    settings.size = 128  # smaller photos are refused
    settings.seed = 3
    path = tmp_path / "photo.png"
    path.write_bytes(pictures(generate())[0])
    return path


def test_the_look_is_in_every_request_until_it_is_forgotten(settings, photo):
    before = loads(generate()["gancube"])
    assert bpy.ops.gancube.match_photo(filepath=str(photo), tries=128) == {"FINISHED"}
    assert settings.look_name == "photo.png"
    made = loads(generate()["gancube"])
    assert set(made.settings["latents"]) == {"z"} and isinstance(made.label, dict)
    bpy.ops.mesh.primitive_monkey_add()
    bpy.ops.gancube.texture()
    assert loads(bpy.context.active_object["gancube"]).settings["latents"] == made.settings["latents"]
    assert photo_look.is_used(settings)
    settings.model = "beta"
    assert not photo_look.is_used(settings)
    assert "latents" not in loads(generate()["gancube"]).settings, "it is a look of another generator"
    settings.model, settings.size = "alpha", 128
    bpy.ops.gancube.forget_look()
    again = loads(generate()["gancube"])
    assert again.face_seeds == before.face_seeds and again.settings == before.settings


def test_what_is_no_photo_is_a_sentence(settings, photo, tmp_path):
    (tmp_path / "text.png").write_text("hello")
    with pytest.raises(RuntimeError, match=r"text\.png"):
        bpy.ops.gancube.match_photo(filepath=str(tmp_path / "text.png"), tries=128)
    assert settings.look == ""


def test_a_python_without_gan_train_is_a_sentence(settings, photo, tmp_path, monkeypatch):
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    bare.chmod(0o755)
    choice = preferences.Choice(python=str(bare), own_python=True)
    monkeypatch.setattr("blender_addon.ui.photo_operator.chosen", lambda: choice)
    with pytest.raises(RuntimeError, match="Python for Generation"):
        bpy.ops.gancube.match_photo(filepath=str(photo), tries=128)
    choice = preferences.Choice(python=str(tmp_path / "none"), own_python=True)
    with pytest.raises(RuntimeError, match="cannot be started"):
        bpy.ops.gancube.match_photo(filepath=str(photo), tries=128)


def test_in_an_extension_without_it_the_button_says_what_is_missing(settings, monkeypatch):
    monkeypatch.setattr("blender_addon.ui.photo_operator.ADDON", "bl_ext.user_default.gancube")
    assert not bpy.ops.gancube.from_photo.poll()
