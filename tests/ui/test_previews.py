"""Previews while a slider moves, in bpy without a window, with the real child process: seen, and never kept."""

from dataclasses import replace

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.engine import png  # noqa: E402
from blender_addon.engine.errors import RequestError  # noqa: E402
from blender_addon.engine.recipe import loads  # noqa: E402
from blender_addon.scene import faces, stand_ins  # noqa: E402
from blender_addon.ui import adjust, models, session  # noqa: E402
from blender_addon.ui.live_job import LiveJob  # noqa: E402
from tests.tiny import SMALLER, make_tiny  # noqa: E402
from tests.ui.panel import counts, generate, pictures  # noqa: E402

SIDE = 64
MAPS = ("base_color", "normal", "roughness")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    make_tiny(folder / "alpha.onnx", maps=MAPS, preview=True)
    make_tiny(folder / "other.onnx", maps=("base_color",), preview=True, name="other", seed=1)
    return folder


@pytest.fixture
def cube(settings, monkeypatch):
    monkeypatch.setattr(adjust, "PREVIEW_FROM", SIDE)
    settings.seed, settings.size = 3, SIDE
    return generate()


@pytest.fixture
def sliders(cube):
    return bpy.context.window_manager.gancube_adjust


@pytest.fixture
def dragged(monkeypatch):
    """dragged(look): the slider is held until a preview is shown; then look() is called, and it is let go."""

    def begin(look):
        show, step, seen = adjust.GANCUBE_OT_adjust.show, LiveJob.step, []

        def held(job):
            if not seen:
                job.released, job.moved = not job.previews, job.clock()
            step(job)

        def then_look(self):
            show(self)
            if not seen and None in session.job.shown.values():
                seen.append(True)
                session.job.released = True
                look()

        monkeypatch.setattr(LiveJob, "step", held)
        monkeypatch.setattr(adjust.GANCUBE_OT_adjust, "show", then_look)
        return seen

    return begin


def shown(cube, index) -> dict:
    """{map name: its image} of a face."""
    return {
        name: image for name, (image, _) in faces.image_nodes(cube.material_slots[index].material).items()
    }


def sides(cube) -> list[int]:
    return [shown(cube, index)["base_color"].size[0] for index in range(6)]


def standing_in() -> list[str]:
    return [image.name for image in bpy.data.images if stand_ins.STANDS_FOR in image]


def test_a_preview_is_seen_and_gone(cube, sliders, dragged):
    before, looked = [shown(cube, index) for index in range(6)], []
    materials, count = [slot.material for slot in cube.material_slots], counts()

    def look():
        index = sides(cube).index(SIDE // SMALLER)
        now = shown(cube, index)
        assert now.keys() == set(MAPS) and now["roughness"] == before[index]["roughness"], "kept"
        flat = png.decode(now["normal"].packed_file.data)[0]
        assert flat.shape[0] == SIDE // SMALLER and (flat == (128, 128, 255)).all(), (
            "no relief of another texture"
        )
        assert [slot.material for slot in cube.material_slots] == materials, "in the same materials"
        assert cube["gancube"] == now["base_color"]["gancube"], "the recipe waits for the whole image"
        looked.append(index)

    assert dragged(look) is not None
    sliders.walk = 0.5
    assert looked and sides(cube) == [SIDE] * 6 and standing_in() == []
    assert counts() == {**count, "images": count["images"] + 6 * len(MAPS)}, "what was tried is gone"
    assert loads(cube["gancube"]).settings["walk"] == {"share": 0.5, "toward": 0}


def test_the_end_is_the_same_as_without(settings, cube, sliders, dragged):
    seen = dragged(lambda: None)
    sliders.walk, sliders.toward = 0.5, 11
    assert seen
    settings.walk, settings.toward = 0.5, 11
    other = generate()
    assert pictures(other) == pictures(cube) and loads(other["gancube"]) == loads(cube["gancube"])


def test_a_file_saved_meanwhile_holds_none(cube, sliders, dragged, tmp_path):
    names = {image.name for image in bpy.data.images}
    seen = dragged(lambda: bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "m.blend"), copy=True))
    sliders.walk = 0.5
    assert seen and sides(cube) == [SIDE] * 6
    with bpy.data.libraries.load(str(tmp_path / "m.blend"), link=False) as (there, _):
        assert set(there.images) == names


def test_an_undo_step_made_meanwhile_shows_none(cube, sliders, dragged):
    bpy.ops.ed.undo_push(message="before")
    before, name = pictures(cube), cube.name
    seen = dragged(lambda: bpy.ops.ed.undo_push(message="the artist's own"))
    sliders.walk = 0.5
    bpy.ops.ed.undo_push(message="after")
    bpy.ops.ed.undo()
    assert seen and pictures(bpy.data.objects[name]) == before


def test_before_undo_what_is_tried_is_put_back(cube, sliders, dragged):
    """Else a material that undo takes as it is shows an image that is freed."""
    before, materials, seen = pictures(cube), [slot.material for slot in cube.material_slots], []

    def look():
        assert pictures(cube) != before
        stand_ins.before_undo()
        seen.append((pictures(cube), [slot.material for slot in cube.material_slots]))

    assert dragged(look) is not None
    with pytest.raises(RuntimeError, match="something was undone meanwhile"):
        adjust.change(bpy.context, walk=0.5)
    assert seen == [(before, materials)] and pictures(cube) == before and not stand_ins.trying
    sliders.walk = 0.5
    assert pictures(cube) != before and not stand_ins.trying, "the next one works"


def test_an_error_leaves_none(cube, sliders, dragged):
    before, count = pictures(cube), counts()

    def broken():
        raise RequestError("no more")

    seen = dragged(broken)
    with pytest.raises(RuntimeError, match="No more"):
        adjust.change(bpy.context, walk=0.5)
    assert seen and (pictures(cube), counts()) == (before, count) and standing_in() == []


def test_another_generator_begins_whole(settings, cube, dragged):
    seen = dragged(lambda: None)
    path = str(models.entry("other").path)
    adjust.adopt(bpy.context, replace(adjust.current(bpy.context), model=path))
    assert not seen and sides(cube) == [SIDE] * 6 and shown(cube, 0).keys() == {"base_color"}


def test_small_textures_have_none(cube, sliders, dragged, monkeypatch):
    monkeypatch.setattr(adjust, "PREVIEW_FROM", SIDE + 1)
    seen = dragged(lambda: None)
    sliders.walk = 0.5
    assert not seen and sides(cube) == [SIDE] * 6
