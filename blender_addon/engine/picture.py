"""A picture to be changed: maps of one size as bytes, and what a generator asks of them. Numpy only; never bpy.

Previous station: the bytes of an image file, or the pixels of an image in Blender. Next: transform.py, which reads
windows of it, so nothing here is ever a float array of the whole picture.
"""

from dataclasses import dataclass

import numpy as np

from . import png
from .card import DERIVED, INPUT_MAPS, MAPS, Input
from .errors import RequestError
from .image_file import kind_of
from .measures import SEAM_LIMIT, tile_seam

LUMINANCE = np.array([0.2126, 0.7152, 0.0722], np.float32)  # Rec. 709, of the encoded values
LOOKED_AT = 512  # rows, and columns, that decide whether a large picture tiles


@dataclass(frozen=True)
class Picture:
    """`maps`: {map name: [H, W, C] uint8}, all of one size, row 0 on top, encoded as in a PNG. `alpha`: [H, W, 1]
    uint8 that belongs to the colours and is carried along; None where there is none."""

    maps: dict
    alpha: np.ndarray | None = None

    def __post_init__(self):
        sizes = {name: values.shape[:2] for name, values in self.maps.items()}
        if len(set(sizes.values())) > 1:
            said = ", ".join(f"{name} {width} x {height}" for name, (height, width) in sizes.items())
            raise RequestError(f"the maps have different sizes ({said}). Give them one size.")

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) in pixels."""
        return next(iter(self.maps.values())).shape[:2]


def of_pixels(pixels: np.ndarray, name: str = "base_color") -> Picture:
    """[H, W, 1..4] uint8 (grey, grey + alpha, RGB, RGBA) as the map `name`; alpha that is opaque everywhere is none."""
    assert pixels.dtype == np.uint8 and pixels.ndim == 3 and 1 <= pixels.shape[2] <= 4
    colors, alpha = pixels, None
    if pixels.shape[2] in (2, 4):
        colors, alpha = pixels[..., :-1], pixels[..., -1:]
        alpha = None if (alpha == 255).all() else np.ascontiguousarray(alpha)
    if 3 not in (MAPS | INPUT_MAPS)[name][1]:
        colors = grey(colors)
    return Picture({name: np.ascontiguousarray(colors)}, alpha if name == "base_color" else None)


def of_png(data: bytes, name: str = "base_color") -> Picture:
    """A PNG of any depth and kind; what has 16 bits is rounded to 8."""
    assert kind_of(data) == "PNG"
    return of_pixels(png.decode(data)[0], name)


def upright(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """[H, W, C] as the file has it -> as the camera saw it. orientation: exif.orientation_of."""
    if orientation == 1:
        return pixels
    if orientation >= 5:  # lies on its side
        pixels = pixels.swapaxes(0, 1)
    down, across = {2: (1, -1), 3: (-1, -1), 4: (-1, 1), 6: (1, -1), 7: (-1, -1), 8: (-1, 1)}.get(
        orientation, (1, 1)
    )
    return np.ascontiguousarray(pixels[::down, ::across])


def together(pictures: list[Picture]) -> Picture:
    """Several maps of one surface as one picture."""
    maps = {name: values for one in pictures for name, values in one.maps.items()}
    return Picture(maps, next((one.alpha for one in pictures if one.alpha is not None), None))


def grey(colors: np.ndarray) -> np.ndarray:
    """[H, W, 1 or 3] uint8 -> [H, W, 1] uint8, the luminance of the encoded values."""
    if colors.shape[2] == 1:
        return colors
    out = np.empty((*colors.shape[:2], 1), np.uint8)
    for row in range(0, len(colors), 256):  # in strips: floats of a whole large picture would be gigabytes
        strip = colors[row : row + 256].astype(np.float32) @ LUMINANCE
        out[row : row + 256, :, 0] = np.floor(strip + np.float32(0.5))
    return out


def tiles(picture: Picture) -> bool:
    """Does it repeat without a seam? Measured on its first map; of a large one on some of its rows and columns."""
    values = next(iter(picture.maps.values()))
    height, width = values.shape[:2]
    if min(height, width) < 4:
        return False
    cuts = (values[:: max(height // LOOKED_AT, 1)], values[:, :: max(width // LOOKED_AT, 1)])
    if cuts[0].shape == values.shape == cuts[1].shape:
        return tile_seam(values) <= SEAM_LIMIT
    return all(_wraps(cut, axis) for cut, axis in zip(cuts, (1, 0), strict=True))


def _wraps(cut: np.ndarray, axis: int) -> bool:
    """The jump over the wrap line along `axis` is no larger than the largest inside, as in measures.tile_seam."""
    lines = np.moveaxis(cut, axis, 0)
    jumps = [
        _jump(lines[i - 1], lines[i]) for i in range(len(lines))
    ]  # the first is from the last line to the first
    return jumps[0] <= SEAM_LIMIT * max(jumps[1:])


def _jump(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(np.int16) - other).mean())


class Windows:
    """What one input of kind `image` sees of a picture: window(rows, columns) -> [1, C, h, w] float32 in its range."""

    def __init__(self, one: Input, picture: Picture, model: str):
        self.one, self.picture = one, picture
        self.parts = [(spec, self._source(spec.name, model)) for spec in one.picture_maps]
        # Drawn on light paper, dark is the line; on black, light is.
        colors = picture.maps.get("base_color")
        self.on_paper = colors is not None and float(grey(colors).mean()) > 127.5

    def _source(self, name: str, model: str) -> str:
        given = self.picture.maps
        if name in given:
            return name
        if name in DERIVED and "base_color" in given:
            return "base_color"
        has = ", ".join(given)
        raise RequestError(f"{model}: needs the map {name}, and the picture has {has}. Give it, too.")

    def window(self, rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
        """rows [h] and columns [w]: indices into the picture, which may repeat."""
        low, high = self.one.range
        out = np.empty((1, self.one.shape[1], len(rows), len(columns)), np.float32)
        for spec, source in self.parts:
            first, end = spec.channels
            unit = self._unit(spec.name, source, end - first, rows, columns)
            out[0, first:end] = unit.transpose(2, 0, 1) * np.float32(high - low) + np.float32(low)
        return out

    def _unit(self, name: str, source: str, channels: int, rows, columns) -> np.ndarray:
        """[h, w, channels or 1] float32 in [0, 1]."""
        unit = self.picture.maps[source][rows[:, None], columns].astype(np.float32) * np.float32(1 / 255)
        if channels == 1 and unit.shape[2] == 3:
            unit = (unit @ LUMINANCE)[..., None]
        return 1 - unit if name == "sketch" and source != "sketch" and self.on_paper else unit
