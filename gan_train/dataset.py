"""A prepared dataset in memory and the crops of each step: numpy and pillow, torch only to hand tensors over.

Before: prepare.py (files and dataset.json). After: families (which get the batch).

What step i draws depends only on (seed, i), never on what was drawn before: so resuming needs no sampler state.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .errors import ConfigError
from .family import Domain
from .lattice import step_weights
from .manifest import Item, Manifest, read_manifest
from .scales import Scaled, has_detail, read_size, scaled
from .surface_maps import decode_map

CELL = 8  # pixels of a latent cell: networks.CELL
MAPS = ("height", "roughness")  # beside the base colour, in this order


@dataclass(frozen=True)
class _Picture:
    pixels: np.ndarray  # [H, W, 3] uint8 sRGB
    maps: np.ndarray  # [H, W, M] float16 in [-1, 1], zeros where missing
    fine: (
        np.ndarray | None
    )  # both at the size that is drawn, where that is finer and the picture has the detail
    fine_maps: np.ndarray | None
    present: np.ndarray  # [M] bool
    wraps: bool
    steps: (
        np.ndarray
    )  # [H/8 * W/8] float64: how likely each shift by whole cells is chosen; even without lattice


class CropSampler:
    """Training images in memory, drawn as pairs of crops of the same material, the first with its maps."""

    def __init__(self, folder: str | Path, config):
        """`config`: a family's settings with `crop` (pixels that its encoder reads), `batch`, and `finer` where it
        draws finer than that. Raises DatasetError, ConfigError."""
        self.manifest: Manifest = read_manifest(folder)
        self.crop, self.batch, self.shifts = config.crop, config.batch, getattr(config, "shifts", 1)
        self.finer = getattr(config, "finer", 1)
        self.reads = max(self.manifest.size // self.finer, self.crop)  # pixels of a short side, at most
        items = self.manifest.split("train")
        # A crop may run once around what wraps.
        small = [i.file for i in items if self._short_side(i) * (2 if i.tileable else 1) < self.crop]
        if small:
            raise ConfigError(
                f"{folder}: {len(small)} images are smaller than the crops of {self.crop} px (such as {small[0]})"
                f"{f' as they are read, at {self.reads} px' if self.finer > 1 else ''}. "
                f"Set a smaller crop, or prepare the dataset without them."
            )
        labels = self.manifest.labels
        materials = sorted({item.material for item in items})
        label_of = {item.material: labels.index(item.label) for item in items}
        maps = tuple(name for name in MAPS if any(name in item.maps for item in items))
        self.domain = Domain(
            labels,
            tuple(materials),
            tuple(label_of[m] for m in materials),
            maps=("base_color", *maps),
            size=self.manifest.size,
            metallic=_metallic(items, labels),
        )
        self.pictures: list[list[_Picture]] = [[] for _ in materials]
        for item in items:
            picture = self._read(item, maps)
            self.pictures[materials.index(item.material)].append(picture)
        by_label = [
            [m for m, k in enumerate(self.domain.material_labels) if k == j] for j in range(len(labels))
        ]
        self.by_label = [members for members in by_label if members]

    @property
    def said(self) -> str:
        """How many pictures have what a decoder that draws finer needs; "" where it does not."""
        if self.finer == 1:
            return ""
        items, needs = self.manifest.split("train"), self.finer * self.reads
        count = sum(has_detail((i.width, i.height), self.reads, self.finer) for i in items)
        advice = "" if count else f": prepare larger ones with --size {needs}, or say --set finer=1"
        return f"{count} of {len(items)} pictures have the {needs} px that teach detail{advice}"

    def _short_side(self, item: Item) -> int:
        if self.finer == 1:
            return min(item.width, item.height)
        return min(read_size((item.width, item.height), self.reads, self.finer))

    def _read(self, item: Item, names: tuple[str, ...]) -> _Picture:
        with Image.open(self.manifest.path(item)) as image:
            pixels = np.asarray(image.convert("RGB"))
        maps = np.zeros((*pixels.shape[:2], len(names)), np.float16)
        for i, name in enumerate(names):
            if name in item.maps:
                values = decode_map((self.manifest.folder / item.maps[name]).read_bytes())
                maps[:, :, i] = values * 2 - 1
        present = np.array([name in item.maps for name in names], bool)
        heights = np.array([name == "height" for name in names], bool)
        one: Scaled = scaled(pixels, maps, heights, self.reads, self.finer)
        wraps = bool(item.tileable) and not one.cut
        return _Picture(
            one.pixels, one.maps, one.fine, one.fine_maps, present, wraps, self._steps(one.pixels)
        )

    def _steps(self, pixels: np.ndarray) -> np.ndarray:
        """Shifts are counted around the crop, so only a crop that is all of a picture falls into step with itself.

        It need not wrap: what was painted to tile has a period that fits, even where its border shows.
        """
        side = self.crop // CELL
        if pixels.shape[:2] != (self.crop, self.crop):
            return np.full(side * side, 1 / side**2)
        likely = np.exp(step_weights(pixels, CELL)[0].ravel())
        return likely / likely.sum()

    def _fine(self, picture: _Picture, place: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
        """Pixels and maps of a window as large as they are drawn, repeated where the picture has no such detail."""
        times = self.finer
        if picture.fine is None:
            return tuple(x[place].repeat(times, 0).repeat(times, 1) for x in (picture.pixels, picture.maps))
        rows, columns = ((times * axis.reshape(-1, 1) + np.arange(times)).ravel() for axis in place)
        place = np.ix_(rows, columns)
        return picture.fine[place], picture.fine_maps[place]

    def _whole(self, pixels: np.ndarray, wraps: bool) -> bool:
        """Whether a crop is all of a picture that wraps, only rolled."""
        return wraps and pixels.shape[:2] == (self.crop, self.crop)

    def __call__(self, seed: int, step: int, device: torch.device) -> dict[str, torch.Tensor]:
        """Batch of a step: labels drawn evenly, then a material, an image of it, and two crops.

        -> crop, other: [N, 3, S, S] float32 in [-1, 1], channels last; maps: [N, M, S, S] likewise, those of `crop`;
        present: [N, M] bool; whole: [N] bool, `other` is a torus; shifts: [N, K, 2] uint8, in cells of 8 px, by which
        `other` is moved in step with itself (lattice.py); label, material: [N] int64.

        With `finer` 2 also fine: [N, 3, 2S, 2S], what `crop` is the means of; then `maps` have that size, and detailed:
        [N] bool says whose picture has so many pixels. The others have four equal ones in their place.
        """
        random = np.random.default_rng((seed, step))
        n, side, m, columns = self.batch, self.crop, len(self.domain.maps) - 1, self.crop // CELL
        crops, fine_side = np.empty((2, n, side, side, 3), np.uint8), self.finer * side
        fine, detailed = np.empty((n, fine_side, fine_side, 3), np.uint8), np.empty(n, bool)
        maps, present = np.empty((n, fine_side, fine_side, m), np.float32), np.empty((n, m), bool)
        labels, materials = np.empty(n, np.int64), np.empty(n, np.int64)
        whole, shifts = np.empty(n, bool), np.empty((n, self.shifts, 2), np.uint8)
        for i in range(n):
            members = self.by_label[random.integers(len(self.by_label))]
            materials[i] = members[random.integers(len(members))]
            labels[i] = self.domain.material_labels[materials[i]]
            mirror = slice(None, None, -1 if random.random() < 0.5 else 1)
            for which in range(2):
                pictures = self.pictures[materials[i]]
                picture = pictures[random.integers(len(pictures))]
                place = draw_window(picture.pixels.shape[:2], picture.wraps, side, random)
                crops[which, i] = picture.pixels[place][:, mirror]
                if which == 0:
                    present[i], detailed[i] = picture.present, picture.fine is not None
                    fine[i], maps[i] = (x[:, mirror] for x in self._fine(picture, place))
            whole[i] = self._whole(picture.pixels, picture.wraps)
            chosen = np.stack(
                np.divmod(random.choice(len(picture.steps), self.shifts, p=picture.steps), columns), 1
            )
            chosen[:, 1] = chosen[:, 1] * mirror.step % columns
            shifts[i] = chosen
        first, second = (_unit(pixels, device) for pixels in crops)
        finer = {}
        if self.finer > 1:
            finer["fine"] = _unit(fine, device)
            finer["detailed"] = torch.from_numpy(detailed).to(device)
        return finer | {
            "crop": first,
            "other": second,
            "maps": torch.from_numpy(maps).to(device).permute(0, 3, 1, 2),
            "whole": torch.from_numpy(whole).to(device),
            "shifts": torch.from_numpy(shifts).to(device),
            "present": torch.from_numpy(present).to(device),
            "label": torch.from_numpy(labels).to(device),
            "material": torch.from_numpy(materials).to(device),
        }


def _unit(pixels: np.ndarray, device: torch.device) -> torch.Tensor:
    """[N, H, W, 3] uint8 -> [N, 3, H, W] float32 in [-1, 1], channels last."""
    return torch.from_numpy(pixels).to(device).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)


def _metallic(items: tuple[Item, ...], labels: tuple[str, ...]) -> tuple[float, ...]:
    """The mean of what the materials of each label say, 0 where none does; () where nobody says anything."""
    said = {
        label: [i.metallic for i in items if i.label == label and i.metallic is not None] for label in labels
    }
    if not any(said.values()):
        return ()
    return tuple(float(np.mean(said[label])) if said[label] else 0.0 for label in labels)


def draw_window(
    shape: tuple[int, int], wraps: bool, size: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a square of `size` px; over the border where the picture really wraps."""
    h, w = shape
    if wraps:
        y, x = random.integers(h), random.integers(w)
    else:
        y, x = random.integers(h - size + 1), random.integers(w - size + 1)
    return np.ix_(np.arange(y, y + size) % h, np.arange(x, x + size) % w)
