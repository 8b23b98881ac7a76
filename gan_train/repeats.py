"""The lattice of a photo: by which shifts a wall of bricks, a floor or a weave repeats. Numpy only, no files.

After: exemplar.py, which bends the photo until its lattice closes.

A shift belongs to the lattice when the photo, moved by it, agrees with itself: peaks of the autocorrelation. Of all
lattices spanned by two peaks the one is taken whose points agree most compared with points between them: multiples of
the true lattice agree as well, but so do their halves or thirds. Where only rows or columns repeat (courses of uneven
bricks, planks), there is one vector; where nothing does, none.
"""

from __future__ import annotations

import itertools

import numpy as np

LEAST_PERIOD = 6.0  # pixels
LEAST_CONTRAST = 0.1  # agreement on the lattice over agreement between its points
NEARLY = 0.7  # of the best contrast
AS_WELL = 0.8  # of the agreement on the lattice: points between that agree so much belong to it
PEAKS = 16  # that are tried as vectors: the strongest, and the shortest of the strong ones
BETWEEN = [(i / k, j / k) for k in (2, 3) for i in range(k) for j in range(k) if i or j]


def find_lattice(pixels: np.ndarray) -> np.ndarray:
    """[H, W, 3] uint8 -> [k, 2] float64, k = 0, 1 or 2 vectors (y, x) in pixels; one vector lies along an axis."""
    agreement = autocorrelation(without_shading(pixels.astype(np.float64)))
    pairs = (_reduced(np.array(pair)) for pair in itertools.combinations(_peaks(agreement), 2))
    grids = [(_contrast(agreement, basis), basis) for basis in pairs if _is_roomy(basis)]
    if max((contrast for contrast, _ in grids), default=0.0) > LEAST_CONTRAST:
        basis = _smallest(grids, lambda basis: abs(np.linalg.det(basis)))
        return _refined(agreement, _divided(agreement, basis))
    stripes = [stripe for axis in (0, 1) for stripe in _stripes(agreement, axis)]
    if max((contrast for contrast, _ in stripes), default=0.0) > LEAST_CONTRAST:
        return _smallest(stripes, np.linalg.norm)[None]
    return np.zeros((0, 2))


def _is_roomy(basis: np.ndarray) -> bool:
    """No vector too short, no two nearly parallel."""
    lengths = np.linalg.norm(basis, axis=1)
    return lengths.min() >= LEAST_PERIOD and abs(np.linalg.det(basis)) > 0.3 * np.prod(lengths)


def _smallest(found: list[tuple[float, np.ndarray]], size) -> np.ndarray:
    """Of those nearly as good as the best the smallest: multiples of a lattice agree nearly as well."""
    enough = NEARLY * max(contrast for contrast, _ in found)
    smallest = min(size(basis) for contrast, basis in found if contrast >= enough)
    near = [item for item in found if size(item[1]) < 1.15 * smallest]
    return max(near, key=lambda item: item[0])[1]


def autocorrelation(x: np.ndarray) -> np.ndarray:
    """[H, W, C] -> [2h+1, 2w+1] in [-1, 1], h = H//2, w = W//2: how well x and x moved by (dy, dx) agree where they
    overlap; no shift in the middle."""
    height, width = x.shape[:2]
    size = (2 * height, 2 * width)
    spectrum = np.fft.rfft2(x, size, axes=(0, 1))
    products = np.fft.irfft2((np.abs(spectrum) ** 2).sum(2), size)
    mask = np.fft.rfft2(np.ones((height, width)), size)
    power = np.fft.rfft2((x**2).sum(2), size)
    here, there = np.fft.irfft2(power.conj() * mask, size), np.fft.irfft2(power * mask.conj(), size)
    agreement = np.fft.fftshift(products / np.sqrt(np.maximum(here * there, 1e-6)))
    h, w = height // 2, width // 2
    return agreement[height - h : height + h + 1, width - w : width + w + 1]


