"""PNG: compared with pillow in both directions; every damage is an ImageError."""

import contextlib
import io
import random
import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from blender_addon.engine import png
from blender_addon.engine.errors import ImageError

RNG = np.random.default_rng(0)
MODES = {"L": 1, "RGB": 3, "RGBA": 4}


def photo(height, width, channels):
    """Smooth with noise, as textures are. [H, W, C] uint8."""
    y, x = np.mgrid[:height, :width]
    smooth = 120 + 80 * np.sin(x / 9 + np.arange(channels)[:, None, None]) * np.cos(y / 7)
    return np.clip(smooth.transpose(1, 2, 0) + RNG.normal(0, 6, (height, width, channels)), 0, 255).astype(
        np.uint8
    )


def with_pillow(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
        return image.mode, np.asarray(image), image.info


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (5, 7), (64, 48)])
def test_pillow_reads_what_we_write(mode, size):
    pixels = photo(*size, MODES[mode])
    found, array, _ = with_pillow(png.encode(pixels))
    assert found == mode
    assert np.array_equal(array.reshape(pixels.shape), pixels)
    assert np.array_equal(png.decode(png.encode(pixels))[0], pixels)


def with_filters(pixels, filters):
    """A PNG of [H, W, 3] uint8 whose row y uses filters[y % len(filters)], written out pixel by pixel."""
    height, width, channels = pixels.shape
    flat = pixels.reshape(height, -1).astype(int)
    raw = bytearray()
    for y in range(height):
        kind = filters[y % len(filters)]
        raw.append(kind)
        for i in range(width * channels):
            a = flat[y, i - channels] if i >= channels else 0
            b = flat[y - 1, i] if y else 0
            c = flat[y - 1, i - channels] if y and i >= channels else 0
            p = a + b - c
            near = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            raw.append((flat[y, i] - (0, a, b, (a + b) // 2, near)[kind]) % 256)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(bytes(raw))), (b"IEND", b"")]
    return png.SIGNATURE + b"".join(png.chunk(*part) for part in parts)


@pytest.mark.parametrize("filters", [(0,), (1,), (2,), (3,), (4,), (0, 1, 2), (4, 3, 2, 1, 0)], ids=str)
@pytest.mark.parametrize("size", [(1, 1), (1, 8), (8, 1), (13, 17), (17, 13)])
def test_every_filter(filters, size):
    pixels = RNG.integers(0, 256, (*size, 3), dtype=np.uint8)
    data = with_filters(pixels, filters)
    assert np.array_equal(with_pillow(data)[1], pixels), "the test itself is wrong"
    assert np.array_equal(png.decode(data)[0], pixels)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16"])
def test_we_read_what_pillow_writes(mode):
    rgb = Image.fromarray(photo(37, 53, 3))
    if mode == "I;16":
        wide = (photo(37, 53, 1)[..., 0].astype(np.uint16) << 8) + 77
        image, expected = Image.fromarray(wide), ((wide.astype(np.uint32) * 255 + 32767) // 65535)[..., None]
    else:
        image = rgb.quantize(200) if mode == "P" else rgb.convert(mode)
        shown = image.convert("RGB") if mode == "P" else image.convert("L") if mode == "1" else image
        expected = np.asarray(shown).reshape(37, 53, -1)
    file = io.BytesIO()
    image.save(file, "PNG")
    assert np.array_equal(png.decode(file.getvalue())[0], expected)


@pytest.mark.parametrize("colours", [2, 4, 16])
def test_small_palettes(colours):
    image = Image.fromarray(photo(9, 21, 3)).quantize(colours)
    file = io.BytesIO()
    image.save(file, "PNG", bits={2: 1, 4: 2, 16: 4}[colours])
    assert np.array_equal(png.decode(file.getvalue())[0], np.asarray(image.convert("RGB")))


def test_palette_with_alpha():
    image = Image.fromarray(photo(9, 21, 3)).quantize(16)
    file = io.BytesIO()
    image.save(file, "PNG", transparency=bytes([0, 128]))
    with Image.open(io.BytesIO(file.getvalue())) as again:
        expected = np.asarray(again.convert("RGBA"))
    assert np.array_equal(png.decode(file.getvalue())[0], expected)


@pytest.mark.parametrize("depth, kind", [(1, 0), (4, 0), (8, 0), (16, 0), (8, 2), (16, 2)])
def test_a_transparent_colour_is_alpha(depth, kind):
    """As Pillow shows it; in 16 bits a colour that only rounds to it is not meant."""
    channels, high = {0: 1, 2: 3}[kind], 2**depth - 1
    key = [high] * channels
    samples = np.array([[key, [high - 1] * channels], [[0] * channels, key]], ">u2")
    if depth == 16:
        rows = [row.tobytes() for row in samples]
    elif depth == 8:
        rows = [row.astype(np.uint8).tobytes() for row in samples]
    else:
        rows = [bytes([int(a) << (8 - depth) | int(b) << (8 - 2 * depth)]) for a, b in samples[..., 0]]
    data = file_of(2, 2, zlib.compress(b"".join(b"\0" + row for row in rows)), kind=kind, depth=depth)
    trns = png.chunk(b"tRNS", np.array(key, ">u2").tobytes())
    data = data[:33] + trns + data[33:]  # behind the header
    pixels, _ = png.decode(data)
    assert pixels.shape == (2, 2, channels + 1)
    assert pixels[..., -1].tolist() == [[0, 255], [255, 0]]
    assert np.array_equal(pixels[..., :-1], png.decode(data[:33] + data[33 + len(trns) :])[0])
    if depth == 8:
        told = np.array(Image.open(io.BytesIO(data)).convert("RGBA"))
        assert np.array_equal(pixels[..., -1], told[..., 3])
    short = data[:33] + png.chunk(b"tRNS", b"\0") + data[33 + len(trns) :]
    with pytest.raises(ImageError, match="transparent colour"):
        png.decode(short)


def test_text_both_ways():
    text = {"gancube": '{"a": 1}', "place": "K\u00f6ln", "word": "\u7816 wall"}
    data = png.encode(photo(4, 4, 3), text)
    assert png.decode(data)[1] == png.read_text(data) == text
    assert {k: with_pillow(data)[2][k] for k in text} == text
    info = PngInfo()
    info.add_text("plain", "x" * 3000, zip=True)
    info.add_itxt("wide", "\u7816" * 3000, zip=True)
    file = io.BytesIO()
    Image.fromarray(photo(4, 4, 3)).save(file, "PNG", pnginfo=info)
    assert png.read_text(file.getvalue()) == {"plain": "x" * 3000, "wide": "\u7816" * 3000}


def test_same_array_same_bytes():
    pixels = photo(40, 40, 3)
    assert png.encode(pixels, {"b": "2", "a": "1"}) == png.encode(
        pixels.copy(order="F"), {"a": "1", "b": "2"}
    )


@pytest.mark.parametrize(
    "array",
    [np.zeros((4, 4)), np.zeros((4, 4, 3)), np.zeros((4, 4, 2), np.uint8), np.zeros((0, 4, 3), np.uint8)],
)
def test_what_cannot_be_written(array):
    with pytest.raises(ImageError):
        png.encode(array)


def test_bad_text_key():
    for text in ({"": "x"}, {"k" * 80: "x"}, {"k": "a\0b"}):
        with pytest.raises(ImageError):
            png.encode(photo(2, 2, 3), text)


def file_of(width, height, packed, kind=2, depth=8, interlaced=0):
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced)
    return png.SIGNATURE + png.chunk(b"IHDR", header) + png.chunk(b"IDAT", packed) + png.chunk(b"IEND", b"")


def test_bombs_are_refused_before_they_go_off():
    zeros = zlib.compress(bytes(5_000_000), 9)
    for data in (
        file_of(100_000, 100_000, zeros),
        file_of(16384, 16384, zeros),
        file_of(8, 8, zeros),
        file_of(8, 8, zlib.compress(bytes(10))),
        file_of(0, 8, zeros),
    ):
        with pytest.raises(ImageError):
            png.decode(data)
    bomb = png.chunk(b"zTXt", b"k\0\0" + zlib.compress(bytes(20_000_000), 9))
    good = png.encode(photo(2, 2, 3))
    with pytest.raises(ImageError):
        png.read_text(good[:33] + bomb + good[33:])


def test_interlaced_says_so():
    with pytest.raises(ImageError, match="interlac"):
        png.decode(file_of(8, 8, b"", interlaced=1))


def test_a_wrong_checksum_is_found():
    data = bytearray(png.encode(photo(8, 8, 3)))
    data[50] ^= 1
    with pytest.raises(ImageError, match="checksum"):
        png.decode(bytes(data))


def test_damage_is_always_an_image_error():
    """Byte flips (with the checksums made right again, so that they reach the code behind) and truncations."""
    rng = random.Random(5)
    file = io.BytesIO()
    Image.fromarray(photo(20, 20, 3)).quantize(16).save(file, "PNG", transparency=bytes([0, 128]))
    for good in (png.encode(photo(20, 20, 3), {"a": "\u7816"}), file.getvalue()):
        for _ in range(300):
            data = bytearray(good[: rng.randrange(len(good))] if rng.random() < 0.3 else good)
            for _ in range(rng.randrange(1, 4)):
                if data:
                    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
            with contextlib.suppress(ImageError):
                png.decode(mended(bytes(data)))


def mended(data):
    """The same chunks with right checksums, as far as the lengths can be followed."""
    out, position = data[:8], 8
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        if position + 12 + length > len(data):
            break
        out += png.chunk(data[position + 4 : position + 8], data[position + 8 : position + 8 + length])
        position += 12 + length
    return out + data[position:]


@pytest.mark.parametrize("filters", [(2,), (4, 3, 2, 1, 0)], ids=str)
def test_in_strips_it_is_the_same(monkeypatch, filters):
    pixels = RNG.integers(0, 256, (29, 17, 3), dtype=np.uint8)
    whole, other = png.encode(pixels), with_filters(pixels, filters)
    monkeypatch.setattr(png, "STRIP", 200)  # three rows
    assert png.encode(pixels) == whole
    for data in (whole, other):
        assert np.array_equal(png.decode(data)[0], pixels)
        assert png.is_slow(data) == (max(filters) > 2 and data is other)
    with pytest.raises(ImageError, match="truncated"):
        png.decode(file_of(17, 29, zlib.compress(bytes(29 * 52 - 1))))
    with pytest.raises(ImageError, match="more than its header says"):
        png.decode(file_of(17, 29, zlib.compress(bytes(29 * 52 + 1))))


def test_a_large_picture_is_never_there_twice():
    pixels = np.tile(photo(256, 256, 3), (16, 8, 1))
    for work, least in ((png.encode, 0), (png.decode, pixels.nbytes)):
        given = pixels if work is png.encode else png.encode(pixels)
        tracemalloc.start()
        made = work(given)
        peak, files = tracemalloc.get_traced_memory()[1], len(given if work is png.decode else made)
        tracemalloc.stop()
        assert peak < least + 2 * files + 6 * png.STRIP, work
