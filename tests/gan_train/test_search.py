"""The search without gradients, on distances that are known; no pictures, no torch."""

import numpy as np
import pytest

from gan_train.search import MOST_LABELS, Candidate, breed, by_chance, tidy
from tests.tiny import tiny_card

CARD = tiny_card(("base_color",), ("brick", "moss", "sand", "wood"), 16, "tiny")
GOAL = np.linspace(-1.5, 1.5, 8)


def distance(candidate: Candidate) -> float:
    """Nearest where z is GOAL, the label three quarters moss and a quarter sand, and psi 0.4."""
    label = np.abs(candidate.label - (0, 0.75, 0.25, 0)).sum()
    return float(np.abs(candidate.latents["z"] - GOAL).mean() + label + abs(candidate.scalars["psi"] - 0.4))


def search(seed: int, tries: int, label: str | None = None):
    random = np.random.default_rng(seed)
    first = [by_chance(CARD, number, label, random) for number in range(100)]
    population = [(distance(one), one) for one in first]
    return min(value for value, _ in population), breed(
        CARD, population, distance, tries, random, label is None
    )


def test_breeding_comes_nearer_than_chance():
    for seed in range(3):
        best, (nearest, found) = search(seed, 600)
        assert nearest == distance(found) < 0.6 * best
        assert found.label[1] > found.label[2] > 0 and found.label[0] == found.label[3] == 0


def test_the_same_seed_finds_the_same():
    (_, (first, one)), (_, (second, other)) = search(5, 50), search(5, 50)
    assert first == second and one.wish(CARD) == other.wish(CARD)
    assert search(6, 50)[1][1].wish(CARD) != one.wish(CARD)


def test_a_label_that_is_known_is_kept():
    _, (_, found) = search(0, 100, "wood")
    assert found.wish(CARD)["label"] == {"wood": 1.0}


def test_no_tries_give_the_best_of_chance():
    best, (nearest, _) = search(0, 0)
    assert best == nearest


def test_what_is_found_is_short_and_within_range():
    seen = []

    def watch(candidate: Candidate) -> float:
        seen.append(candidate)
        return distance(candidate)

    random = np.random.default_rng(1)
    breed(CARD, [(2.0, by_chance(CARD, n, None, random)) for n in range(4)], watch, 300, random, True)
    assert len(seen) == 300
    for one in seen:
        assert np.array_equal(one.latents["z"], one.latents["z"].round(4))
        assert 0 <= one.scalars["psi"] <= 1
        assert np.count_nonzero(one.label) <= MOST_LABELS and one.label.sum() == pytest.approx(1, abs=1e-3)
    lengths = [np.linalg.norm(one.latents["z"]) for one in seen]
    assert 0.5 < np.mean(lengths) / np.sqrt(8) < 1.3, "as far from zero as draws are"


def test_labels_that_hardly_count_are_left_out():
    def kept(*weights):
        return tidy(Candidate({}, np.array(weights), {})).label.tolist()

    assert kept(0.95, 0.05, 0, 0) == [1, 0, 0, 0]
    assert kept(0.4, 0.3, 0.1, 0.2) == [0.4444, 0.3333, 0, 0.2222]
    assert kept(0.0, 0.0, 0.0, 1.0) == [0, 0, 0, 1]
    assert kept() == []


def test_a_model_without_labels_or_scalars():
    bare = tiny_card(("base_color",), (), 16, "bare")
    candidate = by_chance(bare, 3, None, np.random.default_rng(0))
    assert candidate.wish(bare)["label"] is None
    assert breed(bare, [(1.0, candidate)], lambda one: 0.5, 5, np.random.default_rng(0), True)[0] == 0.5
