"""A picture out of a seed, to try a generator on that takes one: the test vector's. Numpy only; never bpy.

Previous station: latents.fill_image. The formula is part of every card with a test vector: it may never change
(golden values in tests/engine/test_drawn_picture.py).
"""

import numpy as np

# How often each repeats over the picture, at most: smooth scales and finer ones.
WAVES = (1, 2, 3, 5, 8, 13, 21)


def drawn_picture(seed: int, channels: int, size: int) -> np.ndarray:
    """[channels, size, size] float32 in [0, 1], tileable; the channels differ. The same bits on every machine.

    Of each channel: the mean over the entries m of WAVES of wave(i * x + j * y + p), where i and j (from -m to m) and
    the phase p are whole numbers that PCG64(seed) draws, wave by wave: i, j, then p. Positions are in 1/65536 of the
    picture, and so is p. wave is a parabola up and one down for a sine: only sums and products, no library's sine,
    whose last bits differ between machines.
    """
    rng = np.random.Generator(np.random.PCG64(seed))
    at = np.arange(size, dtype=np.int64) * 65536 // size
    picture = np.zeros((channels, size, size), np.float32)
    for channel in picture:
        for most in WAVES:
            i, j = (int(rng.integers(-most, most + 1)) for _ in range(2))
            start = int(rng.integers(65536))
            channel += _wave((i * at[None, :] + j * at[:, None] + start) % 65536)
    return picture * np.float32(1 / len(WAVES))


def _wave(turn: np.ndarray) -> np.ndarray:
    """int64 in 1/65536 of a turn -> float32 in [0, 1], 0.5 at the start, 1 at a quarter, 0 at three quarters."""
    half = (turn % 32768).astype(np.float32) * np.float32(1 / 32768)  # exact: 15 bits
    bow = half * (np.float32(1) - half) * np.float32(2)
    return np.float32(0.5) + np.where(turn < 32768, bow, -bow)
