"""Weather by Geometry in bpy without a window, with the real children: objects, what cannot be, cancel, undo, redo."""

import itertools
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.engine import png, transform_recipe  # noqa: E402
from blender_addon.scene import images, picture_source, weathered  # noqa: E402
from blender_addon.scene.session import all_blocks  # noqa: E402
from blender_addon.ui import session, weather_operator  # noqa: E402
from tests.scene.intact import intact  # noqa: E402
from tests.tiny_picture import make_tiny_picture  # noqa: E402
from tests.ui.panel import counts  # noqa: E402

TAKES = ("position", "object_normal", "ao", "curvature")


@pytest.fixture(scope="module")
def folder(folder):
    make_tiny_picture(folder / "weather.onnx", takes=TAKES, gives=("base_color", "roughness"))
    make_tiny_picture(folder / "looks.onnx", labels=("moss", "snow"))
    return folder


@pytest.fixture
def wish(settings):
    settings.transform.model, settings.transform.size = "weather", 64
    return settings.transform


def cube(name="Cube", uvs=True):
    bpy.ops.mesh.primitive_cube_add(calc_uvs=uvs)
    bpy.context.active_object.name = name
    return bpy.context.active_object


def select(*objects):
    for item in bpy.data.objects:
        item.select_set(item in objects)
    bpy.context.view_layer.objects.active = objects[0]


def shown(item) -> dict:
    return {name: image for name, (image, _) in picture_source.shown_maps(item.active_material).items()}


def said(capfd) -> str:
    captured = capfd.readouterr()
    return captured.out + captured.err


def test_two_objects_a_duplicate_and_an_empty(wish, capfd):
    """One with UVs and a material of the artist's, one without either; what cannot be is said and left out."""
    stone = cube("Stone")
    mine = bpy.data.materials.new("Mine")
    stone.data.materials.append(mine)
    twin = stone.copy()
    bpy.context.collection.objects.link(twin)
    bare = cube("Bare", uvs=False)
    bpy.ops.object.empty_add()
    select(stone, bare, bpy.context.active_object)
    bpy.ops.ed.undo_push(message="before")
    before = [intact(item) for item in (stone, bare)]
    assert bpy.ops.gancube.weather() == {"FINISHED"}
    text = said(capfd)
    assert "Empty is skipped: only meshes have a surface to weather" in text
    assert "Stone weathered, seam at UV borders" in text and "Bare weathered, seam" in text
    assert [intact(item) for item in (stone, bare)] == before
    assert [layer.name for layer in bare.data.uv_layers] == ["gancube"]
    assert [layer.name for layer in stone.data.uv_layers] == ["UVMap"]
    assert twin.active_material == mine and stone.active_material != mine, (
        "who was not selected keeps its look"
    )
    assert not picture_source.shown_maps(mine)
    for item in (stone, bare):
        maps = shown(item)
        assert set(maps) == {"base_color", "roughness"}
        picture = png.decode(maps["base_color"].packed_file.data)[0]
        assert picture.shape == (64, 64, 3) and picture.std() > 2
        recipe = transform_recipe.loads(maps["base_color"]["gancube"])
        assert set(recipe.source["maps"]) == set(TAKES)
        assert recipe.source["bake"]["uvs"] == ("mesh" if item == stone else "new")
        assert recipe.steps[0]["model"]["name"] == "weather" and recipe.steps[0]["tiles"] is False
    nodes = {n.label: n for n in bare.active_material.node_tree.nodes if n.type == "TEX_IMAGE"}
    assert nodes["roughness"].image.colorspace_settings.name == "Non-Color"
    assert nodes["base_color"].inputs["Vector"].links[0].from_node.uv_map == "gancube"
    assert not Path(session.job.asked.folder.name).exists(), "its files are gone"
    bpy.ops.ed.undo_push(message="weather")
    bpy.ops.ed.undo()
    stone, bare = bpy.data.objects["Stone"], bpy.data.objects["Bare"]
    assert stone.active_material.name == "Mine" and not bare.data.uv_layers, "one step takes it all back"


def test_the_material_that_was_there_is_in_the_saved_file(wish, tmp_path):
    """Blender saves nothing that nobody uses."""
    item = cube("Alone")
    item.data.materials.append(bpy.data.materials.new("Wall"))
    for _ in range(2):
        assert bpy.ops.gancube.weather() == {"FINISHED"}
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"), copy=True)
    with bpy.data.libraries.load(str(tmp_path / "saved.blend")) as (there, _):
        assert {"Wall", item.active_material.name} == {*there.materials} & {
            one.name for one in bpy.data.materials if one.name.startswith(("Wall", "Alone"))
        }


