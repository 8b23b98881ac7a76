"""A tiny real generator that takes a picture, for tests: wrapped convolutions, a true card and test vector. Needs onnx.

`make_tiny_picture(path)` writes one; `make_tiny` (tiny.py) those that make textures out of seeds.
"""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from blender_addon.engine.card import (
    INPUT_MAPS,
    MAPS,
    Card,
    Input,
    MapSpec,
    Output,
    Provenance,
    TestVector,
)
from blender_addon.engine.pooling import POOLED
from tests.tiny import write_card

WIDTH = 6


def specs(names) -> tuple[tuple[MapSpec, ...], int]:
    """Maps one behind the other, each as wide as it can be, and how many channels they are together."""
    found, channel = [], 0
    for name in names:
        colorspace, counts = (MAPS | INPUT_MAPS)[name]
        found.append(MapSpec(name, (channel, channel + counts[-1]), colorspace))
        channel += counts[-1]
    return tuple(found), channel


def picture_card(
    takes=("base_color",), gives=("base_color",), labels=(), scale=1, multiple_of=1, depth=2
) -> Card:
    """The card, its test vector still zero. A picture of base colours gets a setting `strength` if it gives one."""
    (taken, channels), (given, out) = specs(takes), specs(gives)
    reach = depth + (1 if scale > 1 else 0)
    inputs = [
        Input(
            "image",
            "image",
            ("N", channels, "h", "w"),
            range=(-1.0, 1.0),
            margin=-(-reach // multiple_of) * multiple_of if multiple_of > 1 else reach,
            maps=taken,
            multiple_of=multiple_of if multiple_of > 1 else None,
            scale=scale if scale > 1 else None,
        )
    ]
    if labels:
        inputs.append(Input("label", "label", ("N", len(labels)), labels=tuple(labels)))
    if takes == gives and scale == 1:
        inputs.append(Input("strength", "scalar", ("N", 1), min=0.0, max=1.0, default=1.0))
    size = [f"{axis}*{scale}" if scale > 1 else axis for axis in "hw"]
    return Card(
        schema=1,
        name="tiny",
        summary="A tiny generator for tests",
        family="tiny",
        inputs=tuple(inputs),
        output=Output("maps", ("N", out, *size), (-1.0, 1.0)),
        maps=given,
        tileable=True,
        pixels_per_metre=None,
        provenance=Provenance("none: random weights", "", {}, ("tests/tiny_picture.py",), 0, "", {}, {}),
        test_vector=TestVector(1, POOLED, (0.0,) * out * 64, (0.0,) * out * 64, 1e-4, 2e-2),
    )


def picture_graph(card: Card, seed: int, depth: int) -> onnx.ModelProto:
    """`depth` wrapped 3 x 3 convolutions in blocks of multiple_of pixels, label added; enlarged; mixed by strength."""
    rng = np.random.default_rng(seed)
    image, strength, block = card.input("image"), card.input("scalar"), card.stride
    weights, nodes = {}, []

    def weight(name, *shape, scale):
        weights[name] = (rng.standard_normal(shape) * scale).astype(np.float32)
        return name

    def node(op, inputs, output, **attributes):
        nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def wrapped_conv(x, name, into, out):
        kernel = weight(f"{name}.weight", out, into, 3, 3, scale=1.5 * (into * 9) ** -0.5)
        padded = node("Pad", [x, "pads"], f"{name}.padded", mode="wrap")
        return node("Conv", [padded, kernel], f"{name}.out")

    weights["pads"] = np.array([0, 0, 1, 1, 0, 0, 1, 1], np.int64)
    weights["axes"] = np.array([2, 3], np.int64)
    x, into = "image", image.shape[1]
    if block > 1:  # only to need such sizes: cut into blocks, and put together again
        cut = node("SpaceToDepth", [x], "blocks", blocksize=block)
        x = node("DepthToSpace", [cut], "whole", blocksize=block)
    for layer in range(depth - 1):
        x = node("Tanh", [wrapped_conv(x, f"layer{layer}", into, WIDTH)], f"x{layer}")
        into = WIDTH
        if layer == 0 and card.labels:
            tint = node(
                "MatMul", ["label", weight("label.weight", len(card.labels), WIDTH, scale=1.0)], "tint"
            )
            x = node("Add", [x, node("Unsqueeze", [tint, "axes"], "tint.map")], "tinted")
    if card.scale > 1:
        weights["enlarge"] = np.array([1, 1, card.scale, card.scale], np.float32)
        how = {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
        x = node("Resize", [x, "", "enlarge"], "enlarged", mode="nearest", **how)
    x = node("Tanh", [wrapped_conv(x, "last", into, card.channels)], "changed")
    if strength:
        share = node("Reshape", ["strength", "share.shape"], "share")
        weights["share.shape"] = np.array([-1, 1, 1, 1], np.int64)
        change = node("Mul", [node("Sub", [x, "image"], "change"), share], "change.share")
        x = node("Add", ["image", change], "mixed")
    node("Identity", [x], "maps")
    dims = [f"{d}".replace("*", "_") if isinstance(d, str) else d for d in card.output.shape]
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(i.name, TensorProto.FLOAT, i.shape) for i in card.inputs],
        [helper.make_tensor_value_info("maps", TensorProto.FLOAT, dims)],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)


def make_tiny_picture(path, *, seed=0, depth=2, **card) -> Path:
    """Write the model to `path`. `seed` is that of the weights; the rest goes to picture_card."""
    made = picture_card(depth=depth, **card)
    onnx.save(picture_graph(made, seed, depth), path)
    write_card(Path(path), made)
    return Path(path)
