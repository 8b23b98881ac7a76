"""A lit globe seen from far away, and the noise to paint it with: numpy only, no files.

Orthographic view, sun from the upper left; linear light at twice the picture's size, premultiplied, averaged at the
end. Noise is a periodic volume with a power-law spectrum, read where the globe cuts through it. Next station:
demo_planets.py, which paints the globes.

    x to the right, y up, z towards the eye; the picture spans -1 to 1; a globe's own frame is turned by its axis
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

CELLS = 48  # of a side of the noise volume
SUPERSAMPLE = 2
SUN = (-0.55, 0.5, 0.67)


@dataclass(frozen=True)
class Globe:
    """The pixels of a globe, [M, 3] each: `normal` in the picture's frame, `place` in the globe's own."""

    size: int
    radius: float
    inside: np.ndarray  # [S, S] bool, S = size * SUPERSAMPLE
    normal: np.ndarray
    place: np.ndarray
    sun: np.ndarray  # [3] of length 1

    def turned(self, frame: np.ndarray) -> Globe:
        return Globe(self.size, self.radius, self.inside, self.normal, self.normal @ frame.T, self.sun)


def make_globe(size: int, radius: float, rng: np.random.Generator, tilt: float = 3.0) -> Globe:
    x, y = picture_plane(size)
    inside = x**2 + y**2 < (radius + 2 / size) ** 2  # a pixel more: the rim is faded by on_nothing
    flat = np.stack([x[inside], y[inside]], -1) / radius
    flat = flat / np.maximum(np.linalg.norm(flat, axis=-1, keepdims=True) / 0.999, 1)
    normal = np.concatenate([flat, np.sqrt(1 - (flat**2).sum(-1, keepdims=True))], -1)
    sun = unit(np.array(SUN) + rng.normal(0, 0.06, 3))
    axis = unit(np.array([rng.uniform(-tilt, tilt), 1.0, rng.uniform(-tilt, tilt)]))
    globe = Globe(size, radius, inside, normal, normal, sun)
    return globe.turned(frame_around(axis, rng))


def lit(globe: Globe, colors: np.ndarray, height: np.ndarray | None = None) -> np.ndarray:
    """[M, 3] light: Lambert with a soft terminator and a little fill; `height` [M] bends the normals."""
    normal = globe.normal
    if height is not None:
        relief = np.zeros(globe.inside.shape)
        relief[globe.inside] = height * globe.radius
        down, right = np.gradient(relief, 2 / globe.inside.shape[0])
        slope = np.stack([right[globe.inside], -down[globe.inside], np.zeros(len(height))], -1)
        normal = normal - slope * np.clip(normal[:, 2:], 0, 1)
        normal = normal / np.linalg.norm(normal, axis=-1, keepdims=True)
    day = np.clip((normal @ globe.sun + 0.06) / 1.06, 0, 1)
    return colors * (1.15 * day + 0.035)[:, None]


def glow_of(globe: Globe, color: np.ndarray, strength: float, reach: float, night: float = 0.0) -> np.ndarray:
    """The air: [S, S, 4] premultiplied light around the globe, and on its rim."""
    x, y = picture_plane(globe.size)
    distance = np.sqrt(x**2 + y**2)
    rim = np.where(
        distance < globe.radius,
        0.75 * np.clip(distance / globe.radius, 0, 1) ** 9,
        0.75 * np.exp(-(distance - globe.radius) / (0.45 * reach)),
    )
    lit = np.clip((x * globe.sun[0] + y * globe.sun[1]) / np.maximum(distance, 1e-3) * 0.6 + 0.45, 0, 1)
    amount = np.clip(strength * rim * np.maximum(lit, night), 0, 1)
    amount = amount * (1 - smooth_step(distance, 0.94, 0.06))  # nothing reaches the border
    return np.concatenate(
        [np.broadcast_to(color, (*amount.shape, 3)) * amount[..., None], amount[..., None]], -1
    )


def on_nothing(globe: Globe, light: np.ndarray) -> np.ndarray:
    """The globe alone: light [M, 3] -> premultiplied [S, S, 4], its edge smooth."""
    x, y = picture_plane(globe.size)
    picture = np.zeros((*globe.inside.shape, 4))
    picture[globe.inside, :3], picture[globe.inside, 3] = np.clip(light, 0, 1), 1
    cover = np.clip((globe.radius - np.sqrt(x**2 + y**2)) * globe.inside.shape[0] / 2 + 0.5, 0, 1)
    return picture * cover[..., None]


def encode(picture: np.ndarray) -> np.ndarray:
    """Premultiplied linear [S, S, 4] -> straight sRGB [size, size, 4] in [0, 1]."""
    side = picture.shape[0] // SUPERSAMPLE
    small = picture.reshape(side, SUPERSAMPLE, side, SUPERSAMPLE, 4).mean((1, 3))
    color = small[..., :3] / np.maximum(small[..., 3:], 1e-4)
    color = np.where(color <= 0.0031308, 12.92 * color, 1.055 * np.maximum(color, 1e-9) ** (1 / 2.4) - 0.055)
    return np.concatenate([np.clip(color, 0, 1), np.clip(small[..., 3:], 0, 1)], -1)


def over(front: np.ndarray, back: np.ndarray) -> np.ndarray:
    return front + back * (1 - front[..., 3:])


def picture_plane(size: int) -> tuple[np.ndarray, np.ndarray]:
    axis = (np.arange(size * SUPERSAMPLE) + 0.5) / (size * SUPERSAMPLE) * 2 - 1
    return np.meshgrid(axis, -axis)


def noise_volume(rng: np.random.Generator, slope: float) -> np.ndarray:
    """Periodic noise [CELLS]^3, mean 0, deviation 1, amplitude falling as frequency^-slope."""
    f = np.fft.fftfreq(CELLS) * CELLS
    radius = np.sqrt(f[:, None, None] ** 2 + f[None, :, None] ** 2 + f[None, None, : CELLS // 2 + 1] ** 2)
    noise = rng.standard_normal((CELLS,) * 3)
    # Waves longer than a sixth of the volume are damped: a globe shows several continents, not one.
    noise = np.fft.irfftn(np.fft.rfftn(noise) * np.maximum(radius, 6) ** -slope * (radius > 0), (CELLS,) * 3)
    return noise / noise.std()


def fractal(volume: np.ndarray, place: np.ndarray, cells: float) -> np.ndarray:
    """The noise at `place` [M, 3], a globe's radius being `cells` of the volume; and once more, finer and fainter."""
    return _read(volume, place * cells) + 0.35 * _read(volume, place * (2.9 * cells) + 11.3)


