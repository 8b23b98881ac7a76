"""What the checker sees of FBX and .blend files: imported into an empty scene, which is gone afterwards. bpy only.

Previous station: file_check.py; for a FBX engine/checked_fbx.py. Scripts in the files are not run. Next: the rules
in engine/checked_mesh.py and checked_maps.py.
"""

import contextlib
from array import array
from pathlib import Path

import bpy

from ..engine.checked import Checked, CheckedMap, CheckedMaterial, parts_of
from ..engine.errors import RecipeError
from ..engine.mark import MARK_KEY, RECIPE_KEY
from .fbx import FBX_ADDON
from .material import GLTF_GROUP
from .session import nothing_left_behind, run_operator, temporary_scene

SOCKETS = {
    "base_color": "Base Color",
    "alpha": "Alpha",
    "metallic": "Metallic",
    "roughness": "Roughness",
    "normal": "Normal",
}
SPACES = {"sRGB": "sRGB", "Non-Color": "Non-Color"}
PLACES = {"Red": (0, 1), "Green": (1, 2), "Blue": (2, 3), "Alpha": (3, 4)}


def read(path: Path, facts: Checked) -> Checked:
    """Adds materials, meshes and images to what is known of a FBX, or of a .blend."""
    with nothing_left_behind():
        if facts.kind == "fbx":
            with temporary_scene([]) as scene:
                import_fbx(path)
                gather(facts, [item for item in scene.objects if item.type == "MESH"])
        else:
            objects = [item for item in appended(path) if item is not None and item.type == "MESH"]
            with temporary_scene(objects):
                gather(facts, objects)
    return facts


def import_fbx(path: Path) -> None:
    if not hasattr(bpy.types, "IMPORT_SCENE_OT_fbx"):
        import addon_utils

        addon_utils.enable(FBX_ADDON, default_set=False)
    fault = run_operator(bpy.ops.import_scene.fbx, filepath=str(path), use_image_search=False)
    if fault:
        raise RecipeError(f"{path}: Blender cannot import it: {fault}")


def appended(path: Path) -> list[bpy.types.Object]:
    try:
        with bpy.data.libraries.load(str(path)) as (inside, wanted):
            wanted.objects = list(inside.objects)
    except OSError as error:
        raise RecipeError(
            f"{path}: not a .blend file, damaged, or made by a newer Blender than {bpy.app.version_string}."
        ) from error
    return list(wanted.objects)


def gather(facts: Checked, objects: list[bpy.types.Object]) -> None:
    known: dict[str, CheckedMaterial] = {}
    for item in objects:
        facts.texts |= {k: item[k] for k in (RECIPE_KEY, MARK_KEY) if isinstance(item.get(k), str)}
        slots = [slot.material for slot in item.material_slots]
        for one in slots:
            if one is not None and one.name not in known:
                known[one.name] = material(facts, one)
        facts.meshes += mesh(item, [known.get(one.name) if one is not None else None for one in slots])
    facts.materials = list(known.values())


def mesh(item: bpy.types.Object, materials: list[CheckedMaterial | None]):
    evaluated = item.evaluated_get(bpy.context.evaluated_depsgraph_get())
    made = evaluated.to_mesh()
    try:
        made.transform(evaluated.matrix_world)
        layer = next((one for one in made.uv_layers if one.active_render), None)
        return parts_of(
            item.name,
            materials,
            taken(made.vertices, "co", "f", 3),
            taken(made.loops, "vertex_index", "i"),
            taken(made.polygons, "loop_total", "i"),
            taken(made.polygons, "material_index", "i"),
            taken(made.corner_normals, "vector", "f", 3),
            taken(layer.uv, "vector", "f", 2) if layer is not None else None,
        )
    finally:
        evaluated.to_mesh_clear()


def taken(collection, name: str, code: str, width: int = 1) -> array:
    values = array(code, bytes(4 * width * len(collection)))
    collection.foreach_get(name, values)
    return values


def material(facts: Checked, given: bpy.types.Material) -> CheckedMaterial:
    made = CheckedMaterial(given.name)
    nodes = given.node_tree.nodes if given.node_tree is not None else ()
    for node in nodes:
        if node.type == "BSDF_PRINCIPLED":
            for role, socket in SOCKETS.items():
                use(facts, made, role, node.inputs[socket])
        elif node.type == "OUTPUT_MATERIAL":
            use(facts, made, "height", node.inputs["Displacement"])
        elif (
            node.type == "GROUP" and node.node_tree is not None and node.node_tree.name.startswith(GLTF_GROUP)
        ):
            use(facts, made, "ao", node.inputs[0])
        elif node.type == "TEX_IMAGE" and node.label.startswith("height (") and node.image is not None:
            made.maps.append(
                CheckedMap("height", picture(facts, node.image, made.name), (0, 1), space(node.image))
            )
    return made


def use(facts: Checked, made: CheckedMaterial, role: str, socket: bpy.types.NodeSocket) -> None:
    """The image behind a socket, through the nodes that change it on the way."""
    channels = (0, 3) if role in ("base_color", "normal") else (0, 1)
    for _ in range(20):
        link = next(iter(socket.links), None)
        if link is None:
            return
        node, name = link.from_node, link.from_socket.name
        if node.type == "TEX_IMAGE":
            if node.image is None:
                facts.error("missing-texture", made.name, f"the image node of its {role} shows no image.")
            else:
                channels = PLACES[name] if name == "Alpha" else channels
                key = picture(facts, node.image, made.name)
                made.maps.append(CheckedMap(role, key, channels, space(node.image)))
            return
        if node.type == "NORMAL_MAP" and node.space != "TANGENT":
            facts.error("normal-map", made.name, "its normal map is not read in tangent space.")
        channels = PLACES.get(name, channels)
        socket = next((one for one in node.inputs if one.is_linked), None)
        if socket is None:
            return


def space(image: bpy.types.Image) -> str:
    return SPACES.get(image.colorspace_settings.name, image.colorspace_settings.name)


def picture(facts: Checked, image: bpy.types.Image, where: str) -> str:
    """The key of an image's file: packed, or beside."""
    if image.packed_file is not None:
        facts.images[image.name] = bytes(image.packed_file.data)
        return image.name
    if not image.filepath:
        facts.error("missing-texture", where, f"the image {image.name} has no file and is not packed.")
        return image.name
    reference = image.filepath
    with contextlib.suppress(ValueError):  # the importer has made it absolute
        reference = Path(bpy.path.abspath(reference)).relative_to(facts.path.parent.absolute()).as_posix()
    return facts.beside(reference.removeprefix("//"), where)
