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
    """Adam on latents, weights of labels and scalars, or on the styles of each layer where the model takes them (Abdal,
    Qin and Wonka 2019). `distance`: picture [1, 3, H, W] in [-1, 1] -> scalar."""
    kinds = {one.name: one for one in card.inputs}
    given = {name: torch.from_numpy(value) for name, value in feeds.items()}
    moved = {name: given[name].clone().requires_grad_() for name in (*start.latents, *start.scalars)}
    label = card.input("label")
    if label and mix_labels:
        moved[label.name] = given[label.name].clamp(min=1e-3).log().requires_grad_()
    module.requires_grad_(False)
    if style := card.input("style"):
        layers = torch.zeros(1, *style.shape[1:])
        given |= {style.name: layers, style.switch: layers[..., 0]}
        _, own = module(*(given[name] for name in _order(card)))
        moved = {style.name: own.clone().requires_grad_()}
        given[style.switch] = torch.ones_like(layers[..., 0])
    adam = torch.optim.Adam(moved.values(), lr=LEARNING_RATE)
    nearest, best = float("inf"), start
    for _ in range(GRADIENT_STEPS):
        values = {**given, **moved}
        if label and label.name in moved:
            values[label.name] = torch.softmax(moved[label.name], 1)
        output = module(*(values[name] for name in _order(card)))
        apart = distance(_base_color(card, output[0] if isinstance(output, tuple) else output))
        if apart.item() < nearest:
            nearest, best = apart.item(), _candidate(start, values, label, style)
        adam.zero_grad()
        apart.backward()
        adam.step()
        with torch.no_grad():
            for name in start.latents.keys() & moved.keys():
                usual = REACH * moved[name].shape[1] ** 0.5
                moved[name].mul_((usual / moved[name].norm()).clamp(max=1.0))
            for name in start.scalars.keys() & moved.keys():
                moved[name].clamp_(kinds[name].min, kinds[name].max)
        tell()
    return best


def _order(card: Card) -> list[str]:
    """The names in which a deployed module takes its inputs; the switch of styles follows them."""
    return [name for one in card.inputs for name in ((one.name, one.switch) if one.switch else (one.name,))]


def _base_color(card: Card, output: Tensor) -> Tensor:
    """The base colour of the module's output, [1, 3, H, W] in [-1, 1]; what is transparent lies on grey."""
    low, high = card.output.range
    output = ((output - low) * (2 / (high - low)) - 1).clamp(-1, 1)
    maps = {one.name: output[:, one.channels[0] : one.channels[1]] for one in card.maps}
    picture = maps["base_color"].expand(-1, 3, -1, -1)
    return picture * (maps["alpha"] + 1) / 2 if "alpha" in maps else picture


def _candidate(start: Candidate, values: dict[str, Tensor], label, style) -> Candidate:
    values = {name: value.detach()[0].double().numpy().ravel() for name, value in values.items()}
    return tidy(
        Candidate(
            {name: values[name] for name in (*start.latents, *([style.name] if style else []))},
            values[label.name] if label else start.label,
            {name: float(values[name][0]) for name in start.scalars},
        )
    )
