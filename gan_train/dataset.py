"""A prepared dataset in memory and the crops of each step: numpy and pillow, torch only to hand tensors over.

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


class CropSampler:
    """Training images as uint8 [H, W, 3] sRGB in memory, drawn as pairs of crops of the same material."""

    def __init__(self, folder: str | Path, config):
        """`config`: a family's settings with `crop` (pixels) and `batch`. Raises DatasetError, ConfigError."""
        self.manifest: Manifest = read_manifest(folder)
        self.crop, self.batch = config.crop, config.batch
        crop = self.crop
        items = [item for item in self.manifest.items if item.split == "train"]
        small = [item.file for item in items if min(item.width, item.height) < crop]
        if small:
            raise ConfigError(
                f"{folder}: {len(small)} images are smaller than the crops of {crop} px (such as {small[0]}). "
                f"Set a smaller crop, or prepare the dataset without them."
            )
        labels = self.manifest.labels
        materials = sorted({item.material for item in items})
        label_of = {item.material: labels.index(item.label) for item in items}
        self.domain = Domain(labels, tuple(materials), tuple(label_of[m] for m in materials))
        self.pictures: list[list[tuple[np.ndarray, bool]]] = [[] for _ in materials]
        for item in items:
            with Image.open(self.manifest.folder / item.file) as image:
                pixels = np.asarray(image.convert("RGB"))
            self.pictures[materials.index(item.material)].append((pixels, bool(item.tileable)))
        by_label = [
            [m for m, k in enumerate(self.domain.material_labels) if k == j] for j in range(len(labels))
        ]
        self.by_label = [members for members in by_label if members]

    def __call__(self, seed: int, step: int, device: torch.device) -> dict[str, torch.Tensor]:
        """Batch of a step: labels drawn evenly, then a material, an image of it, and two crops.

        -> crop, other: [N, 3, S, S] float32 in [-1, 1], channels last; label, material: [N] int64.
        """
        random = np.random.default_rng((seed, step))
        crops = np.empty((2, self.batch, self.crop, self.crop, 3), np.uint8)
        labels, materials = np.empty(self.batch, np.int64), np.empty(self.batch, np.int64)
        for i in range(self.batch):
            members = self.by_label[random.integers(len(self.by_label))]
            materials[i] = members[random.integers(len(members))]
            labels[i] = self.domain.material_labels[materials[i]]
            mirrored = random.random() < 0.5
            for which in range(2):
                images = self.pictures[materials[i]]
                pixels, wraps = images[random.integers(len(images))]
                piece = draw_crop(pixels, wraps, self.crop, random)
                crops[which, i] = piece[:, ::-1] if mirrored else piece
        tensors = [
            torch.from_numpy(c).to(device).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0) for c in crops
        ]
        return {
            "crop": tensors[0],
            "other": tensors[1],
            "label": torch.from_numpy(labels).to(device),
            "material": torch.from_numpy(materials).to(device),
        }


def draw_crop(pixels: np.ndarray, wraps: bool, size: int, random: np.random.Generator) -> np.ndarray:
    """A square of `size` px out of [H, W, C]; over the border where the picture really wraps."""
    h, w = pixels.shape[:2]
    if wraps:
        y, x = random.integers(h), random.integers(w)
        rows, columns = np.arange(y, y + size) % h, np.arange(x, x + size) % w
        return pixels[rows[:, None], columns[None, :]]
    y, x = random.integers(h - size + 1), random.integers(w - size + 1)
    return pixels[y : y + size, x : x + size]
