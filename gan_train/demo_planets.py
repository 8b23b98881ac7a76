"""Computed planets on transparent ground, for `gan-train demo-data --kind planets`: numpy only, no files, no download.

Each function paints one kind: (size, rng) -> [size, size, 4] float in [0, 1], sRGB with straight alpha. Previous
station: demo_globe.py (geometry, light, noise). Next: demo_data.py, which writes the files.
"""

from __future__ import annotations

import numpy as np

from .demo_globe import (
    Globe,
    encode,
    fractal,
    frame_around,
    glow_of,
    lit,
    make_globe,
    mix,
    noise_line,
    noise_volume,
    on_nothing,
    over,
    picture_plane,
    smooth_step,
    unit,
)

GLOBE, RINGED_GLOBE = 0.82, 0.47  # radii


def banded(size: int, rng: np.random.Generator) -> np.ndarray:
    """A gas giant: turbulent bands, and often a storm."""
    globe = make_globe(size, GLOBE, rng, tilt=0.5)
    colors = _bands(globe, rng, _palette(rng, GIANTS), turbulence=0.05, bands=rng.uniform(5, 9), storm=True)
    return encode(over(glow_of(globe, colors.mean(0), 0.35, 0.05), on_nothing(globe, lit(globe, colors))))


def cratered(size: int, rng: np.random.Generator) -> np.ndarray:
    """A moon: maria, craters with rims, pale rays around the young ones."""
    globe = make_globe(size, GLOBE, rng)
    volume = noise_volume(rng, 2.4)
    tone = fractal(volume, globe.place, 6.0)
    low, high, young = _palette(rng, MOONS)
    height, rays = _craters(globe, rng)
    colors = mix(low, high, smooth_step(tone, -0.9, 1.8)) * (
        1 + 0.12 * fractal(volume, globe.place, 22.0)[:, None]
    )
    colors = mix(colors, young, np.clip(rays, 0, 0.8))
    height = height + 0.006 * fractal(volume, globe.place, 14.0)
    return encode(on_nothing(globe, lit(globe, colors, height)))


def living(size: int, rng: np.random.Generator) -> np.ndarray:
    """An earth: seas, land up to its snow line, caps of ice, clouds and air."""
    globe = make_globe(size, GLOBE, rng, tilt=0.5)
    deep, shallow, coast, inland, peak, air = _palette(rng, EARTHS)
    land = fractal(noise_volume(rng, 2.6), globe.place, 6.5) - rng.uniform(-0.1, 0.5)
    latitude = np.abs(globe.place[:, 1])
    sea = mix(deep, shallow, smooth_step(land, -0.5, 0.5))
    ground = mix(mix(coast, inland, smooth_step(land, 0.0, 0.5)), peak, smooth_step(land, 0.7, 0.9))
    is_land = smooth_step(land, -0.03, 0.06)
    colors = mix(sea, ground, is_land)
    ice = smooth_step(latitude + 0.06 * land, rng.uniform(0.78, 0.9), 0.06)
    colors = mix(colors, (0.85, 0.9, 0.95), ice)
    glint = (
        0.9
        * np.maximum(globe.normal @ unit(np.add(globe.sun, (0, 0, 1))), 0) ** 60
        * (1 - is_land)
        * (1 - ice)
    )
    swirl = globe.place + 0.12 * np.stack([fractal(noise_volume(rng, 2.4), globe.place, 5.0)] * 3, -1) * (
        1,
        0.3,
        -1,
    )
    clouds = fractal(noise_volume(rng, 2.0), swirl * (1, 1.7, 1), 7.0)
    cover = 0.92 * smooth_step(clouds, rng.uniform(0.1, 0.5), 0.9)
    light = lit(globe, mix(colors, (0.93, 0.94, 0.96), cover), 0.01 * cover)
    light = light + (glint * (1 - cover))[:, None]
    return encode(over(glow_of(globe, np.array(air), 0.9, 0.09), on_nothing(globe, light)))


