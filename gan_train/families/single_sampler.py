"""The photos of one surface in memory, and the pieces of each step that the critic sees; torch only to hand them over.

Before: photo.py or prepare.py (files and dataset.json), exemplar.py. After: families/single.py.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from ..errors import ConfigError
from ..exemplar import build_exemplar
from ..family import Domain
from ..manifest import Manifest, read_manifest
from .single_config import SingleConfig

HANDFUL = 8


class SingleSampler:
    """All photos of a dataset as one exemplar."""

    def __init__(self, folder: str | Path, config: SingleConfig):
        """Raises DatasetError, ConfigError."""
        self.manifest: Manifest = read_manifest(folder)
        self.crop, self.batch = config.crop, config.batch
        items = (
            self.manifest.items
        )  # also those held out of a prepared dataset: there is one surface to learn
        if len(items) > HANDFUL:
            raise ConfigError(
                f"{folder}: {len(items)} pictures; the single family learns one surface from at most {HANDFUL}. "
                "Give it one photo, or train many materials with --preset texture-cpu."
            )
        pictures = []
        for item in items:
            with Image.open(self.manifest.path(item)) as image:
                pictures.append(np.asarray(image.convert("RGB")))
        self.exemplar = build_exemplar(pictures, self.crop)
        labels = self.manifest.labels
        self.domain = Domain(
            labels,
            tuple(item.material for item in items),
            tuple(labels.index(item.label) for item in items),
            size=self.manifest.size,
            atlas=(*self.exemplar.inside.shape, self.exemplar.stride, *self.exemplar.calm),
        )

    def __call__(self, seed: int, step: int, device: torch.device) -> dict[str, torch.Tensor]:
        """-> crop: [N, 3, S, S] float32 in [-1, 1], channels last, and the whole exemplar as Quilt holds it: atlas,
        inside, lattice."""
        random = np.random.default_rng((seed, step))
        photos = self.exemplar.photos
        areas = np.array([p.shape[0] * p.shape[1] for p in photos], np.float64)
        chosen = random.choice(len(photos), self.batch, p=areas / areas.sum())
        crops = np.stack([_piece(photos[i], self.crop, random) for i in chosen])
        return {
            "crop": torch.from_numpy(crops).to(device).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0),
            "atlas": torch.from_numpy(self.exemplar.atlas).to(device).permute(2, 0, 1),
            "inside": torch.from_numpy(self.exemplar.inside).to(device),
            "lattice": torch.from_numpy(self.exemplar.lattice).to(device),
        }


def _piece(pixels: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    y, x = random.integers(pixels.shape[0] - size + 1), random.integers(pixels.shape[1] - size + 1)
    return pixels[y : y + size, x : x + size]
