"""The recipe in a file of any format that is read without Blender. Never bpy; numpy for a PNG's older text.

Previous station: what scene/formats.py wrote, from anywhere by now: sizes are limited, and what is not right is a
RecipeError. Next: recipe.loads, which checks the text. (.blend files: scene/blend_file.py.)
"""

import json
import os
from pathlib import Path

from . import fbx_file, image_file, obj, usd_layers, usda_reader, xmp
from .errors import ImageError, RecipeError
from .glb import read_glb
from .mark import RECIPE_KEY

MAX_BYTES = 256 * 1024  # of a recipe's text
MAX_IMAGE = 2**30
MAX_HEAD = 4 * 2**20  # of a text file, in whose first lines the recipe stands


def text_in(path: Path) -> str:
    """The recipe's JSON text, unchecked."""
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise RecipeError(f"{path}: a recipe is read from {', '.join(READERS)} and .blend files.")
    if not os.path.isfile(path):
        raise RecipeError(f"{path}: no such file.")
    try:
        text = reader(path)
    except (ImageError, RecipeError) as error:
        said = str(error)
        raise RecipeError(said if said.startswith(str(path)) else f"{path}: {said}") from error
    if text is None:
        raise RecipeError(f"{path}: holds no recipe. Only what GAN Cubes wrote does.")
    if not isinstance(text, str):
        raise RecipeError(f"{path}: {RECIPE_KEY}: must be a text.")
    return text


def _from_json(path: Path) -> str:
    try:
        return read_bytes(path, MAX_BYTES).decode("utf-8")
    except UnicodeDecodeError as error:
        raise RecipeError("is not a recipe: not a text in UTF-8.") from error


def _from_image(path: Path) -> str | None:
    data = read_bytes(path, MAX_IMAGE)
    found = None
    if image_file.kind_of(data) == "PNG":
        from .png import read_text

        texts = read_text(data)  # checks the whole file as well
        found, packet = texts.get(RECIPE_KEY), texts.get("XML:com.adobe.xmp")
    else:
        packet = image_file.read_xmp(data)
    if found is None and packet is not None:
        found = xmp.read(packet).get("recipe")
    return found


def _from_glb(path: Path):
    content, _ = read_glb(path)
    nodes = content.get("nodes")
    for place in [content.get("asset"), *(nodes if isinstance(nodes, list) else [])]:
        extras = place.get("extras") if isinstance(place, dict) else None
        if isinstance(extras, dict) and RECIPE_KEY in extras:
            return extras[RECIPE_KEY]
    return None


def _from_usd(path: Path):
    text, _ = usd_layers.root_layer(read_bytes(path, usd_layers.MAX_BYTES))
    data = usda_reader.read(text, only_metadata=True).metadata.get("customLayerData")
    own = data.get(RECIPE_KEY) if isinstance(data, dict) else None
    return own.get("recipe") if isinstance(own, dict) else None


def _from_fbx(path: Path) -> str | None:
    _, root = fbx_file.parse(read_bytes(path, fbx_file.MAX_BYTES))
    for node in (root.find("Objects") or fbx_file.Node(b"")).walk():
        if node.name == b"P" and node.text() == RECIPE_KEY:
            return node.text(4)
    return None


def _from_obj(path: Path):
    head = read_bytes(path, None)[:MAX_HEAD].decode("utf-8", "replace")
    for line in head.splitlines():
        if line.startswith(obj.COMMENT):
            try:
                found = json.loads(line[len(obj.COMMENT) :])
            except (ValueError, RecursionError) as error:
                raise RecipeError(f"its comment with the recipe is damaged ({str(error)[:80]}).") from error
            return found.get("recipe") if isinstance(found, dict) else None
        if line and not line.startswith("#"):
            break
    return None


def read_bytes(path: Path, most: int | None) -> bytes:
    """most: bytes that such a file can have; None reads MAX_HEAD and no more."""
    try:
        with path.open("rb") as file:
            if most is None:
                return file.read(MAX_HEAD)
            if os.fstat(file.fileno()).st_size > most:
                raise RecipeError("is too large to hold a recipe.")
            return file.read()
    except OSError as error:
        raise RecipeError(f"cannot be read ({error.strerror or error}).") from error


READERS = {
    ".json": _from_json,
    ".png": _from_image,
    ".jpg": _from_image,
    ".jpeg": _from_image,
    ".webp": _from_image,
    ".glb": _from_glb,
    ".usda": _from_usd,
    ".usdc": _from_usd,
    ".usd": _from_usd,
    ".usdz": _from_usd,
    ".fbx": _from_fbx,
    ".obj": _from_obj,
    ".mtl": _from_obj,
}
