"""The settings of the `style` family, which fits them together. Standard library only.

After: families/style.py; settings.py prints the strings under the fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import require

LOSSES = ("relativistic", "non-saturating")
AUGMENTS = ("auto", "none", "diffaugment", "adaptive")


@dataclass(frozen=True)
class StyleConfig:
    """Settings of the style family."""

    resolution: int = 128
    """Side of the pictures in pixels: 32, 64, 128, 256 or 512."""
    batch: int = 8
    """Pictures per step."""
    mirror: bool = True
    """Also learn each picture's mirror image; false where left and right matter (letters, light from one side)."""
    z: int = 64
    """Length of the latent z."""
    w: int = 96
    """Length of a style w."""
    mapping_depth: int = 3
    """Layers of the mapping network."""
    patch: int = 2
    """Side in pixels of what a cell of the finest layers draws at once: 1, 2 or 4. Larger is faster and coarser."""
    width: tuple[int, ...] = ()
    """Channels of the generator at 4, 8, ... up to resolution / patch; empty: 128,96,64,48,16 for 128 px, and one
    128 more in front for each doubling."""
    critic_width: tuple[int, ...] = ()
    """Channels of the critic at the same resolutions; empty: 128,96,64,32,16 for 128 px, and so on."""
    loss: str = "relativistic"
    """relativistic (pairs, with R1 and R2) or non-saturating (with R1)."""
    augment: str = "auto"
    """none, diffaugment, adaptive (its strength follows the critic's overfitting), or auto: diffaugment below
    5,000 pictures, adaptive from there on."""
    mixing: float = 0.5
    """Share of the drawn pictures whose coarse and fine layers get styles of different z (same label)."""
    learning_rate: float = 2e-3
    """Learning rate (Adam, equalised)."""
    gamma: float = 0.1
    """Weight of the gradient penalties; about 0.00005 * resolution^2 / batch. Too much and pictures stay soft."""
    penalty_every: int = 16
    """Steps between two penalties (lazy regularisation; the weight is scaled to match)."""
    ema_images: float = 5000.0
    """Half-life of the moving average of the weights, in images."""

    def __post_init__(self):
        levels = (self.resolution // max(self.patch, 1)).bit_length() - 2  # 4, 8, ... resolution / patch
        sizes = f"{levels} numbers for {self.resolution} px in patches of {self.patch}"
        for name, narrow in (("width", (96, 64, 48, 16)), ("critic_width", (96, 64, 32, 16))):
            if not getattr(self, name):
                chosen = ((128,) * levels + narrow)[-levels:] if levels > 0 else ()
                object.__setattr__(self, name, chosen)  # so that a run says what it has
        checks = {
            "resolution": (self.resolution in (32, 64, 128, 256, 512), "32, 64, 128, 256 or 512"),
            "batch": (self.batch >= 2, "at least 2"),
            "patch": (self.patch in (1, 2, 4), "1, 2 or 4"),
            "width": (len(self.width) == levels, sizes),
            "critic_width": (len(self.critic_width) == levels, sizes),
            "loss": (self.loss in LOSSES, f"one of {', '.join(LOSSES)}"),
            "augment": (self.augment in AUGMENTS, f"one of {', '.join(AUGMENTS)}"),
            "mixing": (0 <= self.mixing <= 1, "between 0 and 1"),
        }
        require(self, checks)
