"""`gan-train sample`: textures of a model, unpicked, as one labelled grid or as single files; engine and Pillow.

Previous station: model_source.py. Next: grid.py. Texture seeds are seed, seed + 1, ...: the same numbers give the same
textures in the panel and in `gancube`.
"""

import io
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from blender_addon.engine import png
from blender_addon.engine.errors import OutputError, RequestError
from blender_addon.engine.files import write_atomic
from blender_addon.engine.model import Model
from blender_addon.engine.pixels import to_uint8

from .grid import labelled_grid
from .image_files import IMAGE_ENDINGS
from .picture_sets import base_color

MAX_COUNT = 10_000
MAX_GRID_COLUMNS = 64
JPEG_QUALITY = 95  # with 4:4:4 colour, as prepare stores it
WRAP = 8  # columns when there is only one label


def sample(
    model: Model,
    out: Path,
    count: int = 8,
    label: str | None = None,
    size: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    jpeg: bool = False,
) -> list[Path]:
    """Draw `count` textures of `label` (None: of every label) and write OUT.png, or OUT/LABEL/SEED.png for a folder.

    `jpeg`: the single files are OUT/LABEL/SEED.jpg, a tenth as large."""
    if not 1 <= count <= MAX_COUNT:
        raise RequestError(f"--count {count}: must be between 1 and {MAX_COUNT}.")
    if not 0 <= seed < 2**64:
        raise RequestError(f"--seed {seed}: must be between 0 and {2**64 - 1}.")
    is_grid = out.suffix.lower() == ".png"
    if not is_grid and out.suffix.lower() in IMAGE_ENDINGS:
        raise RequestError(f"--out {out}: a grid must end in .png; single files go into a folder (--jpeg).")
    labels = (label,) if label is not None else model.card.labels or (None,)
    if is_grid and len(labels) > 1 and count > MAX_GRID_COLUMNS:
        raise RequestError(
            f"--count {count}: a grid has at most {MAX_GRID_COLUMNS} columns; give a folder for more."
        )
    seeds = [(seed + number) % 2**64 for number in range(count)]
    check_writable(out, is_grid)

    rows, written, done = [], [], 0
    for name in labels:
        row = []
        for texture_seed in seeds:
            maps = model.render(texture_seed, name, size).maps
            if is_grid:
                row.append((texture_seed, base_color(model, maps)))
            else:
                picture = base_color(model, maps) if jpeg else with_alpha(model, maps)
                written.append(_write_single(out, name, texture_seed, picture, jpeg))
            done += 1
            progress(done, len(labels) * count)
        rows.append((name or "", row))
    if is_grid:
        written.append(_write_grid(out, rows, model, seeds))
    return written


def check_writable(out: Path, is_grid: bool) -> None:
    """Before minutes of work, not after."""
    folder = out.parent if is_grid else out
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"{folder}: cannot be made a folder ({error.strerror}). Choose another --out."
        ) from error


def _write_single(out: Path, label: str | None, seed: int, picture: np.ndarray, jpeg: bool) -> Path:
    folder = out / folder_name(label) if label else out
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made a folder ({error.strerror}).") from error
    if jpeg:
        data = io.BytesIO()
        Image.fromarray(np.ascontiguousarray(picture)).save(data, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        return write_atomic(folder / f"{seed}.jpg", data.getvalue())
    return write_atomic(folder / f"{seed}.png", png.encode(np.ascontiguousarray(picture)))


def with_alpha(model: Model, maps: dict[str, np.ndarray]) -> np.ndarray:
    """[H, W, 3] uint8 sRGB, or [H, W, 4] with straight alpha where the model has it."""
    if "alpha" not in maps:
        return base_color(model, maps)
    return to_uint8(np.concatenate([maps["base_color"], maps["alpha"]], axis=2))


def folder_name(label: str) -> str:
    """A label as one folder name: letters of any language stay, what no system stores becomes "_"."""
    name = "".join(
        "_" if ord(c) < 32 or c in '<>:"/\\|?*' else c for c in unicodedata.normalize("NFC", label)
    )
    return name.strip(" .") or "_"


def _write_grid(out: Path, rows: list, model: Model, seeds: list[int]) -> Path:
    if len(rows) == 1:  # one label: a block instead of one long row
        label, row = rows[0]
        rows = [
            (label if start == 0 else "", row[start : start + WRAP]) for start in range(0, len(row), WRAP)
        ]
    shown = f"{seeds[0]}" if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"
    size = rows[0][1][0][1].shape[0]
    caption = f"{model.card.name}: unpicked, texture seeds {shown}, {size} px"
    return write_atomic(out, png.encode(labelled_grid(rows, caption)))
