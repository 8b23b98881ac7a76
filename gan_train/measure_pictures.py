"""What the table of `measure` cannot show: unpicked samples, their nearest training crops, 2 x 2 tiles. Numpy, Pillow.

Previous station: comparison.py. Next: grid.py. Nothing is chosen by eye: the first samples of each label, and, beside
their neighbours, the samples that lie nearest to a training crop of all.
"""

from pathlib import Path

import numpy as np

from blender_addon.engine import png
from blender_addon.engine.errors import OutputError
from blender_addon.engine.files import write_atomic

from .comparison import Comparison
from .grid import labelled_grid

COLUMNS = 8  # samples of a row
ROWS = 24  # of the neighbours
NEAREST = 5  # training crops beside a sample
SUSPECTS = 6  # samples nearest to a training crop
TILED = 8


def make_folder(folder: Path) -> None:
    """Before minutes of work, not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be made a folder ({error.strerror}). Choose another --pictures."
        ) from error


def write_pictures(folder: Path, comparison: Comparison, labels: tuple[str, ...], seed: int) -> list[Path]:
    """FOLDER/samples.png, neighbours.png (with training materials), tiled.png (of models that tile). `labels` of the
    samples, which have the texture seeds from `seed` on."""
    seeds = [(seed + number) % 2**64 for number in range(len(comparison.samples.labels))]
    sheets = {"samples.png": _samples(comparison, labels, seeds)}
    if comparison.reference.known is not None:
        sheets["neighbours.png"] = _neighbours(comparison, labels, seeds)
    if comparison.tileable:
        sheets["tiled.png"] = _tiled(comparison, labels, seeds)
    return [write_atomic(folder / name, png.encode(sheet)) for name, sheet in sheets.items()]


def _samples(comparison: Comparison, labels: tuple[str, ...], seeds: list[int]) -> np.ndarray:
    samples, rows = comparison.samples, []
    for index in np.unique(samples.labels):
        members = np.flatnonzero(samples.labels == index)
        members = members[:COLUMNS] if len(labels) > 1 else members[: COLUMNS * COLUMNS]
        for start in range(0, len(members), COLUMNS):  # one label makes a block
            row = [(seeds[i], samples.pictures[i]) for i in members[start : start + COLUMNS]]
            rows.append((labels[index] if start == 0 else "", row))
    side = samples.pictures.shape[1]
    return labelled_grid(rows, f"unpicked, the texture seeds below, {side} px")


def _neighbours(comparison: Comparison, labels: tuple[str, ...], seeds: list[int]) -> np.ndarray:
    reference, samples = comparison.reference, comparison.samples
    distance, order = reference.nearest_known(comparison.vectors, 4 * NEAREST)
    suspects = np.argsort(distance[:, 0], kind="stable")[:SUSPECTS]
    firsts = np.unique(samples.labels, return_index=True)[1]
    if len(firsts) == 1:
        firsts = np.arange(min(len(distance), ROWS - SUSPECTS))
    rows = []
    for title, chosen in (("nearest of all", suspects), ("unpicked", firsts[: ROWS - SUSPECTS])):
        for i in chosen:
            label = labels[samples.labels[i]]
            row = [(f"seed {seeds[i]}", comparison.crops.pictures[i])]
            for place in _of_other_materials(order[i], reference.known.materials):
                k, away = order[i, place], distance[i, place] / (reference.unit or 1.0)
                row.append((f"{away:.2f} {reference.known.materials[k]}", reference.known.pictures[k]))
            rows.append((f"{title} {label}".strip(), row))
    caption = f"left: a sample; right: training crops of the {NEAREST} nearest materials"
    return labelled_grid(rows, caption + (", distance 1: held-out materials" if reference.unit else ""))


def _of_other_materials(order: np.ndarray, materials: tuple[str, ...]) -> list[int]:
    """Places in `order` of the first crop of each material, at most NEAREST; of one photo, the first crops."""
    if len(set(materials)) == 1:
        return list(range(NEAREST))
    found: dict[str, int] = {}
    for place, k in enumerate(order):
        found.setdefault(materials[k], place)
    return list(found.values())[:NEAREST]


def _tiled(comparison: Comparison, labels: tuple[str, ...], seeds: list[int]) -> np.ndarray:
    samples = comparison.samples
    chosen = np.unique(np.linspace(0, len(samples.labels) - 1, TILED).round().astype(int))
    half = (len(chosen) + 1) // 2
    rows = [
        (
            "",
            [
                (f"{seeds[i]} {labels[samples.labels[i]]}", np.tile(samples.pictures[i], (2, 2, 1)))
                for i in part
            ],
        )
        for part in (chosen[:half], chosen[half:])
    ]
    return labelled_grid(rows, "each sample 2 x 2: a seam would run through the middle")
