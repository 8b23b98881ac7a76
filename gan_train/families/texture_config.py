"""The settings of the `texture` family, which fits them together. Standard library only.

After: families/texture.py; settings.py prints the strings under the fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..settings import require


@dataclass(frozen=True)
class TextureConfig:
    """Settings of the texture family."""

    crop: int = 256
    """Side of the training crops in pixels that the encoder reads, at least 128; a multiple of 32. So much of a
    material is remembered."""
    batch: int = 8
    """Pictures per step, even: half laid out from their own material, half from remembered ones of their label."""
    window: int = 160
    """Side of the windows that autoencoder and decoder train on, in pixels that the encoder reads, 64 to crop - 32; a
    multiple of 32."""
    finer: int = 1
    """Pixels a side that are drawn for each that the encoder reads, 1 or 2. With 2 prepare the dataset at twice the
    crop at least, such as --size 512 for crop=256: what has the pixels teaches the detail, what is smaller the rest."""
    autoencoder_steps: int = 6000
    """Steps of the first stage; 0 is for `--from RUN` alone, which brings an encoder (a file brings none)."""
    healer_steps: int = 1000
    """Steps of the second stage; the third lasts as long as training does."""
    channels: int = 20
    """Learned channels of the latent map at 1/8 resolution, beside 12 that are the picture four times smaller."""
    z: int = 64
    """Length of the latent that chooses among the materials of a label."""
    shifts: int = 64
    """Shifts that are remembered of each material."""
    tint: float = 0.35
    """How far the colours of a material go to those of another one of its label, 0 to 1."""
    sharpness: float = 120.0
    """How much a draw leans on one material: 0 is none; at 40 one of seven draws shows two, at 120 one of twenty."""
    encoder_width: tuple[int, ...] = (64, 128)
    """Channels of the encoder at 1/4 and 1/8 resolution."""
    decoder_width: tuple[int, ...] = (128, 64, 24, 12)
    """Channels of the decoder at 1/8, 1/4, 1/2 and full resolution."""
    detail_width: int = 12
    """Channels of the decoder at twice the full resolution, where finer is 2."""
    healer_width: int = 96
    """Channels of the network that heals seams."""
    healer_depth: int = 3
    """Its convolutions between the first and the last."""
    critic_width: tuple[int, ...] = (96, 128, 160)
    """Channels of the critic of latent maps at 1/8, 1/16 and 1/32 resolution."""
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
    heal_weight: float = 1.0
    """Weight of the distance between what is healed and the quilt, at half the resolution, against its contrast."""
    picture_patch_weight: float = 8.0
    """Weight of the distance between the patches of decoded and real pictures in the third stage."""
    keep_weight: float = 4.0
    """Weight of the distance to the encoded picture in the third stage."""
    color_weight: float = 1.0
    """Weight of the distance between colours apart from brightness."""
    map_weight: float = 0.5
    """Weight of the distance of height and roughness, where a material has them, beside that of the base colour."""
    latent_noise: float = 0.1
    """Standard deviation of the noise on the learned channels that the decoder learns to ignore."""
    ema_images: float = 3000.0
    """Half-life of the moving average of the weights, in images."""

    def __post_init__(self):
        checks = {
            "crop": (self.crop % 32 == 0 and self.crop >= 128, "a multiple of 32, at least 128"),
            "batch": (self.batch % 2 == 0 and self.batch >= 2, "a multiple of 2"),
            "window": (
                self.window % 32 == 0 and 64 <= self.window <= self.crop - 32,
                "a multiple of 32 between 64 and crop - 32",
            ),
            "finer": (self.finer in (1, 2), "1 or 2"),
            "detail_width": (self.detail_width >= 1, "at least 1"),
            "loss": (self.loss in ("relativistic", "non-saturating"), "relativistic or non-saturating"),
            "tint": (0 <= self.tint <= 1, "0 to 1"),
            "shifts": (self.shifts >= 1, "at least 1"),
        }
        require(self, checks)
