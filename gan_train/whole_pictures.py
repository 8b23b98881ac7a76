"""A prepared dataset in memory, drawn as whole pictures: numpy and pillow, torch only to hand tensors over.

Before: prepare.py (files and dataset.json). After: families (which get the batch).

What step i draws depends only on (seed, i), never on what was drawn before: so resuming needs no sampler state.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .errors import ConfigError
from .family import Domain
from .manifest import Manifest, read_manifest


class WholePictureSampler:
    """Training images as uint8 [M, R, R, 3 or 4] sRGB in memory; alpha where any image of the dataset has it."""

    def __init__(self, folder: str | Path, config):
        """`config`: settings with `resolution` (pixels), `batch`, `mirror`. Raises DatasetError, ConfigError."""
        self.manifest: Manifest = read_manifest(folder)
        self.batch, self.mirror = config.batch, config.mirror
        size = config.resolution
        items = [item for item in self.manifest.items if item.split == "train"]
        small = [item.file for item in items if min(item.width, item.height) < size]
        if small:
            raise ConfigError(
                f"{folder}: {len(small)} images are smaller than the resolution of {size} px (such as {small[0]}). "
                f"Set a smaller resolution, or prepare the dataset without them."
            )
        pictures = [_square(self.manifest.path(item), size) for item in items]
        if not any((picture[..., 3] < 255).any() for picture in pictures):
            pictures = [picture[..., :3] for picture in pictures]
        self.pictures = np.stack(pictures)
        labels = self.manifest.labels
        self.labels = np.array([labels.index(item.label) for item in items], np.int64)
        self.by_label = [found for k in range(len(labels)) if len(found := np.flatnonzero(self.labels == k))]
        maps = ("base_color", "alpha")[: self.pictures.shape[3] - 2]
        materials = {item.material: labels.index(item.label) for item in items}
        self.domain = Domain(labels, tuple(materials), tuple(materials.values()), maps, self.manifest.size)

    def __call__(self, seed: int, step: int, device: torch.device) -> dict[str, torch.Tensor]:
        """The batch of a step, drawn evenly over the labels, each twice: pictures i and i + N/2 have the same label.

        picture: [N, 3 or 4, R, R] float32 in [-1, 1], straight alpha, channels last; label: [N] int64.
        """
        random = np.random.default_rng((seed, step))
        drawn = random.integers(len(self.by_label), size=(self.batch + 1) // 2)
        chosen = [random.choice(self.by_label[k]) for k in np.resize(drawn, self.batch)]
        pixels = self.pictures[chosen]
        if self.mirror:
            mirrored = random.random(self.batch) < 0.5
            pixels[mirrored] = pixels[mirrored, :, ::-1]
        pixels = torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2)
        return {
            "picture": pixels.float().div_(127.5).sub_(1.0),
            "label": torch.from_numpy(self.labels[chosen]).to(device),
        }


def _square(path: Path, size: int) -> np.ndarray:
    """[size, size, 4] uint8: the middle square of an image, brought to `size`."""
    with Image.open(path) as image:
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        image = image.convert("RGBA").crop((left, top, left + side, top + side))
        if side != size:
            image = image.resize((size, size), Image.Resampling.LANCZOS)  # Pillow scales RGBA premultiplied
        return np.asarray(image)
