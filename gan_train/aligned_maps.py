"""The maps of one material that belong to the same pixels: read from a prepared dataset, or derived. Never a network.

Before: manifest.py. After: aligned_sampler.py (crops for training), held_out_pairs.py (whole pictures).

A dataset stores the base colour and, by name, what else there is of it. Derived, where it is not stored: the normal
from the height, the luminance and the sketch from the base colour. `input` is a picture of its own, stored by
`prepare --pairs`; on the card it is what goes in as base_color.
"""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from .errors import DatasetError
from .input_maps import CHANNELS
from .manifest import Item, Manifest
from .relief import normal_of_height
from .surface_maps import decode_map

DERIVED = {"normal": "height", "luminance": "base_color", "sketch": "base_color"}  # map -> what it is made of
LUMINANCE = (0.2126, 0.7152, 0.0722)  # Rec. 709, of encoded values
FINE, COARSE, SHARE = (
    1.0,
    1.6,
    0.98,
)  # of the sketch: deviations in pixels, and how much of the coarse one is taken off
LINE = 0.006  # difference of luminance below which nothing is a line; three times that is a whole one


def available(item: Item, name: str) -> bool:
    """Whether `read_map` has something to give."""
    if name == "base_color" or name in item.maps:
        return True
    return name in DERIVED and available(item, DERIVED[name])


def read_map(manifest: Manifest, item: Item, name: str) -> np.ndarray:
    """[H, W, C] in [0, 1], row 0 on top: float16 for what is stored in 16 bits, uint8 in [0, 255] for all else."""
    if name == "base_color":
        return _picture(manifest, item.file)
    if name in item.maps:
        values = _stored(manifest, item, name)
        if values.shape[2] != CHANNELS[name]:
            raise DatasetError(
                f"{manifest.folder / item.maps[name]}: has {values.shape[2]} channels, a {name} map has "
                f"{CHANNELS[name]}. Prepare the dataset again."
            )
        return values
    made = derive(name, unit(read_map(manifest, item, DERIVED[name])), bool(item.tileable))
    return np.floor(made * 255 + 0.5).astype(np.uint8)


def unit(values: np.ndarray) -> np.ndarray:
    """What `read_map` gives as float32 in [0, 1]."""
    return values.astype(np.float32) / (255 if values.dtype == np.uint8 else 1)


def derive(name: str, values: np.ndarray, wraps: bool) -> np.ndarray:
    """`values` [H, W, C] in [0, 1], of the map that DERIVED names -> the map `name` likewise."""
    if name == "normal":
        height = torch.from_numpy(values).permute(2, 0, 1)[None] * 2 - 1
        around = F.pad(height, [1] * 4, mode="circular" if wraps else "replicate")
        normal = normal_of_height(around)[0, :, 1:-1, 1:-1]
        return (normal.permute(1, 2, 0).numpy() + 1) / 2
    luminance = values @ np.array(LUMINANCE, np.float32)
    if name == "luminance":
        return luminance[..., None]
    return sketch(luminance, wraps)[..., None]


def sketch(luminance: np.ndarray, wraps: bool) -> np.ndarray:
    """[H, W] in [0, 1] -> lines [H, W], 1 where a pen would draw: where it is darker than around.

    Extended difference of Gaussians (Winnemöller 2011, NPAR), with a straight ramp.
    """
    fine, coarse = (_blurred(luminance, sigma, wraps) for sigma in (FINE, COARSE))
    return np.clip((SHARE * coarse + (1 - SHARE) * fine - fine - LINE) / (2 * LINE), 0, 1)


def _blurred(values: np.ndarray, sigma: float, wraps: bool) -> np.ndarray:
    reach = round(3 * sigma)
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    line = (line / line.sum()).astype(np.float32)
    around = np.pad(values, reach, mode="wrap" if wraps else "reflect")
    rows = sum(w * around[i : i + values.shape[0]] for i, w in enumerate(line))
    return sum(w * rows[:, i : i + values.shape[1]] for i, w in enumerate(line))


def _picture(manifest: Manifest, file: str) -> np.ndarray:
    try:
        with Image.open(manifest.folder / file) as image:
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise DatasetError(
            f"{manifest.folder / file}: cannot be read ({error}). Prepare the dataset again."
        ) from error


def _stored(manifest: Manifest, item: Item, name: str) -> np.ndarray:
    """As `read_map`; heights have 16 bits."""
    if CHANNELS[name] == 3:
        return _picture(manifest, item.maps[name])
    values = decode_map((manifest.folder / item.maps[name]).read_bytes())[..., None]
    if name == "height":
        return values.astype(np.float16)
    return np.floor(values * 255 + 0.5).astype(np.uint8)
