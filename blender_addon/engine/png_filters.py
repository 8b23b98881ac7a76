"""The five row filters of PNG undone (PNG specification, third edition, 9). Numpy only; never bpy.

After: png.py, which checks the file around them.
"""

import numpy as np

from .errors import ImageError


def unfilter(rows: np.ndarray, step: int, above: np.ndarray) -> np.ndarray:
    """Undo the five row filters: [H, 1 + n] uint8 -> [H, n]. `step`: bytes from one pixel to the next; `above` [n]: the
    row before these."""
    height, width = rows.shape[0], (rows.shape[1] - 1) // step
    filters, out = rows[:, 0], rows[:, 1:].copy()
    if filters.max() > 4:
        raise ImageError("the PNG is damaged: a row has an unknown filter.")
    if filters.max() < 3:
        for y in range(height):
            if filters[y] == 1:
                np.cumsum(
                    out[y].reshape(width, step), axis=0, dtype=np.uint8, out=out[y].reshape(width, step)
                )
            elif filters[y] == 2:
                out[y] += out[y - 1] if y else above
        return out
    raw = out.reshape(height, width, step)
    made = _diagonals(raw, filters.astype(np.intp), above.reshape(width, step))
    return made.reshape(height, -1)


def _diagonals(raw: np.ndarray, filters: np.ndarray, above: np.ndarray) -> np.ndarray:
    """The same for the average and Paeth filters, where each pixel needs its left, upper and upper left neighbours.

    All pixels of one anti-diagonal x + y = d depend only on earlier ones, so a diagonal is one numpy step: in an
    array with a border of one pixel and rows of w bytes, its pixels lie w - 1 apart.
    """
    height, width, step = raw.shape
    stride = width + 1
    done = np.zeros(((height + 1) * stride, step), np.int16)
    done[1:stride] = above
    source = raw.reshape(-1, step)
    for d in range(height + width - 1):
        first, last = max(0, d - width + 1), min(height - 1, d)
        count = last - first + 1
        at = (first + 1) * stride + (d - first) + 1

        def along(array, start, gap, n=count):
            return array[start : start + (n - 1) * gap + 1 : gap] if gap else array[start : start + 1]

        left, up, corner = (along(done, at - back, stride - 1) for back in (1, stride, stride + 1))
        kinds = filters[first : last + 1, None]
        to_left, to_up = np.abs(up - corner), np.abs(left - corner)
        to_corner = np.abs(left + up - 2 * corner)
        paeth = np.where(
            (to_left <= to_up) & (to_left <= to_corner), left, np.where(to_up <= to_corner, up, corner)
        )
        guess = np.where(kinds == 1, left, 0) + np.where(kinds == 2, up, 0)
        guess += np.where(kinds == 3, (left + up) >> 1, 0) + np.where(kinds == 4, paeth, 0)
        given = along(source, first * width + d - first, width - 1)
        along(done, at, stride - 1)[...] = (given + guess) & 255
    return done.reshape(height + 1, stride, step)[1:, 1:].astype(np.uint8)