def molten(size: int, rng: np.random.Generator) -> np.ndarray:
    """A young world: dark crust with glowing cracks and seas of lava."""
    globe = make_globe(size, GLOBE, rng)
    crust, ember, flame = _palette(rng, MAGMAS)
    volume = noise_volume(rng, 2.2)
    place = globe.place + 0.05 * np.stack([fractal(volume, globe.place + k, 9.0) for k in (3, 5, 7)], -1)
    cracks = np.exp(-7.0 * np.abs(fractal(noise_volume(rng, 2.8), place, 7.0)))
    seas = smooth_step(fractal(noise_volume(rng, 3.0), place, 5.0), rng.uniform(0.6, 1.2), 0.5)
    heat = np.clip(0.85 * cracks + seas, 0, 1) * np.clip(0.75 + 0.3 * fractal(volume, place, 8.0), 0.2, 1.2)
    colors = np.array(crust) * (1 + 0.3 * fractal(volume, globe.place, 18.0)[:, None])
    light = lit(globe, np.clip(colors, 0.005, 1), -0.02 * heat + 0.01 * fractal(volume, globe.place, 14.0))
    glow = heat[:, None] ** 1.3 * mix(ember, flame, smooth_step(heat, 0.35, 0.6))
    return encode(
        over(glow_of(globe, np.array(ember), 0.55, 0.08, night=0.5), on_nothing(globe, light + 1.4 * glow))
    )


