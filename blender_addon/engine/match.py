"""Does the graph keep what the card promises, and is the file safe to run? Standard library only; never bpy.

Previous stations: onnx_file.py and card.py; next: model.py (stops at the first fault), check.py (lists all).
"""

from .card import CARD_KEY, Card, Input, parse_dim
from .errors import CardError, GanCubeError, ModelError
from .onnx_file import FLOAT, OnnxFile

DOMAINS = ("", "ai.onnx", "ai.onnx.ml")  # operators of the ONNX standard; others may run code of their own
MAX_OPSET = 26  # of the newest onnxruntime known to us; its own message is used beyond
TYPES = {
    1: "float32",
    2: "uint8",
    3: "int8",
    6: "int32",
    7: "int64",
    9: "bool",
    10: "float16",
    11: "float64",
    16: "bfloat16",
}


def card_text(onnx: OnnxFile) -> str:
    """The JSON of the card, or a CardError where the file has none."""
    if CARD_KEY not in onnx.metadata:
        raise CardError(
            f"{onnx.path}: {CARD_KEY}: is missing: this ONNX file has no card. "
            "Use a file that `gan-train export` wrote."
        )
    return onnx.metadata[CARD_KEY]


def file_faults(onnx: OnnxFile) -> list[GanCubeError]:
    """What forbids running this file at all."""
    found = []
    if onnx.external:
        found.append(
            ModelError(
                f"{onnx.path}: keeps weights outside the file, in {onnx.external[0]!r}; "
                "they are not opened. Export it with everything in ONE file."
            )
        )
    foreign = sorted(onnx.domains_used - set(DOMAINS))
    if foreign:
        found.append(
            ModelError(
                f"{onnx.path}: uses custom operators of {', '.join(foreign)}; "
                "only standard ONNX operators are run."
            )
        )
    return found


def graph_faults(onnx: OnnxFile, card: Card) -> list[GanCubeError]:
    """Where card and graph disagree."""
    found = []
    given = {name: (kind, shape) for name, kind, shape in onnx.inputs}
    for i, one in enumerate(card.inputs):
        if one.name not in given:
            names = ", ".join(given) or "none"
            found.append(
                CardError(
                    f"{onnx.path}: inputs[{i}].name: the graph has no input {one.name!r}; it has {names}."
                )
            )
            continue
        found += _disagree(onnx, f"inputs[{i}]", one.name, one.shape, *given[one.name])
        if one.kind == "style":
            found += _style_faults(onnx, f"inputs[{i}]", one, given)
    fed = {one.name for one in card.inputs} | {one.switch for one in card.inputs}
    for name in given:
        if name not in fed and name not in onnx.defaults:
            found.append(
                CardError(f"{onnx.path}: inputs: the graph needs an input {name!r}, which the card lacks.")
            )
    outputs = {name: (kind, shape) for name, kind, shape in onnx.outputs}
    if card.output.name not in outputs:
        names = ", ".join(outputs)
        found.append(
            CardError(
                f"{onnx.path}: output.name: the graph has no output {card.output.name!r}; it has {names}."
            )
        )
    else:
        output = card.output
        found += _disagree(onnx, "output", output.name, output.shape, *outputs[output.name])
    if card.preview is not None:
        if card.preview.name not in outputs:
            found.append(
                CardError(f"{onnx.path}: preview.name: the graph has no output {card.preview.name!r}.")
            )
        else:
            shape = card.preview_shape
            found += _disagree(onnx, "preview", card.preview.name, shape, *outputs[card.preview.name])
    return found


def _style_faults(onnx: OnnxFile, field: str, one: Input, given: dict) -> list[GanCubeError]:
    """A style needs its switch, defaults for both (else every run would have to feed them), and its output."""
    outputs = {name: (kind, shape) for name, kind, shape in onnx.outputs}
    for key, name, there in (("switch", one.switch, given), ("returns", one.returns, outputs)):
        if name not in there:
            what = "input" if there is given else "output"
            return [CardError(f"{onnx.path}: {field}.{key}: the graph has no {what} {name!r}.")]
    for name in (one.name, one.switch):
        if name not in onnx.defaults:
            return [CardError(f"{onnx.path}: {field}: the graph's input {name!r} has no default value.")]
    return [
        *_disagree(onnx, f"{field}.switch", one.switch, one.shape[:2], *given[one.switch]),
        *_disagree(onnx, f"{field}.returns", one.returns, one.shape, *outputs[one.returns]),
    ]


def _disagree(
    onnx: OnnxFile, field: str, name: str, dims: tuple, kind: int, shape: tuple
) -> list[GanCubeError]:
    """Compare type, rank and fixed dimensions; a symbol on either side fits anything."""
    if kind != FLOAT:
        return [
            CardError(
                f"{onnx.path}: {field}: {name!r} is {TYPES.get(kind, kind)} in the graph; it must be float32."
            )
        ]
    if shape and len(shape) != len(dims):
        return [CardError(f"{onnx.path}: {field}.shape: has {len(dims)} dimensions, the graph {len(shape)}.")]
    for axis, (mine, real) in enumerate(zip(dims, shape, strict=False)):
        symbol, size = parse_dim(mine)
        if isinstance(real, int) and ((symbol is None and real != size) or (symbol is not None and axis > 0)):
            return [CardError(f"{onnx.path}: {field}.shape[{axis}]: is {mine!r}, in the graph {real}.")]
    return []
