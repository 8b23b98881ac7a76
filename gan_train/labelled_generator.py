"""What the texture family draws with and exports: labels and noise to the maps of a material. torch only, no losses.

Before: memory.py (what is shown), shift_map.py (where), networks.py. After: families/texture.py.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from .family import Deployment, Domain
from .layers import spread
from .memory import Materials, patches, restored, tinted
from .networks import CELL, SMALL, Decoder, Healer, picture_in
from .relief import normal_of_height
from .shift_map import BASE, FADE, NOISE, REACH, Memory, lay_out

NETWORK_REACH = 12  # latent cells that a convolution of the healer or the decoder looks beyond its own


class Generator(nn.Module):
    """A field and remembered maps to a picture that tiles: layout, healer, decoder.

    field [N, F, h, w] ~ N(0, 1), maps [N, 2, C, S, S] uint8, memory of both, share of the second [N, 1],
    tint [N, 2, 3] -> [N, 3 + maps, 32h, 32w] in [-1, 1]; 64h, 64w from a decoder with `Detail`.
    Channels of the field: the layout's, one for the patches of the second material, then 16 + 64 + 256 + 1024 that
    unfold into white noise at 1/8, 1/4, 1/2 and full resolution, and 4096 more for twice that.
    """

    STRIDE = BASE * CELL
    GRAIN = (4, 8, 16, 32)
    CHANNELS = NOISE + 1 + sum(g * g for g in GRAIN)

    def __init__(self, heal: Healer, decode: Decoder):
        super().__init__()
        self.heal, self.decode, self.finer = heal, decode, decode.finer
        self.sides = (*self.GRAIN, *(2 * self.GRAIN[-1] for _ in range(self.finer - 1)))
        self.channels = NOISE + 1 + sum(side * side for side in self.sides)
        self.stride = self.finer * self.STRIDE

    def forward(self, field: Tensor, maps: Tensor, memory: Memory, share: Tensor, tint: Tensor) -> Tensor:
        return self.decode(*self.healed(field, maps, memory, share, tint))

    def healed(
        self, field: Tensor, maps: Tensor, memory: Memory, share: Tensor, tint: Tensor
    ) -> tuple[Tensor, list[Tensor]]:
        """-> what the decoder draws: a latent map [N, C, 4h, 4w], and its grain."""
        quilt, seam = self.quilt(field, maps, memory, share, tint)
        grain = self.grain(field)
        return self.heal(quilt, seam, grain[0]), grain[1:]

    def quilt(
        self, field: Tensor, maps: Tensor, memory: Memory, share: Tensor, tint: Tensor
    ) -> tuple[Tensor, Tensor]:
        """-> latent maps laid out anew [N, C, 4h, 4w] and their seams [N, 1, 4h, 4w] in {0, 1}."""
        where = patches(field[:, NOISE : NOISE + 1].float(), self.grain(field)[0].float())
        second = (where < share[:, :, None, None]).float()
        index, seam = lay_out(field[:, :NOISE], second, memory)
        cells = maps.transpose(1, 2).flatten(2)  # [N, C, 2 * S * S]
        shown = cells.gather(2, index.flatten(1)[:, None].expand(-1, cells.shape[1], -1))
        shown = restored(shown.reshape(*shown.shape[:2], *index.shape[1:]))  # [N, C, 9, 4h, 4w]
        fade = torch.tensor(FADE, device=shown.device)[:, None, None]
        quilt = (shown * fade).sum(2)
        color = tint[:, 0, :, None, None] * (1 - second) + tint[:, 1, :, None, None] * second
        return tinted(quilt, color), seam

    def grain(self, field: Tensor) -> list[Tensor]:
        parts = torch.split(field[:, NOISE + 1 :], [side * side for side in self.sides], dim=1)
        return [spread(part, side) for part, side in zip(parts, self.sides, strict=True)]


class LabelledGenerator(nn.Module):
    """What is exported: z [N, d], field, label [N, K], psi [N, 1] -> maps [N, C, 32h, 32w] and preview [N, c, 8h, 8w],
    both in [-1, 1]; from a decoder with `Detail` the maps are [N, C, 64h, 64w], and the preview as it is.

    Channels: base colour, then, as far as the dataset has them, normal and height, roughness, metallic. The preview is
    the small picture that the healed latent map begins with, and metallic: the rest is only known to the decoder.
    """

    def __init__(self, generator: Generator, materials: Materials, domain: Domain):
        super().__init__()
        self.generator, self.materials, self.maps = generator, materials, domain.maps
        self.register_buffer("metallic", torch.tensor(domain.metallic) * 2 - 1, persistent=False)

    def forward(self, z: Tensor, field: Tensor, label: Tensor, psi: Tensor) -> tuple[Tensor, Tensor]:
        chosen, share, tint = self.materials.choose(z, label, psi)
        latent, grain = self.generator.healed(field, *self.materials.recall(chosen), share, tint)
        picture = self.generator.decode(latent, grain)
        parts, small = [picture[:, :3]], [picture_in(latent)]
        for i, name in enumerate(self.maps[1:], start=3):
            if name == "height":
                parts.append(normal_of_height(picture[:, i : i + 1], self.generator.finer))
            parts.append(picture[:, i : i + 1])
        if len(self.metallic):
            constant = (label @ self.metallic)[:, None, None, None]
            for one in (parts, small):
                one.append(constant.expand(-1, -1, *one[0].shape[2:]))
        return torch.cat(parts, dim=1), torch.cat(small, dim=1)

    def channels(self, preview: bool = False) -> list[dict]:
        """The card's maps, in the order of `forward`."""
        names = [part for name in self.maps for part in (("normal", name) if name == "height" else (name,))]
        names = names[:1] if preview else names
        names += ["metallic"] if len(self.metallic) else []
        maps, start = [], 0
        for name in names:
            end = start + (3 if name in ("base_color", "normal") else 1)
            colorspace = "sRGB" if name == "base_color" else "Non-Color"
            maps.append({"name": name, "channels": [start, end], "colorspace": colorspace})
            start = end
        return maps


