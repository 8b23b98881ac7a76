"""Follow Sketch in bpy without a window, with the real child process: strokes are pixels written into the canvas."""

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.engine import transform_recipe  # noqa: E402
from blender_addon.scene import canvas  # noqa: E402
from blender_addon.ui import icons, session, sketch_operator, ticking, transform_panel  # noqa: E402
from blender_addon.ui.sketch_job import SketchJob  # noqa: E402
from blender_addon.ui.ticking import Ticking  # noqa: E402
from tests.tiny_picture import make_tiny_picture  # noqa: E402
from tests.ui.panel import counts  # noqa: E402
from tests.ui.test_transform import Layout, pixels, plane, shown  # noqa: E402

SIDE = 32


@pytest.fixture(scope="module")
def folder(folder):
    make_tiny_picture(folder / "looks.onnx", labels=("moss", "snow"))
    make_tiny_picture(folder / "lines.onnx", takes=("sketch",), seed=2)
    make_tiny_picture(folder / "relief.onnx", gives=("normal", "height"))
    make_tiny_picture(folder / "filled.onnx", takes=("position", "ao"))
    return folder


@pytest.fixture
def wish(settings):
    settings.transform.model, settings.transform.label = "looks", "snow"
    return settings.transform


@pytest.fixture
def paper():
    image = bpy.data.images.new("Paper", SIDE, SIDE)
    stroke(image, slice(0, 0))
    return image


def stroke(image, rows, color=(0.0, 0.0, 0.0, 1.0), ground=(1.0, 1.0, 1.0, 1.0)) -> None:
    unit = np.empty((SIDE, SIDE, 4), np.float32)
    unit[:] = ground
    unit[rows] = color
    image.pixels.foreach_set(unit.ravel())
    image.update()


class Following:
    """An operator that is stepped by hand."""

    def __init__(self, image=""):
        self.image, self.reports = image, []
        self.launch(bpy.context)

    def report(self, kind, text):
        self.reports.append(text)

    def until_settled(self):
        self.next_look = 0.0
        self.tick(bpy.context)
        while not session.job.settled:
            assert self.tick(bpy.context) is None, session.job.error
            time.sleep(0.002)


for name in ("launch", "tick", "wish", "show", "replace", "end", "fail", "bl_label"):
    setattr(Following, name, getattr(sketch_operator.GANCUBE_OT_follow_sketch, name))


class Clicked(Ticking):
    """The same, clicked in a window, whose events are sent by hand."""

    def __init__(self):
        self.image, self.reports, self.timers = "", [], []
        self.window = self

    def event_timer_add(self, seconds, window):
        self.timers.append(seconds)
        return seconds

    def event_timer_remove(self, timer):
        self.timers.remove(timer)

    def modal_handler_add(self, operator):
        assert operator is self

    def report(self, kind, text):
        self.reports.append(text)

    @property
    def window_manager(self):
        return self

    def __getattr__(self, name):  # as a context
        return getattr(bpy.context, name)


for name in ("launch", "tick", "wish", "show", "replace", "end", "fail", "bl_label"):
    setattr(Clicked, name, getattr(sketch_operator.GANCUBE_OT_follow_sketch, name))


def colors(item):
    return shown(item)["base_color"]


def test_the_result_follows_the_strokes(wish, paper):
    item = plane(paper)
    before = counts()
    follower = Following()
    follower.until_settled()
    first = pixels(colors(item)).copy()
    assert len(session.job.icon) == icons.BYTES
    assert colors(item).name == "Paper result" and colors(item).packed_file and session.status()
    for rows in (slice(4, 8), slice(4, 20)):
        stroke(paper, rows)
        follower.until_settled()
    assert not np.array_equal(pixels(colors(item)), first) and colors(item).name == "Paper result"
    assert counts() == {**before, "images": before["images"] + 1}, "those in between are gone"
    bpy.ops.gancube.stop_following()
    assert follower.tick(bpy.context) == {"FINISHED"}
    assert not session.busy() and session.provider and paper.use_fake_user
    recipe = transform_recipe.loads(colors(item)["gancube"])
    assert [step["label"] for step in recipe.steps] == ["snow"]
    # what Transform makes of the same pixels
    assert bpy.ops.gancube.transform_image(image="Paper") == {"FINISHED"}
    assert np.array_equal(pixels(bpy.data.images["Paper snow"]), pixels(colors(item)))


