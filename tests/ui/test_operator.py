"""The operator and its settings in bpy without a window, registered from the checkout, with the real child process."""

import itertools

import pytest

bpy = pytest.importorskip("bpy")

import blender_addon  # noqa: E402
from blender_addon.ui import models, session  # noqa: E402
from tests.ui.panel import counts, generate, pictures  # noqa: E402


def test_six_faces_selected_at_the_cursor(settings):
    bpy.context.scene.cursor.location = (1, 2, 3)
    settings.edge = 0.5
    first = generate()
    cube = generate()
    assert len(set(pictures(cube))) == 6
    assert tuple(cube.location) == (1, 2, 3) and cube.dimensions[:] == pytest.approx((0.5, 0.5, 0.5))
    assert bpy.context.selected_objects == [cube] and not first.select_get()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(settings):
    settings.seed = 4
    first = pictures(generate())
    assert pictures(generate()) == first
    settings.seed = 5
    assert not set(pictures(generate())) & set(first)


def test_mixed_and_single_labels(settings):
    from blender_addon.engine.recipe import loads

    settings.seed = 1
    mixed = loads(generate()["gancube"])
    assert mixed.label is None and len(set(mixed.face_labels)) > 1
    settings.label = "moss"
    single = loads(generate()["gancube"])
    assert single.label == "moss" and set(single.face_labels) == {"moss"}


def test_the_redo_panel_builds_from_the_same_pictures(settings, monkeypatch):
    generate()
    before = pictures(bpy.context.view_layer.objects.active)
    (key,) = session.results
    monkeypatch.setattr(session, "start", lambda settings: pytest.fail("the generator was asked again"))
    again = generate(result=key, edge=3.0, location=(0, 0, 1))
    assert pictures(again) == before
    assert again.dimensions[:] == pytest.approx((3, 3, 3)) and again.location[:] == (0, 0, 1)


def test_a_forgotten_result_is_generated_again(settings):
    settings.seed = 9
    first = pictures(generate())
    assert pictures(generate(result="no such key")) == first


def test_sizes_snap_to_what_the_model_makes(settings):
    for size, fitting in ((33, 32), (40, 32), (41, 48), (1, 16), (8192, 8192)):
        settings.size = size
        assert settings.size == fitting
    settings.size = 256
    settings.model = "beta"
    assert settings.size == 264  # of 24 px cells, 11 are nearer than 10
    settings.size = 8192
    assert settings.size == 8184


def test_a_label_that_the_next_model_lacks_is_set_back(settings, capfd):
    settings.label = "brick"
    settings.model = "beta"
    assert settings.label == "brick"
    settings.label = "straw"
    settings.model = "alpha"
    assert settings.label == models.MIXED
    assert "matches no enum" not in "".join(capfd.readouterr())


def test_a_file_keeps_its_model_when_others_come(settings, folder, tmp_path):
    from tests.tiny import make_tiny

    settings.model, settings.label = "beta", "straw"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    extra = make_tiny(folder / "aaa.onnx", name="aaa", labels=("zebra", "straw"))
    try:
        bpy.ops.gancube.refresh_models()
        bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
        reopened = bpy.context.scene.gancube
        assert (reopened.model, reopened.label) == ("beta", "straw")
    finally:
        extra.unlink()
        bpy.ops.gancube.refresh_models()


def test_faulty_files_are_listed_with_their_fault_and_not_offered(settings):
    assert {"alpha", "beta", "nan"} <= {item[0] for item in models.model_items(settings, bpy.context)}
    faults = dict(models.faults())
    assert set(faults) == {"text"} and faults["text"]


def test_an_error_is_raised_shown_and_leaves_nothing(settings):
    settings.model = "nan"
    before = counts()
    with pytest.raises(RuntimeError, match="not numbers"):
        bpy.ops.gancube.generate_cube()
    assert counts() == before and "not numbers" in session.error
    settings.model = "alpha"
    generate()
    assert session.error == ""


def test_without_a_model_it_says_so(settings, monkeypatch):
    monkeypatch.setenv("GANCUBE_MODELS", "/nowhere")
    monkeypatch.setattr(models.library, "folders", lambda user: [])
    models.refresh()
    try:
        assert settings.model in ("", models.NONE)  # "": the file keeps the number of the one that is gone
        with pytest.raises(RuntimeError, match="There is no generator"):
            bpy.ops.gancube.generate_cube()
    finally:
        monkeypatch.undo()
        models.refresh()


