"""The preview: the same texture, smaller, by the part of the graph that makes it; and files that lie about theirs."""

import dataclasses
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from blender_addon.engine.card import CARD_KEY, MapSpec, dump_card, parse_card
from blender_addon.engine.check import check_file
from blender_addon.engine.errors import CardError, ModelError, RequestError
from blender_addon.engine.latents import draw
from blender_addon.engine.match import card_text
from blender_addon.engine.model import Model, Request, generate
from blender_addon.engine.onnx_file import read_onnx, write_metadata
from blender_addon.engine.onnx_part import part_of
from blender_addon.engine.pixels import flat
from blender_addon.engine.preview import LEAST, fidelity, psnr, shrunken
from tests.tiny import SMALLER, make_tiny

SHIPPED = sorted((Path(__file__).parents[2] / "exported_models").glob("*.onnx"))


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("p") / "m.onnx", maps=("base_color", "roughness"), preview=True)


@pytest.fixture(scope="module")
def model(path):
    return Model.load(path, "cpu", threads=1)


def with_card(path, to, **change):
    """A copy of the model with another preview in its card."""
    card = parse_card(card_text(read_onnx(path)), "f")
    card = dataclasses.replace(card, preview=dataclasses.replace(card.preview, **change))
    write_metadata(path, to, {CARD_KEY: dump_card(card)})
    return to


def test_it_is_the_texture_made_smaller(model):
    whole, small = model.render(7, "moss", 96), model.render(7, "moss", 96, preview=True)
    assert list(small.maps) == ["base_color"] and small.maps["base_color"].shape == (24, 24, 3)
    assert np.abs(shrunken(whole.maps["base_color"], SMALLER) - small.maps["base_color"]).max() < 1e-6
    assert (small.seed, small.label) == (7, "moss")
    assert fidelity(model, 7) > 90


def test_a_request_is_previewed_like_it_is_made(model):
    (one,) = generate(model, Request("m", (7,), ("moss",), 96), preview=True)
    assert np.array_equal(
        one.maps["base_color"], model.render(7, "moss", 96, preview=True).maps["base_color"]
    )


@pytest.mark.parametrize("shipped", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_previews_the_texture_it_makes(shipped):
    if parse_card(card_text(read_onnx(shipped)), "f").preview is None:
        pytest.skip("has no preview")
    model = Model.load(shipped, "cpu", verify=False)
    labels = (model.card.labels or (None,))[::3]
    near = [fidelity(model, seed, label) for seed, label in enumerate(labels)] + [
        fidelity(model, 3, size=512)
    ]
    assert min(near) >= LEAST, near


def test_without_one_it_is_refused(tiny):
    with pytest.raises(RequestError, match="has no preview"):
        tiny.render(7, preview=True)


def test_the_part_has_what_the_preview_needs_and_nothing_else(path, model):
    facts = read_onnx(path)
    part, whole = onnx.load_from_string(part_of(path, facts.sha256, "preview")), onnx.load(path)
    onnx.checker.check_model(part, full_check=True)
    assert [one.name for one in part.graph.output] == ["preview"] and not part.metadata_props
    assert part.graph.input == whole.graph.input and part.opset_import == whole.opset_import
    left_out = {node.output[0] for node in whole.graph.node} - {node.output[0] for node in part.graph.node}
    assert left_out == {"maps"}
    rest = onnx.load_from_string(part_of(path, facts.sha256, "maps"))
    assert {one.name for one in whole.graph.initializer} - {one.name for one in rest.graph.initializer} == {
        "from",
        "to",
        "channel",
    }
    assert "AveragePool" not in {node.op_type for node in rest.graph.node}


def test_the_part_keeps_what_graphs_inside_its_nodes_take(tmp_path):
    """The branches of an If name values of the graph around them; a default of an input stays."""
    floats, none = TensorProto.FLOAT, []
    value = helper.make_tensor_value_info
    there = helper.make_graph(
        [helper.make_node("Add", ["seen", "x"], ["a"])], "t", [], [value("a", floats, none)]
    )
    direct = helper.make_graph([], "e", [], [value("weight", floats, none)])
    nodes = [
        helper.make_node("Neg", ["x"], ["seen"]),
        helper.make_node("Abs", ["x"], ["unseen"]),
        helper.make_node("If", ["which"], ["small"], then_branch=there, else_branch=direct),
        helper.make_node("Exp", ["unseen"], ["big"]),
    ]
    weights = [helper.make_tensor(n, floats, none, [1.0]) for n in ("weight", "other", "x")]
    inputs = [value("which", TensorProto.BOOL, none), value("x", floats, none)]
    outputs = [value("big", floats, none), value("small", floats, none)]
    graph = helper.make_graph(nodes, "g", inputs, outputs, weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), tmp_path / "m.onnx")
    facts = read_onnx(tmp_path / "m.onnx")
    part = onnx.load_from_string(part_of(facts.path, facts.sha256, "small")).graph
    assert [node.op_type for node in part.node] == ["Neg", "If"]
    assert [one.name for one in part.initializer] == ["weight", "x"]


