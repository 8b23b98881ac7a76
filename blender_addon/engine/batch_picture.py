"""Small pictures of a batch's assets, and all of them on one sheet. Numpy only; never bpy.

Previous station: Generated.textures. Next: the asset's folder.
"""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from . import image_file, xmp
from .errors import ImageError
from .mark import Mark
from .pixels import TextureSet, to_uint8
from .png import decode, encode
from .thumbnail import shrunk

SIDE = 128  # pixels of a thumbnail
PAPER = (0.91, 0.92, 0.93)  # light grey, on the sheet too
SHEET = 2048  # pixels: the widest sheet; the cells shrink for it
SMALLEST = 16  # pixels of a cell; what then does not fit is left out

# The faces that the camera sees, from +X -Y +Z: number, brightness, and on the picture, in halves of its width, where
# the lower left corner is and where right and up lead.
LEAN, HIGH, LOW = 0.577, 1.18, -1.17
SEEN = (
    (0, 0.78, (0, LOW), (1, LEAN), (0, HIGH)),
    (3, 0.92, (-1, LOW + LEAN), (1, -LEAN), (0, HIGH)),
    (4, 1.0, (-1, LOW + LEAN + HIGH), (1, -LEAN), (1, LEAN)),
)
VIEW = 1.25  # half of what the picture shows


def color_of(texture: TextureSet) -> np.ndarray:
    """[H, W, 3] uint8 sRGB, on paper where it is transparent."""
    maps = texture.maps
    color = np.broadcast_to(maps["base_color"], (*maps["base_color"].shape[:2], 3))
    if "alpha" in maps:
        color = np.float32(PAPER) + (color - np.float32(PAPER)) * maps["alpha"]
    return to_uint8(color)


def thumbnail(textures: list[TextureSet]) -> bytes:
    """PNG, SIDE x SIDE, of a cube: as it stands. A render would take as long as the rest of it."""
    return encode(to_uint8(cube_picture({face: color_of(textures[face]) for face, *_ in SEEN})))


def on_paper(picture: bytes) -> bytes:
    """A PNG with a transparent ground -> one without."""
    pixels = decode(picture)[0].astype(np.float32) / 255
    return encode(to_uint8(np.float32(PAPER) + (pixels[..., :3] - np.float32(PAPER)) * pixels[..., 3:]))


def cube_picture(faces: dict[int, np.ndarray], side: int = SIDE) -> np.ndarray:
    """[side, side, 3] float of [H, W, 3] uint8, by the number of the face."""
    out = np.empty((side, side, 3), np.float32)
    out[:] = PAPER
    rows, columns = np.mgrid[0:side, 0:side]
    x = ((columns + 0.5) / side * 2 - 1) * VIEW
    y = (1 - (rows + 0.5) / side * 2) * VIEW
    for face, light, corner, right, up in SEEN:
        picture = shrunk(faces[face], min(side // 2, min(faces[face].shape[:2]))).astype(np.float32) / 255
        across = np.linalg.inv(np.array([right, up], float).T)
        u, v = across @ np.stack([(x - corner[0]).ravel(), (y - corner[1]).ravel()])
        inside = ((u >= 0) & (u < 1) & (v >= 0) & (v < 1)).reshape(side, side)
        h, w = picture.shape[:2]
        seen = picture[np.minimum(((1 - v) * h).astype(int), h - 1) % h, (u * w).astype(int) % w]
        out[inside] = seen.reshape(side, side, 3)[inside] * light
    return out


def marked(picture: bytes, mark: Mark) -> bytes:
    """A PNG that says, as every image here, what it was made with."""
    return image_file.add_xmp(picture, xmp.packet(mark))


def contact_sheet(pictures: list[Path | None], models: Sequence[str] = ()) -> bytes:
    """PNG with all the thumbnails in rows, those that are missing left blank; models: names of the generators."""
    columns = max(math.ceil(math.sqrt(len(pictures))), 1)
    cell = max(min(SIDE, SHEET // columns), SMALLEST)
    columns = min(columns, SHEET // cell)
    rows = min(math.ceil(len(pictures) / columns), SHEET // cell)
    sheet = np.empty((max(rows, 1) * cell, columns * cell, 3), np.uint8)
    sheet[:] = to_uint8(np.float32(PAPER))
    for number, path in enumerate(pictures[: rows * columns]):
        picture = read_thumbnail(path) if path is not None else None
        if picture is not None:
            top, left = number // columns * cell, number % columns * cell
            sheet[top : top + cell, left : left + cell] = shrunk(picture, cell)
    return marked(
        encode(sheet), Mark(recipe="", model=", ".join(models), model_sha256="", title="Contact sheet")
    )


def read_thumbnail(path: Path) -> np.ndarray | None:
    """None where it is gone or damaged: the sheet is there to look at."""
    try:
        picture, _ = decode(path.read_bytes())
    except (OSError, ImageError):
        return None
    return picture if picture.shape == (SIDE, SIDE, 3) else None
