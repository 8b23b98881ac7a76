"""A photo laid out anew on a torus: which piece of it stands where. Torch only, nothing to train.

Before: exemplar.py (the photo, bent until its lattice closes). After: families/single.py (a network heals the seams).

The layout is a map from cells of the picture to places in the photo. It starts from pieces of the photo taken at
random (image quilting, Efros and Freeman 2001), but in step with its lattice. Then every cell, over and over,
compares the place it has with those that its neighbours and chance propose (PatchMatch, Barnes et al. 2009), and
takes the one whose surroundings in the photo agree best with what now surrounds it in the picture: first for
cells of 32 px, which settle what stands where, then of 16 and 8 px, which move the seams to where they show least.

It runs inside the exported file, so every comparison is of whole numbers below 2^24 in float32: exact, whatever the
processor, and the same choice everywhere. All chance comes in with the noise.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

BASE = 32  # pixels a side of one cell of the noise, and of the coarsest cells of the layout
CELL = 8  # pixels a side of the finest
SEED_REACH = 2  # cells of the noise, each way, of which the strongest plants its piece
FRESH = 4  # places that chance proposes to each cell in each round at the coarsest level
ROUNDS = ((BASE, (2, 2, 1, 1, 2, 1)), (16, (2, 1, 1)), (CELL, (2, 1, 1)))  # cell, how far to look
WINDOW = [(i, j) for i in range(-2, 3) for j in range(-2, 3)]  # cells that are compared
NEAR = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]  # cells that propose
OUTSIDE, PARTLY = 2.0**16, 2.0**7  # cost of a place outside the photo, and of one with a neighbour outside
LOW = 16  # pixels a side of the means whose steps are smoothed over several cells
SPREAD = 2  # cells, each way, over which they are
REACH = (
    BASE * (1 + SEED_REACH) + sum(c * max(2, r) for c, rounds in ROUNDS for r in rounds) + CELL * (SPREAD + 1)
)
NOISE = 1 + 2 + 2 * FRESH * len(ROUNDS[0][1])  # channels: strength, place, proposals


class Quilt(nn.Module):
    """Noise to a source map, and a source map to a picture. Holds the photo.

    atlas   [3, H, W] uint8 sRGB, one photo or several side by side; H and W are multiples of 8
    inside  [H/8, W/8] uint8: 1 where there is photo
    lattice [2, 2] float32: the shifts (y, x) in pixels that leave the photo in step; (1, 0), (0, 1) where all do
    """

    def __init__(self, height: int, width: int):
        super().__init__()
        self.register_buffer("atlas", torch.zeros(3, height, width, dtype=torch.uint8))
        self.register_buffer("inside", torch.zeros(height // CELL, width // CELL, dtype=torch.uint8))
        self.register_buffer("lattice", torch.eye(2))

    # The layout

    @torch.no_grad()
    def layout(self, noise: Tensor) -> Tensor:
        """noise [N, NOISE, h, w] ~ N(0, 1), 32 px a cell -> sources [N, 2, 4h, 4w], float32 whole numbers.

        The source of a cell of 8 px is where in the atlas its upper left pixel comes from, (y, x).
        """
        noise = noise.float()
        sources = self._planted(noise[:, 0], noise[:, 1:3])
        size = BASE
        for cell, rounds in ROUNDS:
            while size > cell:
                size //= 2
                sources = _split(sources, size)
            table = self._table(cell // CELL)
            for i, reach in enumerate(rounds):
                places = [sources]
                places += [_moved(sources, reach * dy, reach * dx, cell) for dy, dx in NEAR]
                if cell == BASE:
                    first = 3 + 2 * FRESH * i
                    places += [
                        self._anywhere(noise[:, first + 2 * k : first + 2 * k + 2]) for k in range(FRESH)
                    ]
                better = self._best(torch.stack(places, 1), cell, *table)
                _, _, h, w = sources.shape
                turn = (
                    _count(h, sources)[:, None] + _count(w, sources)[None] + i
                ) % 2 == 0  # never two neighbours
                sources = torch.where(turn, better, sources)
        return sources

    def _planted(self, strength: Tensor, place: Tensor) -> Tensor:
        """Each cell belongs to the strongest of the cells around it, and to the piece that is planted there."""
        place = self._anywhere(place)
        shifts = [
            (i, j) for i in range(-SEED_REACH, SEED_REACH + 1) for j in range(-SEED_REACH, SEED_REACH + 1)
        ]
        strengths = torch.stack([_roll(strength[:, None], i, j)[:, 0] for i, j in shifts], 1)
        strongest = strengths.argmax(1)[:, None, None]  # [N, 1, 1, h, w]
        places = torch.stack([_moved(place, i, j, BASE) for i, j in shifts], 1)  # [N, 25, 2, h, w]
        return places.gather(1, strongest.expand(-1, 1, 2, -1, -1))[:, 0]

    def _anywhere(self, noise: Tensor) -> Tensor:
        """A place of the photo for each cell, [N, 2, h, w]: by chance, but in step with the lattice."""
        _, _, h, w = noise.shape
        room = torch.tensor(self.atlas.shape[1:], device=noise.device).float() - BASE
        chance = 0.5 * (1 + torch.erf(noise / math.sqrt(2)))
        here = torch.stack(
            ((_count(h, noise) * BASE)[:, None].expand(h, w), (_count(w, noise) * BASE)[None].expand(h, w))
        )
        shift = torch.floor(chance * room[:, None, None]) - here
        (a, b), (c, d) = self.lattice[0], self.lattice[1]
        y, x = shift[:, 0], shift[:, 1]
        det = a * d - b * c
        i, j = torch.floor((y * d - x * c) / det + 0.5), torch.floor((x * a - y * b) / det + 0.5)
        return torch.stack((torch.round(i * a + j * c), torch.round(i * b + j * d)), 1) + here

    def _table(self, scale: int) -> tuple[Tensor, Tensor, int]:
        """What is at each place of the atlas made smaller: colours [places, 12] in whole numbers below 64 (four
        means of 4 x 4 px), outside [places]; and the places of a row."""
        small = F.avg_pool2d(self.atlas[None].float(), scale)
        means = torch.floor(
            F.avg_pool2d(small, 4, 1)[0] / 4
        )  # sums of few whole numbers over powers of 2: exact
        height, width = means.shape[1] - 4, means.shape[2] - 4
        colours = torch.cat([means[:, a : a + height, b : b + width] for a in (0, 4) for b in (0, 4)])
        outside = F.interpolate(1 - self.inside[None, None].float(), scale_factor=8.0 / scale, mode="nearest")
        outside = F.max_pool2d(outside, CELL, 1)
        return colours.flatten(1).t(), outside.flatten(), width

    def _best(self, places: Tensor, cell: int, colours: Tensor, outside: Tensor, width: int) -> Tensor:
        """Of the places [N, K, 2, h, w] of each cell the best, [N, 2, h, w]; the first of each is the one it has."""
        height = outside.shape[0] // width
        small = torch.floor(places * (CELL / cell))
        shifts = torch.tensor(WINDOW, device=places.device, dtype=torch.float32) * CELL  # [25, 2]
        y = (small[:, :, None, 0] + shifts[:, 0, None, None]).clamp(0, height - 1)  # [N, K, 25, h, w]
        x = (small[:, :, None, 1] + shifts[:, 1, None, None]).clamp(0, width - 1)
        index = (y * width + x).long()
        there = colours[index]  # [N, K, 25, h, w, 12]
        mine = there[:, 0, len(WINDOW) // 2]  # [N, h, w, 12]
        around = torch.stack(
            [_roll(mine.permute(0, 3, 1, 2), -i, -j) for i, j in WINDOW], 1
        )  # [N, 25, 12, h, w]
        cost = (there - around.permute(0, 1, 3, 4, 2)[:, None]).square().sum((2, 5))
        weight = torch.tensor([PARTLY if i or j else OUTSIDE for i, j in WINDOW], device=places.device)
        cost = cost + (outside[index] * weight[:, None, None]).sum(2)
        chosen = cost.argmin(1)[:, None, None].expand(-1, 1, 2, -1, -1)
        return places.gather(1, chosen)[:, 0]

    # The picture

    @torch.no_grad()
    def picture(self, sources: Tensor) -> tuple[Tensor, Tensor]:
        """Sources [N, 2, h, w] -> picture [N, 3, 8h, 8w] in [-1, 1] and where its seams are [N, 1, 8h, 8w] in [0, 1].

        Each cell brings 16 x 16 px, which overlap and fade into each other; within a piece they are the same pixels.
        """
        n, _, h, w = sources.shape
        height, width = self.atlas.shape[1:]
        pixels = self.atlas.flatten(1).t().float()  # [H*W, 3]
        smooth, seam = self._smoothed(sources)
        ramp = 0.5 - 0.5 * torch.cos((torch.arange(CELL, device=sources.device) + 0.5) * (math.pi / CELL))
        inner = torch.arange(CELL, device=sources.device).float()
        total = 0.0
        for i in (0, 1):  # a block of 8 x 8 px lies between the middles of four cells
            for j in (0, 1):
                cells = _roll(torch.cat((sources, smooth, seam), 1), -i, -j)
                y = cells[:, 0, :, :, None] + inner + (4 - CELL * i)  # [N, h, w, 8]
                x = cells[:, 1, :, :, None] + inner + (4 - CELL * j)
                y, x = y.clamp(0, height - 1)[..., :, None], x.clamp(0, width - 1)[..., None, :]
                block = pixels[(y * width + x).long()]  # [N, h, w, 8, 8, 3]
                flat = (
                    cells[:, 2:].permute(0, 2, 3, 1)[:, :, :, None, None].expand(-1, -1, -1, CELL, CELL, -1)
                )
                block = torch.cat((block + flat[..., :3], flat[..., 3:]), -1)
                weight = (ramp if i else 1 - ramp)[:, None] * (ramp if j else 1 - ramp)
                total = total + block * weight[..., None]
        total = total.permute(0, 5, 1, 3, 2, 4).reshape(n, 4, CELL * h, CELL * w)
        total = _roll(total, CELL // 2, CELL // 2)
        return (total[:, :3] / 127.5 - 1).clamp(-1, 1), total[:, 3:].clamp(0, 1)

    def _smoothed(self, sources: Tensor) -> tuple[Tensor, Tensor]:
        """What to add to each cell so that no step of brightness remains at a seam, [N, 3, h, w] in units of the atlas,
        and which cells are at a seam, [N, 1, h, w]."""
        means = F.avg_pool2d(F.avg_pool2d(self.atlas[None].float(), (LOW, 1), 1), (1, LOW), 1)[0]
        height, width = means.shape[1:]
        means = means.flatten(1).t()
        own, total, weights, seam = None, 0.0, 0.0, 0.0
        reach = range(-SPREAD, SPREAD + 1)
        for i, j in sorted(
            ((i, j) for i in reach for j in reach), key=lambda ij: (abs(ij[0]) + abs(ij[1]), ij)
        ):
            place = _moved(sources, i, j, CELL)
            y = (place[:, 0] - (LOW - CELL) // 2).clamp(0, height - 1)
            x = (place[:, 1] - (LOW - CELL) // 2).clamp(0, width - 1)
            mean = means[(y * width + x).long()].permute(0, 3, 1, 2)
            own = mean if own is None else own
            weight = math.exp(-(i * i + j * j) / SPREAD**2)
            total, weights = total + weight * (mean - own), weights + weight
            if max(abs(i), abs(j)) == 1:
                seam = seam + (place != sources).any(1, keepdim=True).float()
        return total / weights, seam.clamp(max=1.0)


def _count(n: int, like: Tensor) -> Tensor:
    """0, 1, ... n - 1 as float32."""
    return torch.arange(n, device=like.device).float()


def _roll(x: Tensor, dy: int, dx: int) -> Tensor:
    """[N, C, h, w] moved down by dy and right by dx round the torus, more than once round where it is small."""
    for axis, shift in ((2, dy), (3, dx)):
        if shift:
            size = x.shape[axis]
            index = torch.arange(size, device=x.device) + (64 * size - shift)
            index = index % torch.full(
                (1,), size, device=x.device
            )  # a tensor: ONNX has no remainder by a symbol
            x = x.index_select(axis, index)
    return x


def _moved(sources: Tensor, dy: int, dx: int, cell: int) -> Tensor:
    """The sources that go on where those of the cell `dy` above and `dx` to the left do."""
    return _roll(sources, dy, dx) + sources.new_tensor((dy * cell, dx * cell))[:, None, None]


def _split(sources: Tensor, size: int) -> Tensor:
    """Each cell into four of `size` px, which bring what it did."""
    a = sources.repeat_interleave(2, 2).repeat_interleave(2, 3)
    _, _, h, w = a.shape
    dy = (_count(h, a) % 2 * size)[:, None].expand(h, w)
    dx = (_count(w, a) % 2 * size)[None].expand(h, w)
    return a + torch.stack((dy, dx))
