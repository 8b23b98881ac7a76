"""The networks of the texture family: torch only, no data, no losses.

Before: layers.py (blocks). After: families/texture.py (losses, deployment).

A picture is a latent map at 1/16 resolution (`Encoder`, `Decoder`); the generator draws latent maps, 256 times
smaller than pictures, from a field and a look (as latent diffusion does, Rombach et al. 2022, arXiv 2112.10752,
here with a GAN). Whatever the generator and the decoder draw wraps around (a torus), so it tiles, at any size.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Conv, Linear, ModulatedConv, leaky, moments, spread
from .textons import scatter_texton

CELL = 16  # pixels a side of one latent cell


class Encoder(nn.Module):
    """A picture to its latent map: [N, 3, 16h, 16w] in [-1, 1] -> [N, C, h, w], each channel of unit variance.

    The outermost cell of a crop knows less than the others (its surroundings are reflected): drop it.
    """

    def __init__(self, channels: int, width: tuple[int, int, int] = (48, 96, 128)):
        super().__init__()
        a, b, c = width
        self.convs = nn.ModuleList(
            [
                Conv(48, a, 3, border="reflect"),
                Conv(a, b, 4, 2, border="reflect"),
                Conv(b, b, 3, border="reflect"),
                Conv(b, c, 4, 2, border="reflect"),
                Conv(c, c, 3, border="reflect"),
            ]
        )
        self.out = Conv(c, channels, 1)
        self.normalise = nn.BatchNorm2d(channels, affine=False, momentum=0.01)

    def forward(self, x: Tensor) -> Tensor:
        x = F.pixel_unshuffle(x, 4)
        for conv in self.convs:
            x = leaky(conv(x))
        return self.normalise(self.out(x).float())


class Decoder(nn.Module):
    """A latent map to a picture that tiles: [N, C, h, w] and grain -> [N, 3 + maps, 16h, 16w] in [-1, 1].

    The first three channels are the base colour (sRGB). grain: white noise [N, 1, ...] at 1/8, 1/4, 1/2 and full
    resolution; how strongly it shows is read off the map, cell by cell. The picture is the sum of one at half
    resolution and what the full resolution adds.
    """

    def __init__(
        self, channels: int, width: tuple[int, int, int, int, int] = (128, 96, 64, 16, 12), maps: int = 0
    ):
        super().__init__()
        a, b, c, d, e = width
        self.start = nn.ModuleList([Conv(channels, a, 3, border="wrap"), Conv(a, a, 3, border="wrap")])
        self.up = nn.ModuleList([Conv(a, b, 3, border="wrap"), Conv(b, c, 3, border="wrap")])
        self.refine = nn.ModuleList([Conv(b, b, 3, border="wrap"), Conv(c, c, 3, border="wrap")])
        self.grain = nn.ModuleList([Conv(x, y, 1, gain=0.1) for x, y in ((a, b), (b, c), (c, d), (d, e))])
        self.spread = nn.ModuleList([Conv(c, 4 * d, 1), Conv(d, 4 * e, 3, border="wrap")])
        self.paint = nn.ModuleList(
            [Conv(d, 3 + maps, 3, border="wrap"), Conv(e, 3 + maps, 3, border="wrap", gain=0.1)]
        )

    def forward(self, latent: Tensor, grain: list[Tensor]) -> Tensor:
        x = latent
        for conv in self.start:
            x = leaky(conv(x))
        for level in range(2):
            strength = _double(self.grain[level](x))
            x = self.up[level](_double(x))
            x = leaky(x + strength * grain[level].to(x.dtype))
            x = leaky(self.refine[level](x))
        pictures = []
        for level in range(2):
            strength = _double(self.grain[2 + level](x))
            x = F.pixel_shuffle(self.spread[level](x), 2)
            x = leaky(x + strength * grain[2 + level].to(x.dtype))
            pictures.append(self.paint[level](x).float())
        return torch.tanh(_double(pictures[0]) + pictures[1])


def _double(x: Tensor) -> Tensor:
    return F.interpolate(x, scale_factor=2.0, mode="nearest")


class LatentGenerator(nn.Module):
    """Field, look and hint to a latent map on a torus: [N, F, h, w], [N, d], [N, C, 2h, 2w] -> [N, C, 2h, 2w].

    The first `layout` channels of the field are the layout, one cell for two by two of the map, the next 4 unfold
    into grain at the map's resolution. The hint (`textons.py`) has the means and correlations of the material
    already; this network makes bricks of its stripes: what it draws is added to the hint.
    """

    def __init__(self, channels: int, look: int, layout: int, width: int, depth: int = 2):
        super().__init__()
        self.layout = layout
        self.mapping = nn.ModuleList([Linear(look, look), Linear(look, look)])
        self.start = Conv(layout, width, 1)
        self.hint_in = nn.ModuleList([Conv(channels, width, 3, border="wrap") for _ in range(2)])
        self.coarse = nn.ModuleList([ModulatedConv(width, width, look) for _ in range(depth)])
        self.up = ModulatedConv(width, width, look, grain=True)
        self.fine = nn.ModuleList([ModulatedConv(width, width, look) for _ in range(depth)])
        self.out = Conv(width, channels, 1, gain=0.1)
        self.out_style = Linear(look, width, bias=1.0)

    def forward(self, field: Tensor, look: Tensor, hint: Tensor) -> Tensor:
        for layer in self.mapping:
            look = leaky(layer(look))
        x = self.start(field[:, : self.layout]) + self.hint_in[0](F.avg_pool2d(hint, 2))
        for layer in self.coarse:
            x = layer(x, look)
        x = self.up(_double(x), look, spread(field[:, self.layout :], 2).to(x.dtype))
        x = x + self.hint_in[1](hint)
        for layer in self.fine:
            x = layer(x, look)
        x = self.out(x * self.out_style(look)[:, :, None, None].to(x.dtype))
        return hint + x.float()


class Generator(nn.Module):
    """Field, look and texton to a picture that tiles: the latent generator, then the decoder.

    field [N, F, h, w] ~ N(0, 1), look [N, d], texton [N, C, k*k + 1], steps [N, P*P + 1]
    -> [N, 3 + maps, 32h, 32w] in [-1, 1].
    Channels of the field: layout, then 4 + 16 + 64 + 256 + 1024 that unfold into white noise at 1/16, 1/8, 1/4, 1/2
    and full resolution.
    """

    STRIDE = 2 * CELL
    GRAIN = (2, 4, 8, 16, 32)

    def __init__(self, draw: LatentGenerator, decode: Decoder):
        super().__init__()
        self.draw, self.decode = draw, decode

    def forward(self, field: Tensor, look: Tensor, texton: Tensor, steps: Tensor) -> Tensor:
        return self.decode(self.latent(field, look, texton, steps), self.grain(field))

    def latent(self, field: Tensor, look: Tensor, texton: Tensor, steps: Tensor) -> Tensor:
        layout = self.draw.layout
        hint = scatter_texton(texton, steps, spread(field[:, layout : layout + 4], 2))
        return self.draw(field[:, : layout + 4], look, hint)

    def grain(self, field: Tensor) -> list[Tensor]:
        parts = torch.split(field[:, self.draw.layout :], [g * g for g in self.GRAIN], dim=1)
        return [spread(part, g) for part, g in zip(parts[1:], self.GRAIN[1:], strict=True)]


def field_channels(layout: int) -> int:
    return layout + sum(g * g for g in Generator.GRAIN)


class LookEncoder(nn.Module):
    """A latent map to its look code, blind to where things stand. [N, C, h, w] -> [N, d]

    Means and standard deviations over all positions of three depths, then one linear layer.
    """

    def __init__(self, channels: int, look: int, width: tuple[int, int] = (96, 128)):
        super().__init__()
        self.convs = nn.ModuleList([Conv(channels, width[0], 3), Conv(width[0], width[1], 4, 2)])
        self.out = Linear(2 * (channels + sum(width)), look)

    def forward(self, x: Tensor) -> Tensor:
        moments = [x.mean((2, 3)), _deviation(x)]
        for conv in self.convs:
            x = leaky(conv(x))
            moments += [x.float().mean((2, 3)), _deviation(x.float())]
        return self.out(torch.cat(moments, dim=1))


def _deviation(x: Tensor) -> Tensor:
    return torch.sqrt(x.var((2, 3)) + 1e-6)


class Critic(nn.Module):
    """How real a picture or a latent map looks, given what it should be. Patch logits averaged over the whole.

    x [N, C, S, S], label [N] int64, look [N, d] (zeros where unknown), known [N, 1] in {0, 1} -> logits [N].
    Condition by projection (Miyato and Koyama 2018, arXiv 1802.05637) on label and, where known, look. Beside x
    it sees x with the mean taken off each channel and its contrast evened out: else colours, which differ most
    from picture to picture, would hide the structure.
    """

    def __init__(self, channels: int, labels: int, look: int, width: tuple[int, ...], fold: int = 1):
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
        self.by_look = Linear(look, a)
        nn.init.normal_(self.by_label.weight, std=0.1)

    def forward(self, x: Tensor, label: Tensor, look: Tensor, known: Tensor) -> Tensor:
        mean, deviation = moments(x)
        x = torch.cat((x, (x - mean) / deviation), dim=1)
        x = leaky(self.start(F.pixel_unshuffle(x, self.fold)))
        for same, down in zip(self.same, self.down, strict=True):
            x = leaky(down(leaky(same(x))))
        x = leaky(self.last(x))
        pooled = x.float().mean((2, 3))  # [N, C]
        condition = self.by_label(label) + known * self.by_look(look)
        return self.score(x).float().mean((1, 2, 3)) + (pooled * condition).sum(1) / math.sqrt(
            pooled.shape[1]
        )
