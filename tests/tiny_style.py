"""A tiny real generator with styles for tests: three layers, each tints a third of the picture. Needs onnx.

`make_tiny_style(path)` writes a good model with alpha, of one size; a keyword of FAULTS one that is wrong in that way.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from blender_addon.engine.card import Card, Input, MapSpec, Output, Provenance, TestVector
from blender_addon.engine.pooling import POOLED

from .tiny import write_card

LATENT, LAYERS, LENGTH, SIDE = 6, 3, 4, 24
FAULTS = ("no_switch", "no_default", "no_returns", "short_returns")


def make_tiny_style(path, labels=("dawn", "dusk"), **faults) -> Path:
    assert all(fault in FAULTS for fault in faults), faults
    path = Path(path)
    card = Card(
        schema=1,
        name="tinted",
        summary="A tiny generator with styles",
        family="tiny",
        inputs=(
            Input("z", "latent", ("N", LATENT)),
            Input("label", "label", ("N", len(labels)), labels=tuple(labels)),
            Input("psi", "scalar", ("N", 1), min=0.0, max=1.0, default=0.75),
            Input("w", "style", ("N", LAYERS, LENGTH), switch="use_w", returns="styles"),
        ),
        output=Output("maps", ("N", LENGTH, SIDE, SIDE), (-1.0, 1.0)),
        maps=(MapSpec("base_color", (0, 3), "sRGB"), MapSpec("alpha", (3, 4), "Non-Color")),
        tileable=False,
        pixels_per_metre=None,
        provenance=Provenance("none: random weights", "", {"CC0-1.0": 0}, ("tests",), 0, "", {}, {}),
        test_vector=TestVector(1, POOLED, (0.0,) * LENGTH * 64, (0.0,) * LENGTH * 64, 1e-4, 2e-2),
    )
    onnx.save(_graph(card, faults), path)
    write_card(path, card, run=not faults)
    return path


def _graph(card: Card, faults: dict) -> onnx.ModelProto:
    """w = psi * (z A + label B); each layer's style becomes a band of the picture, one channel per number."""
    rng = np.random.default_rng(0)
    weights = {
        "A": rng.standard_normal((LATENT, LENGTH)),
        "B": rng.standard_normal((len(card.labels), LENGTH)),
        "half": np.array(0.5),
        "enlarge": np.array([1, 1, SIDE // LAYERS, SIDE]),
    }
    weights = {name: array.astype(np.float32) for name, array in weights.items()}
    weights |= {
        "one": np.array([1], np.int64),
        "two": np.array([2], np.int64),
        "three": np.array([3], np.int64),
    }
    defaults = {"w": np.zeros((1, LAYERS, LENGTH), np.float32), "use_w": np.zeros((1, LAYERS), np.float32)}
    if faults.get("no_default"):
        del defaults["use_w"]
    nodes = [
        helper.make_node("MatMul", ["z", "A"], ["za"]),
        helper.make_node("MatMul", ["label", "B"], ["lb"]),
        helper.make_node("Add", ["za", "lb"], ["sum"]),
        helper.make_node("Mul", ["sum", "psi"], ["own"]),
        helper.make_node("Unsqueeze", ["own", "one"], ["own.layer"]),
        helper.make_node("Unsqueeze", ["use_w", "two"], ["switch"]),
        helper.make_node("Greater", ["switch", "half"], ["given"]),
        helper.make_node("Where", ["given", "w", "own.layer"], ["styles"]),
        helper.make_node("Transpose", ["styles"], ["bands"], perm=[0, 2, 1]),
        helper.make_node("Unsqueeze", ["bands", "three"], ["columns"]),
        helper.make_node("Resize", ["columns", "", "enlarge"], ["picture"], mode="nearest"),
        helper.make_node("Tanh", ["picture"], ["maps"]),
    ]
    inputs = [helper.make_tensor_value_info(i.name, TensorProto.FLOAT, i.shape) for i in card.inputs]
    inputs.append(helper.make_tensor_value_info("use_w", TensorProto.FLOAT, ["N", LAYERS]))
    if faults.get("no_switch"):
        inputs.pop()
        weights["use_w"] = defaults.pop("use_w")
    length = LENGTH - 1 if faults.get("short_returns") else LENGTH
    if faults.get("short_returns"):
        weights["start"], weights["end"] = np.array([0], np.int64), np.array([length], np.int64)
        nodes[7] = helper.make_node("Where", ["given", "w", "own.layer"], ["whole"])
        nodes[8] = helper.make_node("Transpose", ["whole"], ["bands"], perm=[0, 2, 1])
        nodes.append(helper.make_node("Slice", ["whole", "start", "end", "two"], ["styles"]))
    outputs = [helper.make_tensor_value_info("maps", TensorProto.FLOAT, card.output.shape)]
    if not faults.get("no_returns"):
        outputs.append(helper.make_tensor_value_info("styles", TensorProto.FLOAT, ["N", LAYERS, length]))
    tensors = [numpy_helper.from_array(array, name) for name, array in (weights | defaults).items()]
    graph = helper.make_graph(nodes, "tinted", inputs, outputs, tensors)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
