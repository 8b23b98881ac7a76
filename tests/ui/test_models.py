"""The list of generators in bpy without a window: install, remove, thumbnails, with real files and children."""

import shutil

import pytest

bpy = pytest.importorskip("bpy")

import blender_addon  # noqa: E402
from blender_addon.engine import thumbnail  # noqa: E402
from blender_addon.ui import (  # noqa: E402
    installation,
    model_folders,
    model_operators,
    model_panel,
    models,
    preferences,
    session,
    thumbnails,
)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    make = pytest.importorskip("tests.tiny", reason="making a model needs onnx").make_tiny
    return thumbnail.add(make(tmp_path_factory.mktemp("from") / "mine.onnx"))


@pytest.fixture(scope="module")
def registered():
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture(autouse=True)
def fresh(registered, monkeypatch, tmp_path):
    """No generators installed yet; those of the checkout are the ones that came with the add-on."""
    monkeypatch.setattr(model_folders, "own", lambda: tmp_path / "own")
    models.refresh()
    yield
    model_operators.close()


def install(*paths):
    files = [{"name": path.name} for path in paths]
    return bpy.ops.gancube.install_model(directory=str(paths[0].parent), files=files)


def test_an_installed_one_is_listed_with_its_picture_and_can_be_removed(tiny, tmp_path):
    shipped = [entry.name for entry in models.usable()]
    assert install(tiny) == {"FINISHED"}
    assert [entry.name for entry in models.usable()] == [shipped[0], "mine", *shipped[1:]]
    entry = models.entry("mine")
    assert entry.path == tmp_path / "own" / "mine.onnx" and models.megabytes(entry) == "0.0 MB"
    thumbnails.icon(entry)  # 0 without a window
    assert thumbnails._previews[entry.sha256].image_size[:] == (128, 128)
    said = dict(model_panel.about(entry))
    assert "CC0-1.0" in said["Licences"] and "brick, moss, sand" in said["Labels"]
    assert bpy.ops.gancube.use_model(name="mine") == {"FINISHED"}
    assert bpy.context.scene.gancube.model == "mine"
    assert bpy.ops.gancube.remove_model(name="mine") == {"FINISHED"}
    assert [e.name for e in models.usable()] == shipped and not entry.path.exists() and tiny.exists()
    assert entry.sha256 not in thumbnails._previews


def test_shipped_ones_stay(tiny):
    entry = models.usable()[0]
    with pytest.raises(RuntimeError, match="not installed by you"):
        bpy.ops.gancube.remove_model(name=entry.name)
    assert entry.path.exists() and not model_folders.is_removable(entry.path)


def test_every_fault_is_told_and_the_good_ones_of_a_drop_are_kept(tiny, tmp_path):
    from tests.tiny import make_tiny

    (tmp_path / "drop").mkdir()
    bad = make_tiny(tmp_path / "drop" / "bad.onnx", tampered=True)
    good = shutil.copy(tiny, tmp_path / "drop" / "good.onnx")
    again = shutil.copy(tiny, tmp_path / "drop" / "once_more.onnx")
    with pytest.raises(RuntimeError, match=r"bad\.onnx: test_vector"):
        install(bad, tmp_path / "drop" / "good.onnx", tmp_path / "drop" / "once_more.onnx")
    assert good.exists() and again.exists()
    assert [o.known for o in model_operators.installation.outcomes] == [False, False, True]
    assert sorted(p.name for p in (tmp_path / "own").glob("*.onnx")) == ["good.onnx"]


def test_the_folder_of_the_preferences_goes_first(tiny, tmp_path, prefs):
    assert bpy.ops.gancube.add_model_folder() == {"FINISHED"}
    prefs.model_folders[0].path = str(tmp_path / "mine")
    assert preferences.chosen().model_folders == (tmp_path / "mine",)
    assert install(tiny) == {"FINISHED"}
    assert models.entry("mine").path == tmp_path / "mine" / "mine.onnx"
    assert bpy.ops.gancube.remove_model_folder(index=0) == {"FINISHED"}
    assert "mine" not in models.hashes() and (tmp_path / "mine" / "mine.onnx").exists()


