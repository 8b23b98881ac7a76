"""Presets: a family and the settings that differ from its defaults, by what the user has. Standard library only."""

PRESETS = {
    "texture-cpu": ("texture", {}),
    "texture-gpu": (
        "texture",
        {
            "batch": 64,
            "autoencoder_steps": 8000,
            "latent_steps": 40000,
            "encoder_width": (64, 128, 192),
            "decoder_width": (192, 160, 96, 24, 16),
            "generator_width": 320,
            "critic_width": (192, 256, 384),
            "picture_critic_width": (32, 64, 128, 192),
        },
    ),
    "texture-small": (
        "texture",
        {
            "crop": 160,
            "window": 96,
            "batch": 8,
            "autoencoder_steps": 600,
            "latent_steps": 800,
            "channels": 8,
            "texton": 8,
            "look": 32,
            "layout": 8,
            "encoder_width": (16, 32, 48),
            "decoder_width": (48, 32, 24, 8, 8),
            "generator_width": 48,
            "critic_width": (32, 48, 64),
            "picture_critic_width": (16, 24, 32, 48),
        },
    ),
    "single": ("single", {}),
    "single-small": (
        "single",
        {
            "steps": 60,
            "photo": 256,
            "crop": 64,
            "batch": 4,
            "rounds": 1,
            "width": 16,
            "depth": 2,
            "critic_width": (16, 32, 48),
        },
    ),
}
DEFAULT = "texture-cpu"
