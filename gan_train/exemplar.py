"""Photos of one surface, bent until their lattice closes on a torus, on one sheet. Numpy and Pillow; no torch.

Before: photo.py (photos as a dataset), repeats.py (by which shifts they repeat). After: families/single_sampler.py.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

from .errors import ConfigError
from .repeats import best_shift, closing_stride, find_lattice, without_shading

CELL = 8  # pixels: photos stand at multiples of it (quilt.CELL)
GUTTER = 16  # pixels around each photo, filled with its border
MOST_PIXELS = 600_000  # of the sheet; the exported file holds it, a byte per value
ALIKE = 0.15  # how far, relative to their length, the vectors of two photos of one surface may differ


@dataclass(frozen=True)
class Exemplar:
    """One sheet of photos in step with each other."""

    atlas: np.ndarray  # [H, W, 3] uint8 sRGB, H and W multiples of 8
    inside: np.ndarray  # [H/8, W/8] uint8, 1 where there is photo
    lattice: (
        np.ndarray
    )  # [2, 2] float64: the shifts (y, x) in pixels that keep step; unit vectors where any does
    stride: int  # pixels: multiples of it hold whole periods
    calm: tuple[int, int]  # (y, x) of the picture where its border shows least: not along a joint
    photos: tuple[np.ndarray, ...]  # [h, w, 3] uint8, as they stand in the atlas


def build_exemplar(pictures: list[np.ndarray], crop: int) -> Exemplar:
    """Pictures [h, w, 3] uint8 of one surface -> Exemplar. ConfigError where one is smaller than the crops."""
    pictures = _shrunk(pictures)
    found = [find_lattice(pixels) for pixels in pictures]
    stride, bend, vectors = closing_stride(found[0])
    bends = [bend] + [_same_bend(own, found[0], bend) for own in found[1:]]
    photos = [_bent(pixels, b) for pixels, b in zip(pictures, bends, strict=True)]
    lattice = _whole(vectors)
    shifts = [np.zeros(2)] + [_shift(photos[0], other, lattice) for other in photos[1:]]
    cut, tops, top = [], [], 0
    for photo, shift in zip(photos, shifts, strict=True):
        y, x = _in_step(shift + np.array((top, 0)), lattice, photo.shape)
        photo = photo[y:, x:]
        photo = photo[: photo.shape[0] // CELL * CELL, : photo.shape[1] // CELL * CELL]
        if min(photo.shape[:2]) < crop:
            raise ConfigError(
                f"a photo of {photo.shape[1]} x {photo.shape[0]} px (after its pattern was brought into step) is "
                f"smaller than the crops of {crop} px. Give a larger photo, or set a smaller crop."
            )
        cut.append(photo)
        tops.append(top)
        top += photo.shape[0] + 2 * GUTTER
    width = max(photo.shape[1] for photo in cut) + 2 * GUTTER
    atlas = np.zeros((top, width, 3), np.uint8)
    inside = np.zeros((top // CELL, width // CELL), np.uint8)
    for photo, y in zip(cut, tops, strict=True):
        h, w = photo.shape[:2]
        sides = ((GUTTER, GUTTER), (GUTTER, width - w - GUTTER), (0, 0))
        atlas[y : y + h + 2 * GUTTER] = np.pad(photo, sides, mode="edge")
        inside[(y + GUTTER) // CELL : (y + GUTTER + h) // CELL, GUTTER // CELL : (GUTTER + w) // CELL] = 1
    calm = tuple(_calmest(line, stride) for line in (cut[0], cut[0].transpose(1, 0, 2)))
    return Exemplar(atlas, inside, lattice, stride, calm, tuple(cut))


def _shrunk(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """All by the same factor, so that together they are not larger than the exported file may be."""
    scale = (MOST_PIXELS / sum(p.shape[0] * p.shape[1] for p in pictures)) ** 0.5
    if scale >= 1:
        return pictures
    return [_resized(p, scale) for p in pictures]


def _resized(pixels: np.ndarray, scale: float) -> np.ndarray:
    size = max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


def _same_bend(own: np.ndarray, first: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """What brings the lattice of another photo onto that of the first; the first's bend where it has none like it."""
    if len(own) != len(first) or not len(own):
        return bend
    if len(own) == 1:
        ratio = np.linalg.norm(first[0]) / np.linalg.norm(own[0])
        return bend * ratio if abs(np.log(ratio)) < ALIKE else bend
    steps = [np.array((i, j)) @ own for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
    near = np.array([min(steps, key=lambda s: np.linalg.norm(s - vector)) for vector in first])
    far = np.linalg.norm(near - first, axis=1) / np.linalg.norm(first, axis=1)
    if far.max() > ALIKE or abs(np.linalg.det(near)) < 1:
        return bend
    return (np.linalg.inv(near) @ first @ bend.T).T


def _bent(pixels: np.ndarray, bend: np.ndarray) -> np.ndarray:
    """The photo under the map bend (of points (y, x)), cut to the largest upright rectangle without corners missing."""
    if np.allclose(bend, np.eye(2), atol=1e-4):
        return pixels
    size = np.sqrt(abs(np.linalg.det(bend)))
    if size < 0.95:  # the filter below looks at four pixels a side, too few to make a picture smaller
        whole = pixels.shape[:2]
        pixels = _resized(pixels, size)
        bend = bend @ np.diag(np.array(whole) / pixels.shape[:2])
    h, w = pixels.shape[:2]
    corners = np.array([(0, 0), (0, w), (h, 0), (h, w)]) @ bend.T
    (top, bottom), (left, right) = np.sort(corners[:, 0])[1:3], np.sort(corners[:, 1])[1:3]
    back = np.linalg.inv(bend)
    start = back @ (top, left)
    size = max(1, int(right - left)), max(1, int(bottom - top))
    matrix = (back[1, 1], back[1, 0], start[1], back[0, 1], back[0, 0], start[0])
    image = Image.fromarray(pixels)
    return np.asarray(image.transform(size, Image.Transform.AFFINE, matrix, Image.Resampling.BICUBIC))


def _whole(vectors: np.ndarray) -> np.ndarray:
    """Two vectors in any case: along an axis on which nothing repeats every pixel is a period."""
    if len(vectors) == 2:
        return vectors
    whole = np.eye(2)
    for vector in vectors:
        axis = int(np.argmax(np.abs(vector)))
        whole[axis, axis] = abs(vector[axis])
    return whole


def _shift(first: np.ndarray, other: np.ndarray, lattice: np.ndarray) -> np.ndarray:
    """Where in `other` that lies which is at (0, 0) in `first`, up to the lattice."""
    if np.allclose(lattice, np.eye(2)):
        return np.zeros(2)
    h, w = np.minimum(first.shape[:2], other.shape[:2])
    a, b = (without_shading(p[:h, :w].astype(np.float64)) for p in (first, other))
    return best_shift(a, b)


def _in_step(place: np.ndarray, lattice: np.ndarray, shape: tuple) -> tuple[int, int]:
    """The first (y, x) at which to begin a photo so that it is in step with the sheet, from where it loses least."""
    h, w = shape[:2]
    y, x = np.mgrid[: max(1, h // 2), : max(1, w // 2)]
    times = np.stack((y - place[0], x - place[1]), -1) @ np.linalg.inv(lattice)
    off = np.abs((times - np.round(times)) @ lattice).max(-1)
    lost = np.where(off <= np.maximum(0.75, off.min()), y * w + x * h, np.inf)
    return tuple(int(i) for i in np.unravel_index(np.argmin(lost), lost.shape))


def _calmest(pixels: np.ndarray, stride: int) -> int:
    """The row of a torus at which neighbouring rows of the photo differ least, near and farther apart."""
    rows = pixels.astype(np.float64)
    score = np.zeros(len(rows) - 16)
    for size in (1, 8):
        means = np.cumsum(np.concatenate((np.zeros((1, *rows.shape[1:])), rows)), axis=0)
        means = (means[size:] - means[:-size]) / size  # [h - size + 1]: of `size` rows from each row on
        jumps = np.abs(means[size:] - means[:-size]).mean((1, 2))  # at row y + size
        score += jumps[8 - size :][: len(score)] / max(jumps.mean(), 1e-6)
    return (int(np.argmin(score)) + 8 + GUTTER) % stride
