"""Pictures that a family between looks keeps from batch to batch, in buffers so that runs resume: torch only.

Before: domain_sampler.py (batches). After: families/unpaired.py, families/domains.py.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def to_bytes(pictures: Tensor) -> Tensor:
    """[..., 3, H, W] in [-1, 1] -> uint8."""
    return ((pictures.detach().float() + 1) * 127.5).round().clamp(0, 255).byte()


def from_bytes(pictures: Tensor) -> Tensor:
    """uint8 [N, 3, H, W] -> float32 in [-1, 1], channels last."""
    return (pictures.float() / 127.5 - 1).contiguous(memory_format=torch.channels_last)


class Pool(nn.Module):
    """Drawn pictures of earlier steps, half of what a critic is shown (Shrivastava et al. 2017, arXiv 1612.07828)."""

    def __init__(self, size: int, crop: int):
        super().__init__()
        self.register_buffer("pictures", torch.zeros(size, 3, crop, crop, dtype=torch.uint8))
        self.register_buffer("labels", torch.zeros(size, dtype=torch.long))
        self.register_buffer("count", torch.zeros((), dtype=torch.long))

    @torch.no_grad()
    def swap(self, drawn: Tensor, label: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor]:
        """[N, 3, S, S] in [-1, 1], label [N] -> the same, of which some are older; theirs are kept instead."""
        size, shown, labels = len(self.pictures), drawn.detach().clone(), label.clone()
        picks = torch.rand((len(drawn), 2), generator=random, device=drawn.device).tolist()
        for i, (coin, place) in enumerate(picks):
            new, new_label = to_bytes(drawn[i]), label[i]
            if (count := int(self.count)) < size:
                self.pictures[count], self.labels[count] = new, new_label
                self.count += 1
            elif size and coin < 0.5:
                at = int(place * size)
                shown[i], labels[i] = from_bytes(self.pictures[at : at + 1])[0], self.labels[at]
                self.pictures[at], self.labels[at] = new, new_label
        return shown, labels


class Examples(nn.Module):
    """The first training crops of each label, for previews: there the family has no dataset."""

    def __init__(self, labels: int, each: int, crop: int):
        super().__init__()
        self.each = each
        self.register_buffer("pictures", torch.zeros(labels * each, 3, crop, crop, dtype=torch.uint8))
        self.register_buffer("count", torch.zeros(labels, dtype=torch.long))
        self.full = False  # only spares the look at `count`

    @torch.no_grad()
    def see(self, pictures: Tensor, label: Tensor) -> None:
        """[N, 3, S, S] in [-1, 1], label [N]: kept as long as there is room."""
        if self.full:
            return
        for picture, k in zip(pictures, label.tolist(), strict=True):
            if (at := int(self.count[k])) < self.each:
                self.pictures[k * self.each + at] = to_bytes(picture)
                self.count[k] += 1
        self.full = self.whole()

    def whole(self) -> bool:
        return bool((self.count == self.each).all())

    def some(self, count: int, seed: int) -> list[tuple[Tensor, int]]:
        """`count` pictures [1, 3, S, S] with their labels, evenly over both; each moved around its borders by `seed`.

        As long as there are fewer they come again, elsewhere; [] where there are none."""
        random = torch.Generator().manual_seed(seed)
        most = int(self.count.max())
        every = [(k, i) for i in range(most) for k in range(len(self.count)) if i < int(self.count[k])]
        found = []
        for number in range(count if every else 0):
            k, i = every[number % len(every)]
            moves = torch.randint(self.pictures.shape[2], (2,), generator=random).tolist()
            found.append((from_bytes(self.pictures[k * self.each + i][None]).roll(moves, (2, 3)), k))
        return found

    def of(self, label: int, count: int) -> Tensor:
        """[count or fewer, 3, S, S] float32 in [-1, 1]."""
        first = label * self.each
        return from_bytes(self.pictures[first : first + min(count, int(self.count[label]))])
