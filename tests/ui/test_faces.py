"""Single faces of a cube: re-rolled, locked, set; in bpy without a window, with the real child process."""

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.engine.recipe import loads  # noqa: E402
from blender_addon.engine.seeds import choose  # noqa: E402
from blender_addon.scene import faces  # noqa: E402
from blender_addon.ui import face_operators, models, session  # noqa: E402
from tests.ui.panel import colours, counts, generate, pictures  # noqa: E402


@pytest.fixture
def cube(settings):
    settings.seed = 3
    return generate()


def changed(before: list, after: list) -> list[int]:
    return [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]


def test_one_face_gets_another_image_and_the_recipe_says_so(cube):
    before, old = pictures(cube), loads(cube["gancube"])
    assert bpy.ops.gancube.reroll(face=2, seed="77") == {"FINISHED"}
    assert changed(before, pictures(cube)) == [2]
    new = loads(cube["gancube"])
    assert new.face_seeds[2] == 77 and changed(old.face_seeds, new.face_seeds) == [2]


def test_all_but_the_locked_ones(cube):
    before = pictures(cube)
    cube.gancube_locks[1] = cube.gancube_locks[4] = True
    assert bpy.ops.gancube.reroll(seed="77") == {"FINISHED"}
    assert changed(before, pictures(cube)) == [0, 2, 3, 5]
    again = pictures(cube)
    bpy.ops.gancube.reroll(seed="77")
    assert pictures(cube) == again, "the same seed gives the same faces"


def test_all_locked_is_a_sentence(cube):
    cube.gancube_locks = [True] * 6
    with pytest.raises(RuntimeError, match="faces are locked"):
        bpy.ops.gancube.reroll()


def test_by_chance_without_a_seed(cube):
    bpy.ops.gancube.reroll(face=0)
    first = loads(cube["gancube"]).face_seeds[0]
    bpy.ops.gancube.reroll(face=0)
    assert loads(cube["gancube"]).face_seeds[0] != first


def test_a_mixed_cube_chooses_a_label_with_the_new_seed(cube):
    for seed in range(8):
        bpy.ops.gancube.reroll(face=5, seed=str(seed))
        recipe = loads(cube["gancube"])
        names = ["brick", "moss", "sand"]
        known = [item for item in names if item in set(recipe.face_labels)]
        assert recipe.face_labels[5] in names and known
        card = models.entry_of(recipe.model).card
        assert recipe.face_labels[5] == card.labels[choose(seed, len(card.labels))]


def test_a_label_set_for_one_face_stays_with_it(cube):
    card = models.entry_of(loads(cube["gancube"]).model).card
    own = next(n for n in card.labels if n != loads(cube["gancube"]).face_labels[3])
    assert bpy.ops.gancube.set_face(face=3, seed="words are seeds", label=own) == {"FINISHED"}
    assert loads(cube["gancube"]).face_labels[3] == own
    for seed in range(1, 7):
        bpy.ops.gancube.reroll(face=3, seed=str(seed))
        assert loads(cube["gancube"]).face_labels[3] == own
        if card.labels[choose(seed, len(card.labels))] == own:
            break  # from here on it looks like any other face of a mixed cube
    with pytest.raises(RuntimeError, match="does not know it"):
        bpy.ops.gancube.set_face(face=3, seed="1", label="nowhere")


def test_what_the_artist_made_of_the_material_stays(cube):
    material = cube.material_slots[0].material
    material.node_tree.nodes["Principled BSDF"].inputs["Coat Weight"].default_value = 0.5
    bpy.ops.gancube.reroll(face=0, seed="1")
    assert cube.material_slots[0].material == material
    assert material.node_tree.nodes["Principled BSDF"].inputs["Coat Weight"].default_value == 0.5


def test_a_copy_of_the_cube_keeps_its_faces(cube):
    for linked in (False, True):
        other = cube.copy()
        if not linked:
            other.data = cube.data.copy()
        bpy.context.collection.objects.link(other)
        before = pictures(other)
        bpy.ops.gancube.reroll(face=0, seed="5" if linked else "6")
        assert pictures(other) == before and pictures(cube)[0] != before[0]


def test_old_images_are_left_for_undo_and_nothing_else_is_made(cube):
    before = counts()
    bpy.ops.gancube.reroll(face=0, seed="1")
    after = counts()
    maps = len(faces.image_nodes(cube.material_slots[0].material))
    assert after == {**before, "images": before["images"] + maps}


def test_only_for_a_cube_of_ours(cube):
    bpy.ops.mesh.primitive_cube_add()
    assert not bpy.ops.gancube.reroll.poll()
    bpy.context.active_object["gancube"] = "{not a recipe"
    assert not bpy.ops.gancube.reroll.poll()


def test_a_generator_that_is_not_here_is_a_sentence(cube):
    cube["gancube"] = cube["gancube"].replace(loads(cube["gancube"]).model["sha256"], "0" * 64)
    with pytest.raises(RuntimeError, match="is not here"):
        bpy.ops.gancube.reroll(face=0)


