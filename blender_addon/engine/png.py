"""PNG in and out, without pillow: Blender has none. Numpy and zlib only; never bpy.

Writing is deterministic (same array, same bytes for the same zlib). Reading takes files from anywhere: every length,
checksum and size is checked, and what is not right is an ImageError. Before: png_filters.py.
"""

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from .errors import ImageError
from .png_filters import unfilter

SIGNATURE = b"\x89PNG\r\n\x1a\n"
INTERLACED = 28  # byte of the header
MAX_SIDE = 2**17
MAX_PIXELS = 2**27  # 11585 x 11585
MAX_TEXT = 16 * 2**20  # characters of all text chunks together
STRIP = 2**24  # bytes of rows that are packed or unpacked at a time: a large picture is never there twice
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # of a colour type: grey, RGB, palette, grey + alpha, RGBA
COLOUR_TYPE = {1: 0, 3: 2, 4: 6}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}


def encode(pixels: np.ndarray, text: dict | None = None) -> bytes:
    """[H, W, 1|3|4] uint8, row 0 on top -> the bytes of a PNG. `text`: keyword -> text, kept in tEXt or iTXt chunks."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in COLOUR_TYPE:
        raise ImageError(
            f"an image of {pixels.dtype} {pixels.shape} cannot be a PNG; uint8 [H, W, 1, 3 or 4] can."
        )
    height, width, channels = pixels.shape
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
        raise ImageError(
            f"an image of {width} x {height} px cannot be written; sides go from 1 to {MAX_SIDE}."
        )
    length = 1 + width * channels
    flat = np.ascontiguousarray(pixels).reshape(height, -1)
    # Run-length matching only: on photographic noise 3 times faster than the default, and 5 % smaller.
    packer = zlib.compressobj(6, zlib.DEFLATED, 15, 9, zlib.Z_RLE)
    packed = []
    for first, end in _strips(height, length):
        rows = np.empty((end - first, length), np.uint8)
        rows[:, 0] = 2  # every row as its difference to the row above: fast, and right for textures
        rows[0, 1:] = flat[first] - flat[first - 1] if first else flat[0]
        np.subtract(flat[first + 1 : end], flat[first : end - 1], out=rows[1:, 1:])
        packed.append(packer.compress(rows))
    packed.append(packer.flush())
    header = struct.pack(">IIBBBBB", width, height, 8, COLOUR_TYPE[channels], 0, 0, 0)
    texts = [_text_chunk(key, value) for key, value in sorted((text or {}).items())]
    parts = [chunk(b"IHDR", header), *texts, *_chunk_parts(b"IDAT", packed), chunk(b"IEND", b"")]
    return b"".join([SIGNATURE, *parts])


def decode(data: bytes) -> tuple[np.ndarray, dict]:
    """The bytes of a PNG -> ([H, W, 1..4] uint8, row 0 on top; {keyword: text}).

    16-bit images are rounded to 8 bits, palettes become RGB or RGBA, grey + alpha becomes [H, W, 2]. A transparent
    colour of a grey or RGB image (tRNS) becomes alpha. Interlaced files are refused.
    """
    header, palette, alpha, packed, text = _chunks(data)
    if is_interlaced(data):
        raise ImageError("the PNG is interlaced. Save it without interlacing.")
    width, height, depth, kind = header
    channels = CHANNELS[kind]
    row_bytes = (width * channels * depth + 7) // 8
    pixel_bytes = max(channels * depth // 8, 1)
    strips = list(_strips(height, row_bytes + 1))
    unpacked = _unpack(packed, [(end - first) * (row_bytes + 1) for first, end in strips])
    pixels, above = None, np.zeros(row_bytes, np.uint8)
    for (first, end), flat in zip(strips, unpacked, strict=True):
        rows = unfilter(np.frombuffer(flat, np.uint8).reshape(end - first, -1), pixel_bytes, above)
        above = rows[-1].copy()
        strip = _pixels(rows, width, depth, kind, palette, alpha)
        if pixels is None:
            pixels = np.empty((height, *strip.shape[1:]), np.uint8)
        pixels[first:end] = strip
    return pixels, text


def _pixels(rows: np.ndarray, width: int, depth: int, kind: int, palette, alpha) -> np.ndarray:
    """Rows [n, bytes] -> [n, W, C] uint8. palette, alpha: as _chunks gives them."""
    height, channels = len(rows), CHANNELS[kind]
    if depth == 16:
        wide = rows.reshape(height, width, channels, 2).astype(np.uint32)
        values = wide[..., 0] << 8 | wide[..., 1]
        pixels = ((values * 255 + 32767) // 65535).astype(np.uint8)
    elif depth == 8:
        values = pixels = rows.reshape(height, width, channels)
    else:
        bits = np.unpackbits(rows, axis=1)[:, : rows.shape[1] * 8].reshape(height, -1, depth)[:, :width]
        values = pixels = (bits @ (1 << np.arange(depth - 1, -1, -1))).astype(np.uint8)[..., None]
        if kind == 0:
            pixels = pixels * np.uint8(255 // (2**depth - 1))
    if kind in (0, 2) and alpha is not None:  # of the samples as they are: rounded, others would be the same
        shown = (values != (alpha & (2**depth - 1))).any(axis=2, keepdims=True)
        pixels = np.concatenate([pixels, shown * np.uint8(255)], axis=2)
    if kind == 3:
        if pixels.max() >= len(palette):
            raise ImageError("the PNG is damaged: it uses a colour that its palette lacks.")
        table = palette if alpha is None else np.concatenate([palette, alpha[: len(palette), None]], axis=1)
        pixels = table[pixels[..., 0]]
    return pixels


def _strips(height: int, length: int) -> list[tuple[int, int]]:
    """[(first row, end)], each of about STRIP bytes."""
    step = max(STRIP // length, 1)
    return [(first, min(first + step, height)) for first in range(0, height, step)]


def is_slow(data: bytes) -> bool:
    """Whether it is 8-bit RGB or RGBA with average or Paeth filters, as other programs write them: they take 25 ms here
    at 256 px, and Blender reads the same pixels in one."""
    (width, height, depth, kind), _, alpha, packed, _ = _chunks(data)
    length = width * CHANNELS[kind] + 1
    if depth != 8 or kind not in (2, 6) or alpha is not None or is_interlaced(data):
        return False
    sizes = [(end - first) * length for first, end in _strips(height, length)]
    return max(max(rows[::length]) for rows in _unpack(packed, sizes)) > 2


def is_interlaced(data: bytes) -> bool:
    """By the header of a PNG, which may be damaged."""
    return data[INTERLACED : INTERLACED + 1] == b"\1"


def read_text(data: bytes) -> dict:
    """Only the texts of a PNG: {keyword: text}. The pixels are neither unpacked nor checked."""
    return _chunks(data)[4]


def chunk(kind: bytes, payload: bytes) -> bytes:
    return b"".join(_chunk_parts(kind, [payload]))


def _chunk_parts(kind: bytes, payload: list[bytes]) -> list[bytes]:
    """A chunk in pieces, which are not copied."""
    checksum = zlib.crc32(kind)
    for part in payload:
        checksum = zlib.crc32(part, checksum)
    return [struct.pack(">I", sum(map(len, payload))), kind, *payload, struct.pack(">I", checksum)]


def _text_chunk(key: str, value: str) -> bytes:
    """tEXt where Latin-1 is enough, else iTXt (UTF-8, not compressed)."""
    if (
        not (key.isascii() and key.isprintable() and 1 <= len(key) <= 79 and key == key.strip())
        or "\0" in value
    ):
        raise ImageError(f"the text {key[:79]!r} cannot be kept in a PNG.")
    try:
        return chunk(b"tEXt", key.encode("ascii") + b"\0" + value.encode("latin-1"))
    except UnicodeEncodeError:
        return chunk(b"iTXt", key.encode("ascii") + b"\0\0\0\0\0" + value.encode("utf-8", "replace"))


def _chunks(data: bytes):
    """Walk the chunks -> (width, height, depth, colour type), palette [n, 3], alpha, packed, text.

    alpha: [256] uint8 of a palette's entries, the [1 or 3] uint16 samples of the one transparent colour, or None.
    """
    if data[:8] != SIGNATURE:
        raise ImageError("the file is not a PNG.")
    header, palette, alpha, packed, text, size, position = None, None, None, [], {}, 0, 8
    view = memoryview(data)
    while True:
        if position + 12 > len(data):
            raise ImageError("the PNG is truncated.")
        (length,) = struct.unpack_from(">I", data, position)
        kind, end = data[position + 4 : position + 8], position + 12 + length
        if end > len(data):
            raise ImageError("the PNG is truncated.")
        if zlib.crc32(view[position + 4 : end - 4]) != struct.unpack_from(">I", data, end - 4)[0]:
            raise ImageError("the PNG is damaged: a checksum is wrong.")
        payload, position = view[position + 8 : end - 4], end
        payload = payload if kind == b"IDAT" else bytes(payload)
        if (kind == b"IHDR") != (header is None):
            raise ImageError("the PNG is damaged: its header is missing, twice there or not in front.")
        if kind == b"IHDR":
            header = _header(payload)
        elif kind == b"PLTE":
            if not payload or len(payload) % 3 or len(payload) > 768:
                raise ImageError("the PNG is damaged: its palette has a wrong length.")
            palette = np.frombuffer(payload, np.uint8).reshape(-1, 3)
        elif kind == b"tRNS" and header[3] == 3:
            alpha = np.full(256, 255, np.uint8)  # the entries that are not listed are opaque
            alpha[: len(payload)] = np.frombuffer(payload[:256], np.uint8)
        elif kind == b"tRNS" and header[3] in (0, 2):
            if len(payload) != 2 * CHANNELS[header[3]]:
                raise ImageError("the PNG is damaged: its transparent colour has a wrong length.")
            alpha = np.frombuffer(payload, ">u2").astype(np.uint16)
        elif kind == b"IDAT":
            packed.append(payload)
        elif kind in (b"tEXt", b"iTXt", b"zTXt"):
            key, value = _text(kind, payload)
            size += len(value)
            if size > MAX_TEXT:
                raise ImageError("the PNG holds too much text.")
            text.setdefault(key, value)
        elif kind == b"IEND":
            break
        elif not kind[0] & 32:
            raise ImageError(f"the PNG needs a part {kind!r} that is not known here.")
    if (header[3] == 3 and palette is None) or not packed:
        raise ImageError("the PNG is damaged: a part is missing.")
    return header, palette, alpha, packed, text


def _header(payload: bytes) -> tuple[int, int, int, int]:
    if len(payload) != 13:
        raise ImageError("the PNG is damaged: its header has a wrong length.")
    width, height, depth, kind, method, filters, interlaced = struct.unpack(">IIBBBBB", payload)
    if kind not in CHANNELS or depth not in DEPTHS[kind] or method or filters or interlaced > 1:
        raise ImageError("the PNG is damaged: its header makes no sense.")
    if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE and width * height <= MAX_PIXELS):
        raise ImageError(f"the PNG has {width} x {height} px; sides go from 1 to {MAX_SIDE}.")
    return width, height, depth, kind


def _text(kind: bytes, payload: bytes) -> tuple[str, str]:
    key, _, rest = payload.partition(b"\0")
    try:
        if kind == b"tEXt":
            return key.decode("latin-1"), rest.decode("latin-1")
        if kind == b"zTXt":
            return key.decode("latin-1"), _unpack_text(rest[1:]).decode("latin-1")
        squeezed, rest = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[2]
        return key.decode("latin-1"), (_unpack_text(rest) if squeezed else rest).decode("utf-8")
    except (IndexError, UnicodeDecodeError) as error:
        raise ImageError("the PNG is damaged: a text cannot be read.") from error


def _unpack(packed: list, sizes: list[int]) -> Iterator[bytearray]:
    """Inflate to pieces of so many bytes; ImageError where there are fewer or more."""
    inflater, waiting = zlib.decompressobj(), list(reversed(packed))

    def some(most: int) -> bytes | None:
        """Up to `most` bytes, perhaps none yet; None at the end."""
        given = inflater.unconsumed_tail or (waiting.pop() if waiting else b"")
        return inflater.decompress(given, most) or (b"" if given else None)

    try:
        for size in sizes:
            piece = bytearray()
            while len(piece) < size:
                got = some(size - len(piece))
                if got is None:
                    raise ImageError("the PNG is truncated.")
                piece += got
            yield piece
        while (got := some(1)) is not None:
            if got:
                raise ImageError("the PNG is damaged: it holds more than its header says.")
    except zlib.error as error:
        raise ImageError("the PNG is damaged: it cannot be unpacked.") from error
    if not inflater.eof:
        raise ImageError("the PNG is truncated.")


def _unpack_text(packed: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        out = inflater.decompress(packed, MAX_TEXT + 1)
    except zlib.error as error:
        raise ImageError("the PNG is damaged: it cannot be unpacked.") from error
    if len(out) > MAX_TEXT:
        raise ImageError("the PNG holds too much text.")
    if not inflater.eof:
        raise ImageError("the PNG is truncated.")
    return out
