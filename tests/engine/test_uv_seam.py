"""The seam at the borders of UV islands."""

import numpy as np

from blender_addon.engine.uv_seam import UvMesh, sampled, seam, split_edges

# Two unit squares side by side, sharing the edge from point 1 to point 4.
POINTS = np.array([(0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 1, 0), (1, 1, 0), (2, 1, 0)], np.float32)
CORNERS = np.array([0, 1, 4, 3, 1, 2, 5, 4], np.int32)
JOINED = np.array([(0, 0), (0.4, 0), (0.4, 0.8), (0, 0.8), (0.4, 0), (0.8, 0), (0.8, 0.8), (0.4, 0.8)])
APART = JOINED + np.where(np.arange(8) > 3, 0.1, 0)[:, None] * (1, 0)


def mesh(uvs) -> UvMesh:
    return UvMesh(POINTS, CORNERS, np.array([4, 4], np.int32), np.asarray(uvs, np.float32))


def waves(size=128) -> np.ndarray:
    x, y = np.meshgrid(np.arange(size), np.arange(size))
    return np.stack([128 + 100 * np.sin(x / 7), 128 + 100 * np.sin(y / 5), (x * 2) % 256], -1).astype(
        np.uint8
    )


def test_split_edges():
    assert len(split_edges(mesh(JOINED))[0]) == 0
    uvs, lengths = split_edges(mesh(APART))
    assert np.allclose(lengths, 1) and np.allclose(uvs[0, 0] + (0.1, 0), uvs[0, 1])


def test_a_sample_is_bilinear_with_the_first_row_on_top():
    image = np.zeros((2, 2, 1), np.uint8)
    image[0, 1] = 200
    assert sampled(image, np.array([(0.75, 0.75), (0.5, 0.5), (0.25, 0.25)])).ravel().tolist() == [200, 50, 0]


def test_the_seam_is_none_zero_and_one():
    picture = waves()
    assert seam(mesh(JOINED), picture) is None
    assert seam(mesh(APART), np.full_like(picture, 7)) == 0
    same = picture.copy()
    same[:, 64:] = 0
    same[:, 60:68] = picture[:, 47:55]  # 0.1 * 128 is not whole: nearly the same on both sides
    noise = np.random.default_rng(0).integers(0, 256, picture.shape, np.uint8)
    assert seam(mesh(APART), same) < 0.1
    assert 0.6 < seam(mesh(APART), noise) < 1.1
    assert seam(mesh(APART), picture) == seam(mesh(APART), picture)


def test_points_that_a_glb_splits_at_borders_are_one():
    alone = UvMesh(
        POINTS[CORNERS] * (1, -1, 1) + np.float32(0),  # a point for each corner, and zeros of either sign
        np.arange(8, dtype=np.int32),
        np.array([4, 4], np.int32),
        np.asarray(APART, np.float32),
    )
    assert len(split_edges(alone)[0]) == 1
    assert seam(alone, waves()) == seam(mesh(APART), waves())
