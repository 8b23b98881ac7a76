"""The strict reading of a card: JSON text in, Card or CardError out. Standard library only; never numpy.

Called by card.parse_card. The text comes out of a file from anywhere, so sizes, depths and numbers are bounded.
"""

import json
import math

from .card import (
    KINDS,
    MAPS,
    MAX_TEXT,
    SCHEMA,
    Card,
    Input,
    MapSpec,
    Output,
    Provenance,
    TestVector,
    parse_dim,
)
from .errors import CardError

MAX_DIM = 65536  # of a latent, a label or a channel count
MAX_INPUTS = 64
MAX_STRING = 100_000


class Node:
    """A value of the JSON with the path that led to it, so that every complaint names its field."""

    def __init__(self, file: str, path: str, value):
        self.file, self.path, self.value = file, path, value

    def fail(self, what: str):
        raise CardError(f"{self.file}: {self.path}: {what}")

    def at(self, key) -> "Node":
        name = (
            f"{self.path}[{key}]"
            if isinstance(key, int)
            else key
            if self.path == "card"
            else f"{self.path}.{key}"
        )
        return Node(self.file, name, self.value[key])

    def keys(self, required, optional=()) -> "Node":
        """This is an object with exactly these keys."""
        if not isinstance(self.value, dict):
            self.fail(f"must be an object with the keys {', '.join(required)}.")
        for key in required:
            if key not in self.value:
                Node(self.file, key if self.path == "card" else f"{self.path}.{key}", None).fail(
                    "is missing."
                )
        for key in self.value:
            if key not in required and key not in optional:
                self.at(key).fail(
                    f"is not a key that schema {SCHEMA} knows. Correct its spelling, or take it out."
                )
        return self

    def items(self, least=0, most=100_000) -> list["Node"]:
        if not isinstance(self.value, list):
            self.fail("must be a list.")
        if not least <= len(self.value) <= most:
            self.fail(f"must have {least} to {most} entries, not {len(self.value)}.")
        return [self.at(i) for i in range(len(self.value))]

    def text(self, least=0, most=200) -> str:
        if not isinstance(self.value, str):
            self.fail("must be a text.")
        if not least <= len(self.value) <= most:
            self.fail(f"must have {least} to {most} characters, not {len(self.value)}.")
        if not self.value.isprintable():
            self.fail("must hold only printable characters.")
        return self.value

    def whole(self, least, most) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            self.fail("must be a whole number.")
        if not least <= self.value <= most:
            self.fail(f"must be between {least} and {most}, not {str(self.value)[:40]}.")
        return self.value

    def number(self, least=-1e30, most=1e30) -> float:
        if isinstance(self.value, bool) or not isinstance(self.value, (int, float)):
            self.fail("must be a number.")
        if not least <= self.value <= most:  # also false for NaN
            self.fail(f"must be a number between {least:g} and {most:g}, not {str(self.value)[:40]}.")
        return float(self.value)

    def flag(self) -> bool:
        if not isinstance(self.value, bool):
            self.fail("must be true or false.")
        return self.value

    def interval(self) -> tuple[float, float]:
        low, high = (n.number() for n in self.items(2, 2))
        if not low < high:
            self.fail(f"must be two numbers, the smaller first, not {self.value}.")
        return low, high


def read_card(text: str, file: str) -> Card:
    """See card.parse_card."""
    root = Node(file, "card", _load(text, file))
    if not isinstance(root.value, dict):
        root.fail("must be a JSON object.")
    if "schema" in root.value:  # first, since a newer schema may differ in everything else
        schema = root.at("schema").whole(1, 10**6)
        if schema > SCHEMA:
            root.at("schema").fail(
                f"is {schema}, and this GAN Cubes reads up to schema {SCHEMA}. "
                f"Install a version that reads schema {schema}."
            )
    root.keys(
        (
            "schema",
            "name",
            "summary",
            "family",
            "inputs",
            "output",
            "maps",
            "tileable",
            "pixels_per_metre",
            "provenance",
            "test_vector",
        ),
        ("thumbnail", "encoder", "preview"),
    )
    inputs = tuple(_input(node) for node in root.at("inputs").items(1, MAX_INPUTS))
    _unique(root.at("inputs"), [i.name for i in inputs], "input name")
    for kind in ("field", "label"):
        if sum(i.kind == kind for i in inputs) > 1:
            root.at("inputs").fail(f"holds more than one input of kind {kind}.")
    output = _output(root.at("output"), inputs)
    if output.name in [i.name for i in inputs]:
        root.at("output").at("name").fail(f"{output.name!r} is also the name of an input.")
    density = root.at("pixels_per_metre")
    return Card(
        schema=SCHEMA,
        name=root.at("name").text(1),
        summary=root.at("summary").text(most=2000),
        family=root.at("family").text(1),
        inputs=inputs,
        output=output,
        maps=_maps(root.at("maps"), output.shape[1]),
        tileable=root.at("tileable").flag(),
        pixels_per_metre=None if density.value is None else density.number(1e-3, 1e6),
        provenance=_provenance(root.at("provenance")),
        test_vector=_test_vector(root.at("test_vector"), output.shape[1]),
        thumbnail=root.at("thumbnail").text(1, MAX_TEXT) if "thumbnail" in root.value else None,
        encoder=_free(root.at("encoder")) if "encoder" in root.value else None,
        preview=_free(root.at("preview")) if "preview" in root.value else None,
    )


