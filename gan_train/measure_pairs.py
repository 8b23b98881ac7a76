"""`gan-train measure` where pictures have a right answer: held-out pairs, beside doing without a network.

held_out_pairs -> the engine's transform -> pair_figures -> panel. Which figures there are follows from the maps that
come out, and the baseline from what goes in: an enlarged picture, the picture itself, the classic filter, or the mean.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blender_addon.engine.measures import SEAM_LIMIT, tile_seam
from blender_addon.engine.model import Model
from blender_addon.engine.transform import Step, transform

from . import intervals
from .aligned_maps import unit
from .errors import DatasetError
from .features import extractor_sha256
from .held_out_pairs import Pair, chosen, read_pairs, resized
from .manifest import Manifest
from .measure_weather import weather_of
from .pair_figures import figures_of, filtered_normal, fitted_strength, grey
from .panel import Panel, Row
from .progress import counted

LEARNED_FROM = 24  # training pairs that the baseline is fitted to
LIKE = ("base_color", "luminance")  # what a colour would be without a network, best first


@dataclass(frozen=True)
class PairPanel(Panel):
    """The figures of held-out pairs."""

    beside: str = "baseline"

    def title(self) -> str:
        return (
            f"{counted(self.count, 'held-out picture')} of {counted(len(self.labels), 'label')}, whole; "
            "95 % of the pictures' spread"
        )

    def foot(self) -> list[str]:
        return []


class Baseline:
    """What one has without a network; where it must be fitted, to training pairs."""

    def __init__(self, model: Model, manifest: Manifest):
        self.scale = model.card.scale
        self.means: dict[str, np.ndarray] = {}
        self.strength, self.heights = 0.0, 1
        if self.scale > 1:
            return
        known = read_pairs(model.card, manifest, "train", LEARNED_FROM)
        for name in model.card.map_names:
            real = [unit(pair.real[name]).mean((0, 1)) for pair in chosen(known, name)]
            self.means[name] = np.mean(real, 0) if real else np.full(1, 0.5)
        light = [(pair, _light(pair)) for pair in known if _light(pair) is not None]
        normals = [(x, unit(p.real["normal"]), p.wraps) for p, x in light if "normal" in p.real]
        self.strength = fitted_strength(normals) if normals else 0.0

    def __call__(self, pair: Pair, name: str) -> tuple[np.ndarray, str]:
        """-> the map [H, W, C] in [0, 1], and what it is."""
        given = pair.given.maps
        if self.scale > 1:
            return unit(resized(given[name], self.scale, pair.wraps)), "bicubic"
        light = _light(pair)
        if name == "normal" and light is not None:
            made = filtered_normal(light, self.strength, pair.wraps)
            return made, f"Sobel on luminance, fitted strength {self.strength:g}"
        if name == "height" and light is not None:
            return grey(light)[..., None], "luminance"
        if name == "base_color" and (like := next((n for n in LIKE if n in given), None)):
            return np.broadcast_to(unit(given[like]), pair.real[name].shape), f"the {like} that goes in"
        shape = pair.real[name].shape
        return np.broadcast_to(self.means[name].astype(np.float32), shape), "mean of the training pictures"


def _light(pair: Pair) -> np.ndarray | None:
    """What goes in and shows light and dark, [H, W, C] in [0, 1]."""
    name = next((name for name in LIKE if name in pair.given.maps), None)
    return None if name is None else unit(pair.given.maps[name])


def measure_pairs(
    model: Model,
    manifest: Manifest,
    count: int | None = None,
    seed: int = 0,
    progress: Callable[[str, int, int], None] = lambda what, done, total: None,
) -> PairPanel:
    """The panel of `model` on the held-out pictures of the dataset, at most `count`. The same arguments give the same
    numbers."""
    pairs = read_pairs(model.card, manifest, "heldout", count)
    baseline = Baseline(model, manifest)
    names, found, said = model.card.map_names, {}, {}
    seams: list[tuple[bool, bool]] = []
    weather = weather_of(model, manifest)
    for number, pair in enumerate(pairs):
        made = transform(model, pair.given, Step(seed=seed), pair.wraps).maps
        for name in names:
            if name not in pair.real:
                continue
            real = unit(pair.real[name])
            other, said[name] = baseline(pair, name)
            for figure, of, _, _ in figures_of(name):
                values = of(unit(made[name]), real), of(other, real)
                found.setdefault((name, figure), []).append(values)
        if weather is not None:
            weather.add(pair, made)
        shown = next(name for name in names if name in pair.real)
        if pair.wraps:
            seams.append(tuple(tile_seam(unit(x[shown])) > SEAM_LIMIT for x in (made, pair.real)))
        progress("held-out pictures", number + 1, len(pairs))
    rows = [
        _row(name, f, found[name, f[0]], said[name], seed)
        for name in names
        for f in figures_of(name)
        if (name, f[0]) in found
    ]
    rows += weather.rows(seed) if weather is not None else []
    if seams:
        value, floor = np.mean(seams, 0)
        meaning = f"share with tile seam r > {SEAM_LIMIT}, of those that tile; baseline: the real ones"
        spread = intervals.of_share(float(value), len(seams))
        rows.append(Row("seam_share", float(value), float(floor), "lower", meaning, *spread, len(seams)))
    if not rows:
        raise DatasetError(f"{manifest.folder}: no held-out picture has what {model.card.name} makes.")
    return PairPanel(
        rows=tuple(rows),
        count=len(pairs),
        view=min(min(pair.given.size) for pair in pairs) * model.card.scale,
        crop=0,
        labels=tuple(sorted({pair.label for pair in pairs})),
        seed=seed,
        dataset_sha256=manifest.sha256,
        model_sha256=model.sha256,
        extractor_sha256=extractor_sha256(),
    )


def _row(name: str, figure: tuple, values: list[tuple[float, float]], said: str, seed: int) -> Row:
    kind, _, better, meaning = figure
    ours, theirs = np.array(values).T
    counts = intervals.resamples(np.zeros(len(ours), int), [seed, 65])
    value = float(ours.mean())
    low, high = np.quantile(counts @ ours / len(ours), intervals.QUANTILES).tolist()
    return Row(
        f"{name}_{kind}",
        value,
        float(theirs.mean()),
        better,
        f"{meaning}; baseline: {said}",
        low,
        high,
        len(ours),
    )
