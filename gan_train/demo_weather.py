"""Training pairs for generators that paint a mesh by its shape: computed, nothing downloaded. Numpy and Pillow.

    demo_meshes.py -> `gancube geometry` (Blender, a process of its own) -> the rule below -> prepare --pairs

What is to be learned is a rule, not how the world weathers: three materials that a generator for textures made lie on
the mesh by box projection; where curvature is high the worn one shows, where little sky is seen the dirty one, both
frayed by noise. They are mixed as encoded colours. Only as real as the generator's pictures, and it says so in the
manifest.
"""

from __future__ import annotations

import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from blender_addon.engine.card import GEOMETRY
from blender_addon.engine.model import Model, generate
from blender_addon.engine.request import Request
from blender_addon.engine.seeds import derive

from .demo_data import COLUMNS
from .demo_meshes import random_mesh
from .errors import ConfigError, DatasetError
from .prepare_report import UNKNOWN_LICENCE
from .scales import means

ROLES = ("clean", "worn", "dirty")
TEXTURE = 256  # pixels of a texture, which spans the bounding cube once; half of them are kept
LABEL = "weathered"
EDGES, HOLLOWS, NOISE = (0.49, 0.62), (0.02, 0.5), (0.02, 0.05)  # from none to all of it; of wear, of dirt
TOGETHER = 8  # meshes that one Blender bakes


@dataclass(frozen=True)
class WeatherData:
    """What `gan-train geometry-pairs` is asked for."""

    out: Path
    model: Path
    """The generator of textures."""
    labels: tuple[str, str, str] = ("plaster", "concrete", "ground")
    """Of the clean, the worn and the dirty material."""
    count: int = 100
    size: int = 256
    seed: int = 0
    variety: int = 1
    """How many textures of each material there are."""
    meshes: Path | None = None
    """A folder of meshes instead of computed ones."""


def write_pairs(wish: WeatherData, progress=lambda done, total: None) -> list[str]:
    """OUT/colors/weathered/NAME.png and NAME_roughness.png, OUT/MAP/weathered/NAME.png; the names."""
    if not 64 <= wish.size <= 4096 or not 1 <= wish.count <= 10000 or not 1 <= wish.variety <= 64:
        raise ConfigError(
            "--size from 64 to 4096, --count from 1 to 10000 and --variety from 1 to 64, please."
        )
    out = wish.out.absolute()
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise DatasetError(f"{out}: exists and is not empty; choose another folder.")
    materials, rights = textures(wish)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".meshes-", dir=out) as room:
        meshes = mesh_files(wish, Path(room))
        names = []
        for number, maps in enumerate(baked(meshes, wish.size, Path(room) / "maps")):
            progress(number + 1, len(meshes))
            chosen = [one[number % wish.variety] for one in materials]
            made = weathered(maps, chosen, np.random.default_rng([wish.seed, 1, number]))
            name = f"mesh-{number:04d}"
            for key, values in maps.items():
                save(values, out / key / LABEL / f"{name}.png")
            for key, values in made.items():
                suffix = "" if key == "base_color" else f"_{key}"
                save(values, out / "colors" / LABEL / f"{name}{suffix}.png")
            names.append(name)
    write_manifest(out / "colors", names, [*made], rights)
    return names


def prepare_line(out: Path, data: str = "DATA") -> str:
    pairs = " ".join(f"--pairs {name}={out / name}" for name in GEOMETRY)
    return f"gan-train prepare {out / 'colors'} {pairs} --out {data}"


def textures(wish: WeatherData) -> tuple[list[list[dict]], tuple[str, str]]:
    """For each role its textures, {map name: [H, W, C] float32 in [0, 1]}, and authors and licences of the pictures
    that the generator was trained on: its own are made of them."""
    model = Model.load(wish.model, "cpu")
    if unknown := [label for label in wish.labels if label not in model.card.labels]:
        known = ", ".join(model.card.labels) or "none"
        raise ConfigError(f"{wish.model}: has no label {unknown[0]}. Its labels: {known}.")
    found = []
    for role, label in enumerate(wish.labels):
        seeds = tuple(derive(derive(wish.seed, role), i) for i in range(wish.variety))
        sets = generate(model, Request(str(wish.model), seeds, (label,) * wish.variety, TEXTURE))
        found.append(
            [{k: means(one.maps[k], 2) for k in ("base_color", "roughness") if k in one.maps} for one in sets]
        )
    facts = model.card.provenance
    computed = f"computed by gan-train geometry-pairs with {model.card.name} ({', '.join(wish.labels)})"
    licences = [one for one in facts.licences if one != UNKNOWN_LICENCE]
    known = bool(licences) and len(licences) == len(facts.licences)
    return found, (", ".join((*facts.authors, computed)), " AND ".join(sorted(licences)) if known else "")


