"""The `texture` family: class-conditional materials that tile, at any size. No files, no loop.

Before: dataset.py (pairs of crops of one material). After: export.py (through `deploy`).

The look of a material is a code that an encoder reads off a crop (`Encoder`); the layout is a wrapping
random field. Half of each batch redraws real materials from their codes: those pictures must carry the
statistics of another crop of the same material, and the critic sees the code. The other half draws codes
from a Gaussian per label, fitted to the codes of its materials: exactly what the exported generator does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from ..family import Batch, Deployment, Family, Phase
from ..losses import gradient_penalty, relativistic, statistics_distance, structure_distance, tone_distance
from ..networks import Critic, Encoder, Generator


@dataclass(frozen=True)
class TextureConfig:
    """Settings of the texture family."""

    crop: int = 64
    """Side of the training crops in pixels; a multiple of 16."""
    batch: int = 8
    """Pictures per step; even: half from encoded crops, half from the label's Gaussian."""
    look: int = 64
    """Length of the look code."""
    layout: int = 16
    """Channels of the field that carry layout."""
    generator_width: tuple[int, ...] = (160, 128, 96, 48, 24)
    """Channels of the generator at 1/16, 1/8, 1/4, 1/2 and full resolution."""
    critic_width: tuple[int, ...] = (24, 48, 96, 160, 192)
    """Channels of the critic at full, 1/2, 1/4, 1/8 and 1/16 resolution."""
    generator_lr: float = 2e-3
    """Learning rate of generator and encoder (Adam, equalised)."""
    critic_lr: float = 2e-3
    """Learning rate of the critic (Adam, equalised)."""
    gamma: float = 0.1
    """Weight of the gradient penalties R1 and R2."""
    penalty_every: int = 16
    """Steps between two penalties (lazy regularisation; the weight is scaled to match)."""
    statistics_weight: float = 1.0
    """Weight of the distance of feature statistics to the encoded material."""
    tone_weight: float = 2.0
    """Weight of the distance of colours and contrast to the encoded material."""
    structure_weight: float = 8.0
    """Weight of the distance of autocorrelation to the encoded material."""
    code_weight: float = 1e-3
    """Weight of the squared length of the codes; with the noise, what makes neighbouring codes look alike."""
    code_noise: float = 0.5
    """Standard deviation of the noise on the codes."""
    ema_images: float = 4000.0
    """Half-life of the moving average of the weights, in images."""


class LabelledGenerator(nn.Module):
    """What is exported: z [N, look], field, label [N, K], psi [N, 1] -> maps [N, 3, 16h, 16w] in [-1, 1]."""

    def __init__(self, generator: Generator, centre: Tensor, spread: Tensor):
        super().__init__()
        self.generator = generator
        self.register_buffer("centre", centre)  # [K, look]
        self.register_buffer("spread", spread)  # [K, look * look], lower triangular factors

    def forward(self, z: Tensor, field: Tensor, label: Tensor, psi: Tensor) -> Tensor:
        factor = (label @ self.spread).unflatten(1, (z.shape[1], z.shape[1]))
        look = label @ self.centre + psi * (factor * z[:, None, :]).sum(2)
        return self.generator(field, look)


