"""Textons: a piece of a material, scattered at random, as the noise that the generator starts from.

Before: layers.py. After: networks.py (the generator draws on top of it).

White noise convolved with an exemplar less its mean is a Gaussian texture with the exemplar's autocorrelation and,
here on latent maps, the correlations between its channels (Galerne, Gousseau and Morel 2011; texton noise, Galerne,
Leclaire and Moisan 2017, Computer Graphics Forum 36:8). Such noise has stripes where bricks should be: it knows no
shapes. Spot noise with few, strong impulses (van Wijk 1991) keeps the shapes where one copy outshines the others.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .layers import steady_matmul

IMPULSE = 2.0  # spread of the logarithm of the impulses: 0.5 is nearly Gaussian, at 2 two or three of 200 outshine all


def read_texton(latent: Tensor, side: int) -> Tensor:
    """Latent maps [N, C, H, W] (at least `side` each way) -> [N, C, side*side + 1]: kernel, then the mean."""
    piece = latent[:, :, :side, :side].float()
    mean = piece.mean((2, 3), keepdim=True)
    kernel = (piece - mean).flip(
        (2, 3)
    ) / side  # white noise of variance 1 becomes a map of the piece's variance
    return torch.cat((kernel.flatten(2), mean.flatten(2)), dim=2)


def scatter_texton(texton: Tensor, noise: Tensor) -> Tensor:
    """Texton [N, C, k*k + 1], noise [N, 1, H, W] ~ N(0, 1) on a torus -> maps [N, C, H, W] on the torus.

    A convolution with a kernel of its own for each map, written as a product with all shifts of the noise:
    grouped convolutions with a free batch size cannot be exported to ONNX. The impulses around each place are
    scaled to mean 0 and variance 1, so that contrast is the same everywhere.
    """
    n, _, h, w = noise.shape
    side = int((texton.shape[2] - 1) ** 0.5)
    before, after = side // 2, side - 1 - side // 2
    rows = _wrap(torch.exp(IMPULSE * noise), before, after, 2)
    rows = torch.cat([rows[:, :, i : i + h] for i in range(side)], dim=1)  # [N, k, H, W]
    rows = _wrap(rows, before, after, 3)
    shifts = torch.stack([rows[:, :, :, i : i + w] for i in range(side)], dim=2)  # [N, k, k, H, W]
    shifts = shifts.reshape(n, side * side, h * w)
    shifts = shifts - shifts.mean(1, keepdim=True)
    shifts = shifts / torch.sqrt(shifts.square().mean(1, keepdim=True) + 1e-6)
    maps = steady_matmul(texton[:, :, :-1], shifts) + texton[:, :, -1:]
    return maps.reshape(n, texton.shape[1], h, w)


def _wrap(x: Tensor, before: int, after: int, axis: int) -> Tensor:
    """Pads an axis with what lies on the other side, more than once round where the map is small."""
    size = x.shape[axis]
    index = torch.arange(-before, size + after, device=x.device)
    index = index % torch.full((1,), size, device=x.device)  # a tensor: ONNX has no remainder by a symbol
    return x.index_select(axis, index)
