"""A plan's text as plain values that know their lines: TOML, JSON or CSV. Standard library only; never bpy.

The standard library's readers give no positions, so lines are found by a second look at the text. Next station:
plan_reader.py checks what the values mean.
"""

import csv
import io
import json
import re
import tomllib
from dataclasses import dataclass, field
from json.decoder import scanstring
from pathlib import Path

from .errors import PlanError

MAX_BYTES = 64 * 2**20
# Of a CSV: what is a list, separated by ;, a table, psi=0.5;x=1, and what is a number. The rest is text, 007 too.
LISTS = ("targets", "models", "labels", "seeds", "sizes", "formats", "tags", "transform")
TABLES = ("scalars",)
NUMBERS = ("seeds", "sizes", "variations", "images", "width", "blend", "bake", *TABLES)
WHOLE = re.compile(r"[+-]?[0-9]{1,30}")
HEADER = re.compile(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]\]?\s*(?:#.*)?$")
KEY = re.compile(
    r"""\s*((?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|"[^"]*"|'[^']*'))*)\s*="""
)

KeyPath = tuple  # ("assets", 0, "seeds")


@dataclass(frozen=True)
class Source:
    """`values` as written; `lines`: {key path: line, from 1} of what has a line of its own; `folder`: of its paths."""

    file: str
    values: dict
    folder: Path
    lines: dict[KeyPath, int] = field(default_factory=dict)
    options: dict[str, str] = field(default_factory=dict)  # of the short form: {key: "--option"}

    def line(self, path: KeyPath) -> int | None:
        """Of the nearest around it that has one."""
        return next((self.lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in self.lines), None)

    def where(self, path: KeyPath) -> str:
        """ "plan.toml:12: assets[0].seeds", or "--seed"."""
        for key in reversed(path):
            if key in self.options:
                return self.options[key]
        line = self.line(path)
        words = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).lstrip(".")
        return ": ".join(part for part in (self.file + (f":{line}" if line else ""), words) if part)


def read_source(path) -> Source:
    """A .toml, .json or .csv file; PlanError where it is none."""
    path = Path(path)
    readers = {".toml": _toml, ".json": _json, ".csv": _csv}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise PlanError([f"{path}: a plan is a file that ends in {', '.join(readers)}."])
    try:
        if path.stat().st_size > MAX_BYTES:
            raise PlanError([f"{path}: is larger than a plan can be."])
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise PlanError([f"{path}: is not a text in UTF-8."]) from error
    except (OSError, ValueError) as error:
        raise PlanError([f"{path}: cannot be read ({getattr(error, 'strerror', None) or error})."]) from error
    values, lines = reader(text, path)
    return Source(str(path), values, path.absolute().parent, lines)


def _toml(text: str, path: Path) -> tuple[dict, dict]:
    try:
        return tomllib.loads(text), toml_lines(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        line = re.search(r"at line (\d+)", str(error))
        raise PlanError([f"{path}{':' + line[1] if line else ''}: is not TOML: {error}."]) from error


def toml_lines(text: str) -> dict[KeyPath, int]:
    """The line of each table and of each key that begins a line, in a text that is TOML."""
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}  # of [[arrays of tables]]
    table: KeyPath = ()
    depth, quotes = 0, ""  # inside brackets, inside a text of several lines
    for number, line in enumerate(text.splitlines(), 1):
        if not depth and not quotes:
            if header := HEADER.match(line):
                table = _counted(_keys(header[2]), counts, header[1] == "[[")
                for n in range(1, len(table) + 1):  # also of what a header names only in passing
                    lines.setdefault(table[:n], number)
                continue
            if key := KEY.match(line):
                path = (*table, *_keys(key[1]))
                lines.setdefault(path, number)
                line = line[key.end() :]
        depth, quotes = _after(line, depth, quotes)
    return lines


def _counted(keys: list[str], counts: dict, is_array: bool) -> KeyPath:
    """The path of a table header: below an array of tables it means the array's latest entry."""
    path: KeyPath = ()
    for n, key in enumerate(keys, 1):
        path = (*path, key)
        if n == len(keys) and is_array:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _keys(dotted: str) -> list[str]:
    return [key.strip("\"'") for key in re.findall(r"[A-Za-z0-9_-]+|\"[^\"]*\"|'[^']*'", dotted)]


