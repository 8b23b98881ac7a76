"""A chain of generators on one picture, and the recipe of it: for the command and the worker. Never bpy.

Previous station: picture.py and the request. Next: transform.py for each step; the PNGs of the result.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from .. import __version__
from . import png
from .card import MAPS
from .image_file import add_xmp
from .mark import Mark, credited, mark_of
from .model import Model, runtime_version
from .picture import Picture, tiles
from .recipe import KEY
from .surface_request import resolve_label
from .transform import Step, channels_of, check_chain, transform
from .transform_recipe import dumps, extended
from .xmp import packet


@dataclass(frozen=True)
class Source:
    """A picture and where it comes from: `sha256` {map name: hash}, `recipe` the text that its file carried or None,
    `bake` how it was baked from a mesh (transform_recipe.py) or None; `licences` and `authors` of the data behind what
    its file says it was made with."""

    picture: Picture
    sha256: dict
    recipe: str | None = None
    bake: dict | None = None
    licences: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()


def run(
    chain: list[tuple[Model, Step]],
    source: Source,
    wraps: bool | None,
    blender: str | None = None,
    progress=None,
) -> tuple[Picture, str]:
    """The result and its recipe's text. `wraps`: does the picture repeat, None: measured; then it holds for all steps.

    `progress(step, done, count)` before each part of each step; what it raises comes through.
    """
    picture, steps, before = source.picture, [], 1
    cards = [(model.titled, step) for model, step in chain]
    check_chain(cards, channels_of(picture), picture.alpha is not None, picture.size)
    wraps = tiles(picture) if wraps is None else wraps
    for number, (model, step) in enumerate(chain):
        tell = progress and (lambda *far, number=number: progress(number, *far))
        picture = transform(model, picture, step, wraps, tell, before)
        before *= model.card.scale
        steps.append(told(model, step, wraps))
    versions = {"gancube": __version__, "numpy": np.__version__, "onnxruntime": runtime_version()}
    versions |= {"blender": blender} if blender else {}
    return picture, dumps(extended(source.sha256, source.recipe, steps, versions, source.bake))


def told(model: Model, step: Step, wraps: bool) -> dict:
    """A step of the recipe, its label resolved."""
    return {
        "model": {"name": model.path.stem, "sha256": model.sha256},
        "label": resolve_label(model.card, step.seed, step.label),
        "scalars": {name: float(value) for name, value in step.scalars.items()},
        "seed": step.seed,
        "tiles": wraps,
        "provider": model.provider,
    }


def pngs(picture: Picture, text: str, mark: Mark | None = None) -> dict[str, bytes]:
    """{map name: PNG} of all that a material can show, with the recipe; the colours with their alpha."""
    made = {}
    for name, values in picture.maps.items():
        if name not in MAPS:
            continue
        if name == "base_color" and picture.alpha is not None:
            values = np.concatenate([np.broadcast_to(values, (*picture.size, 3)), picture.alpha], axis=2)
        made[name] = png.encode(values, {KEY: text})
        if mark is not None:
            made[name] = add_xmp(made[name], packet(mark, with_recipe=False))
    return made


def mark(text: str, chain: list[tuple[Model, Step]], title: str, sources: Iterable[Source] = ()) -> Mark:
    """The mark of a result, with the licences and authors behind its sources and behind every generator."""
    cards, earlier = [model.card for model, _ in chain], list(sources)
    made = mark_of(text, credited(cards[0], cards[1:]), title)
    return replace(
        made,
        licences=tuple(sorted({*made.licences, *(name for one in earlier for name in one.licences)})),
        authors=tuple(dict.fromkeys([*(name for one in earlier for name in one.authors), *made.authors])),
    )


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
