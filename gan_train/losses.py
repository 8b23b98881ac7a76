"""The losses: pure functions of tensors, no networks and no state.

Before: layers.py. After: families (which combine them).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from .layers import moments

LOOKED_AT = 6  # values of a patch that a random direction looks at, on average
Judge = Callable[[Tensor], Tensor]  # pictures or latent maps [N, C, H, W] -> logits [N]
FAINT = 4e-3  # power of an octave (of values in [-1, 1]) below which its errors count less and less


def relativistic(winner: Tensor, loser: Tensor) -> Tensor:
    """softplus(-(winner - loser)), mean over the batch; logits [N] -> scalar.

    The relativistic pairing loss (Jolicoeur-Martineau 2018, arXiv 1807.00734; Huang et al. 2024,
    arXiv 2501.05441): the critic calls it with (real, fake), the generator with (fake, real).
    """
    return F.softplus(loser - winner).mean()


def non_saturating(logits: Tensor) -> Tensor:
    """softplus(-logits), mean over the batch: [N] -> scalar (Goodfellow et al. 2014, arXiv 1406.2661).

    The generator calls it with what it drew; the critic with reals, and with what was drawn, negated.
    """
    return F.softplus(-logits).mean()


def gradient_penalty(logits: Tensor, pictures: Tensor) -> Tensor:
    """Mean squared norm of the gradient of the logits [N] by the pictures [N, C, H, W] (R1, R2).

    Mescheder et al. 2018 (arXiv 1801.04406). The result can itself be differentiated.
    """
    (gradient,) = torch.autograd.grad(logits.sum(), pictures, create_graph=True)
    return gradient.float().square().sum((1, 2, 3)).mean()


def generator_term(judge: Judge, fake: Tensor, real: Tensor, loss: str) -> Tensor:
    """What a generator minimises to persuade the critic `judge`: fake, real [N, C, H, W] -> scalar.

    `loss`: "relativistic", in pairs with the real pictures, or "non-saturating".
    """
    logits = judge(fake)
    if loss == "non-saturating":
        return non_saturating(logits)
    with torch.no_grad():
        real_logits = judge(real)
    return relativistic(logits, real_logits)


def lazy_penalty(gamma: float, every: int, step: int) -> float:
    """Weight of the gradient penalties in a step: 0 between two of them, more in the others (lazy regularisation,
    Karras et al. 2020, arXiv 1912.04958)."""
    return 0.5 * gamma * every if step % every == 0 else 0.0


def critic_terms(
    judge: Judge, real: Tensor, fake: Tensor, loss: str, penalty: float
) -> tuple[dict[str, Tensor], Tensor, Tensor]:
    """What the critic `judge` minimises: real, fake [N, C, H, W] -> named terms, real logits [N], fake logits [N].

    `penalty`: `lazy_penalty` of this step. R1 and R2 with the relativistic loss, R1 with the other. "margin" is only
    for the log.
    """
    paired = loss == "relativistic"
    if penalty:
        real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_(paired)
    real_logits, fake_logits = judge(real), judge(fake)
    if paired:
        adversarial = relativistic(real_logits, fake_logits)
    else:
        adversarial = non_saturating(real_logits) + non_saturating(-fake_logits)
    terms = {"adversarial": adversarial, "margin": (real_logits - fake_logits).detach().mean()}
    if penalty:
        terms["penalty_real"] = penalty * gradient_penalty(real_logits, real)
        if paired:
            terms["penalty_fake"] = penalty * gradient_penalty(fake_logits, fake)
    return terms, real_logits, fake_logits


def band_distance(fake: Tensor, real: Tensor, weights: tuple[float, ...], faint: float = FAINT) -> Tensor:
    """Weighted squared error of the octaves of pictures, finest first, each relative to its power in the real one.

    [N, C, H, W] in [-1, 1] -> scalar; a flat grey scores about the sum of the weights. Laplacian pyramid with 2x2
    means; the last weight is that of what remains when the octaves are taken off. Relative, so that faint structure
    counts as much as strong; squared, because the median that an absolute error asks for is a flat picture: an
    autoencoder under it had learned no structure after 600 steps, under this one it began within 100.
    H and W must be multiples of 2^(len(weights) - 1). `faint`: power below which errors count less and less.
    """
    total = fake.new_zeros((), dtype=torch.float32)
    for octave, weight in enumerate(weights, start=1):
        if octave < len(weights):
            (fake_band, fake), (real_band, real) = _split(fake), _split(real)
        else:
            fake_band, real_band = fake, real
        error = (fake_band - real_band).square().mean((1, 2, 3))
        total = total + weight * (error / (real_band.square().mean((1, 2, 3)) + faint)).mean()
    return total


def one_octave_more(weights: tuple[float, ...], finer: int) -> tuple[float, ...]:
    """Weights for `band_distance` of pictures `finer` (1 or 2) times as large: the new octave counts as the finest."""
    return weights[:1] * (finer - 1) + weights


def color_distance(fake: Tensor, real: Tensor, cell: int = 4) -> Tensor:
    """Squared errors of the colour differences R - B and G - (R + B) / 2, each relative to its own power.

    [N, 3, H, W] in [-1, 1] -> scalar; 1 for a grey picture of one that is coloured either way. Of means over cells of
    `cell` pixels. Colour has a tenth of the power of brightness and green a tenth of that: beside them an autoencoder
    leaves grass brown for thousands of steps.
    """
    fake, real = (F.avg_pool2d(torch.stack(_differences(x), 1), cell) for x in (fake, real))
    error, power = (fake - real).square().mean((2, 3)), real.square().mean((2, 3))  # [N, 2]
    return (error / (power + FAINT)).sum(1).mean() / 2


def _differences(x: Tensor) -> tuple[Tensor, Tensor]:
    r, g, b = x.unbind(1)
    return r - b, g - (r + b) / 2


def _split(x: Tensor) -> tuple[Tensor, Tensor]:
    """A picture to its finest octave and the rest at half its size."""
    half = F.avg_pool2d(x, 2)
    return x - F.interpolate(half, scale_factor=2.0, mode="nearest"), half


def patch_distance(
    fake: Tensor,
    real: Tensor,
    random: torch.Generator,
    count: int = 96,
    dilation: int = 1,
    least: float = 0.1,
    stride: int = 1,
) -> Tensor:
    """Sliced Wasserstein distance between the 3x3 patches of two maps, per map, blind to where they stand.

    Patches are projected on `count` random directions, sorted, compared (Elnekave and Weiss 2022, arXiv
    2203.11862). Each direction looks at few values, for sums of many are Gaussian whatever the patches are. Both
    maps are first shifted and scaled so that each channel of the real one has mean 0 and variance about 1: faint
    structure counts as much as strong. `stride`: only every so many places are looked at, for sorting takes its time;
    where they begin is drawn anew each time, or a grid that stands between them would never be seen.
    [N, C, H, W] -> scalar; about 1 for unlike maps.
    """
    c = fake.shape[1]
    shape = (count, c, 3, 3)
    kernel = torch.randn(shape, generator=random, device=fake.device)
    kernel = kernel * (torch.rand(shape, generator=random, device=fake.device) < LOOKED_AT / (9 * c))
    kernel = kernel / (kernel.flatten(1).norm(dim=1)[:, None, None, None] + 1e-3)
    mean, deviation = moments(real, least)
    if stride > 1:
        y, x = torch.randint(stride, (2,), generator=random, device=fake.device).tolist()
        fake, real = fake[:, :, y:, x:], real[:, :, y:, x:]

    def projections(x: Tensor) -> Tensor:
        x = (x - mean) / deviation
        return (
            F.conv2d(x, kernel.to(x.dtype), stride=stride, dilation=dilation)
            .float()
            .flatten(2)
            .sort(dim=2)
            .values
        )

    return (projections(fake) - projections(real)).abs().mean()
