"""What every exported file says of itself: recipe, generator, data licences and authors. Standard library only.

Previous station: the recipe and the card of its generator. Next: xmp.py (images), scene/formats.py (every other file).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .card import Card

# The IPTC's word for media made by a trained algorithm: https://cv.iptc.org/newscodes/digitalsourcetype
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
# Names under which a datablock, a FBX or a GLB carries the recipe (JSON text) and the whole mark.
RECIPE_KEY, MARK_KEY = "gancube", "gancube_mark"
BAKE_KEY = "gancube_bake"  # JSON in a picture of a mesh's shape, which no generator made


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


def credited(card: Card, others: Sequence[Card]) -> Card:
    """The card with the data licences and authors of all, for the marks of what they made together."""
    facts = card.provenance
    for one in others:
        licences = {
            name: facts.licences.get(name, 0) + one.provenance.licences.get(name, 0)
            for name in sorted({*facts.licences, *one.provenance.licences})
        }
        authors = tuple(dict.fromkeys([*facts.authors, *one.provenance.authors]))
        facts = replace(facts, licences=licences, authors=authors)
    return replace(card, provenance=facts)


def rights(mark: Mark) -> str:
    """One sentence for the field that each format has for rights: GLB's asset.copyright, dc:rights, comment lines."""
    by = f" by {', '.join(mark.authors)}" if mark.authors else ""
    under = f" ({', '.join(mark.licences)})" if mark.licences else ""
    data = f" Training images{by}{under}." if by or under else ""
    return f"Made by the trained generator {mark.model}.{data}"


def facts(mark: Mark) -> dict:
    """The mark as plain JSON values, under the same names in every format that holds structures."""
    return {
        "recipe": mark.recipe,
        "model": mark.model,
        "model_sha256": mark.model_sha256,
        "licences": list(mark.licences),
        "authors": list(mark.authors),
        "title": mark.title,
        "tags": list(mark.tags),
        "digital_source_type": SOURCE_TYPE,
    }


def custom_properties(mark: Mark) -> dict[str, str]:
    """The mark as texts under names, for what holds nothing else: FBX and .blend."""
    return {RECIPE_KEY: mark.recipe, MARK_KEY: json.dumps(facts(mark), sort_keys=True)}


def found_facts(told, recipe=None) -> dict:
    """The recipe, licences and authors in what stands where facts() would, written by anyone: {} where it is none."""
    if not isinstance(told, dict):
        return {}
    lists = {
        key: [one for one in told[key] if isinstance(one, str)]
        for key in ("licences", "authors")
        if isinstance(told.get(key), list)
    }
    text = told.get("recipe", recipe)
    return lists | ({"recipe": text} if isinstance(text, str) else {})
