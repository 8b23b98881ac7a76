"""Every kind of bad model file: one sentence with the file's name, from loading and from the full check."""

import random
import re

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from blender_addon.engine.check import check_file
from blender_addon.engine.errors import CardError, GanCubeError, ModelError
from blender_addon.engine.model import Model
from tests.tiny import FAULTS, make_tiny

SAYS = {
    "no_card": (CardError, "no card"),
    "newer_schema": (CardError, "schema 99"),
    "missing_input": (CardError, r"inputs\[0\]\.name: the graph has no input 'w'"),
    "external_data": (ModelError, "outside the file"),
    "custom_operator": (ModelError, r"custom operators of com\.example"),
    "wrong_shape": (ModelError, r"gave float32 \[1, 3, 256, 128\]"),
    "nan": (ModelError, "NaN"),
    "truncated": (ModelError, "truncated"),
    "not_onnx": (ModelError, "not an ONNX file"),
    "tampered": (ModelError, "test.vector"),
    "does_not_tile": (None, "does not tile"),
}


def test_every_fault_has_its_test():
    assert set(SAYS) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS)
def test_fault(tmp_path, fault):
    (tmp_path / "in").mkdir()
    path = make_tiny(tmp_path / "in" / "m.onnx", **{fault: True})
    error, words = SAYS[fault]
    if error:
        with pytest.raises(error, match=words) as caught:
            Model.load(path, "cpu")
        assert str(path) in str(caught.value)
    found = check_file(path)
    assert found and all(str(path) in sentence for sentence in found)
    assert any(re.search(words, sentence) for sentence in found)


def test_a_good_file_has_no_faults(tiny_path):
    assert check_file(tiny_path) == []


def test_all_faults_are_listed(tmp_path):
    (tmp_path / "in").mkdir()
    found = check_file(make_tiny(tmp_path / "in" / "m.onnx", external_data=True, missing_input=True))
    assert len(found) == 3  # outside weights, no input w, z without a card


def test_missing_file_and_folder(tmp_path):
    for path in (tmp_path / "none.onnx", tmp_path):
        with pytest.raises(ModelError, match="no such file"):
            Model.load(path)
        assert len(check_file(path)) == 1


def test_empty_file(tmp_path):
    (tmp_path / "m.onnx").write_bytes(b"")
    with pytest.raises(ModelError, match="not an ONNX file"):
        Model.load(tmp_path / "m.onnx")


def changed(path, tmp_path, change):
    model = onnx.load(path)
    change(model)
    onnx.save(model, tmp_path / "m.onnx")
    return tmp_path / "m.onnx"


def retype(model):
    model.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE


def widen(model):
    model.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 9


def rename_output(model):
    model.graph.output[0].name = model.graph.node[-1].output[0] = "pictures"


def more_input(model):
    model.graph.input.append(helper.make_tensor_value_info("noise", TensorProto.FLOAT, ["N", 3]))


def fix_size(model):
    model.graph.input[1].type.tensor_type.shape.dim[2].dim_value = 16


def huge_tensor(model):
    model.graph.initializer[0].dims[:] = [2**40, 2**40, 2**40]


def hidden_operator(model):
    """A custom operator in the branch of an If."""
    node = helper.make_node("Evil", ["z"], ["q"], domain="com.evil")
    branch = helper.make_graph([node], "b", [], [helper.make_tensor_value_info("q", TensorProto.FLOAT, None)])
    model.graph.node.append(helper.make_node("If", ["flag"], ["r"], then_branch=branch, else_branch=branch))


def hidden_weights(model):
    """External data in the attribute of a node."""
    tensor = TensorProto(data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="/etc/passwd")
    node = helper.make_node("Constant", [], ["k"])
    node.attribute.append(
        helper.make_attribute(
            "value", numpy_helper.from_array(numpy_helper.to_array(model.graph.initializer[0]))
        )
    )
    node.attribute[0].t.CopyFrom(tensor)
    model.graph.node.append(node)


def unknown_operator(model):
    model.graph.node[0].op_type = "Frobnicate"


def two_cards(model):
    model.metadata_props.append(model.metadata_props[0])


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (retype, CardError, "must be float32"),
        (widen, CardError, r"inputs\[0\]\.shape\[1\]"),
        (rename_output, CardError, r"output\.name"),
        (more_input, CardError, "needs an input 'noise'"),
        (fix_size, CardError, r"inputs\[1\]\.shape\[2\]"),
        (huge_tensor, ModelError, "declares"),
        (hidden_operator, ModelError, "com.evil"),
        (hidden_weights, ModelError, "/etc/passwd"),
        (unknown_operator, ModelError, "cannot load"),
        (two_cards, ModelError, "twice"),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_graph_against_card(tiny_path, tmp_path, change, error, words):
    with pytest.raises(error, match=words):
        Model.load(changed(tiny_path, tmp_path, change), "cpu")


def test_input_with_a_default_may_be_left_out_of_the_card(tiny_path, tmp_path):
    def with_default(model):
        more_input(model)
        model.graph.initializer.append(numpy_helper.from_array(np.zeros((1, 3), np.float32), "noise"))

    assert Model.load(changed(tiny_path, tmp_path, with_default), "cpu").check.ok


def test_damage_is_always_our_error(tmp_path, capfd):
    """Seeded truncations and byte flips of a file, loaded for real. Where weights are hit, the test vector speaks.

    One tensor is spared, the factor of the enlargement: with another it is a model that runs for minutes.
    """
    good, rng = make_tiny(tmp_path / "good.onnx").read_bytes(), random.Random(11)
    spared = good.index(np.array([1, 1, 16, 16], np.float32).tobytes())
    path, refused = tmp_path / "m.onnx", 0
    for i in range(90):
        data = bytearray(good[: rng.randrange(len(good))] if i % 3 == 0 else good)
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(max(len(data), 1))
            if at < len(data) and not spared <= at < spared + 16:
                data[at] = rng.randrange(256)
        path.write_bytes(data)
        try:
            Model.load(path, "cpu", threads=1)
        except GanCubeError:
            refused += 1
    assert refused > 60
    assert capfd.readouterr() == ("", "")
