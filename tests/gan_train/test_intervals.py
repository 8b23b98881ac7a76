"""Intervals on numbers whose spread is known, and memorisation on distances whose answer is known."""

import numpy as np
import pytest

from gan_train import distances, intervals
from gan_train.memorisation import copying_test, first_of_each


def normal(n: int, d: int, seed: int, mean: float = 0.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)) + mean


def test_a_share_of_none_or_all_is_not_certain():
    """Wilson's interval; 0.2775 for 0 of 10 stands in textbooks."""
    assert intervals.of_share(0.0, 10) == (0.0, pytest.approx(0.2775, abs=1e-4))
    assert intervals.of_share(1.0, 10) == (pytest.approx(0.7225, abs=1e-4), 1.0)
    low, high = intervals.of_share(0.5, 100)
    assert low == pytest.approx(0.4038, abs=1e-3) and high == pytest.approx(0.5962, abs=1e-3)


def test_resamples_keep_each_label():
    labels = np.repeat([0, 1, 2], [5, 1, 9])
    counts = intervals.resamples(labels, [3])
    assert counts.shape == (intervals.DRAWS, 15)
    assert all((counts[:, labels == k].sum(1) == (labels == k).sum()).all() for k in range(3))
    assert np.array_equal(counts, intervals.resamples(labels, [3]))


def test_a_resample_of_everything_once_is_the_figure():
    a, b, fake = normal(40, 5, 0), normal(40, 5, 1), normal(40, 5, 2, mean=0.4)
    once = np.ones((1, 40), np.int64)
    value = (distances.frechet(a, fake) + distances.frechet(b, fake)) / 2
    assert intervals.frechet_draws((a, b), fake, once)[0] == pytest.approx(value, rel=1e-9)
    value = float(distances.wasserstein_1d(a, fake).mean() + distances.wasserstein_1d(b, fake).mean()) / 2
    assert intervals.wasserstein_draws((a, b), fake, once)[0] == pytest.approx(value, rel=1e-6)
    groups = np.ones((1, 8), np.int64)  # 8 pictures of 5 patches
    assert intervals.wasserstein_draws((a, b), fake, groups)[0] == pytest.approx(value, rel=1e-6)
    grams, other = normal(40, 24, 3).reshape(40, 2, 3, 4), normal(40, 24, 4).reshape(40, 2, 3, 4)
    labels = np.arange(40) % 3
    value = distances.gram_distance(grams, other, labels, labels)
    assert intervals.gram_draws(grams, other, labels, labels, once)[0] == pytest.approx(value, rel=1e-9)


def test_resampled_patches_stay_with_their_picture():
    real, fake = normal(40, 3, 0), normal(40, 3, 1)
    count = np.array([[3, 0, 0, 1, 0, 2, 1, 1]])
    chosen = np.repeat(fake.reshape(8, 5, 3), count[0], 0).reshape(40, 3)
    value = distances.wasserstein_1d(real, chosen).mean()
    assert intervals.wasserstein_draws((real,), fake, count)[0] == pytest.approx(value, rel=1e-6)


def test_the_interval_of_a_distance_holds_what_other_samples_give():
    """100 sets of other samples: their distances lie in the interval of one set about as often as it says."""
    real, labels = normal(60, 6, 0), np.zeros(60)
    others = [distances.frechet(real, normal(60, 6, 100 + i, mean=0.3)) for i in range(100)]
    held, centre = 0, np.mean(others)
    for i in range(10):
        fake = normal(60, 6, 1000 + i, mean=0.3)
        draws = intervals.frechet_draws((real,), fake, intervals.resamples(labels, [i]))
        low, high = intervals.around(distances.frechet(real, fake), draws)
        held += low <= centre <= high
    assert held >= 8


def test_copies_are_told_from_new_pictures():
    rng = np.random.default_rng(0)
    cells, held_cells = np.repeat(np.arange(10), 20), np.repeat(np.arange(10), 3)
    scale = rng.uniform(1, 50, 10)  # some labels have far more distant pictures than others
    new = rng.gamma(4, size=30) * scale[held_cells]
    honest = [
        copying_test(rng.gamma(4, size=200) * scale[cells], new, cells, held_cells)[1] for _ in range(40)
    ]
    assert np.mean(np.array(honest) < 0.05) < 0.3
    z, p = copying_test(0.4 * rng.gamma(4, size=200) * scale[cells], new, cells, held_cells)
    assert z < -3 and p < 1e-3
    z, p = copying_test(3 * rng.gamma(4, size=200) * scale[cells], new, cells, held_cells)
    assert z > 3 and p > 0.99, "far away is bad, but it is no copy"


def test_an_honest_generator_is_seldom_accused():
    """New materials and samples of the same kind: p is uniform."""
    rng = np.random.default_rng(1)
    cells, held_cells = np.zeros(100, int), np.zeros(12, int)
    p = [copying_test(rng.random(100), rng.random(12), cells, held_cells)[1] for _ in range(400)]
    assert 0.02 < np.mean(np.array(p) < 0.05) < 0.09 and 0.4 < np.mean(p) < 0.6


def test_one_cell_is_the_rank_sum_test():
    fake, held = np.array([1.0, 2.0, 3.0, 10.0]), np.array([4.0, 5.0, 6.0, 7.0, 8.0])
    z, _ = copying_test(fake, held, np.zeros(4), np.zeros(5))
    assert z == pytest.approx((5 - 10) / np.sqrt(4 * 5 * 10 / 12))  # U = 5: 10 is further than all five


def test_too_little_held_out_says_nothing():
    assert copying_test(np.ones(50), np.ones(4), np.zeros(50), np.zeros(4)) is None
    assert copying_test(np.ones(50), np.ones(9), np.zeros(50), np.ones(9)) is None
    assert first_of_each(np.array(["b", "a", "b", "a"])).tolist() == [1, 0]