def test_cancel_in_the_middle_of_a_bake_leaves_the_scene_as_it_was(wish, monkeypatch):
    import subprocess

    started, popen = [], subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    item = cube(uvs=False)
    before = {block.name_full for block in all_blocks()}, intact(item)
    operator = weather_operator.GANCUBE_OT_weather
    for looks in (1, 6, None):
        stand_in = type("Operator", (), dict(vars(operator)))  # as clicked, without a window
        one = stand_in()
        one.size, one.own_uvs = 64, True
        one.properties = type("Set", (), {"is_property_set": staticmethod(lambda name: True)})
        one.prepare(bpy.context)
        job = one.begin(bpy.context)
        for _ in itertools.repeat(None, looks or 0):
            job.step()
        while looks is None and not 0 < job.baked[0] < job.baked[1]:
            job.step()
        assert job.state == "baking" and session.busy() and job.words[0].startswith("Baking")
        session.cancel()
        assert not session.busy() and job.state == "cancelled"
        assert ({block.name_full for block in all_blocks()}, intact(item)) == before
        assert not Path(job.asked.folder.name).exists()
    assert started and all(process.returncode is not None for process in started)


def fails(says):
    count = counts()
    with pytest.raises(RuntimeError, match=says):
        bpy.ops.gancube.weather()
    assert counts() == count and session.error


def test_what_cannot_be(wish, tmp_path, monkeypatch):
    weather = bpy.ops.gancube.weather
    assert not weather.poll(), "nothing is selected"
    bpy.ops.object.empty_add()
    fails("Empty is skipped: only meshes")
    item = cube("Hollow")
    item.data.clear_geometry()
    fails("Hollow is skipped: it has no faces")
    item = cube("Linked")
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {item})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = ["Linked"]
    bpy.context.collection.objects.link(wanted.objects[0])
    select(wanted.objects[0])
    fails(r"Linked is skipped: comes from .*library\.blend")
    monkeypatch.setattr(weather_operator, "painters", lambda: [])
    assert not weather.poll(), "no generator for it"


def test_a_bake_that_fails_is_a_sentence(wish, monkeypatch, tmp_path):
    from blender_addon.scene import bake_child

    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('no memory left')")
    monkeypatch.setattr(bake_child, "__file__", str(script))
    cube()
    fails("Baking failed .*no memory left")
    assert not session.busy()


def test_the_panel_offers_it_for_generators_that_take_a_shape(wish):
    from types import SimpleNamespace

    from blender_addon.ui import transform_panel
    from tests.ui.test_transform import Layout

    cube()
    drawn = {}
    for model in ("weather", "looks"):
        wish.model = model
        seen = drawn.setdefault(model, [])
        transform_panel.GANCUBE_PT_transform.draw(SimpleNamespace(layout=Layout(seen)), bpy.context)
    assert ("operator", "gancube.weather") in drawn["weather"] and ("prop", "size") in drawn["weather"]
    assert ("operator", "gancube.transform") not in drawn["weather"]
    assert ("operator", "gancube.weather") not in drawn["looks"]


def test_uvs_that_overlap_give_way_to_new_ones(wish, capfd):
    item = cube()
    for number, corner in enumerate(item.data.uv_layers[0].uv):
        corner.vector = ((number % 4) // 2, (number % 4 + 1) // 2 % 2)  # every face the whole image
    assert bpy.ops.gancube.weather() == {"FINISHED"}
    assert 'Cube: its UV map "UVMap" overlaps itself, so a new one was made' in said(capfd)
    assert [layer.name for layer in item.data.uv_layers] == ["UVMap", "gancube"]
    assert item.data.uv_layers["UVMap"].active_render
    picture = png.decode(shown(item)["base_color"].packed_file.data)[0]
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 5


def test_materials_that_are_replaced_are_in_the_saved_file(wish, tmp_path):
    """The artist's own; not the copies that the last click made, unless the artist took one over by a name."""
    item = cube()
    item.data.materials.append(bpy.data.materials.new("Mine"))

    def dress():  # all that a click does after its bake, which takes long
        made = images.new_image("made", png.encode(np.zeros((4, 4, 3), np.uint8)), "sRGB", "{}")
        weathered.dress([item], item.data, {"base_color": made}, "UVMap", "worn")

    for _ in range(3):
        dress()
    item.active_material.name = "Patina"
    dress()
    last = item.active_material.name
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))
    assert set(bpy.data.materials.keys()) == {"Mine", "Patina", last}
    assert bpy.data.materials["Mine"].use_fake_user
