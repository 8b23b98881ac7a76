"""One table of the file formats: an object, a path without suffix and a mark give whole files. bpy only.

    glb            everything in one file, occlusion, roughness and metal in one image
    usdz           everything in one file, with occlusion and height; reproducible to the byte
    usd, fbx, obj  the textures beside, in NAME_textures, which they share
    blend          one scene, textures packed
    png            the textures alone, in NAME_textures

Each writer returns the files it wrote, the main one first. Each file is there whole or not at all, and the main one
comes last. The last argument is the encoding of the textures, one of ENCODINGS[format], as far as it can keep what
they hold (encode.py). Except for .blend, which
holds addresses of memory, the same object and mark give the same bytes. Previous station: scene/assets.py.
"""

from collections.abc import Callable
from pathlib import Path

import bpy

from ..engine import obj, usda
from ..engine.errors import OutputError
from ..engine.files import write_atomic
from ..engine.mark import Mark
from ..engine.surface_mesh import SurfaceMesh
from ..engine.usdz import package
from .export import glb_bytes, marked_blend_bytes
from .fbx import fbx_bytes
from .looks import Look, identifier, looks
from .mesh_arrays import mesh_of
from .texture_files import Textures, folder_of, textures, write_textures


def write_glb(item: bpy.types.Object, path: Path, mark: Mark, encoding: str = "PNG") -> list[Path]:
    check_encoding("glb", encoding)
    looks(item)  # refuses a box projection
    return [write_atomic(with_suffix(path, ".glb"), glb_bytes([item], mark.recipe, mark, encoding))]


def write_usdz(item: bpy.types.Object, path: Path, mark: Mark, encoding: str = "PNG") -> list[Path]:
    shown, made, mesh = content("usdz", item, mark, encoding)
    layer = usda.layer(identifier(mark.title), mesh, shown, made.below("textures"), mark)
    inside = {f"textures/{name}": data for name, data in made.data.items()}
    # not named after `path`, so that the bytes do not depend on it
    return [write_atomic(with_suffix(path, ".usdz"), package({"asset.usda": layer, **inside}))]


def write_usd(item: bpy.types.Object, path: Path, mark: Mark, encoding: str = "PNG") -> list[Path]:
    shown, made, mesh = content("usd", item, mark, encoding)
    folder = folder_of(path)
    layer = usda.layer(identifier(mark.title), mesh, shown, made.below(f"./{folder.name}"), mark)
    beside = write_textures(made, folder)
    return [write_atomic(with_suffix(path, ".usda"), layer), *beside]


def write_fbx(item: bpy.types.Object, path: Path, mark: Mark, encoding: str = "PNG") -> list[Path]:
    shown, made, mesh = content("fbx", item, mark, encoding)
    folder = folder_of(path)
    data = fbx_bytes(mesh, shown, made, folder.name, mark)
    beside = write_textures(made, folder)
    return [write_atomic(with_suffix(path, ".fbx"), data), *beside]


def write_obj(item: bpy.types.Object, path: Path, mark: Mark, encoding: str = "PNG") -> list[Path]:
    shown, made, mesh = content("obj", item, mark, encoding)
    folder, materials = folder_of(path), with_suffix(path, ".mtl")
    text = obj.mesh_text(identifier(mark.title), mesh, shown, materials.name, mark)
    beside = write_textures(made, folder)
    write_atomic(materials, obj.materials_text(shown, made.below(folder.name), mark))
    return [write_atomic(with_suffix(path, ".obj"), text), materials, *beside]


def write_blend(item: bpy.types.Object, path: Path, mark: Mark, encoding: str = "PNG") -> list[Path]:
    check_encoding("blend", encoding)
    return [write_atomic(with_suffix(path, ".blend"), marked_blend_bytes(item, mark, encoding))]


def write_png(item: bpy.types.Object, path: Path, mark: Mark, encoding: str = "PNG") -> list[Path]:
    check_encoding("png", encoding)
    made = textures(looks(item), mark, encoding)
    if not made.data:
        raise OutputError(f"{item.name}: shows no generated texture.")
    return write_textures(made, folder_of(path))


def content(
    kind: str, item: bpy.types.Object, mark: Mark, encoding: str
) -> tuple[list[Look], Textures, SurfaceMesh]:
    """What a format that is written here without Blender's exporters is made of."""
    check_encoding(kind, encoding)
    shown = looks(item)
    return shown, textures(shown, mark, encoding), mesh_of(item, shown)


def with_suffix(path: Path, suffix: str) -> Path:
    """`path` with `suffix` behind its name, dots in the name left alone."""
    return path.with_name(path.name + suffix)


def check_encoding(kind: str, encoding: str) -> None:
    if encoding not in ENCODINGS[kind]:
        raise OutputError(
            f"{kind}: cannot hold textures in {encoding}. Choose {' or '.join(ENCODINGS[kind])}."
        )


Writer = Callable[[bpy.types.Object, Path, Mark], list[Path]]

FORMATS: dict[str, Writer] = {
    "glb": write_glb,
    "usdz": write_usdz,
    "usd": write_usd,
    "fbx": write_fbx,
    "obj": write_obj,
    "blend": write_blend,
    "png": write_png,
}

# Of the textures; the first is the default.
ENCODINGS: dict[str, tuple[str, ...]] = {
    "glb": ("PNG", "JPEG", "WEBP"),
    "usdz": ("PNG", "JPEG"),  # all that a USDZ may hold besides EXR
    "usd": ("PNG", "JPEG"),
    "fbx": ("PNG", "JPEG"),
    "obj": ("PNG", "JPEG"),
    "blend": ("PNG", "JPEG", "WEBP"),
    "png": ("PNG",),
}
