"""Whether a UV map can be baked into: its faces have area, lie in the picture, and do not overlap. bpy and numpy.

Previous station: scene/bake.py, before it takes the mesh's own UVs. Looks at numbers only, changes nothing.
"""

from array import array
from collections.abc import Generator

import bpy

from .unwrap import taken

SIDE = 256  # pixels of the picture in which overlaps are looked for
CHUNK = 2000  # triangles of a step, about 30 ms
OUTSIDE = 1e-3  # of the picture, that UVs may reach beyond it: rounding
FLAT = 0.005  # share of the surface that may lie on nothing: slivers
TWICE = 0.002  # share of the covered pixels that may be covered twice: rounding


def fault_steps(mesh: bpy.types.Mesh, uvs: array, slots: set[int]) -> Generator[None, None, str]:
    """What is wrong with the UVs ([loops * 2]) for baking what shows in `slots`, as the end of a sentence; or "".

    Other slots matter where they lie on top: they are baked, too. Overlaps smaller than a pixel are not found.
    """
    import numpy as np  # not before somebody bakes

    mesh.calc_loop_triangles()
    triangles = mesh.loop_triangles
    loops = np.array(taken(triangles, "loops", "i", 3)).reshape(-1, 3)
    areas = np.array(taken(triangles, "area", "f", 1))
    shown = np.isin(np.array(taken(triangles, "material_index", "i", 1)), list(slots))
    yield
    corners = np.array(uvs, np.float64).reshape(-1, 2)[loops]  # [T, 3, 2]
    if not np.isfinite(corners).all():
        return "holds values that are no numbers"
    (ux, uy), (vx, vy) = (corners[:, 1] - corners[:, 0]).T, (corners[:, 2] - corners[:, 0]).T
    flat = np.abs(ux * vy - uy * vx) < 1e-12
    if areas[shown & flat].sum() > FLAT * areas[shown].sum():
        return "has faces without area"
    mine = corners[shown & ~flat]
    if mine.size and (mine.min() < -OUTSIDE or mine.max() > 1 + OUTSIDE):
        return "reaches beyond the picture"
    yield
    return (yield from overlap_steps(corners[~flat] * SIDE, np))


def overlap_steps(corners, np) -> Generator[None, None, str]:
    """corners: [T, 3, 2] in pixels. A pixel whose middle lies well inside two triangles is covered twice."""
    low = np.clip(np.ceil(corners.min(axis=1) - 0.5), 0, SIDE).astype(int)
    high = np.clip(np.floor(corners.max(axis=1) - 0.5), -1, SIDE - 1).astype(int)
    large = (high >= low).all(axis=1)  # the others hold the middle of no pixel
    corners, low, high = corners[large], low[large], high[large]
    covered = np.zeros((SIDE, SIDE), np.int32)
    for begin in range(0, len(corners), CHUNK):
        for one in range(begin, min(begin + CHUNK, len(corners))):
            (left, bottom), (right, top) = low[one], high[one]
            y, x = np.mgrid[bottom : top + 1, left : right + 1] + 0.5
            covered[bottom : top + 1, left : right + 1] += inside(corners[one], x, y)
        if (covered > 1).sum() > max(8, TWICE * SIDE * SIDE):
            return "overlaps itself"
        yield
    return "overlaps itself" if (covered > 1).sum() > max(8, TWICE * (covered > 0).sum()) else ""


def inside(triangle, x, y):
    """Whether the points lie in the triangle and not at its edges, which its neighbours share."""
    (ax, ay), (bx, by), (cx, cy) = triangle
    turn = 1 if (bx - ax) * (cy - ay) > (by - ay) * (cx - ax) else -1
    found = True
    for px, py, qx, qy in ((ax, ay, bx, by), (bx, by, cx, cy), (cx, cy, ax, ay)):
        length = ((qx - px) ** 2 + (qy - py) ** 2) ** 0.5
        found = found & (turn * ((qx - px) * (y - py) - (qy - py) * (x - px)) > 1e-3 * length)
    return found
