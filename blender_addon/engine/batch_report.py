"""The report of a batch: one line of JSON an asset, in report.jsonl and beside the asset. Standard library only.

Previous station: batch_run.py. What stands beside an asset says whether it is whole, also where a kill came before
the line: so nothing is made twice. Next: report_page.py.
"""

import hashlib
import json
import os
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .files import write_atomic
from .plan import Asset

FILE, PAGE, SHEET = "report.jsonl", "report.html", "contact_sheet.png"
ROOM = ".gancube"  # the lock, and the folders that workers fill
BESIDE = ".report.json"  # behind an asset's name
THUMBNAIL = ".thumbnail.png"
MADE, FAILED = "made", "failed"
MOST_BYTES = 2**30


@dataclass(frozen=True)
class Line:
    """files: {"path" below the output folder, "formats", "bytes", "sha256"}; seconds: {stage: s}; validator: faults.

    key: of plan.Asset, by which an asset is known again. recipe: as an object, None where it failed before.
    """

    asset: str
    status: str
    key: str
    recipe: dict | None = None
    files: tuple = ()
    seconds: dict = field(default_factory=dict)
    validator: dict = field(default_factory=dict)
    error: str = ""

    def dumps(self) -> str:
        return json.dumps(asdict(self), sort_keys=False, separators=(",", ":"))


def loads(text: str) -> Line | None:
    """None for what is no line of ours: half a line after a kill, or a file of somebody else."""
    try:
        data = json.loads(text)
        line = Line(**{**data, "files": tuple(data["files"])})
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    names = (line.asset, line.status, line.key)
    files = all(
        isinstance(one, dict) and {"path", "bytes", "sha256"} <= set(one) and isinstance(one["path"], str)
        for one in line.files
    )
    return line if files and all(isinstance(one, str) for one in names) else None


def read(out: Path) -> dict[str, Line]:
    """{asset: its latest line}."""
    try:
        text = (out / FILE).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return {}
    lines = (loads(one) for one in text.splitlines() if one.strip())
    return {line.asset: line for line in lines if line is not None}


def write(out: Path, lines: list[Line]) -> None:
    write_atomic(out / FILE, "".join(line.dumps() + "\n" for line in lines).encode())


def place_of(asset: Asset, layout: str) -> str:
    """Where the asset's files are, as a path below the output folder without suffix."""
    return f"{asset.name}/{asset.title}" if layout == "folders" else asset.name


def beside(out: Path, asset: Asset, layout: str) -> Line | None:
    """What the asset's own files say of it."""
    path = out / (place_of(asset, layout) + BESIDE)
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        return loads(path.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return None


def is_whole(out: Path, asset: Asset, line: Line | None, layout: str) -> bool:
    """Made as the plan says, where it says, with every file there and unchanged."""
    if line is None or line.status != MADE or line.key != asset.key() or not line.files:
        return False
    place = re.compile(re.escape(place_of(asset, layout)) + r"[._].*", re.DOTALL)
    return all(place.fullmatch(one["path"]) and is_unchanged(out, one) for one in line.files)


def is_gone(out: Path, line: Line) -> bool:
    """Made once, and removed since."""
    return line.status == MADE and not all(os.path.isfile(out / one["path"]) for one in line.files)


def is_unchanged(out: Path, file: dict) -> bool:
    path = out / file["path"]
    try:
        return os.path.getsize(path) == file["bytes"] and sha256(path) == file["sha256"]
    except (OSError, ValueError):
        return False


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