def test_the_walk_to_another_seed(settings):
    settings.seed, settings.toward = 3, 9
    ends = {}
    for walk in (0.0, 0.5, 1.0):
        settings.walk = walk
        cube = generate()
        ends[walk] = pictures(cube)
        recipe = loads(cube["gancube"])
        assert recipe.settings.get("walk") == ({"toward": 9, "share": walk} if walk else None)
    settings.seed, settings.walk = 9, 0.0
    settings.label = loads(cube["gancube"]).face_labels[0]
    assert not set(ends[0.0]) & set(ends[0.5]) and not set(ends[0.5]) & set(ends[1.0])


def test_two_labels_mixed(settings):
    card = models.card("alpha")
    settings.label, settings.other_label, settings.label_share = card.labels[0], card.labels[1], 0.25
    recipe = loads(generate()["gancube"])
    assert recipe.label == {card.labels[0]: 0.75, card.labels[1]: 0.25}


def test_a_bevel_is_a_modifier(settings):
    cube = generate(bevel=0.1)
    assert [m.type for m in cube.modifiers] == ["BEVEL"] and len(cube.data.polygons) == 6


def test_one_face_gets_a_style_of_its_own(settings):
    from tests.tiny_style import LAYERS

    settings.model = "tinted"
    cube = generate()
    before, sliders = colours(cube), bpy.context.window_manager.gancube_adjust
    seeds = [str(seed) for seed in loads(cube["gancube"]).face_seeds]
    assert bpy.ops.gancube.set_face(face=2, seed=seeds[2], style_seed="9", style_from=1) == {"FINISHED"}
    assert changed(before, colours(cube)) == [2]
    own = loads(cube["gancube"]).to_request().face_styles
    assert own == (None, None, (9, 1), None, None, None)
    rebuilt = colours(cube)
    assert bpy.ops.gancube.rebuild(index=-1) == {"FINISHED"}
    assert colours(bpy.context.active_object) == rebuilt

    bpy.context.view_layer.objects.active = cube
    bpy.ops.gancube.reroll(face=2, seed="77")
    assert loads(cube["gancube"]).to_request().face_styles == own, "it stays with the face"
    cube.gancube_locks[2] = True
    sliders.style_from = 2
    after = loads(cube["gancube"]).to_request()
    assert (after.style, after.face_styles) == ((0, 2), own), "a locked face keeps its style"
    cube.gancube_locks[2] = False
    sliders.style_seed = 5
    assert loads(cube["gancube"]).to_request().face_styles == ()
    bpy.ops.gancube.set_face(face=4, seed=seeds[4], style_from=LAYERS)
    assert loads(cube["gancube"]).to_request().face_styles == (None, None, None, None, (0, LAYERS), None)
    assert colours(cube)[4] == before[4], "no style, where all others have one"
    bpy.ops.gancube.set_face(face=4, seed=seeds[4], style_seed="5", style_from=2)
    assert loads(cube["gancube"]).to_request().face_styles == ()


def test_a_generator_without_styles_says_so(cube):
    with pytest.raises(RuntimeError, match="no styles to mix"):
        bpy.ops.gancube.set_face(face=2, seed="1", style_seed="9", style_from=0)


def meanwhile(monkeypatch, deed):
    """The deed is done while the next faces are being made."""
    build = face_operators.FaceGeneration.build

    def after_it(self, context, result):
        deed()
        return (yield from build(self, context, result))

    monkeypatch.setattr(face_operators.FaceGeneration, "build", after_it)


def test_what_was_undone_meanwhile_stays_undone(cube, monkeypatch):
    """Face 1 is re-rolled; while face 2 is, that is undone. The recipe says what each face shows."""
    first, old = pictures(cube), loads(cube["gancube"])
    before = faces.Before.of(cube)
    text = cube["gancube"]
    bpy.ops.gancube.reroll(face=1, seed="11")

    def undone():
        before.restore(cube)
        cube["gancube"] = text

    meanwhile(monkeypatch, undone)
    assert bpy.ops.gancube.reroll(face=2, seed="22") == {"FINISHED"}
    assert changed(first, pictures(cube)) == [2]
    recipe = loads(cube["gancube"])
    assert recipe.face_seeds == (*old.face_seeds[:2], 22, *old.face_seeds[3:])
    kept = bpy.context.scene.gancube.kept
    assert kept[len(kept) - 1].recipe == cube["gancube"]
    shown = colours(cube)
    assert bpy.ops.gancube.rebuild(index=-1) == {"FINISHED"}
    assert colours(bpy.context.active_object) == shown


def test_what_does_not_fit_any_more_is_given_up(cube, monkeypatch):
    """A slider was undone meanwhile: one face would have another walk than the recipe says."""
    text = cube["gancube"]
    bpy.context.window_manager.gancube_adjust.walk = 0.5
    before, count = pictures(cube), counts()

    def undone():
        cube["gancube"] = text

    meanwhile(monkeypatch, undone)
    with pytest.raises(RuntimeError, match="was changed meanwhile"):
        bpy.ops.gancube.reroll(face=2, seed="22")
    assert (pictures(cube), counts()) == (before, count) and not session.busy()


def test_a_slot_removed_meanwhile_is_a_sentence(cube, monkeypatch):
    before = len(bpy.data.images)
    meanwhile(monkeypatch, lambda: cube.data.materials.pop(index=5))
    with pytest.raises(RuntimeError, match="no GAN cube any more"):
        bpy.ops.gancube.reroll(face=2, seed="22")
    assert len(bpy.data.images) == before
