"""PNG bytes as JPEG or WebP, through Blender, since the add-on ships no other encoder. bpy only; never numpy.

Previous station: looks.py or a GLB's images. Next: engine/image_file.py puts the mark in.
"""

import tempfile
from array import array
from pathlib import Path

import bpy

from ..engine.errors import ImageError, OutputError
from ..engine.image_file import SUFFIX, size_of

ENCODINGS = ("PNG", "JPEG", "WEBP")
QUALITY = 90  # of 100
LOSSLESS = 100  # what Blender takes for lossless WebP


def encoded(png: bytes, encoding: str, is_color: bool = False) -> bytes:
    """The same picture in another encoding, or the bytes as they are. Values of pixels are not converted.

    JPEG and WebP keep colour at half the resolution, which ruins what three channels of data say: normals come back
    up to 68 of 255 off, and metal leaks into roughness. So data with several channels stays PNG where JPEG was asked
    for, and becomes lossless WebP. What has alpha stays PNG: both would change the colours under what is transparent.
    """
    assert encoding in ENCODINGS, encoding
    lossless = not (is_color or is_grey(png))
    if encoding == "PNG" or has_alpha(png) or (encoding == "JPEG" and lossless):
        return png
    width, height, pixels = decoded(png)
    # Blender copies the packed file of an image instead of encoding it, so the pixels go into one without.
    target = bpy.data.images.new("encode", width, height)
    try:
        target.colorspace_settings.name = "sRGB" if is_color else "Non-Color"
        target.alpha_mode = "CHANNEL_PACKED"  # alpha is a map of its own and multiplies nothing
        target.pixels.foreach_set(pixels)
        target.file_format = encoding
        with tempfile.TemporaryDirectory(prefix="gancube-") as folder:
            file = Path(folder) / f"image{SUFFIX[encoding]}"
            try:
                target.save(filepath=str(file), quality=LOSSLESS if lossless else QUALITY)
            except RuntimeError as error:
                raise OutputError(f"Blender could not write an image: {str(error).strip()}") from error
            return file.read_bytes()
    finally:
        bpy.data.images.remove(target)


def decoded(data: bytes) -> tuple[int, int, array]:
    """(width, height, RGBA as float32 in [0, 1], the lowest row first) of a PNG, JPEG or WebP."""
    width, height = size_of(data)
    image = bpy.data.images.new("decode", width, height)
    try:
        image.colorspace_settings.name = "Non-Color"
        image.alpha_mode = "CHANNEL_PACKED"
        image.pack(data=data, data_len=len(data))
        image.source = "FILE"
        pixels = array("f", bytes(4 * 4 * width * height))
        if len(image.pixels) != len(pixels):  # Blender could not read it
            raise ImageError("the image is damaged.")
        image.pixels.foreach_get(pixels)
        return width, height, pixels
    finally:
        bpy.data.images.remove(image)


def has_alpha(png: bytes) -> bool:
    """Grey with alpha, or RGBA, by the colour type in the header."""
    return png[25] in (4, 6)


def is_grey(png: bytes) -> bool:
    return png[25] in (0, 4)
