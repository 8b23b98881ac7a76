"""`gancube cube --library`: a new library, a second cube, and what is refused before any work."""

import json

import bpy
import pytest

from blender_addon.engine.asset_catalog import FILE
from blender_addon.scene import asset_preview


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(asset_preview, "SAMPLES", 1)
    monkeypatch.setattr(asset_preview.object_preview, "__defaults__", (32, 1))
    monkeypatch.setattr(asset_preview.material_preview, "__defaults__", (32,))


def test_two_cubes_into_one_library_and_the_open_file_stays(gancube, tmp_path):
    library = tmp_path / "walls.blend"
    mine = bpy.data.objects.new("mine", None)
    options = ("--model", "tiny", "--size", 32, "--library", library, "--json", "--quiet")
    first = gancube("cube", "--seed", 7, "--author", "Me", "--catalog", "Walls/Old", *options)
    assert first.code == 0, first.err
    assert json.loads(first.out)["files"] == [str(library), str(tmp_path / FILE)]
    catalogs = (tmp_path / FILE).read_text()
    second = gancube("cube", "--seed", 8, "--label", "moss", "--out", tmp_path / "c.glb", *options)
    assert second.code == 0 and (tmp_path / "c.glb").exists(), second.err
    assert (tmp_path / FILE).read_text().startswith(catalogs) and ":GAN Cubes:" in (
        tmp_path / FILE
    ).read_text()
    assert [item.name for item in bpy.data.objects] == [mine.name] and not bpy.data.materials
    bpy.ops.wm.open_mainfile(filepath=str(library))
    old, new = bpy.data.objects["tiny 7"], bpy.data.objects["tiny 8"]
    assert old.asset_data.catalog_id in catalogs and old.asset_data.author == "Me"
    assert {tag.name for tag in new.asset_data.tags} == {"gancube", "tiny", "moss"}
    assert old.material_slots[0].material.name == "tiny 7 +X" and old["gancube"] != new["gancube"]
    assert json.loads(gancube("recipe", library).out)["seed"] in (7, 8)


def test_what_is_refused_before_any_work(gancube, tmp_path):
    answers = {
        "nowhere to write to": (),
        "must end in .blend": ("--library", tmp_path / "walls.glb"),
        "Give --library": ("--out", tmp_path / "c.glb", "--catalog", "Walls"),
        "does not exist": ("--library", tmp_path / "none" / "walls.blend"),
    }
    for words, options in answers.items():
        answer = gancube("cube", "--model", "tiny", *options)
        assert answer.code == 2 and words in answer.err, answer.err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_library_stays_and_nothing_else_is_written(gancube, tmp_path):
    library = tmp_path / "walls.blend"
    library.write_bytes(b"a text")
    answer = gancube(
        "cube", "--model", "tiny", "--size", 32, "--library", library, "--out", tmp_path / "c.glb"
    )
    assert answer.code == 2 and "is not a .blend file" in answer.err
    assert library.read_bytes() == b"a text" and sorted(p.name for p in tmp_path.iterdir()) == ["walls.blend"]
