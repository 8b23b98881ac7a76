"""Building blocks of the networks: torch only, no data, no losses.

After: networks.py.

With the border "wrap" everything spatial lies on a torus, so whatever a generator draws tiles, at any size.
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


def surrounded(x: Tensor, n: int, wraps: Tensor) -> Tensor:
    """[N, C, H, W] -> [N, C, H+2n, W+2n]: filled from the opposite side where `wraps` [N] bool, else reflected."""
    torus, mirrored = F.pad(x, [n] * 4, mode="circular"), F.pad(x, [n] * 4, mode="reflect")
    return torch.where(wraps[:, None, None, None], torus, mirrored)


def moments(x: Tensor, least: float = 0.1) -> tuple[Tensor, Tensor]:
    """Mean and standard deviation of each channel over its positions, [N, C, 1, 1], the latter at least `least`."""
    return x.mean((2, 3), keepdim=True), torch.sqrt(x.var((2, 3), keepdim=True) + least**2)


def steady_matmul(a: Tensor, b: Tensor) -> Tensor:
    """a [..., m, k] @ b [..., k, n] in pieces of at most 128 along k.

    onnxruntime sums longer k in blocks whose length depends on the number of threads, and so would the last bits.
    """
    pieces = zip(a.split(128, dim=-1), b.split(128, dim=-2), strict=True)
    return sum(x @ y for x, y in pieces)


class Linear(nn.Module):
    """y = x W^T + b with equalised learning rate, `rate` times that of other layers. [N, a] -> [N, b]"""

    def __init__(self, a: int, b: int, bias: float = 0.0, gain: float = 1.0, rate: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(b, a) / rate)
        self.bias = nn.Parameter(torch.full((b,), float(bias) / rate))
        self.scale, self.rate = gain * rate / math.sqrt(a), rate

    def forward(self, x: Tensor) -> Tensor:
        return F.linear(x, self.weight * self.scale, self.bias * self.rate)


class Conv(nn.Module):
    """Plain convolution with equalised learning rate. `border`: "zero" (critics), "reflect" (encoder), "wrap"."""

    def __init__(self, a: int, b: int, kernel: int, stride: int = 1, border: str = "zero", gain: float = 1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(b, a, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(b))
        self.scale = gain / math.sqrt(a * kernel * kernel)
        self.stride, self.padding, self.border = stride, (kernel - 1) // 2, border

    def forward(self, x: Tensor) -> Tensor:
        padding = self.padding
        if padding and self.border != "zero":
            x = wrap_pad(x, padding) if self.border == "wrap" else F.pad(x, [padding] * 4, mode="reflect")
            padding = 0
        return F.conv2d(x, self.weight * self.scale, self.bias, self.stride, padding)


class ModulatedConv(nn.Module):
    """3x3 convolution whose input channels are scaled by a look code, then demodulated. `border`: "wrap" or "zero".

    x [N, a, H, W], look [N, d], grain [N, 1, H, W] or None -> [N, b, H, W]. The grain (white noise
    from an input) is added with a strength per channel that depends on the look.
    """

    def __init__(
        self, a: int, b: int, look: int, grain: bool = False, border: str = "wrap", grain_gain: float = 0.3
    ):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(b, a, 3, 3))
        self.bias = nn.Parameter(torch.zeros(b))
        self.style = Linear(look, a, bias=1.0)
        self.grain = Linear(look, b, gain=grain_gain) if grain else None
        self.scale, self.border = 1.0 / math.sqrt(a * 9), border

    def forward(self, x: Tensor, look: Tensor, grain: Tensor | None = None) -> Tensor:
        weight = self.weight * self.scale
        style = self.style(look)  # [N, a]
        demod = torch.rsqrt(style.square() @ weight.square().sum((2, 3)).t() + 1e-8)  # [N, b]
        x = x * style[:, :, None, None].to(x.dtype)
        if self.border == "wrap":
            x = F.conv2d(wrap_pad(x), weight.to(x.dtype))
        else:
            x = F.conv2d(x, weight.to(x.dtype), padding=1)
        x = x * demod[:, :, None, None].to(x.dtype)
        if grain is not None:
            x = x + grain * self.grain(look)[:, :, None, None].to(x.dtype)
        return leaky(x + self.bias[:, None, None].to(x.dtype))


def spread(cells: Tensor, factor: int) -> Tensor:
    """[N, factor^2, h, w] -> [N, 1, h*factor, w*factor]: the channels of a cell become its pixels."""
    return F.pixel_shuffle(cells, factor)


def without_grid(x: Tensor, border: str = "wrap") -> Tensor:
    """[N, C, H, W], averages of [1 2 1] / 4 each way, which let no pattern with a period of 2 px through.

    `border`: "wrap" or "replicate". What the pixels of `F.pixel_shuffle` drift apart by would stand as a grid on every
    picture: seen after 40,000 pictures.
    """
    x = wrap_pad(x) if border == "wrap" else F.pad(x, (1, 1, 1, 1), mode="replicate")
    x = (x[:, :, :-2] + x[:, :, 2:]) * 0.25 + x[:, :, 1:-1] * 0.5
    return (x[:, :, :, :-2] + x[:, :, :, 2:]) * 0.25 + x[:, :, :, 1:-1] * 0.5