def best_shift(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The shift (y, x) with which b agrees best with a; both [H, W, C]."""
    size = (2 * a.shape[0], 2 * a.shape[1])
    spectra = (np.fft.rfft2(x, size, axes=(0, 1)) for x in (a, b))
    first, other = spectra
    products = np.fft.irfft2((first.conj() * other).sum(2), size)
    place = np.array(np.unravel_index(np.argmax(products), size), np.float64)
    return np.where(place >= np.array(size) / 2, place - size, place)


def without_shading(x: np.ndarray) -> np.ndarray:
    """Less its slow changes, which agree with themselves at any shift; [H, W, 3] -> [H, W, 3]."""
    height, width = x.shape[:2]
    padded = np.pad(x, ((0, height), (0, width), (0, 0)), mode="symmetric")
    fy, fx = np.fft.fftfreq(2 * height)[:, None], np.fft.rfftfreq(2 * width)[None]
    sigma = min(height, width) / 6
    slow = np.exp(-2 * (np.pi * sigma) ** 2 * (fy**2 + fx**2)) - np.exp(-2 * np.pi**2 * (fy**2 + fx**2))
    spectrum = np.fft.rfft2(padded, axes=(0, 1))
    return -np.fft.irfft2(spectrum * slow[..., None], (2 * height, 2 * width), axes=(0, 1))[:height, :width]


def _peaks(agreement: np.ndarray) -> np.ndarray:
    """Local maxima in one half of the plane, [n, 2] (y, x)."""
    h, w = agreement.shape[0] // 2, agreement.shape[1] // 2
    around = np.pad(agreement, 3, constant_values=-1.0)
    highest = np.max(np.lib.stride_tricks.sliding_window_view(around, (7, 7)), axis=(2, 3))
    ys, xs = np.nonzero((agreement == highest) & (agreement > 0.05))
    dy, dx = ys - h, xs - w
    keep = ((dy > 0) | ((dy == 0) & (dx > 0))) & (np.hypot(dy, dx) >= LEAST_PERIOD)
    points, strength = (
        np.stack((dy[keep], dx[keep]), axis=1).astype(np.float64),
        agreement[ys[keep], xs[keep]],
    )
    strongest = np.argsort(-strength, kind="stable")[:PEAKS]
    strong = np.flatnonzero(strength > 0.5 * strength.max(initial=0))
    shortest = strong[np.argsort(np.linalg.norm(points[strong], axis=1), kind="stable")[:PEAKS]]
    return points[np.union1d(strongest, shortest)]


def _reduced(basis: np.ndarray) -> np.ndarray:
    """The shortest basis of the same lattice (Lagrange, Gauss)."""
    a, b = basis
    for _ in range(64):
        if a @ a > b @ b:
            a, b = b, a
        if a @ a == 0:
            break
        times = np.round((a @ b) / (a @ a))
        if times == 0:
            break
        b = b - times * a
    return np.array((a, b))


def _points(basis: np.ndarray, shape: tuple[int, int], shift: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """The points (y, x) of the lattice, moved by a share of its vectors, that lie in the inner 0.8 of the map; without
    the middle. [n, 2]"""
    h, w = 0.8 * (shape[0] // 2), 0.8 * (shape[1] // 2)
    most = min(int(np.hypot(h, w) / max(np.linalg.norm(basis, axis=1).min(), 1.0)) + 2, 40)
    points = (np.array(list(itertools.product(range(-most, most + 1), repeat=2))) + shift) @ basis
    return points[(np.abs(points[:, 0]) <= h) & (np.abs(points[:, 1]) <= w) & points.any(1)]


def _mean_at(agreement: np.ndarray, points: np.ndarray) -> float:
    """Mean agreement at points (y, x) between pixels, [n, 2]."""
    y = points[:, 0] + agreement.shape[0] // 2
    x = points[:, 1] + agreement.shape[1] // 2
    y0 = np.clip(np.floor(y).astype(int), 0, agreement.shape[0] - 2)
    x0 = np.clip(np.floor(x).astype(int), 0, agreement.shape[1] - 2)
    fy, fx = y - y0, x - x0
    top = agreement[y0, x0] * (1 - fx) + agreement[y0, x0 + 1] * fx
    low = agreement[y0 + 1, x0] * (1 - fx) + agreement[y0 + 1, x0 + 1] * fx
    return float((top * (1 - fy) + low * fy).mean())


def _contrast(agreement: np.ndarray, basis: np.ndarray) -> float:
    on = _points(basis, agreement.shape)
    between = [_points(basis, agreement.shape, shift) for shift in BETWEEN]
    if len(on) < 4 or not all(len(points) for points in between):
        return 0.0
    return _mean_at(agreement, on) - max(_mean_at(agreement, points) for points in between)


def _divided(agreement: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """The lattice itself, where `basis` spans every second, third, fifth or seventh point of it."""
    for k in (2, 3, 5, 7):
        on = _mean_at(agreement, _points(basis, agreement.shape))
        for i, j in itertools.product(range(k), repeat=2):
            points = _points(basis, agreement.shape, (i / k, j / k))
            if (i or j) and len(points) and _mean_at(agreement, points) > AS_WELL * on:
                part = np.array((i / k, j / k)) @ basis
                ways = (_reduced(np.array((part, vector))) for vector in basis)
                sizes = [(abs(abs(np.linalg.det(b)) * k / abs(np.linalg.det(basis)) - 1), b) for b in ways]
                finer = min(sizes, key=lambda item: item[0])[1]
                if _is_roomy(finer) and _contrast(agreement, finer) > 0.5 * _contrast(agreement, basis):
                    return _divided(agreement, finer)
    return basis


def _refined(agreement: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Fractions of a pixel, by climbing: the far points of the lattice tell them."""
    step, best = 0.5, _mean_at(agreement, _points(basis, agreement.shape))
    while step > 0.01:
        moved = False
        for i, j, sign in itertools.product((0, 1), (0, 1), (-1, 1)):
            trial = basis.copy()
            trial[i, j] += sign * step
            value = _mean_at(agreement, _points(trial, agreement.shape))
            if value > best + 1e-9:
                best, basis, moved = value, trial, True
        if not moved:
            step /= 2
    return basis


def _stripes(agreement: np.ndarray, axis: int) -> list[tuple[float, np.ndarray]]:
    """Periods at which rows (axis 0) or columns (axis 1) repeat whatever the shift along them: (contrast, vector)."""
    ridge = agreement if axis == 0 else agreement.T
    middle = ridge.shape[1] // 2
    ridge = ridge[:, middle - middle // 2 : middle + middle // 2 + 1].mean(1)  # [2h+1]
    h = len(ridge) // 2
    found = []
    for period in np.arange(LEAST_PERIOD, h * 0.8, 0.1):
        times = np.arange(1, int(0.8 * h / period) + 1)
        at = [
            np.interp((times + shift) * period + h, np.arange(len(ridge)), ridge).mean()
            for shift in (0.0, 1 / 2, 1 / 3, 2 / 3)
        ]
        vector = np.array((period, 0.0) if axis == 0 else (0.0, period))
        found.append((at[0] - max(at[1:]), vector))
    return found


STRIDES = {32: 0.0, 64: 0.02, 128: 0.06, 256: 0.12, 512: 0.5}  # pixels, and what a large one costs: few sizes
ZOOMS = np.arange(0.6, 1.15, 0.01)


def closing_stride(vectors: np.ndarray) -> tuple[int, np.ndarray, np.ndarray]:
    """Bend the plane a little, until the lattice closes on a torus. -> stride, bend [2, 2], lattice [k, 2]

    Points (y, x) of the photo go to bend @ point; every torus whose sides are multiples of the stride then holds
    whole periods. Of all ways (which multiple of the lattice becomes the stride, how much larger or smaller the
    photo becomes) the one that changes shapes and size least.
    """
    if len(vectors) == 0:
        return min(STRIDES), np.eye(2), vectors
    if len(vectors) == 1:
        period = float(np.linalg.norm(vectors[0]))
        ways = [
            (_size_cost(s / (n * period)) + few, s, n) for s, few in STRIDES.items() for n in range(1, 65)
        ]
        _, stride, times = min(ways)
        zoom = stride / (times * period)
        return stride, zoom * np.eye(2), vectors * zoom
    best = None
    for stride, few in STRIDES.items():
        for zoom in ZOOMS:
            times = np.round(stride / zoom * np.linalg.inv(vectors))
            if abs(np.linalg.det(times)) < 0.5:
                continue
            bend = (stride * np.linalg.inv(times @ vectors)).T
            size = np.sqrt(abs(np.linalg.det(bend)))
            shape = np.abs(bend / size - np.eye(2)).max()
            cost = 10 * shape + _size_cost(size) + few
            if best is None or cost < best[0]:
                best = cost, stride, bend
    _, stride, bend = best
    return stride, bend, vectors @ bend.T


def _size_cost(size: float) -> float:
    """Of making the photo `size` times larger; smaller is sharp, larger is not."""
    return 2 * np.log(size) if size > 1 else -np.log(size)
