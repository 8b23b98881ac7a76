"""The built zip in a clean Blender user folder, in a process of its own: installed, clicked, closed, opened again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from blender_addon.build_extension import ONNXRUNTIME
from blender_addon.engine.card import CARD_KEY, Card, parse_card
from blender_addon.engine.onnx_file import read_onnx

pytest.importorskip("bpy")
SCRIPT = Path(__file__).with_name("install_and_use.py")
TIMEOUT = 1200  # seconds; ten on a machine that has nothing else to do


def run(step: str, archive: Path, folder: Path) -> dict:
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(folder)}
    environment.pop("PYTHONPATH", None)
    command = [sys.executable, "-I", str(SCRIPT), step, str(archive), str(folder)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT, env=environment, cwd=folder
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return {**json.loads(done.stdout.splitlines()[-1]), "printed": done.stdout}


def card_of(path: Path) -> Card:
    return parse_card(read_onnx(path).metadata[CARD_KEY], str(path))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("blender-user").resolve()


@pytest.fixture(scope="module")
def first(extension_zip, folder):
    return run("first", extension_zip, folder)


@pytest.fixture(scope="module")
def again(first, extension_zip, folder):
    return run("again", extension_zip, folder)


def test_the_generators_of_the_zip_are_offered(first, shipped):
    """Those that make a picture out of a seed for the cube, those that take one for Transform."""
    takers = {path.stem for path in shipped if card_of(path).takes_picture}
    assert set(first["models"]) == {path.stem for path in shipped} - takers
    assert set(first["takers"]) == takers or (not takers and len(first["takers"]) == 1)
    assert first["default"] in first["models"]


def test_the_operator_makes_a_cube_at_the_cursor(first):
    assert first["result"] == ["FINISHED"]
    assert first["cube"] == ["GAN Cube", True, [1.0, 2.0, 3.0], [1.5, 1.5, 1.5]]
    assert first["selected"] == ["GAN Cube"]


def test_six_different_packed_pictures(first):
    means = [mean for mean, _ in first["pictures"].values()]
    assert len(means) == 6 and len(set(means)) == 6
    assert all(packed for _, packed in first["pictures"].values())


def test_the_recipe_says_what_was_used(first):
    recipe = first["recipe"]
    assert (recipe["seed"], recipe["size"], recipe["model"]["name"]) == (5, 64, first["default"])
    assert recipe["versions"]["blender"] == first["blender"]
    assert recipe["versions"]["onnxruntime"] == ONNXRUNTIME


def test_the_provider_is_told_and_checked(first):
    assert first["provider"].startswith("Ran on ") and ", checked: off by " in first["provider"]


def test_onnxruntime_stays_out_of_blender(first):
    assert first["onnxruntime in Blender"] is False


def test_a_foreign_onnxruntime_does_no_harm(first):
    assert first["result with a foreign onnxruntime"] == ["FINISHED"]
    assert list(first["pictures with our own"].values()) == list(first["pictures"].values())
    (unpacked,) = first["unpacked"]
    assert unpacked.startswith(f"onnxruntime-{ONNXRUNTIME}-")
    assert not first["unpacked in"].startswith("extensions/user_default"), (
        "the add-on's own folder is not written to"
    )


def test_disabling_ends_the_child_and_leaves_nothing(first):
    assert first["child after disabling"] is not None
    assert first["scene property after disabling"] is False
    assert first["kept settings"] == [5, 64]


def test_the_next_session_shows_the_same(first, again):
    assert again["settings of the file"] == [5, 64]
    assert again["pictures"] == first["pictures"]


def test_the_command_runs_inside_blender(first, again):
    assert again["command"] == 0
    assert (again["batch"], again["assets"]) == (0, ["cube-0.glb", "cube-1.glb"])
    assert '"seed":5' in again["printed"].replace(" ", "")
