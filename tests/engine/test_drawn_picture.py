"""The picture of a test vector: the same bits for ever, wrapping, in the range of the input, alone deciding a run."""

import dataclasses
import hashlib

import numpy as np
import pytest

from blender_addon.engine.card import CARD_KEY, dump_card, parse_card
from blender_addon.engine.check import check_file
from blender_addon.engine.drawn_picture import drawn_picture
from blender_addon.engine.errors import CardError, ModelError, RequestError
from blender_addon.engine.latents import draw
from blender_addon.engine.match import card_text, graph_faults
from blender_addon.engine.measures import tile_seam
from blender_addon.engine.model import Model
from blender_addon.engine.onnx_file import read_onnx, write_metadata
from blender_addon.engine.surface_request import SurfaceRequest
from tests.tiny_picture import make_tiny_picture, picture_card


def test_golden_values():
    picture = drawn_picture(1, 3, 256)
    assert picture.dtype == np.float32 and picture.shape == (3, 256, 256)
    digest = hashlib.sha256(picture.tobytes()).hexdigest()
    assert digest == "a55607d0504a003cff55a42302bd736bcbd558eb85fcc74acc9a398f050b3c3a"


def test_it_tiles_fills_the_range_and_differs_by_seed_and_channel():
    picture = drawn_picture(5, 3, 240)
    assert 0 <= picture.min() < 0.3 and 0.7 < picture.max() <= 1
    assert tile_seam(picture.transpose(1, 2, 0)) < 1.1
    assert np.abs(picture[0] - picture[1]).mean() > 0.05
    assert np.abs(picture - drawn_picture(6, 3, 240)).mean() > 0.05
    assert np.array_equal(picture[:1], drawn_picture(5, 1, 240))


def test_feeds():
    card = picture_card(labels=("moss", "snow"), multiple_of=48)
    feeds = draw(card, 7, "snow")
    assert list(feeds) == ["image", "label", "strength"]
    assert feeds["image"].shape == (1, 3, 240, 240) and feeds["image"].dtype == np.float32
    assert np.array_equal(feeds["image"][0], drawn_picture(7, 3, 240) * 2 - 1)
    own = np.zeros((1, 3, 96, 48), np.float32)
    assert draw(card, 7, "snow", picture=own, scalars={"strength": 0.5})["image"] is own
    with pytest.raises(RequestError, match="Use 240 or 288"):
        draw(card, 7, size=250)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"gives": ("normal", "height", "roughness")},
        {"scale": 4},
        {"multiple_of": 8, "labels": ("moss", "snow")},
    ],
)
def test_a_good_file_loads_and_has_no_faults(tmp_path, options):
    path = make_tiny_picture(tmp_path / "m.onnx", **options)
    model = Model.load(path, "cpu", threads=1)
    assert model.check.ok and model.card.takes_picture
    assert check_file(path) == []


def test_a_graph_that_contradicts_its_card_is_refused(tmp_path):
    """Its scale, found by running it, and its channels, found by reading it."""
    path = make_tiny_picture(tmp_path / "m.onnx", scale=2)
    model = Model.load(path, "cpu", threads=1)
    model.card = picture_card(gives=("base_color",), scale=4)
    with pytest.raises(
        ModelError, match=r"gave float32 \[1, 3, 512, 512\] where its card promises .* 1024, 1024"
    ):
        model.check_test_vector()
    (fault,) = graph_faults(read_onnx(path), picture_card(takes=("base_color", "height"), scale=2))
    assert isinstance(fault, CardError) and "inputs[0].shape[1]: is 4, in the graph 3" in str(fault)


def test_no_cube_out_of_seeds():
    with pytest.raises(RequestError, match="tiny: changes a picture and makes none out of seeds"):
        SurfaceRequest("tiny").to_request(picture_card())


def test_a_margin_that_is_too_small_is_a_fault(tmp_path):
    path = make_tiny_picture(tmp_path / "m.onnx", depth=6)
    onnx = read_onnx(path)
    card = parse_card(card_text(onnx), "m")
    inputs = (dataclasses.replace(card.inputs[0], margin=1), *card.inputs[1:])
    text = dump_card(dataclasses.replace(card, inputs=inputs))
    write_metadata(path, path, {**onnx.metadata, CARD_KEY: text})
    (fault,) = check_file(path)
    assert "margin: is 1, but a part with it differs from the whole by" in fault