def ringed(size: int, rng: np.random.Generator) -> np.ndarray:
    """A giant with rings that shade it and are shaded by it."""
    globe = make_globe(size, RINGED_GLOBE, rng)
    roll, rise = rng.uniform(-0.5, 0.5), rng.uniform(0.22, 0.42)
    # The axis leans towards the eye by asin(rise); the rings are the plane through the centre across it.
    axis = unit(np.array([np.sin(roll) * np.sqrt(1 - rise**2), np.cos(roll) * np.sqrt(1 - rise**2), rise]))
    globe = globe.turned(frame_around(axis, rng))
    palette = _palette(rng, GIANTS)
    colors = _bands(globe, rng, palette, turbulence=0.015, bands=rng.uniform(4, 8), storm=False)
    inner, outer = rng.uniform(0.60, 0.66), rng.uniform(0.88, 0.97)
    profile = np.clip(0.7 + 0.35 * noise_line(rng, 64, 2.2), 0.15, 0.95)
    profile[int(64 * rng.uniform(0.55, 0.75)) :][:5] *= 0.1  # a gap, as Cassini's
    tint = mix(palette[0], palette[-1], smooth_step(noise_line(rng, 64, 1.2), -1, 2))

    def ring(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Opacity [M] and colour [M, 3] of the rings at points of their plane."""
        at = (np.linalg.norm(points, axis=-1) - inner) / (outer - inner)
        edge = smooth_step(at, 0.0, 0.04) * (1 - smooth_step(at, 0.96, 0.04))
        where = np.clip(at, 0, 1) * 63
        opacity = np.interp(where, np.arange(64), profile) * edge
        return opacity, np.stack([np.interp(where, np.arange(64), tint[:, c]) for c in range(3)], -1)

    toward = globe.normal * RINGED_GLOBE
    travel = -(toward @ axis) / (globe.sun @ axis)
    shade = ring(toward + travel[:, None] * globe.sun)[0] * (travel > 0)
    body = on_nothing(globe, lit(globe, colors) * (1 - 0.75 * shade[:, None]))

    x, y = picture_plane(size)
    points = np.stack([x, y, -(x * axis[0] + y * axis[1]) / axis[2]], -1).reshape(-1, 3)
    opacity, color = ring(points)
    along = points @ globe.sun
    beside = np.linalg.norm(points - along[:, None] * globe.sun, axis=-1)
    shadow = (along < 0) * (1 - smooth_step(beside, RINGED_GLOBE - 0.02, 0.03))
    light = color * (0.95 - 0.85 * shadow[:, None])
    rings = np.concatenate([light * opacity[:, None], opacity[:, None]], -1).reshape(*x.shape, 4)
    front = (points[:, 2] > 0).reshape(*x.shape, 1)
    return encode(over(rings * front, over(body, rings * ~front)))


PLANETS = {"banded": banded, "cratered": cratered, "living": living, "molten": molten, "ringed": ringed}

# Palettes, sRGB: light to dark or low to high, as each planet reads them.
GIANTS = (
    ("f2e3c6", "d9a876", "a8683f", "e8cfa4"),
    ("dfe9f0", "8fb4cf", "4f7fa8", "b7d3e3"),
    ("f6d9d0", "d98c86", "9c4f63", "f0bfa8"),
    ("e9efcf", "b2c48a", "6f8f5f", "d5dba2"),
    ("e6def2", "a894cf", "6b589e", "cdbfe6"),
    ("fbe6b0", "e5a24a", "b3612c", "f7cf80"),
    ("d8f0ea", "7cc4b8", "3d8c8c", "aaded2"),
)
MOONS = (
    ("6e6a66", "b5afa8", "e6e2dc"),
    ("8a4f36", "c98558", "edc09a"),
    ("5f6670", "a3abb5", "e4eaf0"),
    ("7d6a4c", "c2ad84", "f0e4c4"),
    ("4f4a52", "8d8591", "d2ccd6"),
)
EARTHS = (
    ("0a2a66", "1f6aa8", "c9b37e", "3f7a3a", "8a7660", "7fb6ff"),
    ("083a5c", "1c8a9a", "d8c08a", "6c8f3c", "a08868", "86d4ff"),
    ("0c1f4f", "2a5aa0", "b98a58", "8a6a3c", "c9b79a", "94b4ff"),
    ("2a1650", "6a48a8", "e0a890", "b0566a", "e8cfc0", "c49cff"),
    ("06382f", "1f8a6a", "d9c66a", "9a7a2c", "d0c09a", "8affd0"),
)
MAGMAS = (
    ("2a2220", "e8410a", "ffc850"),
    ("241c26", "d41f38", "ff9a4a"),
    ("1c2026", "1f7ae8", "9ae8ff"),
    ("20241c", "3fb81f", "e4ff7a"),
)


def _bands(
    globe: Globe, rng: np.random.Generator, palette: np.ndarray, turbulence: float, bands: float, storm: bool
) -> np.ndarray:
    """[M, 3]: colours by latitude, stirred along it."""
    place = globe.place * (1, 2.4, 1)
    volume = noise_volume(rng, 2.2)
    latitude = globe.place[:, 1] + turbulence * fractal(volume, place, 6.0)
    spot = np.zeros(len(latitude))
    if storm and rng.random() < 0.7:
        facing = unit(np.array([rng.uniform(-0.5, 0.5), rng.choice([-1, 1]) * rng.uniform(0.15, 0.5), 0.8]))
        across = (globe.normal - facing) * (1, 1.8, 1) / rng.uniform(0.16, 0.26)
        spot = np.exp(-((across**2).sum(-1) ** 1.5))
        latitude = latitude + 0.12 * spot * np.sin(9 * np.linalg.norm(across, axis=-1))
    shelf = noise_line(rng, 96, 0.9)
    t = np.interp((latitude + 1.3) / 2.6 * 95 * bands / 9, np.arange(96), shelf) + 0.15 * fractal(
        volume, place, 12.0
    )
    steps = np.clip((t + 1.5) / 3.0, 0, 1) * (len(palette) - 1)
    colors = np.stack([np.interp(steps, np.arange(len(palette)), palette[:, c]) for c in range(3)], -1)
    return mix(colors, palette[2] * 0.85, np.clip(1.2 * spot, 0, 0.85))


def _craters(globe: Globe, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Height [M] in radii of the globe, and rays [M] in 0 to 1."""
    height, rays = np.zeros(len(globe.normal)), np.zeros(len(globe.normal))
    for _ in range(int(rng.integers(35, 80))):
        middle = unit(rng.normal(size=3) * (1, 1, 0.6) + (0, 0, 0.4))
        width = min(0.035 * rng.uniform(0.05, 1) ** -0.75, 0.34)
        away = np.arccos(np.clip(globe.normal @ middle, -1, 1)) / width
        near = away < 3
        d = away[near]
        bowl = np.where(d < 1, 0.8 * d**2 - 0.8, 0) + 0.35 * np.exp(-(((d - 1.05) / 0.22) ** 2))
        height[near] += 0.42 * width * bowl * (1 - smooth_step(d, 2, 1))
        if rng.random() < 0.2:
            # in rows: of columns numpy's arctan2 differs in the last bit with where they lie in memory
            across, up = np.ascontiguousarray((globe.normal[near] - middle)[:, :2].T)
            spokes = np.sin(rng.integers(5, 11) * np.arctan2(across, up) + rng.uniform(0, 6))
            rays[near] += np.exp(-d) * (0.6 + 0.4 * spokes)
    return height, rays


def _palette(rng: np.random.Generator, palettes: tuple) -> np.ndarray:
    """One of them in linear light [n, 3], all its colours brightened or dimmed and shifted alike."""
    codes = palettes[rng.integers(len(palettes))]
    srgb = np.array([[int(code[i : i + 2], 16) / 255 for i in (0, 2, 4)] for code in codes])
    srgb = np.clip(srgb * rng.uniform(0.9, 1.08) + rng.normal(0, 0.025, 3), 0.01, 1)
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
