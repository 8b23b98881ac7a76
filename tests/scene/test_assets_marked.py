"""Objects and materials as assets: metadata, catalogs, previews; library files that keep what they held."""

import os
import subprocess
import sys
import time
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.engine import asset_catalog
from blender_addon.engine.errors import OutputError
from blender_addon.scene import asset_preview, preview_process, second_blender
from blender_addon.scene.asset_mark import asset_steps, materials_of, recipe_of
from blender_addon.scene.assets import make_cube
from blender_addon.scene.library_file import library_bytes
from blender_addon.scene.session import all_blocks

from .faces import COLORSPACES, make_faces, make_pixels

RECIPE = '{"model":{"name":"walls","sha256":"0"},"seed":7,"size":32,"face_labels":["a","b","c","d","e","f"]}'


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(asset_preview, "SAMPLES", 1)
    monkeypatch.setattr(asset_preview.object_preview, "__defaults__", (48, 1))
    monkeypatch.setattr(asset_preview.material_preview, "__defaults__", (32,))


def cube():
    made = make_cube(make_faces(make_pixels()), COLORSPACES, RECIPE)
    bpy.context.scene.collection.objects.link(made)
    return made


def marked(made, **options):
    catalog = asset_catalog.new_uuid("GAN Cubes")
    *shares, names = run_through(asset_steps([made.name], lambda recipe: None, catalog, "Me", **options))
    assert shares == sorted(shares) and shares[-1] == 1
    return names


def run_through(steps):
    while True:
        try:
            yield next(steps)
            time.sleep(0.005)
        except StopIteration as stop:
            yield stop.value
            return


def picture(block):
    width, height = block.preview.image_size
    return np.array(block.preview.image_pixels_float[:]).reshape(height, width, 4)[::-1]


def test_object_and_materials_are_assets_with_pictures():
    made = cube()
    before = {block.session_uid for block in all_blocks()}
    names = marked(made)
    assert {block.session_uid for block in all_blocks()} == before, "previews leave nothing behind"
    assert names == ["GAN Cube", *(slot.material.name for slot in made.material_slots)]
    data = made.asset_data
    assert [tag.name for tag in data.tags] == ["gancube", "walls", "a", "b", "c", "d", "e", "f"]
    assert (data.author, data.catalog_id) == ("Me", asset_catalog.new_uuid("GAN Cubes"))
    assert "seed 7" in data.description and made["gancube"] == RECIPE
    third = made.material_slots[2].material
    assert [tag.name for tag in third.asset_data.tags] == ["gancube", "walls", "c"]
    seen = picture(made)
    assert seen.shape == (48, 48, 4) and picture(third).shape == (32, 32, 4)
    assert (seen[0, 0, 3], seen[24, 24, 3]) == (0, 1), "transparent around, the cube in the middle"
    assert seen[..., 3].mean() > 0.3 and seen[..., 3][0].max() < 0.1, "large, and whole"
    assert seen[seen[..., 3] == 1][:, :3].std() > 0.02


def test_marked_again_the_users_tags_stay_and_nothing_is_twice():
    made = cube()
    marked(made, with_materials=False)
    made.asset_data.tags.new("mine")
    marked(made, with_materials=False)
    names = [tag.name for tag in made.asset_data.tags]
    assert "mine" in names and len(names) == len(set(names)) == 9
    assert all(slot.material.asset_data is None for slot in made.material_slots)


def test_stopped_or_deleted_in_the_middle_nothing_is_marked():
    made = cube()
    steps = asset_steps([made.name], lambda recipe: None, asset_catalog.new_uuid("x"))
    next(steps), next(steps)
    steps.close()
    assert made.asset_data is None
    steps = asset_steps([made.name], lambda recipe: None, asset_catalog.new_uuid("x"))
    next(steps)
    bpy.data.objects.remove(made)
    assert list(run_through(steps))[-1] == []


