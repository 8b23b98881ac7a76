"""The measures of one generator's samples against a Reference, row by row of the table. Numpy and torch, no files.

Previous stations: reference.py, intervals.py. Next: panel.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blender_addon.engine.measures import SEAM_LIMIT, SMEAR_LIMIT, tile_seam, tile_smear

from . import distances, features, intervals
from .memorisation import SIGNIFICANT, copying_test
from .panel import Row
from .picture_sets import PictureSet
from .progress import counted
from .reference import Description, Reference, describe
from .surface_figures import ALBEDO, albedo_share

SCALES = ("1", "1/2", "1/4", "1/8")
SURE = 0.9  # share of real ones that a classifier names, from which on it knows a label


@dataclass(frozen=True)
class Surfaces:
    """Figures of each sample's maps; empty where the model has no maps besides base colour."""

    albedo: tuple[float, ...] = ()  # share of pixels in the physical range
    angle: tuple[float, ...] = ()  # degrees between normals and height; empty without both maps


class Comparison:
    """Samples, described, beside the reference: `rows()` is the table."""

    def __init__(
        self,
        reference: Reference,
        samples: PictureSet,
        tileable: bool = True,
        surfaces: Surfaces | None = None,
        inception=None,
    ):
        """`samples`: `per_label` pictures of each label, `view` pixels or larger; `inception`: inception.Inception."""
        self.reference, self.samples, self.tileable = reference, samples, tileable
        self.surfaces, self.inception = surfaces or Surfaces(), inception
        self.views = samples.crops(reference.view, [reference.seed, 60])
        self.crops = self.views.crops(reference.crop, [reference.seed, 61])
        self.vectors = features.random_vectors(self.crops.pictures)
        self.fake = describe(self.crops.spread(reference.count), [reference.seed, 0])
        self.counts = intervals.resamples(self.fake.labels, [reference.seed, 62])

    def rows(self) -> tuple[Row, ...]:
        """All measures."""
        return (
            *self._feature_rows(),
            *self._patch_rows(),
            *self._picture_rows(),
            *self._memory_rows(),
            *self._seam_rows(),
            *self._label_rows(),
            *self._surface_rows(),
            *self._inception_rows(),
        )

    def _feature_rows(self) -> list[Row]:
        reference = self.reference
        both = np.concatenate([reference.a.vectors, reference.b.vectors])
        fake, a, b = distances.standardise(both, self.fake.vectors, reference.a.vectors, reference.b.vectors)
        value = (distances.frechet(a, fake) + distances.frechet(b, fake)) / 2
        spread = intervals.around(value, intervals.frechet_draws((a, b), fake, self.counts))
        meaning = "distance of random features (not FID)"
        rows = [Row("frechet_random", value, distances.frechet(a, b), "lower", meaning, *spread, len(fake))]
        to_a, to_b = distances.neighbours(a, fake), distances.neighbours(b, fake)
        ab, ba = distances.neighbour_measures(a, b), distances.neighbour_measures(b, a)
        for name, meaning in (
            ("precision", "share of samples that look like some real one"),
            ("recall", "share of real ones that some sample looks like"),
            ("density", "how crowded the real ones around a sample are"),
            ("coverage", "share of real ones with a sample next to them"),
        ):
            value = (float(to_a[name].mean()) + float(to_b[name].mean())) / 2
            n = len(fake)
            if name == "density":
                draws = self.counts @ ((to_a[name] + to_b[name]) / 2) / n
                spread = intervals.around(value, draws)
            else:
                if name in ("recall", "coverage"):  # means over the real crops
                    n = reference.independent
                spread = intervals.of_share(value, n)
            rows.append(Row(name, value, (ab[name] + ba[name]) / 2, "higher", meaning, *spread, n))
        return rows

    def _patch_rows(self) -> list[Row]:
        rows, reals = [], (self.reference.a, self.reference.b)
        for level, scale in enumerate(SCALES):
            rng = np.random.default_rng([self.reference.seed, 70 + level])
            sphere = distances.directions(self.fake.patches[level].shape[1], rng)  # the same for each pair
            a, b = (real.patches[level] @ sphere for real in reals)
            meaning = f"7 x 7 patches at scale {scale}"
            rows.append(
                self._sorted_row(
                    f"sliced_wasserstein_{scale}", a, b, self.fake.patches[level] @ sphere, meaning
                )
            )
        return rows

    def _picture_rows(self) -> list[Row]:
        a, b, fake = self.reference.a, self.reference.b, self.fake
        return [
            self._sorted_row(
                "color_moments",
                *(x.moments for x in (a, b, fake)),
                "mean, contrast and skew of each channel, in 1/255",
            ),
            self._sorted_row(
                "radial_spectrum",
                *(x.spectra for x in (a, b, fake)),
                "power per ring of frequency, in decibels",
            ),
            self._gram_row(a, b, fake),
        ]

    def _sorted_row(self, name: str, a: np.ndarray, b: np.ndarray, fake: np.ndarray, meaning: str) -> Row:
        """A mean of 1-D Wasserstein distances, column by column."""

        def distance(x: np.ndarray, y: np.ndarray) -> float:
            return float(distances.wasserstein_1d(x, y).mean())

        value = (distance(a, fake) + distance(b, fake)) / 2
        spread = intervals.around(value, intervals.wasserstein_draws((a, b), fake, self.counts))
        return Row(name, value, distance(a, b), "lower", meaning, *spread, self.counts.shape[1])

    def _gram_row(self, a: Description, b: Description, fake: Description) -> Row:
        def distance(x: Description, y: Description) -> float:
            return distances.gram_distance(x.grams, y.grams, x.labels, y.labels)

        value = (distance(a, fake) + distance(b, fake)) / 2
        draws = (
            intervals.gram_draws(x.grams, fake.grams, x.labels, fake.labels, self.counts) for x in (a, b)
        )
        spread = intervals.around(value, sum(draws) / 2)
        meaning = "products of random features" + (", label by label" if self.reference.labelled else "")
        return Row("gram", value, distance(a, b), "lower", meaning, *spread, len(fake.labels))

    def _memory_rows(self) -> list[Row]:
        """Distance to the nearest training crop over that of held-out materials: far below 1 means copies."""
        reference = self.reference
        meanings = (
            "distance to the nearest training crop; held-out materials: 1",
            "chance that as good as new materials lie as near to training crops",
        )
        if reference.unit is None:
            return [
                Row("nearest_train", None, None, "near floor", meanings[0]),
                Row("memorisation_p", None, None, "higher", meanings[1]),
            ]
        distance = reference.nearest_known(self.vectors)[0][:, 0]
        value = float(np.median(distance)) / reference.unit
        counts = intervals.resamples(self.crops.labels, [reference.seed, 63])
        draws = np.array([np.median(np.repeat(distance, count)) for count in counts]) / reference.unit
        materials = len(reference.new_distance)
        rows = [
            Row(
                "nearest_train",
                value,
                1.0,
                "near floor",
                f"{meanings[0]}, other crops of training materials: {reference.again:.2f}",
                *intervals.around(value, draws),
                materials,
            )
        ]
        test = copying_test(distance, reference.new_distance, self.crops.labels, reference.new_labels)
        if test is None:
            return [*rows, Row("memorisation_p", None, None, "higher", meanings[1], n=materials)]
        z, p = test
        verdict = "significant: samples lie" if p < SIGNIFICANT else "not significant that samples lie"
        meaning = f"{verdict} nearer to training crops than held-out materials do (rank test, z {z:.1f})"
        return [*rows, Row("memorisation_p", p, None, "higher", meaning, n=materials)]

    def _seam_rows(self) -> list[Row]:
        """Shares of whole pictures whose wrap line shows, or was blurred away."""
        whole = self.reference.real.tileable()
        floor = f"floor: the {len(whole)} tileable images"
        rows = []
        for name, shows, meaning in (
            (
                "seam_share",
                lambda picture: tile_seam(picture) > SEAM_LIMIT,
                f"share with tile seam r > {SEAM_LIMIT}; {floor}",
            ),
            (
                "smear_share",
                lambda picture: tile_smear(picture) < SMEAR_LIMIT,
                f"share whose wrap line is smeared, TSR < {SMEAR_LIMIT}; {floor}",
            ),
        ):
            value = _share(shows, self.samples.pictures) if self.tileable else None
            spread = (None, None) if value is None else intervals.of_share(value, len(self.samples.labels))
            n = len(self.samples.labels) if self.tileable else None
            rows.append(Row(name, value, _share(shows, whole), "lower", meaning, *spread, n))
        return rows

    def _label_rows(self) -> list[Row]:
        reference, judge = self.reference, self.reference.judge
        rows = {
            "label_accuracy": "share whose label a classifier names; floor: training materials",
            "label_accuracy_sure": "the same, of labels that it names on 90 % of training materials",
            "label_accuracy_heldout": "the same classifier on held-out materials, for judging the judge",
        }
        if judge is None:
            return [Row(name, None, None, "higher", meaning) for name, meaning in rows.items()]
        seen = reference.views(reference.train, 80)
        value = judge.accuracy(self.views.pictures, self.views.labels)
        floor = judge.accuracy(seen.pictures, seen.labels)
        spread = intervals.of_share(value, len(self.views.labels))
        n, held = len(self.views.labels), (None, None)
        if reference.held:
            new = reference.views(reference.held, 90)
            held = judge.accuracy(new.pictures, new.labels), len(set(new.materials))
        name, sure, other = rows
        return [
            Row(name, value, floor, "higher", rows[name], *spread, n),
            self._sure_row(sure, rows[sure], seen),
            Row(other, None, held[0], "higher", rows[other], n=held[1]),
        ]

    def _sure_row(self, name: str, meaning: str, seen: PictureSet) -> Row:
        """Where the classifier knows real ones, its word counts; where it does not, nobody's picture would pass."""
        judge, views = self.reference.judge, self.views
        right = judge.predict(seen.pictures) == seen.labels
        sure = [k for k in np.unique(seen.labels) if right[seen.labels == k].mean() >= SURE]
        ours, real = np.isin(views.labels, sure), np.isin(seen.labels, sure)
        if not ours.any():
            return Row(name, None, None, "higher", meaning)
        value = judge.accuracy(views.pictures[ours], views.labels[ours])
        floor = judge.accuracy(seen.pictures[real], seen.labels[real])
        meaning = f"{meaning} ({counted(len(sure), 'label')})"
        return Row(
            name,
            value,
            floor,
            "higher",
            meaning,
            *intervals.of_share(value, int(ours.sum())),
            int(ours.sum()),
        )

    def _surface_rows(self) -> list[Row]:
        rows = []
        if self.surfaces.albedo:
            real = self.reference.real
            floor = float(np.mean([albedo_share(real.pixels[item.file] / 255) for item in real.items]))
            meaning = "share of base colour within sRGB {} to {} of 255".format(*ALBEDO)
            rows.append(self._mean_row("albedo_in_range", self.surfaces.albedo, floor, "higher", meaning))
        if self.surfaces.angle:
            meaning = "degrees between the normals and those of the height"
            rows.append(self._mean_row("normal_angle", self.surfaces.angle, None, "lower", meaning))
        return rows

    def _mean_row(
        self, name: str, each: tuple[float, ...], floor: float | None, better: str, meaning: str
    ) -> Row:
        counts = intervals.resamples(self.samples.labels, [self.reference.seed, 64])
        value = float(np.mean(each))
        spread = intervals.around(value, counts @ np.array(each) / len(each))
        return Row(name, value, floor, better, meaning, *spread, len(each))

    def _inception_rows(self) -> list[Row]:
        if self.inception is None:
            return []
        a, b = (self.reference.views(items, 10 * i) for i, items in enumerate(self.reference.halves, 1))
        a, b, fake = (x.spread(self.reference.count).pictures for x in (a, b, self.views))
        to_a, to_b = self.inception.distances(a, fake), self.inception.distances(b, fake)
        floor = self.inception.distances(a, b)
        return [
            Row(name, (to_a[name] + to_b[name]) / 2, floor[name], "lower", meaning, n=len(fake))
            for name, meaning in (
                ("fid", "Inception-v3 of torch-fidelity; falls with n, compare equal n alone"),
                ("kid", "the same features, unbiased in n"),
            )
        ]


def _share(shows: Callable[[np.ndarray], bool], pictures: np.ndarray | list[np.ndarray]) -> float | None:
    """Share of uint8 pictures that `shows` is true of, given in [0, 1]."""
    return float(np.mean([shows(picture / 255) for picture in pictures])) if len(pictures) else None
