"""What is in the zip and what its manifest says. No bpy is imported; Blender's own builder has validated it already."""

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

import blender_addon
from blender_addon import build_extension

SOURCE = Path(blender_addon.__file__).parent
# Blender's own list (bl_pkg/example_extension): an unknown tag is refused by extensions.blender.org
TAGS = {"3D View", "Add Mesh", "Material", "Object"}


@pytest.fixture(scope="module")
def names(extension_zip):
    with zipfile.ZipFile(extension_zip) as archive:
        return set(archive.namelist())


@pytest.fixture(scope="module")
def manifest(extension_zip):
    with zipfile.ZipFile(extension_zip) as archive:
        return tomllib.loads(archive.read("blender_manifest.toml").decode())


def test_versions_agree(manifest):
    assert manifest["version"] == blender_addon.__version__


def test_the_manifest_keeps_the_rules(manifest):
    assert (manifest["id"], manifest["name"], manifest["schema_version"]) == ("gancube", "GAN Cubes", "1.0.0")
    assert manifest["license"] == ["SPDX:GPL-3.0-or-later"] and manifest["blender_version_min"] == "4.2.0"
    assert set(manifest["tags"]) <= TAGS
    assert set(manifest["permissions"]) == {"files", "clipboard"}, "no network"
    for text in (manifest["tagline"], *manifest["permissions"].values()):
        assert len(text) <= 64 and not text.endswith((".", "!", "?"))


def test_what_is_used_is_asked_for(manifest):
    """extensions.blender.org: whatever reads files, uses the clipboard, the network, the camera or the microphone."""
    text = "".join(path.read_text() for path in SOURCE.rglob("*.py") if "wheels" not in path.parts)
    assert ("window_manager.clipboard" in text) == ("clipboard" in manifest["permissions"])


def test_one_plain_onnxruntime_for_each_python(manifest, names):
    wheels = [wheel.removeprefix("./") for wheel in manifest["wheels"]]
    assert set(wheels) == {name for name in names if name.endswith(".whl")}
    tags = sorted(
        re.fullmatch(r"wheels/onnxruntime-([\d.]+)-cp(\d+)-cp\2-\S+\.whl", wheel).groups() for wheel in wheels
    )
    expected = [(build_extension.ONNXRUNTIME, python.replace(".", "")) for python in build_extension.PYTHONS]
    assert tags == sorted(expected)


def test_every_module_and_nothing_of_the_workshop(names):
    modules = {
        path.relative_to(SOURCE).as_posix()
        for path in SOURCE.rglob("*.py")
        if not {"wheels", "__pycache__"} & set(path.parts) and path.name != "build_extension.py"
    }
    assert {name for name in names if name.endswith(".py")} == modules
    assert "LICENSE" in names
    suffixes = {Path(name).suffix for name in names if not name.endswith("/")}
    assert suffixes <= {".py", ".toml", ".whl", ".onnx", ".md", ""}


def test_it_carries_the_generators(names, shipped):
    assert {f"models/{path.name}" for path in shipped} <= names


def test_small_enough_for_the_site(extension_zip):
    assert extension_zip.stat().st_size < 100e6


def test_all_platforms_in_the_manifest_can_be_built():
    listed = tomllib.loads((SOURCE / "blender_manifest.toml").read_text())["platforms"]
    assert listed == list(build_extension.PLATFORMS)
    text = build_extension.manifest_text(
        (SOURCE / "blender_manifest.toml").read_text(), [Path("a.whl")], ["linux-x64"]
    )
    cut = tomllib.loads(text)
    assert (cut["platforms"], cut["wheels"]) == (["linux-x64"], ["./wheels/a.whl"])
    assert "permissions" in cut and "wheels" not in cut["permissions"]