def test_strokes_change_one_image_and_the_end_makes_a_new_one(wish, paper):
    """Undo of a stroke crashes Blender where a material shows an image that no undo step knows."""
    item = plane(paper)
    follower = Following()
    follower.until_settled()
    uid, seen = colors(item).session_uid, [pixels(colors(item)).copy()]
    for rows in (slice(4, 8), slice(4, 20)):
        stroke(paper, rows)
        follower.until_settled()
        assert colors(item).session_uid == uid and colors(item).packed_file and not colors(item).is_dirty
        seen.append(pixels(colors(item)).copy())
    assert not np.array_equal(seen[0], seen[1]) and not np.array_equal(seen[1], seen[2])
    wish.model = "relief"  # other maps: other images
    follower.until_settled()
    assert {"normal", "height"} <= set(shown(item)) and colors(item) is not None
    wish.model, wish.label = "looks", "snow"
    follower.until_settled()
    assert np.array_equal(pixels(colors(item)), seen[2])
    uid = colors(item).session_uid
    session.cancel()
    assert follower.tick(bpy.context) == {"FINISHED"}
    assert colors(item).session_uid != uid and np.array_equal(pixels(colors(item)), seen[2])


def test_undone_from_before_it_began_it_ends(wish, paper):
    plane(paper)
    follower = Following()
    follower.until_settled()
    bpy.data.images.remove(bpy.data.images["Paper result"])  # as undo does
    assert follower.tick(bpy.context) == {"CANCELLED"} and not session.busy() and not session.error


def test_nothing_is_asked_for_while_nothing_changes(wish, paper):
    plane(paper)
    follower = Following()
    follower.until_settled()
    asked = session.job.client.number
    for _ in range(5):
        follower.until_settled()
    assert session.job.client.number == asked
    wish.strength = 0.25  # a setting is followed too
    follower.until_settled()
    assert session.job.client.number == asked + 1
    follower.end()


def test_the_panel_while_following(wish, paper):
    """Only the settings and the button to stop; the latest result in place of the preview."""
    plane(paper)
    follower, seen = Following(), []
    follower.until_settled()
    for cls in (transform_panel.GANCUBE_PT_transform, transform_panel.GANCUBE_PT_transform_image):
        drawn = []
        cls.draw(SimpleNamespace(layout=Layout(drawn)), bpy.context)
        seen.append({one[1] for one in drawn if one[0] == "operator"})
    assert all("gancube.stop_following" in one and "gancube.follow_sketch" not in one for one in seen)
    assert not bpy.ops.gancube.follow_sketch.poll() and not bpy.ops.gancube.generate_cube.poll()
    follower.end()
    assert not bpy.ops.gancube.stop_following.poll() and bpy.ops.gancube.follow_sketch.poll()


def test_from_a_script_it_follows_once(wish, paper):
    item = plane(paper)
    assert bpy.ops.gancube.follow_sketch() == {"FINISHED"}
    assert colors(item).name == "Paper result" and not session.busy()
    again = plane(None)
    assert bpy.ops.gancube.follow_sketch(image="Paper") == {"FINISHED"}
    assert np.array_equal(pixels(colors(again)), pixels(colors(item)))
    again.data.materials.clear()
    assert bpy.ops.gancube.follow_sketch(image="Paper") == {"FINISHED"}
    assert np.array_equal(pixels(colors(again)), pixels(colors(item)))


def test_without_an_object_the_result_is_an_image(wish, paper):
    follower = Following("Paper")
    follower.until_settled()
    stroke(paper, slice(3, 9))
    follower.until_settled()
    follower.end()
    (name,) = follower.images.values()
    assert bpy.data.images[name].use_fake_user and len(bpy.data.images) == 2


def test_lines_on_nothing_are_lines_on_paper(wish):
    """A new canvas may be transparent; then its colours are black below."""
    wish.model = "lines"
    made = []
    for ground in ((1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0)):
        image = bpy.data.images.new("Canvas", SIDE, SIDE, alpha=True)
        stroke(image, slice(4, 8), ground=ground)
        item = plane(image)
        bpy.ops.gancube.follow_sketch()
        made.append(pixels(colors(item)))
    assert np.array_equal(*made)


def test_maps_of_what_is_painted_lie_beside_it(wish, paper):
    wish.model = "relief"
    item = plane(paper)
    bpy.ops.gancube.follow_sketch()
    assert set(shown(item)) == {"base_color", "normal", "height"} and colors(item) == paper


