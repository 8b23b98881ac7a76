"""What Blender's importer hides of a FBX: its unit, its paths, tangents. Standard library and numpy; never bpy.

Previous station: fbx_file.py. Next: scene/checked_blender.py, which imports the file for everything else.
"""

from pathlib import Path

import numpy as np

from .checked import Checked
from .fbx_file import MAX_BYTES, Node, array_bytes, parse
from .recipe_files import read_bytes

TANGENTS, DOUBLES = b"Tangents", b"d"


def read(path: Path) -> Checked:
    _, root = parse(read_bytes(path, MAX_BYTES))
    facts = Checked(path, "fbx", metres=1.0)  # the importer brings it to metres
    units = [p.values[4][1] for p in properties(root.find("GlobalSettings")) if p.text() == "UnitScaleFactor"]
    if not units or not isinstance(units[0], float) or not np.isfinite(units[0]) or units[0] <= 0:
        facts.error("units", path.name, "does not say its unit.")
    objects = root.find("Objects") or Node(b"")
    for node in objects.children:
        if node.name == b"Texture":
            relative, absolute = node.find("RelativeFilename"), node.find("FileName")
            named = (relative and relative.text()) or (absolute and absolute.text()) or ""
            facts.beside(named, "textures")
        if node.name == b"Geometry":
            numbers(facts, node)
    videos = [node for node in objects.children if node.name == b"Video"]
    for video in videos:
        name = video.find("RelativeFilename")
        content = video.find("Content")
        if name is not None and content is not None and content.values and content.values[0][1]:
            facts.images[name.text().replace("\\", "/").removeprefix("./")] = content.values[0][1]
            facts.findings = [
                f for f in facts.findings if f.rule != "missing-texture" or name.text() not in f.text
            ]
    tangents = [node for node in objects.walk() if node.name == TANGENTS]
    mapped = any(p.text(3) == "NormalMap" for p in (root.find("Connections") or Node(b"")).children)
    if mapped and not tangents:
        facts.warning("tangents", path.name, "has a normal map and no tangents; programs make their own.")
    return facts


def numbers(facts: Checked, geometry: Node) -> None:
    for node in geometry.walk():
        for value in node.values:
            if value[0] == DOUBLES and not np.isfinite(np.frombuffer(array_bytes(value), "<f8")).all():
                what = node.name.decode("ascii", "replace")
                facts.error(
                    "nan", geometry.text(1).split("\0")[0], f"its {what} hold values that are no numbers."
                )


def properties(node: Node | None) -> list[Node]:
    found = node.find("Properties70") if node is not None else None
    return [one for one in found.children if len(one.values) > 4] if found is not None else []
