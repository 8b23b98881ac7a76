"""`gan-train project`: from a photo to what a generator must be fed to draw something like it; engine, torch, Pillow.

Previous stations: model_source.py, image_reader.py. Next: engine.latent_file, which `gancube cube --latent` reads.
A photo's scale is not known: it is compared at several, and the one at which the model comes nearest is kept.
ONNX files are searched without gradients (search.py); of a run, whose weights torch has, the best is refined with them
(refine.py). The field stays that of the seed: it decides where things lie, which the distance does not see.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from blender_addon.engine import png
from blender_addon.engine.card import Card
from blender_addon.engine.errors import RequestError
from blender_addon.engine.files import write_atomic
from blender_addon.engine.latent_file import LatentFile, dumps
from blender_addon.engine.latents import draw
from blender_addon.engine.model import Model, check_size

from .appearance import Appearance
from .errors import DatasetError
from .features import MIN_SIDE
from .grid import labelled_grid
from .image_reader import UnusableImage, read_image
from .picture_sets import base_color, on_grey
from .refine import GRADIENT_STEPS, refine
from .sample import check_writable
from .search import Candidate, breed, by_chance

SIDE = 160  # pixels of the pictures that are compared, where the model leaves a choice
SCALES = (128, 160, 192, 256, 384, 512)  # pixels of the photo's short side that are tried
PRIOR = 64  # random pictures that say how much each statistic varies
FIRST_SHARE = 0.5  # of all tries are drawn by chance
MAX_TRIES = 100_000


@dataclass(frozen=True)
class Projection:
    """What was found."""

    latent: LatentFile
    photo_px: int  # short side at which the photo was compared
    files: tuple[Path, Path]


def project(
    model: Model,
    photo: Path,
    out: Path,
    label: str | None = None,
    photo_px: int | None = None,
    tries: int = 800,
    seed: int = 0,
    module: torch.nn.Module | None = None,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Projection:
    """Write OUT (.json) and the picture beside it (.png). `module`: what a run deploys, to be refined with gradients.

    `label`: the only one to use (None: all, mixed); `photo_px`: short side of the photo (None: found).
    """
    card = model.card
    _check(card, out, label, photo_px, tries, seed)
    check_writable(out, True)
    with_layout = card.input("field") is None
    side = card.fixed_size or check_size(card, max(SIDE // card.stride, 1) * card.stride)
    if side < MIN_SIDE:
        raise RequestError(f"{model.path}: draws {side} px; pictures below {MIN_SIDE} px cannot be compared.")
    photos = _read_photo(photo, (photo_px,) if photo_px else (side,) if with_layout else SCALES, with_layout)
    random = np.random.default_rng(seed)
    total, done = tries + (GRADIENT_STEPS if module else 0), 0

    def tell(steps: int = 1) -> None:
        nonlocal done
        done += steps
        progress(done, total)

    def picture(candidate: Candidate) -> torch.Tensor:
        tell()
        maps = model.render(seed, size=side, **candidate.wish(card)).maps
        return _tensor(_shown(model, maps))

    chance = [by_chance(card, number, label, random) for number in range(max(1, round(FIRST_SHARE * tries)))]
    seen = [picture(candidate) for candidate in chance[:PRIOR]]
    with _one_thread():
        appearance = Appearance([_tensor(pixels) for pixels in photos.values()], seen, with_layout)
    with torch.no_grad(), _one_thread():
        rows = [appearance(one) for one in seen] + [appearance(picture(one)) for one in chance[PRIOR:]]
        distances = torch.stack(rows).numpy()  # [N, scales]
        scale = int(distances.min(0).argmin())
        population = [(float(row[scale]), one) for row, one in zip(distances, chance, strict=True)]
        nearest, found = breed(
            card,
            population,
            lambda one: float(appearance(picture(one))[scale]),
            tries - len(chance),
            random,
            mix_labels=label is None,
        )
    if module:
        feeds = draw(card, seed, size=side, **found.wish(card))
        better = refine(card, module, feeds, found, lambda one: appearance(one)[scale], label is None, tell)
        done -= 1  # one more picture, which is part of the last step
        with torch.no_grad(), _one_thread():
            distance = float(appearance(picture(better))[scale])
        if distance < nearest:
            nearest, found = distance, better
    latent = LatentFile(
        model={"name": model.path.stem, "sha256": model.sha256},
        seed=seed,
        size=side,
        distance=round(nearest, 4),
        **found.wish(card),
    )
    pixels = list(photos.values())[scale]
    files = write_atomic(out, dumps(latent).encode()), _write_picture(model, out, pixels, latent)
    return Projection(latent, list(photos)[scale], files)


@contextlib.contextmanager
def _one_thread() -> Iterator[None]:
    """Statistics of one small picture are done before a second thread is awake, and come out the same everywhere."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _check(card: Card, out: Path, label: str | None, photo_px: int | None, tries: int, seed: int) -> None:
    if out.suffix.lower() != ".json":
        raise RequestError(f"--out {out}: the name must end in .json; the picture is written beside it.")
    if label is not None and label not in card.labels:
        raise RequestError(f"--label {label}: {card.name} has {', '.join(card.labels) or 'no labels'}.")
    if not 0 <= seed < 2**64:
        raise RequestError(f"--seed {seed}: must be between 0 and {2**64 - 1}.")
    if not 2 * PRIOR <= tries <= MAX_TRIES:
        raise RequestError(f"--tries {tries}: must be between {2 * PRIOR} and {MAX_TRIES}.")
    if photo_px is not None and not MIN_SIDE <= photo_px <= 2048:
        raise RequestError(f"--photo-size {photo_px}: must be between {MIN_SIDE} and 2048 pixels.")


