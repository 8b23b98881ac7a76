"""Remembered latent maps laid out anew on a torus: which part of them stands where. Torch only, nothing to train.

Before: torus.py, memory.py (what is remembered). After: networks.py (a network heals the seams).

A cell of the picture shows the cell of a remembered map that stands at its own place plus a shift (shift-maps, Pritch
et al. 2009). The layout starts from regions of one shift each, such as leave the material in step with itself
(lattice.py), as if quilted (Efros and Freeman 2001). Then every square of cells, over and over, compares the shift it
has with those of its neighbours and of chance (PatchMatch, Barnes et al. 2009), and takes the one whose surroundings
agree best with what now surrounds it: first squares of 32 px, which settle what stands where, then of 8 px,
which move the seams to where they show least.

It runs inside the exported file, so places are whole numbers, and costs are sums of whole numbers below 2^24 in
float32: exact, whatever the processor, and the same choice everywhere. All chance comes in with the noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .torus import counts, neighbours, take

BASE = 4  # cells a side of the coarsest squares, and of one cell of the noise
LEVELS = {BASE: (2, 1, 1), 1: (1,)}  # squares of so many cells a side: how far each round looks, in squares
AROUND = {BASE: 2, 1: 1}  # squares, each way, that are compared
SEED_REACH = 2  # squares, each way, of which the strongest plants its shift
FRESH = 4  # shifts that chance proposes to each of the coarsest squares in a round
NOISE = 2 + FRESH * len(LEVELS[BASE])  # channels: strength, planted shift, proposals
NEAR = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]
FADE = [
    (2 - abs(i)) * (2 - abs(j)) / 16 for i, j in [(0, 0), *NEAR]
]  # how a cell and its neighbours mix at seams
BROKEN = 2.0**7  # cost of a neighbour that lies over the border of what does not wrap
REACH = BASE * (1 + SEED_REACH) + sum(side * max(AROUND[side], r) for side, rs in LEVELS.items() for r in rs)


@dataclass(frozen=True)
class Memory:
    """What is laid out: two maps for each picture, of equal size, side by side.

    small  [N, 2, 12, S, S] uint8: the small picture (networks.small_picture)
    shifts [N, 2, K, 2] int64: shifts (y, x) in cells, 0 to S - 1, that leave each in step
    wraps  [N, 2] float32: 1 where the map is a torus
    """

    small: Tensor
    shifts: Tensor
    wraps: Tensor


def lay_out(noise: Tensor, second: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
    """noise [N, NOISE, h, w] ~ N(0, 1), second [N, 1, 4h, 4w] in {0, 1}: cells that show the second map.

    -> index [N, 9, 4h, 4w] int64 into the 2 * S * S cells of both maps: the cell itself, then what the sources of its
    neighbours (NEAR) go on with here; and seams [N, 1, 4h, 4w]: 1 where these are not all the same.
    """
    kinds = memory.shifts.shape[2]
    chance = 0.5 * (1 + torch.erf(noise[:, 1:].float() / math.sqrt(2)))
    chance = (chance * kinds).long().clamp(0, kinds - 1)
    anywhere = _in_step(memory.shifts, chance, _of_squares(second, BASE))
    seeds = _window(SEED_REACH)
    strongest = take(noise[:, :1], neighbours(noise, seeds)).argmax(2, keepdim=True)
    planted = take(anywhere[:, :, 0], neighbours(noise, seeds)) + _offsets(seeds, BASE, noise)
    source = planted.gather(2, strongest.expand(-1, 2, -1, -1, -1))[:, :, 0]
    for side, rounds in LEVELS.items():
        if side < BASE:
            source = _split(source, BASE, side)
        level = _Level(source, _of_squares(second, side), side, memory)
        for i, reach in enumerate(rounds):
            offered = [source[:, :, None], level.continued(source, reach)]
            if side == BASE:
                offered.append(anywhere[:, :, 1 + FRESH * i : 1 + FRESH * (i + 1)])
            better = level.best(torch.cat(offered, 2))
            source = torch.where(level.even == i % 2, better, source)  # never two neighbours at once
    return level.index(source)


class _Level:
    """Squares of `side` cells: what surrounds them, and what the maps look like at that size."""

    def __init__(self, source: Tensor, which: Tensor, side: int, memory: Memory):
        """source [N, 2, h, w] for its size; which [N, 1, h, w] int64: the map that each square shows."""
        n, _, h, w = source.shape
        self.side, self.size, self.which = side, memory.small.shape[-1], which
        self.window = _window(AROUND[side])
        self.around = neighbours(source, [(-i, -j) for i, j in self.window])
        self.table = _table(memory.small, side)
        first = 2 * torch.arange(n, device=which.device)[:, None, None, None] + which
        self.first = first * self.size  # row of the table where the map of a square begins, over `size`
        wraps = memory.wraps.gather(1, which.flatten(1)).reshape(n, 1, h, w)
        self.broken = BROKEN * (1 - wraps)  # [N, 1, h, w]
        y, x = counts(source)
        self.even = (y[:, None] + x[None]) % 2

    def continued(self, source: Tensor, reach: int) -> Tensor:
        """The sources that go on where those of the squares around do, [N, 2, 8, h, w]."""
        near = [(reach * a, reach * b) for a, b in NEAR]
        beside = self.around[[self.window.index((-a, -b)) for a, b in near]]
        return take(source, beside) + _offsets(near, self.side, source)

    def best(self, offered: Tensor) -> Tensor:
        """Of the sources offered to each square [N, 2, P, h, w] the best, [N, 2, h, w]; the first is what it has."""
        offered = self._within(offered)
        places = (
            offered[:, :, :, None] + _offsets(self.window, self.side, offered)[:, None]
        )  # [N, 2, P, K, h, w]
        inside = self._within(places)
        rows = (self.first[:, :, None] + inside[:, 0]) * self.size + inside[:, 1]  # [N, P, K, h, w]
        there = self.table.index_select(0, rows.flatten()).reshape(*rows.shape, 12)
        mine = there[:, 0, len(self.window) // 2].permute(0, 3, 1, 2)
        mine = take(mine, self.around).permute(0, 2, 3, 4, 1)[:, None]
        over = (places != inside).any(1).float().sum(2)  # [N, P, h, w]
        cost = there.sub_(mine).square_().sum((2, 5)) + over * self.broken  # in place: it is large
        chosen = cost.argmin(1)[:, None, None].expand(-1, 2, -1, -1, -1)
        return offered.gather(2, chosen)[:, :, 0]

    def index(self, source: Tensor) -> tuple[Tensor, Tensor]:
        """Sources of single cells [N, 2, h, w] -> what `lay_out` returns."""
        source = self._within(source)
        places = torch.cat((source[:, :, None], self.continued(source, 1)), 2)
        inside = self._within(places)
        beside = self.around[[self.window.index((-a, -b)) for a, b in NEAR]]
        which = torch.cat((self.which, take(self.which, beside)[:, 0]), 1)
        index = (which * self.size + inside[:, 0]) * self.size + inside[:, 1]
        over = (places != inside).any(1) & (self.broken > 0)
        return index, ((index != index[:, :1]) | over).any(1, keepdim=True).float()

    def _within(self, source: Tensor) -> Tensor:
        """On the torus of the map. The divisor is a tensor: ONNX has no remainder by a symbol."""
        return source % torch.full((1,), self.size, device=source.device)


def _window(reach: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)]


def _offsets(shifts: list[tuple[int, int]], side: int, like: Tensor) -> Tensor:
    """[2, K, 1, 1] int64, in cells."""
    return (torch.tensor(shifts, device=like.device).t() * side)[:, :, None, None]


def _of_squares(second: Tensor, side: int) -> Tensor:
    """[N, 1, H, W] in {0, 1} -> int64 [N, 1, H/side, W/side]: what most cells of a square show."""
    return (F.avg_pool2d(second.float(), side) > 0.5).long()


def _in_step(shifts: Tensor, choice: Tensor, which: Tensor) -> Tensor:
    """shifts [N, 2, K, 2], choice [N, P, h, w] below K, which [N, 1, h, w] -> sources of squares [N, 2, P, h, w]."""
    n, _, kinds, _ = shifts.shape
    index = (which * kinds + choice).flatten(1)
    found = shifts.flatten(1, 2).gather(1, index[:, :, None].expand(-1, -1, 2))
    y, x = (BASE * count for count in counts(choice))
    found = found.transpose(1, 2).reshape(n, 2, *choice.shape[1:])
    return torch.stack((found[:, 0] + y[:, None], found[:, 1] + x), 1)


def _split(source: Tensor, old: int, side: int) -> Tensor:
    """Squares of `old` cells into squares of `side`, which bring what they did."""
    times = old // side
    finer = source.repeat_interleave(times, 2).repeat_interleave(times, 3)
    y, x = (count % times * side for count in counts(finer))
    return torch.stack((finer[:, 0] + y[:, None], finer[:, 1] + x), 1)


def _table(small: Tensor, side: int) -> Tensor:
    """What each cell looks like as the upper left one of a square of `side` cells: [N * 2 * S * S, 12], whole numbers
    below 64, the means of its four quarters."""
    size = small.shape[-1]
    picture = F.pixel_shuffle(small.flatten(0, 1).float(), 2)  # [2N, 3, 2S, 2S], a pixel for 4 x 4 px
    picture = torch.cat((picture, picture[:, :, : 2 * side]), 2)
    picture = torch.cat((picture, picture[:, :, :, : 2 * side]), 3)
    means = torch.floor(
        F.avg_pool2d(picture, side, 1) / 4
    )  # sums of few whole numbers over powers of 2: exact
    quarters = [means[:, :, a : a + 2 * size : 2, b : b + 2 * size : 2] for a in (0, side) for b in (0, side)]
    return torch.cat(quarters, 1).permute(0, 2, 3, 1).reshape(-1, 12)
