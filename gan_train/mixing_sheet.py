"""`gan-train sample --mix`: coarse styles of some pictures with fine styles of others, as one sheet; engine and Pillow.

Previous station: model_source.py. Next: grid.py. The style mixing of Karras et al. 2019 (arXiv 1812.04948, figure 3):
each picture has the shape of the one at the left of its row and the colours of the one on top of its column.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from blender_addon.engine import png
from blender_addon.engine.errors import OutputError, RequestError
from blender_addon.engine.files import write_atomic
from blender_addon.engine.model import Model
from blender_addon.engine.styles import from_layer, layer_count, style_of

from .grid import labelled_grid
from .picture_sets import base_color

MAX_COUNT = 16  # rows, and columns
COARSE = 0.4  # share of the layers that count as coarse unless asked otherwise


def mixing_sheet(
    model: Model,
    out: Path,
    count: int = 5,
    label: str | None = None,
    seed: int = 0,
    first_fine: int | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """`count` rows and columns. Rows: texture seeds from `seed` on; columns: the `count` seeds after those.

    Labels in turn where `label` is None. The layers from `first_fine` on come from the column's texture.
    """
    if out.suffix.lower() != ".png":
        raise RequestError(f"--out {out}: the name of a mixing sheet must end in .png.")
    if not 1 <= count <= MAX_COUNT:
        raise RequestError(f"--count {count}: a mixing sheet has 1 to {MAX_COUNT} rows and columns.")
    if not 0 <= seed < 2**64:
        raise RequestError(f"--seed {seed}: must be between 0 and {2**64 - 1}.")
    labels = (label,) if label is not None else model.card.labels or (None,)
    sources = [((seed + i) % 2**64, labels[i % count % len(labels)]) for i in range(2 * count)]
    rows, columns = sources[:count], sources[count:]
    fine = [style_of(model, *column) for column in columns]  # says so where the model has no styles
    layers = layer_count(model)
    first = round(COARSE * layers) if first_fine is None else first_fine
    if not 1 <= first < layers:
        raise RequestError(f"--mix {first}: must be a layer from 1 to {layers - 1} of {model.card.name}.")

    _make_folder(out.parent)

    top = [(column[0], base_color(model, model.render(*column).maps)) for column in columns]
    blank = np.full_like(top[0][1], 255)
    sheet = [("", [("", blank), *top])]
    for done, row in enumerate(rows):
        pictures = [(row[0], base_color(model, model.render(*row).maps))]
        for column, w in zip(columns, fine, strict=True):
            mixed = model.render(*row, styles=from_layer(w, first))
            pictures.append((f"{row[0]} + {column[0]}", base_color(model, mixed.maps)))
        sheet.append((row[1] or "", pictures))
        progress(done + 1, count)
    caption = f"{model.card.name}: layers {first} to {layers - 1} of the columns in the rows"
    return write_atomic(out, png.encode(labelled_grid(sheet, caption)))


def _make_folder(folder: Path) -> None:
    """Before minutes of work, not after."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made a folder ({error.strerror}). Choose another.") from error
