"""Runs in a fresh Python with bpy: our extension beside another one that bundles an onnxruntime of its own.

    python beside_another.py WHEEL ZIP FOLDER      WHEEL: the other one's, "onnxruntime_gpu-1.31.1"

Prints one JSON object on the last line. Not a test itself; test_beside_another.py starts it.
"""

import hashlib
import json
import os
import sys
import zipfile
from pathlib import Path

import bpy

bundled, archive, folder = sys.argv[1], sys.argv[2], Path(sys.argv[3])
version = bundled.partition("-")[2]
MANIFEST = """schema_version = "1.0.0"
id = "other"
version = "1.0.0"
name = "Other"
tagline = "Another extension with an onnxruntime"
maintainer = "Nobody"
type = "add-on"
blender_version_min = "4.2.0"
license = ["SPDX:GPL-3.0-or-later"]
wheels = ["./wheels/WHEEL"]
"""


def other_extension() -> str:
    """Its wheel has the name and the files of a real one, and breaks whoever imports it."""
    with zipfile.ZipFile(archive) as ours:
        python = f"cp{sys.version_info.major}{sys.version_info.minor}"
        name = next(Path(n).name for n in ours.namelist() if f"-{python}-{python}-" in n)
    tags = "-".join(name.split("-")[2:])
    wheel = folder / f"{bundled}-{tags}"
    with zipfile.ZipFile(wheel, "w") as made:
        made.writestr(
            "onnxruntime/__init__.py", f'__version__ = "{version}"\nraise ImportError("not ours")\n'
        )
        made.writestr("onnxruntime/capi/onnxruntime_pybind11_state.so", "")
        metadata = f"Metadata-Version: 2.1\nName: {bundled.partition('-')[0]}\nVersion: {version}\n"
        made.writestr(f"{bundled}.dist-info/METADATA", metadata)
        made.writestr(f"{bundled}.dist-info/RECORD", "")
    path = folder / "other.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("blender_manifest.toml", MANIFEST.replace("WHEEL", wheel.name))
        made.writestr("__init__.py", "def register(): pass\n\n\ndef unregister(): pass\n")
        made.write(wheel, f"wheels/{wheel.name}")
    return str(path)


def session():
    return sys.modules["bl_ext.user_default.gancube.ui.session"]


def uninstall(name: str) -> None:
    repositories = [repo.module for repo in bpy.context.preferences.extensions.repos]
    bpy.ops.extensions.package_uninstall(repo_index=repositories.index("user_default"), pkg_id=name)


def shared_is_ours() -> bool:
    """Is the onnxruntime in Blender's shared folder there, and not the other one's?"""
    files = [Path(p) / "onnxruntime" / "__init__.py" for p in sys.path if ".local" in p]
    return any(file.exists() and "not ours" not in file.read_text() for file in files)


def look(stage: str) -> None:
    """Does a click work, in a fresh child?"""
    # Blender's own Python has no onnxruntime of its own, this environment may
    sys.path[:] = [p for p in sys.path if ".local" in p or not (Path(p) / "onnxruntime").is_dir()]
    if session().client is not None:
        session().client.close()
    result = bpy.ops.gancube.generate_cube()
    cube = bpy.context.view_layer.objects.active
    images = [slot.material.node_tree.nodes.active.image for slot in cube.material_slots]
    pictures = [hashlib.sha256(image.packed_file.data).hexdigest()[:8] for image in images]
    found[stage] = {"shared is ours": shared_is_ours(), "result": list(result), "pictures": pictures}


found = {}
install = {"repo": "user_default", "enable_on_install": True}
bpy.ops.extensions.package_install_files(filepath=archive, **install)
bpy.context.scene.gancube.model = "tiny"
bpy.context.scene.gancube.size = 64
look("alone")
bpy.ops.extensions.package_install_files(filepath=other_extension(), **install)
look("both")
bpy.ops.preferences.addon_disable(module="bl_ext.user_default.other")
look("other disabled")
bpy.ops.preferences.addon_enable(module="bl_ext.user_default.other")
look("other enabled again")
uninstall("other")
look("other uninstalled")
found["unpacked"] = [path.name for path in session().user_folder().glob("onnxruntime-*")]
uninstall("gancube")
extensions = Path(bpy.utils.user_resource("EXTENSIONS"))
found["left"] = [
    str(p) for p in extensions.rglob("*") if p.is_file() and {"gancube", "onnxruntime"} & set(p.parts)
]
print()
print(json.dumps(found), flush=True)
os._exit(0)  # bpy 4.2 as a module crashes on a usual exit
