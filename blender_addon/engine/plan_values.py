"""What a single value of a plan may be: each reader takes the Reader and the value, or raises what is wrong with it.

Standard library only. Between plan_source.py and plan_reader.py.
"""

import hashlib
import re
from collections.abc import Callable, Iterable

from . import asset_catalog, asset_names, library
from .card_values import check_weights
from .errors import GanCubeError
from .plan import MESH_FILES, MOST_ASSETS, PRIMITIVES
from .plan_source import KeyPath
from .seeds import MASK, parse_seed

RANGE = re.compile(r"\s*([0-9]{1,40})\s*-\s*([0-9]{1,40})\s*")
WHOLE = re.compile(r"\s*[+-]?[0-9]+\s*")
NO_WORD = re.compile(
    r"[\s0-9.,;:+~_/\u2010-\u2015\u2212\u2026-]*[0-9][\s0-9.,;:+~_/\u2010-\u2015\u2212\u2026-]*"
)
TAG_BYTES = 63  # in Blender's asset browser


class Fault(Exception):
    """What is wrong with a value: a sentence that goes behind its place, or several with keys inside the value."""

    def __init__(self, *sentences: str, inside: Iterable[tuple[KeyPath, str]] = ()):
        self.found = [*(((), sentence) for sentence in sentences), *inside]
        super().__init__(*sentences)


def choice(words: tuple[str, ...]) -> Callable:
    def read(reader, value) -> str:
        if not isinstance(value, str) or value not in words:
            raise Fault(f"{value!r} is none of {', '.join(words)}.")
        return value

    return read


def whole_from(least: int, most: int) -> Callable:
    def read(reader, value) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise Fault(f"{value!r} must be a whole number from {least} to {most}.")
        return value

    return read


def number_from(least: float, most: float) -> Callable:
    def read(reader, value) -> float:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise Fault(f"{value!r} must be a number from {least:g} to {most:g}.")
        return float(value)

    return read


def list_of(read_one: Callable) -> Callable:
    """One or several; each faulty entry is told."""

    def read(reader, value) -> tuple:
        entries = value if isinstance(value, list) else [value]
        if not entries:
            raise Fault("is an empty list. Leave the key out, or put something in.")
        found, wrong = [], []
        for n, entry in enumerate(entries):
            keys = (n,) if entries is value else ()
            try:
                found.append(read_one(reader, entry))
            except Fault as fault:
                wrong += [((*keys, *below), sentence) for below, sentence in fault.found]
            except GanCubeError as error:
                wrong.append((keys, str(error)))
        if not wrong:
            wrong = [
                ((n,), f"{one!r} stands there twice.") for n, one in enumerate(entries) if one in entries[:n]
            ]
        if wrong:
            raise Fault(inside=wrong)
        return tuple(found)

    return read


def text(value, what: str) -> str:
    if not isinstance(value, str) or not value.strip() or not value.isprintable():
        raise Fault(f"{value!r} must be {what}.")
    return value


def target(reader, value) -> tuple[str, str, str]:
    """(source, object, sha256) of "sphere", "meshes/barrel.glb" or "props.blend#Chair"."""
    text(value, "a shape or the path of a mesh file")
    if value in PRIMITIVES:
        return value, "", ""
    named, _, inside = value.partition(".blend#")
    named += ".blend" if inside else ""
    path = reader.source.folder / named
    if path.suffix.lower() not in MESH_FILES:
        raise Fault(
            f"{value!r} is neither one of {', '.join(PRIMITIVES)} nor a file ending in {', '.join(MESH_FILES)}."
        )
    try:
        with path.open("rb") as file:
            return str(path), inside, hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError) as error:
        raise Fault(f"{named}: cannot be read ({getattr(error, 'strerror', None) or error}).") from error


def model(reader, value) -> library.Entry:
    text(value, "the name or the path of a generator")
    beside = reader.source.folder / value  # a path in a plan is meant from the plan's folder
    is_beside = beside.suffix == ".onnx" and beside.is_file()
    entry = library.read_entry(beside if is_beside else library.find(value, reader.folders))
    if entry.fault:
        raise Fault(entry.fault)
    return entry


def label(reader, value):
    if isinstance(value, dict):
        weights = numbers(reader, value)
        check_weights(weights)
        return weights
    return text(value, "a label's name, or a table of names and weights")


def numbers(reader, value) -> dict:
    if not isinstance(value, dict) or not value:
        raise Fault("must be a table of names and numbers: { psi = 0.5 }, in a CSV psi=0.5;x=1.")
    found, wrong = {}, []
    for key, one in value.items():
        try:
            found[text(key, "a name")] = number_from(-1e30, 1e30)(reader, one)
        except Fault as fault:
            wrong.append(((key,), str(fault)))
    if wrong:
        raise Fault(inside=wrong)
    return found


def seeds(reader, value) -> range:
    """A number, any word, or "1-200"."""
    if isinstance(value, str) and (match := RANGE.fullmatch(value)):
        first, last = int(match[1]), int(match[2])
        if last > MASK:
            raise Fault(f"{value!r} goes beyond 64 bits. Whole numbers go up to {MASK}.")
        if last < first:
            raise Fault(f"{value!r} runs backwards: the smaller number comes first.")
        if last - first >= MOST_ASSETS:
            raise Fault(f"{value!r} are more than {MOST_ASSETS} seeds.")
        return range(first, last + 1)
    seed = one_seed(value)
    return range(seed, seed + 1)


def one_seed(value) -> int:
    """A number or any word; what looks like a range and is none would be a word that nobody meant."""
    if isinstance(value, str) and NO_WORD.fullmatch(value) and not WHOLE.fullmatch(value):
        raise Fault(f'{value!r} is neither a number nor a word. A range of seeds is written "1-20".')
    return parse_seed(value)


def tag(reader, value) -> str:
    text(value, "a word")
    if len(value.encode()) > TAG_BYTES:
        raise Fault(f"{value!r} is longer than {TAG_BYTES} bytes.")
    return value


def catalog(reader, value) -> str:
    asset_names.check_fields(text(value, "a catalog such as Walls/{label}"))
    if not asset_catalog.clean_path(value):
        raise Fault(f"{value!r} names no catalog; Walls/{{label}} would.")
    return value


def template(reader, value) -> str:
    asset_names.check_template(text(value, "a name such as {label}-{seed}"))
    return value
