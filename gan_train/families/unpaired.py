"""The `unpaired` family: pictures of one look made into another, learned without pairs. No files, no loop.

Before: domain_sampler.py (crops of both looks). After: export.py (through `deploy`, one file for each direction).

Cycle (Zhu et al. 2017, arXiv 1703.10593): two generators, each with a critic of its own; what one did the other must
undo. Contrastive (Park et al. 2020, arXiv 2007.15651): one generator, whose output must be recognised place by place.
Here a generator draws what is to be added to its input, so it begins with changing nothing; it looks at places, never
at the whole picture (translator.py), so any size works and what tiles stays tiling.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..contrast import Heads, channels, contrast, encoder_features
from ..family import Batch, Deployment, Domain, Family, Phase
from ..image_input import IMAGE_AXES, example_image, image_input, image_output, map_entries
from ..losses import Judge, critic_terms, generator_term, lazy_penalty, patch_distance
from ..networks import Critic
from ..remembered import Examples, Pool, to_bytes
from ..translator import Translator
from .unpaired_config import UnpairedConfig

EXAMPLES = 64  # pictures of all labels together that previews change
COLORS = ("base_color",)


class Strength(nn.Module):
    """What is exported: image [N, 3, h, w] in [-1, 1], strength [N, 1], 0 (the image) to 1 -> changed [N, 3, h, w]."""

    def __init__(self, translator: Translator):
        super().__init__()
        self.translator = translator

    def forward(self, image: Tensor, strength: Tensor) -> Tensor:
        return (image + strength[:, :, None, None] * self.translator(image)).clamp(-1, 1)


class Unpaired(Family):
    """Generators and critics with their losses; translators[i] makes label i look like label 1 - i."""

    ema = ("translators",)
    finetune: ClassVar[dict[str, object]] = {"source": "", "target": ""}  # those of the new dataset

    def __init__(self, config: UnpairedConfig, domain: Domain):
        super().__init__()
        c = self.config = config
        self.labels = domain.labels
        ways = 1 if c.one_way else 2
        self.directions = tuple(f"{self.labels[i]}-to-{self.labels[1 - i]}" for i in range(ways))
        self.translators = nn.ModuleList([Translator(3, 3, c.width, c.depth) for _ in range(ways)])
        self.critics = nn.ModuleList([Critic(3, 1, c.critic_width, fold=2) for _ in range(ways)])
        self.pools = nn.ModuleList([Pool(c.pool, c.crop) for _ in range(ways)])
        self.examples = Examples(2, EXAMPLES // 2, c.crop)
        trained = ("translators",)
        if c.one_way:
            self.heads = Heads(channels(self.translators[0]))
            trained = ("translators", "heads")
        self.phases = (
            Phase("translators", trained, c.learning_rate),
            Phase("critics", ("critics",), c.learning_rate),
        )

    # Losses

    def loss(self, phase: str, batch: Batch, random: torch.Generator, step: int) -> dict[str, Tensor]:
        if phase == "translators":
            self.examples.see(batch["given"], batch["given_label"])
            self.examples.see(batch["picture"], batch["label"])
            return self._translated(batch, random)
        penalty = lazy_penalty(self.config.gamma, self.config.penalty_every, step)
        terms = []
        for i, critic in enumerate(self.critics):
            real, fake = batch[f"real_{i}"], batch[f"fake_{i}"]
            fake, _ = self.pools[i].swap(
                fake, torch.zeros(len(fake), dtype=torch.long, device=fake.device), random
            )
            terms.append(critic_terms(_judge(critic), real, fake, self.config.loss, penalty)[0])
        return _mean(terms)

    def _translated(self, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        """Also puts what the critics compare into the batch: real_i and fake_i for translators[i]."""
        swapped = (batch["given_label"] == 1)[:, None, None, None]
        first = torch.where(swapped, batch["picture"], batch["given"])
        second = torch.where(swapped, batch["given"], batch["picture"])
        sides = ((first, second), (second, first))[: len(self.translators)]
        half, terms, drawn = max(len(first) // 2, 1), [], []
        for i, (given, real) in enumerate(sides):
            both = torch.cat((given, real[:half]))
            changed = self._changed(i, both)
            fake, same = changed[: len(given)], changed[len(given) :]
            batch[f"real_{i}"], batch[f"fake_{i}"] = real, fake.detach()
            drawn.append(fake)
            terms.append(
                {
                    "adversarial": generator_term(_judge(self.critics[i]), fake, real, self.config.loss),
                    "patches": self.config.patch_weight * style_distance(_row(fake), _row(real), random),
                    "identity": self.config.identity_weight * (same - real[:half]).abs().mean(),
                }
            )
            if self.config.one_way:
                ours = encoder_features(self.translators[0], changed)
                theirs = encoder_features(self.translators[0], both)
                terms[i]["contrast"] = self.config.contrast_weight * contrast(
                    self.heads, ours, theirs, random
                )
        if not self.config.one_way:
            for i, (given, _) in enumerate(sides):
                lost = (self._changed(1 - i, drawn[i]) - given).abs().mean()
                terms[i]["cycle"] = self.config.cycle_weight * lost
        return _mean(terms)

    def _changed(self, i: int, pictures: Tensor) -> Tensor:
        return (pictures + self.translators[i](pictures)).clamp(-1, 1)

    # Looking and shipping

    @torch.no_grad()
    def preview(self, seed: int, columns: int = 8) -> np.ndarray | None:
        """Two rows for each direction: what goes in, what comes out."""
        rows = []
        for i in range(len(self.translators)):
            given = self.examples.of(i, columns)
            if len(given) < columns:
                return None
            rows += [given, self._changed(i, given)]
        return to_bytes(torch.stack(rows)).permute(0, 1, 3, 4, 2).cpu().numpy()

    @torch.no_grad()
    def draw(self, count: int, seed: int) -> np.ndarray | None:
        """What comes out alone."""
        ways = len(self.translators)
        given = [one for one in self.examples.some(2 * count, seed) if one[1] < ways][:count]
        if not given:
            return None
        pictures = torch.cat([to_bytes(self._changed(label, one)) for one, label in given])
        return pictures.permute(0, 2, 3, 1).cpu().numpy()

    def deploy(self, direction: str | None = None) -> Deployment:
        i = self.directions.index(direction or self.directions[0])
        source, target = self.labels[i], self.labels[1 - i]
        return picture_deployment(
            Strength(self.translators[i]),
            {},
            [],
            f"{source} made to look like {target}",
            {"source": source, "target": target},
        )


def picture_deployment(
    module: nn.Module, feeds: dict[str, Tensor], inputs: list[dict], summary: str, notes: dict
) -> Deployment:
    """A generator between looks: image, what `inputs` are (fed `feeds`), strength -> base colour of the same size."""
    module = module.float().cpu().eval()
    translator = module.translator
    strength = {
        "name": "strength",
        "kind": "scalar",
        "shape": ["N", 1],
        "min": 0.0,
        "max": 1.0,
        "default": 1.0,
    }
    feeds = {"image": example_image(COLORS), **feeds, "strength": torch.ones(2, 1)}
    return Deployment(
        module=module,
        feeds=feeds,
        dynamic={name: IMAGE_AXES if name == "image" else {0: "N"} for name in feeds},
        inputs=[image_input(COLORS, translator.margin(), translator.multiple_of), *inputs, strength],
        output=image_output(COLORS),
        maps=map_entries(COLORS),
        tileable=True,
        summary=summary,
        notes=notes,
    )


def style_distance(drawn: Tensor, real: Tensor, random: torch.Generator) -> Tensor:
    """`patch_distance` at full, 1/2 and 1/4 resolution, [N, 3, H, W] -> scalar: colours and grain, long before a critic
    knows what to ask for. On a CPU it saves the first hours."""
    total = patch_distance(drawn, real, random, count=24, least=0.1, stride=3)
    for _ in range(2):
        drawn, real = F.avg_pool2d(drawn, 2), F.avg_pool2d(real, 2)
        total = total + patch_distance(drawn, real, random, count=24, least=0.1, stride=2)
    return total / 3


def _row(pictures: Tensor) -> Tensor:
    """[N, 3, H, W] -> [1, 3, N * H, W]: compared as one, since nothing belongs together."""
    return pictures.transpose(0, 1).flatten(1, 2)[None]


def _judge(critic: Critic) -> Judge:
    """The critic's logits; there is one look, so nothing to condition on."""
    return lambda pictures: critic(
        pictures, torch.zeros(len(pictures), dtype=torch.long, device=pictures.device)
    )


def _mean(terms: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Over the directions, term by term."""
    return {name: sum(one[name] for one in terms) / len(terms) for name in terms[0]}
