"""The protobuf reader agrees with onnx, and survives files made to hurt it."""

import hashlib
import random

import onnx
import pytest
from onnx import TensorProto, helper

from blender_addon.engine import onnx_file
from blender_addon.engine.card import CARD_KEY
from blender_addon.engine.errors import ModelError, OutputError
from blender_addon.engine.onnx_file import FLOAT, read_onnx, write_metadata


def test_same_facts_as_onnx(tiny_path):
    mine, theirs = read_onnx(tiny_path), onnx.load(tiny_path)
    assert mine.sha256 == hashlib.sha256(tiny_path.read_bytes()).hexdigest()
    assert mine.ir_version == theirs.ir_version
    assert mine.opsets == {o.domain: o.version for o in theirs.opset_import}
    assert mine.metadata == {p.key: p.value for p in theirs.metadata_props}
    assert [i[0] for i in mine.inputs] == [i.name for i in theirs.graph.input]
    assert mine.inputs[1] == ("field", FLOAT, ("N", 4, "h", "w"))
    assert mine.outputs == (("maps", FLOAT, ("N", 10, "h_16", "w_16")),)
    assert mine.op_types == {n.op_type for n in theirs.graph.node}
    assert mine.defaults == {i.name for i in theirs.graph.initializer}
    assert mine.domains_used == {""} and mine.external == ()


def test_local_functions_are_not_custom_operators(tmp_path):
    """What torch's exporter may write: a function of its own domain, made of standard operators."""
    body = helper.make_function(
        "local",
        "Twice",
        ["x"],
        ["y"],
        [helper.make_node("Add", ["x", "x"], ["y"])],
        [helper.make_opsetid("", 20)],
    )
    value = [helper.make_tensor_value_info(n, TensorProto.FLOAT, [None]) for n in "xy"]
    graph = helper.make_graph(
        [helper.make_node("Twice", ["x"], ["y"], domain="local")], "g", value[:1], value[1:]
    )
    opsets = [helper.make_opsetid("", 20), helper.make_opsetid("local", 1)]
    onnx.save(helper.make_model(graph, opset_imports=opsets, functions=[body]), tmp_path / "m.onnx")
    facts = read_onnx(tmp_path / "m.onnx")
    assert facts.domains_used == {""} and facts.inputs[0] == ("x", FLOAT, (None,))


def test_metadata_is_replaced_and_the_rest_kept(tiny_path, tmp_path):
    path = tmp_path / "m.onnx"
    write_metadata(tiny_path, path, {"b": "\u7816", "a": "x" * 100_000})
    mine, theirs = onnx.load(path), onnx.load(tiny_path)
    assert {p.key: p.value for p in mine.metadata_props} == {"b": "\u7816", "a": "x" * 100_000}
    assert mine.graph == theirs.graph and mine.opset_import == theirs.opset_import
    write_metadata(path, path, {CARD_KEY: read_onnx(tiny_path).metadata[CARD_KEY]})
    assert read_onnx(path).metadata == read_onnx(tiny_path).metadata


def test_metadata_of_no_onnx_and_to_nowhere(tiny_path, tmp_path):
    (tmp_path / "t").write_text("text")
    with pytest.raises(ModelError):
        write_metadata(tmp_path / "t", tmp_path / "m.onnx", {})
    with pytest.raises(OutputError):
        write_metadata(tiny_path, tmp_path / "no" / "m.onnx", {})


def test_every_truncation_is_found(tiny_path, tmp_path):
    """Wherever the file ends, either the reader says so, or only the metadata behind the graph is gone."""
    good, path = tiny_path.read_bytes(), tmp_path / "m.onnx"
    whole = read_onnx(tiny_path)
    for length in [*range(64), *random.Random(0).sample(range(len(good)), 200)]:
        path.write_bytes(good[:length])
        try:
            found = read_onnx(path)
        except ModelError as error:
            assert str(path) in str(error)
        else:
            assert found.outputs == whole.outputs and not found.metadata


def nested(number, depth, inner=b""):
    """`depth` times node -> attribute -> graph."""
    for _ in range(depth):
        inner = onnx_file.chunk(1, onnx_file.chunk(5, onnx_file.chunk(6, inner)))
    return onnx_file.chunk(number, inner)


@pytest.mark.parametrize(
    "data",
    [
        nested(7, 60),  # graphs in graphs
        b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f",  # a length of 2^63
        b"\x3a" + b"\xff" * 40,  # a number that never ends
        b"\x00\x00",  # field 0
        b"\x0b\x0c",  # the groups of old protobuf
        b"\x3d\x00",  # a graph that is a fixed 32-bit number
        b"\x38\x05",  # a graph that is a number
        onnx_file.chunk(7, onnx_file.chunk(1, onnx_file.chunk(4, b"\xff\xfe"))),  # a name that is no UTF-8
        onnx_file.chunk(7, b"") * 2,  # two graphs
    ],
    ids=lambda d: repr(d[:12]),
)
def test_made_to_hurt(tmp_path, data):
    path = tmp_path / "m.onnx"
    path.write_bytes(b"\x08\x09" + data)
    with pytest.raises(ModelError):
        read_onnx(path)


def test_many_empty_parts_end(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_file, "MAX_FIELDS", 10_000)
    (tmp_path / "m.onnx").write_bytes(b"\x12\x00" * 20_000)
    with pytest.raises(ModelError, match="10000"):
        read_onnx(tmp_path / "m.onnx")