def _read(volume: np.ndarray, at: np.ndarray) -> np.ndarray:
    """[M]: the volume at `at` [M, 3], in cells, between them by smoothed trilinear weights."""
    low = np.floor(at).astype(int)
    t = at - low
    t = t * t * (3 - 2 * t)
    value = np.zeros(len(at))
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(corner, t, 1 - t), axis=-1)
        i, j, k = ((low + corner) % CELLS).T
        value += weight * volume[i, j, k]
    return value


def noise_line(rng: np.random.Generator, count: int, slope: float) -> np.ndarray:
    """Smooth noise [count], mean 0, deviation 1."""
    f = np.fft.rfftfreq(count) * count
    line = np.fft.irfft(np.fft.rfft(rng.standard_normal(count)) * np.maximum(f, 3) ** -slope * (f > 0), count)
    return line / line.std()


def frame_around(axis: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """[3, 3], rows: the axes of a frame whose second is `axis`, turned about it at random."""
    side = unit(np.cross(axis, unit(rng.normal(size=3))))
    return np.stack([side, axis, np.cross(side, axis)])


def unit(vector: np.ndarray) -> np.ndarray:
    return vector / np.linalg.norm(vector)


def mix(low, high, weight: np.ndarray) -> np.ndarray:
    low, high = np.asarray(low, float), np.asarray(high, float)
    return low + (high - low) * weight[..., None]


def smooth_step(value: np.ndarray, low: float, width: float) -> np.ndarray:
    """0 below `low`, 1 above `low + width`, smooth between."""
    t = np.clip((value - low) / width, 0, 1)
    return t * t * (3 - 2 * t)