def _shown(model: Model, maps: dict[str, np.ndarray]) -> np.ndarray:
    """[H, W, 3] uint8 of a picture; what is transparent lies on grey, as it does in `measure`."""
    color = base_color(model, maps)
    return on_grey(color, maps["alpha"]) if "alpha" in maps else color


def _read_photo(path: Path, scales: tuple[int, ...], square: bool) -> dict[int, np.ndarray]:
    """{short side in pixels: [H, W, 3] uint8 sRGB}, largest first where the photo is smaller than all; the middle."""
    try:
        data = path.read_bytes()
        photos = {}
        for scale in scales:
            pixels = read_image(data, scale, wraps=False, keep_alpha=True).pixels
            if pixels.shape[2] == 4:
                pixels = on_grey(pixels[..., :3], pixels[..., 3:] / np.float32(255))
            short = min(pixels.shape[:2])
            if square and short < scale:
                raise UnusableImage(f"its short side has {short} px; the model draws {scale}")
            top, left = ((length - short) // 2 for length in pixels.shape[:2])
            photos.setdefault(short, pixels[top : top + short, left : left + short])
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except UnusableImage as error:
        raise DatasetError(f"{path}: cannot be used: {error}.") from error
    return photos


def _tensor(pixels: np.ndarray) -> torch.Tensor:
    """[H, W, 3] uint8 -> [1, 3, H, W] float32 in [-1, 1]."""
    return torch.from_numpy(pixels.transpose(2, 0, 1)[None].copy()).float() / 127.5 - 1


def _write_picture(model: Model, out: Path, photo: np.ndarray, latent: LatentFile) -> Path:
    """The photo, the picture that was found, and the same look in another layout, side by side."""
    side = latent.size
    if photo.shape[0] != side:  # the middle, or the photo on white: nothing is scaled, so that grain compares
        shown = np.full((side, side, 3), 255, np.uint8)
        room = min(side, photo.shape[0])
        start, place = (photo.shape[0] - room) // 2, (side - room) // 2
        shown[place : place + room, place : place + room] = photo[start : start + room, start : start + room]
        photo = shown
    wish = {"label": latent.label, "size": side, "scalars": latent.scalars, "latents": latent.latents}
    found, other = (_shown(model, model.render((latent.seed + step) % 2**64, **wish).maps) for step in (0, 1))
    row = [("photo", photo), (f"seed {latent.seed}", found), (f"seed {(latent.seed + 1) % 2**64}", other)]
    caption = ", ".join(f"{name} {weight:.2g}" for name, weight in (latent.label or {}).items())
    grid = labelled_grid([("", row)], f"{caption or model.card.name}: distance {latent.distance:.2f}")
    return write_atomic(out.with_suffix(".png"), png.encode(grid))
