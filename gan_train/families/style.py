"""The `style` family: pictures of one size, with or without alpha and labels. No files, no loop.

Before: whole_pictures.py (batches). After: export.py (through `deploy`).

After StyleGAN2 (Karras et al. 2020, arXiv 1912.04958), with a relativistic loss (Huang et al. 2024, arXiv
2501.05441) and lazy penalties. Where pictures have alpha the generator draws straight colours, and the critic sees
them multiplied with alpha: nobody asks what colour the transparent parts have.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..augment import Augment, decided
from ..family import Batch, Deployment, Domain, Family, Phase
from ..losses import critic_terms, generator_term, lazy_penalty
from ..style_networks import Mapping, StyleCritic, Synthesis
from .style_config import StyleConfig

PSI = 0.8  # truncation unless asked otherwise
FOLLOW = 0.01  # share of a batch in the running mean of w
PAPER = 0.5  # what transparent pictures lie on in previews, sRGB


class Center(nn.Module):
    """The running mean of w for each label, [K, D]: what truncation draws towards (arXiv 1812.04948, section 5.1)."""

    def __init__(self, labels: int, w: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(labels, w))

    @torch.no_grad()
    def follow(self, w: Tensor, label: Tensor) -> None:
        """w [N, D], label [N, K] one-hot."""
        count = label.sum(0)[:, None]
        mean = label.t() @ w.float() / count.clamp(min=1)
        self.mean.copy_(torch.where(count > 0, self.mean.lerp(mean, FOLLOW), self.mean))

    def forward(self, w: Tensor, label: Tensor, psi: Tensor) -> Tensor:
        """Truncated w: psi [N, 1], 1 leaves w alone, 0 gives the mean of the label."""
        mean = label @ self.mean
        return mean + psi * (w - mean)


class StyledGenerator(nn.Module):
    """What is exported: z, label [N, K], noise, psi [N, 1], w [N, L, D], use_w [N, L] -> maps, styles [N, L, D].

    Layers with use_w above 0.5 take their style from w, the others from z. The styles that were used come out too,
    so that they can be mixed, interpolated and put in again.
    """

    def __init__(self, mapping: Mapping, synthesis: Synthesis, center: Center):
        super().__init__()
        self.mapping, self.synthesis, self.center = mapping, synthesis, center

    def forward(
        self, z: Tensor, label: Tensor, noise: Tensor, psi: Tensor, w: Tensor, use_w: Tensor
    ) -> tuple[Tensor, Tensor]:
        own = self.center(self.mapping(z, label), label, psi)
        styles = torch.where(use_w[:, :, None] > 0.5, w, own[:, None])
        return self.synthesis(styles, noise), styles


class UnlabelledGenerator(nn.Module):
    """The same without a label input, for datasets with one label."""

    def __init__(self, labelled: StyledGenerator):
        super().__init__()
        self.labelled = labelled

    def forward(
        self, z: Tensor, noise: Tensor, psi: Tensor, w: Tensor, use_w: Tensor
    ) -> tuple[Tensor, Tensor]:
        return self.labelled(z, torch.ones_like(psi), noise, psi, w, use_w)


class Style(Family):
    """Generator (mapping and synthesis) and critic with their losses."""

    ema = ("mapping", "synthesis")
    compiles = ("synthesis",)

    def __init__(self, config: StyleConfig, domain: Domain):
        super().__init__()
        self.domain = domain
        c = self.config = config
        self.labels, k = domain.labels, len(domain.labels)
        self.channels = 4 if "alpha" in domain.maps else 3
        self.mapping = Mapping(c.z, k, c.w, c.mapping_depth)
        self.synthesis = Synthesis(self.channels, c.w, c.width, c.patch)
        self.critic = StyleCritic(self.channels, k, c.critic_width, c.patch)
        self.center = Center(k, c.w)
        self.augment = Augment(decided(c.augment, len(domain.materials)))
        self.phases = (
            Phase("generator", ("mapping", "synthesis"), c.learning_rate),
            Phase("critic", ("critic",), c.learning_rate),
        )

    # Losses

    def loss(self, phase: str, batch: Batch, random: torch.Generator, step: int) -> dict[str, Tensor]:
        label = F.one_hot(batch["label"], len(self.labels)).float()
        match phase:
            case "generator":
                return self._generator_loss(batch, label, random)
            case "critic":
                penalty = lazy_penalty(self.config.gamma, self.config.penalty_every, step)
                return self._critic_loss(batch, label, random, penalty)
        raise ValueError(phase)

    def _generator_loss(self, batch: Batch, label: Tensor, random: torch.Generator) -> dict[str, Tensor]:
        real = batch["real"] = premultiplied(batch["picture"])
        fake = premultiplied(self.synthesis(self._styles(label, random), self._noise(len(label), random)))
        batch["fake"] = fake.detach()

        def judge(pictures: Tensor) -> Tensor:
            return self.critic(self.augment(pictures, random), label)

        return {"adversarial": generator_term(judge, fake, real, self.config.loss)}

    def _critic_loss(
        self, batch: Batch, label: Tensor, random: torch.Generator, penalty: float
    ) -> dict[str, Tensor]:
        real, fake = self.augment(batch["real"], random), self.augment(batch["fake"], random)
        terms, real_logits, fake_logits = critic_terms(
            lambda pictures: self.critic(pictures, label), real, fake, self.config.loss, penalty
        )
        self.augment.adapt(real_logits, fake_logits)
        return terms | {"augment": self.augment.strength.clone()}  # logged, not trained on

    # Draws

    def _styles(self, label: Tensor, random: torch.Generator) -> Tensor:
        """label [N, K] -> styles [N, L, D], some of them mixed from two z."""
        n, layers = len(label), self.synthesis.layers
        w = self.mapping(self._normal((2 * n, self.config.z), random), label.repeat(2, 1))
        self.center.follow(w.detach(), label.repeat(2, 1))
        first, second = w[:n, None], w[n:, None]
        cut = torch.randint(1, layers, (n, 1), generator=random, device=label.device)
        mixed = torch.rand((n, 1), generator=random, device=label.device) < self.config.mixing
        other = mixed & (torch.arange(layers, device=label.device)[None] >= cut)
        return torch.where(other[:, :, None], second, first)

    def _noise(self, n: int, random: torch.Generator) -> Tensor:
        return self._normal((n, self.synthesis.noise), random)

    def _normal(self, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
        return torch.randn(shape, generator=random, device=self.center.mean.device)

    # Looking and shipping

    @torch.no_grad()
    def preview(self, seed: int, columns: int = 8, rows: int = 8) -> np.ndarray:
        random = torch.Generator(self.center.mean.device).manual_seed(seed)
        k, sheet = len(self.labels), []
        generator = StyledGenerator(self.mapping, self.synthesis, self.center)
        for i in np.linspace(0, k - 1, min(rows, k)).astype(int) if k > 1 else [0] * 4:
            label = F.one_hot(torch.full((columns,), int(i), device=self.center.mean.device), k).float()
            z, noise = self._normal((columns, self.config.z), random), self._noise(columns, random)
            off = torch.zeros(columns, self.synthesis.layers, device=label.device)
            pictures, _ = generator(z, label, noise, PSI * torch.ones_like(off[:, :1]), off[..., None], off)
            sheet.append(_on_paper(pictures.float()).permute(0, 2, 3, 1).cpu())
        return torch.stack(sheet).numpy()

    def deploy(self) -> Deployment:
        c, k, layers = self.config, len(self.labels), self.synthesis.layers
        module = StyledGenerator(self.mapping, self.synthesis, self.center).float().cpu().eval()
        feeds = {"z": torch.randn(2, c.z)}
        inputs: list[dict] = [{"name": "z", "kind": "latent", "shape": ["N", c.z]}]
        if k > 1:
            feeds["label"] = torch.eye(k)[torch.arange(2) % k]
            inputs.append({"name": "label", "kind": "label", "shape": ["N", k], "labels": list(self.labels)})
        feeds |= {
            "noise": torch.randn(2, self.synthesis.noise),
            "psi": torch.ones(2, 1),
            "w": torch.zeros(2, layers, c.w),
            "use_w": torch.zeros(2, layers),
        }
        inputs += [
            {"name": "noise", "kind": "latent", "shape": ["N", self.synthesis.noise]},
            {"name": "psi", "kind": "scalar", "shape": ["N", 1], "min": 0.0, "max": 1.5, "default": PSI},
            {
                "name": "w",
                "kind": "style",
                "shape": ["N", layers, c.w],
                "switch": "use_w",
                "returns": "styles",
            },
        ]
        maps = [{"name": "base_color", "channels": [0, 3], "colorspace": "sRGB"}]
        if self.channels == 4:
            maps.append({"name": "alpha", "channels": [3, 4], "colorspace": "Non-Color"})
        return Deployment(
            module=module if k > 1 else UnlabelledGenerator(module),
            feeds=feeds,
            dynamic={name: {0: "N"} for name in feeds},
            inputs=inputs,
            output={
                "name": "maps",
                "shape": ["N", self.channels, c.resolution, c.resolution],
                "range": [-1.0, 1.0],
            },
            maps=maps,
            tileable=False,
        )


def premultiplied(picture: Tensor) -> Tensor:
    """[N, 4, H, W] in [-1, 1] with straight alpha -> the same with black where it is transparent; [N, 3] as it is."""
    if picture.shape[1] == 3:
        return picture
    color, alpha = picture[:, :3], picture[:, 3:]
    return torch.cat(((color + 1) * (alpha + 1) / 2 - 1, alpha), dim=1)


def _on_paper(picture: Tensor) -> Tensor:
    """[N, 3 or 4, H, W] in [-1, 1] -> [N, 3, H, W] uint8 sRGB."""
    color = (premultiplied(picture)[:, :3] + 1) / 2
    if picture.shape[1] == 4:
        color = color + PAPER * (1 - picture[:, 3:]) / 2
    return (color * 255).round().clamp(0, 255).byte()
