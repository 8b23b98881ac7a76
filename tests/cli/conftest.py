"""The command in this process, on a tiny real generator."""

from pathlib import Path
from typing import NamedTuple

import bpy
import pytest

from blender_addon.cli import main
from blender_addon.scene import render
from tests.tiny import make_tiny
from tests.tiny_style import make_tiny_style

PBR = ("base_color", "normal", "roughness", "metallic", "ao", "height")


class Answer(NamedTuple):
    """What a call gave: exit code, standard output, standard error."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def models(tmp_path_factory) -> Path:
    """A folder with generators: `tiny` (base colour), `pbr` (every map but alpha), `tinted` (styles)."""
    folder = tmp_path_factory.mktemp("models")
    make_tiny(folder / "tiny.onnx")
    make_tiny(folder / "pbr.onnx", maps=PBR, name="pbr")
    make_tiny_style(folder / "tinted.onnx")
    return folder


@pytest.fixture
def gancube(models, monkeypatch, capfd):
    """gancube(*arguments) -> Answer; the models of `models` are at hand. Also catches what C code prints."""
    monkeypatch.setenv("GANCUBE_MODELS", str(models))

    def run(*arguments) -> Answer:
        capfd.readouterr()
        code = main([str(a) for a in arguments])
        return Answer(code, *capfd.readouterr())

    return run


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture(autouse=True)
def small_pictures(monkeypatch):
    """Pictures of 96 x 48 px and one sample: what they show is tested in tests/scene."""
    monkeypatch.setattr(render.picture_bytes, "__defaults__", (48, 1))
