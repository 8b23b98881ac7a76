"""What an asset says of itself: from a recipe and the card of its generator. Standard library only; never bpy.

Previous station: the recipe on an object. Next: scene/asset_mark.py writes it into the asset's metadata.
"""

import json
from dataclasses import dataclass

from .card import Card
from .recipe import MADE_BY

MOST_AUTHORS = 12  # by name; the rest by number


@dataclass(frozen=True)
class AssetWords:
    """The texts of one asset, as Blender's Asset Browser has fields for them."""

    description: str
    tags: tuple[str, ...]
    author: str
    license: str
    copyright: str


def read(text) -> dict | None:
    """A recipe of any kind, loosely read: an asset may be described by less than what makes it again."""
    try:
        recipe = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return recipe if isinstance(recipe, dict) else None


def model_name(recipe: dict) -> str:
    model = recipe.get("model")
    return str(model.get("name") or "") if isinstance(model, dict) else ""


def labels_of(recipe: dict) -> list[str]:
    """The names of all labels, of each face in their order and once; of a mixture all that are in it."""
    faces, steps = (
        recipe[key] if isinstance(recipe.get(key), list) else [] for key in ("face_labels", "steps")
    )
    became = [one.get("label") for one in steps if isinstance(one, dict)]  # of a picture that was changed
    found = [*faces, recipe.get("label"), *became]
    names = [name for one in found for name in (one if isinstance(one, dict) else [one])]
    return list(dict.fromkeys(name for name in names if isinstance(name, str) and name))


def words(recipe: dict, card: Card | None, author: str = "", labels: list[str] | None = None) -> AssetWords:
    """labels: those of this asset where it is a part of what the recipe makes. card: None where it is not at hand."""
    model = model_name(recipe)
    labels = labels_of(recipe) if labels is None else labels
    facts = [f"generator {model}" if model else "", f"seed {recipe['seed']}" if "seed" in recipe else ""]
    facts += [f"{recipe['size']} px" if "size" in recipe else "", MADE_BY]
    description = ", ".join(fact for fact in facts if fact)
    if labels:
        description = f"{', '.join(labels)}: {description}"
    made = card.provenance if card is not None else None
    return AssetWords(
        description=description[:1].upper() + description[1:],
        tags=tuple(dict.fromkeys(tag for tag in ("gancube", model, *labels) if tag)),
        author=author or (f"GAN Cubes, {model}" if model else "GAN Cubes"),
        license=_licence(made) if made else "",
        copyright=f"Training images by {_names(made.authors)}" if made and made.authors else "",
    )


def _licence(made) -> str:
    names = list(made.licences)
    return names[0] if len(names) == 1 else f"Training images: {', '.join(names)}" if names else ""


def _names(authors: tuple[str, ...]) -> str:
    shown, rest = authors[:MOST_AUTHORS], len(authors) - MOST_AUTHORS
    return ", ".join(shown) + (f" and {rest} others" if rest > 0 else "")
