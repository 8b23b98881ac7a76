"""A picture through a generator that changes pictures, and what it is compared with. Numpy and the engine; no torch.

Before: model_source.py (the model), picture_sets.py (pictures). After: domain_measures.py, changed_sheet.py.
"""

from __future__ import annotations

import numpy as np

from blender_addon.engine.model import Model
from blender_addon.engine.picture import of_pixels
from blender_addon.engine.transform import Step, transform

from .errors import DatasetError


def check_takes_color(model: Model) -> None:
    """DatasetError where the picture that goes in is more, or other, than a base colour."""
    names = [spec.name for spec in model.card.input("image").picture_maps]
    if names != ["base_color"]:
        raise DatasetError(
            f"{model.card.name}: takes {', '.join(names)}; a dataset of looks has base colours only."
        )


def changed(
    model: Model, pixels: np.ndarray, wraps: bool, label: str | None = None, strength: float | None = None
) -> np.ndarray:
    """[H, W, 3] uint8 sRGB -> what the add-on would make of it, [H, W, 3] uint8 (larger for enlargers)."""
    scalars = {} if strength is None else {"strength": strength}
    made = transform(model, of_pixels(pixels), Step(label, scalars), wraps)
    color = made.maps.get("base_color", next(iter(made.maps.values())))
    return np.ascontiguousarray(np.broadcast_to(color, (*color.shape[:2], 3)))


def recolored(pixels: np.ndarray, like: np.ndarray) -> np.ndarray:
    """[H, W, 3] uint8 with the mean and contrast of each channel of `like` (Reinhard et al. 2001, in sRGB): the
    baseline that a learned change must beat."""
    mean, deviation = pixels.mean((0, 1)), pixels.std((0, 1)) + 1e-3
    moved = (pixels - mean) / deviation * like.std((0, 1)) + like.mean((0, 1))
    return np.clip(moved + 0.5, 0, 255).astype(np.uint8)


def edge_correlation(first: np.ndarray, second: np.ndarray) -> float:
    """Pearson correlation of the edge strengths of two pictures [H, W, 3] uint8, of grey 2 x 2 means: 1 the same edges,
    0 unrelated ones. Where one of them has no edges it is 0, where neither has, 1."""
    a, b = _edges(first), _edges(second)
    a, b = a - a.mean(), b - b.mean()
    power = np.sqrt((a * a).mean()), np.sqrt((b * b).mean())
    if min(power) < 1e-6:
        return float(max(power) < 1e-6)
    return float((a * b).mean() / (power[0] * power[1]))


def _edges(pixels: np.ndarray) -> np.ndarray:
    grey = pixels.astype(np.float64).mean(2)
    h, w = (side // 2 * 2 for side in grey.shape)
    grey = grey[:h, :w].reshape(h // 2, 2, w // 2, 2).mean((1, 3))
    down, across = np.gradient(grey)
    return np.hypot(down, across)
