"""Raw output to maps to bytes."""

import numpy as np
import pytest

from blender_addon.engine.pixels import decode, filled, renormalise, to_uint8
from tests.tiny import tiny_card

CARD = tiny_card(("base_color", "normal", "roughness"), (), 16, "tiny")  # 3 + 3 + 1 channels, range [-1, 1]


def test_range_order_and_split():
    raw = np.zeros((7, 2, 3), np.float32)
    raw[0, 0, 2], raw[1, 0, 2], raw[6] = 1, -1, 0.5
    maps = decode(CARD, raw)
    assert {name: m.shape for name, m in maps.items()} == {
        "base_color": (2, 3, 3),
        "normal": (2, 3, 3),
        "roughness": (2, 3, 1),
    }
    assert maps["base_color"][0, 2].tolist() == [1, 0, 0.5]
    assert np.all(maps["roughness"] == 0.75)
    assert all(m.dtype == np.float32 and m.flags.c_contiguous for m in maps.values())


def test_values_outside_are_clipped():
    raw = np.full((7, 2, 2), 3, np.float32)
    assert decode(CARD, raw)["base_color"].max() == 1
    assert decode(CARD, -raw)["roughness"].min() == 0


def test_normals_have_length_one():
    rng = np.random.default_rng(0)
    vector = renormalise(rng.uniform(0, 1, (16, 16, 3)).astype(np.float32)) * 2 - 1
    assert np.linalg.norm(vector, axis=2) == pytest.approx(np.ones((16, 16)), abs=1e-5)


def test_normal_keeps_its_direction_and_zero_points_up():
    normal = np.array([[[0.5, 0.5, 0.75], [0.75, 0.5, 0.5], [0.5, 0.5, 0.5], [0, 0.5, 0.5]]], np.float32)
    assert renormalise(normal)[0].tolist() == [[0.5, 0.5, 1], [1, 0.5, 0.5], [0.5, 0.5, 1], [0, 0.5, 0.5]]


def test_rounding_is_half_up():
    unit = np.array([[[0, 0.5 / 255, 0.49 / 255, 1.5 / 255, 254.5 / 255, 1, -1, 2]]], np.float32)
    assert to_uint8(unit)[0, 0].tolist() == [0, 1, 0, 2, 255, 255, 0, 255]
    every = np.arange(256, dtype=np.uint8)
    assert np.array_equal(to_uint8(every[None, :, None] / np.float32(255))[0, :, 0], every)


def test_what_is_transparent_has_the_mean_of_what_is_seen():
    color = np.zeros((8, 8, 3), np.float32)
    color[:4] = [0.2, 0.4, 0.6]
    color[4:] = [1, 0, 1]  # under alpha 0
    alpha = np.ones((8, 8, 1), np.float32)
    alpha[4:] = 0
    made = filled(color, alpha)
    assert (made[:4] == color[:4]).all() and np.abs(made[4:] - [0.2, 0.4, 0.6]).max() < 1e-6
    assert (filled(color, np.ones_like(alpha)) == color).all()
    assert (filled(color, np.zeros_like(alpha)) == color).all(), "nothing is seen: nothing to do"
    alpha[3] = 0.5
    assert np.abs(filled(color, alpha)[3] - color[3]).max() < 1e-6, "half seen it is left as it is"


def test_a_transparent_texture_is_filled_when_it_is_whole(tmp_path):
    """Not piece by piece: windows of a large picture would each have another mean."""
    make_tiny = pytest.importorskip("tests.tiny", reason="making a model needs onnx").make_tiny
    from blender_addon.engine.latents import draw
    from blender_addon.engine.model import Model

    model = Model.load(make_tiny(tmp_path / "clear.onnx", maps=("base_color", "alpha"), name="clear"))
    raw = decode(model.card, model.run_raw(draw(model.card, 3))[0])
    made = model.render(3).maps
    assert (made["base_color"] == filled(raw["base_color"], raw["alpha"])).all()
    assert (made["alpha"] == raw["alpha"]).all()
