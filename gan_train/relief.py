"""Height to normal map; torch only, exported with the generator.

After: families/texture.py. The stored height and its unit: surface_maps.py.
"""

from __future__ import annotations

import torch
from torch import Tensor

from .layers import wrap_pad
from .surface_maps import HEIGHT_PIXELS


def normal_of_height(height: Tensor, finer: int = 1) -> Tensor:
    """[N, 1, H, W] in [-1, 1] (-8 to 8 pixels), wrapping -> unit normals [N, 3, H, W], OpenGL: green points up.

    `finer`: how many of these pixels one of the height's unit is. Central differences; row 0 is on top, so a height
    that grows with the row leans towards +Y.
    """
    pixels = wrap_pad(height * (finer * HEIGHT_PIXELS / 2))
    right = (pixels[:, :, 1:-1, 2:] - pixels[:, :, 1:-1, :-2]) / 2
    down = (pixels[:, :, 2:, 1:-1] - pixels[:, :, :-2, 1:-1]) / 2
    normal = torch.cat((-right, down, torch.ones_like(right)), dim=1)
    return normal * torch.rsqrt(normal.square().sum(1, keepdim=True))
