"""Finds the onnxruntime that the child process is to import. Standard library only; imports no wheel.

Blender unpacks the wheels of all extensions into one shared folder, where two extensions with different
versions (or onnxruntime-gpu) overwrite each other and removing one removes it for both. So the shared
copy is used only if it is, file by file, what our wheel holds; otherwise our own wheel is unpacked into the
extension's user folder. Run by the child (boot.py), since unpacking takes a second that Blender shall not wait.
"""

import os
import platform
import re
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import file_lock
from .errors import WorkerError

WHEELS = Path(__file__).resolve().parent.parent / "wheels"
WAIT = 120.0  # seconds that another Blender may take to unpack; one takes about a second
VERSION_LINE = re.compile(r'^__version__ = "([^"]+)"', re.MULTILINE)


@dataclass(frozen=True)
class Wheel:
    """`onnxruntime-1.31.1-cp311-cp311-manylinux_2_28_x86_64.whl`, taken apart."""

    path: Path
    version: str
    python: str  # "cp311"
    platform: str  # "manylinux_2_28_x86_64", "win_amd64", "macosx_14_0_arm64"


def python_tag() -> str:
    return f"cp{sys.version_info.major}{sys.version_info.minor}"


def platform_fits(tag: str, system: str, machine: str) -> bool:
    """Does a wheel's platform tag name this system (sys.platform) and this processor?"""
    machine = {"amd64": "x86_64", "aarch64": "arm64"}.get(machine.lower(), machine.lower())
    starts = {"linux": ("manylinux", "linux"), "win32": ("win",), "darwin": ("macosx",)}.get(system, ())
    ends = {"x86_64": ("x86_64", "amd64"), "arm64": ("arm64", "aarch64")}.get(machine, (machine,))
    return tag.startswith(starts or ("?",)) and tag.endswith(ends)


def fits(wheel: Wheel) -> bool:
    return wheel.python == python_tag() and platform_fits(wheel.platform, sys.platform, platform.machine())


def bundled_wheels(folder: Path = WHEELS) -> list[Wheel]:
    """The onnxruntime wheels in the extension, by name; empty in a checkout."""
    wheels = []
    for path in sorted(folder.glob("onnxruntime-*.whl")):
        parts = path.stem.split("-")  # name, version, [build,] python, abi, platform
        wheels.append(Wheel(path, parts[1], parts[-3], parts[-1]))
    return wheels


def installed_version(folder: str | os.PathLike) -> str | None:
    """Version of the onnxruntime in one sys.path folder; None if there is none or it is not whole."""
    package = Path(folder) / "onnxruntime"
    try:
        text = (package / "__init__.py").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
    version = VERSION_LINE.search(text)
    whole = any((package / "capi").glob("onnxruntime_pybind11_state*"))
    return version[1] if version and whole else None


def holds(folder: Path, wheel: Wheel) -> bool:
    """Is every file of the wheel in `folder`, with its size? onnxruntime-gpu of the same version has others."""
    with zipfile.ZipFile(wheel.path) as archive:
        files = [entry for entry in archive.infolist() if entry.filename.startswith("onnxruntime/")]
    return all(entry.is_dir() or _size(folder / entry.filename) == entry.file_size for entry in files)


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None


def unpack(wheel: Wheel, folder: Path) -> Path:
    """The wheel, unpacked once into FOLDER/<wheel name>: whole or not there at all.

    Of several Blenders one unpacks and the others wait: a folder that is not whole is removed first, and by the time
    it goes it could be whole and in use.
    """
    target = folder / wheel.path.stem
    if not holds(target, wheel):
        folder.mkdir(parents=True, exist_ok=True)
        with file_lock.held(folder / "unpacking.lock", WAIT):
            if not holds(target, wheel):
                _unpack(wheel, target)
                _remove_older(target)
    return target


def _unpack(wheel: Wheel, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="unpacking-") as temporary:
        fresh = Path(temporary) / "wheel"
        with zipfile.ZipFile(wheel.path) as archive:
            archive.extractall(fresh)
        if target.exists():  # left by a disk that was full, or by hand
            shutil.rmtree(target)
        fresh.rename(target)


def _remove_older(target: Path) -> None:
    """What an earlier version of the extension unpacked. On Windows a file in use stays until the next update."""
    for other in target.parent.glob("onnxruntime-*"):
        if other != target:
            shutil.rmtree(other, ignore_errors=True)


def find(search: Iterable[str], user_folder: Path | None, wheels: Path = WHEELS) -> Path | None:
    """The folder to put first on sys.path, or None if there is no need (Python finds it by itself).

    search: the sys.path of this process. user_folder: where to unpack, None outside an installed extension.
    """
    there = [(folder, installed_version(folder)) for folder in search if folder]
    there = [(folder, version) for folder, version in there if version]
    carried = bundled_wheels(wheels) if user_folder is not None else []
    fitting = [w for w in carried if fits(w)]
    if fitting:
        wheel = fitting[-1]
        try:
            # only the first one counts: that is what an import would take
            if there and there[0][1] == wheel.version and holds(Path(there[0][0]), wheel):
                return Path(there[0][0])
            return unpack(wheel, user_folder)
        except (OSError, zipfile.BadZipFile) as error:
            raise WorkerError(f"{wheel.path.name} cannot be unpacked into {user_folder}: {error}") from error
    if there:
        return Path(there[0][0])
    raise WorkerError(_nothing_fits(carried))


def _nothing_fits(carried: list[Wheel]) -> str:
    here = f"Python {sys.version_info.major}.{sys.version_info.minor} on {sys.platform} {platform.machine()}"
    advice = "Use another Blender, or set 'Python for Generation' in the preferences to a Python that has onnxruntime"
    if not carried:
        return f"this Blender ({here}) has no onnxruntime, and none is bundled. {advice}"
    has = ", ".join(sorted({f"{w.python[2]}.{w.python[3:]} ({w.platform})" for w in carried}))
    return f"this Blender has {here}; GAN Cubes carries onnxruntime {carried[0].version} for Python {has}. {advice}"
