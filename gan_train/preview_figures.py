"""What a glance at a training run says in numbers: a batch of drawn pictures against real ones. Numpy, torch features.

Previous stations: the sampler (real pictures), Family.draw. Next: watch.py. The random features of measure, of few and
small pictures: enough to compare one moment of a run with another, not one run with another.
"""

import numpy as np
import torch

from .distances import frechet, neighbour_measures, pairwise, standardise
from .family import Sampler
from .features import MIN_SIDE, random_vectors

COUNT = 64  # drawn pictures, and real ones in each of two sets
SIDE = 128  # pixels; larger pictures are cropped
REAL = ("crop", "picture")  # keys of a batch that hold real pictures
SEED = 2**31 - 1  # of the real pictures: no run's own draws
CLIP = 4.0  # standard deviations; with so few pictures a single strange one would be all that a distance sees


class PreviewFigures:
    """Real pictures described once; `__call__` compares drawn ones with them."""

    def __init__(self, real: np.ndarray):
        """`real`: [2 * COUNT, H, W, 3] uint8 sRGB."""
        self.side = min(SIDE, *real.shape[1:3])
        self.vectors = self._described(real)
        a, b = self._prepared(self.vectors[::2], self.vectors[1::2])
        self.a, self.b = a, b
        self.frechet = frechet(a, b)
        self.floor = {name: (x + y) / 2 for name, x, y in _both(a, b, b, a)}
        _, different = np.unique(real.reshape(len(real), -1), axis=0, return_index=True)  # small sets repeat
        every = np.concatenate(self._prepared(self.vectors[different]))
        self.distance = np.median(pairwise(a, b)) or 1.0
        self.nearest = np.median(_to_nearest(every)) if len(every) > 1 else 1.0

    def __call__(self, drawn: np.ndarray) -> dict[str, float]:
        """[N, H, W, 3] uint8 sRGB -> figures; 1 is as good as real, for `frechet` lower is better.

        `spread` and `nearest` tell whether samples differ: the median distance between two of them and from each to
        its nearest, over those of real pictures.
        """
        (fake,) = self._prepared(self._described(drawn))
        figures = {"frechet": (frechet(self.a, fake) + frechet(self.b, fake)) / 2 / self.frechet}
        for name, x, y in _both(self.a, fake, self.b, fake):
            figures[name] = (x + y) / 2 / self.floor[name]
        figures["spread"] = float(np.median(pairwise(fake, fake)) / self.distance)
        figures["nearest"] = float(np.median(_to_nearest(fake)) / self.nearest)
        figures["score"] = figures["frechet"] / max(figures["coverage"], 0.05)
        return {name: round(value, 4) for name, value in figures.items()}

    def _described(self, pictures: np.ndarray) -> np.ndarray:
        """Random features of crops, enlarged where they are too small to have any."""
        crops, times = pictures[:, : self.side, : self.side], -(-MIN_SIDE // self.side)
        return random_vectors(crops.repeat(times, 1).repeat(times, 2))

    def _prepared(self, *sets: np.ndarray) -> list[np.ndarray]:
        return [np.clip(values, -CLIP, CLIP) for values in standardise(self.vectors, *sets)]


def real_pictures(sampler: Sampler) -> np.ndarray:
    """[2 * COUNT, H, W, 3] uint8 sRGB from the sampler's own batches, transparent parts on grey."""
    found: list[np.ndarray] = []
    for step in range(-(-2 * COUNT // sampler.batch)):
        batch = sampler(SEED, step, torch.device("cpu"))
        picture = batch[next(key for key in REAL if key in batch)]
        if picture.shape[1] == 4:
            picture = picture[:, :3] * (picture[:, 3:] + 1) / 2
        pixels = ((picture[:, :3].float() + 1) * 127.5).round().clamp(0, 255).byte()
        found.append(pixels.permute(0, 2, 3, 1).numpy())
    return np.concatenate(found)[: 2 * COUNT]


def _both(real: np.ndarray, fake: np.ndarray, other_real: np.ndarray, other_fake: np.ndarray):
    first, second = neighbour_measures(real, fake), neighbour_measures(other_real, other_fake)
    return [(name, first[name], second[name]) for name in ("recall", "coverage")]


def _to_nearest(vectors: np.ndarray) -> np.ndarray:
    between = pairwise(vectors, vectors)
    np.fill_diagonal(between, np.inf)
    return between.min(1)
