"""Does an image tile? Numbers for the line where it meets itself. Numpy only; never bpy.

A line jump is the mean |difference| between two neighbouring columns (or rows); the wrap line lies between the last
and the first. Printed beside every face by the command, and by gan_train's measures.
"""

import numpy as np

SEAM_LIMIT = 1.1  # tile_seam above it: a visible seam (tileable photographs 0.1 %, crops 60 %)
SMEAR_LIMIT = 0.5  # tile_smear below it: the seam was blurred away
LEVELS = 4  # 1, 1/2, 1/4, 1/8


def tile_seam(image: np.ndarray) -> float:
    """r of [H, W, C] float: the wrap line's jump over the LARGEST interior line jump, worst of x, y and levels.

    Levels are 2 x 2 means of 1, 1/2, 1/4 and 1/8 of the size, as far as the sides stay even and at least 4 px. A
    constant image has r = 0.
    """
    level = _as_float(image)
    worst = 0.0
    for i in range(LEVELS):
        if i:
            height, width = level.shape[:2]
            if height % 2 or width % 2:
                break
            level = level.reshape(height // 2, 2, width // 2, 2, -1).mean(axis=(1, 3))
        if min(level.shape[:2]) < 4:
            break
        for axis in (0, 1):
            jumps = _line_jumps(level, axis)
            worst = max(worst, _ratio(jumps[-1], jumps[:-1].max()))
    return worst


def tile_smear(image: np.ndarray) -> float:
    """TSR of [H, W, C] float: the wrap line's jump over the MEAN interior line jump, smaller of x and y, full size.

    About 1 for a good tile, below 0.5 where someone blurred the seam, 1 for a constant image.
    """
    image = _as_float(image)
    ratios = []
    for axis in (0, 1):
        jumps = _line_jumps(image, axis)
        ratios.append(_ratio(jumps[-1], jumps[:-1].mean(), of_nothing=1.0))
    return min(ratios)


def _as_float(image: np.ndarray) -> np.ndarray:
    assert image.ndim == 3 and min(image.shape[:2]) >= 4, "an image [H, W, C] of at least 4 x 4 px"
    return image.astype(np.float64)


def _line_jumps(image: np.ndarray, axis: int) -> np.ndarray:
    """[n] jumps from line i to line i + 1 along `axis`; the last entry is the wrap line."""
    other = tuple(a for a in range(3) if a != axis)
    return np.abs(np.roll(image, -1, axis) - image).mean(axis=other)


def _ratio(wrap: float, interior: float, of_nothing: float = 0.0) -> float:
    if interior > 0:
        return float(wrap / interior)
    return float("inf") if wrap > 0 else of_nothing
