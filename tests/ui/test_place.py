"""Where a cube lands when another scene is shown by then; in bpy without a window, with the real child process."""

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.engine.errors import RequestError  # noqa: E402
from blender_addon.scene import place  # noqa: E402
from blender_addon.ui import operators, session  # noqa: E402
from tests.ui.panel import counts, generate  # noqa: E402


@pytest.fixture
def meanwhile(settings, monkeypatch):
    """meanwhile(deed): the deed is done while the next cube is being made."""
    arrived = operators.CubeGeneration.arrived

    def prepared(deed):
        done = []

        def after_the_first_look(self, context, job):
            if not done:
                done.append(deed())
            arrived(self, bpy.context, job)

        monkeypatch.setattr(operators.CubeGeneration, "arrived", after_the_first_look)

    return prepared


def another_scene():
    bpy.context.window_manager.windows[0].scene = bpy.data.scenes.new("Other")


def test_it_lands_in_the_scene_of_the_click(settings, meanwhile):
    begun = bpy.context.scene
    inside = bpy.data.collections.new("Inside")
    begun.collection.children.link(inside)
    bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection.children[0]
    earlier = generate()
    meanwhile(another_scene)
    assert bpy.ops.gancube.generate_cube() == {"FINISHED"}
    assert bpy.context.scene.name == "Other" and len(bpy.context.scene.objects) == 0
    (cube,) = set(inside.objects) - {earlier}
    layer = begun.view_layers[0]
    assert layer.objects.active == cube and list(layer.objects.selected) == [cube]
    assert len(begun.gancube.kept) == 1 and len(bpy.context.scene.gancube.kept) == 0, "so does its history"

    # Adjust Last Operation, which Blender offers in the scene that is shown
    (key,) = session.results
    assert bpy.ops.gancube.generate_cube(result=key, edge=3.0) == {"FINISHED"}
    assert len(inside.objects) == 3 and len(bpy.context.scene.objects) == 0


def test_a_collection_that_is_gone_leaves_the_scene(settings, meanwhile):
    scene = bpy.context.scene
    inside = bpy.data.collections.new("Inside")
    scene.collection.children.link(inside)
    bpy.context.view_layer.active_layer_collection = bpy.context.view_layer.layer_collection.children[0]
    meanwhile(lambda: bpy.data.collections.remove(inside))
    assert bpy.ops.gancube.generate_cube() == {"FINISHED"}
    assert [item.type for item in scene.collection.objects] == ["MESH"]


def test_a_scene_that_is_gone_is_a_sentence_and_leaves_nothing(settings, meanwhile):
    another_scene()
    bpy.context.scene.name = "Doomed"
    bpy.context.scene.gancube.model, bpy.context.scene.gancube.size = "alpha", 32
    before = counts()
    meanwhile(lambda: bpy.data.scenes.remove(bpy.data.scenes["Doomed"]))
    with pytest.raises(RuntimeError, match="scene Doomed in which this was begun was removed"):
        bpy.ops.gancube.generate_cube()
    assert counts() == before and not session.busy() and "Doomed" in session.error


def test_an_excluded_collection_takes_it_unselected(settings):
    layer = bpy.context.view_layer
    inside = bpy.data.collections.new("Inside")
    bpy.context.scene.collection.children.link(inside)
    layer.active_layer_collection = layer.layer_collection.children[0]
    here = place.Place.of(bpy.context)
    layer.layer_collection.children[0].exclude = True
    item = bpy.data.objects.new("Empty", None)
    place.add(item, here)
    assert list(inside.objects) == [item] and layer.objects.active is None
    with pytest.raises(RequestError, match="removed"):
        place.scene_of(place.Place(12345, 1, "gone"))
