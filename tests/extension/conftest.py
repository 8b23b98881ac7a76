"""The built zip, once per session, as `make extension` makes it but for this platform only."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from blender_addon import build_extension


def this_platform() -> str:
    system = {"linux": "linux", "win32": "windows", "darwin": "macos"}[sys.platform]
    machine = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}[
        platform.machine().lower()
    ]
    return f"{system}-{machine}"


@pytest.fixture(scope="session")
def shipped(tmp_path_factory) -> list[Path]:
    """The generators that the zip carries: the shipped ones, or a tiny one where none is there yet."""
    models = build_extension.shipped_models()
    if not models:
        from tests.tiny import make_tiny

        models = [make_tiny(tmp_path_factory.mktemp("models") / "materials.onnx", name="materials")]
    return models


@pytest.fixture(scope="session")
def extension_zip(tmp_path_factory, shipped) -> Path:
    if this_platform() not in build_extension.PLATFORMS:
        pytest.skip(f"the extension is not built for {this_platform()}")
    try:
        (path,) = build_extension.build(tmp_path_factory.mktemp("dist"), [this_platform()], shipped)
    except subprocess.CalledProcessError as error:
        if "download" in error.cmd:
            pytest.skip("the onnxruntime wheels are not in blender_addon/wheels and cannot be downloaded")
        raise
    return path