def test_a_file_that_changed_meanwhile_is_not_run(path, tmp_path):
    copy = tmp_path / "m.onnx"
    copy.write_bytes(path.read_bytes())
    model = Model.load(copy, "cpu", threads=1)
    copy.write_bytes(path.read_bytes() + b"\x00")
    with pytest.raises(ModelError, match="has changed since it was loaded"):
        model.render(7, preview=True)


def test_names_that_are_none_are_a_sentence(path, tmp_path):
    """read_onnx passes over the names that a node takes."""
    whole = onnx.load(path)
    whole.graph.node[0].input[0] = "tell-tale"
    data = whole.SerializeToString().replace(b"tell-tale", b"tell\xfftale")
    (tmp_path / "m.onnx").write_bytes(data)
    with pytest.raises(ModelError, match="not a sound ONNX file"):
        part_of(tmp_path / "m.onnx", read_onnx(tmp_path / "m.onnx").sha256, "preview")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"name": "small"}, r"preview\.name: the graph has no output 'small'"),
        (
            {"maps": (MapSpec("base_color", (0, 3), "sRGB"), MapSpec("roughness", (3, 4), "Non-Color"))},
            r"preview\.shape\[1\]: is 4, in the graph 3",
        ),
    ],
)
def test_a_card_that_lies_about_the_graph(path, tmp_path, change, says):
    with pytest.raises(CardError, match=says):
        Model.load(with_card(path, tmp_path / "m.onnx", **change))


def test_a_card_that_lies_about_the_size(path, tmp_path):
    """The graph does not say how large it is."""
    model = Model.load(with_card(path, tmp_path / "m.onnx", scale=2))
    with pytest.raises(ModelError, match=r"gave float32 \[1, 3, 16, 16\] where its card promises .*32, 32"):
        model.render(7, size=64, preview=True)
    assert any("where its card promises" in fault for fault in check_file(tmp_path / "m.onnx"))


def test_a_preview_of_something_else_is_a_fault(path, tmp_path):
    assert check_file(path) == []
    whole = onnx.load(path)
    whole.graph.node[-1].input[0] = "turned"
    whole.graph.node.insert(len(whole.graph.node) - 1, helper.make_node("Neg", ["colour"], ["turned"]))
    onnx.save(whole, tmp_path / "m.onnx")
    (fault,) = check_file(tmp_path / "m.onnx")
    assert "preview: shows something else than the texture (PSNR" in fault


def test_relief_of_another_texture_is_taken_out(tiny):
    maps = {"base_color": tiny.render(7, size=32).maps["base_color"]}
    relief = flat(tiny.card, maps)
    assert relief.keys() == {"normal", "height"}
    assert (relief["normal"] == (0.5, 0.5, 1)).all() and relief["normal"].shape == (32, 32, 3)
    assert (relief["height"] == 0.5).all() and relief["height"].shape == (32, 32, 1)
    assert flat(tiny.card, {**maps, **relief}) == {}


def test_decibels():
    grey = np.full((8, 8, 3), 0.5, np.float32)
    assert psnr(grey, grey) == 100 and round(psnr(grey, grey + np.float32(0.1)), 3) == 20


def test_the_feeds_are_those_of_the_whole(model):
    """Nothing is drawn anew: the same numbers go in."""
    feeds = draw(model.card, 5, size=64)
    assert model.run_preview(feeds).shape == (1, 3, 16, 16) and model.run_raw(feeds).shape == (1, 4, 64, 64)