def deployment(generator: Generator, materials: Materials, domain: Domain) -> Deployment:
    """What export.py needs of the generator, float32 on the CPU; shapes and ranges: `LabelledGenerator`."""
    length, cells, k = materials.directions.shape[1], 4, len(domain.labels)
    channels, stride = generator.channels, generator.stride
    module = LabelledGenerator(generator, materials, domain).float().cpu().eval()
    maps = module.channels()
    return Deployment(
        module=module,
        feeds={
            "z": torch.randn(2, length),
            "field": torch.randn(2, channels, cells, cells + 1),
            "label": torch.eye(k)[torch.arange(2) % k],
            "psi": torch.ones(2, 1),
        },
        dynamic={"z": {0: "N"}, "field": {0: "N", 2: "h", 3: "w"}, "label": {0: "N"}, "psi": {0: "N"}},
        inputs=[
            {"name": "z", "kind": "latent", "shape": ["N", length]},
            {
                "name": "field",
                "kind": "field",
                "shape": ["N", channels, "h", "w"],
                "stride": stride,
                "margin": -(-(REACH + NETWORK_REACH) // BASE),
            },
            {"name": "label", "kind": "label", "shape": ["N", k], "labels": list(domain.labels)},
            {"name": "psi", "kind": "scalar", "shape": ["N", 1], "min": 0.0, "max": 1.5, "default": 1.0},
        ],
        output={
            "name": "maps",
            "shape": ["N", maps[-1]["channels"][1], f"h*{stride}", f"w*{stride}"],
            "range": [-1.0, 1.0],
        },
        maps=maps,
        tileable=True,
        preview={"name": "preview", "scale": SMALL * generator.finer, "maps": module.channels(preview=True)},
    )
