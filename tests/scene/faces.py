"""Six made-up faces for the tests of the scene: noise, so that no two maps can be taken for each other."""

import numpy as np

from blender_addon.engine import png
from blender_addon.engine.card import MAPS
from blender_addon.scene.assets import FacePixels

COLORSPACES = {name: colorspace for name, (colorspace, _) in MAPS.items()}
EVERY_MAP = ("base_color", "normal", "roughness", "metallic", "height", "ao", "alpha")
RECIPE = '{"kind":"cube","seed":7}'


def make_pixels(maps=("base_color",), size=32, seed=0) -> list[dict[str, np.ndarray]]:
    """Six times {map name: [size, size, channels] uint8}."""
    random = np.random.default_rng(seed)
    return [
        {name: random.integers(0, 256, (size, size, MAPS[name][1][-1]), dtype=np.uint8) for name in maps}
        for _ in range(6)
    ]


def make_faces(pixels: list[dict[str, np.ndarray]]) -> list[FacePixels]:
    return [
        FacePixels(seed, f"label {seed}", {name: png.encode(array) for name, array in maps.items()})
        for seed, maps in enumerate(pixels)
    ]