def test_no_onnxruntime_for_this_python_is_a_sentence(settings, monkeypatch):
    from blender_addon.engine.client import Client

    nothing = Client(search=["/nowhere"])
    session.close()
    monkeypatch.setattr(session, "child", lambda choice: nothing)
    try:
        with pytest.raises(RuntimeError, match=r"This Blender .* has no onnxruntime"):
            bpy.ops.gancube.generate_cube()
    finally:
        nothing.close()


def test_edit_mode_is_refused_with_the_reason(settings):
    cube = generate()
    bpy.ops.object.mode_set(mode="EDIT")
    try:
        with pytest.raises(RuntimeError, match="Object Mode"):
            bpy.ops.gancube.generate_cube()
    finally:
        bpy.ops.object.mode_set(mode="OBJECT")
    assert bpy.context.view_layer.objects.active == cube


def test_an_excluded_collection_does_not_stop_it(settings):
    hidden = bpy.data.collections.new("hidden")
    bpy.context.scene.collection.children.link(hidden)
    layer = bpy.context.view_layer.layer_collection.children["hidden"]
    bpy.context.view_layer.active_layer_collection = layer
    layer.exclude = True
    assert bpy.ops.gancube.generate_cube() == {"FINISHED"}


def test_steps_closed_early_leave_nothing(settings):
    from blender_addon.scene.assets import FacePixels
    from blender_addon.scene.steps import cube_steps

    generate()
    (result,) = session.results.values()
    faces = [FacePixels(face.seed, face.label, face.maps) for face in result.textures.values()]
    before = counts()
    for steps_taken in (0, 1, 7, 18):
        steps = cube_steps(faces, result.colorspaces, result.recipe)
        for _ in itertools.islice(steps, steps_taken):
            pass
        assert len(bpy.data.images) == before["images"] + steps_taken
        steps.close()
        assert counts() == before


def test_steps_survive_an_undo_in_between(settings):
    """Images made so far vanish under the feet of the generator: they are made again."""
    from blender_addon.scene.assets import FacePixels
    from blender_addon.scene.steps import cube_steps

    generate()
    (result,) = session.results.values()
    faces = [FacePixels(face.seed, face.label, face.maps) for face in result.textures.values()]
    before = {image.name for image in bpy.data.images}
    steps = cube_steps(faces, result.colorspaces, result.recipe)
    next(steps), next(steps)
    for image in [image for image in bpy.data.images if image.name not in before]:
        bpy.data.images.remove(image)
    try:
        while True:
            next(steps)
    except StopIteration as stop:
        cube = stop.value
    assert pictures(cube) == [face.maps["base_color"] for face in faces]


def test_random_seed(settings):
    seeds = set()
    for _ in range(4):
        bpy.ops.gancube.random_seed()
        seeds.add(settings.seed)
    assert len(seeds) == 4 and min(seeds) >= 0


def test_invoked_without_a_window_it_waits(settings):
    assert bpy.ops.gancube.generate_cube("INVOKE_DEFAULT") == {"FINISHED"}
    assert "gancube" in bpy.context.view_layer.objects.active


def test_nothing_to_cancel(settings):
    assert not bpy.ops.gancube.cancel.poll()


def test_registered_twice_and_gone(registered):
    from blender_addon import ui

    blender_addon.unregister()
    assert not hasattr(bpy.types.Scene, "gancube")
    assert not any(cls.is_registered for cls in ui.CLASSES)
    blender_addon.register()
    assert all(cls.is_registered for cls in ui.CLASSES)


def test_beside_the_file_instead_of_in_it(settings, tmp_path):
    """File > External Data > Unpack Resources: the artist's choice, by Blender's own means."""
    before = dict(zip("abcdef", pictures(generate()), strict=True))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.file.unpack_all(method="WRITE_LOCAL")
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    images = [
        slot.material.node_tree.nodes.active.image for slot in bpy.data.objects["GAN Cube"].material_slots
    ]
    assert all(image.packed_file is None and image.colorspace_settings.name == "sRGB" for image in images)
    files = [(tmp_path / "textures" / image.filepath.rpartition("/")[2]).read_bytes() for image in images]
    assert files == list(before.values())
    bpy.ops.file.pack_all()
    assert [image.packed_file.data for image in images] == files, "and back"
