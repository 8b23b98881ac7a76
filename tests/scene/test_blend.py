"""The .blend: only the cube is in it, it opens, its pixels are there, and its recipe is read without opening it."""

import bpy
import numpy as np
import pytest

from blender_addon.engine.errors import RecipeError
from blender_addon.scene.assets import make_cube
from blender_addon.scene.blend_file import read_recipe
from blender_addon.scene.export import save_blend

from .faces import COLORSPACES, EVERY_MAP, RECIPE, make_faces, make_pixels


def test_only_what_belongs_to_the_cube(tmp_path):
    stranger = bpy.data.objects.new("stranger", bpy.data.meshes.new("stranger"))
    bpy.context.scene.collection.objects.link(stranger)
    pixels = make_pixels(EVERY_MAP)
    save_blend([make_cube(make_faces(pixels), COLORSPACES, RECIPE)], tmp_path / "cube.blend")
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "cube.blend"))
    assert [item.name for item in bpy.data.objects] == ["GAN Cube"]
    assert [item.name for item in bpy.context.scene.objects] == ["GAN Cube"]
    assert len(bpy.data.images) == 6 * len(EVERY_MAP) and len(bpy.data.materials) == 6
    image = bpy.data.images["GAN Cube +Y base_color"]
    seen = np.array(image.pixels[:]).reshape(32, 32, 4)[::-1, :, :3]
    assert np.array_equal(np.rint(seen * 255), pixels[2]["base_color"])
    assert bpy.data.objects["GAN Cube"]["gancube"] == RECIPE
    assert not bpy.data.libraries


def test_the_open_file_is_not_touched(tmp_path):
    mine = str(tmp_path / "mine.blend")
    bpy.ops.wm.save_as_mainfile(filepath=mine)
    before = (tmp_path / "mine.blend").read_bytes()
    scene = bpy.context.scene
    cube = make_cube(make_faces(make_pixels()), COLORSPACES, RECIPE)
    save_blend([cube], tmp_path / "cube.blend")
    assert bpy.data.filepath == mine
    assert (tmp_path / "mine.blend").read_bytes() == before
    assert bpy.context.window.scene == scene and len(bpy.data.scenes) == 1
    assert not cube.users_collection


def test_the_recipe_is_read_without_opening_the_file(tmp_path):
    save_blend([make_cube(make_faces(make_pixels()), COLORSPACES, RECIPE)], tmp_path / "cube.blend")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    assert read_recipe(tmp_path / "cube.blend") == RECIPE
    assert not (bpy.data.objects or bpy.data.images or bpy.data.meshes or bpy.data.libraries)


def test_a_file_that_the_open_one_links_stays_linked(tmp_path):
    path = tmp_path / "cube.blend"
    save_blend([make_cube(make_faces(make_pixels()), COLORSPACES, RECIPE)], path)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    with bpy.data.libraries.load(str(path), link=True) as (_, wanted):
        wanted.objects = ["GAN Cube"]
    assert read_recipe(path) == RECIPE
    assert [item.name for item in bpy.data.objects] == ["GAN Cube"] and len(bpy.data.libraries) == 1


def test_a_file_without_a_recipe(tmp_path):
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "empty.blend"))
    with pytest.raises(RecipeError, match=r"empty\.blend.*recipe"):
        read_recipe(tmp_path / "empty.blend")


@pytest.mark.parametrize(
    "content", [b"", b"a text", b"BLENDER-v402" + bytes(60), b"\x28\xb5\x2f\xfd" + bytes(60)], ids=repr
)
def test_a_file_that_is_no_blend(tmp_path, content):
    path = tmp_path / "bad.blend"
    path.write_bytes(content)
    with pytest.raises(RecipeError, match=r"bad\.blend"):
        read_recipe(path)


def test_a_truncated_file(tmp_path):
    path = tmp_path / "cube.blend"
    save_blend([make_cube(make_faces(make_pixels()), COLORSPACES, RECIPE)], path)
    path.write_bytes(path.read_bytes()[:4000])
    with pytest.raises(RecipeError, match=r"cube\.blend"):
        read_recipe(path)


def test_no_such_file(tmp_path):
    with pytest.raises(RecipeError, match="no such file"):
        read_recipe(tmp_path / "none.blend")
