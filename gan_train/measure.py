"""`gan-train measure`: how good a generator is, each number beside the same number for real pictures; numpy and torch.

picture_sets -> features -> distances -> this table. Nothing here is called FID: no trained weights are downloaded.

The real materials are cut into two halves A and B that share no group of materials. The floor of a distance is A against B:
what a perfect generator of new materials would get. The generator's value is the mean of its distances to A and to B, with
the same number of pictures, drawn evenly over the labels, as crops of the same size out of views of the same size. No single
number suffices: blur, noise, lost modes, wrong colours and memorised copies each move others (see tests/gan_train).
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from blender_addon.engine.measures import SEAM_LIMIT, tile_seam
from blender_addon.engine.model import Model

from . import distances, features
from .classifier import ClassifierConfig, load_judge
from .errors import DatasetError
from .manifest import Manifest
from .picture_sets import PictureSet, RealPictures, disjoint_halves, draw_samples

CROP = 128  # pixels
PATCHES = 24  # per picture, for the sliced Wasserstein distance
MIN_COUNT = 24  # pictures; fewer say nothing


@dataclass(frozen=True)
class Row:
    """One measure. `value` and `floor` are None where the model or the dataset does not allow it."""

    name: str
    value: float | None
    floor: float | None
    better: str  # "lower", "higher", or "near floor"
    meaning: str


@dataclass(frozen=True)
class Panel:
    """All measures of one generator on one dataset."""

    rows: tuple[Row, ...]
    count: int  # pictures on each side
    view: int  # pixels: size of the samples
    crop: int  # pixels
    labels: tuple[str, ...]
    seed: int
    dataset_sha256: str
    model_sha256: str

    def row(self, name: str) -> Row:
        return next(row for row in self.rows if row.name == name)

    def ratio(self, name: str) -> float | None:
        """Value over floor."""
        row = self.row(name)
        return None if row.value is None or not row.floor else row.value / row.floor

    def as_json(self) -> dict:
        data = asdict(self)
        data["measures"] = {row.pop("name"): row for row in data.pop("rows")}
        return data

    def summary(self) -> dict[str, float]:
        """name -> value and "name_floor" -> floor, rounded: what a card's provenance keeps."""
        pairs = [(row.name, row.value) for row in self.rows] + [(f"{row.name}_floor", row.floor) for row in self.rows]
        return {name: float(f"{value:.4g}") for name, value in pairs if value is not None}

    def lines(self) -> list[str]:
        width = max(len(row.name) for row in self.rows)
        lines = [
            f"{self.count} samples of {self.view} px, {len(self.labels)} labels evenly, crops of {self.crop} px, seed {self.seed}",
            f"  {'measure':<{width}}  {'value':>9}  {'floor':>9}  better",
        ]
        for row in self.rows:
            value, floor = ("-" if number is None else f"{number:.4g}" for number in (row.value, row.floor))
            lines.append(f"  {row.name:<{width}}  {value:>9}  {floor:>9}  {row.better:<10}  {row.meaning}")
        return lines


