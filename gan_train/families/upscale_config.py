"""The settings of the `upscale` family, which fits them together. Standard library only.

After: families/upscale.py; settings.py prints the strings under the fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..input_maps import CARD_MAPS
from ..settings import require


@dataclass(frozen=True)
class UpscaleConfig:
    """Settings of the upscale family."""

    scale: int = 4
    """How many times larger: 2 or 4."""
    variant: str = "adversarial"
    """psnr: as near as can be, smooth; adversarial: with the grain of real ones, invented where it is lost."""
    maps: tuple[str, ...] = ("base_color",)
    """Maps that are enlarged together, of those that the dataset has: base_color, normal, roughness, height ..."""
    crop: int = 192
    """Side of the large training crops in pixels, a multiple of 8 * scale."""
    turn: bool = field(default=True, metadata={"before": False})
    """Also learn pictures upside down and turned by quarter turns; false where up is up."""
    batch: int = 4
    """Crops per step."""
    warmup_steps: int = 8000
    """Steps without the critic, for the variant adversarial."""
    width: int = 48
    """Channels at the size of the input."""
    depth: int = 8
    """Residual blocks."""
    grow: tuple[int, ...] = (24, 12)
    """Channels at twice and four times the size: one number for each doubling."""
    critic_width: tuple[int, ...] = (24, 48, 64, 96)
    """Channels of the critic at full, 1/2, 1/4 and 1/8 resolution."""
    content_lr: float = 2e-3
    """Learning rate of the warm-up, and of all of the variant psnr (Adam, equalised)."""
    learning_rate: float = 5e-4
    """Learning rate of the generator beside the critic (Adam, equalised)."""
    critic_lr: float = 2e-4
    """Learning rate of the critic (Adam)."""
    loss: str = "relativistic"
    """relativistic (each pixel against the same pixel of the real picture) or non-saturating."""
    content_weight: float = 1.0
    """Weight of the difference, everywhere: absolute, or of the variant psnr its squares as a logarithm."""
    adversarial_weight: float = 0.02
    """Weight of the critic."""
    feature_weight: float = 0.05
    """Weight of the distance between the critic's features of both."""
    patch_weight: float = 0.05
    """Weight of the distance between the patches of both, blind to where they stand."""
    clean: float = 0.5
    """Share of the small pictures that are only shrunk."""
    blur: float = 0.8
    """Most blur of the others before shrinking: deviation in pixels of the large picture."""
    noise: float = 4.0
    """Most noise of the others: deviation, of 255."""
    jpeg: float = 70.0
    """Lowest JPEG quality of the others; 100 is no JPEG."""
    ema_images: float = 3000.0
    """Half-life of the moving average of the weights, in images."""

    zoom, tint = 1.0, 0.0  # the small picture is what belongs to the large one

    @property
    def needed(self) -> tuple[str, ...]:
        """Maps without which a material is left out."""
        return ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """Maps of which a material must have one."""
        return self.maps

    def __post_init__(self):
        checks = {
            "scale": (self.scale in (2, 4), "2 or 4"),
            "batch": (self.batch >= 1, "at least 1"),
            "variant": (self.variant in ("adversarial", "psnr"), "adversarial or psnr"),
            "maps": (bool(self.maps) and set(self.maps) <= set(CARD_MAPS), f"of {', '.join(CARD_MAPS)}"),
            "crop": (
                self.crop % (8 * self.scale) == 0 and self.crop >= 64,
                "a multiple of 8 * scale, from 64 up",
            ),
            "grow": (2 ** len(self.grow) == self.scale, "one number for each doubling"),
            "loss": (self.loss in ("relativistic", "non-saturating"), "relativistic or non-saturating"),
            "jpeg": (30 <= self.jpeg <= 100, "30 to 100"),
            "clean": (0 <= self.clean <= 1, "0 to 1"),
        }
        require(self, checks)
