"""The key `transform` of a plan: generators that go over the textures of an asset. Standard library only; never bpy.

    transform = ["relief", { model = "moss", label = "mossy", strength = 0.5 }]

Between plan_values.py and plan_reader.py. Next: chained.py, when the asset is made.
"""

from collections.abc import Iterator
from pathlib import Path

from . import library
from .chain_maps import maps_said, missing
from .errors import GanCubeError, RequestError
from .plan import ChainStep
from .plan_values import Fault, label, model, number_from
from .recipe_steps import MOST_STEPS
from .seeds import parse_seed
from .sizes import MAX_SIZE
from .surface_request import resolve_label

KEYS = ("model", "label", "strength", "seed")


def steps(reader, value) -> tuple[ChainStep, ...]:
    """A name, a table, or several; the same generator may come twice."""
    entries = value if isinstance(value, list) else [value]
    if not 1 <= len(entries) <= MOST_STEPS:
        raise Fault(f"must have 1 to {MOST_STEPS} entries. Leave the key out, or name generators.")
    found, wrong = [], []
    for number, entry in enumerate(entries):
        try:
            found.append(step(reader, entry))
        except (Fault, GanCubeError) as error:
            wrong.append(f"entry {number + 1}: {error}")
    if wrong:
        raise Fault(" ".join(wrong))
    return tuple(found)


def step(reader, value) -> ChainStep:
    wish = value if isinstance(value, dict) else {"model": value}
    for key in wish:
        if key not in KEYS:
            raise Fault(f"{key!r} is not a key of a step. There are {', '.join(KEYS)}.")
    if "model" not in wish:
        raise Fault("names no model. Write { model = ... }.")
    entry = model(reader, wish["model"])
    card = entry.card
    if not card.takes_picture:
        raise Fault(f"{entry.name}: makes textures out of seeds and takes no picture.")
    chosen = label(reader, wish["label"]) if "label" in wish else None
    resolve_label(card, 0, chosen)
    strength = number_from(0, 1)(reader, wish["strength"]) if "strength" in wish else None
    if strength is not None and not card.has_strength:
        raise Fault(f"{entry.name}: has no strength. Leave it out.")
    seed = parse_seed(wish.get("seed", 0))
    return ChainStep(entry.name, str(entry.path), entry.sha256, chosen, strength, seed)


def chain_faults(entry: library.Entry, chain: tuple[ChainStep, ...], sizes: tuple) -> Iterator[str]:
    """What keeps the chain from the textures of this generator: maps that nothing gives, sizes beyond a PNG's."""
    given, scale = set(entry.card.map_names), 1
    for one in chain:
        card = card_of(one)
        if lacking := missing(card, given):
            yield (
                f"{one.model}: needs the {maps_said(lacking)}, which neither {entry.name} nor a step before it "
                "gives."
            )
        given |= set(card.map_names)
        scale *= card.scale
    for size in {size or entry.card.default_size for size in sizes}:
        if scale > 1 and size * scale > MAX_SIZE:
            yield f"{size} px enlarged {scale} times are {size * scale}; {MAX_SIZE} are the most of a texture."


def card_of(one: ChainStep):
    """Read a moment ago, and kept."""
    entry = library.read_entry(Path(one.file))
    if entry.card is None:
        raise RequestError(entry.fault)
    return entry.card
