"""Files that come along with the one that the user named, looked at before any work: none may be somebody else's.

Previous station: written_files.py, transform_files.py, transform_obj.py. Whose they are, recipe_files.py reads.
"""

from collections.abc import Iterable
from pathlib import Path

from . import recipe_files
from .errors import ImageError, OutputError, RecipeError
from .mark import BAKE_KEY
from .written_files import is_same


def check_unnamed(unnamed: Iterable[Path], out: Path | None = None) -> None:
    """OutputError where one of the files that come along with `out` is there and not ours: nobody asked to lose it."""
    for path in unnamed:
        if path.exists() and not (out and is_same(path, out)) and not is_ours(path):
            raise OutputError(
                f"{path}: is there already and was not made here; it would be lost. Choose another --out, or move it "
                "away."
            )


def is_ours(path: Path) -> bool:
    """By the recipe in it, or the bake that it shows."""
    try:
        return bool(recipe_files.text_in(path))
    except RecipeError:
        return _is_bake(path)


def _is_bake(path: Path) -> bool:
    from .png import read_text  # numpy, which the listing of generators does without

    try:
        return path.suffix.lower() == ".png" and BAKE_KEY in read_text(path.read_bytes())
    except (ImageError, OSError):
        return False
