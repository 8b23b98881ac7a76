"""The numbers of a test vector: means and spreads of an output over an 8 x 8 grid. Numpy only; never bpy.

gan_train's export writes them into the card, Model.load compares: same weights, same arithmetic, same numbers.
"""

import numpy as np

GRID = 8
POOLED = "mean and std of each block of an 8x8 grid over the raw output, row-major [C, 8, 8]"


def pooled(raw: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[C, H, W] float -> mean and standard deviation, each [C * 64] float64, row-major [C, 8, 8].

    Block i of a side of n pixels is the pixels from i*n//8 to max(i*n//8 + 1, (i+1)*n//8), so any size works.
    """
    channels, height, width = raw.shape
    mean, std = np.zeros((2, channels, GRID, GRID))
    for y in range(GRID):
        for x in range(GRID):
            block = raw[:, _block(y, height), _block(x, width)].astype(np.float64)
            mean[:, y, x], std[:, y, x] = block.mean(axis=(1, 2)), block.std(axis=(1, 2))
    return mean.reshape(-1), std.reshape(-1)


def _block(i: int, n: int) -> slice:
    return slice(i * n // GRID, max(i * n // GRID + 1, (i + 1) * n // GRID))
