"""A generator that takes a picture, on a picture of any size: part by part, memory flat. Numpy only; never bpy.

Previous station: picture.py and windows.py. Next: PNGs (transform_files.py), or the worker's answer.
"""

from dataclasses import dataclass, field

import numpy as np

from .enlarge import enlarged
from .errors import RequestError
from .latents import draw
from .model import Model
from .picture import Picture, Windows
from .pixels import decode, to_uint8
from .png import MAX_PIXELS, MAX_SIDE
from .sizes import SHARE, free_memory, memory_needed
from .surface_request import resolve_label
from .windows import core_side, spans

KEPT = 4  # bytes for each value of the picture and of the result: itself, and on its way into a PNG
SMALLEST = 32  # pixels of a core's side, where memory is short


@dataclass(frozen=True)
class Step:
    """One generator of a chain. `label`: a name, {name: weight} or None (chosen by the seed, where it has labels);
    `scalars` {input name: value}, the rest at default; `seed` of what else it draws."""

    label: object = None
    scalars: dict = field(default_factory=dict)
    seed: int = 0


def transform(model: Model, picture: Picture, step: Step, wraps: bool, progress=None) -> Picture:
    """The maps that the generator gives, beside those that it leaves as they are (enlarged, where it enlarges).

    `wraps`: the picture repeats without a seam, and so does the result. `progress(done, count)` is called before each
    part and at the end; what it raises (to cancel) comes through.
    """
    card = model.card
    check_takes_picture(card)
    label = resolve_label(card, step.seed, step.label)
    draw(card, step.seed, label, card.stride, step.scalars)  # what cannot be is said before the work
    windows = Windows(card.input("image"), picture, card.name)
    height, width = picture.size
    core = fitting_core(card, height, width, len_of(picture))
    down, across = (list(spans(size, core, card, wraps)) for size in (height, width))
    count, scale, out = len(down) * len(across), card.scale, {}
    for number, (row, column) in enumerate((row, column) for row in down for column in across):
        if progress:
            progress(number, count)
        given = windows.window(row.at, column.at)
        raw = model.run_picture(draw(card, step.seed, label, scalars=step.scalars, picture=given))[0]
        top, left = row.before * scale, column.before * scale
        high, wide = row.length * scale, column.length * scale
        for name, unit in decode(card, raw[:, top : top + high, left : left + wide]).items():
            if name not in out:
                out[name] = np.empty((height * scale, width * scale, unit.shape[2]), np.uint8)
            y, x = row.first * scale, column.first * scale
            out[name][y : y + high, x : x + wide] = to_uint8(unit)
    if progress:
        progress(count, count)
    return beside(picture, out, scale, wraps)


def check_takes_picture(card) -> None:
    if not card.takes_picture:
        raise RequestError(
            f"{card.name}: makes textures out of seeds and takes no picture. Choose one that takes a picture."
        )


def beside(picture: Picture, out: dict, scale: int, wraps: bool) -> Picture:
    """The maps of the result in the order of the picture, then the new ones; what was not changed is as large."""
    kept = {name: values for name, values in picture.maps.items() if name not in out}
    alpha = None if "alpha" in out else picture.alpha
    if scale > 1:
        kept = {name: enlarged(values, scale, wraps, name == "normal") for name, values in kept.items()}
        alpha = None if alpha is None else enlarged(alpha, scale, wraps)
    return Picture({name: kept.get(name, out.get(name)) for name in [*picture.maps, *out]}, alpha)


def len_of(picture: Picture) -> int:
    """Channels of all its maps together."""
    return sum(values.shape[2] for values in picture.maps.values()) + (picture.alpha is not None)


def fitting_core(card, height: int, width: int, channels: int) -> int:
    """Pixels of a core's side for a picture of this size; RequestError with the largest size that fits."""
    scale, margin = card.scale, card.input("image").margin
    if max(height, width) * scale > MAX_SIDE or height * width * scale**2 > MAX_PIXELS:
        side = int(MAX_PIXELS**0.5) // scale
        raise RequestError(
            f"{width} x {height} px: the result would have {width * scale} x {height * scale}, too many for a PNG. "
            f"Use {side} x {side} px or less."
        )
    each = KEPT * (channels + (channels + card.channels) * scale**2)  # bytes per pixel of the picture
    free, core = int(free_memory() * SHARE), core_side(card)
    while True:
        part = memory_needed(card, min(core, max(height, width)) + 2 * margin)
        if height * width * each + part <= free:
            return core
        if core // 2 < max(SMALLEST, card.stride):
            break
        core = -(-core // 2 // card.stride) * card.stride
    side = int((max(free - part, 0) / each) ** 0.5)
    use = f"Use {side} x {side} px or less" if side else "Close other programs"
    raise RequestError(
        f"{width} x {height} px: would need about {(height * width * each + part) / 2**30:.1f} GiB of memory and "
        f"{free / SHARE / 2**30:.1f} are free. {use}."
    )
