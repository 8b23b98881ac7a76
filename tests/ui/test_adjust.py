"""Sliders on the active cube in bpy without a window, with the real child process."""

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.engine.errors import RequestError  # noqa: E402
from blender_addon.engine.recipe import loads  # noqa: E402
from blender_addon.engine.seeds import derive  # noqa: E402
from blender_addon.scene import faces  # noqa: E402
from blender_addon.ui import adjust, models, session  # noqa: E402
from tests.ui.panel import colours, counts, generate, pictures  # noqa: E402


@pytest.fixture
def cube(settings):
    settings.seed = 3
    return generate()


@pytest.fixture
def sliders(cube):
    return bpy.context.window_manager.gancube_adjust


def test_they_show_what_the_recipe_says(settings, cube, sliders):
    assert (sliders.seed, sliders.walk, sliders.label) == (3, 0.0, models.MIXED)
    settings.seed, settings.walk, settings.toward, settings.scalar_0 = 5, 0.25, 9, 0.5
    settings.label, settings.other_label, settings.label_share = "brick", "moss", 0.75
    generate()
    assert (sliders.seed, sliders.walk, sliders.toward, sliders.scalar_0) == (5, 0.25, 9, 0.5)
    assert (sliders.label, sliders.other_label, sliders.label_share) == ("brick", "moss", 0.75)
    bpy.context.view_layer.objects.active = cube
    assert (sliders.seed, sliders.label) == (3, models.MIXED), "another object, other values"


def test_a_slider_makes_what_the_button_would(settings, cube, sliders):
    sliders.walk, sliders.toward = 0.5, 11
    sliders.seed = 8
    sliders.label = "moss"
    sliders.scalar_0 = 0.3
    settings.seed, settings.walk, settings.toward, settings.label, settings.scalar_0 = 8, 0.5, 11, "moss", 0.3
    other = generate()
    assert pictures(cube) == pictures(other)
    assert loads(cube["gancube"]) == loads(other["gancube"])


def test_locked_faces_keep_their_seed_and_label(cube, sliders):
    before = loads(cube["gancube"])
    cube.gancube_locks[2] = True
    sliders.seed = 8
    after = loads(cube["gancube"])
    assert after.face_seeds == tuple(before.face_seeds[2] if i == 2 else derive(8, i) for i in range(6))
    assert after.face_labels[2] == before.face_labels[2]
    sliders.label = "moss"
    kept = loads(cube["gancube"]).face_labels
    assert kept[2] == before.face_labels[2] and set(kept[:2] + kept[3:]) == {"moss"}


def test_what_was_tried_on_the_way_is_gone(cube, sliders):
    before = counts()
    maps = len(faces.image_nodes(cube.material_slots[0].material))
    sliders.seed = 8
    assert counts() == {**before, "images": before["images"] + 6 * maps}


def test_an_error_leaves_the_cube_as_it_was(cube, sliders, monkeypatch):
    before, recipe, count = pictures(cube), cube["gancube"], counts()
    show, left = faces.show, [2]

    def broken(*arguments):
        left[0] -= 1
        if left[0] < 0:
            raise RequestError("no more")
        show(*arguments)

    monkeypatch.setattr(faces, "show", broken)
    with pytest.raises(RuntimeError, match="No more"):
        adjust.change(
            bpy.context, seed=8
        )  # as the slider does; a property's callback would swallow the error
    assert (pictures(cube), cube["gancube"], counts()) == (before, recipe, count)


def test_a_slider_set_to_what_it_is_leaves_nothing_open(cube, sliders):
    """As Blender does itself when Esc ends a drag."""
    before = pictures(cube), cube["gancube"]
    sliders.walk = sliders.walk
    assert not session.busy() and (pictures(cube), cube["gancube"]) == before
    sliders.walk = 0.5
    assert pictures(cube) != before[0]


def test_no_cube_no_effect(cube, sliders):
    recipe = cube["gancube"]
    bpy.ops.mesh.primitive_cube_add()
    sliders.seed = 99
    assert cube["gancube"] == recipe and not session.busy()


def test_a_style_of_another_seed(settings, folder):
    from tests.tiny_style import LAYERS

    settings.model = "tinted"
    cube = generate()
    before, sliders = pictures(cube), bpy.context.window_manager.gancube_adjust
    assert (sliders.style_seed, sliders.style_from) == (0, LAYERS), "none"
    sliders.style_from = 1
    assert pictures(cube) != before and loads(cube["gancube"]).settings["style"] == {"seed": 0, "layer": 1}
    sliders.style_seed = 9
    assert loads(cube["gancube"]).settings["style"] == {"seed": 9, "layer": 1}
    sliders.style_from = LAYERS
    assert "style" not in loads(cube["gancube"]).settings


def test_locked_faces_keep_their_image_under_every_slider(settings, cube, sliders):
    before, seed = pictures(cube), loads(cube["gancube"]).face_seeds
    cube.gancube_locks[2] = cube.gancube_locks[5] = True
    sliders.walk, sliders.toward = 0.5, 11
    sliders.scalar_0 = 0.3
    after = pictures(cube)
    assert [a == b for a, b in zip(before, after, strict=True)] == [False, False, True, False, False, True]
    assert bpy.ops.gancube.rebuild(index=-1) == {"FINISHED"}
    again = bpy.context.active_object
    assert colours(again) == colours(cube), "the recipe says so"
    bpy.context.view_layer.objects.active = cube
    cube.gancube_locks[2] = False
    sliders.scalar_0 = 0.4
    own = loads(cube["gancube"]).settings["face_settings"]
    assert [one is not None for one in own] == [False] * 5 + [True], "unlocked it follows again"
    assert loads(cube["gancube"]).face_seeds == seed


def test_with_all_faces_locked_nothing_changes(cube, sliders):
    before, recipe = pictures(cube), cube["gancube"]
    cube.gancube_locks = [True] * 6
    sliders.walk, sliders.scalar_0, sliders.seed = 0.5, 0.3, 8
    assert (pictures(cube), cube["gancube"]) == (before, recipe) and not session.busy()


@pytest.mark.parametrize("tried", [1, 3, 6])
def test_undone_meanwhile_it_is_given_up(settings, cube, sliders, monkeypatch, tried):
    """Undo takes away what was tried so far."""
    bpy.ops.ed.undo_push(message="before")
    before, recipe, name = pictures(cube), cube["gancube"], cube.name
    show, shown = adjust.GANCUBE_OT_adjust.show, []

    def then_undo(self):
        show(self)
        if len(self.tried) == tried and not shown:
            shown.append(True)
            back_to(bpy.data.objects[name], before, self.tried)

    monkeypatch.setattr(adjust.GANCUBE_OT_adjust, "show", then_undo)
    with pytest.raises(RuntimeError, match="something was undone meanwhile"):
        adjust.change(bpy.context, seed=8)
    item = bpy.data.objects[name]
    assert shown and (pictures(item), item["gancube"]) == (before, recipe) and not session.busy()
    monkeypatch.undo()
    sliders.seed = 8
    assert loads(item["gancube"]).seed == 8, "the next one works"


def back_to(item, before: list, tried: dict) -> None:
    """As undo does, which cannot be called here in the middle of an operator."""
    for slot, png in zip(item.material_slots, before, strict=True):
        for name, (_, nodes) in faces.image_nodes(slot.material).items():
            for node in nodes:
                node.image = next(
                    i
                    for i in bpy.data.images
                    if i.packed_file
                    and (i.packed_file.data == png if name == "base_color" else i.name.endswith(name))
                )
    for names in tried.values():
        for name in names:
            bpy.data.images.remove(bpy.data.images[name])
