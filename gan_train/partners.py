"""The partners of one picture, read and brought to its size; Pillow and numpy, never torch.

Before: pairs.py (which files), image_reader.py. After: prepare.py stores them, pair_check.py compares their looks.
"""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from .image_files import Candidate
from .image_reader import ReadImage, UnusableImage, read_planes
from .input_maps import CHANNELS


def read_partners(
    candidate: Candidate, image: ReadImage, wraps: bool
) -> tuple[dict[str, np.ndarray], list[str]]:
    """{map name: [H, W, C] uint8} at the size of `image`, and notes; UnusableImage where one does not fit."""
    found, notes = {}, []
    if candidate.partners and image.cropped:
        raise UnusableImage(
            "it is cropped, and its partners would not lie under it. Crop all of them beforehand"
        )
    height, width = image.pixels.shape[:2]
    for name, file in sorted(candidate.partners.items()):
        try:
            data = file.read()
            planes = read_planes(data, (width, height), wraps)
        except UnusableImage as error:
            raise UnusableImage(f"its {name} does not fit: {error}") from error
        except OSError as error:
            raise UnusableImage(f"its {name} cannot be read: {error}") from error
        found[name] = _with_channels(planes, CHANNELS[name])
        ours, theirs = _size(candidate.read()), _size(data)
        if ours != theirs:
            said = " x ".join(map(str, theirs)), " x ".join(map(str, ours))
            notes.append(f"its {name} has another size: {said[0]} px beside {said[1]}, scaled")
    return found, notes


def _with_channels(planes: np.ndarray, count: int) -> np.ndarray:
    """[H, W, 1 or 3] in [0, 1] -> [H, W, count] uint8: grey repeated, or the mean of colours."""
    if planes.shape[2] != count:
        planes = planes.mean(2, keepdims=True) if count == 1 else planes[..., :1].repeat(count, 2)
    return np.floor(planes.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _size(data: bytes) -> tuple[int, int]:
    with Image.open(io.BytesIO(data)) as image:
        return image.size
