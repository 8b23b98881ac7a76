"""`gan-train sample` of a generator that changes pictures: what goes in beside what comes out; engine, numpy, Pillow.

Previous station: change.py. Next: grid.py. Held-out pictures come first, for those nobody has trained on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from blender_addon.engine import png
from blender_addon.engine.errors import RequestError
from blender_addon.engine.files import write_atomic
from blender_addon.engine.model import Model

from .change import changed, check_takes_color
from .errors import DatasetError
from .grid import labelled_grid
from .manifest import Item, Manifest
from .picture_sets import load_pixels
from .sample import check_writable
from .weights import looks_of

MAX_ROWS = 64
STEPS = (0.25, 0.5, 1.0)  # strengths that are shown of a generator with one target


def changed_sheet(
    model: Model,
    manifest: Manifest,
    out: Path,
    count: int = 8,
    source: str | None = None,
    label: str | None = None,
    seed: int = 0,
    size: int | None = None,
) -> Path:
    """Write OUT.png: `count` pictures of the dataset, a row each: as it is, then for each label of the model (or
    `label` alone), or at rising strengths where there is one target. `seed`: which pictures; `size`: cut to that."""
    if out.suffix.lower() != ".png":
        raise RequestError(f"--out {out}: the sheet of a generator that changes pictures is one .png file.")
    if not 1 <= count <= MAX_ROWS:
        raise RequestError(f"--count {count}: a sheet has 1 to {MAX_ROWS} rows.")
    check_takes_color(model)
    card = model.card
    if label is not None and label not in card.labels:
        raise RequestError(f"--label {label}: {card.name} has {', '.join(card.labels) or 'no labels'}.")
    check_writable(out, True)
    labels = (label,) if label else card.labels
    source = source or looks_of(model.path).get("source")
    rows = []
    for item in _chosen(manifest, source, () if source else card.labels, count, seed):
        pixels = load_pixels(manifest, item)
        side = min(size or manifest.size, *pixels.shape[:2])
        wraps = bool(item.tileable) and pixels.shape[:2] == (side, side)
        pixels = np.ascontiguousarray(pixels[:side, :side])
        row = [("input", pixels)]
        if labels:
            row += [(name, changed(model, pixels, wraps, name)) for name in labels]
        elif any(i.name == "strength" for i in card.inputs):
            row += [(f"strength {s:g}", changed(model, pixels, wraps, None, s)) for s in STEPS]
        else:
            row.append(("output", changed(model, pixels, wraps)))
        rows.append((item.label, row))
    return write_atomic(
        out, png.encode(labelled_grid(_same_size(rows), f"{card.name}: unpicked, seed {seed}"))
    )


def _chosen(
    manifest: Manifest, source: str | None, known: tuple[str, ...], count: int, seed: int
) -> list[Item]:
    """Pictures of `source`, or of the labels in turn: held-out ones first, each kind in an order of the seed's."""
    labels = (
        [source] if source else [name for name in manifest.labels if name in known] or list(manifest.labels)
    )
    rng, queues = np.random.default_rng(seed), []
    for name in labels:
        items = [item for item in manifest.items if item.label == name]
        mixed = [items[i] for i in rng.permutation(len(items))]
        queues.append(sorted(mixed, key=lambda item: item.split != "heldout"))
    if not any(queues):
        raise DatasetError(
            f"--source {source}: {manifest.folder} has no such label. It has {', '.join(manifest.labels)}."
        )
    chosen: list[Item] = []
    while len(chosen) < count and any(queues):
        chosen += [queue.pop(0) for queue in queues if queue]
    return sorted(chosen[:count], key=lambda item: labels.index(item.label))


def _same_size(rows: list) -> list:
    """Pictures in the corner of a white square, where the dataset has smaller ones."""
    side = max(picture.shape[0] for _, row in rows for _, picture in row)

    def padded(picture: np.ndarray) -> np.ndarray:
        page = np.full((side, side, 3), 255, np.uint8)
        page[: picture.shape[0], : picture.shape[1]] = picture
        return page

    return [(label, [(words, padded(picture)) for words, picture in row]) for label, row in rows]
