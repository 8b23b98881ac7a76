"""The rows of what is measured of generators between looks: numbers in, a table out. Numpy only, no pictures.

Previous station: domain_measures.py. Next: panel.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from blender_addon.engine.measures import SEAM_LIMIT

from . import intervals
from .panel import Row

SIDES = ("changed", "untouched", "recolored")
TRANSFER = "baseline: a colour transfer"
AS_IS = "the same of the pictures as they were"


@dataclass
class Found:
    """What is measured of each target label, one number a label; of pictures, one a picture."""

    distance: dict[str, list[float]] = field(default_factory=lambda: {side: [] for side in SIDES})
    floor: list[float] = field(default_factory=list)
    named: dict[str, list[float]] = field(default_factory=lambda: {side: [] for side in SIDES})
    named_real: list[float] = field(default_factory=list)
    structure: dict[str, list[float]] = field(default_factory=lambda: {"changed": [], "recolored": []})
    unrelated: list[float] = field(default_factory=list)
    seams: dict[str, list[float]] = field(default_factory=lambda: {"changed": [], "untouched": []})
    sources: set[str] = field(default_factory=set)


def look_rows(found: Found, targets: tuple[str, ...]) -> tuple[Row, ...]:
    """The table; `targets`: the labels that were asked for, in the order in which they were measured."""
    n, seams = len(found.sources), {k: [r > SEAM_LIMIT for r in rs] for k, rs in found.seams.items()}
    floor, away = np.array(found.floor), {side: np.array(values) for side, values in found.distance.items()}
    from_here = away["untouched"]
    ratio = {side: values / from_here for side, values in away.items()}
    far = from_here - floor > 0.05 * from_here  # of a look that is near already nothing can be gained
    gain = {side: (from_here - values)[far] / (from_here - floor)[far] for side, values in away.items()}
    named, held, kept, by_chance = found.named, found.named_real, found.structure, found.unrelated
    least, seam = floor / from_here, f"share with a seam above {SEAM_LIMIT}, of pictures that tile"
    table = (
        (
            "look_distance",
            away["changed"],
            floor,
            "lower",
            "distance of random features to the target (not FID)",
        ),
        ("look_distance_untouched", from_here, floor, "lower", AS_IS),
        ("look_ratio", ratio["changed"], least, "lower", "distance over that of the untouched pictures"),
        ("look_ratio_recolored", ratio["recolored"], least, "lower", TRANSFER),
        (
            "look_gain",
            gain["changed"],
            (),
            "higher",
            "share of the way from the untouched pictures to the floor, of looks that are not near already",
        ),
        ("look_gain_recolored", gain["recolored"], (), "higher", TRANSFER),
        ("structure", kept["changed"], by_chance, "higher", "edges like the input's; floor: like another's"),
        ("structure_recolored", kept["recolored"], by_chance, "higher", TRANSFER),
        (
            "named_target",
            named["changed"],
            held,
            "higher",
            "share that the classifier gives the target's label",
        ),
        ("named_target_untouched", named["untouched"], held, "higher", AS_IS),
        ("named_target_recolored", named["recolored"], held, "higher", TRANSFER),
        ("seam_share", seams["changed"], seams["untouched"], "near floor", seam),
    )
    rows = []
    for name, values, floors, better, meaning in table:
        value, beside = (float(np.mean(v)) if len(v) else None for v in (values, floors))
        spread = intervals.of_share(value, n) if name == "named_target" else (None, None)
        rows.append(Row(name, value, beside, better, meaning, *spread, n))
    if len(targets) > 1:
        for goal, value in zip(targets, ratio["changed"].tolist(), strict=True):
            rows.append(Row(f"look_ratio:{goal}", value, None, "lower", f"of what was to look like {goal}"))
    return tuple(rows)
