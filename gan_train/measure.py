"""`gan-train measure`: how good a generator is, each number beside the same number for real pictures; engine, numpy,
torch.

picture_sets -> reference -> panel. Nothing here is called FID: no trained weights are downloaded.
"""

from collections.abc import Callable

from blender_addon.engine.model import Model

from .classifier import ClassifierConfig, load_judge
from .errors import DatasetError
from .features import MIN_SIDE
from .manifest import Manifest
from .panel import Panel
from .picture_sets import RealPictures, draw_samples
from .reference import CROP, Reference

MIN_COUNT = 24  # samples; fewer say nothing


def measure(
    model: Model,
    manifest: Manifest,
    count: int = 400,
    size: int | None = None,
    seed: int = 0,
    classifier: ClassifierConfig | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> Panel:
    """The panel of `model` against the dataset; `progress(what, done, total)`. The same arguments give the same
    numbers."""
    if count < MIN_COUNT:
        raise DatasetError(f"--count {count}: needs at least {MIN_COUNT} samples to say anything.")
    labels = common_labels(model, manifest)
    per_label = max(1, round(count / len(labels)))
    real = RealPictures(manifest, labels)
    samples = draw_samples(model, labels, per_label, size, seed, lambda d, t: progress("samples", d, t))
    view = min(samples.pictures.shape[1], real.short_side)
    if view < MIN_SIDE:
        raise DatasetError(f"samples of {view} px are too small to measure; use --size {MIN_SIDE} or more.")
    judge = None
    if model.card.labels:
        judge = load_judge(
            manifest, real, classifier, lambda d, t: progress("crops for the classifier", d, t)
        )
    rows = Reference(real, per_label, view, seed, judge).rows(samples)
    return Panel(
        rows=rows,
        count=len(samples.labels),
        view=view,
        crop=min(CROP, view),
        labels=labels,
        seed=seed,
        dataset_sha256=manifest.sha256,
        model_sha256=model.sha256,
    )


def common_labels(model: Model, manifest: Manifest) -> tuple[str, ...]:
    """The dataset's labels that the model knows; all of them for a model without labels."""
    known = model.card.labels
    labels = tuple(label for label in manifest.labels if label in known) if known else manifest.labels
    if not labels:
        raise DatasetError(
            f"{manifest.folder}: has no label in common with {model.card.name} ({', '.join(known)}). "
            "Measure on the dataset it was trained on."
        )
    return labels
