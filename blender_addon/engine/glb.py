"""The container of a GLB: a JSON chunk and a binary chunk. Standard library only; never bpy.

Used by recipe.py to read what a cube was made from, and by scene/export.py to write it. Files may come from
anywhere; what is not a whole GLB is a RecipeError.
"""

import json
import struct
from pathlib import Path

from .errors import RecipeError
from .files import write_atomic

MAX_BYTES = 4 * 2**30 - 1  # the format's own limit
JSON, BIN = 0x4E4F534A, 0x004E4942


def read_glb(path) -> tuple[dict, bytes]:
    """(the JSON as a dict, the bytes of the BIN chunk or b""); RecipeError on anything but a whole GLB of version 2."""
    path = Path(path)
    try:
        if path.stat().st_size > MAX_BYTES:
            raise RecipeError(f"{path}: is larger than a GLB can be.")
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        raise RecipeError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}).") from error
    if len(data) < 12 or data[:4] != b"glTF":
        raise RecipeError(f"{path}: is not a GLB file.")
    version, length = struct.unpack_from("<II", data, 4)
    if version != 2 or length != len(data):
        raise RecipeError(f"{path}: is truncated, or not a GLB of version 2.")
    chunks, position = [], 12
    while position < length:
        if position + 8 > length:
            raise RecipeError(f"{path}: is truncated.")
        size, kind = struct.unpack_from("<II", data, position)
        position += 8
        if position + size > length:
            raise RecipeError(f"{path}: is truncated.")
        chunks.append((kind, data[position : position + size]))
        position += size
    if not chunks or chunks[0][0] != JSON:
        raise RecipeError(f"{path}: is not a GLB file: its first part is not JSON.")
    try:
        content = json.loads(chunks[0][1].decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise RecipeError(f"{path}: its JSON is damaged ({str(error)[:100]}).") from error
    if not isinstance(content, dict):
        raise RecipeError(f"{path}: its JSON is not an object.")
    return content, next((body for kind, body in chunks[1:] if kind == BIN), b"")


def pack_glb(content: dict, binary: bytes) -> bytes:
    """The bytes of a GLB; the same content gives the same bytes. `binary` is padded to 4 bytes."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=True, allow_nan=False).encode("ascii")
    text += b" " * (-len(text) % 4)
    parts = [struct.pack("<II", len(text), JSON), text]
    if binary:
        binary += b"\0" * (-len(binary) % 4)
        parts += [struct.pack("<II", len(binary), BIN), binary]
    body = b"".join(parts)
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def write_glb(path, content: dict, binary: bytes) -> None:
    """Write a GLB atomically."""
    write_atomic(path, pack_glb(content, binary))
