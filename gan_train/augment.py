"""Augmentation of what the critic sees, real and drawn alike: torch only, no data, no losses.

Before: a family's generator and sampler. After: its critic.

DiffAugment (Zhao et al. 2020, arXiv 2006.10738): the generator learns through the augmentation, so it is asked for
pictures that look real once augmented, not for augmented ones. Each of the three steps is applied to a picture with
probability p. Adaptive (Karras et al. 2020, arXiv 2006.06676): p follows how much the critic overfits.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

KINDS = ("none", "diffaugment", "adaptive")
FEW = 5000  # pictures below which `auto` augments always
TARGET = 0.6  # of the overfitting measure
MOST = 0.8  # p above which a generator begins to draw augmented pictures
IMAGES = 200_000  # pictures in which p can go from 0 to 1
SHIFT, HOLE = 1 / 8, 1 / 2  # of the side: largest translation, side of what is cut out


def decided(kind: str, pictures: int) -> str:
    """`auto` made one of the others by the number of training pictures."""
    if kind != "auto":
        return kind
    return "diffaugment" if pictures < FEW else "adaptive"


class Augment(nn.Module):
    """Pictures to augmented pictures of the same shape; `strength` is p, kept with the weights so that runs resume."""

    def __init__(self, kind: str):
        super().__init__()
        assert kind in KINDS, kind
        self.adaptive = kind == "adaptive"
        self.register_buffer("strength", torch.tensor(float(kind == "diffaugment")))
        self.register_buffer("overfit", torch.tensor(0.0))  # running mean of the measure

    def forward(self, pictures: Tensor, random: torch.Generator) -> Tensor:
        """[N, 3 or 4, H, W] in [-1, 1], premultiplied where there is alpha."""
        p = float(self.strength)
        if p <= 0:
            return pictures
        for step in (recolor, translate, cut_out):
            pictures = step(pictures, p, random)
        return pictures

    @torch.no_grad()
    def adapt(self, real_logits: Tensor, fake_logits: Tensor) -> None:
        """After a step of the critic, [N] each: more where reals stand out too clearly.

        The paper takes the sign of the real logits. A relativistic critic leaves their level free, so it is taken
        from the middle between the means of real and drawn ones.
        """
        if not self.adaptive:
            return
        middle = (real_logits.mean() + fake_logits.mean()) / 2
        self.overfit.lerp_((real_logits - middle).sign().mean().float(), 0.02)
        step = len(real_logits) / IMAGES
        self.strength.add_(step * (self.overfit - TARGET).sign()).clamp_(0, MOST)


def recolor(x: Tensor, p: float, random: torch.Generator) -> Tensor:
    """Saturation, contrast, brightness; transparent parts stay what they are.

    All three are one line of light: x is scaled, and a plane of one channel added. A picture not chosen is scaled by
    one and gets zero. Three times as fast as one after the other.
    """
    n, color = x.shape[0], x[:, :3]
    brighter, saturation, contrast = (_uniform((n, 1, 1, 1), x, random) for _ in range(3))
    chosen = _chosen(n, p, x, random)
    saturation, contrast = (torch.where(chosen, s, 1.0) for s in (2 * saturation, 0.5 + contrast))
    brighter = torch.where(chosen, brighter - 0.5, 0.0)
    cover = (x[:, 3:] + 1) / 2 if x.shape[1] == 4 else torch.ones_like(x[:, :1])
    grey = color.mean(1, keepdim=True)
    level = (grey + 1).sum((2, 3), keepdim=True) / (cover.sum((2, 3), keepdim=True) + 1e-3)
    plane = contrast * (1 - saturation) * grey + ((1 - contrast) * level + brighter) * cover + (contrast - 1)
    changed = torch.addcmul(plane, contrast * saturation, color)
    return torch.cat((changed, x[:, 3:]), dim=1) if x.shape[1] == 4 else changed


def translate(x: Tensor, p: float, random: torch.Generator) -> Tensor:
    """Each picture moved by whole pixels; what comes in is black, or transparent."""
    n, _, h, _ = x.shape
    reach = max(int(SHIFT * h), 1)
    moves = torch.randint(-reach, reach + 1, (n, 2), generator=random, device=x.device)
    moves = moves * _chosen(n, p, x, random).reshape(n, 1)
    # unbind and pad by negative numbers: the gradient of a slice of a batch is a batch of zeros for each picture
    moved = [F.pad(one + 1, (-b, b, -a, a)) for one, (a, b) in zip(x.unbind(), moves.tolist(), strict=True)]
    return torch.stack(moved) - 1


def cut_out(x: Tensor, p: float, random: torch.Generator) -> Tensor:
    """A square of each picture made grey (half transparent where there is alpha)."""
    n, _, h, w = x.shape
    middle = _uniform((n, 2, 1, 1), x, random)
    rows = (torch.arange(h, device=x.device)[None, None, :, None] / h - middle[:, :1]).abs() < HOLE / 2
    columns = (torch.arange(w, device=x.device)[None, None, None, :] / w - middle[:, 1:]).abs() < HOLE / 2
    return x * ~(rows & columns & _chosen(n, p, x, random))


def _uniform(shape: tuple[int, ...], like: Tensor, random: torch.Generator) -> Tensor:
    return torch.rand(shape, generator=random, device=like.device)


def _chosen(n: int, p: float, like: Tensor, random: torch.Generator) -> Tensor:
    return _uniform((n, 1, 1, 1), like, random) < p