def test_an_object_without_a_recipe_of_its_own_has_that_of_its_images():
    made = cube()
    del made["gancube"]
    assert recipe_of(made)["seed"] == 7 and len(materials_of(made)) == 6
    assert recipe_of(bpy.data.objects.new("plain", None)) is None


def test_a_rotated_hidden_parented_object_is_seen_whole():
    made = cube()
    made.parent = bpy.data.objects.new("parent", None)
    made.location, made.rotation_euler, made.scale = (100, 0, 0), (1, 1, 1), (3, 1, 0.2)
    made.hide_render = True
    bpy.context.view_layer.update()
    marked(made, with_materials=False)
    alpha = picture(made)[..., 3]
    assert alpha.mean() > 0.05 and max(alpha[0].max(), alpha[-1].max(), alpha[:, 0].max()) < 0.1
    assert made.parent is not None and made.hide_render


# Catalogs


def test_a_catalog_is_added_once_and_lines_of_others_stay(tmp_path):
    made = asset_catalog.ensure(tmp_path, "GAN Cubes/Walls")
    text = (tmp_path / asset_catalog.FILE).read_text()
    assert "VERSION 1\n" in text and text.endswith(f"{made}:GAN Cubes/Walls:GAN Cubes-Walls\n")
    assert asset_catalog.ensure(tmp_path, "GAN Cubes/Walls") == made
    assert (tmp_path / asset_catalog.FILE).read_text() == text
    assert asset_catalog.new_uuid("GAN Cubes/Walls") == made


def test_a_file_of_windows_without_a_last_line_end_keeps_its_bytes(tmp_path):
    file = tmp_path / asset_catalog.FILE
    theirs = b"# mine\r\nVERSION 1\r\n\r\n11111111-2222-4333-8444-555555555555:GAN Cubes:Mine: and more"
    file.write_bytes(theirs)
    assert asset_catalog.ensure(tmp_path, "GAN Cubes") == "11111111-2222-4333-8444-555555555555"
    assert file.read_bytes() == theirs
    asset_catalog.ensure(tmp_path, "Other")
    assert file.read_bytes().startswith(theirs + b"\r\n") and file.read_bytes().endswith(b":Other:Other\r\n")


def test_files_that_cannot_be_added_to_stay(tmp_path):
    file = tmp_path / asset_catalog.FILE
    for content, word in ((b"VERSION 2\n", "version 2"), (b"\xff\xfe\0", "cannot be read")):
        file.write_bytes(content)
        with pytest.raises(OutputError, match=word):
            asset_catalog.ensure(tmp_path, "GAN Cubes")
        assert file.read_bytes() == content


def test_paths():
    assert asset_catalog.clean_path(" GAN Cubes // a:b\\c/") == "GAN Cubes/a-b-c"
    assert asset_catalog.clean_path("/ /") == ""
    libraries = [Path("/x"), Path("/x/y")]
    assert asset_catalog.root_of(Path("/x/y/z/a.blend"), libraries) == Path("/x/y")
    assert asset_catalog.root_of(Path("/w/a.blend"), libraries) == Path("/w")


# Library files


def test_a_new_library_then_another_cube_into_it(tmp_path):
    library = tmp_path / "library.blend"
    made = cube()
    marked(made)
    library.write_bytes(library_bytes([made], library))
    library.write_bytes(library_bytes([made], library))
    assert bpy.data.objects.get("GAN Cube") == made and not bpy.data.libraries, "the open file is not touched"
    bpy.ops.wm.open_mainfile(filepath=str(library))
    assert [item.name for item in bpy.data.objects] == ["GAN Cube", "GAN Cube.001"]
    assert len(bpy.data.images) == 12
    for block in (*bpy.data.objects, *bpy.data.materials):
        assert block.asset_data.catalog_id == asset_catalog.new_uuid("GAN Cubes")
        assert max(block.preview.image_size) in (32, 48)
    first, second = bpy.data.objects
    assert first.location.x == 0 and second.location.x >= 2 and second["gancube"] == RECIPE
    assert set(bpy.data.collections["GAN Cubes"].objects) == {first, second} == set(bpy.context.scene.objects)


