"""Which settings and mixtures of labels an input of a card takes. Standard library only; never numpy or bpy.

Asked before anything is made (plan_reader.py) and when the numbers are made (latents.py), so both refuse the same.
"""

from .card import Card, Input
from .errors import RequestError

LARGEST = 1e30  # weight; float32 ends at 3e38


def check_scalar(one: Input, value) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not one.min <= value <= one.max:
        raise RequestError(
            f"setting {one.name} = {value!r}: must be a number from {one.min:g} to {one.max:g}."
        )


def check_setting(card: Card, name: str, value) -> None:
    """check_scalar of a setting by its name."""
    known = {one.name: one for one in card.inputs if one.kind == "scalar"}
    if name not in known:
        raise RequestError(
            f"{name!r} is none of {card.name}, which has {', '.join(sorted(known)) or 'none'}."
        )
    check_scalar(known[name], value)


def check_weights(weights: dict) -> None:
    """Of a mixture {label: weight}."""
    for name, weight in weights.items():
        if not isinstance(weight, (int, float)) or not 0 <= weight <= LARGEST:
            raise RequestError(f"label {name!r}: its weight {weight!r} must be a number, zero or larger.")
    if not sum(weights.values()) >= 1 / LARGEST:
        raise RequestError("the weights of the labels are all zero. Give one of them more.")
