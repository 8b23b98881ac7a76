"""A text layer of USD as a tree of prims: what the checker and the recipe need of it. Standard library only.

Files may come from anywhere: depth and sizes are limited, and what is not understood is a RecipeError. Values: text
(str), Asset, Target (a path in angle brackets), Raw (numbers, tuples and arrays as they stand), dict.
"""

import re
from dataclasses import dataclass, field

from .errors import RecipeError

DEEPEST = 60
MOST_PRIMS = 500_000
SPACE = re.compile(r"(?:[\s;]|#[^\n]*|//[^\n]*)*")
WORD = re.compile(r"[A-Za-z_][\w:.]*(?:\[\])?")
NUMBER = re.compile(r"[-+]?(?:inf|nan|[0-9.][0-9.eE+-]*)")
STRING = re.compile(
    r"""('{3}|"{3})(?:[^\\]|\\.)*?\1"""  # over several lines
    r"""|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'""",
    re.S,
)
ASSET = re.compile(r"@@@(.*?)@@@|@([^@\n]*)@", re.S)
TARGET = re.compile(r"<([^>\n]*)>")
# Up to the next bracket or string: what lies between is numbers and commas.
PLAIN = re.compile(r"[^\[\]()\"'@<{}]*")
ESCAPE = re.compile(r"\\(x[0-9A-Fa-f]{2}|[0-7]{1,3}|.)", re.S)
ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}


class Asset(str):
    """The path between two @."""


class Target(str):
    """The path between < and >."""


class Raw(str):
    """Text of numbers, tuples or arrays."""


@dataclass
class Property:
    kind: str  # "float", "rel", ...
    value: object = None
    metadata: dict = field(default_factory=dict)


@dataclass
class Prim:
    path: str
    kind: str  # "Mesh", "" where it has no type
    specifier: str  # def, over or class
    metadata: dict = field(default_factory=dict)
    properties: dict[str, Property] = field(default_factory=dict)  # "inputs:file", "inputs:st.connect"


@dataclass
class Layer:
    metadata: dict
    prims: dict[str, Prim]  # in their order


def read(text: str, only_metadata: bool = False) -> Layer:
    """The layer of `text`; with only_metadata what stands in front of the first prim."""
    if not text.startswith("#usda 1."):
        raise RecipeError("is not a text layer of USD.")
    reader = Reader(text)
    metadata = reader.metadata() if reader.peek() == "(" else {}
    prims: dict[str, Prim] = {}
    if not only_metadata:
        while reader.peek():
            reader.statement("", prims, None, 0)
    return Layer(metadata, prims)


