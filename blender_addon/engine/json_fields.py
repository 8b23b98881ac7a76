"""A JSON value that knows its file and path, so that complaints name a field. Standard library only; never numpy.

Under card_reader.py. The text comes out of a file from anywhere, so sizes, depths and numbers are bounded.
"""

import json
import math

from .errors import CardError

MAX_STRING = 100_000  # characters of a text in a free object


class Node:
    """A value of the JSON with the path that led to it, so that every complaint names its field."""

    def __init__(self, file: str, path: str, value):
        self.file, self.path, self.value = file, path, value

    def fail(self, what: str):
        raise CardError(f"{self.file}: {self.path}: {what}")

    def at(self, key) -> "Node":
        return Node(self.file, self._path_to(key), self.value[key])

    def _path_to(self, key) -> str:
        if isinstance(key, int):
            return f"{self.path}[{key}]"
        return key if self.path == "card" else f"{self.path}.{key}"

    def keys(self, required, optional=()) -> "Node":
        """This is an object with exactly these keys."""
        if not isinstance(self.value, dict):
            self.fail(f"must be an object with the keys {', '.join(required)}.")
        for key in required:
            if key not in self.value:
                Node(self.file, self._path_to(key), None).fail("is missing.")
        for key in self.value:
            if key not in required and key not in optional:
                self.at(key).fail(
                    "is not a key that this version knows. Correct its spelling, or take it out."
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

    def free(self, depth=0) -> dict:
        """An object whose keys are free: bounded in size and depth, texts printable, numbers finite."""
        if not isinstance(self.value, dict) or depth > 6:
            self.fail("must be an object, at most six deep.")
        if len(self.value) > 1000:
            self.fail("has more than 1000 keys.")
        for key in self.value:
            Node(self.file, self.path, key).text(1)
            entries = self.at(key).items(0, 10_000) if isinstance(self.value[key], list) else [self.at(key)]
            for entry in entries:
                if isinstance(entry.value, dict):
                    entry.free(depth + 1)
                elif isinstance(entry.value, str):
                    entry.text(most=MAX_STRING)
                elif isinstance(entry.value, float) and not math.isfinite(entry.value):
                    entry.fail("is not a finite number.")
                elif isinstance(entry.value, int) and abs(entry.value) > 2**64:
                    entry.fail("is too large.")
                elif isinstance(entry.value, list):
                    entry.fail("is a list in a list.")
        return self.value

    def unique(self, names, what: str) -> None:
        """`names`, found in this value, are all different."""
        twice = repeated(names)
        if twice is not None:
            self.fail(f"holds the {what} {twice!r} twice.")


def load_json(text: str, file: str, most: int):
    """The JSON with duplicate keys, NaN and absurd sizes refused."""

    def pairs(found):
        twice = repeated([key for key, _ in found])
        if twice is not None:
            raise CardError(f"{file}: {twice[:100]}: stands twice in one object.")
        return dict(found)

    def constant(name):
        raise CardError(f"{file}: card: holds {name}, which is not a number that JSON knows.")

    if len(text) > most:
        raise CardError(f"{file}: card: is longer than {most} characters.")
    try:
        return json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        raise CardError(f"{file}: card: is not JSON ({str(error)[:200]}).") from error


def repeated(names):
    """The first entry that stands twice, or None."""
    seen = set()
    return next((name for name in names if name in seen or seen.add(name)), None)
