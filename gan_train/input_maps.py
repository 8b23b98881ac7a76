"""How many channels each map has, of those that a card knows and of those that only go in. Standard library only.

Before: the card. After: settings of the families that take a picture, image_input.py, aligned_maps.py.
"""

from blender_addon.engine.card import INPUT_MAPS, MAPS

CARD_MAPS = {name: max(counts) for name, (_, counts) in MAPS.items()}
# `input` is any picture that prepare --pairs was given; the card calls it base_color.
CHANNELS = {**CARD_MAPS, **{name: max(counts) for name, (_, counts) in INPUT_MAPS.items()}, "input": 3}


def channels(names: tuple[str, ...]) -> int:
    return sum(CHANNELS[name] for name in names)
