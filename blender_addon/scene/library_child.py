"""Runs in a Blender of its own: opens an asset library, appends what a draft file holds, saves a copy. bpy only.

    blender --background --python library_child.py -- '{"library", "draft", "objects", "out", "answer"}'

Started by library_file.py; imports nothing of this package, which has no name in that Blender.
"""

import json
import os
import sys
from pathlib import Path

import bpy

REFUSED = 4
COLLECTION = "GAN Cubes"
GAP = 1.5  # from the middle of one object to that of the next, in widths of the larger


class Refused(Exception):
    """A sentence for whoever asked."""


def main(task: dict) -> None:
    compressed = True
    if task["library"]:
        compressed = open_library(Path(task["library"]))
    else:
        bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.preferences.filepaths.save_version = 0
    bpy.context.preferences.filepaths.file_preview_type = "NONE"
    append(Path(task["draft"]), task["objects"])
    bpy.ops.wm.save_as_mainfile(
        filepath=task["out"], copy=True, compress=compressed, relative_remap=False, check_existing=False
    )


def open_library(path: Path) -> bool:
    """Opens it, without running its scripts; whether it was compressed."""
    with path.open("rb") as file:
        compressed = file.read(7) != b"BLENDER"
    try:
        bpy.ops.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
    except RuntimeError as error:
        raise Refused(f"is not a .blend file that Blender {bpy.app.version_string} can open.") from error
    if tuple(bpy.data.version[:2]) > tuple(bpy.app.version[:2]):
        newer = ".".join(map(str, bpy.data.version[:2]))
        raise Refused(
            f"was saved by Blender {newer}; saving it with {bpy.app.version_string} could lose data."
        )
    return compressed


def append(draft: Path, names: list[str]) -> None:
    """The objects, with all they use, into a collection of their own, each beside the one before."""
    with bpy.data.libraries.load(str(draft)) as (_, wanted):
        wanted.objects = list(names)
    collection = bpy.data.collections.get(COLLECTION)
    if collection is None or collection.library is not None:
        collection = bpy.data.collections.new(COLLECTION)
    # the window's scene may be one of many; the first is there in any file
    scene = bpy.context.scene or bpy.data.scenes[0]
    if collection not in scene.collection.children_recursive:
        scene.collection.children.link(collection)
    for item in wanted.objects:
        width = max(item.dimensions.x, 1e-3)
        rights = [other.location.x + GAP * max(other.dimensions.x, width) for other in collection.objects]
        item.location.x = max(rights, default=0.0)
        collection.objects.link(item)


if __name__ == "__main__":
    given = json.loads(sys.argv[sys.argv.index("--") + 1])
    code = 0
    try:
        main(given)
    except Refused as refusal:
        Path(given["answer"]).write_text(str(refusal), encoding="utf-8")
        code = REFUSED
    except Exception as error:  # the last line is what the caller shows
        print(f"{type(error).__name__}: {error}", flush=True)
        code = 1
    sys.stdout.flush()
    os._exit(code)  # as a module, bpy 4.2 crashes on leaving once it has saved a file
