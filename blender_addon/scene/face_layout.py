"""UVs computed from the shape of polygons: each fills the square, or all are projected by axis. Never bpy.

Previous station: plain numbers of a mesh (scene/unwrap.py). Both ways keep a picture upright on sides, with its top
to +Y on tops, as on the cube (scene/cube.py), and mirror it nowhere.
"""

import math
from collections.abc import Sequence

Point = Sequence[float]  # x, y, z
UV = tuple[float, float]

# The corners of the square, counter-clockwise.
SQUARE = ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))

# From here on (the z of its normal) a polygon lies: up to 26 degrees from level its picture's top points to +Y.
LYING = 0.9

# Outward axis and sign -> the directions of u and v, as drawn in scene/cube.py.
BY_AXIS = {
    (0, True): ((0, 1, 0), (0, 0, 1)),
    (0, False): ((0, -1, 0), (0, 0, 1)),
    (1, True): ((-1, 0, 0), (0, 0, 1)),
    (1, False): ((1, 0, 0), (0, 0, 1)),
    (2, True): ((1, 0, 0), (0, 1, 0)),
    (2, False): ((1, 0, 0), (0, -1, 0)),
}


def project_by_axis(corners: list[Point], normal: Point) -> list[UV]:
    """Seen along the axis that the polygon faces most; one unit of UV is one of the mesh.

    What Blender calls Cube Projection, without its scaling: a texture that tiles runs on from polygon to polygon.
    """
    axis = max(range(3), key=lambda i: abs(normal[i]))
    (ux, uy, uz), (vx, vy, vz) = BY_AXIS[axis, normal[axis] > 0]
    return [(ux * x + uy * y + uz * z, vx * x + vy * y + vz * z) for x, y, z in corners]


def fill_square(corners: list[Point], normal: Point) -> list[UV]:
    """A convex quad corner to corner, any other polygon fitted into the square in its own proportions."""
    flat = flatten(corners, normal)
    if len(flat) == 4 and is_convex(flat):
        first = lower_left(flat)
        return [SQUARE[(i - first) % 4] for i in range(4)]
    return fit(flat)


def flatten(corners: list[Point], normal: Point) -> list[UV]:
    """The polygon as seen from outside and upright: (to the right, up) of each corner."""
    (rx, ry, rz), (ux, uy, uz) = right_and_up(normal)
    return [(rx * x + ry * y + rz * z, ux * x + uy * y + uz * z) for x, y, z in corners]


def right_and_up(normal: Point) -> tuple[Point, Point]:
    """Two unit vectors in the polygon's plane; right x up = normal."""
    x, y, z = normal
    if abs(z) < LYING:
        ux, uy, uz = -z * x, -z * y, 1 - z * z
    else:
        side = math.copysign(1.0, z)
        ux, uy, uz = -side * y * x, side * (1 - y * y), -side * y * z
    length = math.sqrt(ux * ux + uy * uy + uz * uz) or 1.0
    ux, uy, uz = ux / length, uy / length, uz / length
    return (uy * z - uz * y, uz * x - ux * z, ux * y - uy * x), (ux, uy, uz)


def is_convex(quad: list[UV]) -> bool:
    """Whether all four corners turn left, none of them flat."""
    for i in range(4):
        (ax, ay), (bx, by), (cx, cy) = quad[i - 1], quad[i], quad[(i + 1) % 4]
        turn = (bx - ax) * (cy - by) - (by - ay) * (cx - bx)
        if turn <= 1e-6 * ((bx - ax) ** 2 + (by - ay) ** 2 + (cx - bx) ** 2 + (cy - by) ** 2):
            return False
    return True


def lower_left(quad: list[UV]) -> int:
    """The corner that becomes the picture's lower left, so that the picture stands as upright as it can."""
    ax, ay = quad[2][0] - quad[0][0], quad[2][1] - quad[0][1]
    bx, by = quad[3][0] - quad[1][0], quad[3][1] - quad[1][1]
    # how far right the picture's right and how far up its top would point, started at each corner
    at_0, at_1 = (ax - bx) + (ay + by), (ax + bx) + (by - ay)
    scores = (at_0, at_1, -at_0, -at_1)
    # a quad on its tip may stand either way: rounding must not decide
    best = max(scores) - 1e-5 * (abs(ax) + abs(ay) + abs(bx) + abs(by))
    return next(i for i, score in enumerate(scores) if score >= best)


def fit(flat: list[UV]) -> list[UV]:
    """In the middle of the square, its longer side as long as the square's."""
    left, right = min(u for u, _ in flat), max(u for u, _ in flat)
    low, high = min(v for _, v in flat), max(v for _, v in flat)
    longest = max(right - left, high - low) or 1.0
    du, dv = 0.5 - (left + right) / 2 / longest, 0.5 - (low + high) / 2 / longest
    return [(u / longest + du, v / longest + dv) for u, v in flat]
