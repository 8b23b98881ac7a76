"""Brings a candidate nearer to a photo with gradients, through the torch module that a run would export; no files.

Previous station: search.py. Next: project.py, which keeps the result only where the engine finds it nearer.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from blender_addon.engine.card import Card

from .search import Candidate, tidy

GRADIENT_STEPS = 120
LEARNING_RATE = 0.05
REACH = 1.1  # times the usual length of a latent: farther out the generator was never trained


def refine(
    card: Card,
    module: torch.nn.Module,
    feeds: dict[str, np.ndarray],
    start: Candidate,
    distance: Callable[[Tensor], Tensor],
    mix_labels: bool,
    tell: Callable[[], None],
) -> Candidate:
    """Adam on latents, weights of labels and scalars. `distance`: picture [1, 3, H, W] in [-1, 1] -> scalar."""
    kinds = {one.name: one for one in card.inputs}
    given = {name: torch.from_numpy(value) for name, value in feeds.items()}
    moved = {name: given[name].clone().requires_grad_() for name in (*start.latents, *start.scalars)}
    label = card.input("label")
    if label and mix_labels:
        moved[label.name] = given[label.name].clamp(min=1e-3).log().requires_grad_()
    adam = torch.optim.Adam(moved.values(), lr=LEARNING_RATE)
    module.requires_grad_(False)
    nearest, best = float("inf"), start
    for _ in range(GRADIENT_STEPS):
        values = {**given, **moved}
        if label and mix_labels:
            values[label.name] = torch.softmax(moved[label.name], 1)
        output = module(*(values[one.name] for one in card.inputs))
        apart = distance(_base_color(card, output))
        if apart.item() < nearest:
            nearest, best = apart.item(), _candidate(start, values, label)
        adam.zero_grad()
        apart.backward()
        adam.step()
        with torch.no_grad():
            for name in start.latents:
                usual = REACH * moved[name].shape[1] ** 0.5
                moved[name].mul_((usual / moved[name].norm()).clamp(max=1.0))
            for name in start.scalars:
                moved[name].clamp_(kinds[name].min, kinds[name].max)
        tell()
    return best


def _base_color(card: Card, output: Tensor) -> Tensor:
    """The base colour of the module's output, [1, 3, H, W] in [-1, 1]."""
    spec = next((one for one in card.maps if one.name == "base_color"), card.maps[0])
    low, high = card.output.range
    picture = (output[:, spec.channels[0] : spec.channels[1]] - low) * (2 / (high - low)) - 1
    return picture.clamp(-1, 1).expand(-1, 3, -1, -1)


def _candidate(start: Candidate, values: dict[str, Tensor], label) -> Candidate:
    values = {name: value.detach()[0].double().numpy() for name, value in values.items()}
    return tidy(
        Candidate(
            {name: values[name] for name in start.latents},
            values[label.name] if label else start.label,
            {name: float(values[name][0]) for name in start.scalars},
        )
    )
