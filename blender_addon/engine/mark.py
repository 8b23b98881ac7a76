"""What every exported file says of itself: recipe, generator, data licences and authors. Standard library only.

Previous station: the recipe and the card of its generator. Next: xmp.py (images), scene/formats.py (every other file).
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass

from .card import Card

# The IPTC's word for media made by a trained algorithm: https://cv.iptc.org/newscodes/digitalsourcetype
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


@dataclass(frozen=True)
class Mark:
    """`recipe` is JSON text; `licences` and `authors` are those of the data that the generator was trained on."""

    recipe: str
    model: str
    model_sha256: str
    licences: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()
    title: str = "GAN Cube"
    tags: tuple[str, ...] = ()


def mark_of(recipe: str, card: Card, title: str = "GAN Cube", tags: Iterable[str] = ()) -> Mark:
    """The mark of what `recipe` (JSON text) describes, made by the generator with this card."""
    model = json.loads(recipe)["model"]
    return Mark(
        recipe=recipe,
        model=model["name"],
        model_sha256=model["sha256"],
        licences=tuple(sorted(card.provenance.licences)),
        authors=tuple(card.provenance.authors),
        title=title,
        tags=tuple(tags),
    )
