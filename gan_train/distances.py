"""Distances between two sets of features; numpy only, deterministic, float64.

Previous station: features.py. Next: measure.py. In each function `real` and `fake` are [N, D] and [M, D].
"""

import numpy as np

NEIGHBOURS = 5  # k of precision, recall, density and coverage


def standardise(reference: np.ndarray, *sets: np.ndarray) -> list[np.ndarray]:
    """Shift and scale each feature by the mean and deviation that `reference` has."""
    mean, deviation = reference.mean(0), reference.std(0)
    deviation = np.where(deviation > 1e-9 * np.abs(mean) + 1e-12, deviation, 1.0)
    return [(values - mean) / deviation for values in sets]


def frechet(real: np.ndarray, fake: np.ndarray) -> float:
    """Squared Frechet distance of the two Gaussians: |difference of means|^2 + tr(R + F - 2 (R F)^(1/2))."""
    shift = real.mean(0) - fake.mean(0)
    cov_real, cov_fake = np.atleast_2d(np.cov(real.T)), np.atleast_2d(np.cov(fake.T))
    values, vectors = np.linalg.eigh(cov_real)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    # tr((R F)^(1/2)) through the symmetric product, whose eigenvalues are real
    cross = np.linalg.eigvalsh(root @ cov_fake @ root)
    trace = np.trace(cov_real) + np.trace(cov_fake) - 2 * np.sqrt(np.clip(cross, 0, None)).sum()
    return float(max(shift @ shift + trace, 0.0))


def neighbour_measures(real: np.ndarray, fake: np.ndarray, k: int = NEIGHBOURS) -> dict[str, float]:
    """Precision, recall (Kynkaanniemi 2019), density, coverage (Naeem 2020), each best near 1."""
    return {name: float(values.mean()) for name, values in neighbours(real, fake, k).items()}


def neighbours(real: np.ndarray, fake: np.ndarray, k: int = NEIGHBOURS) -> dict[str, np.ndarray]:
    """What the neighbour measures are means of: precision and density for each fake [M], recall and coverage for each
    real [N]."""
    k = min(k, len(real) - 1, len(fake) - 1)
    between = pairwise(real, fake)  # [N, M]
    real_radius = np.partition(pairwise(real, real), k, axis=1)[
        :, k
    ]  # the k-th neighbour; the 0-th is the point itself
    fake_radius = np.partition(pairwise(fake, fake), k, axis=1)[:, k]
    in_real = between <= real_radius[:, None]
    return {
        "precision": in_real.any(0),
        "recall": (between <= fake_radius[None]).any(1),
        "density": in_real.sum(0) / k,
        "coverage": between.min(1) <= real_radius,
    }


def pairwise(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Euclidean distances [N, M]."""
    square = (first**2).sum(1)[:, None] + (second**2).sum(1)[None] - 2 * first @ second.T
    distance = np.sqrt(np.clip(square, 0, None))
    if first is second:
        np.fill_diagonal(distance, 0.0)  # rounding leaves about 1e-6 there
    return distance


def wasserstein_1d(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """[N, D] and [N, D] -> [D]: for each column the mean difference of the sorted values."""
    assert len(first) == len(second), (len(first), len(second))
    return np.abs(np.sort(first, 0) - np.sort(second, 0)).mean(0)


def directions(length: int, rng: np.random.Generator, count: int = 128) -> np.ndarray:
    """[length, count] of unit length."""
    sphere = rng.standard_normal((length, count))
    return sphere / np.linalg.norm(sphere, axis=0)


def sliced_wasserstein(first: np.ndarray, second: np.ndarray, rng: np.random.Generator) -> float:
    """Mean over random directions of the 1-D distance of the projections; in the units of the values."""
    sphere = directions(first.shape[1], rng)
    return float(wasserstein_1d(first @ sphere, second @ sphere).mean())


def gram_distance(
    real: np.ndarray, fake: np.ndarray, real_labels: np.ndarray, fake_labels: np.ndarray
) -> float:
    """Mean over labels and levels of |mean Gram difference| / |mean real Gram|; Grams are [N, levels, F, F]."""
    distances = []
    for label in np.intersect1d(real_labels, fake_labels):
        target, given = real[real_labels == label].mean(0), fake[fake_labels == label].mean(0)
        distances.append(np.linalg.norm(target - given, axis=(1, 2)) / np.linalg.norm(target, axis=(1, 2)))
    return float(np.mean(distances))


def nearest(points: np.ndarray, targets: np.ndarray) -> float:
    """Median over `points` of the distance to the nearest of `targets`."""
    return float(np.median(pairwise(points, targets).min(1)))
