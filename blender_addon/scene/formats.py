"""One table of the file formats: an object, a path without suffix and a mark give whole files. bpy only.

Previous station: scene/assets.py. Each writer returns the files it wrote, the main one first; each file is there
whole or not at all.
"""

from collections.abc import Callable
from pathlib import Path

import bpy

from ..engine.files import write_atomic
from ..engine.mark import Mark
from .export import export_glb, save_blend


def write_glb(item: bpy.types.Object, path: Path, mark: Mark, encoding: str = "PNG") -> list[Path]:
    file = with_suffix(path, ".glb")
    export_glb([item], file, mark.recipe)
    return [file]


def write_blend(item: bpy.types.Object, path: Path, mark: Mark, encoding: str = "PNG") -> list[Path]:
    file = with_suffix(path, ".blend")
    save_blend([item], file)
    return [file]


def write_png(item: bpy.types.Object, path: Path, mark: Mark, encoding: str = "PNG") -> list[Path]:
    """The maps alone, one file each: NAME_1_base_color.png for the first material slot."""
    files = []
    for number, slot in enumerate(item.material_slots, 1):
        nodes = slot.material.node_tree.nodes if slot.material is not None else ()
        for node in nodes:
            if node.bl_idname == "ShaderNodeTexImage" and node.image is not None:
                map_name = node.label.split(" ")[0]
                file = path.with_name(f"{path.name}_{number}_{map_name}.png")
                files.append(write_atomic(file, node.image.packed_file.data))
    return files


def with_suffix(path: Path, suffix: str) -> Path:
    """`path` with `suffix` behind its name, dots in the name left alone."""
    return path.with_name(path.name + suffix)


FORMATS: dict[str, Callable[[bpy.types.Object, Path, Mark], list[Path]]] = {
    "glb": write_glb,
    "blend": write_blend,
    "png": write_png,
}
