"""What the texture family exports: labels and latents to the maps of a material. torch only, no losses.

Before: networks.py, looks.py. After: families/texture.py (deployment).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .family import Domain
from .looks import Looks
from .networks import Generator
from .relief import normal_of_height


class LabelledGenerator(nn.Module):
    """What is exported: z [N, d], field, label [N, K], psi [N, 1] -> maps [N, C, 32h, 32w] in [-1, 1].

    Channels: base colour, then, as far as the dataset has them, normal and height, roughness, metallic.
    """

    def __init__(self, generator: Generator, looks: Looks, domain: Domain):
        super().__init__()
        self.generator, self.looks, self.maps = generator, looks, domain.maps
        self.register_buffer("metallic", torch.tensor(domain.metallic) * 2 - 1, persistent=False)

    def forward(self, z: Tensor, field: Tensor, label: Tensor, psi: Tensor) -> Tensor:
        picture = self.generator(field, *self.looks(z, label, psi))
        parts = [picture[:, :3]]
        for i, name in enumerate(self.maps[1:], start=3):
            if name == "height":
                parts.append(normal_of_height(picture[:, i : i + 1]))
            parts.append(picture[:, i : i + 1])
        if len(self.metallic):
            constant = (label @ self.metallic)[:, None, None, None]
            parts.append(constant.expand(-1, -1, *picture.shape[2:]))
        return torch.cat(parts, dim=1)

    def channels(self) -> list[dict]:
        """The card's maps, in the order of `forward`."""
        names = [part for name in self.maps for part in (("normal", name) if name == "height" else (name,))]
        names += ["metallic"] if len(self.metallic) else []
        maps, start = [], 0
        for name in names:
            end = start + (3 if name in ("base_color", "normal") else 1)
            colorspace = "sRGB" if name == "base_color" else "Non-Color"
            maps.append({"name": name, "channels": [start, end], "colorspace": colorspace})
            start = end
        return maps
