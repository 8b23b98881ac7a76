"""The materials that a generator remembers, and which of them a draw shows. No networks, no losses.

Before: lattice.py (shifts that keep step), networks.py (latent maps). After: shift_map.py lays them out.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .networks import MEANS, enlarged
from .shift_map import Memory

RANGE = 4.0  # deviations of a learned channel that are kept


def quantised(latent: Tensor) -> Tensor:
    """A latent map [N, C, h, w] in 8 bits a value."""
    small, learned = latent[:, :MEANS], latent[:, MEANS:]
    whole = torch.cat((small + 1, learned / RANGE + 1), 1) * 127.5
    return whole.round().clamp(0, 255).to(torch.uint8)


def restored(whole: Tensor) -> Tensor:
    """The latent map of what `quantised` returned; channels along axis 1."""
    values = whole.float() / 127.5 - 1
    return torch.cat((values[:, :MEANS], values[:, MEANS:] * RANGE), 1)


class Materials(nn.Module):
    """Latent maps of the materials of each label in 8 bits, and the choice among them.

    z [N, d], label [N, K], psi [N, 1] -> the two materials that a picture shows [N, 2], the share of the second [N, 1],
    how much to add to the colours of each [N, 2, 3]. Each material has a direction in z; how far z lies along it
    decides. psi 0 leans on no material of the label, 1 as trained; more leans on one.
    """

    def __init__(
        self,
        labels: int,
        material_labels: tuple[int, ...],
        length: int,
        side: int,
        channels: int,
        kinds: int,
        sharpness: float,
        tint: float,
    ):
        """`material_labels`: for each material the index of its label; `side`: of the maps, in cells; `kinds`: shifts
        that are kept of each; `tint`: how far colours go to those of another material of the label, 0 to 1."""
        super().__init__()
        m = len(material_labels)
        random = torch.Generator().manual_seed(0)
        directions = torch.randn(2, length, m, generator=random)
        member = F.one_hot(torch.tensor(material_labels), labels).float().t()
        self.sharpness, self.tint = sharpness, tint
        self.register_buffer(
            "directions", directions / directions.norm(dim=1, keepdim=True), persistent=False
        )
        self.register_buffer("member", member, persistent=False)  # [K, M]
        self.register_buffer("maps", torch.zeros(m, MEANS + channels, side, side, dtype=torch.uint8))
        self.register_buffer("shifts", torch.zeros(m, kinds, 2, dtype=torch.uint8))
        self.register_buffer("wraps", torch.zeros(m))
        self.register_buffer("colors", torch.zeros(m, 3))
        self.register_buffer("seen", torch.zeros(m))

    def remember(self, material: Tensor, latent: Tensor, shifts: Tensor, wraps: Tensor) -> None:
        """The newest map of each material [n]: latent [n, C, S, S], shifts [n, K, 2], wraps [n]."""
        self.maps[material] = quantised(latent)
        self.shifts[material] = shifts.to(torch.uint8)
        self.wraps[material] = wraps.float()
        self.colors[material] = _color(latent)
        self.seen[material] = 1.0

    def choose(self, z: Tensor, label: Tensor, psi: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """label [N, K] one-hot or a mixture -> materials [N, 2] int64, share [N, 1], tint [N, 2, 3]."""
        share = self._shares(z, label, psi, 0)
        # The third is taken off, so that it comes and goes at no share; the order is that of the list, not of the
        # shares, so that where two are equal nothing changes places.
        most, found = torch.topk(torch.cat((share, torch.zeros_like(share[:, :3])), 1), 3)
        extra = (most[:, :2] - most[:, 2:]).clamp(min=1e-6)
        part = extra[:, 1:] / extra.sum(1, keepdim=True)
        first = torch.minimum(found[:, :1], share.new_full((1,), share.shape[1] - 1).long())
        second = torch.where(most[:, 1:2] > 0, found[:, 1:2], first)
        swap = second < first
        chosen = torch.cat((torch.where(swap, second, first), torch.where(swap, first, second)), 1)
        part = torch.where(swap, 1 - part, part)
        wanted = self._shares(z, label, psi, 1)
        wanted = (wanted[:, :, None] * self.colors).sum(1)
        tint = self.tint * (wanted[:, None] - self.colors[chosen])
        return chosen, part, tint

    def _shares(self, z: Tensor, label: Tensor, psi: Tensor, which: int) -> Tensor:
        """[N, M]: of each label its share, divided among its materials by how far z lies along their directions."""
        scores = self.sharpness * psi * (z @ self.directions[which])  # [N, M]
        of_label = self.member * self.seen  # [K, M]
        there = torch.where(of_label > 0, scores[:, None], torch.full_like(scores[:, None], -1e9))
        parts = torch.softmax(there, 2) * of_label  # [N, K, M]
        known = (of_label.sum(1) > 0).float()
        weight = label * known / (label * known).sum(1, keepdim=True).clamp(min=1e-6)
        return (weight[:, :, None] * parts).sum(1)

    def recall(self, chosen: Tensor) -> tuple[Tensor, Memory]:
        """materials [N, 2] -> both maps [N, 2, C, S, S] uint8, and what the layout needs of them."""
        maps = self.maps[chosen]
        return maps, Memory(maps[:, :, :MEANS], self.shifts[chosen].long(), self.wraps[chosen])


def tinted(latent: Tensor, tint: Tensor) -> Tensor:
    """A latent map [N, C, h, w] with the colours [N, 3, h, w] added to its small picture."""
    quarter = MEANS // 3
    added = tint.repeat_interleave(quarter, 1)  # pixel_unshuffle keeps the four pixels of a colour together
    return torch.cat(((latent[:, :MEANS] + added).clamp(-1, 1), latent[:, MEANS:]), 1)


def _color(latent: Tensor) -> Tensor:
    """[N, C, h, w] -> mean colour [N, 3]."""
    return latent[:, :MEANS].mean((2, 3)).unflatten(1, (3, MEANS // 3)).mean(2)


def patches(coarse: Tensor, fine: Tensor) -> Tensor:
    """coarse [N, 1, h, w], fine [N, 1, 4h, 4w], both ~ N(0, 1) -> [N, 1, 4h, 4w] in [0, 1], evenly spread.

    Blobs of some 100 px with a ragged border. Where it is below a share, the second material shows.
    """
    for axis in (2, 3):
        coarse = sum(coarse.roll(k, axis) * math.comb(4, k + 2) for k in range(-2, 3)) / math.sqrt(70)
    value = enlarged(coarse, 4) + 0.15 * fine
    return 0.5 * (1 + torch.erf(value / math.sqrt(2)))
