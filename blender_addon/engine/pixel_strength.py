"""A material's strengths brought into the pixels, for formats that have no number for them. Numpy only; never bpy.

Previous station: scene/looks.py, which reads the numbers in the node tree.
"""

import numpy as np

from . import png


def scaled(data: bytes, factor: float) -> bytes:
    """A PNG of values, each times `factor`, clipped to what a pixel holds. Factor 1 gives the bytes as they are."""
    if factor == 1:
        return data
    pixels, text = png.decode(data)
    return png.encode(np.clip(np.floor(pixels * np.float64(factor) + 0.5), 0, 255).astype(np.uint8), text)


def steeper(data: bytes, factor: float) -> bytes:
    """A PNG of tangent normals [H, W, 3] as a Normal Map node of strength `factor` bends them."""
    if factor == 1:
        return data
    pixels, text = png.decode(data)
    vector = pixels[..., :3] * (2 / 255) - 1
    vector = [0, 0, 1] + (vector - [0, 0, 1]) * factor  # as Cycles does
    vector[..., 2] = np.maximum(vector[..., 2], 0)
    length = np.sqrt((vector * vector).sum(axis=2, keepdims=True))
    vector = np.where(length > 1e-6, vector / np.maximum(length, 1e-6), [0, 0, 1])
    return png.encode(np.floor(vector * 127.5 + 128).clip(0, 255).astype(np.uint8), text)
