"""Finds images that are the same, or the same but for compression and size; numpy and Pillow only.

Third station of `prepare`, after image_reader.py; next: split.py.
Exact: equal pixels. Near: difference hashes (dHash, 64 bit) at most 2 bits apart AND the same colours. The second
condition keeps flat images of different colours apart (all their hashes are 0), and the same pattern in another colour.
"""

import hashlib

import numpy as np
from PIL import Image

MAX_BITS = 2
MAX_COLOR_DISTANCE = 8.0  # mean |difference| of 8 x 8 thumbnails, in 1/255


class DuplicateIndex:
    """Remembers the images seen so far; `match` is asked first, `add` afterwards."""

    def __init__(self):
        self._exact: dict[str, str] = {}
        self._names: list[str] = []
        self._hashes = np.zeros(0, np.uint64)  # [N]
        self._colors = np.zeros((0, 8, 8, 3), np.float32)  # [N, 8, 8, 3] in 0..255

    def match(self, pixels: np.ndarray) -> str | None:
        """The reason to leave out `pixels` ([H, W, 3] uint8), or None."""
        name = self._exact.get(pixel_hash(pixels))
        if name is not None:
            return f"exact duplicate of {name}"
        if not self._names:
            return None
        bits = np.array([int(value).bit_count() for value in self._hashes ^ difference_hash(pixels)])
        colors = np.abs(self._colors - _thumbnail(pixels)).mean((1, 2, 3))
        hits = np.flatnonzero((bits <= MAX_BITS) & (colors <= MAX_COLOR_DISTANCE))
        return f"near-duplicate of {self._names[hits[0]]}" if len(hits) else None

    def add(self, name: str, pixels: np.ndarray) -> None:
        self._exact[pixel_hash(pixels)] = name
        self._names.append(name)
        self._hashes = np.append(self._hashes, difference_hash(pixels))
        self._colors = np.concatenate([self._colors, _thumbnail(pixels)[None]])


def pixel_hash(pixels: np.ndarray) -> str:
    """SHA-256 of shape and pixels ([H, W, 3] uint8)."""
    return hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).hexdigest()


def difference_hash(pixels: np.ndarray) -> np.uint64:
    """dHash: one bit for each of 8 x 8 places, set where the grey 9 x 8 thumbnail rises to the right."""
    grey = Image.fromarray(pixels).convert("L").resize((9, 8), Image.Resampling.BOX)
    grey = np.asarray(grey, np.int16)  # [8, 9]
    bits = np.packbits((grey[:, 1:] > grey[:, :-1]).ravel())
    return bits.view(">u8").astype(np.uint64)[0]


def _thumbnail(pixels: np.ndarray) -> np.ndarray:
    """[8, 8, 3] float32 in 0..255."""
    return np.asarray(Image.fromarray(pixels).resize((8, 8), Image.Resampling.BOX), np.float32)
