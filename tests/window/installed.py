"""The installed add-on and the open file, as scenarios look at them from inside Blender. bpy and numpy.

The one place that knows names inside the add-on; scenarios know its operators and what the user sees.
"""

import hashlib
import sys

import bpy
import numpy as np

TAB = "GAN Cubes"
GENERATE = "gancube.generate_cube"
MODULE = "bl_ext.user_default.gancube"
PATIENCE = 180  # seconds; a cube takes three, on a machine that others keep busy a hundred


def session():
    return sys.modules[f"{MODULE}.ui.session"]


def settings():
    return bpy.context.window_manager.windows[0].scene.gancube


def child():
    """The child process (subprocess.Popen), or None."""
    client = session().client
    return client.child.process if client is not None and client.child is not None else None


def faces_there() -> int:
    """How many faces of the running job have come."""
    return len(session().job.textures)


def names() -> dict[str, list[str]]:
    """Every datablock in the file, by kind."""
    kinds = (
        "objects",
        "meshes",
        "materials",
        "images",
        "node_groups",
        "collections",
        "textures",
        "scenes",
        "texts",
    )
    return {kind: sorted(block.name for block in getattr(bpy.data, kind)) for kind in kinds}


def added(before: dict, after: dict) -> dict:
    """What differs between two names(), for the report of a check."""
    changed = {
        kind: sorted(set(before[kind]) ^ set(after[kind])) for kind in before if before[kind] != after[kind]
    }
    return {kind: names[:10] for kind, names in changed.items()}


def cubes() -> list[str]:
    return sorted(name for name in names()["objects"] if name.startswith("GAN Cube"))


def pictures(cube) -> dict[str, str]:
    """{image: hash of its pixels as Blender decodes them} for every image in its materials; black ones left out."""
    found = {}
    for slot in cube.material_slots:
        for node in slot.material.node_tree.nodes:
            if node.type == "TEX_IMAGE" and node.image is not None:
                pixels = np.empty(len(node.image.pixels), np.float32)  # [H * W * 4] in [0, 1]
                node.image.pixels.foreach_get(pixels)
                if pixels.size and pixels.reshape(-1, 4)[:, :3].max() > 0:
                    found[node.image.name] = hashlib.sha256(pixels.tobytes()).hexdigest()[:16]
    return found


def shown(cube) -> list[str]:
    """The hash of each slot's picture, the one that Texture shading shows."""
    found = pictures(cube)
    return [found.get(slot.material.node_tree.nodes.active.image.name) for slot in cube.material_slots]


def without_default_cube():
    """It would stand in the same place."""
    if (default := bpy.data.objects.get("Cube")) is not None:
        bpy.data.objects.remove(default)
    bpy.ops.ed.undo_push(message="Without the default cube")


def generated(ui, button, name):
    """Click, and wait for the cube of that name."""
    yield from ui.click(*button)
    yield from ui.wait(lambda: name in bpy.data.objects and not session().busy(), PATIENCE, name)
    yield 0.5
    return bpy.data.objects[name]


def begun(ui, button, size, faces=1):
    """Click at this size, and wait until so many faces are there."""
    settings().size = size
    yield from ui.click(*button)
    yield from ui.wait(lambda: session().busy() and faces_there() >= faces, PATIENCE, f"face {faces}")
