"""From a plan's target to one mesh object: a primitive, a mesh file, or an object in a .blend. bpy only; no images.

Previous stations: engine/plan.py, engine/mesh_file.py (what importers would hide). Next: scene/surfaces.py. What a file
holds is taken as it is seen (modifiers applied, several meshes joined), since every format shows only that. The object
is in no collection.
"""

import math
from collections.abc import Callable
from pathlib import Path

import bmesh
import bpy

from ..engine.errors import SurfaceError
from ..engine.mesh_file import check_mesh_file
from .session import run_operator, temporary_scene
from .unwrap import active_render, taken

UVS = "UVMap"  # Blender's own name for the first UV layer


def primitive(shape: str, name: str) -> bpy.types.Object:
    """2 m across, with UVs; the round ones shaded smooth."""
    make, smooth = PRIMITIVES[shape]
    content = bmesh.new()
    content.loops.layers.uv.new(UVS)
    make(content)
    mesh = in_fixed_order(content, name)
    content.free()
    mesh.polygons.foreach_set("use_smooth", [smooth] * len(mesh.polygons))
    return bpy.data.objects.new(name, mesh)


def in_fixed_order(content: bmesh.types.BMesh, name: str) -> bpy.types.Mesh:
    """The mesh with its faces by their vertices, each from its smallest on: create_uvsphere welds its seam and orders
    faces by addresses in memory, which differ from run to run."""
    content.verts.index_update()
    layer = content.loops.layers.uv.active
    faces = []
    for face in content.faces:
        corners = [(loop.vert.index, *loop[layer].uv) for loop in face.loops]
        first = corners.index(min(corners))
        faces.append(corners[first:] + corners[:first])
    faces.sort()
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata(
        [vertex.co for vertex in content.verts], [], [[one[0] for one in face] for face in faces]
    )
    mesh.uv_layers.new(name=UVS).uv.foreach_set(
        "vector", [x for face in faces for _, *uv in face for x in uv]
    )
    return mesh


def cone(top: float) -> Callable:
    def make(content: bmesh.types.BMesh) -> None:
        bmesh.ops.create_cone(
            content,
            cap_ends=True,
            cap_tris=True,
            segments=32,
            radius1=1.0,
            radius2=top,
            depth=2.0,
            calc_uvs=True,
        )

    return make


# Shape: what fills the bmesh, and whether it is round.
PRIMITIVES: dict[str, tuple[Callable, bool]] = {
    "cube": (lambda content: bmesh.ops.create_cube(content, size=2.0, calc_uvs=True), False),
    "plane": (lambda content: bmesh.ops.create_grid(content, size=1.0, calc_uvs=True), False),
    "sphere": (
        lambda content: bmesh.ops.create_uvsphere(
            content, u_segments=32, v_segments=16, radius=1.0, calc_uvs=True
        ),
        True,
    ),
    "icosphere": (
        lambda content: bmesh.ops.create_icosphere(content, subdivisions=3, radius=1.0, calc_uvs=True),
        True,
    ),
    "cylinder": (cone(1.0), False),
    "cone": (cone(0.0), False),
    "monkey": (lambda content: bmesh.ops.create_monkey(content, calc_uvs=True), True),
}


def from_file(path: Path, inside: str, name: str) -> bpy.types.Object:
    """inside: name of the one object meant, which then stands at its own origin; "" for all meshes, in their places.

    What the import brings along is the caller's to remove (session.nothing_left_behind).
    """
    check_mesh_file(path)
    with temporary_scene([]) as scene:
        parts = evaluated(imported(path, scene, inside), inside)
        if not parts:
            raise SurfaceError(f"{path}: no mesh in it has faces.")
        item = joined(parts, scene)
    item.name = item.data.name = name
    check_positions(item.data, path)
    if item.data.validate():
        item.data.update()
    if not item.data.polygons:
        raise SurfaceError(f"{path}: none of its faces is whole.")
    return item


