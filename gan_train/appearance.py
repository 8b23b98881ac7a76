"""How far a picture is from looking like a photo, with gradients; torch only, no trained weights, no files.

Previous station: features.py (random convolutions). Next: project.py.
Four groups of statistics are blind to where things lie: the mean responses of random convolutions, their products
(Gram matrices, as in Gatys, Ecker and Bethge 2015), the quantiles of each colour, and the power of each octave in each
direction. Each statistic counts in units of its spread over random pictures of the model, absolutely and not squared,
so that none drowns the others; each group counts in units of what those pictures have. A random picture is thus at
about 1. Of 259 photos that a generator had learnt from, the nearest of 608 samples was of the right kind for 81 %
(squared: 77 %). Directions do not change that figure; they keep boards from becoming ground of their colour.
For a model whose pictures have a layout that no field decides, the pixels at four scales are a fifth group.
"""

import math

import torch
from torch import Tensor
from torch.nn import functional

from .features import responses

DIRECTIONS = 8  # of 180 degrees
WEIGHTS = (
    1.0,
    1.0,
    1.0,
    0.5,
    1.0,
)  # of means, products, colours, directions, pixels: with 1 directions spoil the tone
OCTAVES = 4  # from 1/2 to 1/32 cycles a pixel
QUANTILES = (0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95)
LEVELS = 4  # sizes 1, 1/2, 1/4, 1/8 at which pixels are compared


class Appearance:
    """Distances to photos, all of one thing. Made once, with random pictures of the model."""

    def __init__(self, photos: list[Tensor], random_pictures: list[Tensor], with_layout: bool):
        """Each [1, 3, H, W] float32 in [-1, 1]; with_layout: pixels count too, and all are of one size."""
        self.with_layout = with_layout
        with torch.no_grad():
            self.targets = [self._groups(photo) for photo in photos]
            ours = [self._groups(picture) for picture in random_pictures]
            self.spread = [_spread(torch.cat([groups[i] for groups in ours])) for i in range(4)]
            self.spread += [torch.ones(1)] * with_layout  # pixels of random pictures vary alike
            self.usual = torch.ones(len(photos), len(self.spread))
            apart = torch.stack([self._apart(groups) for groups in ours])  # [N, photos, groups]
            self.usual = apart.median(0).values.clamp(min=1e-6)

    def __call__(self, picture: Tensor) -> Tensor:
        """[1, 3, H, W] float32 in [-1, 1] -> [photos]: 0 for the photo itself, about 1 for a random picture."""
        weights = torch.tensor(WEIGHTS[: len(self.spread)])
        return self._apart(self._groups(picture)) @ (weights / weights.sum())

    def _groups(self, picture: Tensor) -> list[Tensor]:
        """-> statistics [1, D] of each group."""
        means, grams = responses(picture)
        upper = torch.triu_indices(grams.shape[2], grams.shape[2])
        # The root makes a product of two responses a response again; at 0 it has no slope.
        products = (grams[:, :, upper[0], upper[1]].flatten(1).float() + 1e-8).sqrt()
        colors = (
            torch.quantile(picture.flatten(2), torch.tensor(QUANTILES), dim=2).permute(1, 2, 0).flatten(1)
        )
        groups = [means, products, colors, _directions(picture)]
        if not self.with_layout:
            return groups
        levels = [picture]
        for _ in range(LEVELS - 1):
            levels.append(functional.avg_pool2d(levels[-1], 2))
        # A coarse level has few pixels: weighted so that each level counts the same.
        pixels = [level.flatten(1) * (picture.numel() / level.numel()) for level in levels]
        return [*groups, torch.cat(pixels, 1)]

    def _apart(self, groups: list[Tensor]) -> Tensor:
        """-> [photos, groups]."""
        rows = [
            torch.stack(
                [((o - t).abs() / s).mean() for o, t, s in zip(groups, target, self.spread, strict=True)]
            )
            for target in self.targets
        ]
        return torch.stack(rows) / self.usual


def _directions(picture: Tensor) -> Tensor:
    """[1, 3, H, W] -> [1, 32]: logarithm of the grey power in each octave and direction; mean removed, Hann window."""
    grey = picture.mean(1)
    height, width = grey.shape[1:]
    window = torch.hann_window(height, False)[:, None] * torch.hann_window(width, False)[None]
    power = torch.fft.fft2((grey - grey.mean()) * window).abs().square()[0] / window.square().sum()
    y, x = torch.fft.fftfreq(height)[:, None], torch.fft.fftfreq(width)[None]  # cycles a pixel
    octave = torch.floor(-torch.log2(torch.hypot(y, x).clamp(min=1e-6))).long() - 1  # 0: from 1/4 to 1/2
    turn = torch.round(torch.atan2(y, x) * (DIRECTIONS / math.pi)).long() % DIRECTIONS
    cell = torch.where((octave >= 0) & (octave < OCTAVES), octave * DIRECTIONS + turn, OCTAVES * DIRECTIONS)
    sums = torch.zeros(OCTAVES * DIRECTIONS + 1).index_add(0, cell.flatten(), power.flatten())
    counts = torch.zeros(OCTAVES * DIRECTIONS + 1).index_add(0, cell.flatten(), torch.ones(cell.numel()))
    return torch.log((sums / counts.clamp(min=1))[None, :-1] + 1e-5)  # about the power of rounding to 8 bit


def _spread(values: Tensor) -> Tensor:
    """[N, D] -> standard deviations [D]; of a statistic that hardly varies, a small share of the group's largest."""
    deviation = values.std(0)
    return deviation.clamp(min=1e-3 * float(deviation.max()) + 1e-9)