def test_what_a_library_holds_is_kept(tmp_path):
    library = tmp_path / "library.blend"
    text = bpy.data.texts.new("notes")
    text.write("mine")
    text.use_fake_user = True
    bpy.data.scenes.new("second scene")
    mesh = bpy.data.meshes.new("kept")
    mesh.asset_mark()
    image = bpy.data.images.new("beside", 8, 8)
    image.source, image.filepath, image.use_fake_user = "FILE", "//textures/beside.png", True
    bpy.ops.wm.save_as_mainfile(filepath=str(library), compress=False)
    made = cube()
    marked(made, with_materials=False)
    library.write_bytes(library_bytes([made], library))
    assert library.read_bytes()[:7] == b"BLENDER", "not compressed, as it was"
    bpy.ops.wm.open_mainfile(filepath=str(library))
    assert bpy.data.texts["notes"].as_string() == "mine" and len(bpy.data.scenes) == 2
    assert (
        bpy.data.meshes["kept"].asset_data and bpy.data.images["beside"].filepath == "//textures/beside.png"
    )
    assert bpy.data.objects["GAN Cube"].asset_data


def test_what_is_no_library_is_refused_and_stays(tmp_path):
    library = tmp_path / "library.blend"
    library.write_bytes(b"this is a text")
    with pytest.raises(OutputError, match=r"library\.blend: is not a \.blend file"):
        library_bytes([cube()], library)
    assert library.read_bytes() == b"this is a text"


def test_a_library_that_changes_meanwhile_is_not_overwritten(tmp_path, monkeypatch):
    library, run = tmp_path / "library.blend", subprocess.run

    def meanwhile(*arguments, **options):
        done = run(*arguments, **options)
        library.write_bytes(b"of another program")
        return done

    monkeypatch.setattr(subprocess, "run", meanwhile)
    with pytest.raises(OutputError, match="changed by another program"):
        library_bytes([cube()], library)


# The Blender of its own that renders previews where there is a window


@pytest.fixture
def program(tmp_path, monkeypatch):
    """program(shell text): stands for Blender's program, which the module bpy has not."""

    def write(text):
        path = tmp_path / "blender"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        bpy.app.binary_path = str(path)

    monkeypatch.setattr(preview_process, "is_of_use", lambda: True)
    before = bpy.app.binary_path
    yield write
    bpy.app.binary_path = before


def test_the_child_renders_the_pictures(program):
    # the options before the script are for the program alone
    program(f'shift {len(second_blender.OPTIONS) + 3}; exec "{sys.executable}" -I "$@"')
    made = cube()
    for slot in list(made.material_slots)[1:]:
        slot.material = made.material_slots[0].material
    assert len(marked(made)) == 2
    assert made.preview.image_size[:] == (192, 192), "not those of this process"
    assert made.material_slots[0].material.preview.image_size[:] == (128, 128)
    seen = picture(made)
    assert (seen[0, 0, 3], seen[96, 96, 3]) == (0, 1) and seen[..., 3].mean() > 0.3


@pytest.mark.parametrize("text", ["exit 1", None])
def test_where_the_child_fails_the_previews_are_rendered_here(program, text):
    program(text or "")
    if text is None:
        bpy.app.binary_path = "/nowhere/blender"
    made = cube()
    assert marked(made, with_materials=False) == [made.name] and made.preview.image_size[:] == (48, 48)


def test_stopped_in_the_middle_the_child_ends(program, tmp_path):
    program(f"echo $$ > {tmp_path}/pid; exec sleep 60")
    made = cube()
    steps = asset_steps([made.name], lambda recipe: None, asset_catalog.new_uuid("x"))
    while not (tmp_path / "pid").is_file() or not (tmp_path / "pid").read_text().strip():
        assert next(steps) == 0
    steps.close()
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "pid").read_text()), 0)
    assert made.asset_data is None