def measure(
    model: Model,
    manifest: Manifest,
    count: int = 400,
    size: int | None = None,
    seed: int = 0,
    classifier: ClassifierConfig | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Panel:
    """The panel of `model` against the dataset; `progress(what, done, total)`. The same arguments give the same numbers."""
    labels = common_labels(model, manifest)
    if count < MIN_COUNT:
        raise DatasetError(f"--count {count}: needs at least {MIN_COUNT} samples to say anything.")
    per_label = max(1, round(count / len(labels)))
    real = RealPictures(manifest, labels)
    first = model.render(seed, labels[0] if model.card.labels else None, size)
    view = min(first.maps[next(iter(first.maps))].shape[0], real.short_side)
    samples = draw_samples(model, labels, per_label, size, seed, lambda d, t: progress("samples", d, t))
    judge = load_judge(manifest, real, classifier, lambda d, t: progress("classifier steps", d, t))
    rows = compare(real, samples, per_label, view, seed, judge if model.card.labels else None)
    return Panel(
        rows, len(samples.labels), view, min(CROP, view), labels, seed, manifest.sha256, model.sha256,
    )  # fmt: skip


def common_labels(model: Model, manifest: Manifest) -> tuple[str, ...]:
    """The dataset's labels that the model knows; all of them for a model without labels."""
    known = model.card.labels
    labels = tuple(label for label in manifest.labels if label in known) if known else manifest.labels
    if not labels:
        raise DatasetError(
            f"{manifest.folder}: no label in common with {model.card.name} ({', '.join(known)}). Measure on the data it was trained on."
        )
    return labels


def compare(real: RealPictures, samples: PictureSet, per_label: int, view: int, seed: int, judge) -> tuple[Row, ...]:
    """All rows. `samples`: `per_label` pictures per label, `view` px or larger; `judge` may be None (no labels to name)."""
    half_a, half_b = disjoint_halves(real.items)
    a = real.views(half_a, per_label, view, seed + 1)
    b = real.views(half_b, per_label, view, seed + 2)
    crop = min(CROP, view)
    # Each set is cropped with its own seed: the same places in two sets would be one more thing they share.
    whole = samples.crops(view, seed + 3)
    fake_crops, a_crops, b_crops = whole.crops(crop, seed + 4), a.crops(crop, seed + 5), b.crops(crop, seed + 6)
    common = min(len(fake_crops.labels), len(a_crops.labels), len(b_crops.labels))
    sets = [_first(pictures, common) for pictures in (fake_crops, a_crops, b_crops)]
    rows = [*_feature_rows(sets), *_picture_rows(sets, seed)]
    rows += _memory_rows(real, fake_crops, per_label, view, crop, seed)
    rows += _seam_rows(real, samples)
    if judge is not None:
        rows += _label_rows(real, judge, whole, per_label, view, seed)
    return tuple(rows)


def _first(pictures: PictureSet, count: int) -> PictureSet:
    """`count` of the set, spread evenly over it, so that every label keeps its share."""
    chosen = np.linspace(0, len(pictures.labels) - 1, count).round().astype(int)
    return PictureSet(pictures.pictures[chosen], pictures.labels[chosen])


def _feature_rows(sets: list[PictureSet]) -> list[Row]:
    fake, a, b = (features.random_features(pictures.pictures) for pictures in sets)
    fake, a, b = distances.standardise(np.concatenate([a, b]), fake, a, b)
    frechet = (distances.frechet(a, fake) + distances.frechet(b, fake)) / 2
    rows = [Row("frechet_random", frechet, distances.frechet(a, b), "lower", "distance of random features (not FID)")]
    to_a, to_b = distances.neighbour_measures(a, fake), distances.neighbour_measures(b, fake)
    floors = distances.neighbour_measures(a, b), distances.neighbour_measures(b, a)
    meanings = {
        "precision": "samples that look like some real one",
        "recall": "real ones that some sample looks like",
        "density": "how crowded real ones are around samples",
        "coverage": "real ones with a sample next to them",
    }
    for name, meaning in meanings.items():
        value, floor = (to_a[name] + to_b[name]) / 2, (floors[0][name] + floors[1][name]) / 2
        rows.append(Row(name, value, floor, "higher", meaning))
    return rows


def _picture_rows(sets: list[PictureSet], seed: int) -> list[Row]:
    fake, a, b = sets
    rows = []
    bands = [features.pyramid(pictures.pictures) for pictures in sets]
    for level, names in enumerate(("1", "1/2", "1/4", "1/8")):
        drawn = []
        for number in range(3):  # own places for each set, the same directions for each pair
            rng = np.random.default_rng([seed, level, number])
            drawn.append(features.patches(bands[number][level], PATCHES, rng))
        def distance(first, second, level=level):
            return distances.sliced_wasserstein(first, second, np.random.default_rng([seed, level, 9]))

        value = (distance(drawn[0], drawn[1]) + distance(drawn[0], drawn[2])) / 2
        rows.append(Row(f"sliced_wasserstein_{names}", value, distance(drawn[1], drawn[2]), "lower", f"7 x 7 patches at scale {names}"))
    moments = [features.color_moments(pictures.pictures) for pictures in sets]
    value, floor = _mean_and_floor(lambda x, y: float(distances.wasserstein_1d(x, y).mean()), moments)
    rows.append(Row("color_moments", value, floor, "lower", "mean, contrast and skew of colours, in 1/255"))
    spectra = [features.radial_spectrum(pictures.pictures) for pictures in sets]
    value, floor = _mean_and_floor(lambda x, y: float(distances.wasserstein_1d(x, y).mean()), spectra)
    rows.append(Row("radial_spectrum", value, floor, "lower", "power per ring of frequency, in decibels"))
    grams = [(features.gram_matrices(pictures.pictures), pictures.labels) for pictures in sets]
    value, floor = _mean_and_floor(lambda x, y: distances.gram_distance(x[0], y[0], x[1], y[1]), grams)
    return [*rows, Row("gram", value, floor, "lower", "correlations of random features, per label")]


def _mean_and_floor(distance: Callable, sets: list) -> tuple[float, float]:
    """Mean distance of sets[0] to the halves sets[1] and sets[2]; distance between the halves."""
    fake, a, b = sets
    return (distance(fake, a) + distance(fake, b)) / 2, distance(a, b)


def _memory_rows(real: RealPictures, fake: PictureSet, per_label: int, view: int, crop: int, seed: int) -> list[Row]:
    """Distance to the nearest training crop over that of held-out materials: far below 1 means copies."""
    train = [item for item in real.items if item.split == "train"]
    held = [item for item in real.items if item.split == "heldout"]
    meaning = "distance to the nearest training crop, held-out materials = 1; copies are far below"
    if not held or not train:
        return [Row("nearest_train", None, None, "near floor", meaning)]
    known = real.views(train, 4 * per_label, view, seed + 11).crops(crop, seed + 12)
    new = real.views(held, per_label, view, seed + 13).crops(crop, seed + 14)
    again = real.views(train, per_label, view, seed + 15).crops(crop, seed + 16)
    vectors = [features.random_features(pictures.pictures) for pictures in (known, new, again, fake)]
    known_f, new_f, again_f, fake_f = distances.standardise(vectors[0], *vectors)
    unit = distances.nearest(new_f, known_f)
    copies = distances.nearest(again_f, known_f) / unit
    note = f"{meaning} (other crops of training materials: {copies:.2f})"
    return [Row("nearest_train", distances.nearest(fake_f, known_f) / unit, 1.0, "near floor", note)]


def _seam_rows(real: RealPictures, samples: PictureSet) -> list[Row]:
    """Share of whole pictures whose wrap line shows."""
    whole = real.tileable(samples.pictures.shape[1])

    def share(pictures: np.ndarray) -> float | None:
        return float(np.mean([tile_seam(picture / 255) > SEAM_LIMIT for picture in pictures])) if len(pictures) else None

    meaning = f"share with tile seam r > {SEAM_LIMIT}; floor: the {len(whole)} tileable images of that size"
    return [Row("seam_share", share(samples.pictures), share(whole), "lower", meaning)]


def _label_rows(real: RealPictures, judge, samples: PictureSet, per_label: int, view: int, seed: int) -> list[Row]:
    train = [item for item in real.items if item.split == "train"]
    held = [item for item in real.items if item.split == "heldout"]
    seen = real.views(train, per_label, view, seed + 21)
    floor = judge.accuracy(seen.pictures, seen.labels)
    rows = [
        Row(
            "label_accuracy", judge.accuracy(samples.pictures, samples.labels), floor, "higher",
            "samples whose label a classifier names; floor: training materials",
        )
    ]  # fmt: skip
    if held:
        new = real.views(held, per_label, view, seed + 22)
        unseen = judge.accuracy(new.pictures, new.labels)
        rows.append(Row("label_accuracy_heldout", None, unseen, "higher", "the same classifier on held-out materials"))
    return rows
