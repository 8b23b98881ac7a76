"""The `paired` family: some maps of a material to others, learned from pairs. No files, no loop.

Before: aligned_sampler.py (aligned crops). After: export.py.

pix2pix (Isola et al. 2017, arXiv 1611.07004): the distance from the real maps, and a critic of patches that sees what
went in beside what came out; features of that critic are matched too (Wang et al. 2018, arXiv 1711.11585). A map that
a material lacks has no distance, and the critic sees it of neither picture.

Where a height comes out, the normals are its slopes, so the two always belong together; the critic sees the normals,
which is what the light shows. What has a natural beginning (the colour of a luminance) is drawn as a difference to it.

A position that goes in is told in sine waves too (Fourier features, Tancik et al. 2020, arXiv 2006.10739): from a ramp
alone convolutions draw nothing finer than the ramp. So a pattern can stay where it is in space, on both sides of a seam
between UV islands.
"""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..family import Batch, Deployment, Domain, Family, Phase
from ..image_input import IMAGE_AXES, example_image, image_input, image_output, map_entries
from ..input_maps import CHANNELS, channels
from ..losses import band_distance, critic_terms, generator_term, patch_distance
from ..patch_critic import PatchCritic, feature_distance
from ..relief import normal_of_height
from ..shown_pairs import ShownPairs, pixels_of, rows_of
from ..translator import Translator
from .paired_config import PairedConfig

EDGE = 16  # outermost pixels of a crop, whose surroundings are wrong
# Weights of the octaves of a map, finest first, and the power below which their errors count less and less. Most of a
# height's power is above it in few materials: what a picture cannot tell for sure, whether a surface is flat, would
# otherwise cost so much on those that are that everything was drawn flat (10.9 degrees off after 5,500 steps, as far
# as a normal map of one colour).
BANDS = {
    "height": ((0.3, 1.0, 1.0, 1.0, 1.0, 0.5), 1e-2),  # a pixel is 1/8
    "roughness": ((1.0, 2.0, 2.0, 2.0, 2.0, 2.0), 3e-2),
}
PER_OCTAVE = 4  # waves of a position
LEAST = 0.03  # contrast of a picture below which its patches count less and less
# What a map counts for beside the others: slopes are small numbers, most of them next to 0.
MAP_WEIGHTS = {"normal": 6.0, "height": 3.0}
BEGINS = {
    "base_color": ("base_color", "input", "luminance")
}  # output -> inputs that it is drawn as a difference to


class PairedGenerator(nn.Module):
    """What is exported: image [N, A, h, w] in [-1, 1] -> maps [N, B, h, w] likewise; normals are unit vectors."""

    def __init__(
        self, network: Translator, inputs: tuple[str, ...], outputs: tuple[str, ...], waves: int = 0
    ):
        super().__init__()
        self.network, self.inputs, self.outputs, self.waves = network, inputs, outputs, waves

    def forward(self, image: Tensor) -> Tensor:
        return torch.cat(list(self.free(image).values()), 1).clamp(-1, 1)

    def free(self, image: Tensor) -> dict[str, Tensor]:
        """Each output by name, in their order; colours are not bounded, so that every error has a gradient."""
        given, made = split(image.float(), self.inputs), {}
        drawn = self.network(torch.cat([image, *(x.to(image) for x in waves_of(given, self.waves))], 1))
        for name, x in split(drawn, self.outputs, drawn_channels(self.outputs)).items():
            begin = next((given[other] for other in BEGINS.get(name, ()) if other in given), None)
            if name == "normal":
                made[name] = None if "height" in self.outputs else _unit(x)
            elif begin is not None:
                made[name] = begin + x
            else:
                made[name] = torch.tanh(x)
        if "normal" in made and made["normal"] is None:
            made["normal"] = normal_of_height(made["height"])
        return made


