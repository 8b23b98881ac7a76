"""The `texture` family: class-conditional materials that tile, at any size. No files, no loop.

Before: dataset.py (pairs of crops of one material). After: export.py (through `deploy`).

Three stages in one run. First an autoencoder learns to write and read pictures as latent maps of 1/256 the
area. Then a GAN learns to draw such maps, which takes a fraction of the work that pixels would. Last, the decoder
learns against a critic on pixels to make both kinds of maps, encoded and drawn, into pictures with grain.

The look of a material is a code that `look_encoder` reads off a latent map; the layout is a wrapping random field.
Half of each batch draws real materials anew from their codes, and must have the patches of another crop of the
same material; the other half draws blends of the codes of its label, exactly what the exported generator does.

Height and roughness are read off the base colour's latent map: the encoder never sees them, so pictures of materials
with and without maps live in one latent space. A missing map has no loss: the distances are taken over the materials
that have it, and before the critic looks at a pair of pictures, both lose the maps that the real one lacks. The critic
sees normals, not heights: what the light shows. Metallic is a constant of the label, taken from the dataset.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..family import Batch, Deployment, Domain, Family, Phase
from ..labelled_generator import LabelledGenerator
from ..looks import Looks
from ..losses import (
    Judge,
    band_distance,
    color_distance,
    critic_terms,
    generator_term,
    lazy_penalty,
    patch_distance,
)
from ..networks import (
    CELL,
    Critic,
    Decoder,
    Encoder,
    Generator,
    LatentGenerator,
    LookEncoder,
    field_channels,
)
from ..surface_losses import map_distances, seen
from ..textons import read_texton
from .texture_config import TextureConfig

RECONSTRUCT = (0.2, 0.3, 1.0, 1.0, 1.0, 1.0)  # weights of the octaves for the autoencoder
KEEP = (0.0, 0.0, 0.1, 0.5, 1.0, 1.0)  # and beside a critic, which has the say on the finest
NETWORK_REACH = 14  # latent cells that a convolution of the generator or the decoder looks beyond its own


class Texture(Family):
    """Autoencoder, generator and critics with their losses; `looks` remembers the code of each material."""

    ema = ("generator", "decoder", "look_encoder")
    finetune = {"autoencoder_steps": 1000, "latent_steps": 300}
    compiles = ("generator", "decoder")

    def __init__(self, config: TextureConfig, domain: Domain):
        super().__init__()
        c = self.config = config
        labels = self.labels = domain.labels
        self.domain, maps = domain, domain.maps[1:]
        self.encoder = Encoder(c.channels, c.encoder_width)
        self.decoder = Decoder(c.channels, c.decoder_width, len(maps))
        self.look_encoder = LookEncoder(c.channels, c.look)
        self.generator = LatentGenerator(c.channels, c.look, c.layout, c.generator_width)
        self.critic = Critic(c.channels, len(labels), c.look, c.critic_width)
        self.picture_critic = Critic(
            3 + len(maps) + ("height" in maps), len(labels), c.look, c.picture_critic_width, fold=2
        )
        self.looks = Looks(
            len(labels),
            domain.material_labels,
            length=c.look,
            texton=(c.channels, c.texton),
            period=max(1, domain.size // CELL),
            sharpness=c.blend_sharpness,
            noise=c.code_noise,
        )
        second, third = c.autoencoder_steps, c.autoencoder_steps + c.latent_steps
        rate, adversarial = c.learning_rate, (0.0, 0.99)
        self.phases = (
            Phase("autoencoder", ("encoder", "decoder"), c.autoencoder_lr, (0.9, 0.99), end=second),
            Phase("generator", ("generator", "look_encoder"), rate, adversarial, begin=second),
            Phase("critic", ("critic",), rate, adversarial, begin=second),
            Phase("decoder", ("decoder",), 0.5 * rate, adversarial, begin=third),
            Phase("picture_critic", ("picture_critic",), 0.5 * rate, adversarial, begin=third),
        )

    # Losses

    def loss(self, phase: str, batch: Batch, random: torch.Generator, step: int) -> dict[str, Tensor]:
        match phase:
            case "autoencoder":
                return self._autoencoder_loss(batch, random)
            case "generator":
                return self._generator_loss(batch, random)
            case "critic":
                judge = _judge(self.critic, batch)
                real, fake = batch["latent"], batch["drawn"]
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
        y, x = self._corner(crop.shape[2] - side, 1, random)
        crop = torch.cat((crop, batch["maps"]), 1)[:, :, y : y + side, x : x + side]
        real = crop[:, :3].contiguous(memory_format=torch.channels_last)
        latent = self.encoder.train()(real)
        latent = latent + self.config.latent_noise * self._normal(latent.shape, random)
        fake = self.decoder(latent, self._grain(len(real), side, random))
        fake_color, real_color = _inner(fake[:, :3]), _inner(real)
        terms = {
            "reconstruction": band_distance(fake_color, real_color, RECONSTRUCT),
            "color": self.config.color_weight * color_distance(fake_color, real_color),
        }
        return terms | self._map_distances(_inner(fake), _inner(crop), batch["present"])

    def _map_distances(self, fake: Tensor, real: Tensor, present: Tensor) -> dict[str, Tensor]:
        found = map_distances(fake, real, present, self.domain.maps)
        return {name: self.config.map_weight * distance for name, distance in found.items()}

    def _generator_loss(self, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        c = self.config
        half = batch["crop"].shape[0] // 2
        with torch.no_grad():
            encode = self.encoder.eval()
            real = encode(batch["crop"])[:, :, 1:-1, 1:-1]
            other = encode(batch["other"][:half])[:, :, 1:-1, 1:-1]
        code = self.look_encoder(other)
        own = read_texton(other, c.texton)
        own_steps = batch["steps"][:half]
        self.looks.remember(batch["material"][:half], code.detach(), own, own_steps)
        noisy = code + c.code_noise * self._normal(code.shape, random)
        look, texton, steps = self.draw_looks(batch["label"][half:], random)
        look, texton, steps = (
            torch.cat((noisy, look)),
            torch.cat((own, texton)),
            torch.cat((own_steps, steps)),
        )
        field = self.draw_field(len(look), batch["crop"].shape[2], random)
        fake = Generator(self.generator, self.decoder).latent(field, look, texton, steps)[:, :, 1:-1, 1:-1]

        batch |= {"latent": real, "drawn": fake.detach(), "field": field}
        batch["look"] = torch.cat((code.detach(), torch.zeros_like(code)))
        batch["known"] = torch.cat((torch.ones_like(code[:, :1]), torch.zeros_like(code[:, :1])))
        drawn, encoded = fake[:half], real[:half]
        patches = (
            patch_distance(drawn, encoded, random)
            + patch_distance(drawn, encoded, random, dilation=2)
            + patch_distance(F.avg_pool2d(drawn, 2), F.avg_pool2d(encoded, 2), random)
        )
        return {
            "adversarial": generator_term(_judge(self.critic, batch), fake, real, c.loss),
            "patches": c.patch_weight * patches,
            "code": c.code_weight * code.square().sum(1).mean(),
        }

    def _decoder_loss(self, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        """Encoded pictures (even places of the batch) and drawn ones (odd places)."""
        n, side = len(batch["crop"]), self.config.window
        cells, half = side // CELL, n // 2
        y, x = self._corner(batch["latent"].shape[2] - cells, 2, random)
        encoded = (torch.arange(n, device=batch["latent"].device) % 2 == 0)[:, None, None, None]
        latent = torch.where(encoded, batch["latent"], batch["drawn"])[:, :, y : y + cells, x : x + cells]
        latent = latent + self.config.latent_noise * encoded * self._normal(latent.shape, random)
        fake = _inner(self.decoder(latent, self._grain(n, side, random)))
        top, left = CELL * (y + 1), CELL * (x + 1)  # the crop has one cell more on each side
        crop = torch.cat((batch["crop"], batch["maps"]), 1)
        real = _inner(crop[:, :, top : top + side, left : left + side])
        maps = self._map_distances(fake[::2], real[::2], batch["present"][::2])
        fake_seen, real_seen = (seen(x, batch["present"], self.domain.maps) for x in (fake, real))
        batch |= {"picture": real_seen, "fake_picture": fake_seen.detach()}
        known_fake, known_real = fake_seen[:half], real_seen[:half]  # the same material
        patches = patch_distance(
            known_fake, known_real, random, count=24, least=0.03, stride=2
        ) + patch_distance(
            F.avg_pool2d(known_fake, 2), F.avg_pool2d(known_real, 2), random, count=48, least=0.03
        )
        return {
            "adversarial": generator_term(
                _judge(self.picture_critic, batch), fake_seen, real_seen, self.config.loss
            ),
            "patches": self.config.picture_patch_weight * patches,
            "kept": self.config.keep_weight * band_distance(fake[::2, :3], real[::2, :3], KEEP),
            "color": self.config.color_weight * color_distance(fake[::2, :3], real[::2, :3]),
            **maps,
        }

    # Draws

    def draw_looks(self, label: Tensor, random: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """label [n] int64 -> codes [n, d], textons and steps as the exported generator draws them."""
        z = self._normal((len(label), self.config.look), random)
        return self.looks(z, F.one_hot(label, len(self.labels)).float(), torch.ones_like(z[:, :1]))

    def draw_field(self, n: int, size: int, random: torch.Generator) -> Tensor:
        cells = size // Generator.STRIDE
        return self._normal((n, field_channels(self.config.layout), cells, cells), random)

    def _grain(self, n: int, side: int, random: torch.Generator) -> list[Tensor]:
        return [self._normal((n, 1, side // k, side // k), random) for k in (8, 4, 2, 1)]

    def _normal(self, shape: tuple[int, ...], random: torch.Generator) -> Tensor:
        return torch.randn(shape, generator=random, device=self.looks.codes.device)

    def _corner(self, room: int, step: int, random: torch.Generator) -> tuple[int, int]:
        places = torch.randint(room // step + 1, (2,), generator=random, device=self.looks.codes.device)
        return tuple(step * p for p in places.tolist())

    # Looking and shipping

    @torch.no_grad()
    def preview(self, seed: int, columns: int = 6, size: int = 128, rows: int = 8) -> np.ndarray | None:
        if not self.looks.seen.any():  # the autoencoder's stage
            return None
        random = torch.Generator(self.looks.codes.device).manual_seed(seed)
        generator = Generator(self.generator, self.decoder)
        sheet = []
        for k in np.linspace(0, len(self.labels) - 1, min(rows, len(self.labels))).astype(int):
            looks = self.draw_looks(torch.full((columns,), int(k), device=self.looks.codes.device), random)
            pictures = generator(self.draw_field(columns, size, random), *looks)[:, :3]
            pixels = ((pictures.float() + 1) * 127.5).round().clamp(0, 255).byte()
            sheet.append(pixels.permute(0, 2, 3, 1).cpu())
        return torch.stack(sheet).numpy()

    def draw(self, count: int, seed: int) -> np.ndarray | None:
        rows = len(self.labels)
        sheet = self.preview(seed, columns=-(-count // rows), rows=rows)
        if sheet is None:
            return None
        pictures = sheet.reshape(-1, *sheet.shape[2:])
        return pictures[np.linspace(0, len(pictures) - 1, count).round().astype(int)]

    def unready(self, step: int) -> str | None:
        if step > self.config.autoencoder_steps:
            return None
        return (
            f"step {step} of the autoencoder's {self.config.autoencoder_steps}: the generator is untrained, "
            "what it draws is noise. Train on."
        )

    def deploy(self) -> Deployment:
        look, cells, k = self.config.look, 4, len(self.labels)
        channels, stride = field_channels(self.config.layout), Generator.STRIDE
        generator = Generator(self.generator, self.decoder)
        module = LabelledGenerator(generator, self.looks, self.domain).float().cpu().eval()
        maps = module.channels()
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
                    "margin": (self.config.texton // 2 + NETWORK_REACH + 1) // 2,
                },
                {"name": "label", "kind": "label", "shape": ["N", k], "labels": list(self.labels)},
                {"name": "psi", "kind": "scalar", "shape": ["N", 1], "min": 0.0, "max": 1.5, "default": 1.0},
            ],
            output={
                "name": "maps",
                "shape": ["N", maps[-1]["channels"][1], f"h*{stride}", f"w*{stride}"],
                "range": [-1.0, 1.0],
            },
            maps=maps,
            tileable=True,
        )


def _inner(picture: Tensor) -> Tensor:
    """Without the outermost cell, which wraps around where the picture does not."""
    return picture[:, :, CELL:-CELL, CELL:-CELL]


def _judge(critic: Critic, batch: Batch) -> Judge:
    """The critic, told what the pictures of the batch should be."""
    return lambda pictures: critic(pictures, batch["label"], batch["look"], batch["known"])
