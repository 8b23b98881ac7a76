"""A generator from anywhere into a folder of the user's: copied, checked whole, named. Numpy, onnxruntime; never bpy.

Run by the worker in a child process of its own: the file may be hostile, and onnxruntime runs it. Next: library.py.
"""

import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import file_lock
from .check import check_file
from .errors import GanCubeError, ModelError, OutputError
from .files import atomic_path
from .onnx_file import MAX_BYTES, read_onnx

WAIT = 60.0  # seconds that another Blender may take to install into the same folder
SUFFIX = ".onnx"


@dataclass(frozen=True)
class Installed:
    """Either `path` or `faults`. `known`: a file with the same content was there before."""

    path: Path | None = None
    sha256: str = ""
    known: bool = False
    faults: tuple[str, ...] = ()


def install(source, folder, taken: dict[str, str] | None = None) -> Installed:
    """Checks a copy of `source` and, where it has no fault, gives it its name in `folder`; never over another file.

    taken: {name: SHA-256} of the generators at hand, in whatever folder: a name means one file.
    """
    source, folder = Path(source), Path(folder)
    try:
        refuse_at_sight(source)
        folder.mkdir(parents=True, exist_ok=True)
        with file_lock.held(folder / ".installing.lock", WAIT):
            return _install(source, folder, taken or {})
    except GanCubeError as error:
        return Installed(faults=(str(error),))
    except OSError as error:
        return Installed(faults=(f"{folder}: cannot be written to ({error.strerror or error}).",))


def refuse_at_sight(source: Path) -> None:
    if source.suffix.lower() != SUFFIX:
        raise ModelError(f"{source.name}: is not an {SUFFIX} file.")
    if not source.is_file():
        raise ModelError(f"{source}: no such file.")
    if source.stat().st_size > MAX_BYTES:
        raise ModelError(f"{source}: is larger than 2 GiB, which no ONNX file can be.")


def _install(source: Path, folder: Path, taken: dict[str, str]) -> Installed:
    for left in folder.glob(
        f".installing-*{SUFFIX}"
    ):  # we hold the lock, so the process that made it is dead
        left.unlink(missing_ok=True)
    # The copy is checked, not the original, which could be another file by the time it is copied.
    draft = folder / f".installing-{secrets.token_hex(6)}{SUFFIX}"
    try:
        try:
            shutil.copyfile(source, draft)
        except OSError as error:
            sentence = f"{source}: could not be copied to {folder} ({error.strerror or error})."
            raise OutputError(sentence) from error
        faults = check_file(draft)
        if faults:
            return Installed(faults=tuple(fault.replace(str(draft), source.name) for fault in faults))
        digest = read_onnx(draft).sha256
        same = [name for name, other in taken.items() if other == digest]
        if same:
            return Installed(folder / (same[0] + SUFFIX), digest, known=True)
        path = free_name(folder, source.stem.lstrip(".") or "generator", set(taken))
        with atomic_path(path) as target:
            os.replace(draft, target)
        return Installed(path, digest)
    finally:
        draft.unlink(missing_ok=True)


def free_name(folder: Path, stem: str, taken: set[str]) -> Path:
    """NAME.onnx, or NAME-2.onnx and so on where the name is another generator's, in this folder or in another."""
    number = 1
    while True:
        name = stem if number == 1 else f"{stem}-{number}"
        if name not in taken and not (folder / (name + SUFFIX)).exists():
            return folder / (name + SUFFIX)
        number += 1
