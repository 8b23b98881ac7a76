"""`gancube recipe` reads what it wrote from every format; damaged and hostile files are one clear sentence, exit 2."""

import json
import random
import struct
import zlib

import bpy
import pytest

from blender_addon.cli import main
from blender_addon.engine import image_file, png, recipe, usda_reader, xmp
from blender_addon.engine.errors import GanCubeError, RecipeError
from blender_addon.engine.mark import SOURCE_TYPE, Mark
from blender_addon.scene.formats import ENCODINGS, FORMATS

from .marks import FULL_RECIPE, MARK, new_cube


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """{suffix: a file of that format}; module-wide, since the files do not change."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    folder = tmp_path_factory.mktemp("formats")
    cube, _ = new_cube(("base_color", "normal"))
    found = {}
    for name, write in FORMATS.items():
        for encoding in ENCODINGS[name]:
            for file in write(cube, folder / f"{name}_{encoding}", MARK, encoding):
                found.setdefault(file.suffix, file)
    cube_webp = image_file.add_xmp(_webp(found[".png"]), xmp.packet(MARK))
    found[".webp"] = folder / "cube.webp"
    found[".webp"].write_bytes(cube_webp)
    return found


def _webp(file):
    from blender_addon.scene.encode import encoded

    return encoded(png.encode(png.decode(file.read_bytes())[0]), "WEBP")


SUFFIXES = (".glb", ".usdz", ".usda", ".fbx", ".obj", ".mtl", ".blend", ".png", ".jpg", ".webp")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_from_every_format(files, suffix, capsys):
    assert main(["recipe", str(files[suffix])]) == 0
    assert json.loads(capsys.readouterr().out) == json.loads(FULL_RECIPE)


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s != ".blend"])
def test_every_format_says_what_it_is(files, suffix):
    data = files[suffix].read_bytes()
    assert SOURCE_TYPE.encode() in data
    assert MARK.model_sha256.encode() in data
    assert b"CC-BY-3.0" in data and b"AGF81" in data


@pytest.mark.parametrize("suffix", [s for s in SUFFIXES if s != ".blend"])
def test_damaged_files_are_errors_of_ours(files, suffix, tmp_path):
    data, path = files[suffix].read_bytes(), tmp_path / f"x{suffix}"
    chance = random.Random(suffix)
    for trial in range(120):
        broken = bytearray(data)
        if trial < 40:
            broken = broken[: chance.randrange(len(broken))]
        else:
            for _ in range(chance.choice((1, 4, 40))):
                broken[chance.randrange(min(len(broken), 4000) if trial % 2 else len(broken))] = (
                    chance.randrange(256)
                )
        path.write_bytes(broken)
        try:
            recipe.read(path)
        except RecipeError as error:
            assert str(error).startswith(str(path)), error


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_foreign_files(suffix, tmp_path, capsys):
    for content in (b"", b"\0" * 100, b"hello", b"#usda 1.0\n", b"# comment\nv 0 0 0\n"):
        (path := tmp_path / f"x{suffix}").write_bytes(content)
        assert main(["recipe", str(path)]) == 2
        said = capsys.readouterr().err
        assert said.startswith("gancube: error: ") and str(path) in said and "Traceback" not in said


def test_an_xmp_that_declares_entities_is_refused():
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>'
    with pytest.raises(RecipeError, match="document type"):
        xmp.read(bomb)
    with pytest.raises(RecipeError, match="too long"):
        xmp.read("x" * 3_000_000)
    with pytest.raises(RecipeError, match="nested"):
        xmp.read("<a>" * 5000)


def test_xmp_holds_any_text():
    mark = Mark("{}", "a<b&c", "0" * 64, ("x]]>",), ("\0\x08 Zoë \U0001f600 \ud800",), "\n")
    assert xmp.read(xmp.packet(mark)) == {
        "recipe": "{}",
        "source_type": SOURCE_TYPE,
        "licences": ["x]]>"],
        "authors": [" Zoë \U0001f600 "],
    }


def test_a_recipe_too_long_for_a_jpeg_stays_out_of_it(files):
    from blender_addon.scene.texture_files import marked

    long = Mark("[" + "1," * 50_000 + "1]", "m", "0" * 64)
    data = marked(files[".jpg"].read_bytes(), long)
    assert xmp.read(image_file.read_xmp(data)) == {"source_type": SOURCE_TYPE}
    assert marked(files[".png"].read_bytes(), long).count(b"1,1,1") > 1000


def test_usd_that_nests_without_end():
    for text in ("#usda 1.0\n" + 'def "a" {' * 5000, "#usda 1.0\n(" + "a = {" * 5000, '#usda 1.0\n(a = "'):
        with pytest.raises(RecipeError):
            usda_reader.read(text)
    deep = "#usda 1.0\n(\n customLayerData = {" + " dictionary a = {" * 5000
    with pytest.raises(RecipeError, match="deep"):
        usda_reader.read(deep)


def test_a_png_whose_text_unpacks_to_gigabytes(tmp_path, files):
    data = files[".png"].read_bytes()
    bomb = png.chunk(b"iTXt", b"gancube\0\1\0\0\0" + zlib.compress(bytes(200_000_000)))
    (path := tmp_path / "x.png").write_bytes(data[:33] + bomb + data[33:])
    with pytest.raises(GanCubeError):
        recipe.read(path)


def test_a_fbx_that_says_it_is_larger_than_it_is(tmp_path, files):
    data = bytearray(files[".fbx"].read_bytes())
    struct.pack_into("<I", data, 27, 2**31 - 1)
    (path := tmp_path / "x.fbx").write_bytes(data)
    with pytest.raises(RecipeError, match="outside of the file"):
        recipe.read(path)
