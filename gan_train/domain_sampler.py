"""The pictures of several looks (labels of a dataset) and the pairs of crops of each step: numpy and Pillow, torch only
to hand tensors over.

Before: prepare.py (files and dataset.json). After: families/unpaired.py, families/domains.py (which get the batch).

Nothing belongs together but by its label. What step i draws depends on (seed, i) alone: resuming needs no state.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .errors import ConfigError, DatasetError
from .family import Domain
from .manifest import Manifest, read_manifest
from .picture_sets import draw_view, load_pixels

LEAST = 3  # training pictures of a label; a critic knows fewer by heart within minutes


class DomainSampler:
    """Training pictures as uint8 sRGB in memory, by label; each step gets crops of two unlike labels, side by side."""

    def __init__(self, folder: str | Path, config):
        """`config`: settings with `crop`, `zoom`, `batch`, `mirror`, `flip`, `one_way` and `wanted(labels)`, which
        says what labels are learned, in order. Raises DatasetError, ConfigError."""
        self.manifest: Manifest = read_manifest(folder)
        self.crop, self.zoom, self.batch = config.crop, config.zoom, config.batch
        self.flips = (config.flip, config.mirror)  # of rows, of columns
        self.one_way = config.one_way
        if len(self.manifest.labels) < 2:
            raise DatasetError(
                f"{folder}: holds one look only, {self.manifest.labels[0]!r}; at least two are needed, each in a "
                f"folder of its own inside the one that prepare is given. {self._left_out()}".rstrip()
            )
        labels = config.wanted(self.manifest.labels)
        self._check(labels)
        self.pictures: list[list[tuple[np.ndarray, bool]]] = []
        for label in labels:
            items = [item for item in self.manifest.split("train") if item.label == label]
            self.pictures.append([(load_pixels(self.manifest, i), bool(i.tileable)) for i in items])
        chosen = [item for item in self.manifest.split("train") if item.label in labels]
        materials = {item.material: labels.index(item.label) for item in chosen}
        self.domain = Domain(
            labels, tuple(materials), tuple(materials.values()), ("base_color",), self.manifest.size
        )

    def _check(self, labels: tuple[str, ...]) -> None:
        """Labels that the dataset lacks or that have next to nothing, and pictures smaller than a crop."""
        folder, items = self.manifest.folder, self.manifest.split("train")
        for label in labels:
            count = sum(item.label == label for item in items)
            if count < LEAST:
                have = f"has {count} training pictures" if count else "has no picture"
                raise DatasetError(
                    f"{folder}: label {label!r} {have}; at least {LEAST} are needed to learn a look. "
                    + (self._left_out(label) or f"There are: {', '.join(self.manifest.labels)}.")
                )
        small = [i.file for i in items if i.label in labels and min(i.width, i.height) < self.crop]
        if small:
            raise ConfigError(
                f"{folder}: {len(small)} images are smaller than the crops of {self.crop} px (such as {small[0]}). "
                "Set a smaller crop, or prepare the dataset without them."
            )

    def _left_out(self, label: str = "") -> str:
        """What prepare said of pictures of a label (of any, without one), as a sentence; "" where it said nothing."""
        for entry in self.manifest.left_out:
            if not label or entry.file.split("/")[0] == label:
                return f"Left out by prepare: {entry.file}: {entry.reason}."
        return ""

    def __call__(self, seed: int, step: int, device: torch.device) -> dict[str, torch.Tensor]:
        """The batch of a step, drawn evenly over the labels (one way: from the first to the second).

        -> given, picture: [N, 3, S, S] float32 sRGB in [-1, 1], channels last: what is to be changed, and an example of
        what it is to look like; given_label, label: [N] int64, theirs, never the same.
        """
        random = np.random.default_rng((seed, step))
        n, k, side = self.batch, len(self.pictures), self.crop
        crops, labels = np.empty((2, n, side, side, 3), np.uint8), np.empty((2, n), np.int64)
        order = np.zeros(n, int) if self.one_way else random.permutation(k)[np.arange(n) % k]
        for i in range(n):
            labels[:, i] = order[i], (order[i] + random.integers(1, k)) % k
            for which in range(2):
                members = self.pictures[labels[which, i]]
                crops[which, i] = self._draw(*members[random.integers(len(members))], random)
        given, picture = (
            torch.from_numpy(c).to(device).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0) for c in crops
        )
        given_label, label = (torch.from_numpy(one).to(device) for one in labels)
        return {"given": given, "picture": picture, "given_label": given_label, "label": label}

    def _draw(self, pixels: np.ndarray, wraps: bool, random: np.random.Generator) -> np.ndarray:
        """A crop [S, S, 3]: over the border where the picture wraps, up to `zoom` times as much of it made smaller.

        Nothing is enlarged: a critic would learn that blur is real."""
        side = round(self.crop * random.uniform(1.0, self.zoom))
        view = draw_view(pixels, wraps, min(side, *pixels.shape[:2]), random)
        for axis, may in enumerate(self.flips):
            if random.random() < 0.5 and may:
                view = np.flip(view, axis)
        if len(view) == self.crop:
            return view
        small = Image.fromarray(np.ascontiguousarray(view)).resize(
            (self.crop, self.crop), Image.Resampling.LANCZOS
        )
        return np.asarray(small)
