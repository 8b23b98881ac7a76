"""`gan-train measure` of a generator that makes one look into another, without pairs: engine, numpy, torch features.

change.py (outputs, baseline) -> features.py, classifier.py -> look_rows.py -> panel.py. Each figure stands beside its
floor, beside what the untouched pictures get, and beside a colour transfer, which needs no training at all.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from blender_addon.engine.measures import tile_seam
from blender_addon.engine.model import Model

from . import distances, features
from .change import changed, check_takes_color, edge_correlation, recolored
from .classifier import ClassifierConfig, Judge, load_judge
from .errors import DatasetError
from .look_rows import SIDES, Found, look_rows
from .manifest import Manifest
from .panel import Panel
from .picture_sets import RealPictures
from .reference import CROP
from .weights import looks_of

MIN_COUNT = 24


def measure_looks(
    model: Model,
    manifest: Manifest,
    count: int = 400,
    seed: int = 0,
    source: str | None = None,
    target: str | None = None,
    split: str = "heldout",
    classifier: ClassifierConfig | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Panel:
    """The panel of `model`, which takes pictures: each target label is measured with `count` / targets crops.

    `source`, `target`: labels of the dataset; None: what the model says, else every label that it knows. `split`: of
    which pictures of the source labels the outputs are, "heldout" or "train".
    """
    if count < MIN_COUNT:
        raise DatasetError(f"--count {count}: needs at least {MIN_COUNT} crops to say anything.")
    check_takes_color(model)
    pairs = _pairs(model, manifest, source, target)
    labels = tuple(sorted({label for sources, goal in pairs for label in (*sources, goal)}))
    real = RealPictures(manifest, labels)
    view = real.short_side
    if view < features.MIN_SIDE:
        raise DatasetError(
            f"{manifest.folder}: pictures of {view} px are too small to measure with; prepare them with "
            f"{features.MIN_SIDE} px or more."
        )
    judge = load_judge(manifest, real, classifier, lambda d, t: progress("crops for the classifier", d, t))
    found, each = Found(), max(MIN_COUNT, round(count / len(pairs)))
    for number, (sources, goal) in enumerate(pairs):
        progress("looks", number, len(pairs))
        _measure_one(model, real, judge, sources, goal, split, each, [seed, number], found)
    progress("looks", len(pairs), len(pairs))
    return Panel(
        rows=look_rows(found, tuple(goal for _, goal in pairs)),
        count=each * len(pairs),
        view=view,
        crop=min(CROP, view),
        labels=labels,
        seed=seed,
        dataset_sha256=manifest.sha256,
        model_sha256=model.sha256,
        extractor_sha256=features.extractor_sha256(),
    )


def _pairs(
    model: Model, manifest: Manifest, source: str | None, target: str | None
) -> list[tuple[tuple[str, ...], str]]:
    """[(labels of what goes in, label of what is asked for)]."""
    said = looks_of(model.path)
    source, target = source or said.get("source"), target or said.get("target")
    for flag, label in (("--source", source), ("--target", target)):
        if label is not None and label not in manifest.labels:
            raise DatasetError(
                f"{flag} {label}: {manifest.folder} has no such label. It has {', '.join(manifest.labels)}."
            )
    known = model.card.labels
    if not known and (source is None or target is None):
        raise DatasetError(
            f"{model.path}: does not say what it makes out of what. Say --source LABEL and --target LABEL, two of "
            f"{', '.join(manifest.labels)}."
        )
    common = tuple(label for label in manifest.labels if label in known)
    targets = (target,) if target else common
    if not targets or (known and not set(targets) <= set(common)):
        raise DatasetError(
            f"{manifest.folder}: has no label in common with {model.card.name} ({', '.join(known)}). "
            "Measure on the dataset it was trained on."
        )
    pairs = []
    for goal in targets:
        sources = (source,) if source else tuple(label for label in common if label != goal)
        if goal in sources or not sources:
            raise DatasetError(f"--target {goal}: needs another label to come from. Say --source LABEL.")
        pairs.append((sources, goal))
    return pairs


def _measure_one(
    model: Model,
    real: RealPictures,
    judge: Judge,
    sources: tuple[str, ...],
    goal: str,
    split: str,
    count: int,
    seed: list[int],
    found: Found,
) -> None:
    view, crop = real.short_side, min(CROP, real.short_side)
    items = [item for item in real.items if item.label in sources and item.split == split]
    if not items:
        raise DatasetError(
            f"{', '.join(sources)}: has no {split} pictures. Say --split train, or prepare with --heldout."
        )
    train = [item for item in real.items if item.label == goal and item.split == "train"]
    wanted = goal if model.card.labels else None
    whole: dict[str, list[np.ndarray]] = {side: [] for side in SIDES}
    for number, item in enumerate(items):
        pixels, wraps = real.pixels[item.file], bool(item.tileable)
        made = {
            "untouched": pixels,
            "changed": changed(model, pixels, wraps, wanted),
            "recolored": recolored(pixels, real.pixels[train[number % len(train)].file]) if train else pixels,
        }
        for side, picture in made.items():
            whole[side].append(picture)
        for side, values in found.structure.items():
            values.append(edge_correlation(made[side], pixels))
        if wraps:
            for side, values in found.seams.items():
                values.append(tile_seam(made[side].astype(np.float32) / 255))
        found.sources.add(item.material)
    views = {side: _crops(pictures, count, view, seed) for side, pictures in whole.items()}
    found.unrelated += [
        edge_correlation(a, b) for a, b in zip(views["changed"][1::2], views["untouched"][::2], strict=False)
    ]
    _see_distances(
        real, goal, {s: _crops(list(v), count, crop, [*seed, 1]) for s, v in views.items()}, seed, found
    )
    index = judge.labels.index(goal)
    for side, pictures in views.items():
        found.named[side].append(float((judge.predict(pictures) == index).mean()))
    held = [item for item in real.items if item.label == goal and item.split == "heldout"]
    if held:
        shown = _crops([real.pixels[item.file] for item in held], count, view, [*seed, 2])
        found.named_real.append(float((judge.predict(shown) == index).mean()))


def _see_distances(
    real: RealPictures, goal: str, crops: dict[str, np.ndarray], seed: list[int], found: Found
) -> None:
    """Random-feature Frechet distances to both halves of the target's pictures, and of these to each other."""
    halves = [[item for item in half if item.label == goal] for half in real.halves()]
    count, side = len(crops["changed"]), crops["changed"].shape[1]
    vectors = [
        features.random_vectors(
            _crops([real.pixels[item.file] for item in half], count, side, [*seed, 3 + i])
        )
        for i, half in enumerate(halves)
    ]
    both = np.concatenate(vectors)
    a, b = distances.standardise(both, *vectors)
    found.floor.append(distances.frechet(a, b))
    for name, pictures in crops.items():
        (ours,) = distances.standardise(both, features.random_vectors(pictures))
        found.distance[name].append((distances.frechet(a, ours) + distances.frechet(b, ours)) / 2)


def _crops(pictures: list[np.ndarray], count: int, size: int, seed: list[int]) -> np.ndarray:
    """[count, size, size, 3]: squares at random places, the pictures in turn; the same places for the same seed."""
    rng = np.random.default_rng(seed)
    found = []
    for number in range(count):
        pixels = pictures[number % len(pictures)]
        top, left = (int(rng.integers(0, side - size + 1)) for side in pixels.shape[:2])
        found.append(pixels[top : top + size, left : left + size])
    return np.stack(found)
