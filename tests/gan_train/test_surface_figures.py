"""Albedo and normals of surfaces whose answers are known."""

import numpy as np
import pytest

from gan_train.surface_figures import albedo_share, normal_angle


def hills(size: int = 32) -> np.ndarray:
    """[size, size, 1] in [0, 1], wraps."""
    y, x = np.meshgrid(*[np.arange(size) * 2 * np.pi / size] * 2, indexing="ij")
    return (0.5 + 0.2 * np.sin(x + 0.5) + 0.2 * np.cos(2 * y) * np.sin(x))[..., None]


def normals(height: np.ndarray, depth: float) -> np.ndarray:
    """OpenGL normals [H, W, 3] in [0, 1]: red to the right, green up, of a height in pixels of `depth`."""
    level = depth * height[..., 0]
    across = (np.roll(level, -1, 1) - np.roll(level, 1, 1)) / 2
    up = (np.roll(level, 1, 0) - np.roll(level, -1, 0)) / 2
    vector = np.stack([-across, -up, np.ones_like(level)], -1)
    return vector / np.linalg.norm(vector, axis=-1, keepdims=True) / 2 + 0.5


@pytest.mark.parametrize("depth", [1.0, 12.0])
def test_normals_of_the_height_fit_at_any_depth(depth):
    assert normal_angle(normals(hills(), depth), hills(), wraps=True) < 1e-3


def test_a_green_channel_upside_down_is_seen():
    upside_down = normals(hills(), 12.0) * [1, -1, 1] + [0, 1, 0]
    assert normal_angle(upside_down, hills(), wraps=True) > 10
    assert normal_angle(normals(hills(), 12.0), 1 - hills(), wraps=True) > 10


def test_flat_maps_fit_each_other():
    flat = np.full((16, 16, 3), (0.5, 0.5, 1.0))
    assert normal_angle(flat, np.full((16, 16, 1), 0.3), wraps=True) < 1e-3
    assert normal_angle(flat, hills(16), wraps=True) < 1e-3, "no depth is a depth that fits"


def test_the_border_of_what_does_not_wrap_is_left_out():
    height = np.linspace(0, 1, 32)[None, :, None].repeat(32, 0)
    slope = np.broadcast_to([-1.0, 0.0, 31.0], (32, 32, 3))
    normal = slope / np.linalg.norm(slope, axis=-1, keepdims=True) / 2 + 0.5
    assert normal_angle(normal, height, wraps=False) < 1e-3
    assert normal_angle(normal, height, wraps=True) > 0.5


def test_albedo_of_coal_and_light():
    picture = np.zeros((10, 10, 3))
    picture[:5], picture[5:8], picture[8:] = 0.5, 1.0, 0.01
    assert albedo_share(picture) == 0.5
    metal = np.zeros((10, 10, 1))
    metal[5:8] = 1
    assert albedo_share(picture, metal) == 0.8
