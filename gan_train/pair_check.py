"""Pairs that were mixed up: partners of another picture, and the two of a pair exchanged. Numpy and Pillow, no files.

Before: pairs.py (names), image_reader.py. After: prepare.py leaves out what is told here.

Exchanged: colours and grain of a picture and its partner (the medians of each kind known from all pairs) fit the other
way round much better than as they are named. Of another picture: its tones or edges lie where those of another one do,
and not where its own partner's do. Both are told with what was found, and neither is trained on.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image

SIDE = 48  # pixels of the thumbnails that are compared
FEWEST = 5  # pairs, below which no kind of picture is known
EXCHANGED = 2.5  # times that the named way is further from the medians than the other
OWN, OTHER = 0.25, 0.5  # correlation of tones and edges: at most with its own, at least with another one's


@dataclass(frozen=True)
class Looks:
    """What is kept of one picture while the others are read."""

    colors: np.ndarray  # mean and deviation of each channel, saturation and grain, [8] float64 in 1/255
    drawn: (
        np.ndarray
    )  # [2, SIDE * SIDE] float64: luminance and its edges, mean 0, length 1; zeros where it is flat


def looks_of(pixels: np.ndarray) -> Looks:
    """pixels [H, W, 1 or 3] uint8."""
    rgb = np.broadcast_to(
        pixels[..., :3] if pixels.shape[2] >= 3 else pixels[..., :1], (*pixels.shape[:2], 3)
    )
    values = rgb.astype(np.float64)
    grain = np.abs(np.diff(values.mean(2), axis=0)).mean()
    saturation = (values.max(2) - values.min(2)).mean()
    colors = np.array([*values.mean((0, 1)), *values.std((0, 1)), saturation, grain])
    small = Image.fromarray(np.ascontiguousarray(rgb)).convert("L").resize((SIDE, SIDE), Image.Resampling.BOX)
    level = np.asarray(small, np.float64)
    drawn = np.stack([level.ravel(), np.hypot(*np.gradient(level)).ravel()])
    drawn -= drawn.mean(1, keepdims=True)
    length = np.linalg.norm(drawn, axis=1, keepdims=True)
    return Looks(colors, np.where(length > SIDE, drawn / np.maximum(length, 1), 0))


def mixed_up(pairs: dict[str, tuple[Looks, Looks]], name: str) -> dict[str, str]:
    """File -> why it is left out; `pairs`: file of the base colour -> its looks and those of its partner `name`."""
    if len(pairs) < FEWEST:
        return {}
    found = {}
    files, ours, theirs = list(pairs), *(np.array([p[i].colors for p in pairs.values()]) for i in (0, 1))
    both = np.concatenate([ours, theirs])
    unit = np.median(np.abs(both - np.median(both, 0)), 0) + 2
    middle = [np.median(x, 0) for x in (ours, theirs)]

    def distance(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return (np.abs(first - middle[0]) / unit).mean(1) + (np.abs(second - middle[1]) / unit).mean(1)

    named, exchanged = distance(ours, theirs), distance(theirs, ours)
    for i in np.flatnonzero(named > EXCHANGED * exchanged):
        found[files[i]] = (
            f"looks exchanged with its {name}: their colours fit the other way round {named[i] / exchanged[i]:.1f} "
            "times better"
        )
    drawn = [np.array([p[i].drawn for p in pairs.values()]) for i in (0, 1)]
    # [partner, base colour]: lines of one may be the tones of the other, bright or dark
    alike = np.abs(np.einsum("iap,jbp->ijab", drawn[1], drawn[0])).max((2, 3))
    alike[:, [file in found for file in files]] = 0  # what stands there is no base colour
    for i in range(len(files)):
        other = int(alike[i].argmax())
        if other != i and alike[i, i] <= OWN and alike[i, other] >= OTHER and files[i] not in found:
            found[files[i]] = (
                f"its {name} shows another picture, {files[other]} (what is drawn correlates {alike[i, other]:.2f}, "
                f"with its own {alike[i, i]:.2f})"
            )
    return found
