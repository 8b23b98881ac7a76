"""What Blender's importers pass over without a word: mesh files cut short, coordinates that are not numbers.

Next: scene/mesh_source.py imports the file. Standard library only; never bpy.
"""

import math
import re
from array import array
from collections.abc import Iterator
from pathlib import Path

from .errors import RecipeError, SurfaceError
from .glb import read_glb
from .usdz import contents

FLOAT = 5126  # of an accessor in glTF
NO_FLOAT = re.compile(rb"^v[ \t].*?[\d.]e\+?0*(3[89]|[4-9]\d|\d{3,})", re.IGNORECASE | re.MULTILINE)
NUMBER = r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?"
WHOLE = {  # what the last line of an OBJ has to look like, by its first word
    "v": re.compile(rf"({NUMBER}\s*){{3,}}", re.IGNORECASE),
    "vn": re.compile(rf"({NUMBER}\s*){{3}}", re.IGNORECASE),
    "vt": re.compile(rf"({NUMBER}\s*){{1,3}}", re.IGNORECASE),
    "f": re.compile(r"-?\d+(\s+-?\d+){2,}|-?\d+/-?\d+(\s+-?\d+/-?\d+){2,}"
                    r"|-?\d+//-?\d+(\s+-?\d+//-?\d+){2,}|-?\d+(/-?\d+){2}(\s+-?\d+(/-?\d+){2}){2,}"),
}  # fmt: skip


def check_mesh_file(path: Path) -> None:
    """SurfaceError for a file that is no whole mesh file; what is not there is the importer's to say."""
    if not path.is_file():
        return
    if path.stat().st_size == 0:
        raise SurfaceError(f"{path}: is an empty file.")
    try:
        match path.suffix.lower():
            case ".glb":
                check_glb(path)
            case ".obj":
                check_obj(path)
            case ".usdz":
                contents(path.read_bytes())
    except RecipeError as error:
        message = str(error)
        raise SurfaceError(message if message.startswith(str(path)) else f"{path}: {message}") from error


def check_glb(path: Path) -> None:
    """The importer puts vertices that are not numbers at the origin."""
    document, binary = read_glb(path)
    try:
        wrong = sum(not math.isfinite(sum(values)) for values in positions_of(document, binary))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise SurfaceError(f"{path}: is damaged: its accessors make no sense.") from error
    if wrong:
        raise SurfaceError(
            f"{path}: {wrong} of its meshes have vertices that are not numbers. Export it anew."
        )


def positions_of(document: dict, binary: bytes) -> Iterator[array]:
    """The vertex positions of each primitive that stand in the file as plain floats."""
    for mesh in document.get("meshes", []):
        for part in mesh["primitives"]:
            accessor = document["accessors"][part["attributes"]["POSITION"]]
            if "bufferView" not in accessor or accessor["componentType"] != FLOAT:
                continue
            view = document["bufferViews"][accessor["bufferView"]]
            first = view.get("byteOffset", 0) + accessor.get("byteOffset", 0)
            stride = view.get("byteStride", 12)
            end = first + stride * (accessor["count"] - 1) + 12
            if not 0 <= first <= end <= len(binary):
                raise ValueError
            values = array("f", binary[first : first + (end - first) // 4 * 4])
            if stride != 12:
                rows = range(0, len(values), stride // 4)
                values = array("f", [one for row in rows for one in values[row : row + 3]])
            yield values


def check_obj(path: Path) -> None:
    """Coordinates beyond float32, which the importer makes 0, and a last line that breaks off.

    A file cut between two lines is a whole file with fewer faces: nothing tells.
    """
    data = path.read_bytes()
    if found := NO_FLOAT.search(data):
        line = data.count(b"\n", 0, found.start()) + 1
        raise SurfaceError(f"{path}: line {line}: a coordinate is not a number (infinite). Export it anew.")
    if data.endswith(b"\n"):
        return
    word, _, rest = data.rpartition(b"\n")[2].decode("utf-8", "replace").strip().partition(" ")
    if word in WHOLE and not WHOLE[word].fullmatch(rest.strip()):
        raise SurfaceError(f"{path}: is truncated: its last line breaks off. Export it anew.")
