"""Reads an OBJ with its MTL for the checker. Numpy only; never bpy. Next: checked_mesh.py, checked_maps.py.

Files come from anywhere: lines that make no sense are findings. An OBJ has no unit and no tangents; ours are in metres.
"""

from pathlib import Path

import numpy as np

from .checked import Checked, CheckedMap, CheckedMaterial, CheckedMesh
from .errors import RecipeError
from .obj import MAP_WORDS
from .recipe_files import read_bytes

MAX_BYTES = 2**31
ROLES = {word: role for role, word in MAP_WORDS.items()} | {
    "map_bump": "normal",
    "bump": "normal",
    "map_disp": "height",
}
WIDTHS = {"v": 3, "vn": 3, "vt": 2}


def read(path: Path) -> Checked:
    """Of an OBJ, or of a MTL alone."""
    facts = Checked(path, "obj", metres=1.0)
    text = read_bytes(path, MAX_BYTES).decode("utf-8", "replace")
    if path.suffix.lower() == ".mtl":
        facts.materials = list(materials(facts, text).values())
        return facts
    known: dict[str, CheckedMaterial] = {}
    rows: dict[str, list] = {"v": [], "vn": [], "vt": []}
    faces: dict[str, list] = {}
    used = ""
    for number, line in enumerate(text.splitlines(), 1):
        word, _, rest = line.strip().partition(" ")
        try:
            if word in rows:
                row = [float(one) for one in rest.split()[: WIDTHS[word]]]
                if len(row) < WIDTHS[word]:
                    raise ValueError("too few numbers")
                rows[word].append(row)
            elif word == "f":
                faces.setdefault(used, []).append([face_corner(one, rows) for one in rest.split()])
            elif word == "usemtl":
                used = rest.strip()
            elif word == "mtllib":
                known |= library(facts, rest.strip())
        except (ValueError, IndexError) as error:
            facts.error("structure", f"line {number}", f"{line[:60]!r} makes no sense ({error}).")
            if len(facts.findings) > 20:
                raise RecipeError(f"{path}: is no OBJ file, or a damaged one.") from error
    facts.materials = list(known.values())
    arrays = {word: np.array(values, float).reshape(-1, WIDTHS[word]) for word, values in rows.items()}
    for name, polygons in faces.items():
        if name and name not in known:
            facts.error("structure", name, "is used, and stands in no MTL file.")
        facts.meshes.append(mesh(facts, name or path.stem, known.get(name), polygons, arrays))
    return facts


def face_corner(word: str, rows: dict[str, list]) -> tuple[int, int, int]:
    """ "7/3/-1" -> numbers from 0 of point, UV and normal; -1 where there is none."""
    parts = [*word.split("/"), "", ""][:3]
    found = []
    for part, name in zip(parts, ("v", "vt", "vn"), strict=True):
        number = int(part) if part else 0
        found.append(number - 1 if number >= 0 else len(rows[name]) + number)
    return tuple(found)


def mesh(facts: Checked, name: str, material, polygons: list, arrays: dict[str, np.ndarray]) -> CheckedMesh:
    counts = np.array([len(one) for one in polygons], int)
    corners = np.array([corner for one in polygons for corner in one], int).reshape(-1, 3)
    extra = {}
    for key, word, column in (("uvs", "vt", 1), ("normals", "vn", 2)):
        places = corners[:, column]
        if (places >= 0).all() and len(places):
            if places.max() >= len(arrays[word]):
                facts.error("index", name, f"a face names a {word} that is not there.")
            else:
                extra[key] = arrays[word][places]
    return CheckedMesh(name, material, arrays["v"], corners[:, 0], counts, **extra)


def library(facts: Checked, name: str) -> dict[str, CheckedMaterial]:
    key = facts.beside(name, facts.path.name)
    data = facts.images.pop(key, None)
    return materials(facts, data.decode("utf-8", "replace")) if data is not None else {}


def materials(facts: Checked, text: str) -> dict[str, CheckedMaterial]:
    found: dict[str, CheckedMaterial] = {}
    current = None
    for line in text.splitlines():
        line = line.strip()
        word = next((one for one in ROLES if line.lower().startswith(f"{one.lower()} ")), "")
        if line.startswith("newmtl "):
            current = found[line[7:].strip()] = CheckedMaterial(line[7:].strip())
        elif word and current is not None:
            role, reference = ROLES[word], line[len(word) :].strip()
            key = facts.beside(reference, current.name)
            if key in facts.images:
                channels = (0, 3) if role in ("base_color", "normal") else (0, 1)
                current.maps.append(CheckedMap(role, key, channels))
    return found
