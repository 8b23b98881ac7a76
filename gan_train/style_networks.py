"""The networks of the style family: torch only, no data, no losses.

Before: layers.py (blocks). After: families/style.py (losses, deployment).

StyleGAN2 (Karras et al. 2020, arXiv 1912.04958): z and label become w by a mapping network; each layer of the
synthesis network is modulated by its own copy of w; pictures are summed up over the resolutions. Here each cell of a
resolution draws a patch of pixels (a pixel shuffle), and the critic begins with the reverse: layers at full
resolution would take most of the time on a CPU.
"""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Conv, Linear, ModulatedConv, leaky, without_grid

FIRST = 4  # side of the constant in pixels
NOISE = 0.05  # how strong the noise is in a new generator
PAIR = 2  # pictures of one label that the critic sees side by side
MAPPING_RATE = 0.1  # learning rate of the mapping network relative to the others


class Mapping(nn.Module):
    """z [N, d] ~ N(0, 1) and label [N, K], rows sum to 1 -> w [N, D]. Without labels: K = 1, all ones."""

    def __init__(self, z: int, labels: int, w: int, depth: int):
        super().__init__()
        self.by_label = Linear(labels, z) if labels > 1 else None
        sizes = [2 * z if labels > 1 else z] + [w] * depth
        self.layers = nn.ModuleList([Linear(a, b, rate=MAPPING_RATE) for a, b in itertools.pairwise(sizes)])

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        x = _unit(z)
        if self.by_label is not None:
            x = torch.cat((x, _unit(self.by_label(label))), dim=1)
        for layer in self.layers:
            x = leaky(layer(x))
        return x


def _unit(x: Tensor) -> Tensor:
    x = x.float()
    return x * torch.rsqrt(x.square().mean(1, keepdim=True) + 1e-8)


class Synthesis(nn.Module):
    """Styles [N, L, D] and noise [N, M] ~ N(0, 1) -> picture [N, C, R, R] in [-1, 1].

    `width`: channels at 4, 8, ... up to R / patch. The noise is cut into one plane per resolution.
    """

    def __init__(self, channels: int, w: int, width: tuple[int, ...], patch: int):
        super().__init__()
        self.patch = patch
        self.constant = nn.Parameter(torch.randn(1, width[0], FIRST, FIRST))
        self.sides = tuple(FIRST << level for level in range(len(width)))
        before = (width[0], *width[:-1])
        self.enter = nn.ModuleList(
            [
                ModulatedConv(a, b, w, grain=True, border="zero", grain_gain=NOISE)
                for a, b in zip(before, width, strict=True)
            ]
        )
        self.refine = nn.ModuleList([ModulatedConv(b, b, w, border="zero") for b in width])
        self.picture = nn.ModuleList([ToPicture(b, channels, patch, w) for b in width])

    @property
    def layers(self) -> int:
        """L: two for each resolution."""
        return 2 * len(self.sides)

    @property
    def noise(self) -> int:
        """M: one number for each pixel of each resolution."""
        return sum(side * side for side in self.sides)

    def forward(self, styles: Tensor, noise: Tensor) -> Tensor:
        planes = torch.split(noise, [side * side for side in self.sides], dim=1)
        x = self.constant.expand(styles.shape[0], -1, -1, -1).contiguous(memory_format=torch.channels_last)
        drawn = None
        for level, side in enumerate(self.sides):
            first, second = styles[:, 2 * level], styles[:, 2 * level + 1]
            if level:
                x = _double(x)
            x = self.enter[level](x, first, planes[level].reshape(-1, 1, side, side).to(x.dtype))
            x = self.refine[level](x, second)
            part = self.picture[level](x, second).float()
            if self.patch > 1:
                part = without_grid(F.pixel_shuffle(part, self.patch), "replicate")
            drawn = part if drawn is None else _double(drawn) + part
        return torch.tanh(drawn)


class ToPicture(nn.Module):
    """1x1 convolution, modulated, not demodulated: [N, a, H, W], style [N, D] -> [N, channels * patch^2, H, W].

    All pixels of a patch begin with the same weights (Aitken et al. 2017, arXiv 1707.02937): with weights of their
    own they begin, and for thousands of pictures stay, a pattern of the patch's size.
    """

    def __init__(self, a: int, channels: int, patch: int, w: int):
        super().__init__()
        self.style, self.conv = Linear(w, a, bias=1.0), Conv(a, channels * patch * patch, 1, gain=0.25)
        with torch.no_grad():
            same = self.conv.weight[:: patch * patch].repeat_interleave(patch * patch, dim=0)
            self.conv.weight.copy_(same)

    def forward(self, x: Tensor, style: Tensor) -> Tensor:
        return self.conv(x * self.style(style)[:, :, None, None].to(x.dtype))


def _double(x: Tensor) -> Tensor:
    """Bilinear: after repeated cells a weave of two of the finest cells stood on the pictures (seen at 90,000)."""
    return F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)


class StyleCritic(nn.Module):
    """How real a picture looks for its label: [N, C, R, R] in [-1, 1], label [N, K] -> logits [N].

    Residual blocks down to 4 px, deviations within the batch as one more channel (Karras et al. 2018, arXiv
    1710.10196), label by projection (Miyato and Koyama 2018, arXiv 1802.05637). `width` as that of Synthesis.
    """

    def __init__(self, channels: int, labels: int, width: tuple[int, ...], patch: int):
        super().__init__()
        self.patch = patch
        falling = width[::-1]
        self.start = Conv(patch * patch * channels, falling[0], 3)
        pairs = list(itertools.pairwise(falling))
        self.same = nn.ModuleList([Conv(a, a, 3) for a, _ in pairs])
        self.down = nn.ModuleList([Conv(a, b, 4, 2) for a, b in pairs])
        self.skip = nn.ModuleList([Conv(a, b, 1) for a, b in pairs])
        last = falling[-1]
        self.last = Conv(last + 1, last, 3)
        self.pool = Linear(last * FIRST * FIRST, last)
        self.score = Linear(last, 1)
        self.by_label = Linear(labels, last) if labels > 1 else None

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        x = F.pixel_unshuffle(x, self.patch).contiguous(memory_format=torch.channels_last)
        x = leaky(self.start(x))
        for same, down, skip in zip(self.same, self.down, self.skip, strict=True):
            x = (skip(F.avg_pool2d(x, 2)) + leaky(down(leaky(same(x))))) * math.sqrt(0.5)
        x = leaky(self.last(torch.cat((x, _spread(x, 4 if self.by_label is None else PAIR)), dim=1)))
        x = leaky(self.pool(x.flatten(1))).float()
        score = self.score(x).float().squeeze(1)
        if self.by_label is not None:
            score = score + (x * self.by_label(label).float()).sum(1) / math.sqrt(x.shape[1])
        return score


def _spread(x: Tensor, group: int) -> Tensor:
    """Mean standard deviation within groups of the batch, as a channel: [N, C, H, W] -> [N, 1, H, W].

    With labels a group is a pair of one label (whole_pictures.py draws them so): between pictures of different
    labels the deviation would be large even where all pictures of a label are the same.
    """
    n, _, h, w = x.shape
    group = group if n % group == 0 else n
    y = x.float().reshape(group, n // group, -1)
    deviation = torch.sqrt(y.var(0, unbiased=False) + 1e-8).mean(1)  # [N / group]
    return deviation.repeat(group)[:, None, None, None].expand(n, 1, h, w).to(x.dtype)
