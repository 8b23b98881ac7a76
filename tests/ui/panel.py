"""What the tests of the panel do and look at: press the button, read pictures, count datablocks."""

import bpy

from blender_addon.engine import png


def generate(**options):
    assert bpy.ops.gancube.generate_cube(**options) == {"FINISHED"}
    return bpy.context.view_layer.objects.active


def pictures(cube) -> list[bytes]:
    return [slot.material.node_tree.nodes.active.image.packed_file.data for slot in cube.material_slots]


def colours(cube) -> list[bytes]:
    """Without the recipes in the files, which say what all faces were when each was made."""
    return [png.decode(data)[0].tobytes() for data in pictures(cube)]


def counts() -> dict:
    kinds = ("objects", "meshes", "materials", "images")
    return {kind: len(getattr(bpy.data, kind)) for kind in kinds}
