"""The network that makes a picture out of a picture, at any size: torch only, no data, no losses.

Before: layers.py (blocks). After: the families that take a picture, and image_input.py (what its card says).

Everything wraps around (a torus) and looks no further than `margin` pixels: no normalisation over a picture, no
attention. So what tiles stays tiling, and overlapping tiles of a large picture give what the whole one gives.
Half-steps down fold four pixels into the channels of one (pixel unshuffle), half-steps up unfold them: nearly all of
the work is done at the lowest resolution, which is what makes it quick on a CPU.
"""

from __future__ import annotations

import itertools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Conv, ModulatedConv, leaky, wrap_pad


class Residual(nn.Module):
    """x [N, c, H, W] -> the same plus what two convolutions add; a look [N, d] scales the channels of the first."""

    def __init__(self, channels: int, look: int, gain: float):
        super().__init__()
        wrap = {"border": "wrap"}
        self.first = ModulatedConv(channels, channels, look) if look else Conv(channels, channels, 3, **wrap)
        self.second = Conv(channels, channels, 3, gain=gain, **wrap)

    def forward(self, x: Tensor, look: Tensor | None = None) -> Tensor:
        y = leaky(self.first(x)) if look is None else self.first(x, look)
        return x + self.second(y)


class Translator(nn.Module):
    """[N, A, H, W] in [-1, 1], look [N, d] or None -> [N, B, scale H, scale W], unbounded; H, W: `multiple_of`.

    The first outputs are near 0: a family adds them to the picture itself, or bounds them as its maps ask.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        width: tuple[int, ...] = (16, 32, 96),
        depth: int = 6,
        grow: tuple[int, ...] = (),
        look: int = 0,
    ):
        """`width`: channels at full, 1/2, 1/4 ... resolution; `depth`: residual blocks at the lowest of them; `grow`:
        channels at twice, four times ... the size of the input; `look`: length of what modulates the blocks, or 0."""
        super().__init__()
        wrap = {"border": "wrap"}
        self.scale, self.multiple_of = 2 ** len(grow), 2 ** (len(width) - 1)
        steps = list(itertools.pairwise(width))
        self.enter = Conv(inputs, width[0], 3, **wrap)
        self.down = nn.ModuleList([Conv(4 * a, b, 3, **wrap) for a, b in steps])
        gain = 1 / math.sqrt(max(depth, 1))
        self.blocks = nn.ModuleList([Residual(width[-1], look, gain) for _ in range(depth)])
        self.up = nn.ModuleList([Conv(b, 4 * a, 1) for a, b in steps])
        # The pixels of a cell begin alike (Aitken et al. 2017, arXiv 1707.02937), else a weave stands on everything.
        for conv in self.up:
            same = conv.weight.detach()[::4].repeat_interleave(4, dim=0)
            conv.weight.data.copy_(same)
        self.join = nn.ModuleList([Conv(a, a, 3, **wrap) for a, _ in steps])
        self.grow = nn.ModuleList(
            [Conv(a, 4 * b, 3, **wrap) for a, b in zip((width[0], *grow), grow, strict=False)]
        )
        self.paint = Conv((*width[:1], *grow)[-1], outputs, 3, gain=0.1, **wrap)

    def forward(self, x: Tensor, look: Tensor | None = None) -> Tensor:
        x = leaky(self.enter(x))
        skips = []
        for conv in self.down:
            skips.append(x)
            x = leaky(conv(F.pixel_unshuffle(x, 2)))
        for block in self.blocks:
            x = block(x, look)
        for up, join, skip in zip(reversed(self.up), reversed(self.join), reversed(skips), strict=True):
            x = leaky((F.pixel_shuffle(up(x), 2) + skip) * math.sqrt(0.5))
            x = leaky(join(x))
        for conv in self.grow:
            x = leaky(F.pixel_shuffle(conv(x), 2))
        return self.paint(x).float()

    def margin(self, beyond: int = 0) -> int:
        """Pixels of the input on each side that an output pixel may depend on, rounded up to `multiple_of`.

        `beyond`: pixels of the output that what follows the network looks beyond its own.
        """
        worst = 0
        for place in range(self.multiple_of * self.scale):  # where an output pixel stands in its cell
            a, b = (
                place - beyond - 1,
                place + beyond + 1,
            )  # first and last pixel looked at, layer by layer backwards
            for _ in self.grow:
                a, b = a // 2 - 1, b // 2 + 1
            for _ in self.join:
                a, b = (a - 1) // 2, (b + 1) // 2
            a, b = a - 2 * len(self.blocks), b + 2 * len(self.blocks)
            for _ in self.down:
                a, b = 2 * (a - 1), 2 * (b + 1) + 1
            worst = max(worst, place // self.scale - a + 1, b + 1 - place // self.scale)
        return math.ceil(worst / self.multiple_of) * self.multiple_of


def bicubic(x: Tensor, scale: int) -> Tensor:
    """[N, C, H, W] -> [N, C, scale H, scale W] on a torus, by Keys' kernel (a = -0.5), as Pillow enlarges.

    A convolution whose channels unfold into the new pixels: exported, it is exact and quick.
    """
    n, c, h, w = x.shape
    weight = cubic_kernel(scale).to(x.device, x.dtype)
    spread = F.conv2d(wrap_pad(x, 2).reshape(n * c, 1, h + 4, w + 4), weight)
    return F.pixel_shuffle(spread, scale).reshape(n, c, h * scale, w * scale)


def cubic_kernel(scale: int) -> Tensor:
    """[scale * scale, 1, 5, 5]: for each new pixel of an old one the weights of the old ones around it."""
    rows = []
    for k in range(scale):
        offset = (k + 0.5) / scale - 0.5  # of the new pixel's middle from the old one's
        rows.append([_keys(abs(offset - at)) for at in range(-2, 3)])
    line = torch.tensor(rows, dtype=torch.float64)
    return (line[:, None, :, None] * line[None, :, None, :]).float().reshape(scale * scale, 5, 5).unsqueeze(1)


def _keys(t: float, a: float = -0.5) -> float:
    """Keys 1981, IEEE TASSP 29:6."""
    if t < 1:
        return (a + 2) * t**3 - (a + 3) * t**2 + 1
    return a * (t**3 - 5 * t**2 + 8 * t - 4) if t < 2 else 0.0