def _load(text: str, file: str):
    """The JSON with duplicate keys, NaN and absurd sizes refused."""

    def pairs(found):
        twice = _repeated([key for key, _ in found])
        if twice is not None:
            raise CardError(f"{file}: {twice[:100]}: stands twice in one object.")
        return dict(found)

    def constant(name):
        raise CardError(f"{file}: card: holds {name}, which is not a number that JSON knows.")

    if len(text) > MAX_TEXT:
        raise CardError(f"{file}: card: is longer than {MAX_TEXT} characters.")
    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise CardError(f"{file}: card: is not JSON ({str(error)[:200]}).") from error


def _input(node: Node) -> Input:
    if not isinstance(node.value, dict) or "kind" not in node.value:
        node.keys(("name", "kind", "shape"))
    kind = node.at("kind").text(1)
    if kind not in KINDS:
        node.at("kind").fail(f"{kind!r} is not one of {', '.join(KINDS)}. A newer GAN Cubes may know it.")
    required, optional = KINDS[kind]
    node.keys(("name", "kind", "shape", *required), optional)
    shape = _shape(
        node.at("shape"), {"latent": 2, "field": 4, "label": 2, "scalar": 2, "image": 4, "style": 3}[kind]
    )
    has = node.value.__contains__
    labels = tuple(n.text(1, 100) for n in node.at("labels").items(1, MAX_DIM)) if has("labels") else ()
    made = Input(
        name=node.at("name").text(1),
        kind=kind,
        shape=shape,
        stride=node.at("stride").whole(1, 1024) if has("stride") else None,
        margin=node.at("margin").whole(0, 4096) if has("margin") else None,
        labels=labels,
        min=node.at("min").number() if has("min") else None,
        max=node.at("max").number() if has("max") else None,
        default=node.at("default").number() if has("default") else None,
        range=node.at("range").interval() if has("range") else None,
        multiple_of=node.at("multiple_of").whole(1, 4096) if has("multiple_of") else None,
        scale=node.at("scale").whole(1, 64) if has("scale") else None,
    )
    if kind == "label":
        _unique(node.at("labels"), labels, "label")
        if shape[1] != len(labels):
            node.at("labels").fail(f"has {len(labels)} names for {shape[1]} columns in shape.")
    if kind == "scalar":
        if shape[1] != 1:
            node.at("shape").fail('must be ["N", 1] for a scalar.')
        if not made.min <= made.default <= made.max:
            node.at("default").fail(f"{made.default:g} is not between min {made.min:g} and max {made.max:g}.")
    if kind == "field" and (shape[2], shape[3]) != ("h", "w"):
        node.at("shape").fail('must end in "h", "w" for a field.')
    return made


def _shape(node: Node, rank: int) -> tuple:
    """A list of dimensions whose first is the batch "N" and of which none is absurd."""
    dims = node.items(rank, rank)
    if dims[0].value != "N":
        dims[0].fail('must be "N", the batch.')
    for dim in dims[1:]:
        try:
            symbol, size = parse_dim(dim.value)
        except ValueError as error:
            dim.fail(f"{str(error)[:100]}.")
        if symbol is None and size > MAX_DIM:
            dim.fail(f"is larger than {MAX_DIM}.")
        if symbol == "N":
            dim.fail('may not be "N", which is the batch.')
    if not isinstance(dims[1].value, int):
        dims[1].fail("must be a whole number.")
    return tuple(dim.value for dim in dims)


def _output(node: Node, inputs) -> Output:
    node.keys(("name", "shape", "range"))
    shape = _shape(node.at("shape"), 4)
    known = {parse_dim(dim)[0] for one in inputs for dim in one.shape}
    stride = next((i.stride for i in inputs if i.kind == "field"), None)
    for axis, cells in ((2, "h"), (3, "w")):
        symbol, factor = parse_dim(shape[axis])
        if symbol is not None and symbol not in known:
            node.at("shape").at(axis).fail(f"uses {symbol!r}, which no input's shape holds.")
        if stride is not None and (symbol, factor) != (cells, stride):
            node.at("shape").at(axis).fail(
                f'must be "{cells}*{stride}", since the field has a stride of {stride}.'
            )
        if symbol is None and factor > 8192:
            node.at("shape").at(axis).fail("is larger than 8192 pixels.")
    if isinstance(shape[2], int) != isinstance(shape[3], int) or (
        isinstance(shape[2], int) and shape[2] != shape[3]
    ):
        node.at("shape").fail("must be as high as wide.")
    return Output(node.at("name").text(1), shape, node.at("range").interval())


