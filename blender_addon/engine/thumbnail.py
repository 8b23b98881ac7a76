"""The small picture of a generator in its card: made here, put into a file here, read here. Numpy; never bpy.

make() is the last step of gan_train's export and of `gancube models thumbnail`; pixels() feeds the panel's list. The
file may come from anywhere, so what is read is bounded.
"""

import base64
import dataclasses
from pathlib import Path

import numpy as np

from .card import CARD_KEY, dump_card, parse_card
from .errors import CardError, ImageError, RequestError
from .match import card_text
from .model import Model
from .onnx_file import read_onnx, write_metadata
from .pixels import shown, to_uint8
from .png import decode, encode

MAX_BYTES = 20_000  # of the PNG: a card is read whenever models are listed
MAX_PIXELS = 512 * 512  # of one that is shown
SIDES = (128, 96, 64)  # pixels, the first one that fits; in each, coarser steps of brightness are tried first
STEPS = (1, 4, 8)
MOST_LABELS = 24  # that are looked at for the four that show the most


def make(model: Model, labels: tuple[str, ...] = ()) -> bytes:
    """A square PNG of at most MAX_BYTES: four labels, or one texture where there are none."""
    pictures = [sample(model, label) for label in labels or choose_labels(model)]
    for side in SIDES:
        whole = mosaic(pictures, side)
        for step in STEPS:
            png = encode((whole // step) * step + step // 2)
            if len(png) <= MAX_BYTES:
                return png
    raise AssertionError("64 x 64 pixels in 32 steps always fit")


def choose_labels(model: Model) -> tuple[str | None, ...]:
    """Of the half that shows the most structure the first one, then three times the one of the farthest colour."""
    names = model.card.labels[:MOST_LABELS]
    if len(names) < 4:
        return names or (None,)
    looks = [sample(model, name).astype(np.float32) for name in names]
    order = np.argsort([-look.std(axis=(0, 1)).mean() for look in looks], kind="stable")
    left = [int(i) for i in order[: max(len(names) // 2, 4)]]
    means = np.array([look.mean(axis=(0, 1)) for look in looks])
    chosen = [left[0]]
    while len(chosen) < 4:
        distance = np.linalg.norm(means[left][:, None] - means[None, chosen], axis=-1).min(axis=1)
        chosen.append(left[int(distance.argmax())])
    return tuple(names[i] for i in sorted(chosen))


def sample(model: Model, label: str | None) -> np.ndarray:
    """[H, W, 3] uint8 sRGB: the texture seed 1 at the model's own size."""
    return to_uint8(shown(model.render(1, label).maps))


def mosaic(pictures: list[np.ndarray], side: int) -> np.ndarray:
    """[side, side, 3] uint8: one picture, or the first four with a cut of each, as 2 x 2."""
    if len(pictures) == 1:
        return shrunk(pictures[0], side)
    four = [shrunk(pictures[i % len(pictures)], side // 2, at_most=2) for i in range(4)]
    return np.concatenate([np.concatenate(four[:2], axis=1), np.concatenate(four[2:], axis=1)])


def shrunk(picture: np.ndarray, side: int, at_most: int = 1024) -> np.ndarray:
    """The middle of a picture, `at_most` times smaller; one that is too small is repeated, as a texture is."""
    if min(picture.shape[:2]) < side:
        times = -(-side // min(picture.shape[:2]))
        picture = np.tile(picture, (times, times, 1))
    factor = min(min(picture.shape[:2]) // side, at_most)
    top, left = ((n - side * factor) // 2 for n in picture.shape[:2])
    cut = picture[top : top + side * factor, left : left + side * factor].astype(np.float32)
    return np.rint(cut.reshape(side, factor, side, factor, 3).mean(axis=(1, 3))).astype(np.uint8)


def put(path, png: bytes, out=None) -> Path:
    """The thumbnail in the card of a model file, in place or in a copy `out`. Nothing else of the file changes."""
    onnx = read_onnx(path)
    card = parse_card(card_text(onnx), str(path))
    card = dataclasses.replace(card, thumbnail=base64.b64encode(png).decode())
    write_metadata(path, out or path, {**onnx.metadata, CARD_KEY: dump_card(card)})
    return Path(out or path)


def add(path, labels: tuple[str, ...] = (), out=None) -> Path:
    """Draws the thumbnail of a model file and puts it in."""
    if len(labels) > 4:
        raise RequestError(f"{len(labels)} labels given; a thumbnail shows four at most.")
    return put(path, make(Model.load(path, provider="cpu"), labels), out)


def pixels(text: str) -> tuple[int, int, list[float]]:
    """A card's thumbnail as (width, height, RGBA from 0 to 1 with the lowest row first), as Blender's previews want it.

    CardError where it is no PNG that can be shown.
    """
    try:
        data = base64.b64decode(text, validate=True)
        width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
        if not 0 < width * height <= MAX_PIXELS:
            raise CardError(f"thumbnail: {width} x {height} pixels are too many.")
        image, _ = decode(data)
    except (ImageError, ValueError) as error:
        raise CardError(f"thumbnail: {error}") from error
    unit = image.astype(np.float32) / np.iinfo(image.dtype).max
    if unit.shape[2] < 3:  # grey, grey with alpha
        unit = np.concatenate([unit[:, :, :1].repeat(3, axis=2), unit[:, :, 1:]], axis=2)
    if unit.shape[2] == 3:
        unit = np.concatenate([unit, np.ones_like(unit[:, :, :1])], axis=2)
    return width, height, unit[::-1].reshape(-1).tolist()