class Reader:
    """Walks over the text; every method begins where the last one ended."""

    def __init__(self, text: str):
        self.text, self.position = text, 0

    def peek(self) -> str:
        self.position = SPACE.match(self.text, self.position).end()
        return self.text[self.position : self.position + 1]

    def fail(self, wanted: str):
        line = self.text.count("\n", 0, self.position) + 1
        raise RecipeError(f"line {line}: the USD is damaged: {wanted} is missing.")

    def take(self, mark: str) -> None:
        if self.peek() != mark:
            self.fail(repr(mark))
        self.position += 1

    def word(self) -> str:
        self.peek()
        match = WORD.match(self.text, self.position)
        if not match:
            self.fail("a name")
        self.position = match.end()
        return match[0]

    def match(self, pattern: re.Pattern, wanted: str) -> re.Match:
        self.peek()
        match = pattern.match(self.text, self.position)
        if not match:
            self.fail(wanted)
        self.position = match.end()
        return match

    def string(self) -> str:
        quoted = self.match(STRING, "a quoted text")[0]
        edge = 3 if quoted[:3] in ('"""', "'''") else 1
        return ESCAPE.sub(_unescaped, quoted[edge:-edge])

    def metadata(self, depth: int = 0) -> dict:
        """`( "doc" key = value prepend key = value )`"""
        self.take("(")
        found = {}
        while (first := self.peek()) != ")":
            if first in "\"'":
                found["doc"] = self.string()
                continue
            if first == ",":
                self.position += 1
                continue
            name = self.word()
            if name in ("prepend", "append", "add", "delete", "reorder"):
                name = self.word()
            self.take("=")
            found[name] = self.value(depth + 1)
        self.take(")")
        return found

    def value(self, depth: int = 0):
        if depth > DEEPEST:
            raise RecipeError("the USD is nested too deep.")
        first = self.peek()
        if first and first in "\"'":
            return self.string()
        if first == "@":
            match = self.match(ASSET, "the end of a path")
            return Asset(match[1] if match[1] is not None else match[2])
        if first == "<":
            return Target(self.match(TARGET, "the end of a path")[1])
        if first == "{":
            return self.dictionary(depth + 1)
        if first and first in "[(":
            return self.raw()
        if first.isalpha() or first == "_":
            return Raw(self.word())  # true, None, a token without quotes
        return Raw(self.match(NUMBER, "a value")[0])

    def raw(self) -> Raw:
        """A tuple or an array as it stands, its brackets in pairs."""
        start, depth = self.position, 0
        while True:
            self.position = PLAIN.match(self.text, self.position).end()
            mark = self.text[self.position : self.position + 1]
            if mark in "\"'" and mark:
                self.match(STRING, "the end of a text")
            elif mark == "@":
                self.match(ASSET, "the end of a path")
            elif not mark:
                self.fail("a closing bracket")
            else:
                depth += {"[": 1, "(": 1, "{": 1}.get(mark, -1 if mark in "])}" else 0)
                self.position += 1
                if depth == 0:
                    return Raw(self.text[start : self.position])

    def dictionary(self, depth: int) -> dict:
        """`{ string name = "value" ... }`, or the times of an animation."""
        self.take("{")
        found = {}
        while (first := self.peek()) != "}":
            if first == ",":
                self.position += 1
            elif first.isdigit() or first in "+-.":
                key = self.match(NUMBER, "a time")[0]
                self.take(":")
                found[key] = self.value(depth)
            else:
                self.word()
                key = self.string() if self.peek() and self.peek() in "\"'" else self.word()
                self.take("=")
                found[key] = self.value(depth)
        self.take("}")
        return found

    def statement(self, parent: str, prims: dict, owner: Prim | None, depth: int) -> None:
        if depth > DEEPEST or len(prims) > MOST_PRIMS:
            raise RecipeError("the USD is nested too deep, or has too many prims.")
        word = self.word()
        if word in ("def", "over", "class"):
            kind = self.word() if self.peek() not in ('"', "'") else ""
            prim = Prim(f"{parent}/{self.string()}", kind, word)
            if self.peek() == "(":
                prim.metadata = self.metadata()
            prims[prim.path] = prim
            self.block(prim, prims, depth)
        elif word == "variantSet" and owner is not None:
            self.string()
            self.take("=")
            self.take("{")
            while self.peek() != "}":  # every variant, as if chosen
                self.string()
                if self.peek() == "(":
                    self.metadata()
                self.block(owner, prims, depth)
            self.take("}")
        elif owner is not None:
            self.property(word, owner)
        else:
            self.fail("def, over or class")

    def block(self, prim: Prim, prims: dict, depth: int) -> None:
        self.take("{")
        while self.peek() != "}":
            self.statement(prim.path, prims, prim, depth + 1)
        self.take("}")

    def property(self, word: str, owner: Prim) -> None:
        while word in (
            "custom",
            "uniform",
            "varying",
            "config",
            "prepend",
            "append",
            "add",
            "delete",
            "reorder",
        ):
            word = self.word()
        one = Property(word)
        name = self.word()
        if self.peek() == "=":
            self.position += 1
            one.value = self.value()
        if self.peek() == "(":
            one.metadata = self.metadata()
        owner.properties[name] = one


def _unescaped(match: re.Match) -> str:
    code = match[1]
    if code[0] == "x" and len(code) == 3:
        return chr(int(code[1:], 16))
    if code[0].isdigit():
        return chr(int(code, 8))
    return ESCAPES.get(code, code)
