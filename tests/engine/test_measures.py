"""Tile measures: they accept what tiles and notice a crop and a smeared seam."""

import numpy as np
import pytest

from blender_addon.engine.measures import SEAM_LIMIT, SMEAR_LIMIT, tile_seam, tile_smear


def periodic(size=128, seed=0, waves=40):
    """A texture that tiles: random waves of whole frequencies. [size, size, 3] float in [0, 1]."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] * (2 * np.pi / size)
    image = np.zeros((size, size, 3))
    for _ in range(waves):
        fx, fy = rng.integers(-12, 13, 2)
        phase, weight = rng.uniform(0, 2 * np.pi), rng.standard_normal(3)
        image += np.sin(fx * x + fy * y + phase)[..., None] * weight / (1 + abs(fx) + abs(fy))
    return (image - image.min()) / np.ptp(image)


@pytest.mark.parametrize("seed", range(5))
def test_a_tile_passes(seed):
    image = periodic(seed=seed)
    assert tile_seam(image) <= SEAM_LIMIT
    assert tile_smear(image) > SMEAR_LIMIT


@pytest.mark.parametrize("seed", range(5))
def test_a_crop_fails(seed):
    assert tile_seam(periodic(seed=seed)[:88, :88]) > SEAM_LIMIT


@pytest.mark.parametrize("axis", [0, 1])
def test_a_seam_in_one_direction_is_enough(axis):
    image = periodic()
    crop = image[:100] if axis == 0 else image[:, :100]
    assert tile_seam(crop) > SEAM_LIMIT


def test_a_seam_seen_only_when_small_is_found():
    """Noise hides a step of brightness at full size; at 1/8 it is there."""
    rng = np.random.default_rng(3)
    noise = rng.uniform(0, 1, (128, 128, 3))
    ramp = np.linspace(-0.2, 0.2, 128)[None, :, None]
    assert tile_seam(noise) <= SEAM_LIMIT
    assert tile_seam(noise[:, :, :] + ramp) > SEAM_LIMIT


def test_a_smeared_seam_is_found():
    image = periodic(seed=2)
    noise = np.random.default_rng(0).uniform(-0.2, 0.2, image.shape)
    image = image + noise
    assert tile_smear(image) > 0.8
    mean = (image[:, 0] + image[:, -1]) / 2
    image[:, 0] = image[:, -1] = mean
    assert tile_smear(image) < SMEAR_LIMIT


def test_by_hand():
    """Columns 0 1 2 3: interior jumps 1, the wrap line 3; rows do not differ."""
    image = np.broadcast_to(np.arange(4.0)[None, :, None], (4, 4, 1))
    assert tile_seam(image) == 3
    assert tile_smear(image) == 1  # the rows are constant, which counts as 1


def test_constant_image():
    assert tile_seam(np.full((8, 8, 3), 0.4)) == 0
    assert tile_smear(np.full((8, 8, 3), 0.4)) == 1


def test_order_of_rows_and_columns_does_not_matter():
    image = periodic()[:96, :96]
    assert tile_seam(image) == pytest.approx(tile_seam(image.transpose(1, 0, 2)))
    assert tile_seam(image) == pytest.approx(tile_seam(image[::-1, ::-1]))
