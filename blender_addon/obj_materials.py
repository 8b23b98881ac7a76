"""What an OBJ and its MTL files show: materials, their images, which of them can lie on faces. Standard library only.

Previous station: transform_command.py. Next: transform_obj.py. Files come from anywhere: tabs, spaces at the ends,
Latin-1 and files that are missing are no reason to give up. What they name is copied into the result, so only images
and MTL files count: an OBJ of a stranger must not carry a private file of yours away.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path

from .engine.errors import SurfaceError
from .engine.mark import found_facts
from .engine.mtl import map_line, materials_in
from .engine.obj import COMMENT

IMAGES = {
    ".png",
    ".jpg",
    ".jpeg",
    ".webp",
    ".tga",
    ".bmp",
    ".tif",
    ".tiff",
    ".exr",
    ".hdr",
    ".dds",
    ".psd",
    ".gif",
    ".jp2",
}


@dataclass
class Material:
    """`lines` of its MTL, which lies in `folder`; `images` {number of the line: file}; `shown` {map name: file}, each
    of which is there; `job`: the files that go into the chain, () where it stays as it is."""

    folder: Path
    lines: list[str]
    images: dict[int, Path] = field(default_factory=dict)
    shown: dict[str, Path] = field(default_factory=dict)
    job: tuple[Path, ...] = ()

    @property
    def name(self) -> str:
        return " ".join(words_of(self.lines[0])[1:]) if self.lines else ""


def files_of(source: Path) -> list[Path]:
    """The OBJ and all that it names and that is there."""
    unsaid: list[str] = []
    libraries = libraries_of(source, text_of(source), unsaid.append)
    images = [
        path for one in libraries for m in materials_of(one, unsaid.append) for path in m.images.values()
    ]
    return [source, *libraries, *images]


def libraries_of(source: Path, lines: list[str], tell) -> list[Path]:
    """The MTL files that it names and that are there."""
    found: dict[Path, None] = {}
    for line in lines:
        if words_of(line)[:1] != ["mtllib"]:
            continue
        name = line.strip()[len("mtllib") :].strip()
        several = [source.parent / one for one in words_of(line)[1:]]
        # a name may hold spaces, and a line several names
        for path in several if not (source.parent / name).is_file() else [source.parent / name]:
            if not path.is_file():
                tell(f"{path}: is missing, so its materials are left out.")
            elif not is_kind(path, {".mtl"}):
                tell(f"{path}: is no MTL file, so it is left out.")
            else:
                found[path] = None
    return list(found)


def is_kind(path: Path, suffixes: set[str]) -> bool:
    """By its name, and by that of the file that a link leads to."""
    return {path.suffix.lower(), path.resolve().suffix.lower()} <= suffixes


def without_uvs(lines: list[str]) -> set[str]:
    """The materials on whose faces no image can lie."""
    bare: dict[str, bool] = {}
    used = ""
    for line in lines:
        if line.startswith("usemtl"):
            used = " ".join(words_of(line)[1:])
        elif line.startswith("f "):
            corner = line.split(None, 2)[1] if len(line) > 2 else ""
            bare[used] = bare.get(used, True) and not corner.partition("/")[2].partition("/")[0]
    return {name for name, none in bare.items() if none}


def words_of(line: str) -> list[str]:
    return line.split()


def materials_of(library: Path, tell) -> list[Material]:
    made = []
    for lines in materials_in(text_of(library)):
        one = Material(library.parent, lines)
        for number, line in enumerate(lines):
            found = map_line(line)
            if found is None:
                continue
            path = library.parent / found.name.replace("\\", "/")
            if not path.is_file():
                tell(f"{path}: is missing; {library.name} names it as before.")
                continue
            if not is_kind(path, IMAGES):
                tell(f"{path}: is no image; {library.name} names it as before.")
                continue
            one.images[number] = path
            if found.role:
                one.shown[found.role] = path
        made.append(one)
    return made


def told_by(lines: list[str]) -> dict:
    """What the OBJ says of itself, where we wrote it."""
    line = next((one for one in lines if one.startswith(COMMENT)), COMMENT)
    try:
        return found_facts(json.loads(line[len(COMMENT) :]))
    except (ValueError, RecursionError):
        return {}


def text_of(path: Path) -> list[str]:
    """UTF-8, or else Latin-1, as old programs write it; what is written is UTF-8."""
    data = bytes_of(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]


def bytes_of(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SurfaceError(f"{path}: cannot be read ({error.strerror or error}).") from error
