"""Which way up a photo is, as its camera noted it. Standard library only; never bpy.

Before: the bytes of a file. Next: picture.upright. (EXIF 2.3, tag 0x0112; in PNG the chunk eXIf, in WebP EXIF.) Images
of a mesh are never turned: glTF and Blender ignore the note, and their UVs are made for that.
"""

import struct

from . import image_file
from .errors import ImageError

UPRIGHT = 1
TAG, SHORT = 0x0112, 3
HEAD = b"Exif\0\0"  # of a JPEG's segment, and of some WebPs' chunk


def orientation_of(data: bytes) -> int:
    """1 to 8; 1 where the file says nothing, or nothing that makes sense."""
    try:
        block = next(iter(_blocks(data)), b"").removeprefix(HEAD)
        order = {b"II*\0": "<", b"MM\0*": ">"}[block[:4]]
        (at,) = struct.unpack_from(f"{order}I", block, 4)
        (count,) = struct.unpack_from(f"{order}H", block, at)
        for entry in range(at + 2, at + 2 + 12 * count, 12):
            tag, kind, _, value = struct.unpack_from(f"{order}HHIH", block, entry)
            if (tag, kind) == (TAG, SHORT):
                return value if 1 <= value <= 8 else UPRIGHT
    except (ImageError, KeyError, struct.error, IndexError):
        pass  # the picture itself may be sound; what is not is said by its reader
    return UPRIGHT


def _blocks(data: bytes):
    """The EXIF blocks of a file."""
    kind = image_file.kind_of(data)
    if kind == "JPEG":
        for marker, start, end in image_file.segments(data):
            if marker == 0xE1 and data[start:end].startswith(HEAD):
                yield data[start:end]
    elif kind == "PNG":
        for name, start, end in image_file.chunks(data):
            if name == b"eXIf":
                yield data[start + 8 : end - 4]
    else:
        for name, start, end in image_file.riff(data):
            if name == b"EXIF":
                yield data[start:end]
