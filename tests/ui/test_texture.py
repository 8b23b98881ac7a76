"""Texturing what is selected, in bpy without a window, with the real child process. The mesh's side: tests/scene."""

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.engine.recipe import loads  # noqa: E402
from blender_addon.scene import faces  # noqa: E402
from tests.ui.panel import counts  # noqa: E402


@pytest.fixture
def suzanne(settings):
    settings.seed = 3
    bpy.ops.mesh.primitive_monkey_add()
    return bpy.context.active_object


def base_colors(item) -> list[bytes]:
    nodes = [faces.image_nodes(slot.material) for slot in item.material_slots]
    return [found["base_color"][0].packed_file.data for found in nodes if found]


@pytest.mark.parametrize("surface", ["tile", "box"])
def test_one_texture_that_the_sliders_change(settings, suzanne, surface):
    settings.surface = surface
    assert bpy.ops.gancube.texture() == {"FINISHED"}
    recipe = loads(suzanne["gancube"])
    assert (recipe.kind, len(recipe.face_seeds), len(base_colors(suzanne))) == (surface, 1, 1)
    before, count = base_colors(suzanne), counts()
    sliders = bpy.context.window_manager.gancube_adjust
    assert sliders.seed == 3
    sliders.seed = 9
    assert base_colors(suzanne) != before and loads(suzanne["gancube"]).seed == 9
    assert counts()["materials"] == count["materials"]
    settings.seed = 9
    sliders.seed = 3
    assert base_colors(suzanne) == before


def test_objects_textured_together_change_together(settings, suzanne):
    twin = suzanne.copy()  # of the same mesh, so of the same scale: one material for both
    bpy.context.collection.objects.link(twin)
    twin.select_set(True)
    settings.surface = "tile"
    bpy.ops.gancube.texture()
    before = base_colors(twin)
    bpy.context.window_manager.gancube_adjust.seed = 9
    assert base_colors(twin) == base_colors(suzanne) != before
    assert twin["gancube"] == suzanne["gancube"] and loads(twin["gancube"]).seed == 9


def test_a_pool_for_the_polygons(settings, suzanne):
    settings.surface, settings.each = "faces", "polygon"
    polygons = len(suzanne.data.polygons)
    assert bpy.ops.gancube.texture() == {"FINISHED"}
    recipe = loads(suzanne["gancube"])
    assert recipe.kind == "faces" and len(recipe.face_seeds) == 64
    assert len(suzanne.data.polygons) == polygons and len(set(base_colors(suzanne))) == 64


def test_the_redo_panel_changes_the_width_without_the_generator(settings, suzanne):
    settings.surface = "box"
    bpy.ops.gancube.texture(width=0.5)
    before = base_colors(suzanne)
    from blender_addon.ui import session

    (key,) = session.results
    bpy.ops.gancube.texture(width=2.0, result=key)
    assert base_colors(suzanne) == before


def test_nothing_to_texture_is_a_sentence(settings):
    assert not bpy.ops.gancube.texture.poll()
    bpy.ops.object.empty_add()
    with pytest.raises(RuntimeError, match="only meshes can be textured"):
        bpy.ops.gancube.texture()
    assert "gancube" not in bpy.context.active_object


def test_strengths_of_one_face_for_all(settings):
    from blender_addon.scene.material import strengths
    from tests.ui.panel import generate

    cube = generate()
    material = cube.active_material
    node, socket = strengths(material)["normal"]
    material.node_tree.nodes[node].inputs[socket].default_value = 0.25
    assert bpy.ops.gancube.copy_strengths() == {"FINISHED"}
    for slot in cube.material_slots:
        assert slot.material.node_tree.nodes[node].inputs[socket].default_value == 0.25


def test_a_box_projection_is_baked_to_images(settings):
    assert not bpy.ops.gancube.bake_box.poll()
    bpy.ops.mesh.primitive_cube_add()
    cube = bpy.context.active_object
    settings.surface = "box"
    bpy.ops.gancube.texture()
    assert bpy.ops.gancube.bake_box(size=64) == {"FINISHED"}
    (nodes,) = [faces.image_nodes(slot.material) for slot in cube.material_slots]
    assert {tuple(image.size) for image, _ in nodes.values()} == {(64, 64)}
    assert not bpy.ops.gancube.bake_box.poll(), "it is no projection any more"
