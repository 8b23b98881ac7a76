"""Reads what a model file says of itself, without onnx or onnxruntime. Standard library only; never numpy.

The file may come from anywhere: a small protobuf reader with bounds on every length walks the graph (nested ones
and local functions too) and never trusts a number in it. Next station: match.py, then model.py.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from .errors import ModelError
from .files import write_atomic

MAX_BYTES = 2**31 - 1  # protobuf's own limit
MAX_FIELDS = 4_000_000  # a file of empty fields must not keep us busy for hours
MAX_DEPTH = 32  # of graphs in nodes in graphs
FLOAT = 1  # TensorProto.DataType
PACKABLE = -1  # a repeated number: one per field, or many in one


@dataclass(frozen=True)
class OnnxFile:
    """What the file says. `inputs`, `outputs`: (name, element type, shape of whole numbers, symbols and None)."""

    path: Path
    sha256: str
    ir_version: int
    opsets: dict  # domain -> version, "" is the standard one
    metadata: dict
    inputs: tuple
    outputs: tuple
    defaults: frozenset  # inputs that have a value of their own (an initialiser of the same name)
    external: tuple  # locations of weights outside this file
    domains_used: frozenset  # operator domains of all nodes, less those of functions the file itself defines
    op_types: frozenset


TENSOR = {1: PACKABLE, 4: 2, 5: PACKABLE, 6: 2, 7: PACKABLE, 8: 2, 9: 2, 10: 2, 11: PACKABLE, 13: 2, 14: 0}


def read_onnx(path) -> OnnxFile:
    """The facts of a model file; ModelError where it is missing, unreadable, truncated or not ONNX."""
    path = Path(path)
    data = file_bytes(path)
    reader = Reader(path)
    try:
        reader.model(memoryview(data))
    except (IndexError, UnicodeDecodeError) as error:
        raise ModelError(f"{path}: is truncated or not an ONNX file. Fetch or export it again.") from error
    # A truncated file may end between two fields: these are always there in a whole one.
    if not reader.ir_version or not reader.opsets or not reader.graphs or not reader.outputs:
        raise ModelError(
            f"{path}: is truncated or not an ONNX file (it has no graph). Fetch or export it again."
        )
    return OnnxFile(
        path=path,
        sha256=hashlib.sha256(data).hexdigest(),
        ir_version=reader.ir_version,
        opsets=reader.opsets,
        metadata=reader.metadata,
        inputs=tuple(reader.inputs),
        outputs=tuple(reader.outputs),
        defaults=frozenset(reader.initializers),
        external=tuple(reader.external),
        domains_used=frozenset(reader.domains - reader.functions),
        op_types=frozenset(reader.op_types),
    )


def write_metadata(path_in, path_out, metadata: dict) -> None:
    """Copy a model file with its metadata replaced by `metadata` (texts by text), atomically."""
    data = file_bytes(Path(path_in))
    reader = Reader(Path(path_in))
    parts = []
    try:
        view, position = memoryview(data), 0
        while position < len(view):
            number, _, _, end = reader.field(view, position)
            if number != 14:
                parts.append(view[position:end])
            position = end
    except IndexError as error:
        raise ModelError(f"{path_in}: is truncated or not an ONNX file.") from error
    for key in sorted(metadata):
        parts.append(chunk(14, chunk(1, key.encode()) + chunk(2, metadata[key].encode())))
    write_atomic(path_out, b"".join(parts))


def file_bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ModelError(
                f"{path}: no such file. Check the name, or see `gancube models` for those at hand."
            )
        if path.stat().st_size > MAX_BYTES:
            raise ModelError(f"{path}: is larger than 2 GiB, which no ONNX file can be.")
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise ModelError(f"{path}: cannot be read ({getattr(error, 'strerror', None) or error}).") from error


def chunk(number: int, payload: bytes) -> bytes:
    """A length-delimited protobuf field."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


