"""Are samples copies? Their distances to the training pictures against those of new materials. Numpy only, no pictures.

Previous station: features.py. Next: comparison.py. After Meehan, Chaudhuri and Dasgupta, "A Non-Parametric Test to
Detect Data-Copying in Generative Models" (2020): a rank-sum test in cells, here the labels, joined as van Elteren
(1960) does. Crops of one held-out material are no independent draws, so each held-out material counts once.
"""

from math import erfc, sqrt

import numpy as np

SIGNIFICANT = 0.05
MIN_HELDOUT = 5  # materials; fewer say nothing


def copying_test(
    fake: np.ndarray, held: np.ndarray, fake_cells: np.ndarray, held_cells: np.ndarray
) -> tuple[float, float] | None:
    """Distances to the nearest training crop of samples [N] and of held-out materials [M], with their labels.

    -> z (far below 0: samples lie nearer to the training pictures than new materials do) and the one-sided p, by the
    normal approximation; None with too few held-out materials.
    """
    if len(held) < MIN_HELDOUT:
        return None
    away, variance = 0.0, 0.0
    for cell in np.intersect1d(fake_cells, held_cells):
        ours, new = fake[fake_cells == cell], held[held_cells == cell]
        n, m = len(ours), len(new)
        further = (ours[:, None] > new).sum() + 0.5 * (ours[:, None] == new).sum()
        weight = 1 / (n + m + 1)
        away += weight * (further - n * m / 2)
        variance += weight**2 * n * m * (n + m + 1) / 12
    if variance == 0:
        return None
    z = float(away / sqrt(variance))
    return z, erfc(-z / sqrt(2)) / 2


def first_of_each(materials: np.ndarray) -> np.ndarray:
    """[N] material of each crop -> indices of one crop of each."""
    return np.unique(materials, return_index=True)[1]
