"""Real pictures, described once; any number of generators can then be compared with them. Numpy and torch, no files.

Previous stations: picture_sets.py, features.py. Next: comparison.py.

The real materials are cut into two halves A and B that share no group of materials. The floor of a distance is A
against B: what a perfect generator of *new* materials would get. A generator's value is the mean of its distances to
A and to B, with the same number of pictures, drawn evenly over the labels, as crops of the same size out of views of
the same size. No single number suffices: blur, noise, lost modes, wrong colours, ignored labels and memorised copies
each move others (see tests/gan_train/test_measure.py).
"""

from dataclasses import dataclass, replace

import numpy as np

from . import distances, features
from .memorisation import first_of_each
from .picture_sets import PictureSet, RealPictures

CROP = 128  # pixels
PATCHES = 24  # per picture, for the sliced Wasserstein distance
KNOWN_TIMES = 4  # training crops per sample that the memorisation test looks among


@dataclass(frozen=True)
class Description:
    """What the distances need of a set of N crops."""

    labels: np.ndarray  # [N]
    vectors: np.ndarray  # [N, 227] random features
    grams: np.ndarray  # [N, 4, 24, 24]
    patches: tuple[np.ndarray, ...]  # per scale [N * PATCHES, 147]
    moments: np.ndarray  # [N, 9]
    spectra: np.ndarray  # [N, 16]


def describe(crops: PictureSet, seed: list[int]) -> Description:
    """All features of a set of crops; `seed` places the patches."""
    vectors, grams = features.random_features(crops.pictures)
    rng = np.random.default_rng(seed)
    return Description(
        labels=crops.labels,
        vectors=vectors,
        grams=grams,
        patches=tuple(features.patches(band, PATCHES, rng) for band in features.pyramid(crops.pictures)),
        moments=features.color_moments(crops.pictures),
        spectra=features.radial_spectrum(crops.pictures),
    )


class Reference:
    """Both halves of the real pictures, and what memorisation, seams and labels are judged by."""

    def __init__(
        self, real: RealPictures, per_label: int, view: int, seed: int, judge=None, labelled: bool = True
    ):
        """`view`: pixels of the squares that crops are cut from; `judge`: a classifier.Judge, or None; without
        `labelled`, nobody asks which label a sample has, and all are one."""
        self.real, self.per_label, self.view, self.seed = real, per_label, view, seed
        self.judge, self.labelled = judge, labelled
        self.crop = min(CROP, view)
        self.train = [item for item in real.items if item.split == "train"]
        self.held = [item for item in real.items if item.split == "heldout"]
        self.halves = real.halves()
        halves = [self._crops(items, 10 * i) for i, items in enumerate(self.halves, 1)]
        self.count = min(len(half.labels) for half in halves)
        materials = len({name for half in halves for name in half.materials})
        # Crops of one material are no independent draws; where there is one photo alone, its crops are all there is.
        self.independent = 2 * self.count if real.is_cut() else min(2 * self.count, materials)
        # Each set has seeds of its own: the same places in two sets would be one more thing they share.
        self.a, self.b = (describe(half.spread(self.count), [seed, i]) for i, half in enumerate(halves, 1))
        self.known = self.unit = None
        if self.train:
            self._learn_training_set()

    def views(self, items: list, key: int, times: int = 1) -> PictureSet:
        """Squares of `view` pixels of `items`, the same for the same `key`."""
        views = self.real.views(items, self.per_label * times, self.view, [self.seed, key])
        return views if self.labelled else replace(views, labels=np.zeros_like(views.labels))

    def _crops(self, items: list, key: int, times: int = 1) -> PictureSet:
        return self.views(items, key, times).crops(self.crop, [self.seed, key + 1])

    def _learn_training_set(self) -> None:
        """Crops of the training materials, and how near to them crops of held-out and of the same materials are."""
        self.known = self._crops(self.train, 30, KNOWN_TIMES)
        self.known_vectors = features.random_vectors(self.known.pictures)
        if not self.held:
            return
        new, again = self._crops(self.held, 40), self._crops(self.train, 50)
        distance = self.nearest_known(features.random_vectors(new.pictures))[0][:, 0]
        self.unit = float(np.median(distance))
        known_again = self.nearest_known(features.random_vectors(again.pictures))[0][:, 0]
        self.again = float(np.median(known_again)) / self.unit
        chosen = first_of_each(np.array(new.materials))
        self.new_distance, self.new_labels = distance[chosen], new.labels[chosen]

    def nearest_known(self, vectors: np.ndarray, count: int = 1) -> tuple[np.ndarray, np.ndarray]:
        """[N, 227] random features -> distances to the `count` nearest of `known`, nearest first, and their indices,
        both [N, count]."""
        known, asked = distances.standardise(self.known_vectors, self.known_vectors, vectors)
        between = distances.pairwise(asked, known)
        order = np.argsort(between, 1, kind="stable")[:, :count]
        return np.take_along_axis(between, order, 1), order
