"""The `texture` family: class-conditional materials that tile, at any size. No files, no loop.

Before: dataset.py (pairs of crops of one material). After: export.py (through `deploy`).

Three stages in one run. First an autoencoder learns to write and read pictures as latent maps of 1/64 the area. Then
the maps of all materials are remembered, laid out anew (shift_map.py), and a GAN on latent maps learns to heal the
seams. Last, the decoder learns against a critic on pixels to make both kinds of maps, encoded and laid out, into
pictures with grain. A network that draws every cell needs far more pictures than a few hundred materials: after hours
of a CPU its bricks had no edges, where maps laid out anew keep each brick.

Half of each batch lays out one crop of a real material, and is compared with another of the same; the other half
chooses among the remembered materials of its label, exactly as the exported generator does.

Height and roughness are read off the base colour's latent map: the encoder never sees them, so pictures of materials
with and without maps live in one latent space. A missing map has no loss: the distances are taken over the materials
that have it, and before the critic looks at a pair of pictures, both lose the maps that the real one lacks. The critic
sees normals, not heights: what the light shows. Metallic is a constant of the label, taken from the dataset.

With `finer` 2 the decoder draws twice as fine as the encoder reads (networks.Detail), so that latent maps, which make
up the exported file, keep their size. Detail that a picture lacks is treated like a map that it lacks: each square of
2 x 2 drawn pixels is replaced by its mean, as the real one's are, before anything is compared and before the critic
looks. So nothing is asked of it, and its pictures teach all that is coarser.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..family import Batch, Deployment, Domain, Family, Phase
from ..labelled_generator import Generator, deployment
from ..layers import moments, surrounded
from ..losses import (
    Judge,
    band_distance,
    color_distance,
    critic_terms,
    generator_term,
    lazy_penalty,
    one_octave_more,
    patch_distance,
)
from ..memory import Materials, quantised
from ..networks import CELL, FAINT, MEANS, Critic, Decoder, Encoder, Healer
from ..scales import means
from ..shift_map import Memory
from ..surface_losses import map_distances, seen, without_detail
from .texture_config import TextureConfig

RECONSTRUCT = (0.5, 1.0, 1.0, 0.5, 0.5, 0.5)  # weights of the octaves for the autoencoder
KEEP = (0.0, 0.0, 0.3, 1.0, 1.0, 1.0)  # and beside a critic, which has the say on the finest
EDGE = 2  # outermost cells of a crop, whose surroundings are guessed


class Texture(Family):
    """Autoencoder, healer and critics with their losses; `materials` remembers the latent maps."""

    ema = ("healer", "decoder")
    finetune = {"autoencoder_steps": 1000, "healer_steps": 300}
    compiles = ("healer", "decoder")

    def __init__(self, config: TextureConfig, domain: Domain):
        super().__init__()
        c = self.config = config
        labels = self.labels = domain.labels
        self.domain, maps = domain, domain.maps[1:]
        self.encoder = Encoder(c.channels, c.encoder_width)
        detail = c.detail_width if c.finer > 1 else 0
        self.decoder = Decoder(c.channels, c.decoder_width, len(maps), detail)
        self.healer = Healer(MEANS + c.channels, c.healer_width, c.healer_depth)
        self.critic = Critic(MEANS + c.channels, len(labels), c.critic_width)
        self.picture_critic = Critic(
            3 + len(maps) + ("height" in maps), len(labels), c.picture_critic_width, fold=2 * c.finer
        )
        self.materials = Materials(
            len(labels),
            domain.material_labels,
            length=c.z,
            side=c.crop // CELL,
            channels=c.channels,
            kinds=c.shifts,
            sharpness=c.sharpness,
            tint=c.tint,
        )
        second, third = c.autoencoder_steps, c.autoencoder_steps + c.healer_steps
        rate, adversarial = c.learning_rate, (0.0, 0.99)
        self.phases = (
            Phase("autoencoder", ("encoder", "decoder"), c.autoencoder_lr, (0.9, 0.99), end=second),
            Phase("healer", ("healer",), rate, adversarial, begin=second),
            Phase("critic", ("critic",), rate, adversarial, begin=second),
            Phase("decoder", ("decoder",), 0.5 * rate, adversarial, begin=third),
            Phase("picture_critic", ("picture_critic",), 0.5 * rate, adversarial, begin=third),
        )

    # Losses

    def loss(self, phase: str, batch: Batch, random: torch.Generator, step: int) -> dict[str, Tensor]:
        match phase:
            case "autoencoder":
                return self._autoencoder_loss(batch, random)
            case "healer":
                return self._healer_loss(batch, random)
            case "critic":
                judge = _judge(self.critic, batch)
                real, fake = batch["latent"], batch["healed"]
            case "decoder":
                return self._decoder_loss(batch, random)
            case "picture_critic":
                judge = _judge(self.picture_critic, batch)
                real, fake = batch["picture"], batch["fake_picture"]
            case _:
                raise ValueError(phase)
        penalty = lazy_penalty(self.config.gamma, self.config.penalty_every, step)
        return critic_terms(judge, real, fake, self.config.loss, penalty)[0]

    def _autoencoder_loss(self, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        crop, side = batch["crop"], self.config.window
        y, x = self._corner(crop.shape[2] - side, random)
        read = crop[:, :, y : y + side, x : x + side].contiguous(memory_format=torch.channels_last)
        latent = self._noisy(self.encoder.train()(read), 1.0, random)
        fake = self._drawn(latent, batch, random)
        real = self._real(batch, y, x)
        fake_color, real_color = fake[:, :3], real[:, :3]
        return {
            "reconstruction": self._band_distance(fake_color, real_color, RECONSTRUCT),
            "color": self._color_distance(fake_color, real_color),
            **self._map_distances(fake, real, batch["present"]),
        }

    def _drawn(self, latent: Tensor, batch: Batch, random: torch.Generator) -> Tensor:
        """Latent maps of the batch decoded [N, 3 + M, S, S], without the border and what detail the real ones lack."""
        picture = self.decoder(latent, self._grain(len(latent), self.config.window, random))
        picture = self._inner(picture)
        return without_detail(picture, batch["detailed"]) if self.config.finer > 1 else picture

    def _real(self, batch: Batch, y: int, x: int) -> Tensor:
        """The same of the real pictures, whose window begins at y, x of what the encoder reads."""
        finer, side = self.config.finer, self.config.finer * self.config.window
        picture = torch.cat((batch["fine"] if finer > 1 else batch["crop"], batch["maps"]), 1)
        return self._inner(picture[:, :, finer * y : finer * y + side, finer * x : finer * x + side])

    def _inner(self, picture: Tensor) -> Tensor:
        """Without the outermost cells, which wrap around where the picture does not."""
        edge = EDGE * CELL * self.config.finer
        return picture[:, :, edge:-edge, edge:-edge]

    def _band_distance(self, fake: Tensor, real: Tensor, weights: tuple[float, ...]) -> Tensor:
        return band_distance(fake, real, one_octave_more(weights, self.config.finer))

    def _color_distance(self, fake: Tensor, real: Tensor) -> Tensor:
        return self.config.color_weight * color_distance(fake, real, 4 * self.config.finer)

    def _noisy(self, latent: Tensor, strength: Tensor | float, random: torch.Generator) -> Tensor:
        learned = latent[:, MEANS:]
        noise = self.config.latent_noise * strength * self._normal(learned.shape, random)
        return torch.cat((latent[:, :MEANS], learned + noise), 1)

    def _map_distances(self, fake: Tensor, real: Tensor, present: Tensor) -> dict[str, Tensor]:
        found = map_distances(fake, real, present, self.domain.maps, self.config.finer)
        return {name: self.config.map_weight * distance for name, distance in found.items()}

    def _healer_loss(self, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        c, half = self.config, batch["crop"].shape[0] // 2
        with torch.no_grad():
            encode = self.encoder.eval()
            latent = encode(batch["crop"])[:, :, EDGE:-EDGE, EDGE:-EDGE]
            wraps = batch["whole"][:half]
            own = encode(surrounded(batch["other"][:half], EDGE * CELL, wraps))[:, :, EDGE:-EDGE, EDGE:-EDGE]
            shifts = batch["shifts"][:half]
            self.materials.remember(batch["material"][:half], own, shifts, wraps)
            maps, memory, share, tint = self.draw_materials(batch["label"][half:], random)
            own = quantised(own)[:, None].expand(-1, 2, -1, -1, -1)
            memory = Memory(
                torch.cat((own[:, :, :MEANS], memory.small)),
                torch.cat((shifts.long()[:, None].expand(-1, 2, -1, -1), memory.shifts)),
                torch.cat((wraps.float()[:, None].expand(-1, 2), memory.wraps)),
            )
            share, tint = (torch.cat((torch.zeros_like(x), x)) for x in (share, tint))
            generator = self._generator()
            field = self.draw_field(2 * half, c.crop, random)
            quilt, seam = generator.quilt(field, torch.cat((own, maps)), memory, share, tint)
        healed = self.healer(quilt, seam, generator.grain(field)[0])
        changed = F.avg_pool2d((healed - quilt) / moments(quilt, FAINT)[1], 2)
        kept = changed.abs().mean() / seam.mean().clamp(min=0.01)
        fake = healed[:, :, EDGE:-EDGE, EDGE:-EDGE]
        batch |= {"latent": latent, "healed": fake.detach()}
        return {
            "adversarial": generator_term(_judge(self.critic, batch), fake, latent, c.loss),
            "kept": c.heal_weight * kept,
            "seams": seam.mean(),
        }

    def _decoder_loss(self, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        """Encoded pictures (even places of the batch) and healed quilts (odd places)."""
        c, n = self.config, len(batch["crop"])
        cells, half = c.window // CELL, n // 2
        y, x = (k // CELL for k in self._corner(CELL * (batch["latent"].shape[2] - cells), random))
        encoded = (torch.arange(n, device=batch["latent"].device) % 2 == 0).float()[:, None, None, None]
        latent = torch.where(encoded > 0, batch["latent"], batch["healed"])[
            :, :, y : y + cells, x : x + cells
        ]
        latent = self._noisy(latent, encoded, random)
        fake = self._drawn(latent, batch, random)
        real = self._real(batch, CELL * (y + EDGE), CELL * (x + EDGE))
        maps = self._map_distances(fake[::2], real[::2], batch["present"][::2])
        fake_seen, real_seen = (seen(x, batch["present"], self.domain.maps, c.finer) for x in (fake, real))
        batch |= {"picture": real_seen, "fake_picture": fake_seen.detach()}
        known_fake, known_real = fake_seen[:half], real_seen[:half]  # the same material
        patches = torch.zeros((), device=fake.device)
        for stride in range(c.finer, -1, -1):  # the finest octave first, of which fewer places are looked at
            patches = patches + patch_distance(
                known_fake, known_real, random, count=24 if stride else 48, least=0.03, stride=2**stride
            )
            known_fake, known_real = F.avg_pool2d(known_fake, 2), F.avg_pool2d(known_real, 2)
        return {
            "adversarial": generator_term(_judge(self.picture_critic, batch), fake_seen, real_seen, c.loss),
            "patches": c.picture_patch_weight * patches,
            "kept": c.keep_weight * self._band_distance(fake[::2, :3], real[::2, :3], KEEP),
            "color": self._color_distance(fake[::2, :3], real[::2, :3]),
            **maps,
        }

    # Draws

    def draw_materials(self, label: Tensor, random: torch.Generator) -> tuple[Tensor, Memory, Tensor, Tensor]:
        """label [n] int64 -> maps, memory, share and tint as the exported generator draws them."""
        z = self._normal((len(label), self.config.z), random)
        chosen, share, tint = self.materials.choose(
            z, F.one_hot(label, len(self.labels)).float(), torch.ones_like(z[:, :1])
        )
        return *self.materials.recall(chosen), share, tint

    def draw_field(self, n: int, size: int, random: torch.Generator) -> Tensor:
        """For pictures of which the encoder would read `size` pixels a side."""
        cells = size // Generator.STRIDE
        return self._normal((n, self._generator().channels, cells, cells), random)

    def _generator(self) -> Generator:
        return Generator(self.healer, self.decoder)

    def _grain(self, n: int, side: int, random: torch.Generator) -> list[Tensor]:
        sides = [side // 4, side // 2, side, 2 * side][: 2 + self.config.finer]
        return [self._normal((n, 1, k, k), random) for k in sides]

    def _normal(self, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
        return torch.randn(shape, generator=random, device=self.materials.seen.device)

    def _corner(self, room: int, random: torch.Generator) -> tuple[int, int]:
        places = torch.randint(room + 1, (2,), generator=random, device=self.materials.seen.device)
        return tuple(places.tolist())

    # Looking and shipping

    @torch.no_grad()
    def preview(self, seed: int, columns: int = 6, size: int = 128, rows: int = 8) -> np.ndarray | None:
        if not self.materials.seen.any():  # the autoencoder's stage
            return None
        random = torch.Generator(self.materials.seen.device).manual_seed(seed)
        generator = self._generator()
        sheet = []
        for k in np.linspace(0, len(self.labels) - 1, min(rows, len(self.labels))).astype(int):
            shown = self.draw_materials(
                torch.full((columns,), int(k), device=self.materials.seen.device), random
            )
            pictures = generator(self.draw_field(columns, size, random), *shown)[:, :3]
            pixels = ((pictures.float() + 1) * 127.5).round().clamp(0, 255).byte()
            sheet.append(pixels.permute(0, 2, 3, 1).cpu())
        return torch.stack(sheet).numpy()

    def draw(self, count: int, seed: int) -> np.ndarray | None:
        rows = len(self.labels)
        sheet = self.preview(seed, columns=-(-count // rows), rows=rows)
        if sheet is None:
            return None
        pictures = sheet.reshape(-1, *sheet.shape[2:])
        pictures = pictures[np.linspace(0, len(pictures) - 1, count).round().astype(int)]
        # They are compared with real crops as the encoder reads them.
        return np.rint(means(pictures, self.config.finer)).astype(np.uint8)

    def unready(self, step: int) -> str | None:
        if step > self.config.autoencoder_steps:
            return None
        return (
            f"step {step} of the autoencoder's {self.config.autoencoder_steps}: it remembers no "
            "material yet. Train on."
        )

    def deploy(self) -> Deployment:
        return deployment(self._generator(), self.materials, self.domain)


def _judge(critic: Critic, batch: Batch) -> Judge:
    """The critic, told the labels of the batch."""
    return lambda pictures: critic(pictures, batch["label"])
