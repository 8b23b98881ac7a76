"""Does a generator that paints meshes wear edges and dirty hollows? Rank correlations. Numpy only, no files.

Before: held_out_pairs.py. After: measure_weather.py. How worn or dirty a place looks is read from its colour, by the
plane that tells it best in the real pictures of the training set; curvature and occlusion are those that went in.
"""

from __future__ import annotations

import numpy as np

SMOOTH = 4  # pixels of a side that are averaged, since a single texel of a texture tells nothing
EMPTY = 128  # of every channel of the position, where there is no surface


def cells(values: np.ndarray) -> np.ndarray:
    """[H, W, C] -> means of squares [H / SMOOTH, W / SMOOTH, C] float64."""
    high, wide = (side // SMOOTH * SMOOTH for side in values.shape[:2])
    x = values[:high, :wide].astype(np.float64)
    return x.reshape(high // SMOOTH, SMOOTH, wide // SMOOTH, SMOOTH, -1).mean((1, 3))


def has_surface(given: dict[str, np.ndarray]) -> np.ndarray:
    """{map name: [H, W, C] uint8} -> [H, W] bool."""
    return np.abs(given["position"].astype(int) - EMPTY).max(2) > 1


def seen(color: np.ndarray, given: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """-> ([n, 4] colours in [0, 1] and a one, [n, 2] curvature and shade in [0, 1]) of the cells full of surface.

    color [H, W, 3] in [0, 1]; given: {map name: [H, W, C] uint8}."""
    full = cells(has_surface(given)[..., None])[..., 0] == 1
    rgb = cells(color)[full]
    shape = np.concatenate([cells(given["curvature"]), 255 - cells(given["ao"])], 2)[full] / 255
    return np.concatenate([rgb, np.ones((len(rgb), 1))], 1), shape


def fitted(pictures: list[tuple[np.ndarray, dict[str, np.ndarray]]]) -> np.ndarray:
    """[4, 2]: colour -> how worn, how dirty, by least squares over real pictures (color, given)."""
    colors, shapes = (np.concatenate(x) for x in zip(*(seen(*one) for one in pictures), strict=True))
    return np.linalg.lstsq(colors, shapes, rcond=None)[0]


def judged(
    planes: np.ndarray, color: np.ndarray, given: dict[str, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """-> ([n, 2] how worn and how dirty the cells of the surface look, [n, 2] curvature and shade)."""
    colors, shape = seen(color, given)
    return colors @ planes, shape


def correlations(looks: np.ndarray, shape: np.ndarray) -> tuple[float, float]:
    """(wear with curvature, dirt with shade) of what `judged` gives: Spearman's."""
    return tuple(rank_correlation(one, other) for one, other in zip(looks.T, shape.T, strict=True))


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's, equal values sharing their mean rank; 0 for what is flat."""
    a, b = (ranks(x) for x in (a, b))
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).mean() / max(a.std() * b.std(), 1e-9)) if len(a) else 0.0


def ranks(values: np.ndarray) -> np.ndarray:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(count) - (count - 1) / 2)[place.reshape(-1)]
