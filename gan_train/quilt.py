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

from .torus import counts, neighbours, take

BASE = 32  # pixels a side of one cell of the noise, and of the coarsest cells of the layout
CELL = 8  # pixels a side of the finest
SEED_REACH = 2  # cells of the noise, each way, of which the strongest plants its piece
FRESH = 4  # places that chance proposes to each cell in each round of the coarsest cells
ROUNDS = {BASE: (2, 1), 16: (1,), CELL: (1,)}  # of each size of cells: how far a round looks, in cells
WINDOW = [(i, j) for i in range(-2, 3) for j in range(-2, 3)]  # cells that are compared
NEAR = [(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1) if i or j]  # cells that propose
OUTSIDE, PARTLY = 2.0**16, 2.0**7  # cost of a place outside the photo, and of one with a neighbour outside
LOW = 16  # pixels a side of the means whose steps are smoothed over several cells
SPREAD = 2  # cells, each way, over which they are


class Quilt(nn.Module):
    """Noise to a source map, and a source map to a picture. Holds the photo.

    atlas   [3, H, W] uint8 sRGB, one photo or several side by side; H and W are multiples of 8
    inside  [H/8, W/8] uint8: 1 where there is photo
    lattice [2, 2] float32: the shifts (y, x) in pixels that leave the photo in step; (1, 0), (0, 1) where all do
    """

    def __init__(self, height: int, width: int, rounds: int, calm: tuple[int, int] = (0, 0)):
        """`rounds`: how often the rounds of each size are made. `calm`: the pixel (y, x) that becomes the first."""
        super().__init__()
        self.calm = calm
        self.rounds = {cell: reaches * rounds for cell, reaches in ROUNDS.items()}
        self.proposals = FRESH * len(self.rounds[BASE])
        self.noise = 1 + 2 + 2 * self.proposals  # channels: strength, place, proposals
        looks = sum(cell * max(2, reach) for cell, reaches in self.rounds.items() for reach in reaches)
        # Pixels that one cell of noise can move.
        self.reach = BASE * (1 + SEED_REACH) + looks + CELL * (SPREAD + 1)
        self.register_buffer("atlas", torch.zeros(3, height, width, dtype=torch.uint8))
        self.register_buffer("inside", torch.zeros(height // CELL, width // CELL, dtype=torch.uint8))
        self.register_buffer("lattice", torch.eye(2))

    # The layout

    def layout(self, noise: Tensor) -> Tensor:
        """noise [N, self.noise, h, w] ~ N(0, 1), 32 px a cell -> sources [N, 2, 4h, 4w], float32 whole numbers.

        The source of a cell of 8 px is where in the atlas its upper left pixel comes from, (y, x).
        """
        noise = noise.float()
        n, _, h, w = noise.shape
        chance = self._anywhere(
            noise[:, 1:].reshape(n, -1, 2, h, w).transpose(1, 2)
        )  # [N, 2, 1 + proposals, h, w]
        sources = self._planted(noise[:, :1], chance[:, :, 0])
        size = BASE
        for cell, reaches in self.rounds.items():
            while size > cell:
                size //= 2
                sources = _split(sources, size)
            table, around = self._table(cell // CELL), neighbours(sources, [(-i, -j) for i, j in WINDOW])
            y, x = counts(sources)
            for i, reach in enumerate(reaches):
                near = [(reach * i, reach * j) for i, j in NEAR]
                places = [sources[:, :, None], _continued(sources, near, cell)]
                if cell == BASE:
                    places.append(chance[:, :, 1 + FRESH * i : 1 + FRESH * (i + 1)])
                better = self._best(torch.cat(places, 2), cell, around, *table)
                turn = (y[:, None] + x[None] + i) % 2 == 0  # never two neighbours at once
                sources = torch.where(turn, better, sources)
        return sources

    def _planted(self, strength: Tensor, place: Tensor) -> Tensor:
        """Each cell belongs to the strongest of the cells around it, and to the piece that is planted there."""
        reach = range(-SEED_REACH, SEED_REACH + 1)
        shifts = [(i, j) for i in reach for j in reach]
        strongest = take(strength, neighbours(strength, shifts)).argmax(2, keepdim=True)  # [N, 1, 1, h, w]
        places = _continued(place, shifts, BASE)  # [N, 2, 25, h, w]
        return places.gather(2, strongest.expand(-1, 2, -1, -1, -1))[:, :, 0]

    def _anywhere(self, noise: Tensor) -> Tensor:
        """Places of the photo for each cell, [N, 2, K, h, w]: by chance, but in step with the lattice."""
        y, x = (BASE * count.float() for count in counts(noise))
        rows, columns = self.atlas.shape[1:]
        chance = 0.5 * (1 + torch.erf(noise / math.sqrt(2)))
        down = torch.floor(chance[:, 0] * (rows - BASE)) - y[:, None]
        right = torch.floor(chance[:, 1] * (columns - BASE)) - x
        (a, b), (c, d) = self.lattice[0], self.lattice[1]
        det = a * d - b * c
        i = torch.floor((down * d - right * c) / det + 0.5)
        j = torch.floor((right * a - down * b) / det + 0.5)
        return torch.stack((torch.round(i * a + j * c) + y[:, None], torch.round(i * b + j * d) + x), 1)

    def _table(self, scale: int) -> tuple[Tensor, int]:
        """What is at each place of the atlas made smaller, [places, 12] in whole numbers below 64: four means of 4 x 4
        px each; and the places of a row."""
        small = F.avg_pool2d(self.atlas[None].float(), scale)
        # Sums of few whole numbers over powers of 2: exact.
        means = torch.floor(F.avg_pool2d(small, 4, 1)[0] / 4)
        height, width = means.shape[1] - 4, means.shape[2] - 4
        colours = torch.cat([means[:, a : a + height, b : b + width] for a in (0, 4) for b in (0, 4)])
        return colours.flatten(1).t(), width

    def _best(self, places: Tensor, cell: int, around: Tensor, colours: Tensor, width: int) -> Tensor:
        """Of the places [N, 2, K, h, w] of each cell the best, [N, 2, h, w]; the first of each is the one it has."""
        height, scale = colours.shape[0] // width, cell // CELL
        small = torch.floor(places * (1 / scale))[:, :, :, None]
        shifts = torch.tensor(WINDOW, device=places.device, dtype=torch.float32) * CELL  # [25, 2]
        y = (small[:, 0] + shifts[:, 0, None, None]).clamp(0, height - 1)  # [N, K, 25, h, w]
        x = (small[:, 1] + shifts[:, 1, None, None]).clamp(0, width - 1)
        there = colours[(y * width + x).long()]  # [N, K, 25, h, w, 12]
        mine = there[:, 0, len(WINDOW) // 2].permute(0, 3, 1, 2)  # [N, 12, h, w]
        cost = (there - take(mine, around).permute(0, 2, 3, 4, 1)[:, None]).square().sum((2, 5))
        weight = torch.tensor([PARTLY if i or j else OUTSIDE for i, j in WINDOW], device=places.device)
        cost = cost + (self._outside(y, x, scale) * weight[:, None, None]).sum(2)
        chosen = cost.argmin(1)[:, None, None].expand(-1, 2, -1, -1, -1)
        return places.gather(2, chosen)[:, :, 0]

    def _outside(self, y: Tensor, x: Tensor, scale: int) -> Tensor:
        """1 where a cell at (y, x) of the smaller atlas is not wholly in a photo; the photos are rectangles."""
        inside, columns = self.inside.flatten().float(), self.inside.shape[1]
        corners = [
            torch.floor((y + far) * (scale / CELL)) * columns + torch.floor((x + far) * (scale / CELL))
            for far in (0, CELL - 1)
        ]
        return 1 - inside[corners[0].long()] * inside[corners[1].long()]

    # The picture

    def picture(self, sources: Tensor) -> tuple[Tensor, Tensor]:
        """Sources [N, 2, h, w] -> picture [N, 3, 8h, 8w] in [-1, 1] and where its seams are [N, 1, 8h, 8w] in [0, 1].

        Each cell brings 16 x 16 px, which overlap and fade into each other; within a piece they are the same pixels.
        """
        n, _, h, w = sources.shape
        height, width = self.atlas.shape[1:]
        pixels = self.atlas.flatten(1).t().float()  # [H*W, 3]
        corners = [
            (i, j) for i in (0, 1) for j in (0, 1)
        ]  # a block of 8 x 8 px lies between the middles of four cells
        cells = torch.cat((sources, *self._smoothed(sources)), 1)
        cells = take(cells, neighbours(cells, [(-i, -j) for i, j in corners]))  # [N, 6, 4, h, w]
        ramp = 0.5 - 0.5 * torch.cos((torch.arange(CELL, device=sources.device) + 0.5) * (math.pi / CELL))
        inner = torch.arange(CELL, device=sources.device).float()
        total = 0.0
        for k, (i, j) in enumerate(corners):
            y = (cells[:, 0, k, :, :, None] + inner + (4 - CELL * i)).clamp(0, height - 1)  # [N, h, w, 8]
            x = (cells[:, 1, k, :, :, None] + inner + (4 - CELL * j)).clamp(0, width - 1)
            block = pixels[(y[..., :, None] * width + x[..., None, :]).long()]  # [N, h, w, 8, 8, 3]
            flat = cells[:, 2:, k].permute(0, 2, 3, 1)[:, :, :, None, None].expand(-1, -1, -1, CELL, CELL, -1)
            block = torch.cat((block + flat[..., :3], flat[..., 3:]), -1)
            weight = (ramp if i else 1 - ramp)[:, None] * (ramp if j else 1 - ramp)
            total = total + block * weight[..., None]
        total = total.permute(0, 5, 1, 3, 2, 4).reshape(n, 4, CELL * h, CELL * w)
        total = take(total, neighbours(total, [(CELL // 2 - self.calm[0], CELL // 2 - self.calm[1])]))[
            :, :, 0
        ]
        return (total[:, :3] / 127.5 - 1).clamp(-1, 1), total[:, 3:].clamp(0, 1)

    def _smoothed(self, sources: Tensor) -> tuple[Tensor, Tensor]:
        """What to add to each cell so that no step of brightness remains at a seam, [N, 3, h, w] in units of the atlas,
        and which cells are at a seam, [N, 1, h, w]."""
        means = F.avg_pool2d(F.avg_pool2d(self.atlas[None].float(), (LOW, 1), 1), (1, LOW), 1)[0]
        height, width = means.shape[1:]
        reach = range(-SPREAD, SPREAD + 1)
        shifts = [(i, j) for i in reach for j in reach]
        places = _continued(sources, shifts, CELL)  # [N, 2, 25, h, w]
        y = (places[:, 0] - (LOW - CELL) // 2).clamp(0, height - 1)
        x = (places[:, 1] - (LOW - CELL) // 2).clamp(0, width - 1)
        there = means.flatten(1).t()[(y * width + x).long()]  # [N, 25, h, w, 3]
        own = len(shifts) // 2
        weight = torch.tensor(
            [math.exp(-(i * i + j * j) / SPREAD**2) for i, j in shifts], device=means.device
        )
        weight = weight / weight.sum()
        added = ((there - there[:, own : own + 1]) * weight[:, None, None, None]).sum(1).permute(0, 3, 1, 2)
        next_to = torch.tensor([max(abs(i), abs(j)) == 1 for i, j in shifts], device=means.device)
        broken = (places != sources[:, :, None]).any(1) & next_to[:, None, None]
        return added, broken.any(1, keepdim=True).float()


def _continued(sources: Tensor, shifts: list[tuple[int, int]], cell: int) -> Tensor:
    """The sources that go on where those of the cells dy above and dx to the left do, [N, 2, K, h, w]."""
    further = torch.tensor(shifts, device=sources.device).t().float() * cell  # [2, K]
    return take(sources, neighbours(sources, shifts)) + further[:, :, None, None]


def _split(sources: Tensor, size: int) -> Tensor:
    """Each cell into four of `size` px, which bring what it did."""
    finer = F.interpolate(sources, scale_factor=2.0, mode="nearest")
    y, x = (count % 2 * float(size) for count in counts(finer))
    return torch.stack((finer[:, 0] + y[:, None], finer[:, 1] + x), 1)
