"""Atomic writes: a file is either there complete or not at all. Standard library only; never bpy.

Everything the add-on writes goes through `write_atomic` or `atomic_path`: a temporary file in the same folder,
fsync, rename. Whatever goes wrong is an OutputError and leaves nothing behind, and an older file stays as it was.
"""

import contextlib
import errno
import os
import secrets
from pathlib import Path

from .errors import OutputError


def write_atomic(path, data: bytes) -> Path:
    """Write `data` to `path`, whole or not at all."""
    with atomic_path(path) as temporary:
        try:
            temporary.write_bytes(data)
        except OSError as error:
            raise OutputError(_sentence(Path(path), error)) from error
    return Path(path)


@contextlib.contextmanager
def atomic_path(path):
    """Yield a fresh path beside `path`, with the same suffix, to be written by the caller; rename it on success.

    The temporary file exists (empty) when it is yielded, so an unwritable folder is reported before the work
    that fills it. It is removed when the body raises.
    """
    path = Path(path)
    if os.path.isdir(path):  # not Path.is_dir, which raises on absurd names
        raise OutputError(f"{path}: is a folder, not a file. Name the file to write.")
    # The suffix is kept because Blender's exporters append their own where it is missing.
    temporary = path.with_name(f".{path.stem[:60]}.{secrets.token_hex(6)}{path.suffix}")
    try:
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
    except (OSError, ValueError) as error:
        raise OutputError(_sentence(path, error)) from error
    try:
        yield temporary
        try:
            _flush(temporary)
            os.replace(temporary, path)
        except OSError as error:
            raise OutputError(_sentence(path, error)) from error
    finally:
        temporary.unlink(missing_ok=True)
    flush_folder(path.parent)


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system can (Windows cannot open a folder)."""
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sentence(path: Path, error: Exception) -> str:
    code = getattr(error, "errno", None)
    if code == errno.ENOENT:
        return f"{path}: the folder {path.parent} does not exist. Make it first, or choose another."
    if code == errno.ENOTDIR:
        return f"{path}: {path.parent} is not a folder. Choose another."
    if code in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path}: the folder {path.parent} cannot be written to. Choose another, or change its permissions."
    if code in (errno.ENOSPC, errno.EDQUOT):
        return f"{path}: the disk is full. Free some space, or choose another folder."
    return f"{path}: cannot be written ({getattr(error, 'strerror', None) or error}). Choose another name or folder."