class Reader:
    """Walks a ModelProto. IndexError means that a length leads past the end. Field numbers are those of onnx.proto."""

    def __init__(self, path: Path):
        self.path, self.count = path, 0
        self.ir_version, self.graphs = 0, 0
        self.opsets, self.metadata = {}, {}
        self.inputs, self.outputs, self.external = [], [], []
        self.initializers, self.domains, self.functions, self.op_types = set(), set(), set(), set()

    def varint(self, view, position):
        value = shift = 0
        while True:
            byte = view[position]
            position += 1
            value |= (byte & 127) << shift
            if byte < 128:
                return value & (2**64 - 1), position
            shift += 7
            if shift > 63:
                raise IndexError("varint too long")

    def field(self, view, position):
        """(number, wire type, value, end) of the field at `position`; value is an int or a view of the payload."""
        self.count += 1
        if self.count > MAX_FIELDS:
            raise ModelError(f"{self.path}: has more than {MAX_FIELDS} parts; this is no generator.")
        tag, position = self.varint(view, position)
        number, wire = tag >> 3, tag & 7
        if wire == 0:
            value, end = self.varint(view, position)
        elif wire in (1, 5):
            end = position + (8 if wire == 1 else 4)
            value = view[position:end]
        elif wire == 2:
            length, position = self.varint(view, position)
            end = position + length
            value = view[position:end]
        else:
            raise IndexError("not a wire type")
        if end > len(view) or number == 0:
            raise IndexError("past the end")
        return number, wire, value, end

    def fields(self, view, wires):
        """Yield (number, value) of the fields named in `wires` {number: wire type}; a wrong type is a broken file."""
        if isinstance(view, int):
            raise IndexError("a number where a message should be")
        position = 0
        while position < len(view):
            number, wire, value, position = self.field(view, position)
            if number in wires:
                if wire != wires[number] and not (wires[number] == PACKABLE and wire in (0, 2)):
                    raise IndexError("wrong wire type")
                yield number, value

    def model(self, view):
        for number, value in self.fields(view, {1: 0, 7: 2, 8: 2, 14: 2, 25: 2}):
            if number == 1:
                self.ir_version = value
            elif number == 7:
                self.graphs += 1
                if self.graphs > 1:  # protobuf would merge the two; we would have checked neither
                    raise ModelError(f"{self.path}: holds two graphs.")
                self.graph(value, 0)
            elif number == 8:
                pair = dict(self.fields(value, {1: 2, 2: 0}))
                self.opsets[_text(pair.get(1, b""))] = pair.get(2, 0)
            elif number == 14:
                pair = dict(self.fields(value, {1: 2, 2: 2}))
                key = _text(pair.get(1, b""))
                if key in self.metadata:
                    raise ModelError(f"{self.path}: holds the metadata {key[:100]!r} twice.")
                self.metadata[key] = _text(pair.get(2, b""))
            elif number == 25:
                for part, inner in self.fields(value, {7: 2, 10: 2}):
                    if part == 10:
                        self.functions.add(_text(inner))
                    else:
                        self.node(inner, 1)

    def graph(self, view, depth):
        if depth > MAX_DEPTH:
            raise ModelError(f"{self.path}: has graphs nested more than {MAX_DEPTH} deep.")
        for number, value in self.fields(view, {1: 2, 5: 2, 11: 2, 12: 2, 15: 2}):
            if number == 1:
                self.node(value, depth)
            elif number == 5:
                name = self.tensor(value)
                if depth == 0:
                    self.initializers.add(name)
            elif number == 15:
                self.sparse(value)
            elif depth == 0:
                (self.inputs if number == 11 else self.outputs).append(self.value_info(value))

    def node(self, view, depth):
        domain = ""
        for number, value in self.fields(view, {4: 2, 5: 2, 7: 2}):
            if number == 4:
                self.op_types.add(_text(value))
            elif number == 7:
                domain = _text(value)
            else:
                for part, inner in self.fields(value, {5: 2, 6: 2, 10: 2, 11: 2, 22: 2, 23: 2}):
                    if part in (5, 10):
                        self.tensor(inner)
                    elif part in (6, 11):
                        self.graph(inner, depth + 1)
                    else:
                        self.sparse(inner)
        self.domains.add(domain)

    def sparse(self, view):
        for _, value in self.fields(view, {1: 2, 2: 2}):
            self.tensor(value)

    def tensor(self, view) -> str:
        """Check one tensor; its name."""
        name, elements, held, external = "", 1, 0, False
        for number, value in self.fields(view, TENSOR):
            if number == 1:
                for dim in [value] if isinstance(value, int) else self.packed(value):
                    elements = min(elements * dim, 2**62)  # a negative one is huge here, as it should be
            elif number == 8:
                name = _text(value)
            elif number in (4, 5, 6, 7, 9, 10, 11):
                held += len(value) + 1 if not isinstance(value, int) else 1
            elif number == 13:
                external = True
                pair = dict(self.fields(value, {1: 2, 2: 2}))
                if _text(pair.get(1, b"")) == "location":
                    self.external.append(_text(pair.get(2, b""))[:300])
            elif number == 14 and value == 1:
                external = True
        if external and not self.external:
            self.external.append("(no location)")
        if not external and elements > 8 * held:
            raise ModelError(
                f"{self.path}: the tensor {name[:100]!r} declares {elements:.3g} values but holds {held} bytes."
            )
        return name

    def packed(self, view):
        position = 0
        while position < len(view):
            value, position = self.varint(view, position)
            yield value

    def value_info(self, view):
        name, kind, shape = "", 0, []
        for number, value in self.fields(view, {1: 2, 2: 2}):
            if number == 1:
                name = _text(value)
                continue
            for _, tensor in self.fields(value, {1: 2}):
                for part, inner in self.fields(tensor, {1: 0, 2: 2}):
                    if part == 1:
                        kind = inner
                        continue
                    for _, dim in self.fields(inner, {1: 2}):
                        sizes = dict(self.fields(dim, {1: 0, 2: 2}))
                        shape.append(sizes[1] if 1 in sizes else _text(sizes[2]) if 2 in sizes else None)
        return name, kind, tuple(shape)


def _text(view) -> str:
    return bytes(view).decode("utf-8")
