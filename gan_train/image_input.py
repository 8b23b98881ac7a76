"""What the card says of a picture that goes in, and the example that export feeds; torch only, no network.

Before: translator.py (how far it looks). After: export.py, and the add-on, which looks at the kinds of inputs alone.
"""

from __future__ import annotations

import torch
from torch import Tensor

from blender_addon.engine.card import INPUT_MAPS, MAPS

from .input_maps import CHANNELS, channels

IMAGE_AXES = {0: "N", 2: "h", 3: "w"}  # Deployment.dynamic of an image input


def map_entries(names: tuple[str, ...]) -> list[dict]:
    """The card's `maps` of a picture whose channels are `names`, one after the other."""
    entries, first = [], 0
    for name in names:
        end = first + CHANNELS[name]
        known = "base_color" if name == "input" else name
        entries.append(
            {"name": known, "channels": [first, end], "colorspace": {**MAPS, **INPUT_MAPS}[known][0]}
        )
        first = end
    return entries


def image_input(names: tuple[str, ...], margin: int, multiple_of: int = 1, scale: int = 1) -> dict:
    """Card entry of the input `image`: [N, C, h, w] in [-1, 1]."""
    entry = {
        "name": "image",
        "kind": "image",
        "shape": ["N", channels(names), "h", "w"],
        "range": [-1, 1],
        "maps": map_entries(names),
        "margin": margin,
    }
    if multiple_of > 1:
        entry["multiple_of"] = multiple_of
    if scale > 1:
        entry["scale"] = scale
    return entry


def image_output(names: tuple[str, ...], scale: int = 1) -> dict:
    """Card entry of the output `maps`, as large as the picture, or `scale` times."""
    h, w = ("h", "w") if scale == 1 else (f"h*{scale}", f"w*{scale}")
    return {"name": "maps", "shape": ["N", channels(names), h, w], "range": [-1, 1]}


def example_image(names: tuple[str, ...], side: int = 48) -> Tensor:
    """[2, C, side, side] for Deployment.feeds; the sizes are free in the file."""
    return torch.linspace(-1, 1, 2 * channels(names) * side * side).reshape(2, -1, side, side)
