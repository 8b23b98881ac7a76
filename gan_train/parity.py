"""The proof that an exported file computes what torch computes.

Before: export.py wrote the file; blender_addon.engine.model runs it.
"""

import math

import numpy as np
import torch

from blender_addon.engine.latents import draw
from blender_addon.engine.model import Model

from .errors import TrainingError
from .family import Deployment

PARITY = 1e-3  # largest difference to torch in units of the raw output


def style_inputs(deployment: Deployment) -> list[dict]:
    return [one for one in deployment.inputs if one["kind"] == "style"]


def check_parity(model: Model, deployment: Deployment) -> float:
    """Largest difference between the file and torch at batch 1, 2 and 6 and two sizes; TrainingError above PARITY."""
    worst = 0.0
    step = math.ceil(128 / model.card.scale / model.card.stride) * model.card.stride
    for batch, size in ((1, step), (2, 2 * step), (6, step)):
        size = None if model.card.fixed_size else size
        one = [draw(model.card, seed, None, size) for seed in range(batch)]
        feeds = {name: np.concatenate([f[name] for f in one]) for name in one[0]}
        worst = max(worst, _difference(model, deployment, feeds))
        for style in style_inputs(deployment):  # once more, every other layer with its neighbour's style
            given = np.roll(model.run_styles(feeds), 1, axis=0)
            switch = np.zeros(given.shape[:2], np.float32)
            switch[:, ::2] = 1.0
            given_too = feeds | {style["name"]: given, style["switch"]: switch}
            worst = max(worst, _difference(model, deployment, given_too))
    if not worst <= PARITY:
        raise TrainingError(
            f"{model.path}: differs from torch by {worst:.2g}, allowed {PARITY:g}. Try another torch version."
        )
    return worst


def _difference(model: Model, deployment: Deployment, feeds: dict[str, np.ndarray]) -> float:
    """Between file and torch, over all outputs; the torch module gets zeros for what `feeds` leaves to defaults."""
    batch = len(next(iter(feeds.values())))
    given = (
        torch.from_numpy(feeds[name]) if name in feeds else torch.zeros(batch, *example.shape[1:])
        for name, example in deployment.feeds.items()
    )
    with torch.no_grad():
        ours = deployment.module(*given)
    ours = list(ours) if isinstance(ours, tuple) else [ours]
    theirs = [model.run_raw(feeds)] + [model.run_styles(feeds) for _ in style_inputs(deployment)]
    if model.card.preview:
        theirs.append(model.run_preview(feeds))
    elif deployment.preview:  # left out of the card
        ours.pop()
    worst = 0.0
    for here, there in zip(theirs, ours, strict=True):
        if here.shape != tuple(there.shape):
            raise TrainingError(
                f"{model.path}: batch {batch}: shape {here.shape} where torch gives {tuple(there.shape)}."
            )
        worst = max(worst, float(np.abs(here - there.numpy()).max()))
    return worst
