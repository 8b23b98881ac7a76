"""`gan-train measure`: how good a generator is, each number beside the same number for real pictures; engine, numpy,
torch.

picture_sets -> reference -> comparison -> panel. Nothing here is called FID but what torch-fidelity computes.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from blender_addon.engine.model import Model

from .classifier import ClassifierConfig, load_judge
from .comparison import Comparison, Surfaces
from .errors import DatasetError
from .features import MIN_SIDE, extractor_sha256
from .manifest import Manifest
from .measure_pictures import make_folder, write_pictures
from .panel import Panel
from .picture_sets import RealPictures, draw_samples
from .reference import CROP, Reference
from .surface_figures import SURFACE, albedo_share, normal_angle

MIN_COUNT = 24  # samples; fewer say nothing


def measure(
    model: Model,
    manifest: Manifest,
    count: int = 400,
    size: int | None = None,
    seed: int = 0,
    classifier: ClassifierConfig | None = None,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
    pictures: Path | None = None,
    inception=None,
) -> Panel:
    """The panel of `model` against the dataset; `progress(what, done, total)`. The same arguments give the same
    numbers. `pictures`: a folder for measure_pictures.py; `inception`: an inception.Inception for real FID."""
    if count < MIN_COUNT:
        raise DatasetError(f"--count {count}: needs at least {MIN_COUNT} samples to say anything.")
    if (model.card.fixed_size or MIN_SIDE) < MIN_SIDE:
        raise DatasetError(
            f"{model.card.name}: draws pictures of {model.card.fixed_size} px and no others; below {MIN_SIDE} px "
            "nothing can be measured. Train with a larger resolution."
        )
    if pictures is not None:
        make_folder(pictures)
    labels = common_labels(model, manifest)
    per_label = max(1, round(count / len(labels)))
    real = RealPictures(manifest, labels)
    if real.short_side < MIN_SIDE:
        raise DatasetError(
            f"{manifest.folder}: pictures of {real.short_side} px are too small to measure with; "
            f"prepare them with {MIN_SIDE} px or more, a single one with twice that on one side."
        )
    albedo, angle = [], []

    def each(maps: dict[str, np.ndarray]) -> None:
        if "base_color" in maps and any(name in maps for name in SURFACE):
            albedo.append(albedo_share(maps["base_color"], maps.get("metallic")))
        if "normal" in maps and "height" in maps:
            angle.append(normal_angle(maps["normal"], maps["height"], model.card.tileable))

    samples = draw_samples(model, labels, per_label, size, seed, lambda d, t: progress("samples", d, t), each)
    view = min(samples.pictures.shape[1], real.short_side)
    if view < MIN_SIDE:
        raise DatasetError(f"samples of {view} px are too small to measure; use --size {MIN_SIDE} or more.")
    judge = None
    if len(labels) > 1 and model.card.labels:
        judge = load_judge(
            manifest, real, classifier, lambda d, t: progress("crops for the classifier", d, t)
        )
    reference = Reference(real, per_label, view, seed, judge, labelled=bool(model.card.labels))
    comparison = Comparison(
        reference, samples, model.card.tileable, Surfaces(tuple(albedo), tuple(angle)), inception
    )
    if pictures is not None:
        write_pictures(pictures, comparison, labels if model.card.labels else ("",), seed)
    return Panel(
        rows=comparison.rows(),
        count=len(samples.labels),
        view=view,
        crop=min(CROP, view),
        labels=labels,
        seed=seed,
        dataset_sha256=manifest.sha256,
        model_sha256=model.sha256,
        extractor_sha256=extractor_sha256(),
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
