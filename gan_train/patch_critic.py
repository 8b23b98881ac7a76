"""How real each place of a picture looks: torch only, no data, no losses.

Before: layers.py. After: the families that make pictures out of pictures.

Spectral normalisation (Miyato et al. 2018, arXiv 1802.05957) instead of gradient penalties; with `unet` a logit for
each pixel that sees both its surroundings and itself (Schönfeld et al. 2020, arXiv 2002.12655).
"""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2


class SpectralConv(nn.Module):
    """Convolution whose weight, as a matrix, is divided by its largest singular value: one power iteration a pass."""

    def __init__(self, a: int, b: int, kernel: int, stride: int = 1):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(b, a, kernel, kernel) / math.sqrt(a * kernel * kernel))
        self.bias = nn.Parameter(torch.zeros(b))
        self.register_buffer("direction", F.normalize(torch.randn(b), dim=0))
        self.stride, self.padding = stride, (kernel - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        with torch.autocast(x.device.type, enabled=False):
            matrix = self.weight.flatten(1).float()
            with torch.no_grad():
                right = F.normalize(self.direction @ matrix, dim=0)
                left = F.normalize(matrix @ right, dim=0)
                if self.training and torch.is_grad_enabled():
                    self.direction.copy_(left)
            weight = self.weight / (left @ (matrix @ right))
        return F.conv2d(x, weight.to(x.dtype), self.bias.to(x.dtype), self.stride, self.padding)


class PatchCritic(nn.Module):
    """[N, C, S, S] -> logits of patches [N, 1, s, s] and the features on the way, finest first."""

    def __init__(self, channels: int, width: tuple[int, ...], unet: bool = False):
        """`width`: channels at full, 1/2, 1/4 ... resolution; S a multiple of the last. `unet`: s = S."""
        super().__init__()
        steps = list(itertools.pairwise(width))
        self.start = SpectralConv(channels, width[0], 3)
        self.down = nn.ModuleList([SpectralConv(a, b, 4, 2) for a, b in steps])
        self.up = nn.ModuleList([SpectralConv(b, a, 3) for a, b in steps] if unet else [])
        last = width[0] if unet else width[-1]
        self.last = SpectralConv(last, last, 3)
        self.score = SpectralConv(last, 1, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = F.leaky_relu(self.start(x), SLOPE)
        features = [x]
        for conv in self.down:
            x = F.leaky_relu(conv(x), SLOPE)
            features.append(x)
        for conv, skip in zip(reversed(self.up), reversed(features[:-1]), strict=False):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = F.leaky_relu(conv(x), SLOPE) + skip
        x = F.leaky_relu(self.last(x), SLOPE)
        return self.score(x).float(), features


def feature_distance(critic: PatchCritic, fake: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
    """-> logits of `fake`, and the mean distance of its features from those of `real`, each relative to their size.

    Feature matching (Wang et al. 2018, arXiv 1711.11585). [N, C, S, S] twice -> [N, 1, s, s], scalar
    """
    logits, ours = critic(fake)
    with torch.no_grad():
        _, theirs = critic(real)
    distances = [
        (a.float() - b.float()).abs().mean() / (b.float().abs().mean() + 1e-3)
        for a, b in zip(ours, theirs, strict=True)
    ]
    return logits, sum(distances) / len(distances)
