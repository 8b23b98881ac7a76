"""Is a generated material physical? Its albedo's range, and whether its normals belong to its height. Numpy only.

Previous station: picture_sets.py (maps of each sample). Next: comparison.py.
"""

import numpy as np

ALBEDO = (
    30,
    240,
)  # sRGB of 255; charcoal and fresh snow (Lagarde and de Rousiers, "Moving Frostbite to PBR", 2014)
LUMINANCE = (0.2126, 0.7152, 0.0722)  # Rec. 709
SURFACE = ("normal", "roughness", "metallic", "height", "ao")  # maps that make a picture a material


def albedo_share(base_color: np.ndarray, metallic: np.ndarray | None = None) -> float:
    """Share of pixels of [H, W, 3] sRGB in [0, 1] within what surfaces reflect; metal [H, W, 1] may be brighter."""
    level = 255 * base_color @ np.array(LUMINANCE)
    metal = np.zeros(level.shape, bool) if metallic is None else metallic[..., 0] > 0.5
    return float(((level >= ALBEDO[0]) & ((level <= ALBEDO[1]) | metal)).mean())


def normal_angle(normal: np.ndarray, height: np.ndarray, wraps: bool) -> float:
    """Mean angle in degrees between the normals [H, W, 3] (OpenGL, 0.5 is zero) and those of the height [H, W, 1].

    A height map's depth is nobody's to know: the one that fits the normals best is taken. A green channel the wrong
    way up, or normals of another surface, show as large angles.
    """
    normals = normal.astype(np.float64) * 2 - 1
    z = np.maximum(normals[..., 2], 0.05)  # no steeper than 87 degrees
    slopes = -normals[..., :2] / z[..., None]  # d height / dx, d height / dy, y upwards
    level = height[..., 0].astype(np.float64)
    across = (np.roll(level, -1, 1) - np.roll(level, 1, 1)) / 2
    up = -(np.roll(level, -1, 0) - np.roll(level, 1, 0)) / 2
    gradient = np.stack([across, up], -1)
    if not wraps:
        slopes, gradient, normals = slopes[1:-1, 1:-1], gradient[1:-1, 1:-1], normals[1:-1, 1:-1]
    power = (gradient * gradient).sum()
    depth = max((slopes * gradient).sum() / power, 0.0) if power > 0 else 0.0
    derived = np.concatenate([-depth * gradient, np.ones_like(gradient[..., :1])], -1)
    cosine = (derived * normals).sum(-1) / np.maximum(
        np.linalg.norm(derived, axis=-1) * np.linalg.norm(normals, axis=-1), 1e-9
    )
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))).mean())
