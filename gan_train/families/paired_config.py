"""The settings of the `paired` family, which fits them together. Standard library only.

After: families/paired.py; settings.py prints the strings under the fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..input_maps import CARD_MAPS, CHANNELS
from ..settings import require


@dataclass(frozen=True)
class PairedConfig:
    """Settings of the paired family."""

    inputs: tuple[str, ...] = ("base_color",)
    """Maps that go in; every material must have them. `input`: the pictures of prepare --pairs input=DIR."""
    outputs: tuple[str, ...] = ("normal", "height", "roughness")
    """Maps that come out; a material that lacks one teaches the others. Beside a height, normals are its slopes."""
    crop: int = 192
    """Side of the training crops in pixels, a multiple of 16."""
    turn: bool = field(default=True, metadata={"before": False})
    """Also learn pictures upside down and turned by quarter turns; false where up is up."""
    zoom: float = field(default=1.5, metadata={"before": 1.0})
    """Crops show up to so many times as much of a picture, made smaller."""
    tint: float = field(default=0.3, metadata={"before": 0.0})
    """How much exposure, contrast and tint of a base colour that goes in vary (logarithms); 0: not at all."""
    batch: int = 4
    """Crops per step."""
    width: tuple[int, ...] = (16, 32, 64, 112)
    """Channels at full, 1/2, 1/4 and 1/8 resolution; more or fewer numbers: further down or less far."""
    depth: int = 4
    """Residual blocks at the lowest resolution."""
    waves: int = field(default=5, metadata={"before": 0})
    """Octaves of sine waves, the first as long as the bounding cube, that a position is told in too; 0: none."""
    warmup_steps: int = 2000
    """Steps without the critic."""
    critic_width: tuple[int, ...] = (24, 48, 64, 96)
    """Channels of the critic at full, 1/2, 1/4 and 1/8 resolution; a logit for each place of the last."""
    warmup_lr: float = 2e-3
    """Learning rate of the warm-up (Adam, equalised)."""
    learning_rate: float = 1e-3
    """Learning rate of the generator beside the critic (Adam, equalised)."""
    critic_lr: float = 2e-4
    """Learning rate of the critic (Adam)."""
    loss: str = "relativistic"
    """relativistic (each patch against the same patch of the real picture) or non-saturating."""
    map_weight: float = 1.0
    """Weight of the distance of each map from the real one."""
    patch_weight: float = field(default=0.0, metadata={"before": 0.0})
    """Weight of the distance between patches of the first output and of the real one, blind to where they stand."""
    adversarial_weight: float = 0.02
    """Weight of the critic; 0 trains without one."""
    feature_weight: float = 0.1
    """Weight of the distance between the critic's features of both."""
    ema_images: float = 3000.0
    """Half-life of the moving average of the weights, in images."""

    @property
    def needed(self) -> tuple[str, ...]:
        """Maps without which a material is left out."""
        return self.inputs

    @property
    def wanted(self) -> tuple[str, ...]:
        """Maps of which a material must have one."""
        return self.outputs

    def __post_init__(self):
        both = set(self.inputs) & set(self.outputs)
        checks = {
            "inputs": (
                bool(self.inputs)
                and set(self.inputs) <= set(CHANNELS)
                and not {"input", "base_color"} <= {*self.inputs},
                f"of {', '.join(CHANNELS)}, and one of input and base_color",
            ),
            "outputs": (
                bool(self.outputs) and set(self.outputs) <= set(CARD_MAPS) and not both,
                f"of {', '.join(CARD_MAPS)}, and none that goes in",
            ),
            "crop": (self.crop % 16 == 0 and self.crop >= 64, "a multiple of 16, from 64 up"),
            "zoom": (1 <= self.zoom <= 4, "1 to 4"),
            "tint": (0 <= self.tint <= 1, "0 to 1"),
            "waves": (0 <= self.waves <= 7, "0 to 7"),
            "batch": (self.batch >= 1, "at least 1"),
            "loss": (self.loss in ("relativistic", "non-saturating"), "relativistic or non-saturating"),
        }
        require(self, checks)
