"""Pictures for tests, made here: nothing is downloaded."""

from pathlib import Path

import numpy as np
from PIL import Image


def texture(seed: int, size: int = 160) -> np.ndarray:
    """[size, size, 3] uint8: coloured noise with structure, another one for each seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (10, 10, 3), np.uint8))
    return np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))


def bricks(seed: int, size: int = 192, course: int = 32, length: int = 64, grain: float = 12.0) -> np.ndarray:
    """[size, size, 3] uint8: a wall in running bond, each brick with a tint of its own, and grain on everything."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size]
    row = y // course
    moved = x + (row % 2) * length // 2
    tint = rng.normal(0, 12, (size // course + 1, size // length + 2, 1)).astype(np.float64)
    colour = np.array((150.0, 80.0, 60.0)) + tint[row, moved // length] * (grain > 0)
    mortar = (y % course < 4) | (moved % length < 4)
    colour[mortar] = (200.0, 195.0, 185.0)
    colour += rng.normal(0, 1, colour.shape) * grain
    return np.clip(colour, 0, 255).astype(np.uint8)


def save_texture(path: Path, seed: int, size: int = 160, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(texture(seed, size)).save(path, **options)
    return path


def save_folder(root: Path, labels: dict[str, int], size: int = 160) -> Path:
    """root/LABEL/N.png: that many textures for each label, all different."""
    seed = 0
    for label, count in labels.items():
        for number in range(count):
            save_texture(root / label / f"{number}.png", seed, size)
            seed += 1
    return root
