"""Seeds to feeds: what each kind gets, and what is refused."""

import dataclasses

import numpy as np
import pytest

from blender_addon.engine.card import KINDS, Input
from blender_addon.engine.errors import ModelError, RequestError
from blender_addon.engine.latents import FILL, draw
from blender_addon.engine.seeds import choose
from tests.tiny import tiny_card

CARD = tiny_card(("base_color",), ("brick", "moss", "sand"), 16, "tiny")


def test_shapes_and_types():
    feeds = draw(CARD, 7, size=96)
    assert {k: v.shape for k, v in feeds.items()} == {
        "z": (1, 8),
        "field": (1, 4, 6, 6),
        "label": (1, 3),
        "psi": (1, 1),
    }
    assert all(v.dtype == np.float32 for v in feeds.values())
    assert feeds["psi"] == 0.75


def test_drawn_in_card_order_from_one_generator():
    rng = np.random.Generator(np.random.PCG64(7))
    feeds = draw(CARD, 7, size=96)
    assert np.array_equal(feeds["z"], rng.standard_normal((1, 8), dtype=np.float32))
    assert np.array_equal(feeds["field"], rng.standard_normal((1, 4, 6, 6), dtype=np.float32))


def test_golden():
    """Numpy promises no stable stream for ever; if this fails, recipes made with older versions look different."""
    z = draw(CARD, 7)["z"][0, :3]
    assert z.tolist() == pytest.approx([1.521969, -1.144106, 1.150162], abs=1e-6)


def test_label_and_scalars_do_not_move_the_latents():
    one, other = draw(CARD, 7, "brick"), draw(CARD, 7, "sand", scalars={"psi": 0.1})
    assert np.array_equal(one["z"], other["z"]) and np.array_equal(one["field"], other["field"])
    assert other["psi"] == np.float32(0.1)


def test_seeds_differ_and_the_largest_works():
    assert not np.array_equal(draw(CARD, 7)["z"], draw(CARD, 8)["z"])
    assert np.isfinite(draw(CARD, 2**64 - 1)["z"]).all()


def test_labels():
    assert draw(CARD, 7, "moss")["label"].tolist() == [[0, 1, 0]]
    assert draw(CARD, 7)["label"].argmax() == choose(7, 3)
    assert draw(CARD, 7, {"brick": 3, "sand": 1})["label"].tolist() == [[0.75, 0, 0.25]]
    assert "label" not in draw(tiny_card(("base_color",), (), 16, "x"), 7)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"label": "wood"}, "brick, moss, sand"),
        ({"label": {"brick": 1, "wood": 1}}, "wood"),
        ({"label": {"brick": -1}}, "weight"),
        ({"label": {"brick": float("nan")}}, "weight"),
        ({"label": {"brick": 0}}, "all zero"),
        ({"label": {}}, "all zero"),
        ({"scalars": {"phi": 1}}, "psi"),
        ({"latents": {"w": [0.0] * 8}}, "It has z"),
        ({"latents": {"z": [0.0] * 7}}, "8 numbers"),
        ({"latents": {"z": [float("nan")] * 8}}, "8 numbers"),
        ({"latents": {"z": ["high"] * 8}}, "8 numbers"),
        ({"latents": {"z": [[0.0]] * 8}}, "8 numbers"),
        ({"latents": {"z": None}}, "8 numbers"),
        ({"scalars": {"psi": 1.5}}, "from 0 to 1"),
        ({"scalars": {"psi": float("nan")}}, "from 0 to 1"),
        ({"scalars": {"psi": "high"}}, "from 0 to 1"),
        ({"size": 100}, "96 or 112"),
        ({"seed": -1}, "seed"),
        ({"seed": 2**64}, "seed"),
        ({"seed": "x"}, "seed"),
    ],
)
def test_refused(arguments, words):
    with pytest.raises(RequestError, match=words):
        draw(CARD, **{"seed": 7, **arguments})


def test_a_given_latent_leaves_the_field_as_it_was():
    drawn, given = draw(CARD, 7), draw(CARD, 7, latents={"z": [0.5] * 8})
    assert np.array_equal(given["z"], np.full((1, 8), 0.5, np.float32)) and given["z"].dtype == np.float32
    assert np.array_equal(given["field"], drawn["field"]) and not np.array_equal(given["z"], drawn["z"])


def test_label_for_a_model_without():
    with pytest.raises(RequestError, match="no labels"):
        draw(tiny_card(("base_color",), (), 16, "x"), 7, "brick")


@pytest.mark.parametrize("kind", sorted(set(KINDS) - set(FILL)))
def test_kinds_of_later_versions_say_so(kind):
    card = dataclasses.replace(CARD, inputs=(*CARD.inputs, Input("later", kind, ("N", 3))))
    with pytest.raises(ModelError, match=f"cannot feed its input 'later' of kind {kind}"):
        draw(card, 7)


def test_a_walk_between_two_seeds():
    card = tiny_card(("base_color",), ("brick", "moss"), 16, "x")
    one, other = draw(card, 7, "brick", 64), draw(card, 8, "brick", 64)
    drawn = [i.name for i in card.inputs if i.kind in ("latent", "field")]
    for share in (0.0, 0.3, 1.0):
        walked = draw(card, 7, "brick", 64, toward=8, walk=share)
        for name in walked:
            if name not in drawn:
                np.testing.assert_array_equal(walked[name], one[name])
                continue
            angle = share * np.pi / 2
            np.testing.assert_allclose(
                walked[name], np.cos(angle) * one[name] + np.sin(angle) * other[name], atol=1e-6
            )
            assert walked[name].dtype == np.float32
    assert abs(draw(card, 7, None, 512, toward=8, walk=0.5)[drawn[-1]].std() - 1) < 0.05
    for name in drawn:
        np.testing.assert_array_equal(draw(card, 7, "brick", 64, toward=8, walk=4)[name], one[name])
    given = {"z": [0.5] * 8}
    walked = draw(card, 7, "brick", latents=given, toward=8, walk=0.5)
    np.testing.assert_array_equal(walked["z"], draw(card, 7, "brick", latents=given)["z"])
    for wrong in ({"toward": -1, "walk": 0.5}, {"toward": 8, "walk": 4.1}):
        with pytest.raises(RequestError):
            draw(card, 7, **wrong)
