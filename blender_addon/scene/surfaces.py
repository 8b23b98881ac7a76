"""Textures onto existing objects, in small steps, with the mesh left intact. bpy only; what goes where: layouts.py.

    targets() -> uids -> texture_steps: layouts -> images -> materials -> landing, all in the last step

Intact means that vertices, edges, loops, UV layers, attributes, shape keys, groups, modifiers and drivers stay as
they are. What comes on top: a UV layer "gancube" where the mode needs one of its own (active only on a mesh that had
none), materials in the slots, the recipe in the object's custom property "gancube"; in mode "faces" per polygon also
slots after the existing ones, and with them the polygons' material_index. Materials that stood in the slots before
are left alone: undo brings them back.

Previous station: FacePixels from the panel's worker. Next: the operator pushes one undo step.
"""

import contextlib
from array import array
from collections.abc import Generator, Iterator
from dataclasses import dataclass

import bpy

from ..engine.errors import SurfaceError
from ..engine.surface_request import MOST_IMAGES
from .assets import FacePixels
from .images import RECIPE_KEY
from .layouts import Layout, Surface, counts, layout_steps, still_there
from .mapping import Mapping
from .shelf import Shelf
from .slots import add_face_slots, put_materials
from .targets import check_editable, find, meshes_of


@dataclass(frozen=True)
class Textured:
    """What was done: names of the objects, and sentences about what the user may not expect."""

    objects: list[str]
    notes: list[str]


def texture_count(uids: tuple[int, ...], surface: Surface) -> int:
    """How many textures the objects can show of their own, at most MOST_IMAGES: as many are to be generated."""
    return min(sum(surface.parts(mesh) for mesh in meshes_of(find(uids))), MOST_IMAGES)


def texture_steps(
    uids: tuple[int, ...],
    textures: list[FacePixels],
    colorspaces: dict[str, str],
    recipe: str,
    surface: Surface,
    name: str = "GAN Texture",
) -> Generator[None, None, Textured]:
    """Gives the objects the textures; yields after each image, material or thousand polygons.

    uids: of targets.targets(). textures: one, or up to texture_count() of them. colorspaces: {map name: "sRGB" or
    "Non-Color"} from the model's card. recipe: JSON text, kept in objects and images.
    Nothing of the objects changes before the last step. Closed before its end, or ended by a SurfaceError (an object
    was changed meanwhile), it leaves nothing behind. An object deleted meanwhile is passed over.
    """
    assert 1 <= len(textures) <= MOST_IMAGES
    textures, notes = shown_maps(textures, surface)
    shelf = Shelf(textures, colorspaces, recipe, name)
    try:
        layouts = yield from layout_steps(uids, surface, len(textures), notes)
        for layout in layouts.values():
            for texture, mapping in layout.materials():
                yield from shelf.image_steps(texture)
                shelf.material(texture, mapping)
                yield
        return land(uids, layouts, shelf, recipe, notes)
    except BaseException:  # also GeneratorExit, when the user presses Esc
        shelf.clear()
        raise


def shown_maps(textures: list[FacePixels], surface: Surface) -> tuple[list[FacePixels], list[str]]:
    """The textures without maps that the mode cannot show, and a sentence about those."""
    if surface.mode != "box" or not any("normal" in one.maps for one in textures):
        return textures, []
    kept = [
        FacePixels(one.seed, one.label, {name: png for name, png in one.maps.items() if name != "normal"})
        for one in textures
    ]
    if any("height" in one.maps for one in kept):
        return kept, ["A normal map is wrong under a box projection: the relief comes from the height map."]
    return kept, ["The normal map is left out: it is wrong under a box projection. Use Tile to have it."]


def land(
    uids: tuple[int, ...], layouts: dict[int, Layout], shelf: Shelf, recipe: str, notes: list[str]
) -> Textured:
    """Everything that changes objects, once all of it is known to fit."""
    objects = [item for item in still_there(uids) if is_laid_out(item, layouts)]
    for item in objects:
        check_editable(item)
        check_unchanged(item, layouts[item.data.session_uid])
    there = {item.session_uid for item in objects}
    for mesh in meshes_of(objects):
        mappings = {
            uid: mapping for uid, mapping in layouts[mesh.session_uid].mappings.items() if uid in there
        }
        with active_attribute_kept(mesh):
            change(mesh, layouts[mesh.session_uid], mappings, shelf)
        mesh.update_tag()
    for item in objects:
        item[RECIPE_KEY] = recipe
    return Textured([item.name for item in objects], notes)


def change(mesh: bpy.types.Mesh, layout: Layout, mappings: dict[int, Mapping], shelf: Shelf) -> None:
    """One mesh and the slots of its users. mappings: by session_uid of those that are textured."""
    if layout.new_layer:
        add_layer(mesh, layout.new_layer, layout.uvs)
    if layout.slots is not None:
        mapping = next(iter(mappings.values()))  # in mode "faces" the same for all users of the mesh
        materials = {texture: shelf.material(texture, mapping) for _, texture in layout.slots.pairs}
        add_face_slots(mesh, set(mappings), layout.slots, materials)
    else:
        materials = {
            uid: [shelf.material(texture, mapping) for texture in layout.textures]
            for uid, mapping in mappings.items()
        }
        put_materials(mesh, materials)


def is_laid_out(item: bpy.types.Object, layouts: dict[int, Layout]) -> bool:
    """False for one that was given another mesh meanwhile."""
    layout = layouts.get(item.data.session_uid) if item.data is not None else None
    return layout is not None and item.session_uid in layout.mappings


def check_unchanged(item: bpy.types.Object, layout: Layout) -> None:
    mesh = item.data
    if layout.counts != counts(mesh) or (layout.new_layer and layout.new_layer in mesh.uv_layers):
        raise SurfaceError(f"{item.name}: was changed meanwhile. Texture it again.")


def add_layer(mesh: bpy.types.Mesh, name: str, uvs: array) -> None:
    """A new UV layer; the one that is active and the one that is rendered stay what they were."""
    shown = mesh.uv_layers.active.name if mesh.uv_layers else name
    rendered = next((layer.name for layer in mesh.uv_layers if layer.active_render), name)
    layer = mesh.uv_layers.new(name=name, do_init=False)
    layer.uv.foreach_set("vector", uvs)
    mesh.uv_layers.active = mesh.uv_layers[shown]
    mesh.uv_layers[rendered].active_render = True


@contextlib.contextmanager
def active_attribute_kept(mesh: bpy.types.Mesh) -> Iterator[None]:
    """Blender keeps the number of the active attribute, and a new one before it would move it."""
    active = mesh.attributes.active.name if mesh.attributes.active else ""
    yield
    if active:
        mesh.attributes.active = mesh.attributes[active]
