"""Each place of the input must be recognised in the output: patchwise contrastive loss. Torch only, no files, no state.

Before: translator.py (whose encoder looks). After: families/unpaired.py.

Park et al. 2020 (arXiv 2007.15651). The features of a place of the output must be nearer to those of the same place of
the input than to those of its other places: content stays although nothing is ever translated back.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Linear, leaky
from .translator import Translator

LENGTH = 64  # of what is compared
PLACES = 128  # of each picture and layer
SHARP = 0.07  # temperature


def encoder_features(network: Translator, x: Tensor) -> list[Tensor]:
    """[N, A, H, W] -> maps of the network on the way down and in the first half of its blocks, finest first."""
    x = leaky(network.enter(x))
    found = [x]
    for conv in network.down:
        x = leaky(conv(F.pixel_unshuffle(x, 2)))
        found.append(x)
    for block in network.blocks[: (len(network.blocks) + 1) // 2]:
        x = block(x)
    return [*found, x]


def channels(network: Translator) -> list[int]:
    """Those of `encoder_features`."""
    widths = [conv.weight.shape[0] for conv in (network.enter, *network.down)]
    return [*widths, widths[-1]]


class Heads(nn.Module):
    """Features to unit vectors, a small network for each layer; trained with the generator."""

    def __init__(self, widths: list[int]):
        super().__init__()
        self.first = nn.ModuleList([Linear(c, LENGTH) for c in widths])
        self.second = nn.ModuleList([Linear(LENGTH, LENGTH) for _ in widths])

    def forward(self, layer: int, rows: Tensor) -> Tensor:
        """[..., C] -> [..., LENGTH]"""
        return F.normalize(self.second[layer](leaky(self.first[layer](rows))).float(), dim=-1)


def contrast(heads: Heads, drawn: list[Tensor], given: list[Tensor], random: torch.Generator) -> Tensor:
    """`encoder_features` of what was drawn and of what was given -> scalar, 0 where every place is recognised.

    log(PLACES) would be pure chance; divided by it, chance is 1.
    """
    total = 0.0
    for layer, (a, b) in enumerate(zip(drawn, given, strict=True)):
        count = min(PLACES, a.shape[2] * a.shape[3])
        places = torch.randperm(a.shape[2] * a.shape[3], generator=random, device=a.device)[:count]
        ours, theirs = (heads(layer, x.flatten(2)[:, :, places].transpose(1, 2)) for x in (a, b))
        likeness = ours @ theirs.detach().transpose(1, 2) / SHARP  # [N, count, count]
        right = torch.arange(count, device=a.device).expand(len(a), count)
        chance = math.log(count)
        total = total + F.cross_entropy(likeness.flatten(0, 1), right.flatten()) / chance
    return total / len(drawn)
