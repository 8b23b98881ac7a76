"""Figures of `measure` in the card of an exported file. Engine only; no torch.

Previous station: panel.py (`summary`).
"""

import dataclasses
from pathlib import Path

from blender_addon.engine.card import CARD_KEY, dump_card, parse_card
from blender_addon.engine.match import card_text
from blender_addon.engine.onnx_file import read_onnx, write_metadata


def put_measures(path: Path, measures: dict[str, float]) -> None:
    """In place, whole or not at all. Nothing else of the file changes."""
    onnx = read_onnx(path)
    card = parse_card(card_text(onnx), str(path))
    card = dataclasses.replace(card, provenance=dataclasses.replace(card.provenance, measures=measures))
    write_metadata(path, path, {**onnx.metadata, CARD_KEY: dump_card(card)})
