"""What texturing means for each mesh, computed in small steps before anything is changed. bpy only; changes nothing.

    tile   through the UVs that are there, or else new ones; their size in metres decides the scale
    box    Blender's box projection from the object's own coordinates
    faces  each polygon shows a whole image, through a UV layer of its own

Previous station: scene/targets.py. Next: scene/surfaces.py makes the materials and changes the objects.
"""

from array import array
from collections.abc import Generator
from dataclasses import dataclass, field

import bpy

from ..engine.errors import SurfaceError
from ..engine.seeds import choose, derive
from .cube import UV_LAYER
from .face_layout import fill_square, project_by_axis
from .mapping import RELIEF_SHARE, Mapping
from .slots import FaceSlots, face_slot_steps
from .targets import check_room_for_layer, find, meshes_of
from .unwrap import metres_per_uv, taken, uv_steps

PIECE = 1 << 18  # bytes that are compared at once


@dataclass(frozen=True)
class Surface:
    """How textures lie on objects.

    mode: "tile", "box" or "faces". each: what gets a texture of its own, "slot" or (mode "faces" only) "polygon";
    with one texture all slots show it. width: of the texture on the surface, in metres (tile, box). blend: of box,
    0 to 1. seed: which polygon or slot shows which texture where there are more of them than textures.
    """

    mode: str = "tile"
    each: str = "slot"
    width: float = 1.0
    blend: float = 0.25
    seed: int = 0

    def __post_init__(self):
        assert self.mode in MODES and self.each in ("polygon", "slot"), self
        assert self.each == "slot" or self.mode == "faces", "only whole images go onto single polygons"
        assert self.width > 0

    def parts(self, mesh: bpy.types.Mesh) -> int:
        """How many things on this mesh can have a texture of their own."""
        return len(mesh.polygons) if self.each == "polygon" else max(len(mesh.materials), 1)

    def texture_of(self, number: int, total: int, textures: int) -> int:
        """The texture of part `number` of `total` on all meshes: each its own, or a seeded choice from too few."""
        return number if total <= textures else choose(derive(self.seed, number), textures)


@dataclass
class Layout:
    """What is to be done to one mesh; plain numbers, so that it can wait."""

    counts: tuple[int, int, int]  # to see that the mesh was changed meanwhile
    uvs: array | None = None  # [loops * 2], of a UV layer to be made ...
    new_layer: str = ""  # ... with this name
    slots: FaceSlots | None = None  # to be added
    textures: list[int] = field(default_factory=list)  # or of each existing slot
    mappings: dict[int, Mapping] = field(
        default_factory=dict
    )  # session_uid of an object -> where its images lie

    def materials(self) -> list[tuple[int, Mapping]]:
        """(texture, mapping) of all the materials, each once."""
        used = [texture for _, texture in self.slots.pairs] if self.slots else self.textures
        return list({(one, mapping): 0 for one in used for mapping in self.mappings.values()})


def counts(mesh: bpy.types.Mesh) -> tuple[int, int, int]:
    return len(mesh.polygons), len(mesh.loops), len(mesh.materials)


def layout_steps(
    uids: tuple[int, ...], surface: Surface, textures: int, notes: list[str]
) -> Generator[None, None, dict[int, Layout]]:
    """A Layout for each mesh, by its session_uid. What the user may not expect goes into `notes`.

    Polygons and slots are numbered on from mesh to mesh, so that two cubes do not show the same.
    """
    layouts: dict[int, Layout] = {}
    own = {mesh.session_uid: surface.parts(mesh) for mesh in meshes_of(still_there(uids))}
    number = 0
    for mesh_uid in own:
        group = objects_with(mesh_uid, uids)
        if group:  # else deleted meanwhile
            layout = layouts[mesh_uid] = Layout(counts(group[0].data))
            yield from MODES[surface.mode](layout, mesh_uid, uids, surface, notes)
            yield from texture_choice_steps(
                layout, mesh_uid, uids, surface, number, sum(own.values()), textures
            )
        number += own[mesh_uid]
    return layouts


