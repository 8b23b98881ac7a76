"""Files from objects: GLB through Blender's exporter, .blend with only what belongs to the objects. bpy only.

Previous station: scene/assets.py. Files are written whole or not at all (engine/files.py).
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bpy

from ..engine.errors import OutputError
from ..engine.files import write_atomic
from ..engine.glb import pack_glb, read_glb
from ..engine.glb_images import changed, colors
from ..engine.image_file import kind_of
from ..engine.mark import MARK_KEY, Mark, custom_properties, facts, rights
from .encode import encoded
from .faces import image_nodes
from .images import RECIPE_KEY
from .session import run_operator, temporary_scene
from .texture_files import marked

GLTF_ADDON = "io_scene_gltf2"

GLTF_SETTINGS = {
    "export_format": "GLB",
    "use_active_scene": True,
    "export_tangents": True,  # off by default; without them a normal map is a validator warning
    "export_extras": True,  # custom properties: the recipe
    "export_animations": False,
    "export_cameras": False,
    "export_lights": False,
    "export_image_format": "AUTO",  # packed PNGs are embedded as they are
    "export_yup": True,
}


def export_glb(objects: list[bpy.types.Object], path: Path, recipe: str) -> None:
    """Writes the objects as one GLB file."""
    write_atomic(path, glb_bytes(objects, recipe))


def glb_bytes(
    objects: list[bpy.types.Object], recipe: str, mark: Mark | None = None, encoding: str = "PNG"
) -> bytes:
    """The objects as one GLB; the same objects, recipe and mark give the same bytes.

    recipe: JSON text; it also stands in `asset.extras.gancube`, where a reader finds it without
    knowing the nodes. mark: written into the asset and, without the recipe, into each image.
    encoding: of the textures, as far as it keeps what they hold (encode.py).
    """
    enable_exporter()
    with tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        draft = Path(folder) / "cube.glb"
        with temporary_scene(objects):
            fault = run_operator(bpy.ops.export_scene.gltf, filepath=str(draft), **GLTF_SETTINGS)
        if fault:
            raise OutputError(f"Blender's glTF exporter failed in {folder}: {fault}")
        if not draft.is_file():
            raise OutputError(f"Blender's glTF exporter wrote nothing into {folder}. Is the disk full?")
        document, binary = read_glb(draft)
    document["asset"]["extras"] = {RECIPE_KEY: recipe}
    plain_names(document)
    legal_factors(document)
    if mark is not None:
        document["asset"]["extras"][MARK_KEY] = {k: v for k, v in facts(mark).items() if k != "recipe"}
        document["asset"]["copyright"] = rights(mark)
        color = colors(document)
        document, binary = changed(
            document, binary, lambda image, number: embedded(image, mark, encoding, number in color)
        )
    return pack_glb(document, binary)


def embedded(image: bytes, mark: Mark, encoding: str, is_color: bool) -> bytes:
    if kind_of(image) == "PNG":
        image = encoded(image, encoding, is_color)
    return marked(image, mark, with_recipe=False)


def enable_exporter() -> None:
    """Blender's own glTF exporter is an add-on that a user can have switched off."""
    if hasattr(bpy.types, "EXPORT_SCENE_OT_gltf"):
        return
    import addon_utils

    if addon_utils.enable(GLTF_ADDON, default_set=False) is None:
        raise OutputError(
            "Blender's glTF exporter (add-on io_scene_gltf2) cannot be enabled in this Blender."
        )


def plain_names(document: dict) -> None:
    """Takes the ".001" off names: Blender adds it where the open file already has a GAN cube."""
    for kind in ("scenes", "nodes", "meshes", "materials", "images"):
        for item in document.get(kind, []):
            item["name"] = re.sub(r"\.\d{3,}(?=$|-)", "", item["name"])


def legal_factors(document: dict) -> None:
    """A roughness strength above 1 is fine in Blender; in glTF the factor ends at 1."""
    for material in document.get("materials", []):
        pbr = material.get("pbrMetallicRoughness", {})
        if pbr.get("roughnessFactor", 0) > 1:
            del pbr["roughnessFactor"]  # 1 is the default


def save_blend(objects: list[bpy.types.Object], path: Path) -> None:
    """Writes a .blend file with the objects and nothing else of the open file."""
    write_atomic(path, blend_bytes(objects))


def blend_bytes(objects: list[bpy.types.Object]) -> bytes:
    """A compressed .blend with one scene that holds the objects, and what they use.

    `libraries.write` instead of saving: the open file keeps its name and state. Opening the result
    shows the scene in the reader's own window layout. Blender keeps memory addresses in the file, so
    the bytes differ from run to run; images and mesh do not.
    """
    with tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        draft = Path(folder) / "cube.blend"
        with temporary_scene(objects) as scene:
            try:
                bpy.data.libraries.write(str(draft), {scene}, path_remap="RELATIVE_ALL", compress=True)
            except (RuntimeError, OSError) as error:
                raise OutputError(
                    f"Blender could not write a file in {folder}: {str(error).strip()}"
                ) from error
        # On a full disk Blender writes what fits and reports nothing.
        if not is_whole(draft, objects):
            raise OutputError(f"Blender could not write a whole file in {folder}. Is the disk full?")
        return draft.read_bytes()


def marked_blend_bytes(item: bpy.types.Object, mark: Mark, encoding: str = "PNG") -> bytes:
    """The same for one object, which carries the mark in the file, as do its images."""
    with carrying(item, custom_properties(mark)), repacked(item, mark, encoding):
        return blend_bytes([item])


@contextmanager
def repacked(item: bpy.types.Object, mark: Mark, encoding: str) -> Iterator[None]:
    """The generated images of an object hold their marked files for a while, then again exactly what they held."""
    before = {}
    try:
        for slot in item.material_slots:
            for map_name, (image, _) in image_nodes(slot.material).items():
                if image.packed_file is not None and image.library is None and image not in before:
                    before[image] = bytes(image.packed_file.data)
                    data = marked(encoded(before[image], encoding, map_name == "base_color"), mark)
                    image.pack(data=data, data_len=len(data))
        yield
    finally:
        for image, data in before.items():
            image.pack(data=data, data_len=len(data))


@contextmanager
def carrying(item: bpy.types.Object, properties: dict[str, str]) -> Iterator[None]:
    """Custom properties on an object for a while."""
    before = {key: item[key] for key in properties if key in item}
    for key, text in properties.items():
        item[key] = text
    try:
        yield
    finally:
        for key in properties:
            del item[key]
        for key, value in before.items():
            item[key] = value


def is_whole(path: Path, objects: list[bpy.types.Object]) -> bool:
    """Whether a .blend can be read to its end and lists the objects."""
    try:
        with bpy.data.libraries.load(str(path)) as (inside, _):
            return {item.name for item in objects} <= set(inside.objects)
    except OSError:
        return False
