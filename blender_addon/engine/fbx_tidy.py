"""A FBX as Blender writes it, made free of the time, the machine and the session, and marked. Standard library only.

Previous station: scene/fbx.py. Blender puts in the time, absolute paths and numbers drawn from Python's hashes; after
this the same mesh, maps and mark give the same bytes.
"""

import re

from .fbx_file import Node, dump, parse
from .mark import Mark, rights

EPOCH = {"Year": 1970, "Month": 1, "Day": 1, "Hour": 0, "Minute": 0, "Second": 0, "Millisecond": 0}
FIRST_ID = 1_000_000
CLASS = b"\0\x01"  # between name and class of an object


def tidied(data: bytes, mark: Mark, paths: dict[str, str]) -> bytes:
    """paths: {name of an image file: its path relative to the FBX}."""
    version, root = parse(data)
    _fixed_times(root)
    _new_ids(root)
    for node in root.walk():
        if node.name in (b"FileName", b"Filename", b"RelativeFilename"):
            _set(node, 0, _relative(node.text(), paths))
        elif node.name == b"P" and node.text() in ("Path", "Original|ApplicationNativeFile"):
            _set(node, 4, _relative(node.text(4), paths))
        node.values = [(k, _plain(v)) if k == b"S" and CLASS in v else (k, v) for k, v in node.values]
    words = {
        "Title": mark.title,
        "Author": f"GAN Cubes, {mark.model}",
        "Keywords": ", ".join(mark.tags),
        "Comment": rights(mark),
    }
    meta = root.find("FBXHeaderExtension", "SceneInfo", "MetaData")
    for node in meta.children if meta else ():
        if (text := words.get(node.name.decode("ascii", "replace"))) is not None:
            _set(node, 0, text)
    return dump(version, root)


def _fixed_times(root: Node) -> None:
    stamp = root.find("FBXHeaderExtension", "CreationTimeStamp")
    for node in stamp.children if stamp else ():
        if (value := EPOCH.get(node.name.decode("ascii", "replace"))) is not None:
            node.values = [(b"I", value)]


def _new_ids(root: Node) -> None:
    """Objects numbered in their order."""
    named = [*(root.find("Documents") or Node(b"")).children, *(root.find("Objects") or Node(b"")).children]
    old = [node.values[0][1] for node in named if node.values and node.values[0][0] == b"L"]
    new = {number: FIRST_ID + place for place, number in enumerate(old)}
    connections = (root.find("Connections") or Node(b"")).children
    for node in [*named, *connections]:
        node.values = [(k, new.get(v, v)) if k == b"L" else (k, v) for k, v in node.values]


def _relative(path: str, paths: dict[str, str]) -> str:
    return paths.get(re.split(r"[/\\]", path)[-1], "")


def _plain(value: bytes) -> bytes:
    """Without the ".001" that Blender puts behind a name that the open file has already."""
    name, _, kind = value.partition(CLASS)
    return re.sub(rb"\.\d{3,}$", b"", name) + CLASS + kind


def _set(node: Node, index: int, text: str) -> None:
    if index < len(node.values):
        node.values[index] = (b"S", text.encode("utf-8"))
