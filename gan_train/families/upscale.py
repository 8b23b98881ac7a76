"""The `upscale` family: pictures made two or four times larger, all maps of a material together. No files, no loop.

Before: aligned_sampler.py (large crops), degradation.py (what small ones went through). After: export.py.

What is drawn is added to the bicubic enlargement, so it begins as good as that. First the absolute difference alone;
then, in the variant `adversarial`, beside a critic of pixels (patch_critic.py) that sees all maps. Crops are enlarged
as if they wrapped around: where they do not, their border is left out of every loss.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..degradation import Degradation, degrade
from ..family import Batch, Deployment, Domain, Family, Phase
from ..image_input import IMAGE_AXES, example_image, image_input, image_output, map_entries
from ..input_maps import CHANNELS, channels
from ..losses import critic_terms, generator_term, patch_distance
from ..patch_critic import PatchCritic, feature_distance
from ..shown_pairs import ShownPairs, pixels_of, rows_of
from ..translator import Translator, bicubic
from .upscale_config import UpscaleConfig

EDGE = 16  # outermost pixels of a large crop, whose surroundings are wrong
LEAST = 0.03  # contrast of a picture below which its patches count less and less


class Enlarger(nn.Module):
    """What is exported: image [N, C, h, w] -> [N, C, scale h, scale w], both in [-1, 1]; normals are unit vectors."""

    def __init__(self, network: Translator, maps: tuple[str, ...]):
        super().__init__()
        self.network, self.maps = network, maps

    def forward(self, image: Tensor) -> Tensor:
        return self.free(image).clamp(-1, 1)

    def free(self, image: Tensor) -> Tensor:
        """Not bounded, so that every error has a gradient."""
        drawn = bicubic(image.float(), self.network.scale) + self.network(image)
        parts = torch.split(drawn, [CHANNELS[name] for name in self.maps], dim=1)
        return torch.cat([_unit(x) if n == "normal" else x for n, x in zip(self.maps, parts, strict=True)], 1)


class Upscale(Family):
    """The network, the critic of the variant adversarial, and the losses."""

    ema = ("network",)
    finetune = {"warmup_steps": 0}
    compiles = ("network",)

    def __init__(self, config: UpscaleConfig, domain: Domain):
        super().__init__()
        c = self.config = config
        self.domain, self.maps, self.adversarial = domain, domain.maps, config.variant == "adversarial"
        n = channels(self.maps)
        self.network = Translator(n, n, (c.width,), c.depth, c.grow)
        self.shown = ShownPairs(n, n, c.crop, c.scale)
        sizes = [CHANNELS[name] for name in self.maps]
        self.owner = [i for i, size in enumerate(sizes) for _ in range(size)]  # of each channel the map
        self.how = Degradation(c.clean, c.blur, c.noise, c.jpeg)
        begin = c.warmup_steps if self.adversarial else None
        content = Phase("content", ("network",), c.content_lr, (0.9, 0.99), end=begin)
        self.phases = (content,) if begin is None or begin > 0 else ()
        if self.adversarial:
            self.critic = PatchCritic(n, c.critic_width, unet=True)
            self.phases += (
                Phase("generator", ("network",), c.learning_rate, (0.9, 0.99), begin=begin),
                Phase("critic", ("critic",), c.critic_lr, (0.5, 0.99), begin=begin),
            )

    def loss(self, phase: str, batch: Batch, random: torch.Generator, step: int) -> dict[str, Tensor]:
        if phase == "critic":
            return critic_terms(self._judge, batch["real"], batch["fake"], self.config.loss, 0.0)[0]
        with torch.no_grad(), torch.autocast(batch["picture"].device.type, enabled=False):
            image = self._small(batch["picture"], random)
        self.shown.keep(image, batch["picture"])
        known = batch["present"][:, self.owner].float()[:, :, None, None]
        fake, real = (
            x[:, :, EDGE:-EDGE, EDGE:-EDGE] * known
            for x in (Enlarger(self.network, self.maps).free(image), batch["picture"])
        )
        content = self.config.content_weight * self._content(fake - real, known)
        if phase == "content":
            return {"content": content}
        batch |= {"real": real.contiguous(), "fake": fake.detach()}
        return {"content": content, **self._texture_terms(fake, real, random)}

    def _content(self, error: Tensor, known: Tensor) -> Tensor:
        """The absolute difference; of the variant psnr what it is judged by: the logarithm of each picture's squared
        error (Chen et al. 2022, arXiv 2204.04676)."""
        if self.adversarial:
            return error.abs().mean() / known.mean()
        square = error.float().square().mean((1, 2, 3)) / known.mean((1, 2, 3)).clamp(min=1e-3)
        return (square + 1e-6).log10().mean()

    def _texture_terms(self, fake: Tensor, real: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        c = self.config
        _, features = feature_distance(self.critic, fake, real)
        patches = patch_distance(fake, real, random, count=24, least=LEAST, stride=2)
        return {
            "adversarial": c.adversarial_weight * generator_term(self._judge, fake, real, c.loss),
            "features": c.feature_weight * features,
            "patches": c.patch_weight * patches,
        }

    def _judge(self, x: Tensor) -> Tensor:
        return self.critic(x)[0]

    def _small(self, picture: Tensor, random: torch.Generator) -> Tensor:
        color = torch.tensor([self.maps[i] == "base_color" for i in self.owner], device=picture.device)
        small = degrade(picture.float(), self.config.scale, self.how, color, random)
        parts = torch.split(small, [CHANNELS[name] for name in self.maps], dim=1)
        # Where a map is missing its zeros stay zeros: so it is when the finished network is not given one.
        return torch.cat(
            [
                _unit(x) * (x.abs().amax((1, 2, 3), keepdim=True) > 0) if n == "normal" else x
                for n, x in zip(self.maps, parts, strict=True)
            ],
            1,
        )

    # Looking and shipping

    @torch.no_grad()
    def preview(self, seed: int, count: int = 8) -> np.ndarray | None:
        inputs, targets = self.shown.some(count, seed)
        if not len(inputs):
            return None
        return rows_of(inputs, Enlarger(self.network, self.maps)(inputs), targets)

    @torch.no_grad()
    def draw(self, count: int, seed: int) -> np.ndarray | None:
        inputs, _ = self.shown.some(count, seed)
        if len(inputs) < count:
            return None
        return np.concatenate([pixels_of(Enlarger(self.network, self.maps)(x)) for x in inputs.split(8)])

    def deploy(self) -> Deployment:
        module = Enlarger(self.network, self.maps).float().cpu().eval()
        scale = self.config.scale
        return Deployment(
            module=module,
            feeds={"image": example_image(self.maps)},
            dynamic={"image": IMAGE_AXES},
            inputs=[image_input(self.maps, max(self.network.margin(), 2), scale=scale)],
            output=image_output(self.maps, scale),
            maps=map_entries(self.maps),
            tileable=True,
        )


def _unit(x: Tensor) -> Tensor:
    """Normals [N, 3, H, W] of length 1; what has none points up."""
    length = x.square().sum(1, keepdim=True)
    up = torch.zeros_like(x)
    up[:, 2] = 1e-3
    return F.normalize(x + up * (length < 1e-6), dim=1, eps=1e-6)
