"""How visible are the borders of UV islands? Numpy only; never bpy.

Before: scene/weathered.py. The seam is UVSD_n of design.md: along every edge at which two neighbours lie apart in the
texture, the colour of both sides is compared; 0 is continuous, 1 as far apart as any two places of the surface.
"""

from dataclasses import dataclass, replace

import numpy as np

from .surface_mesh import unique_rows

SAMPLES = 16  # along an edge
PAIRS = 8192  # of places anywhere


@dataclass(frozen=True)
class UvMesh:
    """Corners of polygons lie one after the other, `counts` of each. uvs: (0, 0) is the lower left of the image."""

    points: np.ndarray  # [points, 3] float32
    corners: np.ndarray  # [corners] int32: which point
    counts: np.ndarray  # [polygons] int32
    uvs: np.ndarray  # [corners, 2] float32

    @staticmethod
    def of(points, corners, counts, uvs) -> "UvMesh":
        """From buffers of float32 and int32."""
        return UvMesh(
            np.frombuffer(points, np.float32).reshape(-1, 3),
            np.frombuffer(corners, np.int32),
            np.frombuffer(counts, np.int32),
            np.frombuffer(uvs, np.float32).reshape(-1, 2),
        )


def triangles(mesh: UvMesh) -> np.ndarray:
    """[T, 3] corner indices: each polygon as a fan."""
    starts = np.cumsum(mesh.counts) - mesh.counts
    each = np.maximum(mesh.counts - 2, 0)
    first = np.repeat(starts, each)
    number = np.arange(len(first)) - np.repeat(np.cumsum(each) - each, each)
    return np.stack([first, first + number + 1, first + number + 2], 1)


def cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def places(area: np.ndarray, count: int, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Even over the area: [count] which triangle, [count, 3] shares of its corners."""
    chosen = np.searchsorted(np.cumsum(area), random.random(count) * area.sum()).clip(0, len(area) - 1)
    a, b = np.sort(random.random((2, count)), axis=0)
    return chosen, np.stack([a, b - a, 1 - b], 1)


def split_edges(mesh: UvMesh) -> tuple[np.ndarray, np.ndarray]:
    """([E, 2, 2, 2] UVs of both sides' both ends, [E] lengths) of the edges whose two polygons lie apart.

    Points at one place are one: glTF, and what else a graphics card reads, splits them at every border of the UVs.
    """
    points, at = unique_rows(mesh.points)
    mesh = replace(mesh, points=points, corners=at[mesh.corners])
    starts = np.cumsum(mesh.counts) - mesh.counts
    here = np.arange(len(mesh.corners))
    last = np.repeat(starts + mesh.counts - 1, mesh.counts)
    after = np.where(here == last, np.repeat(starts, mesh.counts), here + 1)
    ends = np.stack([here, after], 1)
    turned = mesh.corners[here] > mesh.corners[after]
    ends[turned] = ends[turned][:, ::-1]
    low, high = mesh.corners[ends].T.astype(np.int64)
    key = low * (len(mesh.points) + 1) + high
    order = np.argsort(key, kind="stable")
    _, first, count = np.unique(key[order], return_index=True, return_counts=True)
    first = first[count == 2]  # at a border, or where three meet, nothing goes on
    sides = np.stack([ends[order[first]], ends[order[first + 1]]], 1)  # [E, side, end]
    uvs = mesh.uvs[sides].astype(np.float64)
    apart = np.abs(uvs[:, 0] - uvs[:, 1]).max((1, 2)) > 1e-5
    lines = mesh.points[mesh.corners[sides[:, 0]]].astype(np.float64)
    return uvs[apart], np.linalg.norm(lines[:, 0] - lines[:, 1], axis=1)[apart]


def seam(mesh: UvMesh, image: np.ndarray) -> float | None:
    """UVSD_n of [H, W, C] uint8, row 0 on top; None where no edge is split. Of a flat image 0."""
    uvs, lengths = split_edges(mesh)
    if not len(uvs) or not lengths.sum() > 0:
        return None
    along = ((np.arange(SAMPLES) + 0.5) / SAMPLES)[:, None]
    lines = uvs[:, :, 0, None] * (1 - along) + uvs[:, :, 1, None] * along  # [E, side, SAMPLES, 2]
    one, other = (sampled(image, lines[:, side]) for side in (0, 1))
    jump = float((np.abs(one - other).mean((1, 2)) * lengths).sum() / lengths.sum())
    corners = mesh.uvs[triangles(mesh)].astype(np.float64)
    area = np.abs(cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    chosen, inside = places(area, 2 * PAIRS, np.random.default_rng(0))
    colors = sampled(image, (corners[chosen] * inside[:, :, None]).sum(1))
    anywhere = float(np.abs(colors[:PAIRS] - colors[PAIRS:]).mean())
    return jump / anywhere if anywhere > 0 else 0.0


def sampled(image: np.ndarray, uvs: np.ndarray) -> np.ndarray:
    """Bilinear: [..., 2] UVs -> [..., C] float64."""
    height, width = image.shape[:2]
    x, y = uvs[..., 0] * width - 0.5, (1 - uvs[..., 1]) * height - 0.5
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, down = (x - left)[..., None], (y - top)[..., None]
    rows = [np.clip(top + i, 0, height - 1) for i in (0, 1)]
    columns = [np.clip(left + i, 0, width - 1) for i in (0, 1)]
    upper, lower = (image[row, columns[0]] * (1 - right) + image[row, columns[1]] * right for row in rows)
    return upper * (1 - down) + lower * down
