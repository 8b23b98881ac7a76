"""The settings of the `texture` family, which fits them together. Standard library only.

After: families/texture.py; settings.py prints the strings under the fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ConfigError


@dataclass(frozen=True)
class TextureConfig:
    """Settings of the texture family."""

    crop: int = 256
    """Side of the training crops in pixels, at least 128; a multiple of 32."""
    batch: int = 8
    """Pictures per step, even: half from encoded crops, half from blends of their label's codes."""
    window: int = 160
    """Side of the windows that autoencoder and decoder train on, in pixels, 64 to crop - 32; a multiple of 16."""
    autoencoder_steps: int = 5600
    """Steps of the first stage."""
    latent_steps: int = 1800
    """Steps of the second stage; the third lasts as long as training does."""
    channels: int = 24
    """Channels of the latent map at 1/16 resolution."""
    texton: int = 14
    """Side of the pieces of a material that the generator scatters, in latent cells, at most crop / 16 - 2."""
    look: int = 64
    """Length of the look code."""
    layout: int = 16
    """Channels of the field that carry layout."""
    encoder_width: tuple[int, ...] = (48, 96, 128)
    """Channels of the encoder at 1/4, 1/8 and 1/16 resolution."""
    decoder_width: tuple[int, ...] = (128, 96, 64, 16, 12)
    """Channels of the decoder at 1/16, 1/8, 1/4, 1/2 and full resolution."""
    generator_width: int = 160
    """Channels of the latent generator."""
    critic_width: tuple[int, ...] = (128, 160, 192)
    """Channels of the critic of latent maps at 1/16, 1/32 and 1/64 resolution."""
    picture_critic_width: tuple[int, ...] = (24, 48, 96, 128)
    """Channels of the critic of pictures, from half resolution down."""
    autoencoder_lr: float = 5e-3
    """Learning rate of the first stage (Adam, equalised)."""
    learning_rate: float = 2e-3
    """Learning rate of the second stage (Adam, equalised); the third has half of it."""
    loss: str = "relativistic"
    """relativistic (pairs, with R1 and R2) or non-saturating (with R1)."""
    gamma: float = 0.1
    """Weight of the gradient penalties."""
    penalty_every: int = 16
    """Steps between two penalties (lazy regularisation; the weight is scaled to match)."""
    patch_weight: float = 4.0
    """Weight of the distance between the patches of drawn and encoded latent maps."""
    picture_patch_weight: float = 2.0
    """Weight of the distance between the patches of decoded and real pictures in the third stage."""
    keep_weight: float = 2.0
    """Weight of the distance to the encoded picture in the third stage."""
    color_weight: float = 2.0
    """Weight of the distance between colours apart from brightness."""
    map_weight: float = 0.5
    """Weight of the distance of height and roughness, where a material has them, beside that of the base colour."""
    latent_noise: float = 0.1
    """Standard deviation of the noise on latent maps that the decoder learns to ignore."""
    code_weight: float = 1e-3
    """Weight of the squared length of the codes; with the noise, what makes neighbouring codes look alike."""
    code_noise: float = 0.1
    """Standard deviation of the noise on the codes."""
    blend_sharpness: float = 20.0
    """How much a blend leans on one material: 0 is the mean of the label, large picks one."""
    ema_images: float = 3000.0
    """Half-life of the moving average of the weights, in images."""

    def __post_init__(self):
        checks = {
            "crop": (self.crop % 32 == 0 and self.crop >= 128, "a multiple of 32, at least 128"),
            "batch": (self.batch % 2 == 0 and self.batch >= 2, "a multiple of 2"),
            "window": (
                self.window % 16 == 0 and 64 <= self.window <= self.crop - 32,
                "a multiple of 16 between 64 and crop - 32",
            ),
            "loss": (self.loss in ("relativistic", "non-saturating"), "relativistic or non-saturating"),
            "texton": (1 <= self.texton <= self.crop // 16 - 2, "between 1 and crop / 16 - 2"),
        }
        for name, (fine, rule) in checks.items():
            if not fine:
                raise ConfigError(f"{name}={getattr(self, name)}: must be {rule}.")
