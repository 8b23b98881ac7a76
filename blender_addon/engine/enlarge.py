"""Maps that a generator leaves alone, enlarged with the others so that a set stays aligned. Numpy only; never bpy.

Catmull-Rom cubics (Keys 1981, a = -1/2), separable; pixel centres as an enlarging network has them: a pixel becomes
scale x scale pixels at its place. Previous station: transform.py.
"""

import numpy as np

from .pixels import renormalise, to_uint8
from .windows import mirrored

STRIP = 128  # rows of the picture at a time


def enlarged(values: np.ndarray, scale: int, wraps: bool, is_normal: bool = False) -> np.ndarray:
    """[H, W, C] uint8 -> [H * scale, W * scale, C] uint8. `is_normal`: tangent normals, which keep their length."""
    height, width = values.shape[:2]
    out = np.empty((height * scale, width * scale, values.shape[2]), np.uint8)
    columns = [(place(np.arange(width) + i, width, wraps), i) for i in range(-2, 3)]
    for first in range(0, height, STRIP):
        rows = np.arange(first, min(first + STRIP, height))
        taps = [
            values[place(rows + i, height, wraps)].astype(np.float32) * np.float32(1 / 255)
            for i in range(-2, 3)
        ]
        for down in range(scale):
            line = sum(tap * weight for tap, weight in zip(taps, weights(down, scale), strict=True))
            for across in range(scale):
                share = weights(across, scale)
                unit = sum(line[:, at] * share[i + 2] for at, i in columns)
                unit = np.clip(unit, 0, 1)
                unit = renormalise(unit) if is_normal else unit
                out[first * scale + down : (first + len(rows)) * scale : scale, across::scale] = to_uint8(
                    unit
                )
    return out


def place(at: np.ndarray, size: int, wraps: bool) -> np.ndarray:
    return at % size if wraps else mirrored(at, size)


def weights(phase: int, scale: int) -> list[np.float32]:
    """Of the pixels -2 to 2 around one, for its part `phase` of `scale`."""
    offset = (phase + 0.5) / scale - 0.5
    return [np.float32(cubic(offset - i)) for i in range(-2, 3)]


def cubic(x: float) -> float:
    x = abs(x)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0
