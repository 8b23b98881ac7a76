"""The container of a binary FBX: a tree of nodes with values. Standard library only; never bpy.

Used to make what Blender's exporter writes free of times, addresses and absolute paths (tidied), to read the mark,
and by the checker. Files may come from anywhere: every length is checked, what is not right is a RecipeError.
"""

import struct
import zlib
from dataclasses import dataclass, field

from .errors import RecipeError

MAGIC = b"Kaydara FBX Binary  \0\x1a\0"
MAX_BYTES = 2**31
MAX_UNPACKED = 2**31
MOST_NODES, DEEPEST = 2_000_000, 40
SCALARS = {b"B": "<b", b"C": "<b", b"Y": "<h", b"I": "<i", b"F": "<f", b"D": "<d", b"L": "<q"}
ARRAYS = {b"b": 1, b"c": 1, b"i": 4, b"f": 4, b"d": 8, b"l": 8}
# What ends the file, as every writer puts it there.
FOOT_ID = bytes.fromhex("fabcab09d0c8d466b176fb831cf7267e")
FOOT_MAGIC = bytes.fromhex("f85a8c6adef5d97eece90ce3758f290b")


@dataclass
class Node:
    """values: (type letter, value): numbers, bytes of texts (S) and raw data (R); arrays as they stand in the file."""

    name: bytes
    values: list[tuple[bytes, object]] = field(default_factory=list)
    children: list["Node"] = field(default_factory=list)
    ends: bool = False  # whether an empty record stands behind its children

    def find(self, *names: str) -> "Node | None":
        """The first child of that name, of its children the first with the next name, and so on."""
        node = self
        for name in names:
            node = next((child for child in node.children if child.name == name.encode()), None)
            if node is None:
                return None
        return node

    def text(self, index: int = 0) -> str:
        kind, value = self.values[index] if index < len(self.values) else (b"S", b"")
        return value.decode("utf-8", "replace") if kind == b"S" else ""

    def walk(self):
        """This node and all below."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            stack += reversed(node.children)


def parse(data: bytes) -> tuple[int, Node]:
    """(version, a root whose children are the records of the top level)."""
    if len(data) < 40 or not data.startswith(MAGIC):
        raise RecipeError("is not a binary FBX file.")
    (version,) = struct.unpack_from("<I", data, len(MAGIC))
    if not 7000 <= version < 8000:
        raise RecipeError(f"is an FBX of version {version}; 7.x is read here.")
    wide, count = version >= 7500, [0]
    root, position = Node(b""), len(MAGIC) + 4
    try:
        while True:
            node, position = _node(data, position, wide, 0, count)
            if node is None:
                return version, root
            root.children.append(node)
    except (struct.error, IndexError) as error:
        raise RecipeError("the FBX is truncated.") from error


def _node(data: bytes, position: int, wide: bool, depth: int, count: list[int]):
    head = "<QQQB" if wide else "<IIIB"
    end, number, _, length = struct.unpack_from(head, data, position)
    count[0] += 1
    if depth > DEEPEST or count[0] > MOST_NODES:
        raise RecipeError("the FBX is nested too deep, or has too many records.")
    first = position + struct.calcsize(head)
    if end == 0:
        return None, first
    if not position < end <= len(data) or number > end - position:
        raise RecipeError("the FBX is damaged: a record ends outside of the file.")
    node = Node(data[first : first + length])
    position = first + length
    for _ in range(number):
        value, position = _value(data, position)
        node.values.append(value)
    while position < end:
        child, position = _node(data, position, wide, depth + 1, count)
        if child is None:
            node.ends = True
            break
        node.children.append(child)
    if position != end:
        raise RecipeError("the FBX is damaged: a record does not end where it says.")
    return node, position


def _value(data: bytes, position: int):
    kind = data[position : position + 1]
    position += 1
    if kind in SCALARS:
        (value,) = struct.unpack_from(SCALARS[kind], data, position)
        return (kind, value), position + struct.calcsize(SCALARS[kind])
    size, head = 0, 4
    if kind in (b"S", b"R"):
        (size,) = struct.unpack_from("<I", data, position)
    elif kind in ARRAYS:
        length, packed, size = struct.unpack_from("<III", data, position)
        head = 12
        if not packed and size != length * ARRAYS[kind]:
            raise RecipeError("the FBX is damaged: an array has a wrong length.")
    else:
        raise RecipeError(f"the FBX is damaged: it has a value of kind {kind!r}.")
    if position + head + size > len(data):
        raise RecipeError("the FBX is truncated.")
    start = position if head == 12 else position + head
    return (kind, data[start : position + head + size]), position + head + size


def array_bytes(value: tuple[bytes, object]) -> bytes:
    """The numbers of an array value, unpacked, little-endian."""
    kind, raw = value
    if kind not in ARRAYS:
        raise RecipeError("the FBX is damaged: a list of numbers is missing.")
    length, packed, _ = struct.unpack_from("<III", raw, 0)
    size = length * ARRAYS[kind]
    if size > MAX_UNPACKED:
        raise RecipeError("the FBX holds an array that is too large.")
    if not packed:
        return raw[12:]
    try:
        unpacked = zlib.decompressobj().decompress(raw[12:], size + 1)
    except zlib.error as error:
        raise RecipeError("the FBX is damaged: an array cannot be unpacked.") from error
    if len(unpacked) != size:
        raise RecipeError("the FBX is damaged: an array has a wrong length.")
    return unpacked


def dump(version: int, root: Node) -> bytes:
    """The bytes of the file; the inverse of parse."""
    parts, position = [MAGIC, struct.pack("<I", version)], len(MAGIC) + 4
    wide = version >= 7500
    for node in root.children:
        parts.append(_packed(node, position, wide))
        position += len(parts[-1])
    parts += [bytes(25 if wide else 13), FOOT_ID, bytes(4)]
    used = sum(map(len, parts))
    parts += [bytes(-used % 16 or 16), struct.pack("<I", version), bytes(120), FOOT_MAGIC]
    return b"".join(parts)


def _packed(node: Node, position: int, wide: bool) -> bytes:
    head = "<QQQB" if wide else "<IIIB"
    values = b"".join(map(_packed_value, node.values))
    start = struct.calcsize(head) + len(node.name) + len(values)
    body, at = [], position + start
    for child in node.children:
        body.append(_packed(child, at, wide))
        at += len(body[-1])
    if node.ends:
        body.append(bytes(struct.calcsize(head)))
        at += len(body[-1])
    first = struct.pack(head, at, len(node.values), len(values), len(node.name))
    return b"".join([first, node.name, values, *body])


def _packed_value(value: tuple[bytes, object]) -> bytes:
    kind, content = value
    if kind in SCALARS:
        return kind + struct.pack(SCALARS[kind], content)
    if kind in (b"S", b"R"):
        return kind + struct.pack("<I", len(content)) + content
    return kind + content