def texture_choice_steps(layout: Layout, mesh_uid: int, uids, surface: Surface, number, total, textures):
    """Which polygon or slot shows which texture; the mesh's first one is number `number`."""

    def texture_of(part: int) -> int:
        return surface.texture_of(number + part, total, textures)

    if surface.each == "polygon":
        layout.slots = yield from face_slot_steps(mesh_uid, set(layout.mappings), texture_of)
    else:
        layout.textures = [texture_of(slot) for slot in range(max(layout.counts[2], 1))]


def still_there(uids: tuple[int, ...]) -> list[bpy.types.Object]:
    objects = find(uids)
    if not objects:
        raise SurfaceError("The objects to be textured were deleted meanwhile.")
    return objects


def objects_with(mesh_uid: int, uids: tuple[int, ...]) -> list[bpy.types.Object]:
    return [item for item in still_there(uids) if item.data is not None and item.data.session_uid == mesh_uid]


def tile(layout: Layout, mesh_uid: int, uids, surface: Surface, notes: list[str]):
    if not objects_with(mesh_uid, uids)[0].data.uv_layers:
        layout.uvs = yield from uv_steps(mesh_uid, project_by_axis)
        layout.new_layer = UV_LAYER
    for uid in [item.session_uid for item in objects_with(mesh_uid, uids)]:
        for item in find((uid,)):
            span = metres_per_uv(item.data, item.matrix_world, layout.uvs)
            if span is None:
                notes.append(f"{item.name}: its UVs have no area, so the texture has no size there.")
            scale = rounded((span or surface.width) / surface.width)
            layout.mappings[uid] = Mapping(
                "UV", scale=(scale, scale, 1.0), relief=relief(surface.width, item)
            )
        yield


def box(layout: Layout, mesh_uid: int, uids, surface: Surface, notes: list[str]):
    for item in objects_with(mesh_uid, uids):
        scale = tuple(rounded(abs(one) / surface.width) for one in item.matrix_world.to_scale())
        layout.mappings[item.session_uid] = Mapping(
            "OBJECT", scale=scale, blend=surface.blend, relief=relief(surface.width, item)
        )
        if item.find_armature() is not None or item.data.shape_keys is not None:
            notes.append(
                f"{item.name}: a box projection stays where it is while the surface bends through it."
            )
    yield


def faces(layout: Layout, mesh_uid: int, uids, surface: Surface, notes: list[str]):
    layout.uvs = yield from uv_steps(mesh_uid, fill_square)
    group = objects_with(mesh_uid, uids)
    if not group:
        return
    mesh = group[0].data
    layer, is_new = layer_for(mesh, layout.uvs)
    layout.new_layer = layer if is_new else ""
    # an image lies across a polygon, however large it is: the first ones stand for all
    areas = [polygon.area for polygon in mesh.polygons[:64]]
    height = rounded(RELIEF_SHARE * (sum(areas) / len(areas)) ** 0.5)
    mapping = Mapping("UV", layer, relief=height, own_slot=surface.each == "polygon")
    layout.mappings = {item.session_uid: mapping for item in group}
    yield


MODES = {"tile": tile, "box": box, "faces": faces}


def layer_for(mesh: bpy.types.Mesh, uvs: array) -> tuple[str, bool]:
    """Name of the layer that holds these UVs, and whether it must be made: one that is there is never rewritten."""
    name, number = UV_LAYER, 0
    while name in mesh.uv_layers:
        there = taken(mesh.uv_layers[name].uv, "vector", "f", 2)
        if same_bytes(there, uvs):
            return name, False
        number += 1
        name = f"{UV_LAYER}.{number:03}"
    check_room_for_layer(mesh)
    return name, True


def same_bytes(one: array, other: array) -> bool:
    """Piece by piece: views would be compared byte by byte, and whole copies take a while for a million polygons."""
    a, b = memoryview(one).cast("B"), memoryview(other).cast("B")
    pieces = range(0, len(a), PIECE)
    return len(a) == len(b) and all(bytes(a[i : i + PIECE]) == bytes(b[i : i + PIECE]) for i in pieces)


def relief(width: float, item: bpy.types.Object) -> float:
    """Height from black to white in units of the object, for a texture so many metres wide."""
    scale = sum(abs(one) for one in item.matrix_world.to_scale()) / 3
    return rounded(RELIEF_SHARE * width / (scale or 1.0))


def rounded(number: float) -> float:
    """To four digits, so that objects of the same scale share their materials."""
    return float(f"{number:.4g}")
