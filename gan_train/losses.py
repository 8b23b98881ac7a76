"""The losses: pure functions of tensors, no networks and no state.

Before: networks.py. After: families (which combine them).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def relativistic(winner: Tensor, loser: Tensor) -> Tensor:
    """softplus(-(winner - loser)), mean over the batch; logits [N] -> scalar.

    The relativistic pairing loss (Jolicoeur-Martineau 2018, arXiv 1807.00734; Huang et al. 2024,
    arXiv 2501.05441): the critic calls it with (real, fake), the generator with (fake, real).
    """
    return F.softplus(loser - winner).mean()


def gradient_penalty(logits: Tensor, pictures: Tensor) -> Tensor:
    """Mean squared norm of the gradient of the logits [N] by the pictures [N, C, H, W] (R1, R2).

    Mescheder et al. 2018 (arXiv 1801.04406). The result can itself be differentiated.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.float().square().sum((1, 2, 3)).mean()


def statistics_distance(fake: list[Tensor], real: list[Tensor]) -> Tensor:
    """How far the feature statistics of two sets of textures are apart, blind to layout. -> scalar, 0 = same

    Per picture and layer: relative Frobenius distance of the Gram matrices (Gatys et al. 2015, arXiv
    1505.07376) and relative distance of the channel means. Lists of [N, C, H, W].
    """
    total = fake[0].new_zeros((), dtype=torch.float32)
    for f, r in zip(fake, real, strict=True):
        f, r = f.float().flatten(2), r.float().flatten(2)  # [N, C, H*W]
        gram_f, gram_r = f @ f.transpose(1, 2) / f.shape[2], r @ r.transpose(1, 2) / r.shape[2]
        total = total + ((gram_f - gram_r).norm(dim=(1, 2)) / (gram_r.norm(dim=(1, 2)) + 1e-4)).mean()
        mean_f, mean_r = f.mean(2), r.mean(2)
        total = total + ((mean_f - mean_r).norm(dim=1) / (mean_r.norm(dim=1) + 1e-4)).mean()
    return total / (2 * len(fake))


def tone_distance(fake: Tensor, real: Tensor, levels: int = 4) -> Tensor:
    """Distance of colours and of contrast per octave, blind to layout. [N, 3, H, W] in [-1, 1] -> scalar

    Sliced Wasserstein distance of the colours (sorted along the axes and diagonals of RGB; Heitz et al. 2021,
    arXiv 2006.07229, for features) plus the difference of the standard deviations of each Laplacian band.
    """
    axes = fake.new_tensor(
        [[1, 0, 0], [0, 1, 0], [0, 0, 1], [0.577, 0.577, 0.577], [0.707, -0.707, 0], [0.408, 0.408, -0.816]]
    )
    small_f, small_r = F.avg_pool2d(fake, 4), F.avg_pool2d(real, 4)
    sorted_f = torch.einsum("kc,nchw->nkhw", axes, small_f).flatten(2).sort(dim=2).values
    sorted_r = torch.einsum("kc,nchw->nkhw", axes, small_r).flatten(2).sort(dim=2).values
    total = (sorted_f - sorted_r).abs().mean()
    for _ in range(levels):
        down_f, down_r = F.avg_pool2d(fake, 2), F.avg_pool2d(real, 2)
        band_f = fake - F.interpolate(down_f, scale_factor=2.0, mode="nearest")
        band_r = real - F.interpolate(down_r, scale_factor=2.0, mode="nearest")
        std_f = torch.sqrt(band_f.square().mean((2, 3)) + 1e-6)
        std_r = torch.sqrt(band_r.square().mean((2, 3)) + 1e-6)
        total = total + (std_f - std_r).abs().mean()
        fake, real = down_f, down_r
    return total


def structure_distance(fake: Tensor, real: Tensor) -> Tensor:
    """Distance of the autocorrelations: which periods and directions a texture has, blind to where they start.

    [N, 3, H, W] in [-1, 1], at least 32 px -> scalar. Brightness and the sizes of its two derivatives, at half
    resolution under a Hann window, autocorrelated by FFT (Wiener-Khinchin), lags up to a quarter of the side,
    divided by the variance (contrast is `tone_distance`'s part).
    """
    return (_autocorrelation(fake) - _autocorrelation(real)).abs().mean()


def _autocorrelation(x: Tensor) -> Tensor:
    light = F.avg_pool2d(x.float().mean(1, keepdim=True), 2)
    across = F.pad((light[:, :, :, 1:] - light[:, :, :, :-1]).abs(), (0, 1))
    down = F.pad((light[:, :, 1:] - light[:, :, :-1]).abs(), (0, 0, 0, 1))
    planes = torch.cat((light, across, down), dim=1)
    planes = planes - planes.mean((2, 3), keepdim=True)
    h, w = planes.shape[2:]
    window = torch.hann_window(h, device=x.device)[:, None] * torch.hann_window(w, device=x.device)[None]
    spectrum = torch.fft.rfft2(planes * window)
    power = spectrum.real.square() + spectrum.imag.square()
    lags = torch.fft.irfft2(power, s=(h, w))
    lags = lags / (lags[:, :, :1, :1] + 1e-3)
    reach = h // 4
    return torch.cat((lags[:, :, :reach, :reach], lags[:, :, :reach, -reach:]), dim=3)