def _after(line: str, depth: int, quotes: str) -> tuple[int, str]:
    """Depth of brackets and the open triple quotes at the end of a line."""
    at = 0
    while at < len(line):
        if quotes:
            end = line.find(quotes, at)
            if end < 0:
                return depth, quotes
            at, quotes = end + 3, ""
            continue
        if line[at : at + 3] in ('"""', "'''"):
            quotes, at = line[at : at + 3], at + 3
            continue
        if line[at] in "\"'":
            at = _closing(line, at)
        elif line[at] == "#":
            break
        else:
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(line[at], 0)
        at += 1
    return depth, quotes


def _closing(line: str, at: int) -> int:
    """Where the text that begins at `at` ends."""
    quote, end = line[at], at + 1
    while end < len(line) and line[end] != quote:
        end += 2 if line[end] == "\\" and quote == '"' else 1
    return end


def _json(text: str, path: Path) -> tuple[dict, dict]:
    try:
        values, lines = json.loads(text), json_lines(text)
    except Twice as twice:
        raise PlanError([f"{path}:{twice.line}: {twice.key[:100]}: stands twice in one object."]) from twice
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise PlanError([f"{path}{f':{line}' if line else ''}: is not JSON ({str(error)[:100]})."]) from error
    if isinstance(values, list):  # the bare list of assets
        values, lines = {"assets": values}, {("assets", *key): n for key, n in lines.items()}
    if not isinstance(values, dict):
        raise PlanError([f"{path}: must be an object, or a list of assets."])
    return values, lines


class Twice(Exception):
    """A key stands twice in one object of JSON."""

    def __init__(self, key: str, line: int):
        self.key, self.line = key, line


def json_lines(text: str) -> dict[KeyPath, int]:
    """The line of every key and entry, in a text that is JSON; Twice where the later of two keys would win unseen."""
    lines: dict[KeyPath, int] = {}
    open_: list[list] = []  # [what the current entry is called: a key, None before the first, or an index]
    line, at = 1, 0
    is_key = False
    while at < len(text):
        letter = text[at]
        if open_ and isinstance(open_[-1][0], int) and letter not in " \t\r\n,]":
            lines.setdefault(tuple(one[0] for one in open_), line)
        if letter == '"':
            word, at = scanstring(text, at + 1, False)
            if is_key:
                open_[-1][0] = word
                path = tuple(one[0] for one in open_)
                if path in lines:
                    raise Twice(word, line)
                lines[path] = line
                is_key = False
            continue
        if letter == "\n":
            line += 1
        elif letter in "{[":
            open_.append([None if letter == "{" else 0])
            is_key = letter == "{"
        elif letter in "}]":
            open_.pop()
        elif letter == ",":
            if isinstance(open_[-1][0], int):
                open_[-1][0] += 1
            else:
                is_key = True
        at += 1
    return lines


def _csv(text: str, path: Path) -> tuple[dict, dict]:
    """One group of assets a row, under a line of column names; empty cells are left out."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assets: list[dict] = []
    lines: dict[KeyPath, int] = {}
    try:
        columns = [name.strip() for name in next(rows, [])]
        if len(set(columns)) < len(columns) or "" in columns:
            raise PlanError([f"{path}:1: needs a name for each column, none of them twice."])
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            if len(row) > len(columns):
                raise PlanError([f"{path}:{rows.line_num}: has {len(row)} cells for {len(columns)} columns."])
            cells = {name: cell.strip() for name, cell in zip(columns, row, strict=False) if cell.strip()}
            lines["assets", len(assets)] = rows.line_num
            assets.append({name: _cell(name, cell) for name, cell in cells.items()})
    except csv.Error as error:
        raise PlanError([f"{path}:{rows.line_num}: is not CSV ({error})."]) from error
    return {"assets": assets}, lines


def _cell(name: str, cell: str):
    """A text, number or list as the other two kinds of file would have it."""
    read = _number if name in NUMBERS else str
    if name in TABLES and re.fullmatch(r"[^=;]+=[^=;]+(;[^=;]+=[^=;]+)*;?", cell):
        pairs = (part.split("=") for part in cell.split(";") if part.strip())
        return {key.strip(): read(value.strip()) for key, value in pairs}
    if name in LISTS:
        return [read(part.strip()) for part in cell.split(";") if part.strip()]
    return read(cell)


def _number(text: str):
    if WHOLE.fullmatch(text):
        return int(text)
    try:
        return float(text) if re.fullmatch(r"[+-]?[0-9]+\.[0-9]+", text) else text
    except ValueError:
        return text
