"""Meshes that are computed: solids put together and cut out of each other at random. Numpy only; text of OBJ files.

Next: demo_weather.py. A solid is a signed distance, negative inside; its surface is found by naive surface nets (Gibson
1998), a quad for every edge of the grid that passes through it, and then drawn onto the surface.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Solid = Callable[[np.ndarray], np.ndarray]  # [..., 3] places -> [...] distances
GRID, REACH = 40, 1.3  # cells along a side of the cube [-REACH, REACH]
DRAWN = 4  # steps onto the surface


def random_solid(rng: np.random.Generator) -> Solid:
    """One to four bodies joined, up to four cut away: edges, hollows, holes and steps."""
    bodies = [placed(body(rng), rng, 0.0 if i == 0 else 0.6) for i in range(rng.integers(1, 5))]
    cuts = [placed(body(rng, small=True), rng, 0.8) for _ in range(rng.integers(0, 5))]

    def distance(p: np.ndarray) -> np.ndarray:
        whole = np.min([one(p) for one in bodies], axis=0)
        for cut in cuts:
            whole = np.maximum(whole, -cut(p))
        return np.maximum(whole, np.abs(p).max(-1) - 1.15)  # inside the grid

    return distance


def body(rng: np.random.Generator, small: bool = False) -> Solid:
    size = rng.uniform(0.12, 0.4, 3) if small else rng.uniform(0.35, 0.9, 3)
    kind = rng.integers(5)

    def box(p):
        q = np.abs(p) - size
        return np.linalg.norm(np.maximum(q, 0), axis=-1) + np.minimum(q.max(-1), 0)

    def ball(p):
        return np.linalg.norm(p, axis=-1) - size[0]

    def cylinder(p):
        q = np.stack([np.hypot(p[..., 0], p[..., 1]) - size[0], np.abs(p[..., 2]) - size[1]], -1)
        return np.linalg.norm(np.maximum(q, 0), axis=-1) + np.minimum(q.max(-1), 0)

    def ring(p):
        across = np.hypot(p[..., 0], p[..., 1]) - size[0]
        return np.hypot(across, p[..., 2]) - 0.4 * size[1]

    def prism(p):
        sides = [np.abs(p[..., 0] * np.cos(a) + p[..., 1] * np.sin(a)) for a in np.arange(3) * np.pi / 3]
        return np.maximum(np.max(sides, axis=0) - size[0], np.abs(p[..., 2]) - size[1])

    return (box, ball, cylinder, ring, prism)[kind]


def placed(one: Solid, rng: np.random.Generator, away: float) -> Solid:
    """Moved by up to `away`, turned by quarters or freely."""
    middle = rng.uniform(-away, away, 3)
    turned, _ = np.linalg.qr(rng.standard_normal((3, 3)))
    turn = turned if rng.random() < 0.4 else np.eye(3)[rng.permutation(3)]
    return lambda p: one((p - middle) @ turn)


def surface(solid: Solid, grid: int = GRID) -> tuple[np.ndarray, np.ndarray]:
    """([V, 3] float64 points, [Q, 4] int quads that show outwards)."""
    axis = np.linspace(-REACH, REACH, grid + 1)
    corners = np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), -1)
    values = solid(corners)
    inside = values < 0
    total, count = np.zeros((grid, grid, grid, 3)), np.zeros((grid, grid, grid))
    for along in range(3):
        near, far = (take(values, along, part) for part in (slice(None, -1), slice(1, None)))
        begin = take(corners, along, slice(None, -1)).copy()
        crossing = (near < 0) != (far < 0)
        share = np.where(crossing, near / np.where(crossing, near - far, 1), 0)
        begin[..., along] += share * (axis[1] - axis[0])
        others = [one for one in range(3) if one != along]
        for first in (0, 1):
            for second in (0, 1):
                part = [slice(None)] * 3
                for other, shift in zip(others, (first, second), strict=True):
                    part[other] = slice(shift, grid + shift)
                mask = crossing[tuple(part)]
                total += np.where(mask[..., None], begin[tuple(part)], 0)
                count += mask
    has = count > 0
    number = np.full(count.shape, -1)
    number[has] = np.arange(has.sum())
    points = total[has] / count[has][:, None]
    quads = [quads_along(inside, number, along) for along in range(3)]
    return drawn(solid, points, 0.5 * (axis[1] - axis[0])), np.concatenate(quads)


def take(values: np.ndarray, along: int, part: slice) -> np.ndarray:
    return values[tuple(part if axis == along else slice(None) for axis in range(3))]


def quads_along(inside: np.ndarray, number: np.ndarray, along: int) -> np.ndarray:
    """The four cells around each edge of the grid in that direction which passes through the surface."""
    near, far = take(inside, along, slice(None, -1)), take(inside, along, slice(1, None))
    at = np.argwhere(near != far)
    one, two = ((along + 1) % 3, (along + 2) % 3)
    at = at[(at[:, one] > 0) & (at[:, two] > 0) & (at[:, one] < len(number)) & (at[:, two] < len(number))]
    cells = []
    for first, second in ((-1, -1), (0, -1), (0, 0), (-1, 0)):
        cell = at.copy()
        cell[:, one] += first
        cell[:, two] += second
        cells.append(number[tuple(cell.T)])
    quads = np.stack(cells, 1)
    backwards = ~near[tuple(at.T)]
    quads[backwards] = quads[backwards][:, ::-1]
    return quads


def drawn(solid: Solid, points: np.ndarray, most: float) -> np.ndarray:
    """Newton's steps onto the surface, none of them longer than `most`."""
    for _ in range(DRAWN):
        tiny = 1e-4
        slopes = np.stack(
            [solid(points + tiny * unit) - solid(points - tiny * unit) for unit in np.eye(3)], -1
        ) / (2 * tiny)
        step = solid(points)[:, None] * slopes / np.maximum((slopes**2).sum(1, keepdims=True), 0.25)
        points = points - np.clip(step, -most, most)
    return points


def obj_text(points: np.ndarray, quads: np.ndarray, smooth: bool) -> str:
    lines = [f"v {x:.6f} {y:.6f} {z:.6f}" for x, y, z in points]
    lines += [f"s {int(smooth)}"] + ["f " + " ".join(map(str, quad + 1)) for quad in quads]
    return "\n".join(lines) + "\n"


def random_mesh(seed: int, number: int, grid: int = GRID) -> str:
    """An OBJ file; the same numbers give the same text."""
    for attempt in range(100):
        rng = np.random.default_rng([seed, number, attempt])
        points, quads = surface(random_solid(rng), grid)
        if len(quads) >= 60:  # else all was cut away
            return obj_text(points, quads, smooth=rng.random() < 0.5)
    raise AssertionError("a hundred solids that vanish")
