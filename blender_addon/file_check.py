"""One file against all rules: whichever reader its name asks for, then the rules. Numpy; Blender where it is needed.

Previous station: check_command.py, or whoever wants to know whether a file that was just written is right. Next: a
reader of engine/checked_*.py (FBX and .blend: scene/checked_blender.py). JPEG and WebP are decoded by Blender.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from .cube_command import start_blender
from .engine import (
    checked_fbx,
    checked_glb,
    checked_image,
    checked_maps,
    checked_mesh,
    checked_obj,
    checked_usd,
    png,
    recipe_files,
    transform_recipe,
)
from .engine.card import MAPS
from .engine.checked import Checked
from .engine.errors import ImageError, RecipeError, RequestError
from .engine.image_file import kind_of
from .engine.mark import MARK_KEY, RECIPE_KEY, SOURCE_TYPE
from .engine.surface_request import FACES
from .quiet import captured_output


def read_fbx(path: Path) -> Checked:
    return through_blender(path, checked_fbx.read(path))


def read_blend(path: Path) -> Checked:
    return through_blender(path, Checked(path, "blend", metres=1.0))


def through_blender(path: Path, facts: Checked) -> Checked:
    start_blender()
    with captured_output():
        from .scene import checked_blender

        return checked_blender.read(path, facts)


READERS: dict[str, Callable[[Path], Checked]] = {
    ".glb": checked_glb.read,
    ".usdz": checked_usd.read,
    ".usda": checked_usd.read,
    ".usdc": checked_usd.read,
    ".usd": checked_usd.read,
    ".obj": checked_obj.read,
    ".mtl": checked_obj.read,
    ".fbx": read_fbx,
    ".blend": read_blend,
    ".png": checked_image.read,
    ".jpg": checked_image.read,
    ".jpeg": checked_image.read,
    ".webp": checked_image.read,
}
WITHOUT_MESH = (".png", ".jpg", ".jpeg", ".webp", ".mtl")


def check_name(path: Path) -> Path:
    """The same path; RequestError where it is no file that can be checked."""
    if path.suffix.lower() not in READERS:
        raise RequestError(f"{path}: is not checked. Files that end in {', '.join(READERS)} are.")
    if not path.is_file():
        raise RequestError(f"{path}: no such file.")
    return path


def check_file(path: Path, generated: dict[str, dict[str, bytes | np.ndarray]] | None = None) -> Checked:
    """Everything that is known of a file, and what is wrong with it. generated: maps_in a folder, or their pixels."""
    try:
        facts = READERS[path.suffix.lower()](path)
    except (RecipeError, ImageError) as error:
        facts = Checked(path, path.suffix[1:].lower())
        facts.error("unreadable", path.name, str(error).removeprefix(f"{path}: "))
        return facts
    if path.suffix.lower() not in WITHOUT_MESH:
        checked_mesh.check_numbers(facts)
        checked_mesh.check_normals(facts)
        checked_mesh.check_uvs(facts)
        checked_mesh.check_tangents(facts)
        checked_mesh.check_size(facts)
    pictures = checked_maps.check_pictures(facts, pixels_of)
    checked_maps.check_missing(facts)
    checked_maps.check_colorspaces(facts)
    checked_maps.check_packing(facts, pictures)
    checked_maps.check_normal_maps(facts, pictures)
    if generated is not None and facts.kind != "image":
        checked_maps.check_against(facts, pictures, generated, pixels_of)
    check_mark(facts)
    return facts


def check_mark(facts: Checked) -> None:
    """mark: a recipe that can be followed, and the word for media made by a trained algorithm."""
    try:
        if facts.kind == "blend":
            found = facts.texts.get(RECIPE_KEY)
            words = facts.texts.get(MARK_KEY, "").encode()
        else:
            words = facts.path.read_bytes()
            found = recipe_files.text_in(facts.path)
        if found is not None:
            transform_recipe.loads_any(found, str(facts.path))
    except RecipeError as error:
        said = str(error).removeprefix(f"{facts.path}: ")
        if not said.startswith("holds no recipe"):
            facts.error("mark", facts.path.name, said)
            return
        found = None
    if found is None:
        facts.warning("mark", facts.path.name, "holds no recipe: nothing says what made it.")
    elif SOURCE_TYPE.encode() not in words:
        facts.warning(
            "mark", facts.path.name, "does not carry the IPTC word for media made by a trained algorithm."
        )


STRIP = 256  # rows that are made bytes at a time: floats of a large picture are gigabytes already


def pixels_of(data: bytes) -> np.ndarray:
    """[H, W, 1..4] uint8, row 0 on top."""
    is_png = kind_of(data) == "PNG"
    passes = is_png and png.is_interlaced(data)
    if is_png and not passes and not ("bpy" in sys.modules and png.is_slow(data)):
        return png.decode(data)[0]
    start_blender()
    with captured_output():
        from .scene.encode import decoded, has_alpha

        width, height, floats = decoded(data)
    rows = np.frombuffer(floats, np.float32).reshape(height, width, 4)[::-1]
    pixels = np.empty((height, width, 3 if is_png and not passes and not has_alpha(data) else 4), np.uint8)
    for first in range(0, height, STRIP):
        strip = rows[first : first + STRIP, :, : pixels.shape[2]]
        pixels[first : first + STRIP] = np.floor(strip * 255 + 0.5).clip(0, 255)
    return pixels


def maps_in(folder: Path) -> dict[str, dict[str, bytes]]:
    """{part: {map name: PNG bytes}} of the files PART_MAP.png, parts in the order of an object's materials."""
    if not folder.is_dir():
        raise RequestError(f"{folder}: no such folder. Write one with --format png.")
    found: dict[str, dict[str, bytes]] = {}
    for file in folder.glob("*.png"):
        role = next((role for role in MAPS if file.stem == role or file.stem.endswith(f"_{role}")), None)
        if role is not None:
            part = file.stem.removesuffix(role).removesuffix("_")
            found.setdefault(part, {})[role] = file.read_bytes()
    if not found:
        raise RequestError(f"{folder}: holds no maps. Write them with --format png.")
    faces = [face.lower().replace("+", "p").replace("-", "n") for face in FACES]

    def place(part: str):
        return (0, faces.index(part)) if part in faces else (1, int(part)) if part.isdigit() else (2, 0)

    return {part: found[part] for part in sorted(found, key=place)}
