"""The distances on numbers whose answers are known."""

import numpy as np
import pytest

from gan_train import distances, features


def normal(n: int, d: int, seed: int, mean: float = 0.0, deviation: float = 1.0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d)) * deviation + mean


def test_frechet_of_gaussians_is_the_formula():
    a = normal(20000, 3, 0)
    assert distances.frechet(a, a) == pytest.approx(0, abs=1e-9)
    b = normal(20000, 3, 1, mean=0.5, deviation=2.0)
    assert distances.frechet(a, b) == pytest.approx(3 * (0.5**2 + (2 - 1) ** 2), rel=0.05)
    assert distances.frechet(a, b) == pytest.approx(distances.frechet(b, a), rel=1e-6)


def test_frechet_sees_correlation_that_moments_of_each_feature_miss():
    a = normal(5000, 2, 0)
    turned = np.stack([a[:, 0], a[:, 0] * 0.9 + a[:, 1] * (1 - 0.9**2) ** 0.5], 1)
    assert distances.frechet(a, turned) > 20 * distances.frechet(a, normal(5000, 2, 3))


def test_frechet_with_fewer_samples_than_features():
    a, b = normal(20, 50, 0), normal(20, 50, 1)
    assert 0 < distances.frechet(a, b) < 1000


def test_neighbour_measures_of_known_sets():
    a = normal(300, 4, 0)
    same = distances.neighbour_measures(a, normal(300, 4, 1))
    assert all(0.8 < same[name] <= 1.2 for name in same), same
    far = distances.neighbour_measures(a, normal(300, 4, 1, mean=50))
    assert far == {"precision": 0, "recall": 0, "density": 0, "coverage": 0}
    half = a.copy()
    half[:, 0] = -np.abs(half[:, 0])  # one of two modes dropped
    two = np.concatenate([half - 5, half + 5])
    dropped = distances.neighbour_measures(two, half + 5)
    assert dropped["precision"] > 0.9 and dropped["recall"] < 0.6 and dropped["coverage"] < 0.6
    point = distances.neighbour_measures(a, np.repeat(a[:1], 300, 0) + normal(300, 4, 2, deviation=1e-3))
    assert point["precision"] == 1 and point["recall"] < 0.05 and point["coverage"] < 0.05


def test_wasserstein_of_a_shift_is_the_shift():
    a = normal(500, 3, 0)
    assert distances.wasserstein_1d(a, a + 2) == pytest.approx(2)
    value = distances.sliced_wasserstein(a, a + 2, np.random.default_rng(0))
    assert value > 10 * distances.sliced_wasserstein(a, normal(500, 3, 1), np.random.default_rng(0))


def test_nearest_is_a_median_of_minima():
    points = np.array([[0.0], [10.0], [20.0]])
    assert distances.nearest(points, np.array([[1.0], [12.0]])) == 2.0


def test_features_are_fixed_and_keep_the_mean_colour():
    """Golden values: a change here changes every number that was ever printed."""
    grey = np.full((2, 64, 64, 3), 128, np.uint8)
    grey[1] += 20
    vectors, grams = features.random_features(grey)
    assert grams.shape == (2, 4, 24, 24)
    assert vectors.shape == (2, 227) and vectors.dtype == np.float64
    assert np.abs(vectors[1] - vectors[0]).max() > 0.1, "a flat change of brightness is invisible"
    ramp = (np.indices((64, 64)).sum(0) * 2).astype(np.uint8)[None, ..., None].repeat(3, 3)
    vector = features.random_features(ramp)[0][0]
    assert [vector[0], vector[10], vector[100], vector[226]] == pytest.approx(GOLDEN, abs=1e-3)
    assert np.allclose(features.random_features(np.concatenate([grey, ramp]))[0][2], vector, atol=1e-5)


def test_the_extractor_is_what_it_was():
    """Changing it makes every figure that was ever printed incomparable: then say so in the changelog."""
    assert features.extractor_sha256() == EXTRACTOR
    assert np.array_equal(features.random_vectors(NOISE), features.random_features(NOISE)[0])


NOISE = np.random.default_rng(1).integers(0, 256, (3, 64, 64, 3), np.uint8)
EXTRACTOR = "f0d7c7834b08c958ff63629d5a3929ad932c1f34638f72525d8086cd9e5aa2ad"
GOLDEN = [-0.0118, 0.087, 0.0518, 0.3533]


def test_pyramid_levels_sum_to_the_picture():
    picture = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3), np.uint8)
    bands = features.pyramid(picture)
    assert [band.shape[1] for band in bands] == [64, 32, 16, 8]
    total = bands[3]
    for band in bands[2::-1]:
        total = total.repeat(2, 1).repeat(2, 2) + band
    assert np.allclose(total, picture, atol=1e-3)


def test_spectrum_finds_the_frequency():
    wave = 128 + 100 * np.sin(2 * np.pi * np.arange(64) * 0.25)
    picture = np.broadcast_to(wave[None, None, :, None], (1, 64, 64, 3)).astype(np.uint8)
    spectrum = features.radial_spectrum(picture)[0]
    assert spectrum.argmax() in (7, 8), "0.25 cycles per pixel lies in the middle of 16 rings"
