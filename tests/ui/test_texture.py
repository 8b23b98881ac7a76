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
    assert faces.parts(cube) == {}, "and the sliders would show what is not baked"


def test_the_sliders_change_a_pool(settings, suzanne):
    settings.surface, settings.each = "faces", "polygon"
    bpy.ops.mesh.primitive_cube_add()  # a small one, and six images
    box = bpy.context.active_object
    assert bpy.ops.gancube.texture() == {"FINISHED"}
    before, count, layout = base_colors(box), counts(), [p.material_index for p in box.data.polygons]
    assert len(set(before)) == 6
    sliders = bpy.context.window_manager.gancube_adjust
    assert sliders.seed == 3
    sliders.seed = 9
    assert not set(base_colors(box)) & set(before) and len(set(base_colors(box))) == 6
    after = loads(box["gancube"])
    assert (after.kind, after.seed, len(after.face_seeds)) == ("faces", 9, 6)
    assert counts()["materials"] == count["materials"]
    assert [p.material_index for p in box.data.polygons] == layout
    settings.seed = 9
    assert bpy.ops.gancube.texture() == {"FINISHED"}
    assert loads(box["gancube"]) == after, "as if it had been textured so"
    colours = base_colors(box)
    sliders.seed, sliders.seed = 3, 9
    assert base_colors(box) == colours


def test_of_a_pool_on_two_objects_those_change_that_share_images(settings, suzanne):
    """Four slots on one, two on the other: six images. A copy shows the same as what it was copied from."""
    settings.surface, settings.each = "faces", "slot"
    bpy.ops.mesh.primitive_cube_add()
    box = bpy.context.active_object
    for item, slots in ((box, 4), (suzanne, 2)):
        for number in range(slots):
            item.data.materials.append(bpy.data.materials.new(f"{item.name} {number}"))
    suzanne.select_set(True)
    assert bpy.ops.gancube.texture() == {"FINISHED"}
    twin = box.copy()
    bpy.context.collection.objects.link(twin)
    assert [len(faces.parts(item)) for item in (box, suzanne, twin)] == [4, 2, 4]
    recipe, kept = suzanne["gancube"], base_colors(suzanne)
    before = base_colors(box)
    bpy.context.view_layer.objects.active = box
    bpy.context.window_manager.gancube_adjust.walk = 0.5
    assert not set(base_colors(box)) & set(before) and base_colors(twin) == base_colors(box)
    assert twin["gancube"] == box["gancube"] and loads(box["gancube"]).settings["walk"]["share"] == 0.5
    assert (suzanne["gancube"], base_colors(suzanne)) == (recipe, kept)


def test_a_pool_that_fails_is_as_it_was(settings, suzanne, monkeypatch):
    from blender_addon.engine.errors import RequestError
    from blender_addon.ui import adjust

    settings.surface, settings.each = "faces", "slot"
    bpy.ops.gancube.texture()
    before, recipe, count = base_colors(suzanne), suzanne["gancube"], counts()
    show = faces.show

    def then_fail(*arguments):
        show(*arguments)
        raise RequestError("no more")

    monkeypatch.setattr(faces, "show", then_fail)
    with pytest.raises(RuntimeError, match="No more"):
        adjust.change(bpy.context, seed=8)
    assert (base_colors(suzanne), suzanne["gancube"], counts()) == (before, recipe, count)


def test_a_loop_of_a_pool(settings, suzanne, tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    settings.surface, settings.each = "faces", "slot"
    for number in range(2):
        suzanne.data.materials.append(bpy.data.materials.new(str(number)))
    bpy.ops.gancube.texture()
    assert bpy.ops.gancube.bake_loop(frames=2) == {"FINISHED"}
    assert sorted(p.name for p in (tmp_path / "gancube_loops" / "Suzanne_001").iterdir()) == ["01", "02"]
    images = [slot.material.node_tree.nodes.active.image for slot in suzanne.material_slots]
    assert [image.source for image in images] == ["SEQUENCE"] * 2 and images[0] != images[1]


def test_strengths_of_one_polygon_for_all(settings, suzanne):
    from blender_addon.scene.material import strengths

    settings.surface, settings.each = "faces", "polygon"
    bpy.ops.gancube.texture()
    node, socket = strengths(suzanne.active_material or suzanne.material_slots[-1].material)["normal"]
    suzanne.active_material_index = len(suzanne.material_slots) - 1
    suzanne.active_material.node_tree.nodes[node].inputs[socket].default_value = 0.25
    assert bpy.ops.gancube.copy_strengths() == {"FINISHED"}
    values = {
        m.node_tree.nodes[node].inputs[socket].default_value
        for ms in faces.parts(suzanne).values()
        for m in ms
    }
    assert values == {0.25}


def test_without_unwrapping_those_without_uvs_are_skipped(settings, suzanne):
    settings.surface = "tile"
    bare = suzanne.copy()
    bare.data = suzanne.data.copy()
    while bare.data.uv_layers:
        bare.data.uv_layers.remove(bare.data.uv_layers[0])
    bpy.context.collection.objects.link(bare)
    bare.select_set(True)
    assert bpy.ops.gancube.texture(unwrap=False) == {"FINISHED"}
    assert "gancube" in suzanne and "gancube" not in bare and not bare.data.uv_layers
    suzanne.select_set(False)
    with pytest.raises(RuntimeError, match="it has no UV map"):
        bpy.ops.gancube.texture(unwrap=False)
    assert bpy.ops.gancube.texture() == {"FINISHED"}
    assert len(bare.data.uv_layers) == 1


def test_the_dialog_before_baking(settings):
    bpy.ops.mesh.primitive_cube_add()
    settings.surface = "box"
    bpy.ops.gancube.texture()
    assert bpy.ops.gancube.ask_to_bake(size=64, own_uvs=False) == {"FINISHED"}
    assert not bpy.ops.gancube.ask_to_bake.poll()
