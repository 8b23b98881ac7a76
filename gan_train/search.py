"""Looks for what to feed a generator so that its picture has the least distance, without gradients.

No files, no pictures: the distance is a function that is handed in. Numpy and the engine's card only; never torch.
Next station: project.py.

An evolution strategy (Rechenberg 1973) with a small set of parents: a child takes its latents between two parents on
the sphere and its labels between theirs, and then moves, by a little or by much: some of what is to be found changes
smoothly, and some in leaps from one remembered material to the next. A latent keeps its normal distribution under such
moves (Cotter, Roberts, Stuart and White 2013, the pCN proposal), so the search stays where the generator was trained.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from blender_addon.engine.card import Card

PARENTS = 12
MOVES = (0.02, 0.5)  # the smallest and the largest move of a child, as a share of all that a latent varies
MOST_LABELS = 3  # in a mixture: of many the statistics come out right and the picture is mush
LEAST_WEIGHT = 0.1  # labels that count less are left out
LONGEST = 1024  # numbers of a latent; longer ones are the grain of each pixel, which is left to the seed
DIGITS = 4  # of all numbers, so that a file of them is short and gives the very same picture


@dataclass(frozen=True)
class Candidate:
    """What a picture is made from, its seed (the field) aside."""

    latents: dict[str, np.ndarray]  # input name -> [D] float64, of styles [L * D]
    label: np.ndarray  # [K] float64, sums to 1; K = 0 where the model has no labels
    scalars: dict[str, float]

    def wish(self, card: Card) -> dict:
        """label, scalars and latents as the engine's `draw` and `render` take them."""
        named = {
            name: float(weight) for name, weight in zip(card.labels, self.label, strict=True) if weight > 0
        }
        return {
            "label": named or None,
            "scalars": dict(self.scalars),
            "latents": {name: values.tolist() for name, values in self.latents.items()},
        }


def by_chance(card: Card, number: int, label: str | None, random: np.random.Generator) -> Candidate:
    """Labels in turn (or one), latents as the engine would draw them, scalars at their default."""
    weights = np.zeros(len(card.labels))
    if card.labels:
        weights[card.labels.index(label) if label is not None else number % len(card.labels)] = 1.0
    latents = {
        one.name: random.standard_normal(one.shape[1]).round(DIGITS)
        for one in card.inputs
        if one.kind == "latent" and one.shape[1] <= LONGEST
    }
    return Candidate(latents, weights, {one.name: one.default for one in card.inputs if one.kind == "scalar"})


def breed(
    card: Card,
    population: list[tuple[float, Candidate]],
    distance: Callable[[Candidate], float],
    tries: int,
    random: np.random.Generator,
    mix_labels: bool,
) -> tuple[float, Candidate]:
    """From some candidates with their distances -> the nearest of them and of `tries` descendants."""
    parents = sorted(population, key=lambda entry: entry[0])[:PARENTS]
    for _ in range(tries):
        child = _child(card, [parent for _, parent in parents], mix_labels, random)
        parents = sorted([*parents, (distance(child), child)], key=lambda entry: entry[0])[:PARENTS]
    return parents[0]


def _child(card: Card, parents: list[Candidate], mix_labels: bool, random: np.random.Generator) -> Candidate:
    mother, father = (
        parents[int(len(parents) * random.random() ** 2)] for _ in range(2)
    )  # the best most often
    share = random.random() * (random.random() < 0.5)  # of the father; half of the children have one parent
    move = float(np.exp(random.uniform(*np.log(MOVES))))
    latents = {}
    for name, ours in mother.latents.items():
        between = slerp(ours, father.latents[name], share)
        latents[name] = np.sqrt(1 - move**2) * between + move * random.standard_normal(len(ours))
    label = (1 - share) * mother.label + share * father.label
    if mix_labels and len(label) and random.random() < 0.3:
        label = (1 - move) * label
        label[random.integers(len(label))] += move
    scalars = {}
    for one in card.inputs:
        if one.kind == "scalar":
            value = (1 - share) * mother.scalars[one.name] + share * father.scalars[one.name]
            value += move * (one.max - one.min) / 2 * random.standard_normal() * (random.random() < 0.5)
            scalars[one.name] = float(np.clip(value, one.min, one.max))
    return tidy(Candidate(latents, label, scalars))


def tidy(candidate: Candidate) -> Candidate:
    """Few digits, no labels that hardly count, weights that sum to 1."""
    label = candidate.label
    if len(label):
        strong = np.sort(label)[-MOST_LABELS:]
        label = np.where(label < max(strong[0], min(LEAST_WEIGHT, strong[-1])), 0, label)
        label = (label / label.sum()).round(DIGITS)
    return Candidate(
        {name: values.round(DIGITS) for name, values in candidate.latents.items()},
        label,
        {name: round(value, DIGITS) for name, value in candidate.scalars.items()},
    )


def slerp(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """[D] and [D] -> [D]: `share` of the way on the arc between them (Shoemake 1985), their lengths blended.

    Points on the straight line between two normal draws are shorter than any draw; on the arc they are not.
    """
    lengths = np.linalg.norm(first), np.linalg.norm(second)
    angle = np.arccos(np.clip(first @ second / max(lengths[0] * lengths[1], 1e-12), -1, 1))
    if min(lengths) < 1e-6 or np.sin(angle) < 1e-6:
        return (1 - share) * first + share * second
    ways = np.sin((1 - share) * angle) / np.sin(angle), np.sin(share * angle) / np.sin(angle)
    length = (1 - share) * lengths[0] + share * lengths[1]
    return length * (ways[0] * first / lengths[0] + ways[1] * second / lengths[1])
