"""What small pictures in the world have gone through: blur, shrinking, noise, JPEG. Torch only, no networks.

Before: aligned_sampler.py (large crops). After: families/upscale.py.

After Real-ESRGAN (Wang et al. 2021, arXiv 2107.10833), one round of it and much weaker: textures are mostly clean.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .layers import wrap_pad

# Quantisation at quality 50, ITU-T T.81, annex K.
LIGHT = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
COLOR = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)


@dataclass(frozen=True)
class Degradation:
    """How bad it gets at most; each picture draws its own."""

    clean: float  # share of the pictures that are only shrunk
    blur: float  # deviation in pixels of the large picture
    noise: float  # deviation, of 255
    jpeg: float  # lowest quality, 30 to 100; 100: none


def degrade(x: Tensor, scale: int, how: Degradation, color: Tensor, random: torch.Generator) -> Tensor:
    """x [N, C, S, S] in [-1, 1] -> [N, C, S / scale, S / scale] likewise.

    `color`: the channels (bool [C]) that hold a base colour; data maps are only blurred and shrunk, and all channels
    of a picture alike, so that they stay aligned.
    """
    n = len(x)

    def uniform() -> Tensor:
        return torch.rand((n, 1, 1, 1), generator=random, device=x.device)

    spoilt = (uniform() >= how.clean).float()
    if how.blur:
        x = blurred(x, spoilt * how.blur * uniform())
    small = torch.where(uniform() < 0.5, F.avg_pool2d(x, scale), shrunk(x, scale))
    if how.noise:
        noise = torch.randn(small.shape, generator=random, device=x.device)
        small = small + color[:, None, None] * spoilt * uniform() * noise * (how.noise / 127.5)
    if how.jpeg < 100 and color.any():
        quality = how.jpeg + (100 - how.jpeg) * uniform()
        chosen = color.nonzero().flatten()
        kept = small.clone()
        kept[:, chosen] = torch.where(spoilt > 0, jpeg(small[:, chosen], quality), small[:, chosen])
        small = kept
    return small.clamp(-1, 1)


def blurred(x: Tensor, sigma: Tensor) -> Tensor:
    """Gaussian of deviation `sigma` [N, 1, 1, 1] pixels, on a torus."""
    reach = max(1, math.ceil(2 * float(sigma.max())))
    at = torch.arange(-reach, reach + 1, device=x.device, dtype=torch.float32)
    line = torch.exp(-0.5 * (at / sigma.reshape(-1, 1).clamp(min=1e-3)) ** 2)
    line = line / line.sum(1, keepdim=True)
    n, c, h, w = x.shape
    around = wrap_pad(x, reach).reshape(1, n * c, h + 2 * reach, w + 2 * reach)
    kernel = line.repeat_interleave(c, 0)
    rows = F.conv2d(around, kernel[:, None, :, None], groups=n * c)
    return F.conv2d(rows, kernel[:, None, None, :], groups=n * c).reshape(n, c, h, w)


def shrunk(x: Tensor, scale: int) -> Tensor:
    """[N, C, H, W] -> [N, C, H / scale, W / scale] on a torus: bicubic without aliasing, as image editors shrink."""
    border = 2 * scale
    small = F.interpolate(
        wrap_pad(x, border), scale_factor=1 / scale, mode="bicubic", antialias=True, align_corners=False
    )
    return small[:, :, 2:-2, 2:-2]


def jpeg(x: Tensor, quality: Tensor) -> Tensor:
    """[N, 3, H, W] in [-1, 1], quality [N, 1, 1, 1] from 1 to 100 -> what JPEG leaves of it, without its file.

    Cosine transform of 8 x 8 blocks, rounding to the standard's tables; colour is not subsampled.
    """
    n, _, h, w = x.shape
    padded = F.pad(x, (0, -w % 8, 0, -h % 8), mode="replicate")
    to_ycc = x.new_tensor(
        [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], dtype=torch.float32
    )
    ycc = torch.einsum("dc,nchw->ndhw", to_ycc, padded.float() * 127.5 - 0.5)
    blocks = ycc.reshape(n, 3, ycc.shape[2] // 8, 8, ycc.shape[3] // 8, 8).transpose(3, 4)
    basis = _cosines(x.device)
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50)
    table = torch.stack([x.new_tensor(t, dtype=torch.float32) for t in (LIGHT, COLOR, COLOR)])
    steps = (table[None] * factor + 0.5).floor().clamp(min=1)[:, :, None, None]
    coefficients = (basis @ blocks @ basis.t() / steps).round() * steps
    ycc = (basis.t() @ coefficients @ basis).transpose(3, 4).reshape(ycc.shape)
    rgb = torch.einsum("cd,ndhw->nchw", torch.linalg.inv(to_ycc), ycc)
    return ((rgb[:, :, :h, :w] + 0.5) / 127.5).clamp(-1, 1)


def _cosines(device: torch.device) -> Tensor:
    """The orthonormal DCT-II of 8 values as a matrix."""
    k = torch.arange(8, device=device, dtype=torch.float32)
    matrix = torch.cos(math.pi / 8 * (k[None] + 0.5) * k[:, None]) * 0.5
    matrix[0] *= math.sqrt(0.5)
    return matrix
