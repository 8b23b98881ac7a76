"""What text files say about images: manifest.csv (facts) and lists of labels; standard library only, opens no image.

Called by image_files.py.
"""

import csv
import io
import json
import os
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .errors import DatasetError


@dataclass(frozen=True)
class Facts:
    """What a manifest.csv says about a file; empty where it says nothing."""

    label: str = ""
    material: str = ""
    group: str = ""
    map: str = ""
    source: str = ""
    licence: str = ""
    author: str = ""
    tileable: bool | None = None
    convention: str = ""


def is_utf8(text: str) -> bool:
    """Whether a file can hold it: names of files and words of JSON may have bytes that are no text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def printable(text: str) -> str:
    """`text` with what is no text written as \\xff."""
    return os.fsencode(text).decode(errors="backslashreplace")


def _rows(text: str, path: str, needed: Callable[[list[str]], tuple[str, ...]]) -> list[dict[str, str]]:
    """`needed`: the columns there are -> those that must be there."""
    reader = csv.DictReader(
        io.StringIO(text.lstrip("\ufeff"), newline=None)
    )  # None: line ends of all systems
    try:
        columns = list(reader.fieldnames or ())
        missing = [name for name in needed(columns) if name not in columns]
        if missing:
            hint = (
                " Separate the columns by commas."
                if len(columns) == 1 and set(columns[0]) & set(";\t")
                else ""
            )
            raise DatasetError(f"{path}: has no column {missing[0]!r} (columns: {', '.join(columns)}).{hint}")
        return [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]
    except csv.Error as error:
        raise DatasetError(
            f"{path}: line {reader.reader.line_num}: is not CSV ({error}). Is a quotation mark left open there?"
        ) from error


def _decoded(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: is not UTF-8 text ({error}). Save it as UTF-8.") from error


def read_facts(read: Callable[[], bytes] | None, root: Path) -> dict[str, Facts]:
    """manifest.csv by path; only the columns `path` and what it has of class, material_id, group, map, ... are used."""
    if read is None:
        return {}
    facts, path = {}, f"{root}/manifest.csv"
    try:
        text = _decoded(read(), path)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror or error}).") from error
    for row in _rows(text, path, lambda _: ("path",)):
        facts[row["path"]] = Facts(
            label=row.get("class", ""),
            material=row.get("material_id", ""),
            group=row.get("group", ""),
            map=row.get("map", ""),
            source=row.get("source") or row.get("upstream") or row.get("source_repo", ""),
            licence=row.get("licence") or row.get("license", ""),
            author=row.get("author", ""),
            tileable=_tileable(row.get("tileable", ""), row.get("seam_ratio", "")),
            convention=row.get("normal_format", "") if row.get("normal_format") in ("gl", "dx") else "",
        )
    return facts


def _tileable(claim: str, seam_ratio: str) -> bool | None:
    """The source's claim, refuted by a measured seam: below about 1.6 an image really wraps."""
    word = claim.lower().split(" ")[0]
    said = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(word)
    try:
        wraps = float(seam_ratio) < 1.6
    except ValueError:
        return said
    return bool(said) and wraps if said is not None else None


def read_labels(path: Path) -> dict[str, str]:
    """File -> label, from a JSON object {path: label} or a CSV with the columns path (or file) and label (or class)."""
    try:
        text = _decoded(path.read_bytes(), str(path))
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be read ({error.strerror}). --labels takes 'folders', a CSV or a JSON file."
        ) from error
    pairs = _labels_of_json(text, path) if path.suffix.lower() == ".json" else _labels_of_csv(text, path)
    return {file.replace("\\", "/").removeprefix("./"): label for file, label in pairs if label}


def _labels_of_json(text: str, path: Path) -> list[tuple[str, str]]:
    def once(pairs):
        twice = [key for key, count in Counter(key for key, _ in pairs).items() if count > 1]
        if twice:
            raise DatasetError(f"{path}: {twice[0]!r} stands there twice.")
        return dict(pairs)

    try:
        labels = json.loads(text.lstrip("\ufeff"), object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise DatasetError(f"{path}: is not JSON ({error}).") from error
    if not isinstance(labels, dict) or not all(isinstance(label, str) for label in labels.values()):
        raise DatasetError(f'{path}: must be one object {{"path of the image": "label"}}.')
    if broken := [name for pair in labels.items() for name in pair if not is_utf8(name)]:
        raise DatasetError(f"{path}: {broken[0]!a} is no text: half a character.")
    return [(file, label.strip()) for file, label in labels.items()]


def _labels_of_csv(text: str, path: Path) -> list[tuple[str, str]]:
    def names(columns: list[str]) -> tuple[str, str]:
        return "path" if "path" in columns else "file", "label" if "label" in columns else "class"

    rows = _rows(text, str(path), names)
    key, value = names(list(rows[0])) if rows else ("", "")
    return [(row[key], row[value]) for row in rows]
