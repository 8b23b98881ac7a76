"""A baked loop in bpy without a window, with the real child process."""

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.engine import png  # noqa: E402
from blender_addon.scene import faces  # noqa: E402
from tests.ui.panel import generate, pictures  # noqa: E402


@pytest.fixture
def saved(settings, tmp_path):
    settings.seed = 3
    cube = generate()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    return cube


def pixels(path):
    return png.decode(path.read_bytes())[0]


def rendered(scene, frame, folder):
    scene.frame_set(frame)
    scene.render.filepath = str(folder / f"{frame}.png")
    bpy.ops.render.render(write_still=True)
    return pixels(folder / f"{frame}.png")[..., :3]


def test_frames_files_and_nodes(saved, tmp_path):
    first = png.decode(pictures(saved)[2])[0]
    assert bpy.ops.gancube.bake_loop(frames=4) == {"FINISHED"}
    folder = tmp_path / "gancube_loops" / "GAN_Cube_001"
    names = sorted(p.name for p in (folder / "+Y").iterdir())
    maps = sorted(faces.image_nodes(saved.material_slots[2].material))
    assert names == sorted(f"{m}_{f:04d}.png" for m in maps for f in range(1, 5))
    assert sorted(p.name for p in folder.iterdir()) == sorted(["+X", "-X", "+Y", "-Y", "+Z", "-Z"])
    frames = [pixels(folder / "+Y" / f"base_color_{f:04d}.png") for f in range(1, 5)]
    assert (frames[0] == first).all(), "it begins with what is there"
    assert len({frame.tobytes() for frame in frames}) == 4
    node = saved.material_slots[2].material.node_tree.nodes.active
    assert node.image.source == "SEQUENCE" and node.image.filepath.startswith("//gancube_loops")
    assert node.image_user.frame_duration == 4 and node.image_user.use_cyclic
    assert node.image.colorspace_settings.name == "sRGB"


def test_a_second_loop_gets_a_folder_of_its_own(saved, tmp_path):
    bpy.ops.gancube.bake_loop(frames=2)
    bpy.ops.gancube.bake_loop(frames=2)
    assert sorted(p.name for p in (tmp_path / "gancube_loops").iterdir()) == ["GAN_Cube_001", "GAN_Cube_002"]


def test_unsaved_it_asks_to_save(settings):
    generate()
    with pytest.raises(RuntimeError, match="ave the file first"):
        bpy.ops.gancube.bake_loop(frames=2)


def test_a_folder_that_cannot_be_made_leaves_all_as_it_was(saved, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    before = pictures(saved)
    with pytest.raises(RuntimeError, match="cannot be made"):
        bpy.ops.gancube.bake_loop(frames=2, directory=str(tmp_path / "file" / "in"))
    assert pictures(saved) == before


def test_a_failure_in_the_middle_leaves_no_files(saved, tmp_path, monkeypatch):
    from blender_addon.engine.errors import OutputError
    from blender_addon.scene import sequence

    add, left = sequence.Frames.add, [4]

    def full(self, *arguments):
        left[0] -= 1
        if left[0] < 0:
            raise OutputError("disk full")
        add(self, *arguments)

    monkeypatch.setattr(sequence.Frames, "add", full)
    with pytest.raises(RuntimeError, match="Disk full"):
        bpy.ops.gancube.bake_loop(frames=3)
    assert list((tmp_path / "gancube_loops").iterdir()) == []
    monkeypatch.undo()
    assert bpy.ops.gancube.bake_loop(frames=2) == {"FINISHED"}, "the next one works"


def test_saved_and_opened_it_plays(saved, tmp_path):
    bpy.ops.gancube.bake_loop(frames=3)
    bpy.ops.wm.save_mainfile()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    cube = bpy.data.objects["GAN Cube"]
    scene = bpy.context.scene
    scene.collection.objects.link(camera := bpy.data.objects.new("camera", bpy.data.cameras.new("camera")))
    camera.location, scene.camera = (0, 0, 6), camera
    scene.collection.objects.link(sun := bpy.data.objects.new("sun", bpy.data.lights.new("sun", "SUN")))
    sun.data.energy = 3
    assert cube.name in bpy.context.view_layer.objects
    scene.render.engine, scene.cycles.samples = "CYCLES", 4
    scene.render.resolution_x = scene.render.resolution_y = 32
    looks = [rendered(scene, frame, tmp_path) for frame in (1, 2, 4)]
    assert (looks[0] != looks[1]).mean() > 0.2, "it moves"
    assert (looks[0] == looks[2]).all(), "after three frames it is back"


def test_repeated_it_says_what_to_do(saved, tmp_path):
    """Repeat Last (Shift R) runs it with the properties that it had."""
    from blender_addon.ui import session

    assert bpy.ops.gancube.bake_loop(frames=2) == {"FINISHED"}
    (key,) = session.results
    with pytest.raises(RuntimeError, match="cannot be repeated"):
        bpy.ops.gancube.bake_loop(frames=2, result=key)
    assert len(list((tmp_path / "gancube_loops").iterdir())) == 1


def test_the_dialog_hands_on_what_was_chosen_and_what_is_wrong(saved, tmp_path):
    assert bpy.ops.gancube.ask_for_loop(frames=3, directory=str(tmp_path / "here")) == {"FINISHED"}
    assert len(list((tmp_path / "here" / "GAN_Cube_001" / "+X").glob("base_color_*"))) == 3
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(RuntimeError, match="cannot be made"):
        bpy.ops.gancube.ask_for_loop(frames=2, directory=str(tmp_path / "file" / "in"))


@pytest.mark.parametrize("moment", ["arrived", "build", "land"])
def test_deleted_meanwhile_it_leaves_no_folder(saved, tmp_path, monkeypatch, moment):
    from blender_addon.ui.loop_operator import GANCUBE_OT_bake_loop

    original = getattr(GANCUBE_OT_bake_loop, moment)

    def after_deleting(self, *arguments):
        if (cube := bpy.data.objects.get("GAN Cube")) is not None:
            bpy.data.objects.remove(cube)
        return original(self, *arguments)

    monkeypatch.setattr(GANCUBE_OT_bake_loop, moment, after_deleting)
    with pytest.raises(RuntimeError, match="deleted meanwhile"):
        bpy.ops.gancube.bake_loop(frames=2)
    assert list((tmp_path / "gancube_loops").iterdir()) == []
