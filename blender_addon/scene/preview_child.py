"""Runs in a Blender of its own: renders previews of what a file holds into a folder, one PNG each. bpy only.

    blender --background --python preview_child.py -- '{"draft", "blocks": [[collection, name], ...], "folder"}'

Started by preview_process.py. Installed, this package has a name that only the user's Blender can import; here the same
folder is imported as `gancube_child`.
"""

import importlib
import importlib.util
import json
import os
import sys
from pathlib import Path

import bpy


def main(task: dict) -> None:
    if hasattr(os, "nice"):
        os.nice(5)  # on a machine with few cores the window draws first
    preview = package().asset_preview
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(task["draft"]) as (_, wanted):
        for kind in ("objects", "materials"):
            setattr(wanted, kind, [name for other, name in task["blocks"] if other == kind])
    for number, (kind, name) in enumerate(task["blocks"]):
        render = preview.object_preview if kind == "objects" else preview.material_preview
        png = render(getattr(bpy.data, kind)[name])
        draft = Path(task["folder"]) / f"{number}.part"
        draft.write_bytes(png)
        draft.rename(draft.with_suffix(".png"))


def package():
    """The room `scene` of this very folder."""
    folder = Path(__file__).resolve().parent.parent
    spec = importlib.util.spec_from_file_location(
        "gancube_child", folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    importlib.import_module("gancube_child.scene.asset_preview")
    return sys.modules["gancube_child.scene"]


if __name__ == "__main__":
    main(json.loads(sys.argv[sys.argv.index("--") + 1]))
    sys.stdout.flush()
    os._exit(0)
