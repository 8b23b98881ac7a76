"""A stored picture as an encoder reads it, and finer where it has the pixels; numpy and Pillow, never torch.

Before: prepare.py, which never enlarges. After: dataset.py, for a decoder that draws finer than its encoder reads.

The encoder reads every picture at one size, at most: that at which the largest ones, made `finer` times smaller, still
fill its crop. What has `finer` times as many pixels has the detail, too; what has fewer has none. Means of squares, as
the decoder's pictures are compared with it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image


@dataclass(frozen=True)
class Scaled:
    """Pixels [H, W, 3] uint8 and maps [H, W, M] float16 as the encoder reads them; both of `finer` times the size."""

    pixels: np.ndarray
    maps: np.ndarray
    fine: np.ndarray | None = None  # [finer * H, finer * W, 3]; None: it has no such detail
    fine_maps: np.ndarray | None = None
    cut: bool = False  # then it no longer wraps


def read_size(size: tuple[int, int], reads: int, finer: int) -> tuple[int, int]:
    """Width and height as the encoder reads them, of a picture of `size`; `reads`: the short side that it reads at
    most."""
    if has_detail(size, reads, finer):
        return size[0] // finer, size[1] // finer
    scale = min(1.0, reads / min(size))
    return round(scale * size[0]), round(scale * size[1])


def has_detail(size: tuple[int, int], reads: int, finer: int) -> bool:
    return finer > 1 and min(size) >= finer * reads


def scaled(pixels: np.ndarray, maps: np.ndarray, heights: np.ndarray, reads: int, finer: int) -> Scaled:
    """`reads`: as in `read_size`. `heights` [M] bool: which maps are heights. They are counted in pixels: then in those
    that the encoder reads."""
    if finer == 1:
        return Scaled(pixels, maps)
    h, w = pixels.shape[:2]
    width, height = read_size((w, h), reads, finer)
    detailed = has_detail((w, h), reads, finer)
    in_pixels = np.where(heights, 1 / finer if detailed else width / w, 1.0).astype(np.float32)
    if detailed:
        fine, fine_maps = pixels[: finer * height, : finer * width], maps[: finer * height, : finer * width]
        fine_maps = (fine_maps * in_pixels).astype(np.float16)
        small, small_maps = (means(x, finer) for x in (fine, fine_maps))
        return Scaled(
            _whole(small), small_maps.astype(np.float16), fine, fine_maps, fine.shape != pixels.shape
        )
    small, small_maps = (_resized(x, (width, height)) for x in (pixels, maps))
    return Scaled(_whole(small), (small_maps * in_pixels).astype(np.float16))


def means(values: np.ndarray, finer: int) -> np.ndarray:
    """[..., finer * H, finer * W, C] -> [..., H, W, C] float32, in the same units."""
    *some, h, w, c = values.shape
    return values.reshape(*some, h // finer, finer, w // finer, finer, c).mean((-4, -2), dtype=np.float32)


def _resized(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Means of areas, which need no neighbour from over the border: [H, W, C] -> float32 of `size` (width, height)."""
    planes = values.astype(np.float32).transpose(2, 0, 1)
    made = [np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.BOX)) for plane in planes]
    return np.stack(made, -1) if made else np.zeros((size[1], size[0], 0), np.float32)


def _whole(values: np.ndarray) -> np.ndarray:
    return np.floor(values + 0.5).astype(np.uint8)
