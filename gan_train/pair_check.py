"""Pairs that were mixed up: partners of another picture, and the two of a pair exchanged. Numpy and Pillow, no files.

Before: pairs.py (names), image_reader.py. After: prepare.py leaves out what is told here.

Exchanged: colours and grain of a picture and its partner (the medians of each kind known from the pairs of its label,
of all where those are few) fit the other way round much better than as they are named. Of another picture: its tones or
edges lie where those of another one do, and not where its own partner's do. Both are told with what was found, and
neither is trained on.
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


def mixed_up(pairs: dict[str, tuple[Looks, Looks]], name: str, labels: dict[str, str]) -> dict[str, str]:
    """File -> why it is left out; `pairs`: file of the base colour -> its looks and those of its partner `name`;
    `labels`: file -> its label."""
    if len(pairs) < FEWEST:
        return {}
    files = list(pairs)
    found = {
        file: (
            f"looks exchanged with its {name}: their colours fit the other way round {times:.1f} times better"
        )
        for file, times in exchanged(pairs, labels).items()
        if times > EXCHANGED
    }
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


def exchanged(pairs: dict[str, tuple[Looks, Looks]], labels: dict[str, str]) -> dict[str, float]:
    """File -> how many times better it fits the other way round. By label, since the looks of two are often further
    apart than a picture and its partner."""
    groups: dict[str, list[str]] = {}
    for file in pairs:
        groups.setdefault(labels[file], []).append(file)
    few = [file for files in groups.values() if len(files) < FEWEST for file in files]
    found = {}
    for files in (few, *(files for files in groups.values() if len(files) >= FEWEST)):
        known = pairs if files is few else files
        middle, unit = _middle([pairs[file] for file in known])
        for file in files:
            named, other = (
                sum((np.abs(one.colors - at) / unit).mean() for one, at in zip(pair, middle, strict=True))
                for pair in (pairs[file], pairs[file][::-1])
            )
            found[file] = float(named / max(other, 1e-9))
    return found


def _middle(pairs: list[tuple[Looks, Looks]]) -> tuple[list[np.ndarray], np.ndarray]:
    """The medians of the pictures and of their partners, and how far the colours of both spread."""
    kinds = [np.array([pair[i].colors for pair in pairs]) for i in (0, 1)]
    both = np.concatenate(kinds)
    spread = np.median(np.abs(both - np.median(both, 0)), 0) + 2
    return [np.median(one, 0) for one in kinds], spread
