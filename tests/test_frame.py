"""The frame around the rooms: what pyproject.toml, the Makefile and the licence promise, held to what is there."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def test_every_package_is_listed_for_the_wheel():
    on_disk = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for room in ("blender_addon", "gan_train")
        for path in (ROOT / room).rglob("*.py")
        if "__pycache__" not in path.parts
    }
    listed = set(PYPROJECT["tool"]["setuptools"]["packages"])
    assert listed - {"blender_addon.models"} == on_disk


def test_the_base_install_has_no_torch():
    names = {re.split(r"[=<>!;\s]", line)[0] for line in PYPROJECT["project"]["dependencies"]}
    assert names == {"bpy", "numpy", "pillow", "onnxruntime-gpu", "onnxruntime"}


def test_the_version_is_said_the_same_everywhere():
    version = PYPROJECT["project"]["version"]
    manifest = tomllib.loads((ROOT / "blender_addon/blender_manifest.toml").read_text(encoding="utf-8"))
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert manifest["version"] == version
    assert re.search(rf"^## \[{re.escape(version)}\]", changelog, re.MULTILINE)


def test_the_licence_is_whole():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "GNU GENERAL PUBLIC LICENSE" in text and "Version 3, 29 June 2007" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_every_make_target_is_explained():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE).group(1).split()
    explained = re.findall(r"^([a-z]+):.*## \S", makefile, re.MULTILINE)
    assert explained == phony


def test_shipped_generators_stay_small():
    """Whoever clones takes them along: 60 MB together, a generator of many materials 16 MB, one of a photo 3 MB."""
    sizes = {path.stem: path.stat().st_size / 1e6 for path in (ROOT / "exported_models").glob("*.onnx")}
    assert "materials" in sizes and sum(sizes.values()) < 60
    assert {name: size for name, size in sizes.items() if size > (16 if name == "materials" else 8)} == {}
    most = dict.fromkeys(("brick-wall", "floor-tiles", "planks"), 3) | {"maps": 6, "looks": 5}
    most |= dict.fromkeys(("upscale-x4", "ground-to-grass", "grass-to-ground"), 4) | {"weathered": 6}
    assert {name: sizes[name] for name in most if sizes[name] > most[name]} == {}
