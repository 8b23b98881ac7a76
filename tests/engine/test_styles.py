"""Styles: read off a texture, given back, mixed; and graphs that do not keep what their card says of them."""

from dataclasses import replace

import numpy as np
import pytest

from blender_addon.engine.check import check_file
from blender_addon.engine.errors import RequestError
from blender_addon.engine.latents import Styles, draw
from blender_addon.engine.model import Model, generate
from blender_addon.engine.new_recipe import new_recipe
from blender_addon.engine.recipe import dumps, loads
from blender_addon.engine.styles import between, from_layer, layer_count, style_of
from blender_addon.engine.surface_request import SurfaceRequest
from tests.tiny import tiny_card
from tests.tiny_style import LAYERS, LENGTH, SIDE, make_tiny_style


@pytest.fixture(scope="module")
def tinted(tmp_path_factory):
    return Model.load(make_tiny_style(tmp_path_factory.mktemp("tinted") / "tinted.onnx"), "cpu", threads=1)


def picture(model, *arguments, **named) -> np.ndarray:
    maps = model.render(*arguments, **named).maps
    return np.concatenate([maps["base_color"], maps["alpha"]], axis=2)


def test_the_file_is_whole(tinted):
    assert check_file(tinted.path) == []
    assert tinted.card.fixed_size == SIDE and layer_count(tinted) == LAYERS


def test_nothing_is_fed_where_no_styles_are_given(tinted):
    assert "w" not in draw(tinted.card, 3) and "use_w" not in draw(tinted.card, 3)


def test_its_own_styles_change_nothing(tinted):
    own = style_of(tinted, 3, "dawn")
    assert own.shape == (1, LAYERS, LENGTH) and own.dtype == np.float32
    again = picture(tinted, 3, "dawn", styles=Styles(own, np.ones(LAYERS, bool)))
    assert np.array_equal(picture(tinted, 3, "dawn"), again)


def test_styles_are_truncated_as_the_texture_is(tinted):
    whole, half = (style_of(tinted, 3, "dawn", scalars={"psi": psi}) for psi in (1.0, 0.5))
    assert np.allclose(half, whole / 2)


def test_coarse_of_one_and_fine_of_another(tinted):
    mixed = picture(tinted, 3, "dawn", styles=from_layer(style_of(tinted, 4, "dusk"), 1))
    one, other = picture(tinted, 3, "dawn"), picture(tinted, 4, "dusk")
    band = SIDE // LAYERS
    assert np.array_equal(mixed[:band], one[:band]) and np.array_equal(mixed[band:], other[band:])
    assert not np.array_equal(one, other)


def test_between_begins_and_ends_at_the_textures(tinted):
    one, other = style_of(tinted, 3, "dawn"), style_of(tinted, 4, "dusk")
    for share, seed, label in ((0.0, 3, "dawn"), (1.0, 4, "dusk")):
        made = picture(tinted, 9, "dawn", styles=between(one, other, share))
        assert np.allclose(made, picture(tinted, seed, label), atol=1e-6)


@pytest.mark.parametrize(
    "styles",
    [
        Styles(np.zeros((1, LAYERS, LENGTH + 1), np.float32), np.ones(LAYERS, bool)),
        Styles(np.zeros((1, LAYERS, LENGTH), np.float32), np.ones(LAYERS + 1, bool)),
        Styles(np.full((1, LAYERS, LENGTH), np.nan, np.float32), np.ones(LAYERS, bool)),
    ],
)
def test_styles_of_another_model_are_refused(tinted, styles):
    with pytest.raises(RequestError, match="from the same model"):
        tinted.render(3, styles=styles)


def test_a_model_without_styles_says_so(tiny):
    with pytest.raises(RequestError, match="no styles"):
        style_of(tiny, 3)
    with pytest.raises(RequestError, match="none that could be given"):
        tiny.render(3, styles=Styles(np.zeros((1, 3, 4), np.float32), np.ones(3, bool)))


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("no_switch", "switch: the graph has no input 'use_w'"),
        ("no_default", "'use_w' has no default value"),
        ("no_returns", "returns: the graph has no output 'styles'"),
        ("short_returns", "returns.shape"),
    ],
)
def test_a_graph_that_does_not_keep_its_promise(tmp_path, fault, words):
    found = check_file(make_tiny_style(tmp_path / "bad.onnx", **{fault: True}))
    assert len(found) == 1 and words in found[0], found


def test_styles_given_as_numbers(tinted):
    """As a latent of a file or a recipe: all layers, row by row."""
    own = style_of(tinted, 3, "dawn")
    numbers = {"w": own.ravel().tolist()}
    assert np.array_equal(picture(tinted, 9, "dusk", latents=numbers), picture(tinted, 3, "dawn"))
    with pytest.raises(RequestError, match=f"{own.size} numbers"):
        picture(tinted, 9, "dusk", latents={"w": [0.0] * LENGTH})


def test_a_request_with_a_style(tinted):
    asked = SurfaceRequest(str(tinted.path), seed=3, label="dawn", surface="tile")
    (own,) = generate(tinted, asked.to_request(tinted.card))
    for layer in (0, 1, LAYERS):
        (styled,) = generate(tinted, replace(asked, style=(9, layer)).to_request(tinted.card))
        same = np.array_equal(styled.maps["base_color"], own.maps["base_color"])
        assert same == (layer == LAYERS), layer
        expected = picture(tinted, own.seed, "dawn", styles=from_layer(style_of(tinted, 9, "dawn"), layer))
        assert np.array_equal(expected[..., :3], styled.maps["base_color"])
    with pytest.raises(RequestError, match="no styles"):
        replace(asked, style=(9, 0)).to_request(tiny_card(("base_color",), (), 16, "x"))
    with pytest.raises(RequestError, match="seed"):
        replace(asked, style=(-9, 0)).to_request(tinted.card)
    kept = new_recipe(
        replace(asked, style=(9, 1)), replace(asked, style=(9, 1)).to_request(tinted.card), tinted, "5.0"
    )
    assert loads(dumps(kept)).to_request().style == (9, 1)


def test_each_image_its_own_style(tinted):
    """None follows the style of all; from the number of layers on there is none."""
    own = (None, (7, 0), (7, LAYERS), (9, 1), None, (8, 2))
    asked = SurfaceRequest(str(tinted.path), seed=3, label="dawn", style=(9, 1), face_styles=own)
    request = asked.to_request(tinted.card)
    assert request.styles == ((9, 1), (7, 0), (), (9, 1), (9, 1), (8, 2))
    for texture, one in zip(generate(tinted, request), request.styles, strict=True):
        styles = from_layer(style_of(tinted, one[0], "dawn"), one[1]) if one else None
        expected = picture(tinted, texture.seed, "dawn", styles=styles)
        assert np.array_equal(expected[..., :3], texture.maps["base_color"])
    kept = loads(dumps(new_recipe(asked, request, tinted, "5.0")))
    assert kept.to_request().face_styles == own
    assert kept.to_request().to_request(tinted.card).styles == request.styles
    with pytest.raises(RequestError, match="2 face styles given; a cube has 6"):
        replace(asked, face_styles=own[:2]).to_request(tinted.card)
    with pytest.raises(RequestError, match="no styles"):
        replace(asked, style=()).to_request(tiny_card(("base_color",), (), 16, "x"))
    with pytest.raises(RequestError, match="layer -1"):
        replace(asked, style=(9, -1)).to_request(tinted.card)
