"""Other views of the same material: mirrored, turned, smaller, in other light; every map along. Numpy and torch only.

Before: aligned_maps.py. After: aligned_sampler.py. Maps are [S, S, C] float32 in [-1, 1], row 0 on top.

A few hundred materials are few: a network knows the marks of each within an hour. Nothing in these pictures says where
up is (over 142 materials the brightness of the base colour does not follow the normal's y: mean correlation 0.00), so
each may be looked at from eight sides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F


@dataclass(frozen=True)
class Views:
    """How far views may differ: settings of a family."""

    turn: bool = True  # also upside down and by quarter turns; mirrored they always may be
    zoom: float = 1.0  # up to so many times as much of the picture, made smaller
    tint: float = 0.0  # spread of the logarithms of exposure, contrast and each channel's gain


@dataclass(frozen=True)
class View:
    """One of them, the same for all maps of a crop."""

    side: int  # of the square in the picture, in pixels
    mirrored: bool
    turns: int  # quarter turns, counterclockwise
    light: np.ndarray | None  # gamma and the gain of each channel

    @classmethod
    def draw(
        cls, views: Views, crop: int, shape: tuple[int, int], wraps: bool, random: np.random.Generator
    ) -> View:
        """`shape`: of the picture; a square is no larger than it, and than the crop where it is smaller and wraps."""
        most = max(min(shape), crop) if wraps else min(shape)
        side = min(round(crop * random.uniform(1.0, views.zoom)), most)
        mirrored, turns = random.random() < 0.5, int(random.integers(4)) if views.turn else 0
        light = np.exp(random.uniform(-views.tint, views.tint, 4)).astype(np.float32) if views.tint else None
        return cls(side, mirrored, turns, light)

    def of(self, name: str, values: np.ndarray, crop: int) -> np.ndarray:
        """The square [side, side, C] of a map as it looks in this view, [crop, crop, C]."""
        values = values if self.side == crop else _shrunk(name, values, crop)
        if self.mirrored:
            values = values[:, ::-1]
            if name == "normal":
                values = values * np.array([-1, 1, 1], np.float32)
        values = np.rot90(values, self.turns)
        if name == "normal":
            for _ in range(self.turns):  # what points to the right points up
                values = np.stack([-values[..., 1], values[..., 0], values[..., 2]], 2)
        return values

    def lit(self, color: np.ndarray) -> np.ndarray:
        """A base colour [S, S, 3] in other light."""
        if self.light is None:
            return color
        gamma, *gains = self.light
        return np.minimum(np.maximum((color + 1) / 2, 0) ** gamma * np.array(gains, np.float32), 1) * 2 - 1


def _shrunk(name: str, values: np.ndarray, crop: int) -> np.ndarray:
    """To `crop` px; slopes stay what they are, so a height shrinks with its ground."""
    x = torch.from_numpy(np.ascontiguousarray(values)).permute(2, 0, 1)[None]
    x = F.interpolate(x, (crop, crop), mode="bilinear", antialias=True, align_corners=False)
    if name == "height":
        x = x * (crop / len(values))
    if name in ("normal", "object_normal"):
        x = F.normalize(x, dim=1)
    return x[0].permute(1, 2, 0).numpy()
