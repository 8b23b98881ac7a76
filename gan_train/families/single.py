"""The `single` family: one photo, or a handful of one surface, to an endless texture that tiles. No files, no loop.

Before: families/single_sampler.py (the photo). After: export.py (through `deploy`).

The photo itself is the memory of the generator: quilt.py lays its pieces out anew, in step with its lattice. What is
learned is the healing of the seams (healer.py), against a critic that sees pieces of the photo and of healed quilts.
A network that draws every pixel needs hours for what stays blurred: in three minutes of one core an autoencoder of
this photo alone did not even hold its scratches. Away from seams each pixel is the photo's.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..family import Batch, Deployment, Domain, Family, Phase
from ..healer import FOLD, Healer
from ..layers import spread
from ..losses import critic_terms, generator_term, lazy_penalty
from ..networks import Critic
from ..quilt import BASE, CELL, Quilt
from .single_config import SingleConfig

GRAIN = (BASE // FOLD) ** 2  # channels of the noise that unfold into the grain of the healer
VIEW = 192  # pixels: training quilts are at least as large


class Field(nn.Module):
    """What is exported: field [N, C, h, w] -> [N, 3, S*h, S*w] in [-1, 1], S the stride of the photo's lattice."""

    def __init__(self, quilt: Quilt, healer: Healer, stride: int):
        super().__init__()
        self.quilt, self.healer, self.unfold = quilt, healer, stride // BASE

    def channels(self) -> int:
        return (self.quilt.noise + GRAIN) * self.unfold**2

    def forward(self, field: Tensor) -> Tensor:
        noise = F.pixel_shuffle(field, self.unfold)
        picture, seam = self.quilt.picture(self.quilt.layout(noise[:, : self.quilt.noise]))
        return self.healer(picture, seam, spread(noise[:, self.quilt.noise :], BASE // FOLD)).clamp(-1, 1)


class Single(Family):
    """Quilt, healer and critic with their losses."""

    ema = ("healer",)

    def __init__(self, config: SingleConfig, domain: Domain):
        super().__init__()
        c = self.config = config
        rows, columns, self.stride, *calm = domain.atlas
        self.quilt = Quilt(CELL * rows, CELL * columns, c.rounds, tuple(calm))
        self.healer = Healer(c.width, c.depth)
        self.critic = Critic(3, 1, c.critic_width, fold=2)
        self.phases = (
            Phase("healer", ("healer",), c.learning_rate, (0.0, 0.99)),
            Phase("critic", ("critic",), c.learning_rate, (0.0, 0.99)),
        )

    def loss(self, phase: str, batch: Batch, random: torch.Generator, step: int) -> dict[str, Tensor]:
        if phase == "healer":
            return self._healer_loss(batch, random)
        penalty = lazy_penalty(self.config.gamma, self.config.penalty_every, step)
        return critic_terms(self._judge, batch["crop"], batch["healed"], "relativistic", penalty)[0]

    def _healer_loss(self, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        for name, buffer in self.quilt.named_buffers():
            buffer.copy_(batch[name])
        cells = self.stride * math.ceil(max(VIEW, self.config.crop) / self.stride) // BASE
        noise = self._normal((1, self.quilt.noise + GRAIN, cells, cells), random)
        with torch.no_grad():
            picture, seam = self.quilt.picture(self.quilt.layout(noise[:, : self.quilt.noise]))
        healed = self.healer(picture, seam, spread(noise[:, self.quilt.noise :], BASE // FOLD))
        fake = self._pieces(healed, random)
        batch["healed"] = fake.detach()
        kept = (F.avg_pool2d(healed, 4) - F.avg_pool2d(picture, 4)).abs().mean() / seam.mean().clamp(min=0.01)
        return {
            "adversarial": generator_term(self._judge, fake, batch["crop"], "relativistic"),
            "kept": self.config.keep_weight * kept,
        }

    def _judge(self, pictures: Tensor) -> Tensor:
        """The critic's logits; there is one surface, so nothing to condition on."""
        return self.critic(pictures, torch.zeros(len(pictures), dtype=torch.long, device=pictures.device))

    def _pieces(self, picture: Tensor, random: torch.Generator) -> Tensor:
        """[1, 3, H, W] on a torus -> [N, 3, S, S] from anywhere, over the border too."""
        (height, width), side = picture.shape[2:], self.config.crop
        places = torch.rand((self.config.batch, 2), generator=random, device=picture.device).tolist()
        pieces = []
        for y, x in places:
            moved = picture.roll((-int(y * height), -int(x * width)), (2, 3))
            pieces.append(moved[:, :, :side, :side])
        return torch.cat(pieces).contiguous(memory_format=torch.channels_last)

    def _normal(self, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
        return torch.randn(shape, generator=random, device=self.quilt.lattice.device)

    # Looking and shipping

    @torch.no_grad()
    def preview(self, seed: int, rows: int = 2, columns: int = 3) -> np.ndarray:
        field = Field(self.quilt, self.healer, self.stride)
        random = torch.Generator(self.quilt.lattice.device).manual_seed(seed)
        cells = max(1, 256 // self.stride)
        noise = self._normal((rows * columns, field.channels(), cells, cells), random)
        pictures = torch.cat([field(one[None]) for one in noise])
        pixels = ((pictures.float() + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()
        return pixels.reshape(rows, columns, *pixels.shape[1:])

    def deploy(self) -> Deployment:
        module, stride = Field(self.quilt, self.healer, self.stride).float().cpu().eval(), self.stride
        channels = module.channels()
        return Deployment(
            module=module,
            feeds={"field": torch.randn(2, channels, 2, 3)},
            dynamic={"field": {0: "N", 2: "h", 3: "w"}},
            inputs=[
                {
                    "name": "field",
                    "kind": "field",
                    "shape": ["N", channels, "h", "w"],
                    "stride": stride,
                    "margin": math.ceil((self.quilt.reach + FOLD * (self.config.depth + 2)) / stride),
                }
            ],
            output={"name": "maps", "shape": ["N", 3, f"h*{stride}", f"w*{stride}"], "range": [-1.0, 1.0]},
            maps=[{"name": "base_color", "channels": [0, 3], "colorspace": "sRGB"}],
            tileable=True,
        )
