"""Textons: a piece of a material, scattered at random, as the noise that the generator starts from.

Before: layers.py. After: networks.py (the generator draws on top of it).

Where the impulses of a spot noise (van Wijk 1991) are few and strong, each place shows one copy of the piece, and what
lies between two copies is a blend of them: quilting (Efros and Freeman 2001) that a graph can compute. Impulses are
preferred where copies fall into step (lattice.py), else bricks would not keep their courses. A blend of things that do
not agree loses contrast, one of things that do does not: it is divided by what its variance is expected to be (Heitz
and Neyret 2018, extended by the correlation of the copies).
"""

from __future__ import annotations

import torch
from torch import Tensor

from .layers import steady_matmul

IMPULSE = (
    5.0  # spread of the logarithm of the impulses: at 5 one of 200 outshines the others nearly everywhere
)


def taper(side: int) -> Tensor:
    """[side, side]: how much each cell of a piece counts; falls to nearly 0 at the border."""
    row = torch.hann_window(side + 2, periodic=False)[1:-1]
    return row[:, None] * row[None, :]


def read_texton(latent: Tensor, side: int) -> Tensor:
    """Latent maps [N, C, H, W] (at least `side` each way) -> [N, C, side*side + 1]: tapered piece, then the mean."""
    piece = latent[:, :, :side, :side].float()
    mean = piece.mean((2, 3), keepdim=True)
    kernel = ((piece - mean) * taper(side).to(piece)).flip((2, 3))
    return torch.cat((kernel.flatten(2), mean.flatten(2)), dim=2)


def scatter_texton(texton: Tensor, steps: Tensor, noise: Tensor) -> Tensor:
    """Texton [N, C, k*k + 1], steps [N, P*P + 1], noise [N, 1, H, W] ~ N(0, 1) on a torus -> maps [N, C, H, W] on it.

    steps: log weights of the P x P places of a period, then the correlation of copies in step. A convolution with a
    kernel of its own for each map, written as a product with all shifts of the noise: grouped convolutions with a free
    batch size cannot be exported to ONNX.
    """
    n, _, h, w = noise.shape
    side, period = int((texton.shape[2] - 1) ** 0.5), int((steps.shape[1] - 1) ** 0.5)
    lattice = steps[:, :-1].reshape(n, 1, period, period)
    lattice = _repeat(_repeat(lattice, h, 2), w, 3)
    impulses = _shifts(torch.exp(IMPULSE * noise + lattice), side)  # [N, k*k, H*W]
    weight = taper(side).flip((0, 1)).reshape(1, 1, -1).to(noise)
    alone = steady_matmul(weight.square(), impulses.square())
    agreed = steady_matmul(weight, impulses).square()
    expected = alone + steps[:, -1:, None] * (agreed - alone).clamp(min=0)
    maps = steady_matmul(texton[:, :, :-1], impulses) * torch.rsqrt(expected + 1e-30) + texton[:, :, -1:]
    return maps.reshape(n, texton.shape[1], h, w)


def _shifts(x: Tensor, side: int) -> Tensor:
    """[N, 1, H, W] on a torus -> [N, side*side, H*W]: for each place the square around it."""
    n, _, h, w = x.shape
    before, after = side // 2, side - 1 - side // 2
    rows = _wrap(x, before, after, 2)
    rows = torch.cat([rows[:, :, i : i + h] for i in range(side)], dim=1)  # [N, k, H, W]
    rows = _wrap(rows, before, after, 3)
    shifts = torch.stack([rows[:, :, :, i : i + w] for i in range(side)], dim=2)  # [N, k, k, H, W]
    return shifts.reshape(n, side * side, h * w)


def _wrap(x: Tensor, before: int, after: int, axis: int) -> Tensor:
    """Pads an axis with what lies on the other side, more than once round where the map is small."""
    size = x.shape[axis]
    index = torch.arange(-before, size + after, device=x.device)
    index = index % torch.full((1,), size, device=x.device)  # a tensor: ONNX has no remainder by a symbol
    return x.index_select(axis, index)


def _repeat(x: Tensor, size: int, axis: int) -> Tensor:
    """Repeats or cuts an axis to `size`."""
    return x.index_select(axis, torch.arange(size, device=x.device) % x.shape[axis])