def mesh_files(wish: WeatherData, room: Path) -> list[Path]:
    if wish.meshes is None:
        files = [room / f"mesh-{number:04d}.obj" for number in range(wish.count)]
        for number, file in enumerate(files):
            file.write_text(random_mesh(wish.seed, number), encoding="ascii")
        return files
    if not wish.meshes.is_dir():
        raise DatasetError(f"{wish.meshes}: no such folder.")
    files = sorted(p.resolve() for p in wish.meshes.iterdir() if p.suffix.lower() in (".obj", ".glb", ".fbx"))
    if not files:
        raise DatasetError(f"{wish.meshes}: holds no meshes. Files that end in .obj, .glb or .fbx are.")
    return files[: wish.count]


def baked(meshes: list[Path], size: int, folder: Path) -> Iterator[dict[str, np.ndarray]]:
    """{map name: [S, S, 1 or 3] uint8} of each, by `gancube geometry`: Blender is no part of training's own process."""
    root = Path(__file__).resolve().parent.parent  # a checkout need not be installed
    for first in range(0, len(meshes), TOGETHER):
        some = meshes[first : first + TOGETHER]
        words = ["geometry", *map(str, some), "--size", str(size), "--out", str(folder), "--quiet"]
        done = subprocess.run(
            [sys.executable, "-m", "blender_addon", *words], capture_output=True, text=True, cwd=root
        )
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise DatasetError(f"`gancube geometry` failed: {said.removeprefix('gancube: error: ')}")
        for mesh in some:
            yield {name: pixels(folder / f"{mesh.stem}_{name}.png") for name in GEOMETRY}


def pixels(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        values = np.asarray(image)
    return values if values.ndim == 3 else values[..., None]


def weathered(
    maps: dict[str, np.ndarray], materials: list[dict], rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """The target: {map name: [H, W, C] uint8}."""
    place, normal = maps["position"] / 255.0, maps["object_normal"] / 127.5 - 1
    wear, dirt = shares(maps, rng)
    shown = [set(one) for one in materials]
    made = {}
    for name in [key for key in ("base_color", "roughness") if all(key in one for one in shown)]:
        clean, worn, dirty = (projected(one[name], place, normal) for one in materials)
        mixed = clean + (worn - clean) * wear
        mixed = mixed + (dirty - mixed) * dirt
        made[name] = np.floor(np.clip(mixed, 0, 1) * 255 + 0.5).astype(np.uint8)
    return made


def shares(maps: dict[str, np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """[H, W, 1] twice in [0, 1]: how worn and how dirty each place is."""
    place = maps["position"] / 255.0
    curvature, shade = maps["curvature"][..., :1] / 255.0, 1 - maps["ao"][..., :1] / 255.0
    wear, dirt = (noise(place, rng) for _ in range(2))
    return (
        ramp(curvature + NOISE[0] * wear, *EDGES),
        0.85 * ramp(shade + 0.5 * np.maximum(0.45 - curvature, 0) + NOISE[1] * dirt, *HOLLOWS),
    )


def noise(place: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """[H, W, 3] in [0, 1] -> [H, W, 1], about -1 to 1: sines of random directions, three octaves."""
    total = np.zeros((*place.shape[:2], 1))
    for octave in range(3):
        for _ in range(6):
            along = rng.standard_normal(3) * 2 * np.pi * 2.5 * 2**octave
            total[..., 0] += np.sin(place @ along + rng.uniform(0, 2 * np.pi)) * 0.6**octave
    return np.clip(total / 3.5, -1, 1)


def ramp(x: np.ndarray, low: float, high: float) -> np.ndarray:
    t = np.clip((x - low) / (high - low), 0, 1)
    return t * t * (3 - 2 * t)


def projected(texture: np.ndarray, place: np.ndarray, normal: np.ndarray) -> np.ndarray:
    """Box projection of [h, w, C], which tiles, at places in [0, 1]^3: from the three sides, by the normal."""
    weight = np.abs(normal) ** 6
    weight = weight / np.maximum(weight.sum(-1, keepdims=True), 1e-6)
    total = 0
    for axis in range(3):
        u, v = (place[..., i] for i in range(3) if i != axis)
        total = total + weight[..., axis, None] * bilinear(texture, u + 0.37 * axis, v)
    return total + (1 - weight.sum(-1, keepdims=True)) * texture.mean((0, 1))


def bilinear(texture: np.ndarray, u: np.ndarray, v: np.ndarray) -> np.ndarray:
    height, width = texture.shape[:2]
    x, y = u * width - 0.5, -v * height - 0.5
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, down = (x - left)[..., None], (y - top)[..., None]
    rows = [(top + i) % height for i in (0, 1)]
    columns = [(left + i) % width for i in (0, 1)]
    upper, lower = (texture[row, columns[0]] * (1 - right) + texture[row, columns[1]] * right for row in rows)
    return upper * (1 - down) + lower * down


def save(values: np.ndarray, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(values[..., 0] if values.shape[2] == 1 else values).save(path)


def write_manifest(folder: Path, names: list[str], maps: list[str], rights: tuple[str, str]) -> None:
    words = {"base_color": ("", "basecolor")}
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for name in names:
            for key in maps:
                suffix, kind = words.get(key, (f"_{key}", key))
                path = f"{LABEL}/{name}{suffix}.png"
                writer.writerow((path, LABEL, f"geometry:{name}", kind, rights[0], "", rights[1], "no"))