def test_clicked_it_goes_on_until_esc(wish, paper, monkeypatch):
    monkeypatch.setattr(ticking, "bpy", SimpleNamespace(app=SimpleNamespace(background=False)))
    item, clicked = plane(paper), Clicked()
    timer, moved, esc = (SimpleNamespace(type=one, value="PRESS") for one in ("TIMER", "MOUSEMOVE", "ESC"))
    assert clicked.invoke(clicked, None) == {"RUNNING_MODAL"} and len(clicked.timers) == 1
    while not session.job.settled or not clicked.images:
        assert clicked.modal(clicked, timer) == clicked.modal(clicked, moved) == {"PASS_THROUGH"}
        time.sleep(0.002)
    assert clicked.modal(clicked, esc) == {"FINISHED"}
    assert clicked.timers == [] and not session.busy() and colors(item).name == "Paper result"
    clicked = Clicked()
    assert clicked.invoke(clicked, None) == {"RUNNING_MODAL"}
    bpy.data.images.remove(canvas.found(clicked.uid))
    assert clicked.modal(clicked, timer) == {"CANCELLED"}, "said, and over"
    assert clicked.timers == [] and not session.busy() and "is gone" in session.error


def test_results_that_come_late_are_dropped(wish, paper):
    item = plane(paper)
    follower = Following()
    follower.tick(bpy.context)
    assert session.job.asked is not None
    file = session.job.folder.name
    session.cancel()  # Esc, before anything came
    assert follower.tick(bpy.context) == {"CANCELLED"}
    assert colors(item) == paper and not Path(file).exists() and not session.error
    job = SketchJob(SimpleNamespace(poll=list, submit=lambda message: None, cancel=lambda: None), {}, "x")
    job.want((1, "one.onnx", None, ()))
    job.step(lambda file: {})
    job.want((1, "two.onnx", None, ()))
    job.hear({"event": "image", "maps": {}, "seed": 0, "label": None}, b"")
    assert job.take() is None, "of a generator that is not chosen any more"
    job.hear({"event": "done"}, b"")
    job.step(lambda file: {})
    assert job.asked[1] == "two.onnx" and not job.settled
    job.cancel()


def test_a_canvas_that_is_removed_ends_it(wish, paper):
    plane(paper)
    follower = Following()
    follower.until_settled()
    bpy.data.images.remove(paper)
    with pytest.raises(Exception, match="the image that was followed is gone") as error:
        follower.tick(bpy.context)
    assert follower.fail(str(error.value)) == {"FINISHED"} and session.error and not session.busy()


def test_what_cannot_be_followed(wish, paper):
    def fails(says, **options):
        before = counts()
        with pytest.raises(RuntimeError, match=says):
            bpy.ops.gancube.follow_sketch(**options)
        assert counts() == before and not session.busy()

    fails("There is no image to paint on")
    bpy.data.images.new("Tiles", 16, 16, tiled=True)
    fails(r"Tiles: has several tiles \(UDIM\)", image="Tiles")
    item = plane(paper)
    wish.model = "filled"
    fails("Filled does not take a picture alone")
    wish.model = "looks"
    while item.data.uv_layers:
        item.data.uv_layers.remove(item.data.uv_layers[0])
    fails("has no UV map")
    item = plane(None)
    item.active_material.node_tree.nodes.clear()
    fails("has no Principled shader", image="Paper")


def test_another_object_keeps_its_material(wish, paper):
    item = plane(paper)
    bpy.ops.mesh.primitive_plane_add()
    other = bpy.context.active_object
    other.data.materials.append(item.active_material)
    bpy.ops.gancube.follow_sketch()
    assert colors(other).name == "Paper result" and colors(item) == paper


def test_strokes_in_the_3d_view_go_on_to_the_canvas(wish, paper):
    item = plane(paper)
    bpy.ops.object.mode_set(mode="TEXTURE_PAINT")
    assert canvas.canvas_of(bpy.context) == paper
    follower = Following()
    follower.until_settled()
    paint = bpy.context.tool_settings.image_paint
    assert (paint.mode, paint.canvas) == ("IMAGE", paper) and colors(item) != paper
    assert canvas.canvas_of(bpy.context) == paper
    follower.end()
    bpy.ops.object.mode_set(mode="OBJECT")
