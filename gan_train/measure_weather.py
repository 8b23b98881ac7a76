"""The further rows of `measure` for generators that paint meshes by their shape: wear, dirt, and how real it looks.

Correlations are over the surfaces of all meshes together: one without hollows has no dirt that could be ranked.

Before: held_out_pairs.py. After: measure_pairs.py. The baseline of the last is what one would do without a network: to
every curvature and occlusion the mean colour that the training pictures have there.
"""

from __future__ import annotations

import numpy as np

from blender_addon.engine.model import Model

from . import intervals
from .aligned_maps import unit
from .distances import frechet
from .features import random_vectors
from .held_out_pairs import Pair, chosen, read_pairs
from .manifest import Manifest
from .panel import Row
from .weather_figures import correlations, fitted, has_surface, judged

LEARNED_FROM = 48  # training pairs
BINS = 12  # of curvature, and of occlusion
SIDE, FULL = 64, 0.75  # of the crops that are compared: pixels, and how much of one must be surface
FEWEST = 8  # crops
CELLS, REDRAWS = 20000, 400  # of the intervals, in which a cell more or less shows nowhere


class Weather:
    """What has been measured so far."""

    def __init__(self, pairs: list[Pair]):
        known = [(unit(pair.real["base_color"]), pair.given.maps) for pair in pairs]
        self.planes, self.table = fitted(known), blend_of(known)
        self.real = [one for color, given in known for one in crops(color, given)]
        self.found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []  # looks made, looks real, shape
        self.made: list[np.ndarray] = []
        self.blended: list[np.ndarray] = []

    def add(self, pair: Pair, made: dict[str, np.ndarray]) -> None:
        """A held-out pair and what was made of it, {map name: [H, W, C] uint8}."""
        if "base_color" not in pair.real:
            return
        given = pair.given.maps
        colors = [unit(maps["base_color"]) for maps in (made, pair.real)]
        (ours, shape), (real, _) = (judged(self.planes, one, given) for one in colors)
        self.found.append((ours, real, shape))
        self.made += crops(colors[0], given)
        self.blended += crops(blended(self.table, given), given)

    def rows(self, seed: int) -> list[Row]:
        rows = []
        if self.found:
            ours, real, shape = (np.concatenate(x) for x in zip(*self.found, strict=True))
            value, floor, draws = correlations(ours, shape), correlations(real, shape), self._redrawn(seed)
            for i, (name, of) in enumerate((("wear", "curvature"), ("dirt", "occlusion"))):
                spread = np.quantile(draws[:, i], intervals.QUANTILES).tolist()
                meaning = f"rank correlation of {name} with {of} over all surfaces; baseline: the real ones"
                rows.append(
                    Row(f"weather_{name}", value[i], floor[i], "higher", meaning, *spread, len(self.found))
                )
        if min(len(self.real), len(self.made)) >= FEWEST:
            real, made, plain = (vectors(one) for one in (self.real, self.made, self.blended))
            meaning = "random-feature Frechet distance to training pictures; baseline: fixed blend by curvature and ao"
            distances = frechet(real, made), frechet(real, plain)
            rows.append(Row("weather_distance", *distances, "lower", meaning, n=len(self.made)))
        return rows

    def _redrawn(self, seed: int) -> np.ndarray:
        """[REDRAWS, 2] correlations over as many surfaces, drawn anew; of every surface some cells."""
        rng, some = np.random.default_rng([seed, 66]), max(sum(len(one[2]) for one in self.found) // CELLS, 1)
        found = [(ours[::some], shape[::some]) for ours, _, shape in self.found]
        return np.array(
            [
                correlations(*(np.concatenate(x) for x in zip(*(found[k] for k in drawn), strict=True)))
                for drawn in rng.integers(len(found), size=(REDRAWS, len(found)))
            ]
        )


def weather_of(model: Model, manifest: Manifest) -> Weather | None:
    """None where the generator does not paint by a mesh's shape."""
    card = model.card
    if not {"position", "ao", "curvature"} <= {*card.takes} or "base_color" not in card.map_names:
        return None
    return Weather(list(chosen(read_pairs(card, manifest, "train", LEARNED_FROM), "base_color")))


def bins(given: dict[str, np.ndarray]) -> np.ndarray:
    """{map name: [H, W, C] uint8} -> [H, W] number of the bin."""
    curvature, ao = (given[name][..., 0].astype(int) * BINS // 256 for name in ("curvature", "ao"))
    return curvature * BINS + ao


def blend_of(pictures: list[tuple[np.ndarray, dict]]) -> np.ndarray:
    """[BINS * BINS, 3] mean colours; of a bin that never was, the mean of all."""
    total, count = np.zeros((BINS * BINS, 3)), np.zeros(BINS * BINS)
    for color, given in pictures:
        at = bins(given).ravel()
        count += np.bincount(at, minlength=len(count))
        for i in range(3):
            total[:, i] += np.bincount(at, color[..., i].ravel(), len(count))
    mean = total.sum(0) / max(count.sum(), 1)
    return np.where(count[:, None] > 0, total / np.maximum(count, 1)[:, None], mean)


def blended(table: np.ndarray, given: dict[str, np.ndarray]) -> np.ndarray:
    return table[bins(given)]


def crops(color: np.ndarray, given: dict[str, np.ndarray]) -> list[np.ndarray]:
    """[H, W, 3] in [0, 1] -> squares [SIDE, SIDE, 3] uint8 that are mostly surface."""
    surface, found = has_surface(given), []
    for top in range(0, color.shape[0] - SIDE + 1, SIDE):
        for left in range(0, color.shape[1] - SIDE + 1, SIDE):
            part = slice(top, top + SIDE), slice(left, left + SIDE)
            if surface[part].mean() >= FULL:
                found.append(np.floor(color[part] * 255 + 0.5).astype(np.uint8))
    return found


def vectors(pictures: list[np.ndarray]) -> np.ndarray:
    return random_vectors(np.stack(pictures))
