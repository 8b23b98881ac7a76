"""Raw output -> maps in [0, 1] -> bytes: the one place where ranges, order and rounding change. Numpy only; never bpy.

Previous station: Model.render; next: png.encode or the images of the scene. Row 0 is on top everywhere here.
"""

from dataclasses import dataclass

import numpy as np

from .card import Card, MapSpec

ICON = 64  # side of an icon in pixels
FAINT = np.float32(4 / 255)  # alpha from which on the colour is left as it is: less is not seen
PAPER = np.float32(0.5)  # middle grey, under what is transparent


@dataclass(frozen=True)
class TextureSet:
    """The maps of one texture. `label`: a name, {name: weight} or None."""

    seed: int
    label: object
    maps: dict  # map name -> [H, W, C] float32 in [0, 1], row 0 on top


def decode(card: Card, raw: np.ndarray, specs: tuple[MapSpec, ...] = ()) -> dict:
    """[C, H, W] float in output.range -> {map name: [H, W, c] float32 in [0, 1]}, in the card's colour space.

    `specs`: what the channels are (none: those of the output)."""
    low, high = card.output.range
    maps = {}
    for spec in specs or card.maps:
        first, end = spec.channels
        unit = (raw[first:end].astype(np.float32) - np.float32(low)) * np.float32(1 / (high - low))
        unit = np.ascontiguousarray(np.clip(unit, 0, 1).transpose(1, 2, 0))
        maps[spec.name] = renormalise(unit) if spec.name == "normal" else unit
    return maps


def with_ground(maps: dict) -> dict:
    """The maps of a whole texture, filled() where they are transparent."""
    if "alpha" not in maps or "base_color" not in maps:
        return maps
    return {**maps, "base_color": filled(maps["base_color"], maps["alpha"])}


def flat(card: Card, maps: dict) -> dict:
    """The relief maps of the card that `maps` lack, without any relief: that of another texture would be seen."""
    height, width = maps["base_color"].shape[:2]
    values = {"normal": (0.5, 0.5, 1.0), "height": (0.5,)}
    return {
        name: np.broadcast_to(np.float32(value), (height, width, len(value)))
        for name, value in values.items()
        if name in card.map_names and name not in maps
    }


def filled(color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """[H, W, 3] and [H, W, 1] in [0, 1] -> the colour where it is seen, and its mean under what is transparent.

    Nothing has taught a generator what colour that is: viewports that know no alpha, filters and mip maps show it.
    """
    weight = alpha.astype(np.float64)
    if not weight.sum() > 0:
        return color
    mean = ((color * weight).sum(axis=(0, 1)) / weight.sum()).astype(np.float32)
    return np.where(alpha < FAINT, mean + (color - mean) * (alpha / FAINT), color)


def renormalise(normal: np.ndarray) -> np.ndarray:
    """Tangent normals [H, W, 3] in [0, 1] (0.5 is zero) made of length one; a vector of no length becomes +Z."""
    vector = normal * np.float32(2) - np.float32(1)
    length = np.sqrt((vector * vector).sum(axis=2, keepdims=True, dtype=np.float32))
    up = np.array([0, 0, 1], np.float32)
    vector = np.where(length > 1e-6, vector / np.maximum(length, np.float32(1e-6)), up)
    return np.clip(vector * np.float32(0.5) + np.float32(0.5), 0, 1)


def to_uint8(unit: np.ndarray) -> np.ndarray:
    """[H, W, C] float in [0, 1] -> uint8, rounded half up; values outside are clipped."""
    return np.floor(np.clip(unit, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def shown(maps: dict) -> np.ndarray:
    """[H, W, 3] float32 in [0, 1]: the base colour on middle grey; of maps without one, the first of them."""
    first = maps["base_color"] if "base_color" in maps else next(iter(maps.values()))
    color = np.broadcast_to(first, (*first.shape[:2], 3))
    return PAPER + (color - PAPER) * maps["alpha"] if "alpha" in maps else color


def icon(maps: dict) -> bytes:
    """The colours of a texture as ICON x ICON pixels: RGBA of a byte each, the lowest row first, as Blender wants."""
    color = shown(maps)
    factor = color.shape[0] // ICON
    if factor:
        cut = color[: factor * ICON, : factor * ICON].reshape(ICON, factor, ICON, factor, 3)
        color = cut.mean(axis=(1, 3))
    else:
        nearest = np.arange(ICON) * color.shape[0] // ICON
        color = color[nearest][:, nearest]
    opaque = np.full((ICON, ICON, 1), 255, np.uint8)
    return np.concatenate([to_uint8(color), opaque], axis=2)[::-1].tobytes()