def test_the_viewport_takes_onnx_files():
    handler = model_operators.GANCUBE_FH_onnx
    assert handler.bl_import_operator == "gancube.install_model" and handler.bl_file_extensions == ".onnx"
    assert handler.is_registered and not handler.poll_drop(bpy.context)
    with pytest.raises(RuntimeError, match=r"Choose an \.onnx file"):
        bpy.ops.gancube.install_model()


def test_a_child_that_dies_or_never_answers_refuses_its_file_only(tiny, tmp_path):
    """The real child, killed in the middle of a check; then a clock that jumps."""
    client, now = session.new_client(preferences.chosen()), [0.0]
    sources = [tiny, tmp_path / "two.onnx", tmp_path / "three.onnx"]
    for source in sources[1:]:
        shutil.copy(tiny, source)
    job = installation.Installation(client, sources, tmp_path / "own", {}, clock=lambda: now[0]).start()
    assert job.running and job.text == "mine.onnx"
    client.child.process.kill()
    client.child.listener.join(10)
    job.step()
    assert "mine.onnx: could not be checked: the generating process" in job.faults[0]
    now[0] = installation.LIMIT + 1
    job.step()
    assert "two.onnx: was given up" in job.faults[1]
    while job.running:
        job.step()
    assert job.outcomes[2].path == tmp_path / "own" / "three.onnx" and not client.alive


def test_a_python_that_is_none_refuses_in_a_sentence(tiny, prefs, tmp_path):
    prefs.python = str(tmp_path / "python")
    with pytest.raises(RuntimeError, match="Python for Generation"):
        install(tiny)


def test_cancelled_nothing_is_installed(tiny, tmp_path):
    client = session.new_client(preferences.chosen())
    job = installation.Installation(client, [tiny], tmp_path / "own", {}).start()
    job.close()
    assert not client.alive and not job.running and not list((tmp_path / "own").glob("*.onnx"))


def test_recipes_find_their_generator(tiny):
    entry = models.usable()[0]
    assert models.of_recipe({"model": {"name": "other", "sha256": entry.sha256}}) == entry
    assert models.of_recipe({"model": {"name": entry.name, "sha256": "0" * 64}}) == entry
    assert models.of_recipe({"model": {"name": "none", "sha256": "0" * 64}}) is models.of_recipe({}) is None


def test_a_chosen_generator_that_is_removed_is_told_and_another_is_chosen(tiny, capfd):
    install(tiny)
    first = models.usable()[0].name
    settings = bpy.context.scene.gancube
    bpy.ops.gancube.use_model(name="mine")
    session.error = ""
    bpy.ops.gancube.remove_model(name="mine")
    assert settings.model == first != "mine" and f"Chosen now: {first}" in session.error
    for operator in (bpy.ops.gancube.use_model, bpy.ops.gancube.remove_model):
        with pytest.raises(RuntimeError, match="no generator 'mine'"):
            operator(name="mine")
    said = "".join(capfd.readouterr())
    assert "matches no enum" not in said and "Traceback" not in said


def test_a_file_with_a_generator_that_is_not_here_says_so_when_it_is_opened(tiny, tmp_path, capfd):
    install(tiny)
    bpy.ops.gancube.use_model(name="mine")
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.gancube.remove_model(name="mine")
    session.error = ""
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    assert bpy.context.scene.gancube.model == models.usable()[0].name and "not here any more" in session.error
    assert "matches no enum" not in "".join(capfd.readouterr())
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    session.error = ""


def test_one_that_becomes_the_first_stays_chosen(tiny, monkeypatch):
    install(tiny)
    bpy.ops.gancube.use_model(name="mine")
    session.error = ""
    folders = models.library.folders
    monkeypatch.setattr(models.library, "folders", lambda *user: folders(*user)[:1])
    models.refresh()
    assert [entry.name for entry in models.usable()] == ["mine"]
    assert bpy.context.scene.gancube.model == "mine" and session.error == ""
    monkeypatch.undo()
    bpy.context.scene.gancube.property_unset("model")
    models.refresh()
