"""Rows and columns of pictures to one PNG file; numpy and pillow only."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from PIL import Image

GAP = 4  # pixels between pictures


def save_sheet(pictures: np.ndarray, path: Path) -> Path:
    """uint8 [rows, columns, H, W, 3] sRGB -> a PNG with white gaps, written whole or not at all."""
    rows, columns, h, w, _ = pictures.shape
    sheet = np.full((rows * (h + GAP) - GAP, columns * (w + GAP) - GAP, 3), 255, np.uint8)
    for r in range(rows):
        for c in range(columns):
            sheet[r * (h + GAP) : r * (h + GAP) + h, c * (w + GAP) : c * (w + GAP) + w] = pictures[r, c]
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    Image.fromarray(sheet).save(partial, "PNG")
    partial.rename(path)
    return path
