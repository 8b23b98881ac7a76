"""The files that a command will write, looked at before any work: none may be a source, none may come twice. Standard
library only. Those that nobody named: unnamed_files.py.

Previous station: transform_files.py, transform_obj.py, geometry_command.py. What else lies there is replaced.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from .errors import OutputError


def check_written(written: Sequence[Path], sources: Iterable[Path]) -> None:
    """OutputError where these files cannot be written, or one of them is a file that is read."""
    kept = list(sources)
    same: dict[Path, Path] = {}
    for path in written:
        for source in kept:
            if is_same(path, source):
                raise OutputError(
                    f"{path}: would be written over, and is read as a source. Choose another name for --out."
                )
        if path.resolve() in same:
            raise OutputError(
                f"{path}: two results would have this name. Rename a source, or give each its own --out."
            )
        same[path.resolve()] = path
        if path.is_dir():
            raise OutputError(f"{path}: is a folder, not a file. Choose another name for --out.")
    for folder in dict.fromkeys(path.parent for path in written):
        check_folder(folder)


def is_same(path: Path, source: Path) -> bool:
    """Also by another name: a link, or where the system does not tell capitals from small letters."""
    try:
        return path.resolve() == source.resolve() or path.samefile(source)
    except OSError:  # it is not there yet
        return False


def check_folder(folder: Path) -> None:
    """It can be made, or is there."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    if not folder.is_dir():
        raise OutputError(f"{folder}: is no folder. Choose another for --out.")


def check_beside(out: Path) -> None:
    """The folder of a file that is named itself is not made: it may be a slip of the pen."""
    if not out.parent.is_dir():
        raise OutputError(f"{out}: the folder {out.parent} does not exist. Make it first, or choose another.")


def named_apart(files: Sequence[Path], key: Callable[[Path], str] = lambda path: path.stem) -> list[str]:
    """A name for each: brick.png is "brick", but "brick-png" beside a brick.jpg."""
    names = [key(one) for one in files]
    return [
        name if names.count(name) == 1 else f"{name}-{one.suffix[1:].lower()}"
        for one, name in zip(files, names, strict=True)
    ]
