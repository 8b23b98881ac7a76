"""Which materials of the selected objects are transformed, and the results put into them. bpy only.

Previous station: the selected objects, then picture_source.py and the worker. Next: the operator's undo step. The
images that were shown are left alone and kept, and so is every object that was not asked for: a material that others
use too is copied first.
"""

from dataclasses import dataclass, field
from functools import lru_cache

import bpy

from ..engine.errors import GanCubeError, RecipeError, SurfaceError
from ..engine.recipe import KEY, loads
from ..engine.transform_recipe import is_transform
from .images import new_image
from .material import wire
from .originals import keep
from .picture_source import check_image, principled, shown_maps
from .targets import check_editable, find


@dataclass
class Found:
    """`uids` of the objects; `materials`: by session_uid the maps that go in, {map name: image}, to be read at once;
    `skipped`: a sentence for each object that is left out."""

    uids: tuple[int, ...] = ()
    materials: dict[int, dict[str, bpy.types.Image]] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)


def materials_of(objects: list[bpy.types.Object], wanted: set[str], only_active: bool = False) -> Found:
    """wanted: the maps that the generator takes. SurfaceError where nothing is left, with the reasons."""
    found, uids = Found(), []
    for item in objects:
        try:
            for material in candidates(item, only_active):
                if material.session_uid not in found.materials:
                    found.materials[material.session_uid] = going_in(item, material, wanted)
            uids.append(item.session_uid)
        except GanCubeError as error:
            found.skipped.append(
                f"{item.name} is skipped: {str(error).removeprefix(item.name + ': ').rstrip('.')}."
            )
    if not found.materials:
        raise SurfaceError(" ".join(found.skipped) or "Nothing is selected. Select one or more meshes.")
    found.uids = tuple(uids)
    return found


def candidates(item: bpy.types.Object, only_active: bool) -> list[bpy.types.Material]:
    if item.type != "MESH":
        raise SurfaceError("only meshes can be transformed; convert it to a mesh first")
    check_editable(item)
    slots = [item.active_material] if only_active else [slot.material for slot in item.material_slots]
    shown = [one for one in dict.fromkeys(slots) if one is not None]
    if not any("base_color" in shown_maps(one) for one in shown):
        raise SurfaceError("it shows no image as its colour. Texture it first, or give its material an image")
    return [one for one in shown if "base_color" in shown_maps(one)]


def going_in(item: bpy.types.Object, material: bpy.types.Material, wanted: set[str]) -> dict:
    """{map name: image} of what the generator takes."""
    if material.library is not None:
        raise SurfaceError(
            f"the material {material.name} comes from {material.library.filepath}. Make it local first"
        )
    maps = shown_maps(material)
    node = maps["base_color"][1][0]
    if not item.data.uv_layers and node.projection == "FLAT" and not node.inputs["Vector"].is_linked:
        raise SurfaceError("it has no UV map, so no image lies on it. Unwrap it first (Edit Mode, U)")
    for name in wanted - set(maps):
        raise SurfaceError(
            f"the generator needs the map {name}, which the material {material.name} does not show"
        )
    for name in wanted:
        check_image(maps[name][0])
    return {name: maps[name][0] for name in sorted(wanted)}


def put(
    uids: tuple[int, ...], results: dict[int, tuple], colorspaces: dict[str, str], title: str
) -> list[str]:
    """results: {session_uid of a material: ({map name: PNG}, recipe)}. The names of the objects that changed."""
    objects, names = find(uids), []
    there = {one.session_uid: one for one in bpy.data.materials}
    if not objects:
        raise SurfaceError("the objects were deleted meanwhile")
    for uid, (maps, recipe) in results.items():
        users = [item for item in objects if uid in there and shows(item, there[uid])]
        if not users:  # taken away meanwhile
            continue
        for item in users:
            check_editable(item)
        material = own(there[uid], users)
        before = shown_maps(material)
        images = {
            key: new_image(new_name(before, key, title, material.name), png, colorspaces[key], recipe)
            for key, png in maps.items()
        }
        show(material, images)
        names += [item.name for item in users if item.name not in names]
    return names


def new_name(before: dict, key: str, title: str, material: str) -> str:
    """ "Brick moss": the image that was shown, and what it became."""
    return f"{before[key][0].name.removesuffix('.png')} {title}" if key in before else f"{material} {key}"


def shows(item: bpy.types.Object, material: bpy.types.Material) -> bool:
    return any(slot.material == material for slot in item.material_slots)


def own(material: bpy.types.Material, users: list[bpy.types.Object]) -> bpy.types.Material:
    """The material itself where these objects alone show it, else a copy in their slots."""
    if not any(shows(item, material) for item in bpy.data.objects if item not in users):
        return material
    copy = material.copy()
    for item in users:
        alone = all(other in users for other in bpy.data.objects if other.data == item.data)
        for slot in item.material_slots:
            if slot.material == material:
                slot.link = slot.link if alone else "OBJECT"
                slot.material = copy
    return copy


def show(material: bpy.types.Material, images: dict[str, bpy.types.Image]) -> None:
    """In the nodes that show such a map; for a new map a node beside that of the colours, wired as ours are."""
    before, replaced = shown_maps(material), []
    for name, image in images.items():
        for node in before[name][1] if name in before else ():
            replaced.append(node.image)
            node.image = image
    keep(replaced)
    if set(images) - set(before) and (shader := principled(material)) is not None:
        wire_beside(material, shader, {name: images[name] for name in images if name not in before}, before)


def changed(image: bpy.types.Image) -> bool:
    """Was it changed after it was generated or painted?"""
    return isinstance(image.get(KEY), str) and _is_transform(image[KEY])


def wire_beside(material, shader, images: dict[str, bpy.types.Image], before: dict) -> None:
    tree, model = material.node_tree, before["base_color"][1][0]
    nodes = {}
    for row, (name, image) in enumerate(images.items(), 1):
        node = tree.nodes.new("ShaderNodeTexImage")
        node.location = (model.location[0], model.location[1] - 290 * row)
        node.image, node.label = image, name
        node.projection, node.projection_blend = model.projection, model.projection_blend
        node.interpolation, node.extension = model.interpolation, model.extension
        for link in model.inputs["Vector"].links:
            tree.links.new(link.from_socket, node.inputs["Vector"])
        nodes[name] = node
    if model.projection == "BOX":
        nodes.pop("normal", None)  # of a surface with UVs: wrong there
    has_normal = "normal" in nodes or "normal" in before
    output = tree.get_output_node("ALL")
    wire(material, nodes, shader, output, uv_layer_of(model), has_normal=has_normal)
    tree.nodes.active = model


def is_transformed(item: bpy.types.Object) -> bool:
    """Does it show an image that was changed after it was generated? From memory alone: panels ask."""
    return any(
        changed(image) for slot in item.material_slots for image, _ in shown_maps(slot.material).values()
    )


@lru_cache(maxsize=64)  # panels ask at each redraw
def _is_transform(text: str) -> bool:
    if is_transform(text):
        return True
    try:
        return "transform" in loads(text).settings  # an asset of a batch
    except RecipeError:
        return False


def uv_layer_of(node: bpy.types.Node) -> str:
    """The UV layer whose coordinates an image node takes, "" for the active one."""
    for link in node.inputs["Vector"].links:
        if link.from_node.type == "UVMAP":
            return link.from_node.uv_map
    return ""
