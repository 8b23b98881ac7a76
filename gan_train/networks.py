"""The networks of the texture family: torch only, no data, no losses.

Before: layers.py (blocks), shift_map.py (what stands where). After: families/texture.py (losses, deployment).

A picture is a latent map at 1/8 resolution (`Encoder`, `Decoder`). Its first channels are the picture itself, four
times smaller; what is learned is the rest. The generator lays such maps out anew (shift_map.py), a network heals the
seams (`Healer`), and the decoder draws the pixels. Whatever they draw wraps around (a torus), so it tiles, at any size.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Conv, leaky, moments, without_grid, wrap_pad

CELL = 8  # pixels a side of one latent cell
SMALL = 4  # pixels a side of one pixel of the small picture
MEANS = 3 * (CELL // SMALL) ** 2  # channels of the small picture in a latent map
FAINT = 0.02  # least contrast of a channel that is counted on
LOUD = 3.0  # what the small picture is multiplied by for the networks: its contrast is that much fainter


def small_picture(x: Tensor) -> Tensor:
    """[N, 3, H, W] -> [N, MEANS, H/8, W/8]: what a latent map begins with."""
    return F.pixel_unshuffle(F.avg_pool2d(x.float(), SMALL), CELL // SMALL)


def picture_in(latent: Tensor) -> Tensor:
    """The small picture of a latent map: [N, MEANS + C, h, w] -> [N, 3, 2h, 2w] in [-1, 1]."""
    return F.pixel_shuffle(latent[:, :MEANS].float(), CELL // SMALL)


class Encoder(nn.Module):
    """A picture to its latent map: [N, 3, 8h, 8w] in [-1, 1] -> [N, MEANS + C, h, w].

    The learned channels have unit variance. The two outermost cells of a crop know less than the others (their
    surroundings are reflected): drop them.
    """

    def __init__(self, channels: int, width: tuple[int, int] = (64, 128)):
        super().__init__()
        a, b = width
        self.convs = nn.ModuleList(
            [
                Conv(3 * SMALL * SMALL, a, 3, border="reflect"),
                Conv(a, b, 4, 2, border="reflect"),
                Conv(b, b, 3, border="reflect"),
            ]
        )
        self.out = Conv(b, channels, 1)
        self.normalise = nn.BatchNorm2d(channels, affine=False, momentum=0.01)

    def forward(self, x: Tensor) -> Tensor:
        learned = F.pixel_unshuffle(x, SMALL)
        for conv in self.convs:
            learned = leaky(conv(learned))
        return torch.cat((small_picture(x), self.normalise(self.out(learned).float())), 1)


class Decoder(nn.Module):
    """A latent map to a picture that tiles: [N, MEANS + C, h, w] and grain -> [N, 3 + maps, 8h, 8w] in [-1, 1].

    The first three channels are the base colour (sRGB): the small picture enlarged, and what the network adds. grain:
    white noise [N, 1, ...] at 1/4, 1/2 and full resolution; how strongly it shows is read off the map, cell by cell.
    With `detail` it draws twice as fine as the encoder reads, [N, 3 + maps, 16h, 16w], and needs noise of that size.
    """

    def __init__(
        self,
        channels: int,
        width: tuple[int, int, int, int] = (128, 64, 24, 12),
        maps: int = 0,
        detail: int = 0,
    ):
        """`detail`: channels of the stage that is `Detail`; 0: there is none."""
        super().__init__()
        a, b, c, d = width
        self.finer = 2 if detail else 1
        self.start = nn.ModuleList(
            [Conv(MEANS + channels, a, 3, border="wrap"), Conv(a, a, 3, border="wrap")]
        )
        self.spread = nn.ModuleList(
            [Conv(a, 4 * b, 3, border="wrap"), Conv(b, 4 * c, 1), Conv(c, 4 * d, 3, border="wrap")]
        )
        self.refine = nn.ModuleList([Conv(b, b, 3, border="wrap"), Conv(c, c, 3, border="wrap")])
        self.grain = nn.ModuleList([Conv(x, y, 1, gain=0.1) for x, y in ((a, b), (b, c), (c, d))])
        self.paint = nn.ModuleList([Conv(x, 3 + maps, 3, border="wrap", gain=0.1) for x in (c, d)])
        self.detail = Detail(d, detail, 3 + maps) if detail else None

    def forward(self, latent: Tensor, grain: list[Tensor]) -> Tensor:
        small = picture_in(latent)
        x = loud(latent)
        for conv in self.start:
            x = leaky(conv(x))
        pictures = []
        for level in range(3):
            strength = enlarged(self.grain[level](x), 2)
            x = F.pixel_shuffle(self.spread[level](x), 2)
            x = leaky(x + strength * grain[level].to(x.dtype))
            if level < 2:
                x = leaky((x + self.refine[level](x)) * math.sqrt(0.5))
            if level > 0:
                pictures.append(self.paint[level - 1](x).float())
        drawn = enlarged(pictures[0], 2) + pictures[1]
        color = (enlarged(small, SMALL) + drawn[:, :3]).clamp(-1, 1)
        picture = torch.cat((color, torch.tanh(drawn[:, 3:])), 1)
        return self.detail(x, picture, grain[3]) if self.detail is not None else picture


class Detail(nn.Module):
    """A picture twice as large: x [N, a, H, W], picture [N, C, H, W] in [-1, 1], grain [N, 1, 2H, 2W] ~ N(0, 1)
    -> [N, C, 2H, 2W] in [-1, 1].

    What is learned is added to the enlarged picture, and is nothing at first: a decoder that has learned without this
    stage draws with it what it drew, but for the finest grid. A picture half as large needs none of its own, and here
    it would be four pixels wide and the critic's first clue.
    """

    def __init__(self, a: int, width: int, channels: int):
        super().__init__()
        self.spread = Conv(a + channels, 4 * width, 3, border="wrap")
        self.grain = Conv(a, width, 1, gain=0.1)
        self.refine = Conv(width, width, 3, border="wrap")
        self.paint = Conv(width, channels, 3, border="wrap")
        nn.init.zeros_(self.paint.weight)

    def forward(self, x: Tensor, picture: Tensor, grain: Tensor) -> Tensor:
        x, picture = without_grid(x), without_grid(picture)
        strength = enlarged(self.grain(x), 2)
        x = without_grid(F.pixel_shuffle(self.spread(torch.cat((x, picture.to(x.dtype)), 1)), 2))
        x = leaky(x + strength * grain.to(x.dtype))
        x = leaky((x + self.refine(x)) * math.sqrt(0.5))
        return (enlarged(picture, 2) + self.paint(x).float()).clamp(-1, 1)


def loud(latent: Tensor) -> Tensor:
    """A latent map as the networks look at it: all channels of about the same contrast."""
    return torch.cat((LOUD * latent[:, :MEANS], latent[:, MEANS:]), 1)


def enlarged(x: Tensor, factor: int) -> Tensor:
    """Bilinear, on a torus: [N, C, h, w] -> [N, C, factor * h, factor * w]."""
    larger = F.interpolate(wrap_pad(x), scale_factor=float(factor), mode="bilinear", align_corners=False)
    return larger[:, :, factor:-factor, factor:-factor]


class Healer(nn.Module):
    """A quilt of latent maps [N, C, h, w], its seams [N, 1, h, w] in [0, 1], grain [N, 1, h, w] -> healed [N, C, h, w].

    Adds what it draws at seams and nothing elsewhere, with the contrast that each channel has in this map: else a
    plain cloth would be given the marks that a wall needs.
    """

    def __init__(self, channels: int, width: int, depth: int):
        super().__init__()
        self.start = Conv(channels + 2, width, 3, border="wrap")
        self.refine = nn.ModuleList([Conv(width, width, 3, border="wrap") for _ in range(depth)])
        self.out = Conv(width, channels, 3, border="wrap", gain=0.1)

    def forward(self, quilt: Tensor, seam: Tensor, grain: Tensor) -> Tensor:
        x = leaky(self.start(torch.cat((loud(quilt), seam, grain), 1)))
        for conv in self.refine:
            x = leaky((x + conv(x)) * math.sqrt(0.5))
        healed = quilt + seam * moments(quilt, FAINT)[1] * self.out(x).float()
        return torch.cat((healed[:, :MEANS].clamp(-1, 1), healed[:, MEANS:]), 1)


class Critic(nn.Module):
    """How real a picture or a latent map looks, given its label. Patch logits averaged over the whole.

    x [N, C, S, S], label [N] int64 -> logits [N]. Condition by projection (Miyato and Koyama 2018, arXiv 1802.05637).
    Beside x it sees x with the mean taken off each channel and its contrast evened out: else colours, which differ
    most from picture to picture, would hide the structure.
    """

    def __init__(self, channels: int, labels: int, width: tuple[int, ...], fold: int = 1):
        """`fold`: each square of that many pixels a side becomes one place before the first convolution."""
        super().__init__()
        self.fold = fold
        self.start = Conv(2 * channels * fold * fold, width[0], 3)
        self.down, self.same = nn.ModuleList(), nn.ModuleList()
        a = width[0]
        for b in width[1:]:
            self.same.append(Conv(a, a, 3))
            self.down.append(Conv(a, b, 4, 2))
            a = b
        self.last = Conv(a, a, 3)
        self.score = Conv(a, 1, 1)
        self.by_label = nn.Embedding(labels, a)
        nn.init.normal_(self.by_label.weight, std=0.1)

    def forward(self, x: Tensor, label: Tensor) -> Tensor:
        return self.judge(self.look(x), label)

    def look(self, x: Tensor) -> Tensor:
        """Pictures or maps -> features [N, C, s, s]."""
        mean, deviation = moments(x)
        x = torch.cat((x, (x - mean) / deviation), dim=1)
        x = leaky(self.start(F.pixel_unshuffle(x, self.fold)))
        for same, down in zip(self.same, self.down, strict=True):
            x = leaky(down(leaky(same(x))))
        return leaky(self.last(x))

    def judge(self, x: Tensor, label: Tensor) -> Tensor:
        """What `look` gives, label [N] int64 -> logits [N]."""
        pooled = x.float().mean((2, 3))  # [N, C]
        condition = self.by_label(label)
        return self.score(x).float().mean((1, 2, 3)) + (pooled * condition).sum(1) / math.sqrt(
            pooled.shape[1]
        )
