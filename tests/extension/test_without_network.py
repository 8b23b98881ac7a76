"""No network socket is opened, and the saved file is whole in a Blender that does not know the add-on."""

import json
import os
import platform
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("bpy")
pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in ("x86_64", "aarch64"), reason="the guard is Linux's"
)
SCRIPT = Path(__file__).with_name("without_network.py")
TIMEOUT = 600  # seconds; three on a machine that has nothing else to do

# What a Blender without the add-on is asked about the file.
LOOK = """
import hashlib, json, os, sys
import bpy
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
cube = bpy.data.objects["GAN Cube"]
images = []
for slot in cube.material_slots:
    for node in slot.material.node_tree.nodes:
        if node.type == "TEX_IMAGE":
            pixels = [0.0] * len(node.image.pixels)
            node.image.pixels.foreach_get(pixels)
            images.append([node.label, node.image.packed_file is not None, max(pixels[:99]) > 0, bool(node.outputs[0].links)])
bpy.ops.wm.save_as_mainfile(filepath=sys.argv[1].replace("cube", "again"))
print()
print(json.dumps({"images": images, "gancube": hasattr(bpy.types.Scene, "gancube"), "recipe": len(cube["gancube"])}), flush=True)
os._exit(0)
"""  # noqa: E501


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    tiny = pytest.importorskip("tests.tiny", reason="making a model needs onnx")
    folder = tmp_path_factory.mktemp("network")
    (folder / "models").mkdir()
    tiny.make_tiny(folder / "models" / "tiny.onnx", maps=("base_color", "normal", "roughness"))
    return folder


def run(folder, checkout, *arguments):
    environment = {
        **os.environ,
        "BLENDER_USER_RESOURCES": str(folder),
        "GANCUBE_MODELS": str(folder / "models"),
    }
    command = [sys.executable, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT, env=environment, cwd=checkout
    )


@pytest.fixture(scope="module")
def generated(folder, checkout):
    done = run(folder, checkout, SCRIPT, folder, "generate")
    assert done.returncode == 0, f"{done.returncode}: {done.stdout}{done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


def test_the_guard_works(folder, checkout):
    assert run(folder, checkout, SCRIPT, folder, "socket").returncode == -signal.SIGSYS


def test_a_cube_without_any_socket(generated):
    assert generated == {"result": ["FINISHED"], "audited": [], "online": False}


def test_a_blender_without_the_add_on_shows_the_file(generated, folder, checkout):
    done = run(folder, checkout, "-c", LOOK, folder / "cube.blend")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["gancube"] is False and found["recipe"] > 100
    assert found["images"] == [[name, True, True, True] for name in ("base_color", "roughness", "normal")] * 6
    assert not re.search(r"error|warning|traceback|failed", done.stdout + done.stderr, re.IGNORECASE), (
        done.stdout
    )