class Texture(Family):
    """Generator, encoder and critic with their losses; `codes` remembers the code of each material."""

    ema = ("generator", "encoder")

    def __init__(self, config: TextureConfig, labels: tuple[str, ...], material_labels: tuple[int, ...]):
        """`material_labels`: for each training material the index of its label."""
        super().__init__()
        self.config, self.labels = config, tuple(labels)
        self.generator = Generator(config.look, config.layout, config.generator_width, config.crop)
        self.encoder = Encoder(config.look)
        self.critic = Critic(len(labels), config.look, config.critic_width)
        self.register_buffer("codes", torch.zeros(len(material_labels), config.look))
        self.register_buffer("seen", torch.zeros(len(material_labels)))
        self.register_buffer("material_labels", torch.tensor(material_labels), persistent=False)
        self.phases = (
            Phase("generator", ("generator", "encoder"), config.generator_lr),
            Phase("critic", ("critic",), config.critic_lr),
        )

    # Losses

    def loss(self, phase: str, batch: Batch, random: torch.Generator, step: int) -> dict[str, Tensor]:
        return self._generator_loss(batch, random) if phase == "generator" else self._critic_loss(batch, step)

    def _generator_loss(self, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        half = batch["crop"].shape[0] // 2
        code = self.encoder(batch["other"][:half])
        self._remember(batch["material"][:half], code.detach())
        noise = torch.randn(code.shape, generator=random, device=code.device) * self.config.code_noise
        look = torch.cat((code + noise, self.draw_looks(batch["label"][half:], random)))
        fake = self.generator(self.draw_field(len(look), self.config.crop, random), look)

        batch["look"] = torch.cat((code.detach(), torch.zeros_like(code)))
        batch["known"] = torch.cat((torch.ones_like(code[:, :1]), torch.zeros_like(code[:, :1])))
        batch["fake"] = fake.detach()
        condition = batch["label"], batch["look"], batch["known"]
        with torch.no_grad():
            real_logits, real_features = self.critic(batch["crop"], *condition)
        logits, features = self.critic(fake, *condition)
        return {
            "adversarial": relativistic(logits, real_logits),
            "statistics": self.config.statistics_weight
            * statistics_distance([f[:half] for f in features], [r[:half] for r in real_features]),
            "tone": self.config.tone_weight * tone_distance(fake[:half].float(), batch["crop"][:half]),
            "structure": self.config.structure_weight * structure_distance(fake[:half], batch["crop"][:half]),
            "code": self.config.code_weight * code.square().sum(1).mean(),
        }

    def _critic_loss(self, batch: Batch, step: int) -> dict[str, Tensor]:
        penalise = step % self.config.penalty_every == 0
        real, fake = batch["crop"], batch["fake"]
        if penalise:
            real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
        condition = batch["label"], batch["look"], batch["known"]
        real_logits, _ = self.critic(real, *condition)
        fake_logits, _ = self.critic(fake, *condition)
        terms = {
            "adversarial": relativistic(real_logits, fake_logits),
            "margin": (real_logits - fake_logits).detach().mean(),  # logged, not trained on
        }
        if penalise:
            weight = 0.5 * self.config.gamma * self.config.penalty_every
            terms["penalty_real"] = weight * gradient_penalty(real_logits, real)
            terms["penalty_fake"] = weight * gradient_penalty(fake_logits, fake)
        return terms

    # Codes

    def _remember(self, material: Tensor, code: Tensor) -> None:
        code = code.float()
        old = self.codes[material]
        self.codes[material] = torch.where(self.seen[material, None] > 0, torch.lerp(old, code, 0.2), code)
        self.seen[material] = 1.0

    def draw_looks(self, label: Tensor, random: torch.Generator) -> Tensor:
        """label [n] int64 -> codes [n, look] from the Gaussians that `deploy` ships."""
        member = (self.material_labels[None] == label[:, None]).float() * self.seen[None]  # [n, materials]
        count = member.sum(1, keepdim=True).clamp(min=1.0)
        centre = member @ self.codes / count
        weights = torch.randn(member.shape, generator=random, device=member.device) * member / count.sqrt()
        look = centre + weights @ self.codes - weights.sum(1, keepdim=True) * centre
        return look + self.config.code_noise * torch.randn(look.shape, generator=random, device=look.device)

    def gaussians(self) -> tuple[Tensor, Tensor]:
        """Mean [K, look] and lower triangular factor [K, look, look] of each label's codes."""
        centres, factors = [], []
        noise = torch.eye(self.config.look, dtype=torch.float64) * self.config.code_noise**2
        for k in range(len(self.labels)):
            codes = self.codes[(self.material_labels == k) & (self.seen > 0)].double().cpu()
            if not len(codes):
                codes = torch.zeros(1, self.config.look, dtype=torch.float64)
            centre = codes.mean(0)
            away = codes - centre
            centres.append(centre)
            factors.append(torch.linalg.cholesky(away.t() @ away / len(codes) + noise))
        return torch.stack(centres).float(), torch.stack(factors).float()

    def draw_field(self, n: int, size: int, random: torch.Generator) -> Tensor:
        cells = size // Generator.STRIDE
        shape = (n, self.generator.field_channels, cells, cells)
        return torch.randn(shape, generator=random, device=self.codes.device)

    # Looking and shipping

    @torch.no_grad()
    def preview(self, seed: int, columns: int = 6, size: int = 128, rows: int = 8) -> np.ndarray:
        random = torch.Generator(self.codes.device).manual_seed(seed)
        sheet = []
        for k in np.linspace(0, len(self.labels) - 1, min(rows, len(self.labels))).astype(int):
            looks = self.draw_looks(torch.full((columns,), int(k), device=self.codes.device), random)
            pictures = self.generator(self.draw_field(columns, size, random), looks)
            sheet.append(
                ((pictures.float() + 1) * 127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu()
            )
        return torch.stack(sheet).numpy()

    def deploy(self) -> Deployment:
        centre, factor = self.gaussians()
        look, cells, k = self.config.look, 4, len(self.labels)
        channels, stride = self.generator.field_channels, Generator.STRIDE
        module = LabelledGenerator(self.generator.float().cpu(), centre, factor.flatten(1)).eval()
        return Deployment(
            module=module,
            feeds={
                "z": torch.randn(2, look),
                "field": torch.randn(2, channels, cells, cells + 1),
                "label": torch.eye(k)[torch.arange(2) % k],
                "psi": torch.ones(2, 1),
            },
            dynamic={"z": {0: "N"}, "field": {0: "N", 2: "h", 3: "w"}, "label": {0: "N"}, "psi": {0: "N"}},
            inputs=[
                {"name": "z", "kind": "latent", "shape": ["N", look]},
                {
                    "name": "field",
                    "kind": "field",
                    "shape": ["N", channels, "h", "w"],
                    "stride": stride,
                    "margin": 3,
                },
                {"name": "label", "kind": "label", "shape": ["N", k], "labels": list(self.labels)},
                {"name": "psi", "kind": "scalar", "shape": ["N", 1], "min": 0.0, "max": 1.5, "default": 1.0},
            ],
            output={"name": "maps", "shape": ["N", 3, f"h*{stride}", f"w*{stride}"], "range": [-1.0, 1.0]},
            maps=[{"name": "base_color", "channels": [0, 3], "colorspace": "sRGB"}],
            tileable=True,
        )
