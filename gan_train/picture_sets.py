"""Draws the pictures that are compared: views of real materials and samples of a generator; numpy, Pillow, engine.

Previous stations: manifest.py, model_source.py. Next: features.py. A view is a square of the samples' size; where a
material tiles, it starts anywhere and runs across the border. All sets are drawn evenly over the labels.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image

from blender_addon.engine.model import Model
from blender_addon.engine.pixels import to_uint8

from .errors import DatasetError
from .manifest import Item, Manifest


@dataclass(frozen=True)
class PictureSet:
    """Pictures with the index of their label."""

    pictures: np.ndarray  # [N, H, W, 3] uint8 sRGB
    labels: np.ndarray  # [N] int64, indices into the common labels
    materials: tuple[str, ...] = ()  # of each real picture

    def spread(self, count: int) -> "PictureSet":
        """`count` of the set, spread evenly over it, so that every label keeps its share."""
        chosen = np.linspace(0, len(self.labels) - 1, count).round().astype(int)
        materials = tuple(self.materials[index] for index in chosen) if self.materials else ()
        return PictureSet(self.pictures[chosen], self.labels[chosen], materials)

    def crops(self, size: int, seed: int | list[int]) -> "PictureSet":
        """One random square of `size` pixels of each picture."""
        rng = np.random.default_rng(seed)
        n, height, width, _ = self.pictures.shape
        top, left = rng.integers(0, height - size + 1, n), rng.integers(0, width - size + 1, n)
        rows, columns = top[:, None] + np.arange(size), left[:, None] + np.arange(size)
        cut = self.pictures[np.arange(n)[:, None, None], rows[:, :, None], columns[:, None, :]]
        return PictureSet(cut, self.labels, self.materials)


class RealPictures:
    """The prepared images in memory."""

    def __init__(self, manifest: Manifest, labels: tuple[str, ...]):
        self.labels = labels
        self.items = [item for item in manifest.items if item.label in labels]
        self.pixels = {item.file: load_pixels(manifest, item) for item in self.items}
        self.short_side = min(min(item.width, item.height) for item in self.items)
        if self.is_cut():
            longest = min(max(item.width, item.height) for item in self.items)
            self.short_side = min(self.short_side, longest // 2)

    def is_cut(self) -> bool:
        """No label has two materials, as where a generator learns from one photo."""
        return len({item.material for item in self.items}) <= len({item.label for item in self.items})

    def halves(self) -> tuple[list[Item], list[Item]]:
        """`disjoint_halves` of the items; where each label has one material only, its pictures are cut in two."""
        if not self.is_cut():
            return disjoint_halves(self.items)
        halves = [], []
        for item in self.items:
            axis = 0 if item.height > item.width else 1
            middle = self.pixels[item.file].shape[axis] // 2
            pieces = np.split(self.pixels[item.file], [middle], axis)
            for half, name, piece in zip(halves, "ab", pieces, strict=True):
                part = replace(item, file=f"{item.file}#{name}", tileable=False)
                self.pixels[part.file] = piece
                half.append(part)
        return halves

    def tileable(self) -> list[np.ndarray]:
        """[H, W, 3] uint8 of those that are said to tile, whole."""
        return [self.pixels[item.file] for item in self.items if item.tileable]

    def views(self, items: list[Item], per_label: int, size: int, seed: int | list[int]) -> PictureSet:
        """`per_label` views of each label, the label's materials in turn."""
        rng = np.random.default_rng(seed)
        pictures, labels, materials = [], [], []
        for index, label in enumerate(self.labels):
            members = [item for item in items if item.label == label]
            if not members:
                continue
            order = rng.permutation(len(members))
            for number in range(per_label):
                item = members[order[number % len(members)]]
                pictures.append(draw_view(self.pixels[item.file], bool(item.tileable), size, rng))
                labels.append(index)
                materials.append(item.material)
        return PictureSet(np.stack(pictures), np.array(labels), tuple(materials))


def load_pixels(manifest: Manifest, item: Item) -> np.ndarray:
    """[H, W, 3] uint8 of one item; transparent pictures lie on grey."""
    try:
        with Image.open(manifest.path(item)) as image:
            if image.mode in ("LA", "RGBA"):
                pixels = np.asarray(image.convert("RGBA"))
                return on_grey(pixels[..., :3], pixels[..., 3:] / np.float32(255))
            return np.asarray(image.convert("RGB"))
    except (OSError, ValueError, SyntaxError) as error:
        raise DatasetError(
            f"{manifest.path(item)}: cannot be read ({error}). Prepare the dataset again."
        ) from error


def draw_view(pixels: np.ndarray, wraps: bool, size: int, rng: np.random.Generator) -> np.ndarray:
    """[size, size, 3] out of [H, W, 3]; across the border where the picture wraps and is large enough to show no
    repeat."""
    height, width = pixels.shape[:2]
    if wraps:
        pixels = np.roll(pixels, (rng.integers(height), rng.integers(width)), (0, 1))
    top, left = rng.integers(0, height - size + 1), rng.integers(0, width - size + 1)
    return pixels[top : top + size, left : left + size]


def disjoint_halves(items: list[Item]) -> tuple[list[Item], list[Item]]:
    """Two halves that share no group of materials, each with every label that has two groups; by hash, not by chance.

    A label of one group only would lie in one half alone: it is divided by material instead.
    """
    first, second, side = [], [], {}
    for label in sorted({item.label for item in items}):
        members = [item for item in items if item.label == label]
        key = "group" if len({item.group for item in members}) > 1 else "material"
        names = sorted(
            {getattr(item, key) for item in members},
            key=lambda name: hashlib.sha256(name.encode()).hexdigest(),
        )
        sizes = [0, 0]
        for name in names:
            belongs = [item for item in members if getattr(item, key) == name]
            which = side.setdefault((key, name), int(sizes[0] > sizes[1]))
            sizes[which] += len(belongs)
            (second if which else first).extend(belongs)
    return first, second


def draw_samples(
    model: Model,
    labels: tuple[str, ...],
    per_label: int,
    size: int,
    seed: int,
    progress: Callable[[int, int], None] = lambda done, total: None,
    each: Callable[[dict[str, np.ndarray]], None] = lambda maps: None,
) -> PictureSet:
    """Base colours for texture seeds seed, seed + 1, ...: `per_label` of each of `labels` (none: the model has
    none). `each` is given all maps of each sample."""
    asked = [(index, label) for index, label in enumerate(labels) for _ in range(per_label)]
    pictures = []
    for number, (_, label) in enumerate(asked):
        texture = model.render((seed + number) % 2**64, label if model.card.labels else None, size)
        pictures.append(base_color(model, texture.maps))
        each(texture.maps)
        progress(number + 1, len(asked))
    known = model.card.labels
    return PictureSet(np.stack(pictures), np.array([index if known else 0 for index, _ in asked]))


def base_color(model: Model, maps: dict[str, np.ndarray]) -> np.ndarray:
    """[H, W, 3] uint8 sRGB: the base colour, or the first map where a model has none; grey is repeated, and what is
    transparent lies on grey."""
    unit = maps.get("base_color", next(iter(maps.values())))
    color = np.broadcast_to(to_uint8(unit), (*unit.shape[:2], 3))
    return on_grey(color, maps["alpha"]) if "alpha" in maps else color


def on_grey(color: np.ndarray, alpha: np.ndarray) -> np.ndarray:
    """[H, W, 3] uint8 over middle grey, alpha [H, W, 1] in [0, 1]: transparent pictures are compared like that."""
    return np.floor(128 + (color.astype(np.float32) - 128) * alpha + np.float32(0.5)).astype(np.uint8)
