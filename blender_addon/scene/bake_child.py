"""Bakes what scene/bake_stage.py wrote, in a Blender of its own. bpy and the standard library alone: run as a script.

    blender -b --factory-startup --python bake_child.py -- FOLDER       (Blender)
    python bake_child.py -- FOLDER                                      (the bpy module)

Each object of the stage is one map; its materials hold the image to be baked into. Into FOLDER come MAP.png for each,
and before them uvs.bin (float32) where the mesh is to be unwrapped. Files appear whole.
"""

import math
import os
import sys
from array import array
from collections.abc import Iterator
from pathlib import Path

import bpy

SAMPLES = 4  # per pixel: there is no light to be noisy
MAP, MARGIN, GROUND = "map", "margin", "ground"  # custom properties of an object, the last two optional:
# pixels baked beyond the surface, and the value where there is none
UNWRAP = "unwrap"  # of the mesh: the gap between islands, 0 where its UVs are there


def main(folder: Path) -> None:
    for _ in steps(folder):
        pass


def steps(folder: Path) -> Iterator[None]:
    """One for each map that is done."""
    with bpy.data.libraries.load(str(folder / "stage.blend")) as (inside, wanted):
        wanted.objects = inside.objects
    maps = list(wanted.objects)
    scene = bpy.context.scene
    for item in maps:
        scene.collection.objects.link(item)
    scene.render.engine = "CYCLES"
    scene.cycles.device = "CPU"
    scene.cycles.samples = SAMPLES
    if maps[0].data.get(UNWRAP):
        unwrap(maps[0], folder)
    for item in maps:
        for other in scene.objects:  # also what an empty file begins with
            other.hide_render = other != item
        bake(item, folder)
        yield


def unwrap(item: bpy.types.Object, folder: Path) -> None:
    """Smart UV Project: islands that do not overlap, in [0, 1]."""
    mesh = welded(item.data)
    shown = bpy.data.objects.new("unwrap", mesh)
    bpy.context.scene.collection.objects.link(shown)
    select(shown)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.reveal()
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.uv.smart_project(angle_limit=math.radians(66), island_margin=item.data[UNWRAP])
    bpy.ops.object.mode_set(mode="OBJECT")
    uvs = array("f", [0.0]) * (2 * len(mesh.loops))
    mesh.uv_layers[0].uv.foreach_get("vector", uvs)
    item.data.uv_layers[0].uv.foreach_set("vector", uvs)
    (folder / "uvs.bin").write_bytes(uvs.tobytes())
    bpy.data.objects.remove(shown)
    if mesh != item.data:
        bpy.data.meshes.remove(mesh)


def welded(mesh: bpy.types.Mesh) -> bpy.types.Mesh:
    """Itself, or a bare copy with the same corners where vertices stand in one place: files split them at sharp edges,
    and what shares no vertex is no island together."""
    places = array("f", [0.0]) * (3 * len(mesh.vertices))
    mesh.vertices.foreach_get("co", places)
    points = list(zip(places[::3], places[1::3], places[2::3], strict=True))
    first: dict[tuple, int] = {}
    same = [first.setdefault(point, number) for number, point in enumerate(points)]
    if len(first) == len(points):
        return mesh
    corners = array("i", [0]) * len(mesh.loops)
    mesh.loops.foreach_get("vertex_index", corners)
    totals = array("i", [0]) * len(mesh.polygons)
    mesh.polygons.foreach_get("loop_total", totals)
    faces, begin = [], 0
    for total in totals:
        face = list(corners[begin : begin + total])
        joined = [same[corner] for corner in face]
        faces.append(
            joined if len(set(joined)) == total else face
        )  # one with a corner twice would be dropped
        begin += total
    copy = bpy.data.meshes.new("unwrap")
    copy.from_pydata(points, [], faces)
    copy.uv_layers.new(name="unwrap")
    return copy


def bake(item: bpy.types.Object, folder: Path) -> None:
    select(item)
    image = item.material_slots[0].material.node_tree.nodes.active.image
    if GROUND in item:
        image.pixels.foreach_set(array("f", [*[item[GROUND]] * 3, 1.0]) * (image.size[0] * image.size[1]))
    bpy.ops.object.bake(
        type="NORMAL" if item[MAP] == "normal" else "EMIT",
        margin=item.get(MARGIN, max(image.size[0] // 64, 2)),
        margin_type="ADJACENT_FACES",
        use_clear=GROUND not in item,
    )
    draft = folder / "draft.png"
    image.filepath_raw, image.file_format = str(draft), "PNG"
    image.save()
    os.replace(draft, folder / f"{item[MAP]}.png")


def select(item: bpy.types.Object) -> None:
    bpy.context.view_layer.update()  # else, in a scene that was just made, baking finds nothing selected
    for other in bpy.context.view_layer.objects:
        other.select_set(other == item)
    bpy.context.view_layer.objects.active = item


if __name__ == "__main__":
    main(Path(sys.argv[sys.argv.index("--") + 1]))
