"""What each mode puts onto objects: scale in metres, UVs, which texture where; and which objects it refuses."""

import bpy
import numpy as np
import pytest

from blender_addon.engine.errors import SurfaceError
from blender_addon.engine.seeds import choose, derive
from blender_addon.engine.surface_request import MOST_IMAGES
from blender_addon.scene.layouts import Surface
from blender_addon.scene.material import STRENGTHS, strengths
from blender_addon.scene.surfaces import texture_count
from blender_addon.scene.targets import targets, without_uvs

from .faces import RECIPE
from .meshes import character, cube_mesh, grid_mesh, picture_of, placed, texture, textures

FACES = Surface("faces", "polygon")


def node(material, kind):
    (found,) = [n for n in material.node_tree.nodes if n.type == kind]
    return found


def scale_of(item):
    return node(item.material_slots[0].material, "MAPPING").inputs["Scale"].default_value[:]


def shown_by(item) -> list[bytes]:
    """The picture that each polygon shows."""
    return [picture_of(item.material_slots[p.material_index].material) for p in item.data.polygons]


def pictures(count):
    return [one.maps["base_color"] for one in textures(count)]


@pytest.mark.parametrize(
    ("scale", "width", "expected"),
    [((1, 1, 1), 0.5, 16), ((2, 2, 2), 0.5, 32), ((1, 1, 1), 2, 4), ((4, 1, 1), 1, 16)],
)
def test_tile_has_the_width_in_metres(scale, width, expected):
    """Blender's cube of 2 m: a side of it is a quarter of the UVs, so the whole of them is 8 m wide."""
    item = placed("cube", cube_mesh(), scale)
    texture([item], Surface("tile", width=width))
    # under a scale of (4, 1, 1) four of the six sides are four times as wide: their area stands for both directions
    assert scale_of(item) == pytest.approx((expected, expected, 1))
    assert [layer.name for layer in item.data.uv_layers] == ["UVMap"]
    material = item.material_slots[0].material
    assert node(material, "TEX_COORD").outputs["UV"].is_linked


def test_tile_reads_the_layer_that_is_rendered():
    mesh = grid_mesh(4, 4, uvs=True)  # 4 m wide
    double = mesh.uv_layers.new(name="double")
    for loop in double.data:
        loop.uv = loop.uv * 2
    item = placed("grid", mesh)
    texture([item], Surface("tile"))
    assert scale_of(item)[0] == pytest.approx(4)
    double.active_render = True
    texture([item], Surface("tile"))
    assert scale_of(item)[0] == pytest.approx(2)


def test_tile_unwraps_only_what_has_no_uvs_and_says_so_before():
    with_uvs, without = placed("with", cube_mesh()), placed("without", cube_mesh(uvs=False), (3, 3, 3))
    assert without_uvs(targets([with_uvs, without]).uids) == ["without"]
    texture([with_uvs, without], Surface("tile", width=0.5))
    assert [layer.name for layer in with_uvs.data.uv_layers] == ["UVMap"]
    (layer,) = without.data.uv_layers
    assert layer.name == "gancube" and layer.active_render
    assert scale_of(without)[0] == pytest.approx(6), "1 of UV is 1 of the mesh, so 3 m"
    assert without_uvs(targets([with_uvs, without]).uids) == []


def test_uvs_without_area_are_said():
    mesh = cube_mesh()
    for loop in mesh.uv_layers[0].data:
        loop.uv = (0, 0)
    (note,) = texture([placed("cube", mesh)], Surface("tile")).notes
    assert "no area" in note


def test_box_is_blenders_own_with_the_width_in_metres():
    item = placed("cube", cube_mesh(uvs=False), (2, 1, 0.5))
    texture([item], Surface("box", width=0.5, blend=0.3), maps=("base_color", "roughness", "height"))
    assert scale_of(item) == pytest.approx((4, 2, 1))
    material = item.material_slots[0].material
    images = [n for n in material.node_tree.nodes if n.type == "TEX_IMAGE"]
    assert {n.projection for n in images} == {"BOX"}
    assert [n.projection_blend for n in images] == pytest.approx([0.3] * 3)
    assert all(n.inputs["Vector"].is_linked for n in images)
    assert node(material, "TEX_COORD").outputs["Object"].is_linked
    assert set(strengths(material)) == {"roughness", "height"}
    relief = material.node_tree.nodes[STRENGTHS["height"][0]].inputs["Scale"].default_value
    assert relief == pytest.approx(0.02 * 0.5 / (3.5 / 3), rel=1e-3), "2 cm per metre of texture"
    assert not item.data.uv_layers


@pytest.mark.parametrize("maps", [("base_color", "normal"), ("base_color", "normal", "height")])
def test_box_leaves_normal_maps_out_and_says_so(maps):
    item = placed("cube", cube_mesh())
    (note,) = texture([item], Surface("box"), maps=maps).notes
    assert "normal map" in note and ("height" in note) == ("height" in maps)
    assert not [image for image in bpy.data.images if "normal" in image.name]
    assert ("height" in strengths(item.material_slots[0].material)) == ("height" in maps)


