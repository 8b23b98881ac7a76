"""`gan-train sample --data`: what goes in, what comes out and what it should be, side by side; engine and Pillow.

Before: held_out_pairs.py. Next: grid.py. Nothing is chosen: the held-out pictures, spread evenly.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from blender_addon.engine import png
from blender_addon.engine.errors import RequestError
from blender_addon.engine.files import write_atomic
from blender_addon.engine.model import Model
from blender_addon.engine.transform import Step, transform

from .grid import labelled_grid
from .held_out_pairs import has_pairs, read_pairs
from .manifest import Manifest

SIDE = 256  # pixels that are shown of each picture, at most


def pair_sheet(
    model: Model,
    manifest: Manifest,
    out: Path,
    count: int = 8,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Write OUT.png: a row for each of `count` held-out pictures, its inputs, then each map beside the real one."""
    if out.suffix.lower() != ".png":
        raise RequestError(f"--out {out}: with --data one sheet is written; give a name that ends in .png.")
    if not has_pairs(model.card, manifest):
        raise RequestError(
            f"--data {manifest.folder}: does not hold what {model.card.name} should make of a picture. Leave it out."
        )
    pairs, rows = read_pairs(model.card, manifest, "heldout", count), []
    for number, pair in enumerate(pairs):
        made, scale = transform(model, pair.given, Step(seed=seed), pair.wraps).maps, model.card.scale
        row = [(name, _larger(values, scale)) for name, values in pair.given.maps.items()]
        for name in model.card.map_names:
            row.append((f"{name}: made", made[name]))
            real = pair.real.get(name)
            row.append((f"{name}: real", real if real is not None else np.zeros_like(made[name])))
        rows.append((pair.label, row))
        progress(number + 1, len(pairs))
    side = min(max(max(values.shape[:2]) for _, row in rows for _, values in row), SIDE)
    rows = [(label, [(name, _window(values, side)) for name, values in row]) for label, row in rows]
    out.parent.mkdir(parents=True, exist_ok=True)
    caption = f"{model.card.name}: {len(pairs)} held-out pictures, unpicked"
    return write_atomic(out, png.encode(labelled_grid(rows, caption)))


def _larger(values: np.ndarray, times: int) -> np.ndarray:
    return values.repeat(times, 0).repeat(times, 1)


def _window(values: np.ndarray, side: int) -> np.ndarray:
    """The middle, [side, side, 3]; grey around what is smaller."""
    top, left = (max(n - side, 0) // 2 for n in values.shape[:2])
    cut = values[top : top + side, left : left + side]
    shown = np.full((side, side, 3), 128, np.uint8)
    shown[: cut.shape[0], : cut.shape[1]] = cut
    return shown
