"""What height and roughness are trained by, where a material has them: torch only.

Before: relief.py, losses.py. After: families/texture.py.

A picture here is [N, 3 + M, H, W] in [-1, 1]: base colour, then the maps that `maps` names after "base_color";
`present` [N, M] bool says which of them the real picture of each place has. `finer`: pixels a side of these pictures
for each that the encoder reads; heights are counted in the latter.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .losses import band_distance, one_octave_more
from .relief import normal_of_height

# Weights of the octaves of a map and the power below which their errors count less and less. Higher than for colours:
# most roughness lies near the middle and many surfaces are flat; where the power is next to nothing, an error relative
# to it would outweigh all others and keep the network from ever drawing a brick.
MAP_BANDS = {
    "height": ((0.3, 1.0, 1.0, 1.0, 1.0, 0.3), 5e-4),  # a pixel is 1/8
    "roughness": ((1.0, 2.0, 2.0, 2.0, 2.0, 2.0), 3e-2),
}


def map_distances(
    fake: Tensor, real: Tensor, present: Tensor, maps: tuple[str, ...], finer: int = 1
) -> dict[str, Tensor]:
    """Distance of each map, over the pictures that have it; a map that none has is left out."""
    found = {}
    for i, name in enumerate(maps[1:]):
        bands, faint = MAP_BANDS[name]
        bands = one_octave_more(bands, finer)
        has = present[:, i]
        if has.any():
            error = band_distance(fake[has, 3 + i : 4 + i], real[has, 3 + i : 4 + i], bands, faint)
            found[name] = error * has.float().mean()
    return found


def seen(picture: Tensor, present: Tensor, maps: tuple[str, ...], finer: int = 1) -> Tensor:
    """What a critic sees: base colour, slopes for height, roughness; without the maps that the real picture lacks."""
    parts = [picture[:, :3]]
    for i, name in enumerate(maps[1:]):
        value = picture[:, 3 + i : 4 + i]
        value = normal_of_height(value, finer)[:, :2] if name == "height" else value
        parts.append(value * present[:, i, None, None, None])
    inner = slice(finer, -finer)  # slopes wrap
    return torch.cat(parts, 1)[:, :, inner, inner].contiguous(memory_format=torch.channels_last)


def without_detail(picture: Tensor, detailed: Tensor) -> Tensor:
    """[N, C, 2H, 2W], detailed [N] bool -> where not, each square of four pixels is their mean."""
    coarse = F.interpolate(F.avg_pool2d(picture, 2), scale_factor=2.0, mode="nearest")
    return torch.where(detailed[:, None, None, None], picture, coarse)
