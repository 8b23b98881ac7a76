"""By which shifts a material falls into step with itself: bricks, tiles, shingles; numpy only.

Before: dataset.py (pictures that wrap). After: shift_map.py moves parts of a material by such shifts.
"""

import numpy as np

SELECTIVE = 30.0  # how much a shift in step is preferred, as a logarithm, over one that correlates by nothing
CLEAR = 0.25  # correlation from which on a material counts as regular


def step_weights(pixels: np.ndarray, cell: int) -> tuple[np.ndarray, float]:
    """Picture [H, W, 3] uint8 that wraps, sides multiples of `cell` -> log weights [H/cell, W/cell] at most 0, and the
    correlation of the best shift, 0 to 1.

    The weights follow the circular autocorrelation of the luminance at shifts of whole cells. Every picture agrees
    with itself unmoved, so that peak counts no more than the best shift farther away: of grass, which agrees with
    itself nowhere else, any shift is as good as any other.
    """
    grey = pixels.astype(np.float64) @ (0.299, 0.587, 0.114)
    spectrum = np.fft.fft2(grey)
    turns = np.fft.fftfreq(grey.shape[0], 1 / grey.shape[0]), np.fft.fftfreq(grey.shape[1], 1 / grey.shape[1])
    spectrum[np.hypot(turns[0][:, None], turns[1][None]) < 1.5] = (
        0  # brightness drifting across is no structure
    )
    agreement = np.fft.ifft2(np.abs(spectrum) ** 2).real
    agreement = agreement[::cell, ::cell] / max(agreement[0, 0], 1e-9)
    rows, columns = agreement.shape
    near = np.ix_(np.arange(-1, 2) % rows, np.arange(-1, 2) % columns)
    far = agreement.copy()
    far[near] = 0
    best = float(np.clip(far.max(), 0, 1))
    if best < 0.02:
        return np.zeros_like(agreement), 0.0
    weights = SELECTIVE * min(1.0, best / CLEAR) ** 2 * np.minimum(agreement, best) / best
    return weights - weights.max(), best
