"""The part of a model file's graph that makes one of its outputs. Standard library only; never numpy.

onnxruntime computes every node of a graph, whichever outputs are asked for, so a preview needs a graph of its own.
Before: onnx_file.py (its checks of the whole file hold for every part of it). Next: model.py runs the part.
"""

import hashlib
from pathlib import Path

from .errors import ModelError
from .onnx_file import MAX_DEPTH, Reader, chunk, file_bytes

# Fields of onnx.proto, each with its wire type for Reader.fields.
GRAPH, METADATA = 7, 14
NODE, WEIGHT, INPUT, OUTPUT, BETWEEN = 1, 5, 11, 12, 13


def part_of(path: Path, sha256: str, output: str) -> bytes:
    """A model with the nodes and weights that lead to `output`, and all inputs; without metadata.

    ModelError where the file is not the one that was checked, `sha256`.
    """
    data = file_bytes(path)
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError(f"{path}: has changed since it was loaded. Load it again.")
    reader, parts = Reader(path), []
    try:
        for number, value, raw in _fields(reader, memoryview(data)):
            if number == GRAPH:
                parts.append(chunk(GRAPH, _graph(reader, value, output)))
            elif number != METADATA:
                parts.append(raw)
    except (IndexError, UnicodeDecodeError) as error:  # in what read_onnx passes over
        raise ModelError(f"{path}: is not a sound ONNX file. Fetch or export it again.") from error
    return b"".join(parts)


def _graph(reader: Reader, view, output: str) -> bytes:
    """Nodes stand in the order in which they are computed: walked from the last to the first."""
    fields = list(_fields(reader, view))
    # An input may have a default among the weights.
    wanted = {output, *(_name(reader, value, 1) for number, value, _ in fields if number == INPUT)}
    kept = set()
    for index in reversed(range(len(fields))):
        number, value, _ = fields[index]
        if number == NODE:
            takes, gives = _names(reader, value, 0)
            if not wanted.isdisjoint(gives):
                wanted |= takes
                kept.add(index)
    for index, (number, value, _) in enumerate(fields):
        if number == WEIGHT and _name(reader, value, 8) not in wanted:
            continue
        if number == OUTPUT and _name(reader, value, 1) != output:
            continue
        if number not in (NODE, BETWEEN):  # shapes in between are found again
            kept.add(index)
    return b"".join(bytes(fields[index][2]) for index in sorted(kept))


def _names(reader: Reader, view, depth: int) -> tuple[set[str], set[str]]:
    """What a node takes, that of the graphs in it too, and what it gives."""
    if depth > MAX_DEPTH:
        raise ModelError(f"{reader.path}: has graphs nested more than {MAX_DEPTH} deep.")
    takes, gives = set(), set()
    for number, value in reader.fields(view, {1: 2, 2: 2, 5: 2}):
        if number < 5:
            (takes if number == 1 else gives).add(bytes(value).decode())
            continue
        for _, graph in reader.fields(value, {6: 2, 11: 2}):
            for part, inner in reader.fields(graph, {NODE: 2, OUTPUT: 2}):
                takes |= _names(reader, inner, depth + 1)[0] if part == NODE else {_name(reader, inner, 1)}
    return takes - {""}, gives - {""}  # an input left out has no name


def _name(reader: Reader, view, field: int) -> str:
    return bytes(dict(reader.fields(view, {field: 2})).get(field, b"")).decode()


def _fields(reader: Reader, view):
    """(number, value, the field as it stands) of a message."""
    position = 0
    while position < len(view):
        number, _, value, end = reader.field(view, position)
        yield number, value, view[position:end]
        position = end
