"""Real pictures, described once; any number of generators can then be compared with them. Numpy and torch, no files.

Previous stations: picture_sets.py, features.py. Next: panel.py.

The real materials are cut into two halves A and B that share no group of materials. The floor of a distance is A
against B: what a perfect generator of *new* materials would get. A generator's value is the mean of its distances to
A and to B, with the same number of pictures, drawn evenly over the labels, as crops of the same size out of views of
the same size. No single number suffices: blur, noise, lost modes, wrong colours, ignored labels and memorised copies
each move others (see tests/gan_train/test_measure.py).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blender_addon.engine.measures import SEAM_LIMIT, tile_seam

from . import distances, features
from .panel import Row
from .picture_sets import PictureSet, RealPictures, disjoint_halves

CROP = 128  # pixels
PATCHES = 24  # per picture, for the sliced Wasserstein distance
SCALES = ("1", "1/2", "1/4", "1/8")
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
    """Both halves of the real pictures with their floors, and what memorisation, seams and labels are judged by."""

    def __init__(self, real: RealPictures, per_label: int, view: int, seed: int, judge=None):
        """`view`: pixels of the squares that crops are cut from; `judge`: a classifier.Judge, or None."""
        self.real, self.per_label, self.view, self.seed, self.judge = real, per_label, view, seed, judge
        self.crop = min(CROP, view)
        self.train = [item for item in real.items if item.split == "train"]
        self.held = [item for item in real.items if item.split == "heldout"]
        halves = [self._crops(items, 10 * i) for i, items in enumerate(disjoint_halves(real.items), 1)]
        self.count = min(len(half.labels) for half in halves)
        # Each set has seeds of its own: the same places in two sets would be one more thing they share.
        self.a, self.b = (describe(half.spread(self.count), [seed, i]) for i, half in enumerate(halves, 1))
        self.known = self.unit = None
        if self.held and self.train:
            self._learn_training_set()

    def _crops(self, items: list, key: int, times: int = 1) -> PictureSet:
        views = self.real.views(items, self.per_label * times, self.view, [self.seed, key])
        return views.crops(self.crop, [self.seed, key + 1])

    def _learn_training_set(self) -> None:
        """Crops of the training materials, and how near to them crops of held-out and of the same materials are."""
        known = features.random_features(self._crops(self.train, 30, KNOWN_TIMES).pictures)[0]
        new = features.random_features(self._crops(self.held, 40).pictures)[0]
        again = features.random_features(self._crops(self.train, 50).pictures)[0]
        self.known = known
        known, new, again = distances.standardise(known, known, new, again)
        self.unit = distances.nearest(new, known)
        self.again = distances.nearest(again, known) / self.unit

    def rows(self, samples: PictureSet) -> tuple[Row, ...]:
        """All measures of `samples`: `per_label` pictures of each label, `view` pixels or larger."""
        views = samples.crops(self.view, [self.seed, 60])
        crops = views.crops(self.crop, [self.seed, 61])
        fake = describe(crops.spread(self.count), [self.seed, 0])
        rows = [
            *self._feature_rows(fake),
            *self._picture_rows(fake),
            self._memory_row(crops),
            self._seam_row(samples),
        ]
        if self.judge is not None:
            rows += self._label_rows(views)
        return tuple(rows)

    def _feature_rows(self, fake: Description) -> list[Row]:
        both = np.concatenate([self.a.vectors, self.b.vectors])
        fake_v, a, b = distances.standardise(both, fake.vectors, self.a.vectors, self.b.vectors)
        value = (distances.frechet(a, fake_v) + distances.frechet(b, fake_v)) / 2
        rows = [
            Row(
                "frechet_random",
                value,
                distances.frechet(a, b),
                "lower",
                "distance of random features (not FID)",
            )
        ]
        to_a, to_b = distances.neighbour_measures(a, fake_v), distances.neighbour_measures(b, fake_v)
        ab, ba = distances.neighbour_measures(a, b), distances.neighbour_measures(b, a)
        meanings = {
            "precision": "share of samples that look like some real one",
            "recall": "share of real ones that some sample looks like",
            "density": "how crowded the real ones around a sample are",
            "coverage": "share of real ones with a sample next to them",
        }
        for name, meaning in meanings.items():
            rows.append(
                Row(name, (to_a[name] + to_b[name]) / 2, (ab[name] + ba[name]) / 2, "higher", meaning)
            )
        return rows

    def _picture_rows(self, fake: Description) -> list[Row]:
        def row(name: str, distance: Callable[[Description, Description], float], meaning: str) -> Row:
            value = (distance(self.a, fake) + distance(self.b, fake)) / 2
            return Row(name, value, distance(self.a, self.b), "lower", meaning)

        def sliced(level: int) -> Callable[[Description, Description], float]:
            # the same directions for each pair
            return lambda x, y: distances.sliced_wasserstein(
                x.patches[level], y.patches[level], np.random.default_rng([self.seed, 70 + level])
            )

        return [
            *(
                row(f"sliced_wasserstein_{s}", sliced(i), f"7 x 7 patches at scale {s}")
                for i, s in enumerate(SCALES)
            ),
            row(
                "color_moments",
                lambda x, y: float(distances.wasserstein_1d(x.moments, y.moments).mean()),
                "mean, contrast and skew of each channel, in 1/255",
            ),
            row(
                "radial_spectrum",
                lambda x, y: float(distances.wasserstein_1d(x.spectra, y.spectra).mean()),
                "power per ring of frequency, in decibels",
            ),
            row(
                "gram",
                lambda x, y: distances.gram_distance(x.grams, y.grams, x.labels, y.labels),
                "products of random features, label by label",
            ),
        ]

    def _memory_row(self, crops: PictureSet) -> Row:
        """Distance to the nearest training crop over that of held-out materials: far below 1 means copies."""
        meaning = "distance to the nearest training crop; held-out materials: 1"
        if self.known is None:
            return Row("nearest_train", None, None, "near floor", meaning)
        known, fake = distances.standardise(
            self.known, self.known, features.random_features(crops.pictures)[0]
        )
        meaning += f", other crops of training materials: {self.again:.2f}"
        return Row("nearest_train", distances.nearest(fake, known) / self.unit, 1.0, "near floor", meaning)

    def _seam_row(self, samples: PictureSet) -> Row:
        """Share of whole pictures whose wrap line shows."""
        whole = self.real.tileable()
        meaning = f"share with tile seam r > {SEAM_LIMIT}; floor: the {len(whole)} tileable images"
        return Row("seam_share", _seam_share(samples.pictures), _seam_share(whole), "lower", meaning)

    def _label_rows(self, views: PictureSet) -> list[Row]:
        seen = self.real.views(self.train, self.per_label, self.view, [self.seed, 80])
        value = self.judge.accuracy(views.pictures, views.labels)
        floor = self.judge.accuracy(seen.pictures, seen.labels)
        meaning = "share whose label a classifier names; floor: training materials"
        rows = [Row("label_accuracy", value, floor, "higher", meaning)]
        if self.held:
            new = self.real.views(self.held, self.per_label, self.view, [self.seed, 90])
            accuracy = self.judge.accuracy(new.pictures, new.labels)
            meaning = "the same classifier on held-out materials, for judging the judge"
            rows.append(Row("label_accuracy_heldout", None, accuracy, "higher", meaning))
        return rows


def _seam_share(pictures: np.ndarray | list[np.ndarray]) -> float | None:
    if len(pictures) == 0:
        return None
    return float(np.mean([tile_seam(picture / 255) > SEAM_LIMIT for picture in pictures]))
