"""What every test stands on: Blender's user folder is a fresh temporary one, and the header says which versions run.

Nothing here imports bpy, numpy or torch: the engine's tests must be able to run without them.
"""

import atexit
import importlib.metadata
import os
import shutil
import sys
import tempfile
from pathlib import Path

import pytest

# Before the first `import bpy` anywhere, in this process and its children: bpy puts the extensions that the user
# has installed ahead of the environment's packages, and tests must neither see nor touch those.
_blender_user = tempfile.mkdtemp(prefix="gancube-blender-user-")
os.environ["BLENDER_USER_RESOURCES"] = _blender_user
atexit.register(shutil.rmtree, _blender_user, ignore_errors=True)

# Models of the person who runs the tests are no part of them.
os.environ.pop("GANCUBE_MODELS", None)


def pytest_report_header() -> str:
    """The versions that decide a result, read from the installed packages without importing any."""
    versions = []
    for name in ("bpy", "numpy", "onnxruntime-gpu", "onnxruntime", "onnx", "torch"):
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            continue
    return "gancube on " + ", ".join(versions)


@pytest.fixture(scope="session")
def checkout() -> Path:
    """The folder that holds pyproject.toml."""
    return Path(__file__).resolve().parent.parent


_exit_status = 0


def pytest_sessionfinish(exitstatus: int) -> None:
    global _exit_status
    _exit_status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure() -> None:
    """Leaves at once where bpy 4.2 is: as a module it crashes on leaving once it has saved a .blend (4.2.23)."""
    bpy = sys.modules.get("bpy")
    if bpy is not None and bpy.app.version < (4, 3):
        shutil.rmtree(_blender_user, ignore_errors=True)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_exit_status)