class Paired(Family):
    """The network, its critic and the losses."""

    ema = ("network",)
    finetune = {"warmup_steps": 0}
    compiles = ("network",)

    def __init__(self, config: PairedConfig, domain: Domain):
        super().__init__()
        c = self.config = config
        self.domain, self.inputs, self.outputs = domain, c.inputs, c.outputs
        a, b = channels(c.inputs), channels(c.outputs)
        more = 2 * PER_OCTAVE * c.waves if "position" in c.inputs else 0
        self.network = Translator(a + more, sum(drawn_channels(c.outputs)), c.width, c.depth)
        first = CHANNELS[c.outputs[0]]
        self.shown = ShownPairs(a, first, c.crop, multiple=self.network.multiple_of)
        critics = c.adversarial_weight > 0
        begin = c.warmup_steps if critics else None
        self.phases = ()
        if begin is None or begin > 0:
            self.phases += (Phase("warmup", ("network",), c.warmup_lr, (0.9, 0.99), end=begin),)
        if critics:
            self.critic = PatchCritic(a + b, c.critic_width)
            self.phases += (
                Phase("generator", ("network",), c.learning_rate, (0.9, 0.99), begin=begin),
                Phase("critic", ("critic",), c.critic_lr, (0.5, 0.99), begin=begin),
            )

    def loss(self, phase: str, batch: Batch, random: torch.Generator, step: int) -> dict[str, Tensor]:
        if phase == "critic":
            return critic_terms(self._judge, batch["real"], batch["fake"], self.config.loss, 0.0)[0]
        maps = split(batch["picture"], self.domain.maps)
        image = torch.cat([maps[name] for name in self.inputs], 1)
        present = {name: batch["present"][:, i] for i, name in enumerate(self.domain.maps)}
        self.shown.keep(image, maps[self.outputs[0]])
        made = self._generator().free(image)
        terms = {}
        for name in self.outputs:
            if (has := present[name]).any():
                distance = map_distance(name, _inner(made[name])[has], _inner(maps[name])[has])
                terms[name] = self.config.map_weight * has.float().mean() * distance
        first = self.outputs[0]
        if self.config.patch_weight and (has := present[first]).any():
            patches = grain_distance(_inner(made[first])[has], _inner(maps[first])[has], random)
            terms["patches"] = self.config.patch_weight * has.float().mean() * patches
        if phase == "warmup":
            return terms
        fake, real = (self._seen(image, x, present) for x in (made, maps))
        batch |= {"real": real, "fake": fake.detach()}
        _, features = feature_distance(self.critic, fake, real)
        adversarial = generator_term(self._judge, fake, real, self.config.loss)
        return terms | {
            "adversarial": self.config.adversarial_weight * adversarial,
            "features": self.config.feature_weight * features,
        }

    def _seen(self, image: Tensor, maps: dict[str, Tensor], present: dict[str, Tensor]) -> Tensor:
        """What the critic sees: what goes in, then the maps, without those that the real picture lacks."""
        parts = [image]
        for name in self.outputs:
            x = maps[name]
            if name == "height" and "normal" in self.outputs:
                x = torch.zeros_like(x)  # a height is told by its slopes: its level means nothing
            parts.append(x * present[name][:, None, None, None])
        return _inner(torch.cat(parts, 1)).contiguous(memory_format=torch.channels_last)

    def _generator(self) -> PairedGenerator:
        return PairedGenerator(self.network, self.inputs, self.outputs, self.config.waves)

    def _judge(self, x: Tensor) -> Tensor:
        return self.critic(x)[0]

    # Looking and shipping

    @torch.no_grad()
    def preview(self, seed: int, count: int = 8) -> np.ndarray | None:
        inputs, targets = self.shown.some(count, seed)
        if not len(inputs):
            return None
        return rows_of(inputs, self._first(inputs), targets)

    @torch.no_grad()
    def draw(self, count: int, seed: int) -> np.ndarray | None:
        inputs, _ = self.shown.some(count, seed)
        if len(inputs) < count:
            return None
        return np.concatenate([pixels_of(self._first(x)) for x in inputs.split(8)])

    def _first(self, image: Tensor) -> Tensor:
        """The first of the outputs."""
        made = self._generator()(image)
        return made[:, : CHANNELS[self.outputs[0]]]

    def deploy(self) -> Deployment:
        module = self._generator().float().cpu().eval()
        margin = self.network.margin(beyond=int({"normal", "height"} <= {*self.outputs}))
        return Deployment(
            module=module,
            feeds={"image": example_image(self.inputs)},
            dynamic={"image": IMAGE_AXES},
            inputs=[image_input(self.inputs, margin, self.network.multiple_of)],
            output=image_output(self.outputs),
            maps=map_entries(self.outputs),
            tileable=True,
        )


def split(x: Tensor, names: tuple[str, ...], sizes: list[int] | None = None) -> dict[str, Tensor]:
    """[N, C, H, W] -> each map by name."""
    return dict(zip(names, torch.split(x, sizes or [CHANNELS[name] for name in names], dim=1), strict=True))


def waves_of(given: dict[str, Tensor], octaves: int) -> list[Tensor]:
    """Sines and cosines of a position [N, 3, H, W] in [-1, 1], if one is given.

    PER_OCTAVE waves in each octave, the first as long as the bounding cube, in directions that fill the sphere (the R2
    sequence): of waves along the axes it weaves.
    """
    if "position" not in given or not octaves:
        return []
    x, y, z = given["position"].split(1, 1)
    number = torch.arange(PER_OCTAVE * octaves, dtype=torch.float64)[:, None, None]
    level, turn = (number * 0.7548776662466927) % 1 * 2 - 1, (number * 0.5698402909980532) % 1 * 2 * math.pi
    rate, wide = math.pi * 2 ** (number / PER_OCTAVE), (1 - level**2).sqrt()
    along = (one.to(x) for one in (rate * wide * turn.cos(), rate * wide * turn.sin(), rate * level))
    angles = sum(place * one for place, one in zip((x, y, z), along, strict=True))
    return [angles.sin(), angles.cos()]


def drawn_channels(outputs: tuple[str, ...]) -> list[int]:
    """Channels that the network draws of each output: two slopes of a normal, or none where a height has them."""
    slopes = 0 if "height" in outputs else 2
    return [slopes if name == "normal" else CHANNELS[name] for name in outputs]


def map_distance(name: str, fake: Tensor, real: Tensor) -> Tensor:
    """[n, C, H, W] twice -> scalar: absolute differences, and for heights and roughness those of each octave.

    Of a height only the octaves, relative to their power: its normals have the say on what is fine.
    """
    found = (fake - real).abs().mean() if name != "height" else 0.0
    if name in BANDS:
        bands, faint = BANDS[name]
        found = found + 0.1 * band_distance(fake, real, bands, faint)
    return MAP_WEIGHTS.get(name, 1.0) * found


def grain_distance(fake: Tensor, real: Tensor, random: torch.Generator) -> Tensor:
    """[n, C, H, W] twice -> scalar: of the patches of both, wherever they stand, at full and at half size."""
    found = [(fake, real), (F.avg_pool2d(fake, 2), F.avg_pool2d(real, 2))]
    return sum(patch_distance(*one, random, count=24, least=LEAST, stride=2) for one in found) / 2


def _inner(x: Tensor) -> Tensor:
    return x[:, :, EDGE:-EDGE, EDGE:-EDGE]


def _unit(slopes: Tensor) -> Tensor:
    """[N, 2, H, W] -> normals [N, 3, H, W] of length 1."""
    return F.normalize(torch.cat((slopes, torch.ones_like(slopes[:, :1])), 1), dim=1)
