"""A generator in a recipe, and the steps of a chain that changed pictures: what they must look like. Standard library.

Used by recipe.py (textures that a chain went over) and transform_recipe.py (any picture). Every complaint is a
CardError that names its field.
"""

from .json_fields import Node
from .providers import CHOICES

MOST_STEPS = 64
MAX_SEED = 2**64 - 1


def check_steps(node: Node) -> None:
    """{"model" {"name", "sha256"}, "label", "scalars", "seed", "tiles", "provider"} of each, in order."""
    for step in node.items(1, MOST_STEPS):
        check_step(step)


def check_step(node: Node) -> None:
    node.keys(("model", "label", "scalars", "seed", "tiles", "provider"))
    check_model(node.at("model"))
    label = node.at("label")
    if isinstance(label.value, dict):
        for name in label.free():
            label.at(name).number(0)
    elif label.value is not None:
        label.text(1, 100)
    for name in node.at("scalars").free():
        node.at("scalars").at(name).number()
    node.at("seed").whole(0, MAX_SEED)
    node.at("tiles").flag()
    if node.at("provider").text() not in CHOICES:
        node.at("provider").fail(f"must be one of {', '.join(CHOICES)}.")


def check_model(node: Node) -> None:
    node.keys(("name", "sha256"))
    node.at("name").text(1, 1000)
    check_digest(node.at("sha256"))


def check_digest(node: Node) -> None:
    if len(node.text(64, 64)) != 64 or set(node.value) - set("0123456789abcdef"):
        node.fail("must be 64 small hexadecimal digits.")