def _maps(node: Node, channels: int) -> tuple[MapSpec, ...]:
    maps, taken = [], set()
    for one in node.items(1, len(MAPS)):
        one.keys(("name", "channels", "colorspace"))
        name = one.at("name").text(1)
        if name not in MAPS:
            one.at("name").fail(f"{name!r} is not one of {', '.join(MAPS)}.")
        colorspace, counts = MAPS[name]
        first, end = (n.whole(0, MAX_DIM) for n in one.at("channels").items(2, 2))
        if not first < end <= channels:
            one.at("channels").fail(
                f"[{first}, {end}] does not lie within the {channels} channels of the output."
            )
        if end - first not in counts:
            one.at("channels").fail(
                f"gives {name} {end - first} channels; it has {' or '.join(map(str, counts))}."
            )
        if taken & set(range(first, end)):
            one.at("channels").fail("overlaps with the channels of another map.")
        if one.at("colorspace").text() != colorspace:
            one.at("colorspace").fail(f"must be {colorspace!r} for {name}.")
        taken |= set(range(first, end))
        maps.append(MapSpec(name, (first, end), colorspace))
    _unique(node, [m.name for m in maps], "map")
    if "base_color" not in [m.name for m in maps]:
        node.fail("must hold base_color.")
    return tuple(maps)


def _provenance(node: Node) -> Provenance:
    node.keys(("dataset", "dataset_sha256", "licences", "authors", "steps", "commit", "versions", "measures"))
    digest = node.at("dataset_sha256").text(most=64)
    if digest and (len(digest) != 64 or set(digest) - set("0123456789abcdef")):
        node.at("dataset_sha256").fail(
            "must be 64 small hexadecimal digits, or empty where there is no data set."
        )
    for key in ("licences", "versions", "measures"):
        _free(node.at(key))
    return Provenance(
        dataset=node.at("dataset").text(most=1000),
        dataset_sha256=digest,
        licences={key: node.at("licences").at(key).whole(0, 10**12) for key in node.value["licences"]},
        authors=tuple(n.text(1, 500) for n in node.at("authors").items()),
        steps=node.at("steps").whole(0, 10**12),
        commit=node.at("commit").text(),
        versions={key: node.at("versions").at(key).text() for key in node.value["versions"]},
        measures=node.value["measures"],
    )


def _test_vector(node: Node, channels: int) -> TestVector:
    node.keys(("seed", "pooled", "mean", "std", "cpu_tolerance", "gpu_tolerance"))
    count = channels * 64
    return TestVector(
        seed=node.at("seed").whole(0, 2**64 - 1),
        pooled=node.at("pooled").text(),
        mean=tuple(n.number() for n in node.at("mean").items(count, count)),
        std=tuple(n.number(0) for n in node.at("std").items(count, count)),
        cpu_tolerance=node.at("cpu_tolerance").number(0, 1),
        gpu_tolerance=node.at("gpu_tolerance").number(0, 1),
    )


def _free(node: Node, depth=0) -> dict:
    """An object whose keys are free: bounded in size and depth, texts printable, numbers finite."""
    if not isinstance(node.value, dict) or depth > 6:
        node.fail("must be an object, at most six deep.")
    if len(node.value) > 1000:
        node.fail("has more than 1000 keys.")
    for key in node.value:
        Node(node.file, node.path, key).text(1)
        entries = node.at(key).items(0, 10_000) if isinstance(node.value[key], list) else [node.at(key)]
        for entry in entries:
            if isinstance(entry.value, dict):
                _free(entry, depth + 1)
            elif isinstance(entry.value, str):
                entry.text(most=MAX_STRING)
            elif isinstance(entry.value, float) and not math.isfinite(entry.value):
                entry.fail("is not a finite number.")
            elif isinstance(entry.value, int) and abs(entry.value) > 2**64:
                entry.fail("is too large.")
            elif isinstance(entry.value, list):
                entry.fail("is a list in a list.")
    return node.value


def _unique(node: Node, names, what: str) -> None:
    twice = _repeated(names)
    if twice is not None:
        node.fail(f"holds the {what} {twice!r} twice.")


def _repeated(names):
    """The first entry that stands twice, or None."""
    seen = set()
    return next((name for name in names if name in seen or seen.add(name)), None)
