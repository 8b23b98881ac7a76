"""The catalogs of an asset library: the text file blender_assets.cats.txt in its folder. Standard library only.

Lines of others are kept as they are. A catalog keeps its UUID, which is that of its path the first time it is made.
Before: a path such as "GAN Cubes/Walls". Next: scene/asset_mark.py stores the UUID in the asset; batch_run.py.
"""

import re
import uuid
from pathlib import Path

from .errors import OutputError
from .files import write_atomic

FILE = "blender_assets.cats.txt"
NAMESPACE = uuid.UUID("6f1c1c5e-6f0e-5c0f-9d0b-5a9f2f6d8a11")  # of our catalogs; any constant does
HEADER = """# This is an Asset Catalog Definition file for Blender.
#
# Empty lines and lines starting with `#` will be ignored.
# The first non-ignored line should be the version indicator.
# Other lines are of the format "UUID:catalog/path/for/assets:simple catalog name"

VERSION 1

"""
LINE = re.compile(r"([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}):([^:]*)(?::.*)?")


def clean_path(text: str) -> str:
    """ " GAN Cubes // Walls/" -> "GAN Cubes/Walls"; what the file's format cannot hold becomes a dash."""
    parts = (re.sub(r"[:\\\x00-\x1f]", "-", part).strip() for part in text.split("/"))
    return "/".join(part for part in parts if part)


def new_uuid(path: str) -> str:
    return str(uuid.uuid5(NAMESPACE, path))


def root_of(blend: Path, libraries: list[Path]) -> Path:
    """The folder whose catalogs Blender shows for a .blend file: the asset library that holds it, or its own folder."""
    holding = [library for library in libraries if blend.resolve().is_relative_to(library.resolve())]
    return max(holding, key=lambda library: len(library.resolve().parts), default=blend.parent)


def with_catalog(text: str, path: str) -> tuple[str, str]:
    """The file's text with a catalog for `path` in it, and that catalog's UUID; the same text where it is there."""
    taken = {}
    for line in text.splitlines():
        if match := LINE.fullmatch(line.strip()):
            taken.setdefault(match[2], match[1])
    if path in taken:
        return text, taken[path]
    if not re.search(r"^VERSION \d+\s*$", text, re.MULTILINE):
        text = HEADER + text
    end = "\r\n" if "\r\n" in text else "\n"
    if not text.endswith("\n"):
        text += end
    made = new_uuid(path)
    return text + f"{made}:{path}:{path.replace('/', '-')}{end}", made


def read(folder: Path) -> str:
    """The text of a folder's catalogs, "" where it has none."""
    file = folder / FILE
    try:
        # bytes, because reading as text would change the line ends of others
        text = file.read_bytes().decode("utf-8-sig") if file.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise OutputError(f"{file}: cannot be read, so no catalog is added to it ({error}).") from error
    version = re.search(r"^VERSION (\d+)\s*$", text, re.MULTILINE)
    if version and version[1] != "1":
        raise OutputError(
            f"{file}: is of version {version[1]}; version 1 is known here. Use a newer GAN Cubes."
        )
    return text


def ensure(folder: Path, path: str) -> str:
    """The UUID of the catalog, which is in the folder's file afterwards."""
    text = read(folder)
    wanted, made = with_catalog(text, path)
    if wanted != text:
        write_atomic(folder / FILE, wanted.encode("utf-8"))
    return made
