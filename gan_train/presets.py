"""Presets: a family and the settings that differ from its defaults, by what the user has. Standard library only."""

PRESETS = {
    "texture-cpu": ("texture", {}),
    "texture-gpu": (
        "texture",
        {
            "crop": 128,
            "batch": 64,
            "generator_width": (256, 192, 128, 64, 32),
            "critic_width": (32, 64, 128, 224, 256),
        },
    ),
    "texture-small": (
        "texture",
        {
            "look": 32,
            "layout": 8,
            "generator_width": (48, 48, 32, 24, 16),
            "critic_width": (16, 24, 32, 48, 64),
        },
    ),
}
DEFAULT = "texture-cpu"
