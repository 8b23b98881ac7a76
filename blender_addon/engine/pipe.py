"""Messages on a pipe: a JSON header and raw bytes, both length-prefixed. Standard library only.

    b"GANC" | header length, u32 big-endian | blob length, u64 big-endian | header, UTF-8 JSON | blob

Used by both ends: client.py (in Blender) before, worker.py (the child process) after.
"""

import json
import struct

from .errors import WorkerError

MAGIC = b"GANC"
PREFIX = struct.Struct(">4sIQ")
MAX_HEADER = 16 << 20  # bytes; a header holds numbers and names, never pixels
MAX_BLOB = 4 << 30  # bytes; one face with every map at the largest size stays far below


def write(stream, header: dict, blob: bytes = b"") -> None:
    """One message, flushed. The caller holds the lock if several threads write."""
    text = json.dumps(header).encode()
    stream.write(PREFIX.pack(MAGIC, len(text), len(blob)))
    stream.write(text)
    stream.write(blob)
    stream.flush()


def read(stream) -> tuple[dict, bytes] | None:
    """The next message, None at a clean end of file, WorkerError for anything else."""
    prefix = stream.read(PREFIX.size)
    if not prefix:
        return None
    if len(prefix) < PREFIX.size:
        raise WorkerError("the pipe ended in the middle of a message")
    magic, header_length, blob_length = PREFIX.unpack(prefix)
    if magic != MAGIC or header_length > MAX_HEADER or blob_length > MAX_BLOB:
        raise WorkerError(f"no message of ours on the pipe, it starts with {prefix!r}")
    text, blob = stream.read(header_length), stream.read(blob_length)
    if len(text) < header_length or len(blob) < blob_length:
        raise WorkerError("the pipe ended in the middle of a message")
    try:
        header = json.loads(text)
    except ValueError as error:
        raise WorkerError(f"a message on the pipe is not JSON: {error}") from error
    if not isinstance(header, dict):
        raise WorkerError("a message on the pipe is not a JSON object")
    return header, blob
