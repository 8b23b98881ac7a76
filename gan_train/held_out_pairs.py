"""Pictures that a generator has never seen, with what they should become: whole, from a prepared dataset. No figures.

Before: manifest.py, aligned_maps.py. After: measure_pairs.py and pair_sheet.py, which put them through the engine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch

from blender_addon.engine.card import Card
from blender_addon.engine.picture import Picture

from .aligned_maps import available, read_map, unit
from .aligned_sampler import usable
from .degradation import shrunk
from .errors import DatasetError
from .manifest import Item, Manifest
from .translator import bicubic


@dataclass(frozen=True)
class Pair:
    """One material. `real`: {map name: [H, W, C] uint8}, of the maps that come out those that it has."""

    name: str
    label: str
    wraps: bool
    given: Picture
    real: dict[str, np.ndarray]


def has_pairs(card: Card, manifest: Manifest) -> bool:
    """Whether the dataset says what each picture should become: other maps than go in, or the same, larger."""
    image = card.input("image")
    if image is None:
        return False
    given = {spec.name for spec in image.picture_maps}
    return card.scale > 1 or given != set(card.map_names) or any("input" in i.maps for i in manifest.items)


def read_pairs(
    card: Card, manifest: Manifest, split: str = "heldout", count: int | None = None
) -> list[Pair]:
    """All of a split that fit the card, or `count` spread evenly over it; DatasetError where there is none."""
    if count is not None and count < 1:
        raise DatasetError(f"--count {count}: at least one picture is needed.")
    inputs = {spec.name: spec.name for spec in card.input("image").picture_maps}
    if card.scale == 1 and inputs.keys() & set(card.map_names):  # a picture of its own goes in
        inputs["base_color"] = "input"
    items = manifest.split(split)
    if not items:
        raise DatasetError(
            f"{manifest.folder}: nothing is held out to measure on. Prepare it again with --heldout 0.1."
        )
    items = usable(items, tuple(inputs.values()), card.map_names, manifest.folder)
    if count is not None and count < len(items):
        items = [items[i] for i in np.linspace(0, len(items) - 1, count).round().astype(int)]
    return [_pair(card, manifest, item, inputs) for item in items]


def _pair(card: Card, manifest: Manifest, item: Item, inputs: dict[str, str]) -> Pair:
    scale, wraps = card.scale, bool(item.tileable)
    names = [name for name in card.map_names if available(item, name)]
    real = {name: _bytes(read_map(manifest, item, name)) for name in names}
    if scale > 1:
        high, wide = (side // scale * scale for side in next(iter(real.values())).shape[:2])
        wraps = wraps and (high, wide) == next(iter(real.values())).shape[:2]
        real = {name: values[:high, :wide] for name, values in real.items()}
        given = {name: resized(values, -scale, wraps) for name, values in real.items()}
        given |= {name: np.full_like(next(iter(given.values())), 128) for name in inputs if name not in given}
    else:
        given = {name: _bytes(read_map(manifest, item, stored)) for name, stored in inputs.items()}
    return Pair(item.material, item.label, wraps, Picture(given), real)


def resized(values: np.ndarray, scale: int, wraps: bool) -> np.ndarray:
    """[H, W, C] uint8, bicubic: `scale` times larger, or, where it is negative, smaller; mirrored where it does not
    wrap."""
    size = abs(scale)
    border = 4 * size if scale < 0 else 4
    cut = border // size if scale < 0 else border * size
    around = np.pad(
        unit(values), ((border, border), (border, border), (0, 0)), "wrap" if wraps else "symmetric"
    )
    x = torch.from_numpy(around).permute(2, 0, 1)[None]
    made = (shrunk(x, size) if scale < 0 else bicubic(x, size))[0, :, cut:-cut, cut:-cut]
    return np.floor(made.permute(1, 2, 0).numpy().clip(0, 1) * 255 + 0.5).astype(np.uint8)


def _bytes(values: np.ndarray) -> np.ndarray:
    return values if values.dtype == np.uint8 else np.floor(unit(values) * 255 + 0.5).astype(np.uint8)


def chosen(pairs: list[Pair], name: str) -> Iterator[Pair]:
    """Those that have the map."""
    return (pair for pair in pairs if name in pair.real)
