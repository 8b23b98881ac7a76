"""The models at hand: the folders, what lies in them, which file a name means. Standard library only; never bpy.

Previous station: the command's --model or the panel's list; next: Model.load.
"""

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from .card import Card, parse_card
from .errors import GanCubeError, ModelError
from .match import card_text, file_faults, graph_faults
from .onnx_file import read_onnx

ENVIRONMENT = "GANCUBE_MODELS"  # folders, separated as in PATH
SHIPPED = "materials"  # the generator that stands for "no model named"
MAX_FILES = 1000  # of one folder

_read = {}  # path -> ((mtime, size), Entry): the panel asks again and again


@dataclass(frozen=True)
class Entry:
    """One file. `name` is the file's name without .onnx; either `card` or `fault` (a sentence) is None."""

    name: str
    path: Path
    card: Card | None
    fault: str | None
    sha256: str = ""


def folders(*user_folders) -> list[Path]:
    """Where models are looked for, first come first served: environment, the user's, extension, checkout."""
    package = Path(__file__).resolve().parents[1]
    named = [Path(p) for p in os.environ.get(ENVIRONMENT, "").split(os.pathsep) if p.strip()]
    user = [Path(folder) for folder in user_folders if folder]
    found = []
    for folder in [*named, *user, package / "models", package.parent / "exported_models"]:
        if folder.is_dir() and folder not in found:
            found.append(folder)
    return found


def entries(folders: list[Path]) -> list[Entry]:
    """Every .onnx file of the folders (not of folders in them), faulty ones with their fault. A name is listed once."""
    found = {}
    for folder in folders:
        try:
            files = sorted(
                p
                for p in Path(folder).iterdir()
                if p.suffix.lower() == ".onnx" and not p.name.startswith(".")
            )
        except OSError:
            continue  # a folder of the preferences that is not there now
        for path in files[:MAX_FILES]:
            found.setdefault(path.stem, path)
    return [read_entry(path) for path in found.values()]


def find(name_or_path, folders: list[Path]) -> Path:
    """The file meant by a path, a file name without .onnx, or the name in a card. ModelError lists what is near."""
    text = str(name_or_path)
    path = Path(text)
    looks_like_path = path.suffix.lower() == ".onnx" or path.name != text
    if looks_like_path and os.path.isfile(path):
        return path
    listed = entries(folders)
    for entry in listed:
        if text == entry.name or text == entry.path.name:
            return entry.path
    for entry in listed:
        if entry.card and entry.card.name == text:
            return entry.path
    if looks_like_path:
        raise ModelError(f"{text}: no such file. Check the path, or see `gancube models` for those at hand.")
    names = [entry.name for entry in listed]
    near = difflib.get_close_matches(text, names, 3, 0.4) or names[:10]
    if near:
        raise ModelError(f"model {text!r}: not found. At hand: {', '.join(near)}. See `gancube models`.")
    raise ModelError(f"model {text!r}: not found, and there are no models in {_where(folders)}. {_hint()}")


def default(folders: list[Path]) -> Path:
    """The shipped generator, or the first one that makes textures out of seeds where it is not there."""
    usable = [entry for entry in entries(folders) if entry.card and not entry.card.takes_picture]
    for entry in usable:
        if entry.name == SHIPPED:
            return entry.path
    if usable:
        return usable[0].path
    raise ModelError(f"there are no models in {_where(folders)}. {_hint()}")


def _where(folders) -> str:
    return ", ".join(str(f) for f in folders) or "any of the folders"


def _hint() -> str:
    return f"Export one with `gan-train export`, put it there, or name its folder in {ENVIRONMENT}."


def read_entry(path: Path) -> Entry:
    """Read the facts of a file; no inference. Kept until the file changes."""
    try:
        stat = path.stat()
    except OSError as error:
        return Entry(path.stem, path, None, f"{path}: cannot be read ({error.strerror}).")
    stamp = (stat.st_mtime_ns, stat.st_size)
    if path in _read and _read[path][0] == stamp:
        return _read[path][1]
    try:
        onnx = read_onnx(path)
        card = parse_card(card_text(onnx), str(path))
        for fault in [*file_faults(onnx), *graph_faults(onnx, card)]:
            raise fault
        entry = Entry(path.stem, path, card, None, onnx.sha256)
    except GanCubeError as error:
        entry = Entry(path.stem, path, None, str(error))
    _read[path] = (stamp, entry)
    return entry
