"""Crops of several maps of the same material, at the same place: what picture-to-picture families train on.

Before: aligned_maps.py, map_views.py. After: families/paired.py, families/upscale.py. What step i draws
depends only on (seed, i).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from .aligned_maps import DERIVED, available, read_map
from .dataset import draw_window
from .errors import ConfigError, DatasetError
from .family import Domain
from .input_maps import CHANNELS
from .manifest import Manifest, read_manifest
from .map_views import View, Views


@dataclass(frozen=True)
class _Material:
    maps: dict[str, np.ndarray]  # name -> [H, W, C] as read_map gives it
    wraps: bool

    @property
    def shape(self) -> tuple[int, int]:
        return next(iter(self.maps.values())).shape[:2]


class AlignedSampler:
    """The training pictures of a dataset with the maps that the settings ask for.

    The settings have `crop` and `batch`, `turn`, `zoom` and `tint` (see Views), `needed` (maps that a material must
    have) and `wanted` (of which it must have one; the others are zero where it lacks them).
    """

    def __init__(self, folder: str | Path, config):
        """Raises DatasetError, ConfigError."""
        self.manifest: Manifest = read_manifest(folder)
        self.crop, self.batch, self.views = (
            config.crop,
            config.batch,
            Views(config.turn, config.zoom, config.tint),
        )
        self.lit = {"base_color"} & {*config.needed} - {
            *config.wanted
        }  # what only goes in may be in any light
        train = self.manifest.split("train")
        items = usable(train, config.needed, config.wanted, folder)
        present = {name: sum(available(item, name) for item in items) for name in config.wanted}
        if absent := [name for name, count in present.items() if not count]:
            raise DatasetError(
                f"{folder}: no picture has a {absent[0]} map, which these settings ask for. "
                "Leave it out with --set, or prepare the dataset with it."
            )
        small = [i.file for i in items if min(i.width, i.height) * (2 if i.tileable else 1) < self.crop]
        if small:
            raise ConfigError(
                f"{folder}: {len(small)} images are smaller than the crops of {self.crop} px (such as {small[0]}). "
                "Set a smaller crop, or prepare the dataset without them."
            )
        self.names = tuple(dict.fromkeys((*config.wanted, *config.needed)))
        labels = self.manifest.labels
        self.domain = Domain(
            labels,
            tuple(item.material for item in items),
            tuple(labels.index(item.label) for item in items),
            maps=self.names,
            size=self.manifest.size,
        )
        self.materials = [
            _Material(
                {name: read_map(self.manifest, item, name) for name in self.names if available(item, name)},
                bool(item.tileable),
            )
            for item in items
        ]
        groups = [[i for i, item in enumerate(items) if item.label == label] for label in labels]
        self.by_label = [members for members in groups if members]

    def __call__(self, seed: int, step: int, device: torch.device) -> dict[str, torch.Tensor]:
        """Batch of a step: labels drawn evenly, then a picture, how it is seen, and a place in it.

        -> picture: [N, C, S, S] float32 in [-1, 1], channels last, the maps of `domain.maps` one after the other;
        present: [N, M] bool; crop: [N, 3, S, S], the first of the maps as one would look at it; whole: [N] bool, the
        crop is a torus (shrunk ones are not, quite).
        """
        random = np.random.default_rng((seed, step))
        n, side = self.batch, self.crop
        picture = np.zeros((n, side, side, sum(CHANNELS[name] for name in self.names)), np.float32)
        present, whole = np.zeros((n, len(self.names)), bool), np.zeros(n, bool)
        for i in range(n):
            members = self.by_label[random.integers(len(self.by_label))]
            material = self.materials[members[random.integers(len(members))]]
            view = View.draw(self.views, side, material.shape, material.wraps, random)
            place = draw_window(material.shape, material.wraps, view.side, random)
            whole[i] = material.wraps and material.shape == (view.side, view.side) == (side, side)
            first = 0
            for j, name in enumerate(self.names):
                end = first + CHANNELS[name]
                if name in material.maps:
                    cut = view.of(name, _cut(material.maps[name], place), side)
                    picture[i, :, :, first:end] = view.lit(cut) if name in self.lit else cut
                    present[i, j] = True
                first = end
        batch = {
            "picture": torch.from_numpy(picture).to(device).permute(0, 3, 1, 2),
            "present": torch.from_numpy(present).to(device),
            "whole": torch.from_numpy(whole).to(device),
        }
        shown = CHANNELS[self.names[0]]
        batch["crop"] = batch["picture"][:, :shown].expand(-1, 3, -1, -1)
        return batch


def usable(items: tuple, needed: tuple[str, ...], wanted: tuple[str, ...], folder: str | Path) -> list:
    """Those that have every map of `needed` and one of `wanted`; DatasetError where none has."""
    found = [
        item
        for item in items
        if all(available(item, name) for name in needed) and any(available(item, name) for name in wanted)
    ]
    if not found:
        lacking = [name for name in needed if not any(available(item, name) for item in items)]
        made = [
            f"{name} (made of {DERIVED[name]})" if name in DERIVED else name for name in lacking or wanted
        ]
        raise DatasetError(
            f"{folder}: no picture has what these settings ask for: {', '.join(made)}. "
            "Prepare it from folders with such maps, or with --pairs NAME=DIR."
        )
    return found


def _cut(values: np.ndarray, place: tuple) -> np.ndarray:
    """A window of a map, [S, S, C] float32 in [-1, 1]."""
    return values[place].astype(np.float32) / (127.5 if values.dtype == np.uint8 else 0.5) - 1
