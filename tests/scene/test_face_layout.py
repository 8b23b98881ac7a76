"""How polygons lie in the square: whole quads, upright, mirrored nowhere. Plain numbers, no Blender."""

import math
import random

import pytest

from blender_addon.scene.cube import CORNERS_UV, FACES, face_corners
from blender_addon.scene.face_layout import SQUARE, fill_square, project_by_axis, right_and_up

NORMALS = {
    "+X": (1, 0, 0),
    "-X": (-1, 0, 0),
    "+Y": (0, 1, 0),
    "-Y": (0, -1, 0),
    "+Z": (0, 0, 1),
    "-Z": (0, 0, -1),
}


def signed_area(uvs):
    return sum(uvs[i - 1][0] * v - u * uvs[i - 1][1] for i, (u, v) in enumerate(uvs)) / 2


def any_normals(count):
    generator = random.Random(0)
    for _ in range(count):
        x, y, z = (generator.gauss(0, 1) for _ in range(3))
        length = math.sqrt(x * x + y * y + z * z)
        yield x / length, y / length, z / length


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("start", range(4))
def test_a_face_of_the_cube_lies_as_on_our_own_cube(face, start):
    """Whichever corner Blender begins with."""
    corners = face_corners(face)
    turned = corners[start:] + corners[:start]
    assert fill_square(turned, NORMALS[face]) == [CORNERS_UV[(i + start) % 4] for i in range(4)]


@pytest.mark.parametrize("face", FACES)
def test_projection_by_axis_is_upright_and_in_units_of_the_mesh(face):
    uvs = project_by_axis(face_corners(face), NORMALS[face])
    assert uvs == [(2 * u - 1, 2 * v - 1) for u, v in CORNERS_UV]


@pytest.mark.parametrize("sides", [3, 4, 5, 8])
def test_no_polygon_is_mirrored_or_leaves_the_square(sides):
    for normal in any_normals(200):
        right, up = right_and_up(normal)
        corners = [
            tuple(3 + 2 * math.cos(a) * r + 0.7 * math.sin(a) * u for r, u in zip(right, up, strict=True))
            for a in (2 * math.pi * (i + 0.3) / sides for i in range(sides))
        ]
        uvs = fill_square(corners, normal)
        assert all(-1e-6 <= c <= 1 + 1e-6 for uv in uvs for c in uv)
        assert signed_area(uvs) > 0 and signed_area(project_by_axis(corners, normal)) > 0
        if sides == 4:
            assert set(uvs) == set(SQUARE)


def test_right_up_and_normal_are_a_right_handed_frame():
    for normal in any_normals(500):
        (rx, ry, rz), (ux, uy, uz) = right_and_up(normal)
        cross = (ry * uz - rz * uy, rz * ux - rx * uz, rx * uy - ry * ux)
        assert cross == pytest.approx(normal)
        assert uz >= 0 or abs(normal[2]) >= 0.9, "a side's picture has its top above"


def test_a_triangle_keeps_its_proportions_and_stands_in_the_middle():
    uvs = fill_square([(0, 0, 0), (0, 4, 0), (0, 2, 1)], (1, 0, 0))
    assert [*uvs[0], *uvs[1], *uvs[2]] == pytest.approx([0, 0.375, 1, 0.375, 0.5, 0.625])


def test_a_dart_is_not_pulled_into_the_square():
    uvs = fill_square([(0, 0, 0), (0, 2, 1), (0, 0, 2), (0, 0.5, 1)], (1, 0, 0))
    assert [c for uv in uvs for c in uv] == pytest.approx([0, 0, 1, 0.5, 0, 1, 0.25, 0.5])


def test_a_quad_on_its_tip_stands_the_same_way_whatever_the_rounding():
    for shift in (-1e-7, 0, 1e-7):
        tip = [(0, 0, -1), (0, 1 + shift, 0), (0, 0, 1), (0, -1, 0)]
        assert fill_square(tip, (1, 0, 0)) == fill_square(
            [(0, 0, -1), (0, 1, 0), (0, 0, 1), (0, -1, 0)], (1, 0, 0)
        )


@pytest.mark.parametrize("normal", [(0, 0, 0), (0, 0, 1)])
def test_a_polygon_without_area_does_no_harm(normal):
    uvs = fill_square([(1, 1, 1)] * 4, normal)
    assert uvs == [(0.5, 0.5)] * 4
