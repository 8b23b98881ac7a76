"""Texture seed -> the arrays a model is fed, by kind of input. Numpy only; never onnxruntime or bpy.

One generator per texture draws the inputs in the order of the card, so a texture is the same alone or in a batch,
in panel, command and training previews. Previous station: surface_request; next: Model.render.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from .card import Card, Input
from .card_values import check_scalar, check_weights
from .drawn_picture import drawn_picture
from .errors import ModelError, RequestError
from .sizes import check_size
from .surface_request import ROUND, resolve_label


@dataclass(frozen=True)
class Styles:
    """Styles that are given instead of drawn. `w` [1, L, D] float32; `layers` [L] bool, true where `w` is to be used.

    styles.py makes them: mixed out of several textures, or between two.
    """

    w: np.ndarray
    layers: np.ndarray


@dataclass(frozen=True)
class Wish:
    """What one texture is to be: `label` a name, {name: weight} or None, `size` in pixels, `scalars` {name: value},
    `styles` or None where all are drawn; `latents` {name: numbers} go before what the seed draws. `seed` is that of
    the picture where none is given, `picture` [1, C, h, w] float32 in the range of the input, of any size it takes."""

    label: object
    size: int
    scalars: dict
    styles: Styles | None = None
    latents: dict = field(default_factory=dict)
    seed: int = 0
    picture: np.ndarray | None = None


def draw(
    card: Card,
    seed: int,
    label=None,
    size: int | None = None,
    scalars: dict | None = None,
    styles: Styles | None = None,
    latents: dict | None = None,
    toward: int | None = None,
    walk: float = 0.0,
    picture: np.ndarray | None = None,
) -> dict:
    """{input name: float32 array with N = 1} for texture `seed` (uint64).

    `toward`: another seed, to which what is drawn (latents and fields) has walked: `walk` 0 is the seed, 1 the other,
    and 4 the seed again, on a circle. `picture` [1, C, h, w]: what a generator that takes one is to change, in the
    range of its input (picture_in.py makes it); without it a picture drawn from the seed.
    """
    for one in (seed, *(() if toward is None else (toward,))):
        if isinstance(one, bool) or not isinstance(one, (int, np.integer)) or not 0 <= int(one) < 2**64:
            raise RequestError(f"seed {one!r}: must be a whole number from 0 to 2^64 - 1.")
    scalars, latents = dict(scalars or {}), dict(latents or {})
    for what, kinds, given in (("setting", ("scalar",), scalars), ("latent", ("latent", "style"), latents)):
        known = [i.name for i in card.inputs if i.kind in kinds]
        for name in given:
            if name not in known:
                there = f"It has {', '.join(known)}" if known else "It has none: leave it out"
                raise RequestError(f"{what} {name!r}: {card.name} does not have it. {there}.")
    if styles is not None and card.input("style") is None:
        raise RequestError(
            f"styles: {card.name} has none that could be given. Use a model with a style input."
        )
    size = check_size(card, size) if picture is None else 0
    wish = Wish(resolve_label(card, int(seed), label), size, scalars, styles, latents, int(seed), picture)
    feeds = _fill(card, int(seed), wish)
    if toward is not None and walk:
        other = _fill(card, int(toward), wish)
        for one in card.inputs:
            if one.kind in ("latent", "field") and one.name not in latents:
                feeds[one.name] = _walked(feeds[one.name], other[one.name], walk)
    return feeds


def _walked(one: np.ndarray, other: np.ndarray, share: float) -> np.ndarray:
    """On the circle through two draws of N(0, 1), and itself one; a plain mean would be too small, and look washed out.

    A walk of 4 is all the way round, exactly.
    """
    if not 0 <= share <= ROUND:
        raise RequestError(f"walk {share!r}: must be a number from 0 to {ROUND}.")
    if share in (0, ROUND):
        return one
    angle = share * math.pi / 2
    return one * np.float32(math.cos(angle)) + other * np.float32(math.sin(angle))


def _fill(card: Card, seed: int, wish: Wish) -> dict:
    rng = np.random.Generator(np.random.PCG64(seed))
    feeds = {}
    for one in card.inputs:
        if one.kind not in FILL:
            raise ModelError(
                f"{card.name}: this version cannot feed its input {one.name!r} of kind {one.kind}. "
                "Install a newer GAN Cubes."
            )
        feeds |= FILL[one.kind](one, rng, wish)
    return feeds


def fill_latent(one: Input, rng: np.random.Generator, wish: Wish) -> dict:
    drawn = rng.standard_normal((1, one.shape[1]), dtype=np.float32)  # [1, D]
    if one.name not in wish.latents:
        return {
            one.name: drawn
        }  # where it is not used it is drawn all the same: the field stays that of the seed
    return {one.name: _given(one, wish)}


def _given(one: Input, wish: Wish) -> np.ndarray:
    """The numbers of `wish.latents`, row by row, in the shape of the input: [1, D] or [1, L, D]."""
    shape = (1, *one.shape[1:])
    try:
        given = np.array(wish.latents[one.name], np.float32)
    except (TypeError, ValueError, OverflowError):
        given = np.full(1, np.nan)
    if given.shape != (math.prod(shape),) or not np.isfinite(given).all():
        raise RequestError(f"latent {one.name!r}: must be {math.prod(shape)} numbers.")
    return given.reshape(shape)


def fill_field(one: Input, rng: np.random.Generator, wish: Wish) -> dict:
    cells = wish.size // one.stride
    return {
        one.name: rng.standard_normal((1, one.shape[1], cells, cells), dtype=np.float32)
    }  # [1, C, h, w], wraps


def fill_label(one: Input, rng: np.random.Generator, wish: Wish) -> dict:
    weights = wish.label if isinstance(wish.label, dict) else {wish.label: 1.0}
    row = np.zeros((1, len(one.labels)), np.float32)  # [1, K], sums to 1
    check_weights(weights)
    for name, weight in weights.items():
        row[0, one.labels.index(name)] = weight
    return {one.name: row / row.sum()}


def fill_scalar(one: Input, rng: np.random.Generator, wish: Wish) -> dict:
    value = wish.scalars.get(one.name, one.default)
    check_scalar(one, value)
    return {one.name: np.full((1, 1), value, np.float32)}


def fill_style(one: Input, rng: np.random.Generator, wish: Wish) -> dict:
    """Nothing where no styles are given: the graph's own defaults then leave every layer to the latent."""
    if one.name in wish.latents:
        return {one.name: _given(one, wish), one.switch: np.ones((1, one.shape[1]), np.float32)}
    if wish.styles is None:
        return {}
    layers, length = one.shape[1:]
    w, chosen = np.asarray(wish.styles.w), np.asarray(wish.styles.layers)
    if w.shape != (1, layers, length) or chosen.shape != (layers,) or not np.isfinite(w).all():
        raise RequestError(
            f"styles: must be finite numbers [1, {layers}, {length}] and {layers} choices of layers; "
            f"these are {list(w.shape)} and {list(chosen.shape)}. Take them from the same model."
        )
    return {one.name: w.astype(np.float32), one.switch: chosen.astype(np.float32)[None]}


def fill_image(one: Input, rng: np.random.Generator, wish: Wish) -> dict:
    """The given picture, or one drawn from the seed, [1, C, size, size] in the range of the input."""
    if wish.picture is not None:
        assert wish.picture.dtype == np.float32 and wish.picture.shape[:2] == (1, one.shape[1])
        return {one.name: wish.picture}
    low, high = one.range
    unit = drawn_picture(wish.seed, one.shape[1], wish.size)
    return {one.name: (unit * np.float32(high - low) + np.float32(low))[None]}


# Each gives {input name: array}; the order of the card is the order in which they draw from the generator.
FILL = {
    "latent": fill_latent,
    "field": fill_field,
    "label": fill_label,
    "scalar": fill_scalar,
    "style": fill_style,
    "image": fill_image,
}
