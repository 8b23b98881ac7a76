"""Models that the engine's tests share: made once a session, never changed."""

import pytest

from blender_addon.engine.model import Model
from tests.tiny import make_tiny

ALL_MAPS = ("base_color", "normal", "roughness", "metallic", "height", "ao")


@pytest.fixture(scope="session")
def tiny_path(tmp_path_factory):
    """A model with six maps and three labels."""
    return make_tiny(tmp_path_factory.mktemp("models") / "tiny.onnx", maps=ALL_MAPS)


@pytest.fixture(scope="session")
def tiny(tiny_path):
    return Model.load(tiny_path, provider="cpu", threads=1)
