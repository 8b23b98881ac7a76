"""PNG, JPEG and WebP as containers: kind, size, and an XMP packet put in and read out, pixels untouched. Never bpy.

Previous station: xmp.py. Files may come from anywhere: every length is checked, what is not right is an ImageError.
Standard library only (png.py, for its chunks, needs numpy).
"""

import struct

from .errors import ImageError
from .png import SIGNATURE, chunk

PNG_KEY = b"XML:com.adobe.xmp"
JPEG_KEY = b"http://ns.adobe.com/xap/1.0/\0"
MOST_IN_JPEG = 65533 - len(JPEG_KEY)  # bytes of a packet in one segment
SUFFIX = {"PNG": ".png", "JPEG": ".jpg", "WEBP": ".webp"}
MIME = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}


def kind_of(data: bytes) -> str:
    """ "PNG", "JPEG" or "WEBP"."""
    if data[:8] == SIGNATURE:
        return "PNG"
    if data[:3] == b"\xff\xd8\xff":
        return "JPEG"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    raise ImageError("the image is neither PNG nor JPEG nor WebP.")


def size_of(data: bytes) -> tuple[int, int]:
    """(width, height) in pixels, from the header."""
    try:
        kind = kind_of(data)
        if kind == "PNG":
            return struct.unpack_from(">II", data, 16)
        if kind == "JPEG":
            for marker, start, _ in segments(data):
                if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
                    height, width = struct.unpack_from(">HH", data, start + 1)
                    return width, height
            raise ImageError("the JPEG holds no picture.")
        return _webp_size(data)
    except (struct.error, IndexError) as error:
        raise ImageError("the image is truncated.") from error


def add_xmp(data: bytes, packet: str) -> bytes:
    """The same image with `packet` in it, in place of one that it had."""
    kind, body = kind_of(data), packet.encode("utf-8")
    if kind == "PNG":
        view = memoryview(data)  # the pixels of a large picture are copied once
        kept = [view[a:b] for name, a, b in chunks(data) if not _is_xmp(data, name, a)]
        own = chunk(b"iTXt", PNG_KEY + b"\0\0\0\0\0" + body)
        return b"".join([SIGNATURE, kept[0], own, *kept[1:]])
    if kind == "JPEG":
        if len(body) > MOST_IN_JPEG:
            raise ImageError("the metadata is too long for a JPEG. Choose PNG.")
        pieces = [
            data[start - 4 : end]
            for marker, start, end in segments(data)
            if marker != 0xDA and not (marker == 0xE1 and data[start:end].startswith(JPEG_KEY))
        ]
        scan = next(start for marker, start, _ in segments(data) if marker == 0xDA) - 4
        first = 1 if pieces and pieces[0][1] == 0xE0 else 0  # JFIF wants to be in front
        own = b"\xff\xe1" + struct.pack(">H", 2 + len(JPEG_KEY) + len(body)) + JPEG_KEY + body
        return b"\xff\xd8" + b"".join([*pieces[:first], own, *pieces[first:]]) + data[scan:]
    return _webp_with(data, body)


def read_xmp(data: bytes) -> str | None:
    """The XMP packet of an image, None where it has none."""
    kind = kind_of(data)
    try:
        if kind == "PNG":
            for name, start, end in chunks(data):
                if _is_xmp(data, name, start):
                    body = data[start + 8 + len(PNG_KEY) + 1 : end - 4]
                    if body[:1] != b"\0":
                        raise ImageError("the XMP metadata of the PNG is packed, which the standard forbids.")
                    return body[2:].split(b"\0", 2)[2].decode("utf-8")
        elif kind == "JPEG":
            for marker, start, end in segments(data):
                if marker == 0xE1 and data[start:end].startswith(JPEG_KEY):
                    return data[start + len(JPEG_KEY) : end].decode("utf-8")
        else:
            for name, start, end in riff(data):
                if name == b"XMP ":
                    return data[start:end].decode("utf-8")
    except (UnicodeDecodeError, IndexError) as error:
        raise ImageError("the XMP metadata cannot be read.") from error
    return None


def _is_xmp(data: bytes, name: bytes, start: int) -> bool:
    return name == b"iTXt" and data.startswith(PNG_KEY + b"\0", start + 8)


def chunks(data: bytes):
    """(name, first byte, byte after) of each chunk of a PNG, up to IEND."""
    position = 8
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        name, end = data[position + 4 : position + 8], position + 12 + length
        if end > len(data):
            break
        yield name, position, end
        if name == b"IEND":
            return
        position = end
    raise ImageError("the PNG is truncated.")


def segments(data: bytes):
    """(marker, first byte behind the length, byte after) of each segment of a JPEG, up to the first scan."""
    position = 2
    while position + 4 <= len(data) and data[position] == 0xFF:
        marker = data[position + 1]
        if marker == 0xFF:  # a fill byte
            position += 1
            continue
        (length,) = struct.unpack_from(">H", data, position + 2)
        if length < 2 or position + 2 + length > len(data):
            break
        yield marker, position + 4, position + 2 + length
        if marker == 0xDA:
            return
        position += 2 + length
    raise ImageError("the JPEG is truncated.")


def riff(data: bytes):
    """(name, first byte, byte after) of each chunk of a WebP."""
    position = 12
    while position + 8 <= len(data):
        name, (length,) = data[position : position + 4], struct.unpack_from("<I", data, position + 4)
        if position + 8 + length > len(data):
            raise ImageError("the WebP is truncated.")
        yield name, position + 8, position + 8 + length
        position += 8 + length + length % 2


def _webp_size(data: bytes) -> tuple[int, int]:
    for name, start, _ in riff(data):
        if name == b"VP8X":
            packed = int.from_bytes(data[start + 4 : start + 10], "little")
            return (packed & 0xFFFFFF) + 1, (packed >> 24) + 1
        if name == b"VP8L":
            bits = int.from_bytes(data[start + 1 : start + 5], "little")
            return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
        if name == b"VP8 ":
            width, height = struct.unpack_from("<HH", data, start + 6)
            return width & 0x3FFF, height & 0x3FFF
    raise ImageError("the WebP holds no picture.")


def _webp_with(data: bytes, body: bytes) -> bytes:
    """Metadata stands in the extended form of WebP: a chunk VP8X in front says what is in the file."""
    width, height = _webp_size(data)
    parts = [(name, data[a:b]) for name, a, b in riff(data) if name != b"XMP "]
    if parts[0][0] == b"VP8X":
        flags = parts.pop(0)[1][0] | 4
    else:
        transparent = parts[0][0] == b"VP8L" and parts[0][1][4] >> 4 & 1
        flags = 4 | (16 if transparent else 0)
    head = bytes([flags, 0, 0, 0]) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    content = [(b"VP8X", head), *parts, (b"XMP ", body)]
    packed = b"".join(n + struct.pack("<I", len(b)) + b + b"\0" * (len(b) % 2) for n, b in content)
    return b"RIFF" + struct.pack("<I", 4 + len(packed)) + b"WEBP" + packed
