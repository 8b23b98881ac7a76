"""The generators that the panel offers, read from disk once and kept. No bpy.types; drawing never touches the disk.

Read again on registration, on a change of the preferences, and by the refresh button.
"""

import contextlib
import zlib

from ..engine import library
from ..engine.card import Card
from ..engine.errors import ModelError
from ..engine.sizes import MAX_SIZE
from . import model_folders, thumbnails

MIXED = "MIXED"  # the identifier; no label is called so, since a name is one of the card's own
NONE = "NONE"

_entries: list = []  # library.Entry, those with a card first
_model_items: list[tuple] = []  # Blender keeps no copy of the texts of a dynamic enum: these lists hold them
after_refresh: list = []  # functions to be called
_sizes: dict[str, int] = {}  # name -> bytes of the file
_taker_items: list[
    tuple
] = []  # those that change a picture; _model_items are those that make one out of a seed
_label_items: dict[str, list[tuple]] = {}  # model identifier -> items


def refresh() -> None:
    global _entries, _model_items, _taker_items, _label_items
    folders = library.folders(*model_folders.of_the_user())
    _entries = library.entries(folders)
    _sizes.clear()
    for one in _entries:
        with contextlib.suppress(OSError):  # removed meanwhile: the next refresh will not list it
            _sizes[one.name] = one.path.stat().st_size
    thumbnails.forget(e.sha256 for e in _entries)
    takers = [e for e in _entries if e.card is not None and e.card.takes_picture]
    good = [e for e in _entries if e.card is not None and not e.card.takes_picture]
    if good:
        shipped = library.default(folders)
        good.sort(key=lambda e: e.path != shipped)
    # the first one is what a scene that never chose has: an unset enum is 0
    _model_items = [(e.name, e.name, e.card.summary, number(e.name) if i else 0) for i, e in enumerate(good)]
    _model_items = _model_items or [
        (NONE, "No generator found", "Set a folder with generators in the preferences", 0)
    ]
    _label_items = {e.name: [_mixed(), *(_label(name) for name in e.card.labels)] for e in good}
    _taker_items = [
        (e.name, e.name, e.card.summary, number(e.name) if i else 0) for i, e in enumerate(takers)
    ]
    _taker_items = _taker_items or [
        (NONE, "No generator found", "None of those at hand changes a picture", 0)
    ]
    _label_items |= {e.name: _target_items(e.card.labels) for e in takers}
    for function in after_refresh:
        function()


def number(name: str) -> int:
    """What a .blend stores of an enum is its number: one that stays when other items come and go."""
    return zlib.crc32(name.encode()) & 0x7FFFFFFF


def _mixed() -> tuple:
    return (MIXED, "Mixed", "Each face its own label, chosen by the seed", 0)


def _label(name: str) -> tuple:
    return (name, name.replace("_", " ").capitalize(), f"All six faces: {name}", number(name))


def _target_items(names) -> list[tuple]:
    """The first one is what a scene that never chose has."""
    shown = [(name.replace("_", " ").capitalize(), f"What the picture becomes: {name}") for name in names]
    items = [
        (name, *words, number(name) if i else 0)
        for i, (name, words) in enumerate(zip(names, shown, strict=True))
    ]
    return items or [(MIXED, "None", "This generator has no labels", 0)]


def model_items(self, context) -> list[tuple]:
    return _model_items


def taker_items(self, context) -> list[tuple]:
    return _taker_items


def label_items(self, context) -> list[tuple]:
    return _label_items.get(self.model) or _label_items.setdefault("", [_mixed()])


def entry(name: str):
    """The library entry of that name; ModelError where it is not among those offered."""
    for one in _entries:
        if one.name == name and one.card is not None:
            return one
    if name in ("", NONE):  # "": a file keeps the number of a generator that is not here
        raise ModelError(
            "there is no generator. Choose one, or set a folder with generators in the preferences"
        )
    raise ModelError(f"there is no generator {name!r}. Choose another, or set its folder in the preferences")


def takers() -> list:
    """The library entries that change a picture."""
    return [one for one in usable() if one.card.takes_picture]


def entry_at(file: str):
    """The library entry of that file; ModelError where it is not among those offered."""
    for one in _entries:
        if str(one.path) == file and one.card is not None:
            return one
    raise ModelError(f"the generator {file} is not here any more. Show the variants of another")


def usable() -> list:
    """The library entries that the panel offers, in its order: first those that make textures out of seeds."""
    names = [item[0] for item in (*_model_items, *_taker_items)]
    return sorted((e for e in _entries if e.card is not None), key=lambda e: names.index(e.name))


def entry_of(model: dict):
    """The library entry of a recipe's model {"name", "sha256"}: the same weights under any name; ModelError without."""
    for one in _entries:
        if one.card is not None and one.sha256 == model["sha256"]:
            return one
    raise ModelError(
        f"the generator {model['name']} that made this is not here (SHA-256 {model['sha256'][:12]}...). "
        "Set the folder it is in in the preferences"
    )


def is_here(recipe) -> bool:
    """Is the generator that made this among those at hand?"""
    return any(one.sha256 == recipe.model["sha256"] for one in usable())


def items_of(recipe) -> list[tuple]:
    """Enum items of the labels that a recipe's model knows, Mixed first."""
    for one in usable():
        if recipe is not None and one.sha256 == recipe.model["sha256"]:
            return _label_items[one.name]
    return _label_items.setdefault("", [_mixed()])


def labels_of(recipe) -> list[tuple]:
    """The same without Mixed."""
    return items_of(recipe)[1:]


def scalar_name(one) -> str:
    """What the panel calls a scalar input."""
    return {"psi": "Truncation"}.get(one.name, one.name.replace("_", " ").title())


def card(name: str) -> Card | None:
    return next((e.card for e in _entries if e.name == name), None)


def layers(card: Card | None) -> int:
    """How many layers take a style; 0 where the generator has none."""
    style = card.input("style") if card is not None else None
    return style.shape[1] if style is not None else 0


def megabytes(entry) -> str:
    """The size of a generator's file, as text."""
    return f"{_sizes.get(entry.name, 0) / 1e6:.1f} MB"


def hashes() -> dict[str, str]:
    """{name: SHA-256} of every generator that is listed."""
    return {e.name: e.sha256 for e in _entries}


def of_recipe(recipe: dict):
    """The library entry that a recipe names, by its content or else by its name; None where it is not at hand."""
    wanted = recipe.get("model") if isinstance(recipe.get("model"), dict) else {}
    same = [e for e in usable() if e.sha256 == wanted.get("sha256")]
    return next(iter(same or [e for e in usable() if e.name == wanted.get("name")]), None)


def faults() -> list[tuple[str, str]]:
    """(name, what is wrong) of the files that cannot be used."""
    return [(e.name, e.fault) for e in _entries if e.card is None]


def nearest_size(one: Card, size: int) -> int:
    """The size in pixels nearest to `size` that the model can make."""
    if one.fixed_size:
        return one.fixed_size
    cells = max(round(size / one.stride), 1)
    return min(cells, MAX_SIZE // one.stride) * one.stride