def imported(path: Path, scene: bpy.types.Scene, inside: str) -> list[bpy.types.Object]:
    """All objects of the file, linked to the scene."""
    before = {item.session_uid for item in bpy.data.objects}
    try:
        if path.suffix.lower() == ".blend":
            append(path, scene, inside)
        else:
            operator, settings = importer(path.suffix.lower())
            if fault := run_operator(operator, filepath=str(path), **settings):
                raise SurfaceError(
                    f"{path}: Blender cannot read it: {fault.removeprefix('Error: ').rstrip('.')}."
                )
    except OSError as error:
        raise SurfaceError(
            f"{path}: not a .blend file, damaged, or made by a newer Blender than {bpy.app.version_string}."
        ) from error
    return [item for item in bpy.data.objects if item.session_uid not in before]


def append(path: Path, scene: bpy.types.Scene, inside: str) -> None:
    with bpy.data.libraries.load(str(path)) as (there, wanted):
        if inside and inside not in there.objects:
            named = ", ".join(there.objects[:10]) or "no objects"
            raise SurfaceError(f"{path}: has no object {inside!r}; it has {named}.")
        wanted.objects = [inside] if inside else list(there.objects)
    for item in wanted.objects:
        scene.collection.objects.link(item)


def importer(suffix: str) -> tuple[Callable, dict]:
    if suffix == ".glb":
        enable("EXPORT_SCENE_OT_gltf", "io_scene_gltf2")
        return bpy.ops.import_scene.gltf, {}
    if suffix == ".obj":
        return bpy.ops.wm.obj_import, {"validate_meshes": False}  # that would hide what is wrong
    if suffix == ".fbx":
        if "fbx_import" in dir(bpy.ops.wm):  # since Blender 4.5; the older one fails on lights in 5.0
            return bpy.ops.wm.fbx_import, {}
        enable("IMPORT_SCENE_OT_fbx", "io_scene_fbx")
        return bpy.ops.import_scene.fbx, {}
    return bpy.ops.wm.usd_import, {"validate_meshes": False}


def enable(operator: str, addon: str) -> None:
    """Blender's own importers in Python are add-ons that a user can have switched off."""
    if hasattr(bpy.types, operator):
        return
    import addon_utils

    if addon_utils.enable(addon, default_set=False) is None:
        raise SurfaceError(f"Blender's add-on {addon} cannot be enabled in this Blender.")


def evaluated(objects: list[bpy.types.Object], inside: str) -> list[bpy.types.Object]:
    """New objects with the meshes as they are seen; hidden ones too, without those that have no faces."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    parts = []
    for item in objects:
        if item.type != "MESH":
            continue
        mesh = bpy.data.meshes.new_from_object(
            item.evaluated_get(depsgraph), preserve_all_data_layers=True, depsgraph=depsgraph
        )
        if len(mesh.polygons) == 0:
            continue
        few_corners(mesh)
        world = item.matrix_world.to_3x3().to_4x4() if inside else item.matrix_world
        mesh.transform(world)
        if world.determinant() < 0:  # mirrored: its faces would show their backs
            mesh.flip_normals()
        parts.append(bpy.data.objects.new(item.name, mesh))
    return parts


def few_corners(mesh: bpy.types.Mesh) -> None:
    """Polygons of five corners and more into triangles: Blender computes no tangents of others."""
    if all(polygon.loop_total <= 4 for polygon in mesh.polygons):
        return
    content = bmesh.new()
    content.from_mesh(mesh)
    many = [face for face in content.faces if len(face.verts) > 4]
    bmesh.ops.triangulate(content, faces=many)
    content.to_mesh(mesh)
    content.free()


def joined(parts: list[bpy.types.Object], scene: bpy.types.Scene) -> bpy.types.Object:
    """One object of all parts, in no collection; the UV layers that are rendered become one."""
    first = parts[0]
    if len(parts) > 1:
        for part in parts:
            if part.data.uv_layers:
                active_render(part.data).name = UVS
            scene.collection.objects.link(part)
        with bpy.context.temp_override(
            active_object=first, object=first, selected_objects=parts, selected_editable_objects=parts
        ):
            bpy.ops.object.join()
        scene.collection.objects.unlink(first)
    return first


def check_positions(mesh: bpy.types.Mesh, path: Path) -> None:
    values = taken(mesh.attributes["position"].data, "vector", "f", 3)
    # one that is not finite makes the sum not finite
    if not math.isfinite(sum(values)):
        wrong = sum(1 for value in values if not math.isfinite(value))
        raise SurfaceError(f"{path}: {wrong} coordinates are not numbers (NaN or infinite). Export it anew.")
