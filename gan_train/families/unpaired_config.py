"""The settings of the `unpaired` family, which fits them together. Standard library only.

After: families/unpaired.py; settings.py prints the strings under the fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConfigError
from ..settings import require
from .style_config import LOSSES

VARIANTS = ("cycle", "contrastive")


@dataclass(frozen=True)
class UnpairedConfig:
    """Settings of the unpaired family."""

    source: str = ""
    """Label of the pictures to change; empty: the first of the two labels of the dataset."""
    target: str = ""
    """Label of what they are to look like; empty: the other label."""
    variant: str = "cycle"
    """cycle: two generators, one for each direction, each undoing the other; contrastive: one generator, from source
    to target, in half the memory and a third of the time."""
    crop: int = 128
    """Side of the crops in pixels; a multiple of 16."""
    zoom: float = 1.25
    """Crops show up to so many times as much of a picture, made smaller."""
    mirror: bool = True
    """Also learn pictures mirrored left to right; false where that matters (letters)."""
    flip: bool = True
    """Also learn pictures upside down; false for photos and paintings, where up is up."""
    batch: int = 4
    """Pictures of each look per step."""
    width: tuple[int, ...] = (12, 32, 72)
    """Channels of a generator at full, 1/2 and 1/4 resolution."""
    depth: int = 5
    """Residual blocks at its lowest resolution."""
    critic_width: tuple[int, ...] = (48, 80, 128)
    """Channels of a critic at 1/2, 1/4 and 1/8 resolution."""
    loss: str = "relativistic"
    """relativistic (pairs, with R1 and R2) or non-saturating (with R1)."""
    cycle_weight: float = 4.0
    """Weight of what is lost there and back (cycle)."""
    identity_weight: float = 1.0
    """Weight of what changes in pictures that look like the target already."""
    contrast_weight: float = 1.0
    """Weight of recognising each place of the input in the output (contrastive)."""
    patch_weight: float = 1.0
    """Weight of the distance between the patches of what is drawn and of examples, wherever they stand."""
    pool: int = 32
    """Earlier drawn pictures that the critics are shown again; 0: none."""
    learning_rate: float = 2e-3
    """Learning rate (Adam, equalised)."""
    gamma: float = 1.0
    """Weight of the gradient penalties."""
    penalty_every: int = 16
    """Steps between two penalties (lazy regularisation; the weight is scaled to match)."""
    ema_images: float = 2000.0
    """Half-life of the moving average of the weights, in images."""

    def __post_init__(self):
        checks = {
            "variant": (self.variant in VARIANTS, f"one of {', '.join(VARIANTS)}"),
            "loss": (self.loss in LOSSES, f"one of {', '.join(LOSSES)}"),
            "pool": (self.pool >= 0, "at least 0"),
            **picture_checks(self),
        }
        require(self, checks)

    @property
    def one_way(self) -> bool:
        """Only from source to target."""
        return self.variant == "contrastive"

    def wanted(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """(source, target) of a dataset with `labels`; ConfigError where that is not clear."""
        named = [label for label in (self.source, self.target) if label]
        others = [label for label in labels if label not in named]
        there = f"There are: {', '.join(labels)}."
        if len(named) < 2 and len(others) != 2 - len(named):
            unnamed = "source" if not self.source else "target"
            raise ConfigError(
                f"{unnamed}: the dataset has {len(labels)} labels. Say which with --set {unnamed}=LABEL. {there}"
            )
        source, target = (label or others.pop(0) for label in (self.source, self.target))
        if source == target:
            raise ConfigError(f"target={target}: must be another label than the source. {there}")
        return source, target


def picture_checks(config) -> dict:
    """Of what all families between looks set: name -> (whether it is fine, what it must be)."""
    multiple = max(16, 2 ** (len(config.width) - 1))
    return {
        "crop": (config.crop >= 32 and config.crop % multiple == 0, f"a multiple of {multiple}, at least 32"),
        "zoom": (1 <= config.zoom <= 4, "from 1 to 4"),
        "batch": (config.batch >= 2, "at least 2"),
        "width": (len(config.width) >= 2, "at least 2 numbers"),
        "critic_width": (len(config.critic_width) >= 2, "at least 2 numbers"),
        "depth": (config.depth >= 1, "at least 1"),
    }
