"""How far a figure would move if other samples had been drawn: bootstrap and Wilson intervals of 95 %. Numpy only.

Previous station: distances.py. Next: comparison.py.
"""

import numpy as np

DRAWS = 200  # resamples
QUANTILES = (0.025, 0.975)
Z = 1.96

Interval = tuple[float, float]


def resamples(labels: np.ndarray, seed: list[int]) -> np.ndarray:
    """[N] labels -> [DRAWS, N] int64: how often each sample is in each resample; every label keeps its number."""
    rng = np.random.default_rng(seed)
    counts = np.zeros((DRAWS, len(labels)), np.int64)
    for label in np.unique(labels):
        members = np.flatnonzero(labels == label)
        counts[:, members] = rng.multinomial(len(members), np.full(len(members), 1 / len(members)), DRAWS)
    return counts


def around(value: float, draws: np.ndarray) -> Interval:
    """The spread of bootstrap draws, moved so that their mean is `value`; nothing here is below 0.

    Resamples hold fewer different pictures than the samples do, so distances of resamples are biased upwards. Value
    and floor have the bias of their own common number of pictures; what an interval must say is the spread.
    """
    low, high = np.quantile(draws - draws.mean(), QUANTILES)
    return max(0.0, value + min(low, 0.0)), value + max(high, 0.0)


def of_share(share: float, count: int) -> Interval:
    """Wilson's score interval (1927) of a share of `count`: also where it is 0 or 1, of which each resample would have
    the same."""
    centre = share + Z * Z / (2 * count)
    spread = Z * np.sqrt(share * (1 - share) / count + Z * Z / (4 * count * count))
    scale = 1 + Z * Z / count
    # min and max: rounding at 0 and 1
    return min(share, max(0.0, float((centre - spread) / scale))), max(
        share, min(1.0, float((centre + spread) / scale))
    )


def frechet_draws(reals: tuple[np.ndarray, ...], fake: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """[DRAWS] squared Frechet distances of resamples of `fake` [N, D], each the mean over `reals` [M, D]."""
    known = []
    for real in reals:
        covariance = np.cov(real.T)
        values, vectors = np.linalg.eigh(covariance)
        root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
        known.append((real.mean(0), np.trace(covariance), root))
    draws = np.zeros(len(counts))
    for draw, count in enumerate(counts):
        mean = count @ fake / len(fake)
        spread = (fake - mean) * np.sqrt(count / (len(fake) - 1))[:, None]
        covariance = spread.T @ spread
        for real_mean, trace, root in known:
            cross = np.sqrt(np.clip(np.linalg.eigvalsh(root @ covariance @ root), 0, None)).sum()
            shift = real_mean - mean
            draws[draw] += (shift @ shift + trace + np.trace(covariance) - 2 * cross) / len(known)
    return draws


def wasserstein_draws(reals: tuple[np.ndarray, ...], fake: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """[DRAWS] mean 1-D distances of resamples of `fake` [N * G, D], G rows of each picture, each the mean over `reals`.

    A resample of sorted values is those values, each as often as its picture was drawn: nothing is sorted again.
    """
    group = len(fake) // counts.shape[1]
    order = np.argsort(fake, 0, kind="stable")
    values = np.take_along_axis(fake, order, 0).T.ravel().astype(np.float32)
    picture = (order // group).T.ravel()
    targets = [np.sort(real, 0).T.ravel().astype(np.float32) for real in reals]
    draws = np.empty(len(counts))
    for draw, count in enumerate(counts):
        resampled = np.repeat(values, count[picture])
        draws[draw] = np.mean([np.abs(resampled - target).mean(dtype=np.float64) for target in targets])
    return draws


def gram_draws(
    real: np.ndarray, fake: np.ndarray, real_labels: np.ndarray, fake_labels: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """[DRAWS] `distances.gram_distance` of resamples of `fake` [N, levels, F, F]."""
    draws = []
    for label in np.intersect1d(real_labels, fake_labels):
        target, members = real[real_labels == label].mean(0), np.flatnonzero(fake_labels == label)
        means = np.tensordot(counts[:, members] / len(members), fake[members], 1)
        draws.append(np.linalg.norm(means - target, axis=(2, 3)) / np.linalg.norm(target, axis=(1, 2)))
    return np.mean(draws, (0, 2))
