"""A small network that names the label of a picture, trained on the real training materials of a dataset; torch.

It answers one question of measure.py: does a sample asked for as "brick" look like brick? Its accuracy on held-out materials
and on real training materials is printed beside the answer, for it is no oracle. It is trained once per dataset and kept in
DATASET/.cache as safetensors.
"""

import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional

from .manifest import Manifest
from .picture_sets import RealPictures, draw_view

VERSION = 1  # raised whenever network or training change, so that no old cache is used
CACHE = ".cache"


@dataclass(frozen=True)
class ClassifierConfig:
    """How the classifier is trained."""

    steps: int = 900
    batch: int = 20
    crop: int = 96  # pixels
    width: int = 16
    learning_rate: float = 3e-3
    seed: int = 0


class Classifier(nn.Module):
    """[N, 3, H, W] in [-1, 1] -> logits [N, K]; sees local texture, pooled by mean and deviation."""

    def __init__(self, count: int, width: int):
        super().__init__()
        widths = (width, width * 2, width * 4, width * 6)
        layers, before = [], 3
        for depth, after in enumerate(widths):
            layers += [nn.Conv2d(before, after, 3 if depth else 5, stride=2, padding=1 if depth else 2, bias=False)]
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
            if depth in (1, 2):
                layers += [nn.Conv2d(after, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU()]
            before = after
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(2 * before, count)

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        local = self.body(image)
        pooled = torch.cat([local.mean((2, 3)), (local.var((2, 3)) + 1e-6).sqrt()], 1)
        return self.head(functional.dropout(pooled, 0.3, self.training))


@dataclass(frozen=True)
class Judge:
    """A trained classifier."""

    network: Classifier
    labels: tuple[str, ...]

    @torch.no_grad()
    def predict(self, pictures: np.ndarray) -> np.ndarray:
        """[N, H, W, 3] uint8 -> [N] label indices, from the mean log-probabilities of the four quarters of each picture."""
        n, height, width, _ = pictures.shape
        quarters = [
            pictures[:, top : top + height // 2, left : left + width // 2]
            for top in (0, height - height // 2)
            for left in (0, width - width // 2)
        ]
        scores = []
        for start in range(0, n, 32):
            batch = [self.network(_tensor(quarter[start : start + 32])).log_softmax(1) for quarter in quarters]
            scores.append(torch.stack(batch).mean(0))
        return torch.cat(scores).argmax(1).numpy()

    def accuracy(self, pictures: np.ndarray, labels: np.ndarray) -> float:
        """Share named right, each label counting the same."""
        right = self.predict(pictures) == labels
        return float(np.mean([right[labels == label].mean() for label in np.unique(labels)]))


def load_judge(
    manifest: Manifest,
    real: RealPictures,
    config: ClassifierConfig | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Judge:
    """The dataset's classifier, from its cache or trained now (a few minutes on two cores)."""
    config = config or ClassifierConfig()
    asked = json.dumps(
        {"version": VERSION, "dataset": manifest.sha256, "labels": real.labels, **asdict(config)}, sort_keys=True
    )
    path = manifest.folder / CACHE / f"classifier-{hashlib.sha256(asked.encode()).hexdigest()[:16]}.safetensors"
    # channels last: a fifth faster on CPUs
    network = Classifier(len(real.labels), config.width).to(memory_format=torch.channels_last)
    if not _read_cache(path, asked, network):
        _train(network, real, config, progress)
        _write_cache(path, asked, network)
    return Judge(network.eval(), real.labels)


def _train(network: Classifier, real: RealPictures, config: ClassifierConfig, progress: Callable) -> None:
    rng = np.random.default_rng(config.seed)
    by_label = [[i for i in real.items if i.label == label and i.split == "train"] for label in real.labels]
    by_label = [members for members in by_label if members]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        for module in network.modules():
            if hasattr(module, "reset_parameters"):
                module.reset_parameters()
        network.train()
        optimiser = torch.optim.AdamW(network.parameters(), lr=config.learning_rate, weight_decay=0.02)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.learning_rate, total_steps=config.steps)
        for step in range(config.steps):
            images, targets = _draw_batch(real, by_label, config, rng)
            loss = functional.cross_entropy(network(images), targets, label_smoothing=0.1)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()
            progress(step + 1, config.steps)


def _draw_batch(real, by_label, config: ClassifierConfig, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
    """Labels evenly; random crop, mirror images, slight change of brightness, contrast and tint."""
    images, targets = [], []
    for _ in range(config.batch):
        members = by_label[rng.integers(len(by_label))]
        item = members[rng.integers(len(members))]
        piece = draw_view(real.pixels[item.file], bool(item.tileable), config.crop, rng)
        if rng.random() < 0.5:
            piece = piece[:, ::-1]
        if rng.random() < 0.5:
            piece = piece[::-1]
        images.append(piece)
        targets.append(real.labels.index(item.label))
    image = _tensor(np.stack(images))
    mean = image.mean((1, 2, 3), keepdim=True)
    contrast = torch.from_numpy(rng.uniform(0.85, 1.15, (config.batch, 1, 1, 1))).float()
    tint = torch.from_numpy(rng.normal(0, 0.06, (config.batch, 3, 1, 1)) + rng.normal(0, 0.08, (config.batch, 1, 1, 1)))
    return (image - mean) * contrast + mean + tint.float(), torch.tensor(targets)


def _tensor(pictures: np.ndarray) -> torch.Tensor:
    """[N, H, W, 3] uint8 -> [N, 3, H, W] float32 in [-1, 1]."""
    return torch.from_numpy(np.ascontiguousarray(pictures)).permute(0, 3, 1, 2).float() / 127.5 - 1  # channels last


def _read_cache(path: Path, asked: str, network: Classifier) -> bool:
    try:
        with safe_open(path, "pt") as file:
            if (file.metadata() or {}).get("asked") != asked:
                return False
            network.load_state_dict({name: file.get_tensor(name) for name in file.keys()})  # noqa: SIM118 (no mapping)
    except (OSError, SafetensorError, RuntimeError):  # absent, damaged, or of another shape: train again
        return False
    return True


def _write_cache(path: Path, asked: str, network: Classifier) -> None:
    """Whole or not at all; a dataset on a read-only disk goes without."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(exist_ok=True)
        weights = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
        save_file(weights, partial, {"asked": asked})
        partial.rename(path)
    except (OSError, SafetensorError):
        partial.unlink(missing_ok=True)
