"""Pictures for tests, made here: nothing is downloaded."""

from pathlib import Path

import numpy as np
from PIL import Image


def texture(seed: int, size: int = 160) -> np.ndarray:
    """[size, size, 3] uint8: coloured noise with structure, another one for each seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (10, 10, 3), np.uint8))
    return np.asarray(coarse.resize((size, size), Image.Resampling.BICUBIC))


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
