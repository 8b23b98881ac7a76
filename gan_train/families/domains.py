"""The `domains` family: one generator between many looks, the wanted one by label. No files, no loop.

Before: domain_sampler.py (crops of unlike looks). After: export.py (through `deploy`).

After StarGAN (Choi et al. 2018, arXiv 1711.09020): the critic says how real a picture of a label looks, and names the
label; what was changed must come back when its own label is asked for. Here the label modulates the generator's
blocks (it may be a mixture), and what they draw is added to the picture, times a strength: 0 leaves it as it is.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..family import Batch, Deployment, Domain, Family, Phase
from ..layers import Linear, leaky
from ..losses import critic_terms, generator_term, lazy_penalty
from ..networks import Critic
from ..remembered import Examples, Pool, to_bytes
from ..translator import Translator
from .domains_config import DomainsConfig
from .unpaired import EXAMPLES, picture_deployment, style_distance


class Look(nn.Module):
    """Label [N, K], rows sum to 1 -> what modulates the blocks, [N, D]."""

    def __init__(self, labels: int, length: int):
        super().__init__()
        self.by_label, self.out = Linear(labels, length, gain=labels**0.5), Linear(length, length)

    def forward(self, label: Tensor) -> Tensor:
        return leaky(self.out(leaky(self.by_label(label))))


class LabelCritic(Critic):
    """A critic that also names the label: pictures, label [N] -> logits [N], and [N, K]."""

    def __init__(self, channels: int, labels: int, width: tuple[int, ...], fold: int = 1):
        super().__init__(channels, labels, width, fold)
        self.names = Linear(width[-1], labels)

    def both(self, x: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        seen = self.look(x)
        return self.judge(seen, label), self.names(seen.float().mean((2, 3)))


class ToLabel(nn.Module):
    """What is exported: image [N, 3, h, w] in [-1, 1], label [N, K], strength [N, 1] -> changed [N, 3, h, w]."""

    def __init__(self, translator: Translator, look: Look):
        super().__init__()
        self.translator, self.look = translator, look

    def forward(self, image: Tensor, label: Tensor, strength: Tensor) -> Tensor:
        drawn = self.translator(image, self.look(label))
        return (image + strength[:, :, None, None] * drawn).clamp(-1, 1)


class Domains(Family):
    """Generator and critic with their losses."""

    ema = ("translator", "look")
    finetune: ClassVar[dict[str, object]] = {"labels": ()}  # those of the new dataset
    compiles = ("translator",)

    def __init__(self, config: DomainsConfig, domain: Domain):
        super().__init__()
        c = self.config = config
        self.labels, k = domain.labels, len(domain.labels)
        self.look = Look(k, c.look)
        self.translator = Translator(3, 3, c.width, c.depth, look=c.look)
        self.critic = LabelCritic(3, k, c.critic_width, fold=2)
        self.pool = Pool(c.pool, c.crop)
        self.examples = Examples(k, max(EXAMPLES // k, 2), c.crop)
        self.phases = (
            Phase("translator", ("translator", "look"), c.learning_rate),
            Phase("critic", ("critic",), c.learning_rate),
        )

    # Losses

    def loss(self, phase: str, batch: Batch, random: torch.Generator, step: int) -> dict[str, Tensor]:
        if phase == "translator":
            self.examples.see(batch["given"], batch["given_label"])
            self.examples.see(batch["picture"], batch["label"])
            return self._translated(batch, random)
        penalty = lazy_penalty(self.config.gamma, self.config.penalty_every, step)
        return self._criticised(batch, random, penalty)

    def _translated(self, batch: Batch, random: torch.Generator) -> dict[str, Tensor]:
        c, given, label, own = self.config, batch["given"], batch["label"], batch["given_label"]
        half = max(len(given) // 2, 1)
        changed = self._changed(torch.cat((given, given[:half])), torch.cat((label, own[:half])))
        fake, same = changed[: len(given)], changed[len(given) :]
        batch["fake"] = fake.detach()
        named: list[Tensor] = []

        def judge(pictures: Tensor) -> Tensor:
            logits, names = self.critic.both(pictures, label)
            named.append(names)
            return logits

        adversarial = generator_term(judge, fake, batch["picture"], c.loss)
        return {
            "adversarial": adversarial,
            "label": c.label_weight * F.cross_entropy(named[0], label),
            "patches": c.patch_weight * style_distance(fake, batch["picture"], random),
            "cycle": c.cycle_weight * (self._changed(fake, own) - given).abs().mean(),
            "identity": c.identity_weight * (same - given[:half]).abs().mean(),
        }

    def _criticised(self, batch: Batch, random: torch.Generator, penalty: float) -> dict[str, Tensor]:
        fake, shown = self.pool.swap(batch["fake"], batch["label"], random)
        labels, named = [batch["label"], shown], []

        def judge(pictures: Tensor) -> Tensor:
            """Called with the real pictures, then with the drawn ones."""
            logits, names = self.critic.both(pictures, labels[len(named)])
            named.append(names)
            return logits

        terms, _, _ = critic_terms(judge, batch["picture"], fake, self.config.loss, penalty)
        return terms | {"label": self.config.label_weight * F.cross_entropy(named[0], batch["label"])}

    def _changed(self, pictures: Tensor, label: Tensor) -> Tensor:
        look = self.look(F.one_hot(label, len(self.labels)).float())
        return (pictures + self.translator(pictures, look)).clamp(-1, 1)

    # Looking and shipping

    @torch.no_grad()
    def preview(self, seed: int, rows: int = 6, columns: int = 8) -> np.ndarray | None:
        """A row for each of some labels: an example, and what it becomes for each of some labels."""
        k, device = len(self.labels), self.examples.count.device
        if not bool((self.examples.count > 0).all()):
            return None
        sheet = []
        targets = np.linspace(0, k - 1, min(columns, k)).round().astype(int).tolist()
        for i in np.linspace(0, k - 1, min(rows, k)).round().astype(int).tolist():
            given = self.examples.of(i, 1)
            asked = torch.tensor(targets, device=device)
            sheet.append(torch.cat((given, self._changed(given.expand(len(targets), -1, -1, -1), asked))))
        return to_bytes(torch.stack(sheet)).permute(0, 1, 3, 4, 2).cpu().numpy()

    @torch.no_grad()
    def draw(self, count: int, seed: int) -> np.ndarray | None:
        """Each example as one of the other labels, in turn."""
        k, found = len(self.labels), []
        for number, (given, label) in enumerate(self.examples.some(count, seed)):
            wanted = (label + 1 + number // k % (k - 1)) % k
            found.append(to_bytes(self._changed(given, torch.tensor([wanted], device=given.device))))
        return torch.cat(found).permute(0, 2, 3, 1).cpu().numpy() if found else None

    def deploy(self) -> Deployment:
        k = len(self.labels)
        label = {"name": "label", "kind": "label", "shape": ["N", k], "labels": list(self.labels)}
        return picture_deployment(
            ToLabel(self.translator, self.look),
            {"label": torch.eye(k)[torch.arange(2) % k]},
            [label],
            f"made to look like {', '.join(self.labels)}"[:200],
            {},
        )
