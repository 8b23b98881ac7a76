"""What a single value of a plan may be: each reader takes the Reader and the value, or raises what is wrong with it.

Standard library only. Between plan_source.py and plan_reader.py.
"""

import hashlib
import re
from collections.abc import Callable

from . import asset_catalog, asset_names, library
from .errors import GanCubeError
from .plan import MESH_FILES, MOST_ASSETS, PRIMITIVES
from .seeds import MASK, parse_seed

RANGE = re.compile(r"\s*([0-9]{1,40})\s*-\s*([0-9]{1,40})\s*")
TAG_BYTES = 63  # in Blender's asset browser


class Fault(Exception):
    """One of them, as a sentence that goes behind its place."""


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
        for entry in entries:
            try:
                found.append(read_one(reader, entry))
            except (Fault, GanCubeError) as error:
                wrong.append(str(error))
        if wrong:
            raise Fault(" ".join(wrong))
        twice = next((one for n, one in enumerate(entries) if one in entries[:n]), None)
        if twice is not None:
            raise Fault(f"holds {twice!r} twice.")
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
        return numbers(reader, value)
    return text(value, "a label's name, or a table of names and weights")


def numbers(reader, value) -> dict:
    if not isinstance(value, dict) or not value:
        raise Fault("must be a table of names and numbers.")
    return {text(key, "a name"): number_from(-1e30, 1e30)(reader, one) for key, one in value.items()}


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
    seed = parse_seed(value)
    return range(seed, seed + 1)


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
