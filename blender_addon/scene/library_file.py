"""Adds marked objects to a .blend file that is an asset library, without touching the file that is open. bpy only.

Previous station: asset_mark.py. A Blender of its own (library_child.py) opens the library, appends and saves a copy;
the caller puts that in the library's place.
"""

import json
import os
import subprocess
import tempfile
from pathlib import Path

import bpy

from ..engine import asset_catalog, asset_words
from ..engine.card import Card
from ..engine.errors import OutputError
from . import asset_mark, second_blender
from .export import blend_bytes

CHILD = Path(__file__).with_name("library_child.py")
LIMIT = 600  # seconds
REFUSED = 4  # exit code: the answer is a sentence for whoever asked


def library_files(
    cube: bpy.types.Object, card: Card, library: Path, catalog: str, author: str
) -> dict[Path, bytes]:
    """The content of the library with the cube as one more asset, and that of the catalogs beside it.

    The cube is named and marked here; it is the caller's to remove.
    """
    text = asset_catalog.read(library.absolute().parent)
    text, made = asset_catalog.with_catalog(text, asset_catalog.clean_path(catalog) or "GAN Cubes")
    before, recipe = cube.name, asset_mark.recipe_of(cube) or {}
    cube.name = f"{asset_words.model_name(recipe)} {recipe.get('seed', '')}".strip() or before
    for slot in cube.material_slots:
        slot.material.name = slot.material.name.replace(before, cube.name, 1)
    for _ in asset_mark.asset_steps([cube.name], lambda recipe: card, made, author):
        pass
    content = library_bytes([cube], library)
    return {library: content, library.with_name(asset_catalog.FILE): text.encode("utf-8")}


def library_bytes(objects: list[bpy.types.Object], library: Path) -> bytes:
    """The content of `library` with the objects added; that of a new library where there is no such file."""
    library = Path(library)
    stamp = _stamp(library)
    with tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        draft, out, answer = (Path(folder) / name for name in ("new.blend", "library.blend", "answer.txt"))
        draft.write_bytes(blend_bytes(objects))
        task = {
            "library": str(library.absolute()) if stamp else None,
            "draft": str(draft),
            "objects": [item.name for item in objects],
            "out": str(out),
            "answer": str(answer),
        }
        code, said = _run(json.dumps(task))
        if code == REFUSED:
            raise OutputError(f"{library}: {answer.read_text(encoding='utf-8')}")
        if code or not out.is_file():
            raise OutputError(f"{library}: Blender could not add to it (code {code}): {said[-300:].strip()}")
        if _stamp(library) != stamp:
            raise OutputError(f"{library}: was changed by another program meanwhile. Run the command again.")
        return out.read_bytes()


def _stamp(library: Path) -> tuple | None:
    try:
        stat = library.stat()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OutputError(f"{library}: cannot be read ({error.strerror}).") from error
    return stat.st_mtime_ns, stat.st_size


def _run(task: str) -> tuple[int, str]:
    """The child: Blender's program where this is one, else this Python with the module bpy."""
    try:
        done = subprocess.run(
            second_blender.command(CHILD, task),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=LIMIT,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
            creationflags=second_blender.FLAGS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)
    return done.returncode, done.stdout.decode("utf-8", "replace")
