"""`gan-train sample --interpolate`: sheets of what lies between two seeds or two labels; engine only, no torch.

Previous station: model_source.py. Next: grid.py. In each row the field stays, so that only the look changes: latents go
along the arc between two draws (see search.slerp), labels along the straight line between two mixtures.
"""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from blender_addon.engine import png
from blender_addon.engine.errors import RequestError
from blender_addon.engine.files import write_atomic
from blender_addon.engine.latents import draw
from blender_addon.engine.model import Model

from .grid import labelled_grid
from .picture_sets import base_color
from .sample import check_writable
from .search import slerp

BETWEEN = ("seeds", "labels")
MAX_STEPS = 64
PAIRS = 4  # rows where there is one label, or none


def interpolate(
    model: Model,
    out: Path,
    between: str,
    steps: int = 8,
    label: str | None = None,
    size: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Path:
    """Write OUT.png. Between seeds: a row for each label, or a few pairs of seeds of `label`; between labels: a row for
    each two neighbours of the list, at one seed."""
    assert between in BETWEEN, between
    if out.suffix.lower() != ".png":
        raise RequestError(f"--out {out}: the name of an interpolation sheet must end in .png.")
    if not 2 <= steps <= MAX_STEPS:
        raise RequestError(f"--count {steps}: an interpolation has 2 to {MAX_STEPS} steps.")
    if not 0 <= seed < 2**64:
        raise RequestError(f"--seed {seed}: must be between 0 and {2**64 - 1}.")
    rows = list(_seed_rows(model, label, seed) if between == "seeds" else _label_rows(model, label, seed))
    check_writable(out, True)
    shares = [step / (steps - 1) for step in range(steps)]
    drawn = []
    for number, (name, wish) in enumerate(rows):
        pictures = []
        for column, share in enumerate(shares):
            pictures.append((f"{share:.2f}", base_color(model, model.render(**wish(share), size=size).maps)))
            progress(number * steps + column + 1, len(rows) * steps)
        drawn.append((name, pictures))
    caption = f"{model.card.name}: between {between}, from seed {seed}"
    return write_atomic(out, png.encode(labelled_grid(drawn, caption)))


def _seed_rows(model: Model, label: str | None, seed: int) -> Iterator[tuple[str, Callable[[float], dict]]]:
    """(name, share -> arguments of Model.render) for each row."""
    card = model.card
    names = [one.name for one in card.inputs if one.kind == "latent"]
    if not names:
        raise RequestError(f"--interpolate seeds: {card.name} has no latent, only a layout for each seed.")
    labels = card.labels if card.labels and label is None else [label] * PAIRS
    for row, one in enumerate(labels):
        first = (seed + (0 if label is None and card.labels else 2 * row)) % 2**64
        second = (first + 1) % 2**64
        ends = [draw(card, end, one) for end in (first, second)]
        latents = {name: [end[name][0] for end in ends] for name in names}

        def wish(share: float, first=first, one=one, latents=latents) -> dict:
            between = {name: slerp(*pair, share).astype(np.float32) for name, pair in latents.items()}
            return {"seed": first, "label": one, "latents": between}

        yield f"{one or ''} {first} - {second}".strip(), wish


def _label_rows(model: Model, label: str | None, seed: int) -> Iterator[tuple[str, Callable[[float], dict]]]:
    labels = model.card.labels
    if label is not None or len(labels) < 2:
        raise RequestError("--interpolate labels: needs a model with two labels or more, and no --label.")
    for first, second in itertools.pairwise(labels):

        def wish(share: float, first=first, second=second) -> dict:
            return {"seed": seed, "label": {first: 1 - share, second: share}}

        yield f"{first} - {second}", wish
