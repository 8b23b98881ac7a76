"""The network that heals the seams of a quilt. Torch only, no data, no losses.

Before: quilt.py (the picture and where its seams are). After: families/single.py.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Conv, leaky

FOLD = 4  # pixels a side that become one place


class Healer(nn.Module):
    """picture [N, 3, H, W] in [-1, 1], seam [N, 1, H, W] in [0, 1], grain [N, 1, H/4, W/4] ~ N(0, 1) -> [N, 3, H, W].

    Adds what it draws where there are seams and nothing elsewhere: there every pixel is the photo's.
    """

    def __init__(self, width: int, depth: int):
        super().__init__()
        self.start = Conv(4 * FOLD * FOLD + 1, width, 3, border="wrap")
        self.refine = nn.ModuleList([Conv(width, width, 3, border="wrap") for _ in range(depth)])
        self.out = Conv(width, 3 * FOLD * FOLD, 3, border="wrap", gain=0.05)

    def forward(self, picture: Tensor, seam: Tensor, grain: Tensor) -> Tensor:
        x = F.pixel_unshuffle(torch.cat((picture, seam), 1), FOLD)
        x = leaky(self.start(torch.cat((x, grain), 1)))
        for conv in self.refine:
            x = leaky(x + conv(x))
        return picture + seam * F.pixel_shuffle(self.out(x).float(), FOLD)
