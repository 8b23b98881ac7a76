"""The settings of the `domains` family, which fits them together. Standard library only.

After: families/domains.py; settings.py prints the strings under the fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import require
from .style_config import LOSSES
from .unpaired_config import picture_checks


@dataclass(frozen=True)
class DomainsConfig:
    """Settings of the domains family."""

    labels: tuple[str, ...] = ()
    """Labels to learn, at least two; empty: all of the dataset."""
    crop: int = 128
    """Side of the crops in pixels; a multiple of 16."""
    zoom: float = 1.25
    """Crops show up to so many times as much of a picture, made smaller."""
    mirror: bool = True
    """Also learn pictures mirrored left to right; false where that matters (letters)."""
    flip: bool = True
    """Also learn pictures upside down; false for photos and paintings, where up is up."""
    batch: int = 6
    """Pictures to change per step, and as many examples of what they are to look like."""
    width: tuple[int, ...] = (12, 32, 96)
    """Channels of the generator at full, 1/2 and 1/4 resolution."""
    depth: int = 6
    """Residual blocks at its lowest resolution."""
    look: int = 64
    """Length of the vector that a label becomes and that the blocks are modulated with."""
    critic_width: tuple[int, ...] = (48, 80, 128)
    """Channels of the critic at 1/2, 1/4 and 1/8 resolution."""
    loss: str = "relativistic"
    """relativistic (pairs, with R1 and R2) or non-saturating (with R1)."""
    cycle_weight: float = 4.0
    """Weight of what is lost there and back."""
    identity_weight: float = 1.0
    """Weight of what changes in pictures that are asked to be what they are."""
    label_weight: float = 0.5
    """Weight of the critic's naming the label of a picture."""
    patch_weight: float = 0.5
    """Weight of the distance between the patches of what is drawn and of examples, wherever they stand."""
    pool: int = 64
    """Earlier drawn pictures that the critic is shown again; 0: none."""
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
            "loss": (self.loss in LOSSES, f"one of {', '.join(LOSSES)}"),
            "pool": (self.pool >= 0, "at least 0"),
            "look": (self.look >= 1, "at least 1"),
            "labels": (len(set(self.labels)) != 1, "at least two labels, or none for all of the dataset"),
            **picture_checks(self),
        }
        require(self, checks)

    one_way = False

    def wanted(self, labels: tuple[str, ...]) -> tuple[str, ...]:
        """The labels that are learned, of a dataset with `labels`."""
        return tuple(dict.fromkeys(self.labels)) or labels
