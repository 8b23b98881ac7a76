"""What pictures are compared by: random convolutions, patches, colours, spectra; torch for convolutions, no trained
weights.

Previous station: picture_sets.py (crops). Next: distances.py. The filters come from a fixed numpy seed, so a number
measured today can be compared with one measured on another machine. They keep the mean (DC): a shift of colour is seen.
"""

import functools
import hashlib

import numpy as np
import torch
from torch.nn import functional

SEED = 20240601  # of the filters; changing it changes every random-feature number ever printed
LEVELS = 4  # sizes 1, 1/2, 1/4, 1/8
FIRST, SECOND = 24, 32  # filters per layer
PATCH = 7  # side of the patches for the sliced Wasserstein distance
BATCH = 32
MIN_SIDE = 64  # pixels; below it nothing is left at the coarsest level


@functools.cache
def _filters() -> list[tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]]:
    """Per level: weights [24, 3, 5, 5], biases [24], weights [32, 24, 3, 3], biases [32]; every second first-layer
    filter has mean 0 per colour, so that fine detail is not drowned by the brightness."""
    rng = np.random.Generator(np.random.PCG64(SEED))
    levels = []
    for _ in range(LEVELS):
        first = rng.standard_normal((FIRST, 3, 5, 5)) / np.sqrt(75)
        first[::2] -= first[::2].mean((2, 3), keepdims=True)
        first[::2] *= 3  # neighbouring pixels are alike: their differences are small
        second = rng.standard_normal((SECOND, FIRST, 3, 3)) * np.sqrt(2 / (FIRST * 9))
        biases = rng.uniform(-0.2, 0.2, FIRST), rng.uniform(-0.1, 0.1, SECOND)
        arrays = (first, biases[0], second, biases[1])
        levels.append(tuple(torch.from_numpy(array).float() for array in arrays))
    return levels


def extractor_sha256() -> str:
    """Hash over the filters and what is done with them: figures of equal hashes compare, across runs and machines."""
    digest = hashlib.sha256(f"{LEVELS} levels, relu, relu, means, halved by 2 x 2 means".encode())
    for level in _filters():
        for array in level:
            digest.update(array.numpy().astype("<f4").tobytes())
    return digest.hexdigest()


def random_features(pictures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[N, H, W, 3] uint8 -> vectors [N, 227] (mean responses of both layers at four scales, and the mean colour) and
    Gram matrices [N, 4, 24, 24] (products of first-layer responses, averaged over the picture), both float64."""
    with torch.no_grad():
        vectors, grams = zip(*(responses(batch) for batch in _batches(pictures)), strict=True)
    return torch.cat(vectors).double().numpy(), torch.cat(grams).numpy()


def random_vectors(pictures: np.ndarray) -> np.ndarray:
    """The vectors of `random_features` alone, in two thirds of the time."""
    with torch.no_grad():
        vectors = [responses(batch, with_grams=False)[0] for batch in _batches(pictures)]
    return torch.cat(vectors).double().numpy()


JUDGED = 3 + LEVELS * (FIRST + SECOND) + 9 + 16


def judged_features(pictures: np.ndarray) -> np.ndarray:
    """[N, H, W, 3] uint8 -> [N, 252] float64: what the classifier sees: random features, colour moments, spectrum."""
    return np.concatenate([random_vectors(pictures), color_moments(pictures), radial_spectrum(pictures)], 1)


def _batches(pictures: np.ndarray):
    assert pictures.ndim == 4 and pictures.dtype == np.uint8, (pictures.shape, pictures.dtype)
    assert min(pictures.shape[1:3]) >= MIN_SIDE, pictures.shape
    for start in range(0, len(pictures), BATCH):
        yield (
            torch.from_numpy(np.ascontiguousarray(pictures[start : start + BATCH]))
            .permute(0, 3, 1, 2)
            .float()
            / 127.5
            - 1
        )


def responses(image: torch.Tensor, with_grams: bool = True) -> tuple[torch.Tensor, torch.Tensor | None]:
    """[N, 3, H, W] in [-1, 1] -> features [N, 227] float32, Gram matrices [N, 4, 24, 24] float64; with gradients."""
    rows, grams = [image.mean((2, 3))], []
    for w1, b1, w2, b2 in _filters():
        first = functional.relu(functional.conv2d(image, w1, b1))
        second = functional.relu(functional.conv2d(first, w2, b2, stride=2))
        rows += [first.mean((2, 3)), second.mean((2, 3))]
        if with_grams:
            flat = first.flatten(2).double()
            grams.append(flat @ flat.transpose(1, 2) / flat.shape[2])
        image = functional.avg_pool2d(image, 2)
    return torch.cat(rows, 1), torch.stack(grams, 1) if with_grams else None


def pyramid(pictures: np.ndarray) -> list[np.ndarray]:
    """[N, H, W, 3] uint8 -> band-pass levels at 1, 1/2, 1/4 and the low-pass rest at 1/8, float32, units of 1/255."""
    level = pictures.astype(np.float32)
    bands = []
    for _ in range(LEVELS - 1):
        n, h, w, c = level.shape
        small = level[:, : h // 2 * 2, : w // 2 * 2].reshape(n, h // 2, 2, w // 2, 2, c).mean((2, 4))
        bands.append(level[:, : h // 2 * 2, : w // 2 * 2] - small.repeat(2, 1).repeat(2, 2))
        level = small
    return [*bands, level]


def patches(level: np.ndarray, per_picture: int, rng: np.random.Generator) -> np.ndarray:
    """[N, H, W, 3] float32 -> [N * per_picture, 147]: 7 x 7 patches at random places."""
    n, h, w, _ = level.shape
    side = min(PATCH, h, w)
    windows = np.lib.stride_tricks.sliding_window_view(
        level, (side, side), axis=(1, 2)
    )  # [N, H', W', 3, 7, 7]
    top = rng.integers(0, windows.shape[1], (n, per_picture))
    left = rng.integers(0, windows.shape[2], (n, per_picture))
    return windows[np.arange(n)[:, None], top, left].reshape(n * per_picture, -1)


def color_moments(pictures: np.ndarray) -> np.ndarray:
    """[N, H, W, 3] uint8 -> [N, 9] float64, units of 1/255: mean, standard deviation and cube-root skew of each
    channel."""
    values = pictures.reshape(len(pictures), -1, 3).astype(np.float64)
    mean = values.mean(1, keepdims=True)
    away = values - mean
    return np.concatenate([mean[:, 0], away.std(1), np.cbrt((away * away * away).mean(1))], 1)


def radial_spectrum(pictures: np.ndarray, bands: int = 16) -> np.ndarray:
    """[N, H, W, 3] uint8 -> [N, bands] float64: grey power per ring of frequency, in decibels; mean removed, Hann
    window."""
    grey = pictures.astype(np.float64).mean(3)
    grey -= grey.mean((1, 2), keepdims=True)
    _, h, w = grey.shape
    window = np.hanning(h)[:, None] * np.hanning(w)[None]
    power = np.abs(np.fft.fft2(grey * window)) ** 2 / (window**2).sum()
    radius = np.hypot(np.fft.fftfreq(h)[:, None], np.fft.fftfreq(w)[None])  # cycles per pixel
    ring = np.minimum((radius / 0.5 * bands).astype(int), bands)  # the corners beyond 0.5 are not counted
    sums = np.stack([power[:, ring == band].mean(1) for band in range(bands)], 1)
    return 10 * np.log10(
        sums + 1.0
    )  # 1: about the power of rounding to 8 bit; below it there is nothing to compare
