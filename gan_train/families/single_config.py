"""The settings of the `single` family, which fits them together. Standard library only.

After: families/single.py; settings.py prints the strings under the fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import require


@dataclass(frozen=True)
class SingleConfig:
    """Settings of the single family."""

    steps: int = 400
    """Steps of a run for which neither --steps nor --minutes is said."""
    photo: int = 512
    """Short side in pixels to which larger photos are brought, at least 128."""
    crop: int = 96
    """Side of the pieces that the critic compares, in pixels, at least 32; a multiple of 16."""
    batch: int = 8
    """Pieces per step."""
    rounds: int = 3
    """How often the pieces of the photo compare places with what others propose; each takes time in every picture."""
    width: int = 64
    """Channels of the network that heals seams."""
    depth: int = 4
    """Layers of it between the first and the last."""
    critic_width: tuple[int, ...] = (48, 96, 128)
    """Channels of the critic at 1/2, 1/4 and 1/8 resolution."""
    learning_rate: float = 2e-3
    """Learning rate (Adam, equalised)."""
    gamma: float = 0.1
    """Weight of the gradient penalties R1 and R2."""
    penalty_every: int = 16
    """Steps between two penalties (lazy regularisation; the weight is scaled to match)."""
    keep_weight: float = 4.0
    """Weight of the distance to the unhealed picture, compared without its finest octaves."""
    ema_images: float = 1000.0
    """Half-life of the moving average of the weights, in images."""

    def __post_init__(self):
        checks = {
            "steps": (self.steps >= 1, "at least 1"),
            "photo": (self.photo >= 128, "at least 128"),
            "crop": (self.crop % 16 == 0 and self.crop >= 32, "a multiple of 16, at least 32"),
            "batch": (self.batch >= 1, "at least 1"),
            "rounds": (self.rounds >= 1, "at least 1"),
        }
        require(self, checks)
