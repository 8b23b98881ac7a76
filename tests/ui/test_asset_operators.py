"""Save as Asset in bpy without a window: what is marked, where the catalog goes, what leaves no trace."""

import pytest

bpy = pytest.importorskip("bpy")

import blender_addon  # noqa: E402
from blender_addon.engine import asset_catalog  # noqa: E402
from blender_addon.scene import asset_preview  # noqa: E402
from blender_addon.ui import asset_operators, models  # noqa: E402


@pytest.fixture(scope="module")
def registered(tmp_path_factory):
    make = pytest.importorskip("tests.tiny", reason="making a model needs onnx").make_tiny
    folder = tmp_path_factory.mktemp("models")
    make(folder / "alpha.onnx")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANCUBE_MODELS", str(folder))
        blender_addon.register()
        yield
        blender_addon.unregister()


@pytest.fixture(autouse=True)
def fresh(registered, monkeypatch):
    monkeypatch.setattr(asset_preview, "SAMPLES", 1)
    monkeypatch.setattr(asset_preview.object_preview, "__defaults__", (32, 1))
    monkeypatch.setattr(asset_preview.material_preview, "__defaults__", (32,))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    settings = bpy.context.scene.gancube
    settings.model, settings.size = "alpha", 32
    asset_operators.waiting.clear()
    assert bpy.ops.gancube.generate_cube() == {"FINISHED"}


def cube():
    return bpy.context.view_layer.objects.active


def test_the_card_speaks_for_the_asset():
    assert bpy.ops.gancube.save_asset() == {"FINISHED"}
    data = cube().asset_data
    assert (data.license, data.author) == ("CC0-1.0", "GAN Cubes, alpha")
    assert data.copyright == "Training images by tests/tiny.py"
    assert {"gancube", "alpha"} <= {tag.name for tag in data.tags} and data.catalog_id != "0" * 36
    assert all(slot.material.asset_data.license == "CC0-1.0" for slot in cube().material_slots)
    assert asset_operators.progress is None


@pytest.mark.parametrize(("surface", "assets"), [("tile", 2), ("box", 2), ("faces", 1)])
def test_whatever_was_textured_can_be_saved(surface, assets):
    bpy.ops.mesh.primitive_monkey_add()
    suzanne, settings = bpy.context.active_object, bpy.context.scene.gancube
    settings.surface, settings.each = surface, "polygon"
    assert bpy.ops.gancube.texture() == {"FINISHED"}
    bpy.ops.object.shade_smooth()
    assert bpy.ops.gancube.save_asset() == {"FINISHED"}
    blocks = (*bpy.data.objects, *bpy.data.materials)
    marked = [block for block in blocks if block.asset_data is not None]
    assert len(marked) == assets and suzanne in marked, "64 materials of polygons stay out of the browser"
    assert all({"gancube", "alpha"} <= {tag.name for tag in block.asset_data.tags} for block in marked)


def test_the_catalog_goes_beside_the_file_when_it_is_saved(tmp_path):
    assert bpy.ops.gancube.save_asset(with_materials=False) == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    text = (tmp_path / asset_catalog.FILE).read_text()
    assert f"{cube().asset_data.catalog_id}:GAN Cubes:" in text and not asset_operators.waiting


def test_the_catalog_goes_to_the_library_that_holds_the_file(tmp_path, prefs):
    (tmp_path / "library" / "walls").mkdir(parents=True)
    library = bpy.context.preferences.filepaths.asset_libraries.new(
        name="L", directory=str(tmp_path / "library")
    )
    try:
        prefs.asset_catalog = "Mine/Walls"
        bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "library" / "walls" / "a.blend"))
        assert bpy.ops.gancube.save_asset(with_materials=False) == {"FINISHED"}
        text = (tmp_path / "library" / asset_catalog.FILE).read_text()
        assert f"{cube().asset_data.catalog_id}:Mine/Walls:Mine-Walls" in text
        assert not (tmp_path / "library" / "walls" / asset_catalog.FILE).exists()
    finally:
        bpy.context.preferences.filepaths.asset_libraries.remove(library)


def test_saved_and_reopened_the_asset_is_there(tmp_path):
    bpy.ops.gancube.save_asset()
    name, recipe = cube().name, cube()["gancube"]
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    again = bpy.data.objects[name]
    assert again.asset_data and again.preview.image_size[:] == (32, 32) and again["gancube"] == recipe


def test_a_generator_that_is_gone_leaves_the_licence_open(monkeypatch):
    monkeypatch.setattr(models, "of_recipe", lambda recipe: None)
    assert bpy.ops.gancube.save_asset(with_materials=False) == {"FINISHED"}
    assert cube().asset_data.license == "" and "seed" in cube().asset_data.description


def test_what_cannot_be_saved_says_why():
    bpy.ops.object.select_all(action="DESELECT")
    with pytest.raises(RuntimeError, match="Select an object with generated faces"):
        bpy.ops.gancube.save_asset()
    bpy.ops.object.add(type="EMPTY")
    assert not bpy.ops.gancube.save_asset.poll()


def test_a_catalog_that_cannot_be_written_is_told_and_nothing_is_marked(tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    (tmp_path / asset_catalog.FILE).write_text("VERSION 9\n")
    with pytest.raises(RuntimeError, match="version 9"):
        bpy.ops.gancube.save_asset()
    assert cube().asset_data is None and asset_operators.progress is None


def test_nothing_stays_after_disabling(registered):
    blender_addon.unregister()
    assert asset_operators.on_save not in bpy.app.handlers.save_post
    assert not hasattr(bpy.types, "GANCUBE_PT_asset")
    blender_addon.register()
