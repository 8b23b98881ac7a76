"""Rows that are told apart, and the turn from Z up to Y up."""

import numpy as np
import pytest

from blender_addon.engine.surface_mesh import unique_rows, y_up


@pytest.mark.parametrize("width", [2, 3])
def test_unique_rows(width):
    rows = np.random.default_rng(0).integers(-2, 3, (500, width)).astype(np.float32)
    rows[rows == 0] *= -1  # some of the zeros are -0
    values, places = unique_rows(rows)
    assert np.array_equal(values[places], rows)
    assert len(values) == len({tuple(row) for row in (rows + 0).tolist()})
    assert not np.signbit(values[values == 0]).any()


def test_y_up():
    assert y_up(np.float32([[1, 2, 3], [0, 0, 0]])).tolist() == [[1, 3, -2], [0, 0, 0]]
