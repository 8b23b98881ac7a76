"""Which maps there are along a chain of generators, and which one misses any. Standard library only; never bpy.

Before: the cards of the chain. Next: plan_chain.py, transform.py, and transform_files.py, which names the results.
"""

from collections.abc import Iterable

from .card import DERIVED, Card


def missing(card: Card, given: Iterable[str]) -> list[str]:
    """The maps that it takes and that are neither there nor derived from what is."""
    there = set(given)
    return [
        one.name
        for one in card.input("image").picture_maps
        if one.name not in there and not (one.name in DERIVED and "base_color" in there)
    ]


def after(given: Iterable[str], cards: Iterable[Card]) -> tuple[str, ...]:
    """The maps of a result, in its order: those of the picture, then the new ones."""
    return tuple(dict.fromkeys([*given, *(name for card in cards for name in card.map_names)]))


def needed(cards: Iterable[Card]) -> tuple[str, ...]:
    """The maps of a material that go in: its colours, and what a step takes and none before it gives."""
    wanted, there = ["base_color"], {"base_color"}
    for card in cards:
        wanted += (lacking := missing(card, there))
        there |= {*lacking, *card.map_names}
    return tuple(wanted)


def maps_said(names: list[str]) -> str:
    """ "map ao", "maps ao, position"."""
    return f"map{'s' if len(names) > 1 else ''} {', '.join(names)}"
