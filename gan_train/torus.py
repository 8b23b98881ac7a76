"""Cells of a map that wraps around: who is whose neighbour. Torch only, exportable to ONNX.

After: quilt.py, shift_map.py.
"""

from __future__ import annotations

import torch
from torch import Tensor


def counts(like: Tensor) -> tuple[Tensor, Tensor]:
    """0, 1, ... over the rows [h] and over the columns [w] of `like`, int64."""
    return tuple(torch.arange(n, device=like.device) for n in like.shape[-2:])


def neighbours(like: Tensor, shifts: list[tuple[int, int]]) -> Tensor:
    """[K, h*w] int64: for each cell of a torus the index of the one that stands dy above and dx to the left of it."""
    h, w = like.shape[-2:]
    dy, dx = torch.tensor(shifts, device=like.device).t()[:, :, None]
    # Divisors are tensors: ONNX has no remainder by a symbol.
    rows = (torch.arange(h, device=like.device) - dy) % torch.full((1,), h, device=like.device)
    columns = (torch.arange(w, device=like.device) - dx) % torch.full((1,), w, device=like.device)
    return (rows[:, :, None] * w + columns[:, None, :]).flatten(1)


def take(x: Tensor, index: Tensor) -> Tensor:
    """x [N, C, h, w], index [K, h*w] -> [N, C, K, h, w]."""
    n, c, h, w = x.shape
    return x.flatten(2).index_select(2, index.flatten()).reshape(n, c, index.shape[0], h, w)
