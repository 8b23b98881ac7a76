"""Where a large picture is cut, so that the parts can be changed one by one and no cut is seen. Numpy only; never bpy.

Every part is a core and a margin around it, as wide as anything reaches in the network. Beyond the edge of the picture
the margin goes on with the other side where the picture tiles, and with its mirror image where it does not.
Previous station: picture.py. Next: transform.py.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .card import Card

CORE = 512  # pixels of a core's side in the result, at most; and
LEAST_CORE = 256  # of the picture that goes in: smaller ones are mostly margin


@dataclass(frozen=True)
class Span:
    """Along one axis: the core [first, first + length) of the picture, `at` [n] the indices of all that goes in, and
    how many of them come before the core."""

    first: int
    length: int
    at: np.ndarray
    before: int


def core_side(card: Card) -> int:
    """Pixels of a core's side, a multiple of the card's stride and not smaller than its margin."""
    image = card.input("image")
    side = max(CORE // card.scale, LEAST_CORE, image.margin)
    return -(-side // card.stride) * card.stride


def spans(size: int, core: int, card: Card, wraps: bool) -> Iterator[Span]:
    """The parts of an axis of `size` pixels, in order."""
    margin, multiple = card.input("image").margin, card.stride
    if wraps and margin <= size <= core and size % multiple == 0:
        yield Span(0, size, np.arange(size), 0)  # the network itself wraps around
        return
    for first in range(0, size, core):
        length = min(core, size - first)
        whole = -(-length // multiple) * multiple
        at = np.arange(first - margin, first + whole + margin)
        yield Span(first, length, at % size if wraps else mirrored(at, size), margin)


def mirrored(at: np.ndarray, size: int) -> np.ndarray:
    """Indices beyond the ends come back from them, the outermost pixel twice, as often as it takes."""
    at = at % (2 * size)
    return np.where(at < size, at, 2 * size - 1 - at)
