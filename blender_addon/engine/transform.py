"""A generator that takes a picture, on a picture of any size: part by part, memory flat. Numpy only; never bpy.

Previous station: picture.py and windows.py. Next: PNGs (transform_files.py), or the worker's answer.
"""

from dataclasses import dataclass, field

import numpy as np

from .card import INPUT_MAPS, MAPS, Card
from .chain_maps import maps_said, missing
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


def check_chain(chain: list[tuple[Card, Step]], maps: dict, alpha: bool = False, size=None) -> None:
    """RequestError before the work of the first step where one of them cannot be.

    maps: {map name: channels} of the picture; `size`: its (height, width), where it is known.
    """
    there, before, sizes = dict(maps), 1, []
    for number, (card, step) in enumerate(chain):
        check_step(card, step)
        if lacking := missing(card, there):
            has = ", ".join(maps)
            raise RequestError(
                f"{card.name}: needs the {maps_said(lacking)}, and the picture has {has}. Give it, too."
                if number == 0
                else f"{card.name}: needs the {maps_said(lacking)}, which neither the picture ({has}) nor a step "
                "before it gives. Put a generator before this one that does."
            )
        sizes.append((card, sum(there.values()) + alpha, before))
        there |= {one.name: one.channels[1] - one.channels[0] for one in card.maps}
        before *= card.scale
    if size is not None:
        check_pixels(*size, before)
        for card, channels, before in reversed(sizes):  # the last ones leave the least room
            fitting_core(card, *(side * before for side in size), channels, before)


def check_step(card: Card, step: Step) -> None:
    """What it asks of the generator is something that it has."""
    check_takes_picture(card)
    label = resolve_label(card, step.seed, step.label)
    draw(card, step.seed, label, card.stride, step.scalars)


def baked_channels(names: tuple[str, ...]) -> dict[str, int]:
    """{map name: channels} of maps that are baked, as check_chain wants them."""
    return {name: (MAPS | INPUT_MAPS)[name][1][-1] for name in names}


def transform(
    model: Model, picture: Picture, step: Step, wraps: bool, progress=None, before: int = 1
) -> Picture:
    """The maps that the generator gives, beside those that it leaves as they are (enlarged, where it enlarges).

    `wraps`: the picture repeats without a seam, and so does the result. `progress(done, count)` is called before each
    part and at the end; what it raises (to cancel) comes through. `before`: how many times earlier steps enlarged it,
    since what is said of sizes is said of the picture that a person has.
    """
    card = model.card
    check_step(model.titled, step)  # what cannot be is said before the work
    label = resolve_label(card, step.seed, step.label)
    windows = Windows(card.input("image"), picture, model.titled.name)
    height, width = picture.size
    core = fitting_core(card, height, width, len_of(picture), before)
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


def channels_of(picture: Picture) -> dict[str, int]:
    """{map name: channels}, without alpha."""
    return {name: values.shape[2] for name, values in picture.maps.items()}


def len_of(picture: Picture) -> int:
    """Channels of all its maps together."""
    return sum(channels_of(picture).values()) + (picture.alpha is not None)


def fitting_core(card, height: int, width: int, channels: int, before: int = 1) -> int:
    """Pixels of a core's side for a picture of this size; RequestError with the largest size that fits, of the picture
    as it was `before` times smaller."""
    scale, margin = card.scale, card.input("image").margin
    check_pixels(height // before, width // before, scale * before)
    each = KEPT * (channels + (channels + card.channels) * scale**2)  # bytes per pixel of the picture
    free, core = int(free_memory() * SHARE), core_side(card)
    while True:
        part = memory_needed(card, min(core, max(height, width)) + 2 * margin)
        if height * width * each + part <= free:
            return core
        if core // 2 < max(SMALLEST, card.stride):
            break
        core = -(-core // 2 // card.stride) * card.stride
    side = int((max(free - part, 0) / each) ** 0.5) // before
    use = f"Use {side} x {side} px or less" if side else "Close other programs"
    raise RequestError(
        f"{width // before} x {height // before} px: would need about "
        f"{(height * width * each + part) / 2**30:.1f} GiB of memory and {free / SHARE / 2**30:.1f} are free. {use}."
    )


def check_pixels(height: int, width: int, scale: int) -> None:
    """RequestError where the picture, `scale` times enlarged, is too much for a PNG."""
    if max(height, width) * scale > MAX_SIDE or height * width * scale**2 > MAX_PIXELS:
        factor = min(MAX_SIDE / max(height, width), (MAX_PIXELS / (height * width)) ** 0.5) / scale
        high, wide = (max(int(side * factor), 1) for side in (height, width))  # of the same shape
        fits = scale**2 <= MAX_PIXELS and scale <= MAX_SIDE
        use = f"Use {wide} x {high} px or less" if fits else "Leave out generators that enlarge"
        raise RequestError(
            f"{width} x {height} px: the result would have {width * scale} x {height * scale}, too many for a PNG. "
            f"{use}."
        )
