"""What a plan will take, in seconds and bytes, before anything is made. Standard library only.

Previous station: batch_command.py (--dry-run). From what the output folder already holds where it holds any of it, else
from figures measured with the shipped generator on one core of a server of 2023.
"""

import statistics
from pathlib import Path

from .engine import batch_report, library
from .engine.batch_report import MADE
from .engine.plan import Asset, Plan

START = 3.0  # seconds until a worker makes its first asset
# Seconds on one core for a million pixels of all maps of an image: generated and encoded, in a file, checked there.
# FORMAT: for each file, whatever is in it.
GENERATE = 0.75
FORMAT_PIXELS = {"glb": 0.2, "usdz": 0.2, "usd": 0.2, "fbx": 0.2, "obj": 0.2, "blend": 0.05, "png": 0.1}
FORMAT, CHECK = 0.05, 0.65
BAKE = 4.0
BYTES = 0.55  # of a PNG's pixel and channel
SMALLER = {"png": 1.0, "jpeg": 0.2, "webp": 0.2}


def estimate(plan: Plan, out: Path, workers: int) -> dict:
    """{"seconds", "bytes", "from": where the figures come from}."""
    lines = batch_report.read(out)
    known = [lines[a.name] for a in plan.assets if a.name in lines and lines[a.name].status == MADE]
    if known:
        seconds = statistics.fmean(sum(line.seconds.values()) for line in known) * len(plan.assets)
        size = statistics.fmean(sum(one["bytes"] for one in line.files) for line in known) * len(plan.assets)
        source = f"going by {len(known)} assets that are made"
    else:
        cards = {entry.path: entry.card for entry in library.entries(library.folders())}
        guesses = [guess(asset, cards, plan.check == "all") for asset in plan.assets]
        seconds, size = (sum(values) for values in zip(*guesses, strict=True))
        source = "estimated for one core of a usual server each"
    return {"seconds": round(START + seconds / workers, 1), "bytes": round(size), "from": source}


def guess(asset: Asset, cards: dict, check: bool) -> tuple[float, float]:
    """(seconds on one core, bytes)."""
    card = cards.get(Path(asset.request.model))
    side = asset.request.size or (card.default_size if card else 256)
    channels = card.channels if card else 8
    pixels = side * side * asset.request.count / 1e6
    checked = CHECK if check else 0.0
    seconds = pixels * GENERATE
    seconds += sum(FORMAT + pixels * (FORMAT_PIXELS[kind] + checked) for kind in asset.formats)
    if asset.target.mode == "box":
        seconds += BAKE * (asset.target.bake / 1024) ** 2
        pixels = asset.target.bake**2 / 1e6
    size = pixels * 1e6 * channels * BYTES * SMALLER[asset.encoding] * len(asset.formats)
    return seconds, size + 40_000