def test_each_polygon_of_a_cube_its_own_image():
    item = placed("cube", cube_mesh())
    uids = targets([item]).uids
    assert texture_count(uids, FACES) == 6
    texture([item], FACES, count=6, maps=("base_color", "normal"))
    assert [p.material_index for p in item.data.polygons] == list(range(6))
    assert shown_by(item) == [one.maps["base_color"] for one in textures(6, ("base_color", "normal"))]
    uvs = np.array([loop.uv[:] for loop in item.data.uv_layers["gancube"].data]).reshape(6, 4, 2)
    assert all({tuple(uv) for uv in polygon} == {(0, 0), (1, 0), (1, 1), (0, 1)} for polygon in uvs)
    for slot in item.material_slots:
        assert node(slot.material, "UVMAP").uv_map == node(slot.material, "NORMAL_MAP").uv_map == "gancube"
    assert item.data.uv_layers.active.name == "UVMap" and item.data.uv_layers["UVMap"].active_render


def test_of_many_polygons_each_takes_a_seeded_choice():
    item = placed("grid", grid_mesh(20, 10))
    surface = Surface("faces", "polygon", seed=5)
    assert texture_count(targets([item]).uids, surface) == MOST_IMAGES
    texture([item], surface, count=12)
    offered = pictures(12)
    assert shown_by(item) == [offered[choose(derive(5, i), 12)] for i in range(200)]
    assert len(item.material_slots) == 12


def test_new_slots_stand_after_the_existing_ones_and_are_used_again():
    mesh = cube_mesh()
    mine = [bpy.data.materials.new(name) for name in ("a", "b")]
    for material in mine:
        mesh.materials.append(material)
    item = placed("cube", mesh)
    for count, slots in ((6, 8), (1, 3), (6, 8)):
        texture([item], FACES, count=count)
        assert list(mesh.materials)[:2] == mine and len(mesh.materials) == slots
        assert shown_by(item) == [pictures(6)[i % count] for i in range(6)]
        assert len(mesh.uv_layers) == 2, "the same UVs need no other layer"


def test_a_foreign_layer_of_that_name_is_left_alone():
    mesh = cube_mesh()
    mesh.uv_layers[0].name = "gancube"
    before = [loop.uv[:] for loop in mesh.uv_layers[0].data]
    item = placed("cube", mesh)
    texture([item], FACES, count=2)
    assert [layer.name for layer in mesh.uv_layers] == ["gancube", "gancube.001"]
    assert [loop.uv[:] for loop in mesh.uv_layers[0].data] == before
    assert node(item.material_slots[0].material, "UVMAP").uv_map == "gancube.001"


@pytest.mark.parametrize("mode", ["tile", "box", "faces"])
def test_each_slot_its_own_texture_or_all_the_same(mode):
    body = character()
    assert texture_count(targets([body]).uids, Surface(mode)) == 2
    texture([body], Surface(mode), count=2)
    assert [picture_of(slot.material) for slot in body.material_slots] == pictures(2)
    texture([body], Surface(mode))
    assert [picture_of(slot.material) for slot in body.material_slots] == pictures(1) * 2


def test_textures_are_numbered_on_from_mesh_to_mesh():
    one, other = (placed(name, cube_mesh()) for name in ("one", "other"))
    assert texture_count(targets([one, other]).uids, FACES) == 12
    texture([one, other], FACES, count=12)
    assert shown_by(one) + shown_by(other) == pictures(12)


def test_objects_of_one_scale_share_materials_and_pictures():
    items = [placed(str(i), cube_mesh(), (1 + i // 4,) * 3) for i in range(8)]
    for mode in ("tile", "box"):
        texture(items, Surface(mode), maps=("base_color", "height"))
        assert len({item.material_slots[0].material.name for item in items}) == 2
        assert len({picture_of(item.material_slots[0].material) for item in items}) == 1


def test_what_is_no_mesh_is_skipped_with_a_sentence():
    cube = placed("cube", cube_mesh())
    others = [
        bpy.data.objects.new("text", bpy.data.curves.new("text", "FONT")),
        bpy.data.objects.new("curve", bpy.data.curves.new("curve", "CURVE")),
        bpy.data.objects.new("empty", None),
        bpy.data.objects.new("points", bpy.data.meshes.new("points")),
    ]
    found = targets([cube, *others])
    assert found.uids == (cube.session_uid,)
    assert [sentence.split()[0] for sentence in found.skipped] == ["text", "curve", "empty", "points"]
    with pytest.raises(SurfaceError, match=r"text is skipped.*points is skipped"):
        targets(others)
    with pytest.raises(SurfaceError, match="Nothing is selected"):
        targets([])


def test_no_room_for_a_layer_is_a_sentence():
    mesh = cube_mesh()
    for _ in range(7):
        mesh.uv_layers.new()
    with pytest.raises(SurfaceError, match="8 UV maps"):
        texture([placed("cube", mesh)], FACES)
    assert not bpy.data.images and not bpy.data.materials


def test_the_recipe_stands_on_objects_and_images():
    item = placed("cube", cube_mesh())
    texture([item], Surface("box"))
    assert item["gancube"] == RECIPE and [image["gancube"] for image in bpy.data.images] == [RECIPE]


def test_edit_mode_is_refused():
    item = placed("cube", cube_mesh())
    bpy.context.view_layer.objects.active = item
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        with pytest.raises(SurfaceError, match="Edit Mode"):
            targets([item])
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
