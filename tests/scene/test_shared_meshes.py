"""Linked duplicates and other files: who was not asked for looks as before, what is not ours is refused."""

import bpy
import pytest

from blender_addon.engine.errors import SurfaceError
from blender_addon.scene.layouts import Surface
from blender_addon.scene.targets import targets

from .intact import intact
from .meshes import cube_mesh, grid_mesh, picture_of, placed, texture, textures

MODES = {
    "tile": Surface("tile"),
    "box": Surface("box"),
    "slots": Surface("faces", "slot"),
    "polygons": Surface("faces", "polygon"),
}
EVERY_MODE = pytest.mark.parametrize("mode", MODES)
ALL_BUT_POLYGONS = pytest.mark.parametrize("mode", ["tile", "box", "slots"])


def looks(item) -> list[str | None]:
    """What each polygon of the object shows: the name of a material, or None for the default."""
    slots = item.material_slots
    return [
        (slots[p.material_index].material.name if slots[p.material_index].material else None)
        if slots
        else None
        for p in item.data.polygons
    ]


def generated(item) -> list[bytes]:
    return [picture_of(item.material_slots[p.material_index].material) for p in item.data.polygons]


def shared(slots: int):
    """A mesh with so many materials, a textured user, and two others; the last has a slot of its own."""
    mesh = cube_mesh()
    for index in range(slots):
        mesh.materials.append(bpy.data.materials.new(f"mine {index}"))
        mesh.polygons[index].material_index = index
    one, other, third = (placed(name, mesh) for name in ("one", "other", "third"))
    if slots:
        third.material_slots[slots - 1].link = "OBJECT"
        third.material_slots[slots - 1].material = bpy.data.materials.new("its own")
    return one, other, third


@EVERY_MODE
@pytest.mark.parametrize("slots", [0, 1, 3])
def test_others_that_share_the_mesh_look_as_before(mode, slots):
    one, other, third = shared(slots)
    before = looks(other), looks(third), intact(other, indices=mode != "polygons")
    for _ in range(2):
        texture([one], MODES[mode], count=6 if mode == "polygons" else 1)
        assert (looks(other), looks(third), intact(other, indices=mode != "polygons")) == before
        assert len(set(generated(one))) == (6 if mode == "polygons" else 1)
    assert one.data == other.data and "gancube" not in other


@EVERY_MODE
def test_all_users_selected_share_slots_of_the_mesh(mode):
    one, other, third = shared(2)
    third.material_slots[1].link = "DATA"
    texture([one, other, third], MODES[mode], count=2)
    assert {slot.link for item in (one, other, third) for slot in item.material_slots} == {"DATA"}
    assert generated(one) == generated(other) == generated(third)
    assert all("gancube" in item for item in (one, other, third))


def test_users_of_other_sizes_get_slots_of_their_own():
    """The same mesh at 1 and at 2 m: the texture has the same width in metres on both."""
    mesh = cube_mesh()
    one, other = placed("one", mesh), placed("other", mesh, (2, 2, 2))
    texture([one, other], Surface("tile"))
    scales = [
        next(n for n in item.material_slots[0].material.node_tree.nodes if n.type == "MAPPING").inputs[
            "Scale"
        ]
        for item in (one, other)
    ]
    assert scales[1].default_value[0] == pytest.approx(2 * scales[0].default_value[0])
    assert {item.material_slots[0].link for item in (one, other)} == {"OBJECT"}


def test_a_slot_that_was_the_objects_own_stays_so():
    item = placed("one", grid_mesh(1, 1))
    mine = bpy.data.materials.new("mine")
    item.data.materials.append(mine)
    item.material_slots[0].link = "OBJECT"
    texture([item], Surface("box"))
    assert item.material_slots[0].link == "OBJECT" and item.data.materials[0] == mine


def test_a_material_index_beyond_the_slots_shows_the_last_for_others():
    one, other, _ = shared(2)
    one.data.polygons[5].material_index = 9
    texture([one], MODES["polygons"], count=6)
    assert looks(other)[5] == "mine 1"


@pytest.fixture
def library(tmp_path):
    """A .blend file with a cube "far", with a mesh "far mesh" and a material."""
    mesh = cube_mesh()
    mesh.name = "far mesh"
    mesh.materials.append(bpy.data.materials.new("far material"))
    path = str(tmp_path / "far.blend")
    bpy.data.libraries.write(path, {bpy.data.objects.new("far", mesh)})
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return path


def linked(path, **wanted):
    with bpy.data.libraries.load(path, link=True) as (_, into):
        for kind, names in wanted.items():
            setattr(into, kind, names)


def test_a_linked_object_is_refused(library):
    linked(library, objects=["far"])
    item = bpy.data.objects["far"]
    bpy.context.scene.collection.objects.link(item)
    with pytest.raises(SurfaceError, match=r"far: comes from .*far\.blend.*Make Local"):
        targets([placed("mine", cube_mesh()), item])
    assert [m.name for m in bpy.data.materials] == ["far material"]


def test_an_object_of_ours_with_a_linked_mesh_is_refused(library):
    linked(library, meshes=["far mesh"])
    with pytest.raises(SurfaceError, match=r"mine: comes from .*Make Local"):
        targets([placed("mine", bpy.data.meshes["far mesh"])])


def test_a_library_override_is_refused(library):
    linked(library, objects=["far"])
    override = bpy.data.objects["far"].override_create()
    with pytest.raises(SurfaceError, match=r"far: (comes from|is a library override)"):
        targets([override])
    override.data = cube_mesh()
    with pytest.raises(SurfaceError, match=r"far: is a library override.*Make Local"):
        targets([override])


@ALL_BUT_POLYGONS
def test_a_linked_material_in_a_slot_is_replaced_and_left_alone(library, mode):
    linked(library, materials=["far material"])
    far = bpy.data.materials["far material"]
    item = placed("mine", cube_mesh())
    item.data.materials.append(far)
    texture([item], MODES[mode])
    assert item.material_slots[0].material != far and far.library is not None


def test_an_appended_object_is_ours(library):
    with bpy.data.libraries.load(library, link=False) as (_, into):
        into.objects = ["far"]
    item = bpy.data.objects["far"]
    bpy.context.scene.collection.objects.link(item)
    texture([item], MODES["polygons"], count=6)
    assert generated(item) == [one.maps["base_color"] for one in textures(6)]
