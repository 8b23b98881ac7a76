"""Building blocks and the three networks of the texture family: torch only, no data, no losses.

Before: dataset.py (crops). After: families/texture.py (losses, deployment).

Everything spatial wraps around (a torus), so whatever the generator draws tiles, at any size.
Weights use the equalised learning rate of Karras et al. 2018 (arXiv 1710.10196): stored with unit
variance, scaled at run time. Modulated convolution is that of StyleGAN2 (arXiv 1912.04958) in its
unfused form (scale the activations, convolve, demodulate), because grouped convolutions with a free
batch size cannot be exported to ONNX.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SLOPE = 0.2
GAIN = math.sqrt(2.0 / (1.0 + SLOPE**2))


def leaky(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE) * GAIN


class _WrapPad(torch.autograd.Function):
    """`wrap_pad` with a backward pass that adds the borders in place.

    Autograd's own gradient of a slice is a whole tensor of zeros plus an addition, four times a pad:
    measured, that took 40 % of the generator's step on a CPU.
    """

    @staticmethod
    def forward(ctx, x: Tensor, n: int) -> Tensor:
        ctx.n = n
        return _wrap(x, n)

    @staticmethod
    def backward(ctx, g: Tensor) -> tuple[Tensor, None]:
        n = ctx.n
        rows = g[:, :, n:-n].clone(memory_format=torch.preserve_format)
        rows[:, :, :n] += g[:, :, -n:]
        rows[:, :, -n:] += g[:, :, :n]
        out = rows[:, :, :, n:-n].contiguous(memory_format=torch.channels_last)
        out[:, :, :, :n] += rows[:, :, :, -n:]
        out[:, :, :, -n:] += rows[:, :, :, :n]
        return out, None


def _wrap(x: Tensor, n: int) -> Tensor:
    x = torch.cat((x[:, :, -n:], x, x[:, :, :n]), dim=2)
    return torch.cat((x[:, :, :, -n:], x, x[:, :, :, :n]), dim=3)


def wrap_pad(x: Tensor, n: int = 1) -> Tensor:
    """[N, C, H, W] -> [N, C, H+2n, W+2n], each border filled from the opposite side.

    Slices and concatenations instead of `F.pad(mode="circular")`: those exist in every ONNX opset.
    """
    return _WrapPad.apply(x, n) if torch.is_grad_enabled() and x.requires_grad else _wrap(x, n)


class Linear(nn.Module):
    """y = x W^T + b with equalised learning rate. [N, a] -> [N, b]"""

    def __init__(self, a: int, b: int, bias: float = 0.0, gain: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(b, a))
        self.bias = nn.Parameter(torch.full((b,), float(bias)))
        self.scale = gain / math.sqrt(a)

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.scale, self.bias)


class Conv(nn.Module):
    """Plain convolution with equalised learning rate and zero padding (critic, encoder)."""

    def __init__(self, a: int, b: int, kernel: int, stride: int = 1):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(b, a, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(b))
        self.scale = 1.0 / math.sqrt(a * kernel * kernel)
        self.stride, self.padding = stride, (kernel - 1) // 2

    def forward(self, x: Tensor) -> Tensor:
        return F.conv2d(x, self.weight * self.scale, self.bias, self.stride, self.padding)


class ModulatedConv(nn.Module):
    """Wrapping 3x3 convolution whose input channels are scaled by a look code, then demodulated.

    x [N, a, H, W], look [N, d], grain [N, 1, H, W] or None -> [N, b, H, W]. The grain (white noise
    from the field input) is added with a strength per channel that depends on the look.
    """

    def __init__(self, a: int, b: int, look: int, grain: bool = False):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(b, a, 3, 3))
        self.bias = nn.Parameter(torch.zeros(b))
        self.style = Linear(look, a, bias=1.0)
        self.grain = Linear(look, b, gain=0.3) if grain else None
        self.scale = 1.0 / math.sqrt(a * 9)

    def forward(self, x: Tensor, look: Tensor, grain: Tensor | None = None) -> Tensor:
        weight = self.weight * self.scale
        style = self.style(look)  # [N, a]
        demod = torch.rsqrt(style.square() @ weight.square().sum((2, 3)).t() + 1e-8)  # [N, b]
        x = F.conv2d(wrap_pad(x * style[:, :, None, None].to(x.dtype)), weight.to(x.dtype))
        x = x * demod[:, :, None, None].to(x.dtype)
        if grain is not None:
            x = x + grain * self.grain(look)[:, :, None, None].to(x.dtype)
        return leaky(x + self.bias[:, None, None].to(x.dtype))


def spread(cells: Tensor, factor: int) -> Tensor:
    """[N, factor^2, h, w] -> [N, 1, h*factor, w*factor]: the channels of a cell become its pixels."""
    return F.pixel_shuffle(cells, factor)


def waves(h: int, w: int, step: int, count: int, period: int, like: Tensor) -> Tensor:
    """Sines and cosines along x and y that close on the torus. -> [1, 4*count, h, w] in [-1, 1]

    Wave k = 1..count has about `period / k` pixels a period, rounded so that a whole number of periods
    fits the h*step x w*step pixels (PSGAN, arXiv 1705.06566, has learned periodic inputs; here they are
    fixed and the look scales them). They give bricks, tiles and planks their regularity.
    """
    k = torch.arange(1, count + 1, device=like.device, dtype=torch.float32)
    planes = []
    for n, across in ((h, False), (w, True)):
        periods = torch.floor(k * (n * step / period) + 0.5).clamp(min=1.0)  # [count]
        at = torch.arange(n, device=like.device, dtype=torch.float32) / n  # [n] in [0, 1)
        angle = 2.0 * math.pi * periods[:, None] * at[None, :]  # [count, n]
        line = torch.cat((torch.sin(angle), torch.cos(angle)))  # [2*count, n]
        plane = line[:, None, :].expand(-1, h, -1) if across else line[:, :, None].expand(-1, -1, w)
        planes.append(plane)
    return torch.cat(planes)[None].to(like.dtype)


class Generator(nn.Module):
    """Field and look to a picture that tiles.

    field [N, C_f, h, w] ~ N(0, 1), look [N, d] -> [N, 3, 16h, 16w] in [-1, 1] (sRGB).
    The first `layout` channels of the field are the layout at 1/16 resolution; the others are unfolded
    into one-channel white noise at 1/8, 1/4, 1/2 and full resolution (4 + 16 + 64 + 256 channels).
    """

    STRIDE = 16
    GRAIN = (2, 4, 8, 16)
    WAVES = (2, 4, 8)  # waves offered at 1/16, 1/8 and 1/4 resolution

    def __init__(
        self, look: int, layout: int = 16, width: tuple[int, ...] = (160, 128, 96, 48, 24), period: int = 64
    ):
        """`period`: pixels of the longest wave; the training crop, so that each wave is distinct there."""
        super().__init__()
        self.layout, self.period = layout, period
        self.field_channels = layout + sum(g * g for g in self.GRAIN)
        self.mapping = nn.ModuleList([Linear(look, look), Linear(look, look)])
        self.start = Conv(layout, width[0], 1)
        self.wave_style = nn.ModuleList([Linear(look, 4 * count) for count in self.WAVES])
        self.wave_in = nn.ModuleList([Conv(4 * n, b, 1) for n, b in zip(self.WAVES, width, strict=False)])
        a = width[0]
        self.first = ModulatedConv(a, a, look)
        self.up, self.refine = nn.ModuleList(), nn.ModuleList()
        for b in width[1:]:
            self.up.append(ModulatedConv(a, b, look, grain=True))
            self.refine.append(ModulatedConv(b, b, look))
            a = b
        self.rgb = Conv(a, 3, 1)
        self.rgb_style = Linear(look, a, bias=1.0)
        self.tone = Linear(look, 3)

    def forward(self, field: Tensor, look: Tensor) -> Tensor:
        for layer in self.mapping:
            look = leaky(layer(look))
        grain = torch.split(field[:, self.layout :], [g * g for g in self.GRAIN], dim=1)
        x = self.first(self._add_waves(self.start(field[:, : self.layout]), look, 0), look)
        for level, (up, refine) in enumerate(zip(self.up, self.refine, strict=True)):
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
            x = up(x, look, spread(grain[level], self.GRAIN[level]).to(x.dtype))
            if level + 1 < len(self.WAVES):
                x = self._add_waves(x, look, level + 1)
            x = refine(x, look)
        x = self.rgb(x * self.rgb_style(look)[:, :, None, None].to(x.dtype))
        return torch.tanh(x.float() + self.tone(look)[:, :, None, None].float())

    def _add_waves(self, x: Tensor, look: Tensor, level: int) -> Tensor:
        plan = waves(x.shape[2], x.shape[3], self.STRIDE >> level, self.WAVES[level], self.period, x)
        return x + self.wave_in[level](plan * self.wave_style[level](look)[:, :, None, None].to(x.dtype))


class Encoder(nn.Module):
    """A crop to its look code. [N, 3, S, S] in [-1, 1] -> [N, d], blind to where things stand.

    Means and standard deviations over all positions of three depths, then one linear layer.
    """

    def __init__(self, look: int, width: tuple[int, ...] = (32, 64, 96, 128)):
        super().__init__()
        self.convs = nn.ModuleList()
        a = 3
        for b in width:
            self.convs.append(Conv(a, b, 4, 2))
            a = b
        self.out = Linear(2 * (3 + sum(width[1:])), look)

    def forward(self, x: Tensor) -> Tensor:
        moments = [x.mean((2, 3)), x.std((2, 3))]
        for i, conv in enumerate(self.convs):
            x = leaky(conv(x))
            if i:
                y = x.float()
                moments += [y.mean((2, 3)), torch.sqrt(y.var((2, 3)) + 1e-6)]
        return self.out(torch.cat([m.float() for m in moments], dim=1))


class Critic(nn.Module):
    """How real a crop looks, given what it should be. Patch logits averaged over the picture.

    x [N, 3, S, S] in [-1, 1], label [N] int64, look [N, d] (zeros where unknown), known [N, 1] in {0, 1}
    -> logits [N], features (list of [N, C, H, W], used by the statistics loss).
    Condition by projection (Miyato and Koyama 2018, arXiv 1802.05637) on label and, where known, look.
    """

    def __init__(self, labels: int, look: int, width: tuple[int, ...] = (24, 48, 96, 160, 192)):
        super().__init__()
        self.rgb = Conv(3, width[0], 3)
        self.down, self.same = nn.ModuleList(), nn.ModuleList()
        a = width[0]
        for i, b in enumerate(width[1:]):
            self.down.append(Conv(a, b, 4, 2))
            self.same.append(Conv(b, b, 3) if i < 3 else nn.Identity())
            a = b
        self.score = Conv(a, 1, 1)
        self.by_label = nn.Embedding(labels, a)
        self.by_look = Linear(look, a)
        nn.init.normal_(self.by_label.weight, std=0.1)

    def forward(self, x: Tensor, label: Tensor, look: Tensor, known: Tensor) -> tuple[Tensor, list[Tensor]]:
        features = []
        x = leaky(self.rgb(x))
        for i, (down, same) in enumerate(zip(self.down, self.same, strict=True)):
            x = leaky(down(x))
            if i < 3:
                x = leaky(same(x))
                features.append(x)
        pooled = x.float().mean((2, 3))  # [N, C]
        condition = self.by_label(label) + known * self.by_look(look)
        score = self.score(x).float().mean((1, 2, 3))
        return score + (pooled * condition).sum(1) / math.sqrt(pooled.shape[1]), features
