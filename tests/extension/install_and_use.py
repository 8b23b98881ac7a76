"""Runs in a fresh Python with bpy and a fresh Blender user folder: installs the zip as a user would, and uses it.

    python install_and_use.py STEP ZIP FOLDER      STEP: first, again

Prints one JSON object on the last line. Not a test itself; test_installed.py starts it.
"""

import json
import os
import sys
from pathlib import Path

import bpy

step, archive, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
found = {"blender": bpy.app.version_string}


def pictures(cube) -> dict:
    """{image name: [mean of its pixels, is it packed]} of the base colour of each slot."""
    shown = {}
    for slot in cube.material_slots:
        image = slot.material.node_tree.nodes.active.image
        pixels = [0.0] * len(image.pixels)
        image.pixels.foreach_get(pixels)
        shown[image.name] = [round(sum(pixels) / len(pixels), 5), image.packed_file is not None]
    return shown


def session():
    return sys.modules["bl_ext.user_default.gancube.ui.session"]


if step == "first":
    bpy.ops.extensions.package_install_files(filepath=archive, repo="user_default", enable_on_install=True)
    settings = bpy.context.scene.gancube
    listed = sys.modules["bl_ext.user_default.gancube.ui.models"]
    found["models"] = [item[0] for item in listed._model_items]
    found["takers"] = [item[0] for item in listed._taker_items]
    found["default"] = settings.model
    settings.size, settings.seed = 64, 5
    settings.edge = 1.5
    bpy.context.scene.cursor.location = (1.0, 2.0, 3.0)
    found["result"] = list(bpy.ops.gancube.generate_cube())
    cube = bpy.context.view_layer.objects.active
    found["cube"] = [
        cube.name,
        cube.select_get(),
        list(cube.location),
        [round(d, 4) for d in cube.dimensions],
    ]
    found["selected"] = [o.name for o in bpy.context.selected_objects]
    found["pictures"] = pictures(cube)
    found["recipe"] = json.loads(cube["gancube"])
    found["provider"] = session().provider
    found["onnxruntime in Blender"] = "onnxruntime" in sys.modules

    # another extension overwrites the shared onnxruntime: ours is unpacked for us alone
    shared = next(Path(p) for p in sys.path if p and (Path(p) / "onnxruntime").is_dir() and ".local" in p)
    found["shared"] = str(shared.relative_to(folder))
    (shared / "onnxruntime" / "__init__.py").write_text(
        '__version__ = "1.15.1"\nraise ImportError("not ours")\n'
    )
    # Blender's own Python has no onnxruntime of its own, this environment may
    sys.path[:] = [p for p in sys.path if p == str(shared) or not (Path(p) / "onnxruntime").is_dir()]
    session().close()
    found["result with a foreign onnxruntime"] = list(bpy.ops.gancube.generate_cube())
    found["pictures with our own"] = pictures(bpy.context.view_layer.objects.active)
    found["unpacked"] = [path.name for path in session().user_folder().iterdir() if path.is_dir()]
    found["unpacked in"] = str(session().user_folder().relative_to(folder))

    # disabled and enabled again: nothing stays behind, everything comes back
    child = session().client.child.process
    bpy.ops.preferences.addon_disable(module="bl_ext.user_default.gancube")
    found["child after disabling"] = child.poll()
    found["scene property after disabling"] = hasattr(bpy.types.Scene, "gancube")
    bpy.ops.preferences.addon_enable(module="bl_ext.user_default.gancube")
    found["kept settings"] = [bpy.context.scene.gancube.seed, bpy.context.scene.gancube.size]
    bpy.ops.wm.save_as_mainfile(filepath=str(folder / "cube.blend"))

if step == "again":
    # A Blender enables it at its start, as the preferences say; bpy as a module starts with factory settings
    # (and bpy 4.2 crashes in read_userpref).
    bpy.ops.preferences.addon_enable(module="bl_ext.user_default.gancube")
    bpy.ops.wm.open_mainfile(filepath=str(folder / "cube.blend"))
    found["settings of the file"] = [bpy.context.scene.gancube.seed, bpy.context.scene.gancube.size]
    found["pictures"] = pictures(bpy.data.objects["GAN Cube"])
    command = sys.modules["bl_ext.user_default.gancube"].command
    found["command"] = command(["recipe", str(folder / "cube.blend")])
    batch = [
        "batch",
        "--count",
        "2",
        "--size",
        "64",
        "--workers",
        "1",
        "--quiet",
        "--out",
        str(folder / "batch"),
    ]
    found["batch"] = command(batch)
    found["assets"] = sorted(path.name for path in (folder / "batch").glob("*/*.glb"))

print()
print(json.dumps(found), flush=True)
os._exit(0)  # bpy 4.2 as a module crashes on a usual exit, whatever was done before (measured with 4.2.23)
