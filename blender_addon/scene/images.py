"""Packed images from PNG bytes. bpy only; pixels are encoded elsewhere (engine/png.py, or the panel's worker).

Previous station: the PNG bytes of a FacePixels (scene/assets.py). Next: scene/material.py.
"""

import bpy

from ..engine.recipe import KEY as RECIPE_KEY


def new_image(name: str, png: bytes, colorspace: str, recipe: str) -> bpy.types.Image:
    """A new image datablock that holds `png` packed, exactly these bytes.

    colorspace: "sRGB" or "Non-Color", as the model's card says.
    recipe: JSON text, kept in the custom property "gancube".

    Always a new datablock: undo does not bring back the earlier pixels of an image that was
    rewritten. The header's size goes into `new`, because an image of another size would be
    scaled by nobody and reported wrongly until its first load.
    """
    width, height = png_size(png)
    image = bpy.data.images.new(name, width, height)
    # The colour space comes first: set after the pixels it resets them to black.
    image.colorspace_settings.name = colorspace
    # pack(data=...) keeps the bytes as they are (1 ms); a plain pack() would encode again (140 ms
    # at 1024 px), and an image that is not packed is black after undo and redo.
    image.pack(data=png, data_len=len(png))
    image.source = "FILE"
    image[RECIPE_KEY] = recipe
    return image


def purge(limit: int) -> None:
    """Removes images of ours that nothing shows any more, the oldest first, until the rest holds `limit` bytes.

    Undo brings them back, pixels and all: what is packed is in its steps.
    """
    unused = [
        image for image in bpy.data.images if image.users == 0 and RECIPE_KEY in image and image.packed_file
    ]
    unused.sort(key=lambda image: image.session_uid)
    held = sum(image.packed_file.size for image in unused)
    for image in unused:
        if held <= limit:
            return
        held -= image.packed_file.size
        bpy.data.images.remove(image)


def png_size(png: bytes) -> tuple[int, int]:
    """Width and height in pixels, read from the header of PNG bytes."""
    assert png[:8] == b"\x89PNG\r\n\x1a\n" and png[12:16] == b"IHDR", "new_image takes PNG bytes"
    return int.from_bytes(png[16:20], "big"), int.from_bytes(png[20:24], "big")
