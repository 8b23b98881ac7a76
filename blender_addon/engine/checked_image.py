"""Reads one picture for the checker: its map by its name (brick_normal.png), with the height beside it. Never bpy."""

from pathlib import Path

from .card import MAPS
from .checked import Checked, CheckedMap, CheckedMaterial
from .recipe_files import MAX_IMAGE, read_bytes


def read(path: Path) -> Checked:
    facts = Checked(path, "image")
    facts.images[path.name] = read_bytes(path, MAX_IMAGE)
    role = next((role for role in MAPS if path.stem.endswith(role)), "base_color")
    material = CheckedMaterial(path.name, [CheckedMap(role, path.name)])
    if role == "normal":
        beside = path.with_name(f"{path.stem.removesuffix('normal')}height{path.suffix}")
        if beside.is_file():
            facts.images[beside.name] = read_bytes(beside, MAX_IMAGE)
            material.maps.append(CheckedMap("height", beside.name, (0, 1)))
    facts.materials = [material]
    return facts
