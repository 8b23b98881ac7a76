"""Names the label of a picture, learned from the training materials of a dataset; numpy and torch, nothing downloaded.

It answers one question of reference.py: does a sample asked for as "brick" look like brick? Its accuracy on training
and on held-out materials is printed beside the answer, for it is no oracle. On 270 pictures in 20 labels a
convolutional network trained from scratch for 900 steps named 52 % of its own training materials and 26 % of unseen
ones; two layers on the fixed features of features.py named 85 % and 28 % for a fraction of the work. So features.py
looks, and two layers learn. The result is kept in DATASET/.cache as safetensors.
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

from . import features
from .manifest import Manifest
from .picture_sets import RealPictures, draw_view

VERSION = 2  # raised whenever features, network or training change, so that no old cache is used
CACHE = ".cache"


@dataclass(frozen=True)
class ClassifierConfig:
    """How the classifier is trained."""

    crops: int = 2400  # all training crops together, the labels evenly
    crop: int = 128  # pixels; also of the quarters that are judged
    steps: int = 600
    batch: int = 128
    hidden: int = 128
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    seed: int = 0


class Classifier(nn.Module):
    """Features [N, 252] -> logits [N, K]."""

    def __init__(self, count: int, hidden: int):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features.JUDGED))
        self.register_buffer("deviation", torch.ones(features.JUDGED))
        self.first, self.second = nn.Linear(features.JUDGED, hidden), nn.Linear(hidden, count)

    def forward(self, vectors: torch.Tensor) -> torch.Tensor:
        # Clipped: what lies far outside everything real must not be named with ever more confidence.
        x = ((vectors - self.mean) / self.deviation).clamp(-5, 5)
        x = functional.relu(self.first(functional.dropout(x, 0.3, self.training)))
        return self.second(functional.dropout(x, 0.5, self.training))


@dataclass(frozen=True)
class Judge:
    """A trained classifier."""

    network: Classifier
    labels: tuple[str, ...]

    @torch.no_grad()
    def predict(self, pictures: np.ndarray) -> np.ndarray:
        """[N, H, W, 3] uint8 -> [N] label indices, from the mean log-probabilities of the quarters of each picture
        (of the whole, where quarters would be too small)."""
        _, height, width, _ = pictures.shape
        h, w = max(height // 2, features.MIN_SIDE), max(width // 2, features.MIN_SIDE)
        scores = 0
        for top in sorted({0, height - h}):
            for left in sorted({0, width - w}):
                quarter = pictures[:, top : top + h, left : left + w]
                scores = scores + self.network(_judged(quarter)).log_softmax(1)
        return scores.argmax(1).numpy()

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
    """The dataset's classifier, from its cache or trained now (half a minute on one core); `progress` counts crops."""
    config = config or ClassifierConfig()
    asked = {"version": VERSION, "dataset": manifest.sha256, "labels": real.labels, **asdict(config)}
    asked = json.dumps(asked, sort_keys=True)
    path = (
        manifest.folder / CACHE / f"classifier-{hashlib.sha256(asked.encode()).hexdigest()[:16]}.safetensors"
    )
    network = Classifier(len(real.labels), config.hidden)
    if not _read_cache(path, asked, network):
        vectors, targets = _training_crops(real, config, progress)
        _train(network, vectors, targets, config)
        _write_cache(path, asked, network)
    return Judge(network.eval(), real.labels)


def _training_crops(
    real: RealPictures, config: ClassifierConfig, progress: Callable
) -> tuple[torch.Tensor, torch.Tensor]:
    """Features [M, 252] and labels [M] of crops of the training materials: the labels evenly, a label's materials in
    turn."""
    rng = np.random.default_rng(config.seed)
    members = [
        [item for item in real.items if item.label == label and item.split == "train"]
        for label in real.labels
    ]
    asked = [k for k in range(len(members)) if members[k]]
    size = min(config.crop, max(real.short_side // 2, features.MIN_SIDE))
    vectors, targets, batch = [], [], []
    for number in range(config.crops):
        label = asked[number % len(asked)]
        item = members[label][(number // len(asked)) % len(members[label])]
        batch.append(_varied(draw_view(real.pixels[item.file], bool(item.tileable), size, rng), rng))
        targets.append(label)
        if len(batch) == 64 or number == config.crops - 1:
            vectors.append(_judged(np.stack(batch)))
            batch.clear()
            progress(number + 1, config.crops)
    return torch.cat(vectors), torch.tensor(targets)


def _varied(picture: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Mirrored, and slightly changed in brightness, contrast and tint; [H, W, 3] uint8."""
    picture = picture[:, ::-1] if rng.random() < 0.5 else picture
    picture = picture[::-1] if rng.random() < 0.5 else picture
    mean = picture.mean()
    moved = (picture - mean) * rng.uniform(0.9, 1.1) + mean + rng.normal(0, 5) + rng.normal(0, 3, 3)
    return np.clip(moved + 0.5, 0, 255).astype(np.uint8)


def _judged(pictures: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(features.judged_features(pictures)).float()


def _train(
    network: Classifier, vectors: torch.Tensor, targets: torch.Tensor, config: ClassifierConfig
) -> None:
    network.mean.copy_(vectors.mean(0))
    network.deviation.copy_(vectors.std(0).clamp(min=1e-6))
    rng = np.random.default_rng(config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)
        network.first.reset_parameters()
        network.second.reset_parameters()
        network.train()
        optimiser = torch.optim.AdamW(
            network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
        )
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, config.steps)
        for _ in range(config.steps):
            chosen = torch.from_numpy(rng.integers(0, len(targets), config.batch))
            loss = functional.cross_entropy(network(vectors[chosen]), targets[chosen], label_smoothing=0.1)
            optimiser.zero_grad(set_to_none=True)
            loss.backward()
            optimiser.step()
            schedule.step()


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
        save_file(network.state_dict(), partial, {"asked": asked})
        partial.rename(path)
    except (OSError, SafetensorError):
        partial.unlink(missing_ok=True)
