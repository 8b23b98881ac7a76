"""The picture: all six faces are seen, the recipe is in it, and nothing stays behind in the open file."""

import bpy
import numpy as np

from blender_addon.engine import png
from blender_addon.engine.surface_request import FACES
from blender_addon.scene.assets import make_cube
from blender_addon.scene.render import picture_bytes
from blender_addon.scene.session import all_blocks, nothing_left_behind

from .faces import COLORSPACES, RECIPE, make_faces

COLOURS = np.array(
    [[230, 40, 40], [40, 230, 40], [40, 40, 230], [230, 230, 40], [230, 40, 230], [40, 230, 230]], np.uint8
)
# Which half of the picture shows which faces.
HALVES = {"+X": 0, "-Y": 0, "+Z": 0, "-X": 1, "+Y": 1, "-Z": 1}


def coloured_cube(size=2.0):
    pixels = [{"base_color": np.broadcast_to(colour, (8, 8, 3)).copy()} for colour in COLOURS]
    return make_cube(make_faces(pixels), COLORSPACES, RECIPE, size=size)


def share_of(picture, colour):
    """Share of the pixels whose hue is that of the colour: the same channels are bright, the others dark."""
    bright = np.asarray(colour) > 128
    low = picture[..., bright].min(axis=-1).astype(int)
    high = picture[..., ~bright].max(axis=-1).astype(int)
    return float((low - high > 60).mean())


def test_all_six_faces_are_seen_and_nothing_is_left():
    cube = coloured_cube()
    blocks = {block.name_full for block in all_blocks()}
    data = picture_bytes(cube, RECIPE, height=96, samples=1)
    assert {block.name_full for block in all_blocks()} == blocks
    picture, text = png.decode(data)
    assert picture.shape == (96, 192, 3)
    assert text == {"gancube": RECIPE}
    for face, colour in zip(FACES, COLOURS, strict=True):
        seen = [share_of(half, colour) for half in (picture[:, :96], picture[:, 96:])]
        assert seen[HALVES[face]] > 0.05, f"{face} is not seen"
        assert seen[1 - HALVES[face]] < 0.02, f"{face} is seen in the wrong half"


def test_the_size_of_the_cube_does_not_change_the_picture():
    small, large = (
        png.decode(picture_bytes(coloured_cube(size), RECIPE, height=64, samples=4))[0].astype(int)
        for size in (0.1, 7.0)
    )
    assert np.abs(small - large).mean() < 3


def test_the_users_render_settings_stay():
    scene = bpy.context.scene
    engine, resolution = scene.render.engine, scene.render.resolution_x
    picture_bytes(coloured_cube(), RECIPE, height=32, samples=1)
    assert (bpy.context.window.scene, scene.render.engine) == (scene, engine)
    assert scene.render.resolution_x == resolution and scene.camera is None


def test_new_datablocks_go_even_when_the_work_fails():
    before = {block.name_full for block in all_blocks()}
    try:
        with nothing_left_behind():
            coloured_cube()
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
    assert {block.name_full for block in all_blocks()} == before
