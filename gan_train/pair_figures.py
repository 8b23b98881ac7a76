"""How far a map is from the one it should be, and what one would do without a network. Numpy only, no files.

Before: held_out_pairs.py. After: measure_pairs.py. Maps are [H, W, C] float32 in [0, 1], row 0 on top.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from blender_addon.engine.preview import psnr

from .aligned_maps import LUMINANCE
from .features import radial_spectrum

STRENGTHS = (
    0.0,
    0.25,
    0.5,
    0.75,
    1.0,
    1.5,
    2.0,
    3.0,
    4.0,
    6.0,
    8.0,
    12.0,
    20.0,
)  # of the classic filter, either way round
WINDOW, DEVIATION = 11, 1.5  # of the structural similarity


def angle(made: np.ndarray, real: np.ndarray) -> float:
    """Mean angle between two normal maps in degrees."""
    a, b = (x.astype(np.float64) * 2 - 1 for x in (made, real))
    cosine = (a * b).sum(2) / np.maximum(np.linalg.norm(a, axis=2) * np.linalg.norm(b, axis=2), 1e-9)
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean())


def correlation(made: np.ndarray, real: np.ndarray) -> float:
    """Pearson's, of all values; 0 for what is flat."""
    a, b = (x.astype(np.float64) - x.mean(dtype=np.float64) for x in (made, real))
    return float((a * b).mean() / max(a.std() * b.std(), 1e-9))


def error(made: np.ndarray, real: np.ndarray) -> float:
    """Mean absolute difference in 1/255."""
    return float(np.abs(made - real).mean() * 255)


def ssim(made: np.ndarray, real: np.ndarray) -> float:
    """Structural similarity of the luminance (Wang et al. 2004, IEEE TIP 13:4)."""
    a, b = (grey(x).astype(np.float64) for x in (made, real))
    at = np.arange(WINDOW) - WINDOW // 2
    line = np.exp(-0.5 * (at / DEVIATION) ** 2)
    line /= line.sum()

    def smooth(x: np.ndarray) -> np.ndarray:
        h, w = x.shape[0] - WINDOW + 1, x.shape[1] - WINDOW + 1
        rows = sum(k * x[i : i + h] for i, k in enumerate(line))
        return sum(k * rows[:, i : i + w] for i, k in enumerate(line))

    mean_a, mean_b = smooth(a), smooth(b)
    var_a, var_b = smooth(a * a) - mean_a**2, smooth(b * b) - mean_b**2
    both = smooth(a * b) - mean_a * mean_b
    c1, c2 = 0.01**2, 0.03**2
    score = (2 * mean_a * mean_b + c1) * (2 * both + c2)
    return float((score / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))).mean())


def spectrum(made: np.ndarray, real: np.ndarray) -> float:
    """Mean difference of the power per ring of frequency, in decibels."""
    a, b = (radial_spectrum(np.floor(x * 255 + 0.5)[None]) for x in (made, real))
    return float(np.abs(a - b).mean())


Figure = tuple[str, Callable[[np.ndarray, np.ndarray], float], str, str]
_STRUCTURE = ("ssim", ssim, "higher", "structural similarity")
_COLOR = (
    ("psnr", psnr, "higher", "peak signal-to-noise ratio in decibels"),
    _STRUCTURE,
    ("spectrum", spectrum, "lower", "difference of the power per ring of frequency, in decibels"),
)
_VALUE = (("error", error, "lower", "mean absolute difference in 1/255"), _STRUCTURE)
# Map name -> its figures; _VALUE for all others.
FIGURES: dict[str, tuple[Figure, ...]] = {
    "base_color": _COLOR,
    "normal": (("angle", angle, "lower", "mean angle to the real normals in degrees"), _STRUCTURE),
    "height": (("correlation", correlation, "higher", "correlation with the real height"), _STRUCTURE),
}


def figures_of(name: str) -> tuple[Figure, ...]:
    return FIGURES.get(name, _VALUE)


def grey(values: np.ndarray) -> np.ndarray:
    """[H, W, C] -> [H, W]."""
    return values @ np.array(LUMINANCE, np.float32) if values.shape[2] == 3 else values[..., 0]


# Without a network


def filtered_normal(given: np.ndarray, strength: float, wraps: bool) -> np.ndarray:
    """The classic filter: Sobel's slopes of the luminance of `given` times `strength`, bright is high."""
    around = np.pad(grey(given), 1, mode="wrap" if wraps else "edge")
    right = around[:, 2:] - around[:, :-2]
    right = (right[:-2] + 2 * right[1:-1] + right[2:]) / 8
    down = around[2:] - around[:-2]
    down = (down[:, :-2] + 2 * down[:, 1:-1] + down[:, 2:]) / 8
    normal = np.stack([-strength * right, strength * down, np.ones_like(right)], 2)
    return (normal / np.linalg.norm(normal, axis=2, keepdims=True) + 1) / 2


def fitted_strength(examples: list[tuple[np.ndarray, np.ndarray, bool]]) -> float:
    """Of [(luminance or colour, real normal, wraps)]: the strength, either sign, with the least mean angle."""

    def mean_angle(strength: float) -> float:
        return float(
            np.mean([angle(filtered_normal(g, strength, wraps), real) for g, real, wraps in examples])
        )

    return min({sign * s for s in STRENGTHS for sign in (1, -1)}, key=lambda s: (mean_angle(s), s))
