"""Does a model's preview show what the whole texture shows? Numpy only; never bpy.

Before: model.py. Next: check.py (a file that was given), gan_train's export (a file that is made).
"""

import numpy as np

from .model import Model

LEAST = 25.0  # decibels between the preview and the texture made as small


def fidelity(model: Model, seed: int, label=None, size: int | None = None) -> float:
    """PSNR in decibels, of the map of the preview that is farthest from the texture's own, shrunken by means."""
    whole = model.render(seed, label, size).maps
    small = model.render(seed, label, size, preview=True).maps
    return min(psnr(shrunken(whole[name], model.card.preview.scale), unit) for name, unit in small.items())


def shrunken(unit: np.ndarray, times: int) -> np.ndarray:
    """[H, W, C] -> [H / times, W / times, C], the mean of each square."""
    height, width, channels = unit.shape
    squares = unit.reshape(height // times, times, width // times, times, channels)
    return squares.mean(axis=(1, 3), dtype=np.float64).astype(np.float32)


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio in decibels, of values from 0 to 1; 100 where they are equal."""
    return float(-10 * np.log10(max(np.square(one.astype(np.float64) - other).mean(), 1e-10)))
