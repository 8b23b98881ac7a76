"""A tiny real generator for tests: convolutions that wrap, a true card, a test vector got by running it. Needs onnx.

`make_tiny(path)` writes a good model; a keyword of FAULTS writes one that is wrong in that one way.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from blender_addon.engine.card import (
    CARD_KEY,
    MAPS,
    Card,
    Input,
    MapSpec,
    Output,
    Preview,
    Provenance,
    TestVector,
    dump_card,
)
from blender_addon.engine.latents import draw
from blender_addon.engine.model import Model
from blender_addon.engine.onnx_file import write_metadata
from blender_addon.engine.pooling import POOLED, pooled

LATENT, FIELD, WIDTH = 8, 4, 8
SMALLER = 4  # times, the preview of `preview=True`
FAULTS = (
    "no_card",  # ONNX without a card
    "newer_schema",  # card of schema 99
    "missing_input",  # card names an input that the graph lacks
    "external_data",  # weights in a file outside the folder
    "custom_operator",  # a node of domain com.example
    "wrong_shape",  # output half as wide as the card says
    "nan",  # output with NaN where scalar psi is at its default
    "truncated",  # the first two thirds of the file
    "not_onnx",  # a text file
    "tampered",  # one weight changed after the test vector was made
    "does_not_tile",  # a running sum from left to right under a card that says tileable
)


def make_tiny(
    path,
    *,
    maps=("base_color",),
    labels=("brick", "moss", "sand"),
    stride=16,
    seed=0,
    name="tiny",
    preview=False,
    **faults,
) -> Path:
    """Write the model to `path`. `labels=()` leaves the label input out; `seed` is that of the weights; `preview` adds
    the base colour, SMALLER times smaller."""
    path = Path(path)
    assert all(fault in FAULTS for fault in faults), faults
    if faults.get("not_onnx"):
        path.write_text("This is a text, whatever its name says.\n")
        return path
    card = tiny_card(maps, labels, stride, name)
    if preview:
        base = MapSpec("base_color", (0, 3), "sRGB")
        card = dataclasses.replace(card, preview=Preview("preview", SMALLER, (base,)))
    graph = tiny_graph(card, seed, faults)
    onnx.save(graph, path)
    if not faults.get("custom_operator"):
        write_card(path, card)
        if not faults:
            return path
    if faults.get("tampered"):
        _scale_last_weight(path, 1.01)
    if faults.get("no_card"):
        write_metadata(path, path, {})
    if faults.get("newer_schema"):
        _edit_card(path, lambda fields: fields.update(schema=99, surprise=True))
    if faults.get("missing_input"):
        _edit_card(path, lambda fields: fields["inputs"][0].update(name="w"))
    if faults.get("external_data"):
        _move_weights_out(path, "../outside.bin")
    if faults.get("truncated"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    return path


def tiny_card(maps, labels, stride, name) -> Card:
    """The card, its test vector still zero."""
    specs, channel = [], 0
    for map_name in maps:
        colorspace, counts = MAPS[map_name]
        specs.append(MapSpec(map_name, (channel, channel + counts[-1]), colorspace))
        channel += counts[-1]
    inputs = [
        Input("z", "latent", ("N", LATENT)),
        Input("field", "field", ("N", FIELD, "h", "w"), stride=stride, margin=2),
        Input("label", "label", ("N", len(labels)), labels=tuple(labels)),
        Input("psi", "scalar", ("N", 1), min=0.0, max=1.0, default=0.75),
    ]
    return Card(
        schema=1,
        name=name,
        summary="A tiny generator for tests",
        family="tiny",
        inputs=tuple(i for i in inputs if i.kind != "label" or labels),
        output=Output("maps", ("N", channel, f"h*{stride}", f"w*{stride}"), (-1.0, 1.0)),
        maps=tuple(specs),
        tileable=True,
        pixels_per_metre=256.0,
        provenance=Provenance(
            "none: random weights",
            "",
            {"CC0-1.0": 0},
            ("tests/tiny.py",),
            0,
            "",
            {"onnx": onnx.__version__},
            {},
        ),
        test_vector=TestVector(1, POOLED, (0.0,) * channel * 64, (0.0,) * channel * 64, 1e-4, 2e-2),
    )


def tiny_graph(card: Card, seed: int, faults: dict) -> onnx.ModelProto:
    """field + style(z, label, psi) -> wrapped conv -> tanh -> enlarge by stride -> wrapped conv -> tanh."""
    rng = np.random.default_rng(seed)
    channels, stride, labels = card.channels, card.stride, len(card.labels)
    weights, nodes = {}, []

    def weight(name, *shape, scale):
        weights[name] = (rng.standard_normal(shape) * scale).astype(np.float32)
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def wrapped_conv(x, name, into, out):
        kernel = weight(f"{name}.weight", out, into, 3, 3, scale=(into * 9) ** -0.5)
        padded = node("Pad", [x, "pads"], f"{name}.padded", mode="wrap")
        return node("Conv", [padded, kernel], f"{name}.out")

    weights["pads"] = np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)
    weights["enlarge"] = np.array([1, 1, stride, stride], np.float32)
    weights["axes"] = np.array([2, 3], np.int64)
    scaled = node("Mul", ["z", "psi"], "z.scaled")
    style = node("MatMul", [scaled, weight("style.weight", LATENT, FIELD, scale=0.3)], "style")
    if labels:
        tint = node("MatMul", ["label", weight("label.weight", labels, FIELD, scale=1.0)], "tint")
        style = node("Add", [style, tint], "style.tinted")
    x = node("Add", ["field", node("Unsqueeze", [style, "axes"], "style.map")], "x0")
    x = node("Tanh", [wrapped_conv(x, "low", FIELD, WIDTH)], "x1")
    x = node(
        "Resize",
        [x, "", "enlarge"],
        "x2",
        mode="nearest",
        coordinate_transformation_mode="asymmetric",
        nearest_mode="floor",
    )
    x = wrapped_conv(x, "high", WIDTH, channels)
    if faults.get("nan"):
        x = node("Add", [x, node("Log", [node("Neg", ["psi"], "minus")], "nan")], "x.nan")
    if faults.get("custom_operator"):
        x = node("Blur", [x], "x.custom", domain="com.example")
    if faults.get("wrong_shape"):
        weights["half"] = np.array([1, 1, 1, 0.5], np.float32)
        x = node("Resize", [x, "", "half"], "x.half", mode="nearest")
    if faults.get("does_not_tile"):
        weights["across"] = np.array(3, np.int64)
        x = node("CumSum", [x, "across"], "x.sum")
    node("Tanh", [x], "maps")
    outputs = [("maps", card.output.shape)]
    if card.preview:
        weights |= {"from": np.array([0]), "to": np.array([3]), "channel": np.array([1])}
        colour = node("Tanh", [node("Slice", [x, "from", "to", "channel"], "x.colour")], "colour")
        square = {"kernel_shape": [SMALLER] * 2, "strides": [SMALLER] * 2}
        node("AveragePool", [colour], "preview", **square)
        outputs.append(("preview", card.preview_shape))
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(i.name, TensorProto.FLOAT, i.shape) for i in card.inputs],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, dims(shape)) for name, shape in outputs],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    opsets = [helper.make_opsetid("", 20)] + [helper.make_opsetid("com.example", 1)] * bool(
        faults.get("custom_operator")
    )
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    if faults.get("custom_operator"):
        model.metadata_props.add(key=CARD_KEY, value=dump_card(card))
    return model


def dims(shape: tuple) -> list:
    """As onnx names sizes that are not known."""
    return [f"{d}".replace("*", "_") if isinstance(d, str) else d for d in shape]


def write_card(path: Path, card: Card, run: bool = True) -> None:
    """Put the card in; `run` the model, and put the card with the true test vector in."""
    write_metadata(path, path, {CARD_KEY: dump_card(card)})
    if not run:
        return
    model = Model.load(path, provider="cpu", threads=1, verify=False)
    raw = model.run_raw(draw(card, card.test_vector.seed))[0]
    mean, std = (tuple(round(float(v), 6) for v in values) for values in pooled(np.nan_to_num(raw)))
    vector = TestVector(card.test_vector.seed, POOLED, mean, std, 1e-4, 2e-2)
    fields = {f: getattr(card, f) for f in card.__dataclass_fields__}
    write_metadata(path, path, {CARD_KEY: dump_card(Card(**{**fields, "test_vector": vector}))})


def _edit_card(path: Path, change) -> None:
    model = onnx.load(path)
    prop = next(p for p in model.metadata_props if p.key == CARD_KEY)
    fields = json.loads(prop.value)
    change(fields)
    prop.value = json.dumps(fields)
    onnx.save(model, path)


def _scale_last_weight(path: Path, factor: float) -> None:
    model = onnx.load(path)
    last = model.graph.initializer[-1]
    last.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(last) * np.float32(factor), last.name))
    onnx.save(model, path)


def _move_weights_out(path: Path, location: str) -> None:
    """Point the last weight at a file that really exists outside the model's folder."""
    model = onnx.load(path)
    last = model.graph.initializer[-1]
    (path.parent / location).resolve().write_bytes(last.raw_data)
    last.ClearField("raw_data")
    last.data_location = TensorProto.EXTERNAL
    last.external_data.add(key="location", value=location)
    path.write_bytes(model.SerializeToString())
