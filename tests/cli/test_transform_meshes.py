"""`gancube transform` on GLB and OBJ: names and options of images, several maps that go in, recipes, careless files."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blender_addon.engine import png
from blender_addon.engine.glb import pack_glb, read_glb
from blender_addon.engine.glb_images import changed, image_bytes
from blender_addon.engine.glb_maps import maps_of
from blender_addon.engine.mtl import map_line
from blender_addon.engine.transform_run import digest
from blender_addon.file_check import pixels_of
from blender_addon.scene.material import shader_tree
from tests.engine.test_transform import drawn
from tests.tiny_picture import make_tiny_picture

TRIANGLE = "v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\n"


@pytest.fixture(scope="module")
def takers(models) -> Path:
    make_tiny_picture(models / "looks.onnx", labels=("moss", "snow"))
    make_tiny_picture(models / "relief.onnx", gives=("normal", "roughness"))
    make_tiny_picture(
        models / "bent.onnx", takes=("base_color", "normal", "roughness"), gives=("base_color",)
    )
    return models


@pytest.fixture
def transform(takers, gancube):
    return lambda *arguments: gancube("transform", *arguments)


def pixels(path: Path) -> np.ndarray:
    return png.decode(path.read_bytes())[0]


def written_obj(folder: Path, material: str, head: str = "mtllib two.mtl\n", encoding="utf-8") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "two.obj").write_text(f"{head}{TRIANGLE}usemtl w\nf 1/1 2/2 3/3\n", encoding=encoding)
    (folder / "two.mtl").write_text(material, encoding=encoding)
    for number, name in enumerate(("a/c.png", "b/c.png", "wall é.png")):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(png.encode(drawn(32, seed=number + 1)))
    return folder / "two.obj"


def lines_of(out: Path) -> dict[str, str]:
    """{word: the rest} of a MTL with one material."""
    pairs = (line.split(" ", 1) for line in out.with_suffix(".mtl").read_text("utf-8").splitlines() if line)
    return {word: rest for word, rest in pairs if word != "#"}


def test_images_of_one_name_in_several_folders(transform, tmp_path):
    source = written_obj(
        tmp_path / "in", "newmtl w\nmap_Kd a/c.png\nmap_Ks b/c.png\nnewmtl x\nmap_Kd b/c.png\n"
    )
    out = tmp_path / "out.obj"
    answer = transform(source, "--model", "looks", "--out", out, "--quiet")
    assert answer.code == 0, answer.err
    files = sorted(tmp_path.joinpath("out_textures").iterdir())
    assert [path.name for path in files] == ["c-2.png", "c-3.png", "c.png"]
    text = out.with_suffix(".mtl").read_text()
    assert [line for line in text.splitlines() if line.startswith("map")] == [
        "map_Kd out_textures/c.png",
        "map_Ks out_textures/c-3.png",
        "map_Kd out_textures/c-2.png",
    ]
    assert files[1].read_bytes() == (tmp_path / "in/b/c.png").read_bytes(), "what is no colour stays"
    assert len({path.read_bytes() for path in files}) == 3


def test_options_of_image_lines_stay(transform, tmp_path):
    material = "newmtl w\nmap_Kd -s 4 4 4 -bm 0.3 a/c.png\nmap_Ks -o 0.5 -clamp on wall é.png\n"
    out = tmp_path / "out.obj"
    assert transform(written_obj(tmp_path / "in", material), "--model", "relief", "--out", out).code == 0
    assert lines_of(out) == {
        "newmtl": "w",
        "map_Kd": "-s 4 4 4 -bm 0.3 out_textures/c.png",
        "map_Ks": "-o 0.5 -clamp on out_textures/wall é.png",
        "norm": "-s 4 4 4 out_textures/c_normal.png",
        "map_Pr": "-s 4 4 4 out_textures/c_roughness.png",
    }


@pytest.mark.parametrize(
    "line, word, options, name",
    [
        ("map_Kd wall.png", "map_Kd", "", "wall.png"),
        ("\tmap_kd\t  my wall.png  ", "map_kd", "", "my wall.png"),
        ("map_Kd -s 4 4 4 -o 0.5 .5 a b.png", "map_Kd", "-s 4 4 4 -o 0.5 .5", "a b.png"),
        ("bump -bm -0.3 -imfchan r b.png", "bump", "-bm -0.3 -imfchan r", "b.png"),
        ("map_Kd -t 1 1 4", "map_Kd", "-t 1 1", "4"),
        ("map_Kd -odd.png", "map_Kd", "", "-odd.png"),
        ("# map_ao x/ao.png", "# map_ao", "", "x/ao.png"),
    ],
)
def test_image_lines(line, word, options, name):
    found = map_line(line)
    assert (found.word, found.options, found.name) == (word, options, name)


@pytest.mark.parametrize("line", ["", "map_Kd", "Kd 1 1 1", "# a comment", "newmtl map_Kd"])
def test_other_lines(line):
    assert map_line(line) is None


def test_an_obj_carries_its_recipe_and_whom_it_owes(transform, gancube, tmp_path):
    """Of two images both; the second time the first is in it."""
    source = written_obj(tmp_path / "in", "newmtl w\nmap_Kd a/c.png\nnewmtl x\nmap_Kd b/c.png\n")
    for number, name in enumerate(("one", "two")):
        out = tmp_path / f"{name}.obj"
        assert transform(source, "--model", "looks", "--out", out, "--quiet").code == 0
        for file in (out, out.with_suffix(".mtl")):
            told = json.loads(gancube("recipe", file).out)
            assert len(told["source"]["maps"]) == 2 and len(told["steps"]) == number + 1
        assert "tests/tiny_picture.py" in out.read_text() and out.read_text().count("# gancube ") == 1
        source = out


def test_a_glb_with_several_images_knows_all(transform, gancube, tmp_path):
    assert gancube("cube", "--model", "pbr", "--size", 32, "--out", tmp_path / "cube.glb").code == 0
    out = tmp_path / "out.glb"
    assert transform(tmp_path / "cube.glb", "--model", "looks", "--out", out, "--quiet").code == 0
    told = json.loads(gancube("recipe", out).out)
    assert len(told["source"]["maps"]) == len(set(told["source"]["maps"].values())) == 6
    assert told["source"]["recipe"] == json.loads(gancube("recipe", tmp_path / "cube.glb").out)


def test_several_maps_of_a_material_go_in(transform, gancube, tmp_path):
    assert gancube("cube", "--model", "pbr", "--size", 32, "--out", tmp_path / "cube.glb").code == 0
    out = tmp_path / "out.glb"
    answer = transform(tmp_path / "cube.glb", "--model", "bent", "--out", out, "--quiet")
    assert answer.code == 0, answer.err
    recipes = [json.loads(png.read_text(data).get("gancube", "{}")) for data in image_bytes(*read_glb(out))]
    sets = [set(one["source"]["maps"]) for one in recipes if one.get("kind") == "transform"]
    assert len(sets) == 6 and all(one == {"base_color", "normal", "roughness"} for one in sets)
    assert gancube("cube", "--model", "tiny", "--size", 32, "--out", tmp_path / "bare.glb").code == 0
    answer = transform(tmp_path / "bare.glb", "--model", "bent", "--out", out, "--quiet")
    assert answer.code == 2 and "needs the map normal, which the material" in answer.err

    assert gancube("cube", "--model", "pbr", "--size", 32, "--out", tmp_path / "cube.blend").code == 0
    chain = ("--model", "looks", "--model", "bent")  # only the second takes a normal
    answer = transform(tmp_path / "cube.blend", *chain, "--out", tmp_path / "out.blend", "--quiet")
    assert answer.code == 0, answer.err

    material = "newmtl w\nmap_Kd a/c.png\nnorm b/c.png\n"
    answer = transform(written_obj(tmp_path / "in", material), "--model", "bent", "--out", tmp_path / "o.obj")
    assert answer.code == 2 and "needs the map roughness, which the material w does not show" in answer.err
    material += "map_Pr wall é.png\n"
    answer = transform(written_obj(tmp_path / "in", material), "--model", "bent", "--out", tmp_path / "o.obj")
    assert answer.code == 0, answer.err
    recipe = json.loads(png.read_text((tmp_path / "o_textures/c.png").read_bytes())["gancube"])
    assert set(recipe["source"]["maps"]) == {"base_color", "normal", "roughness"}


@pytest.fixture
def shared(gancube, tmp_path) -> Path:
    """A cube of six materials with the colours of the first; normals and metal of their own, one of them a JPEG."""
    assert gancube("cube", "--model", "pbr", "--size", 32, "--out", tmp_path / "cube.glb").code == 0
    document, binary = read_glb(tmp_path / "cube.glb")
    for material in document["materials"]:
        pbr = material["pbrMetallicRoughness"]
        pbr["baseColorTexture"] = dict(document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"])
    second = document["materials"][1]["pbrMetallicRoughness"]["metallicRoughnessTexture"]["index"]
    number = document["textures"][second]["source"]
    buffer = io.BytesIO()
    Image.fromarray(png.decode(image_bytes(document, binary)[number])[0][..., :3]).save(
        buffer, "JPEG", quality=95
    )
    document, binary = changed(
        document, binary, lambda data, index: buffer.getvalue() if index == number else data
    )
    (tmp_path / "shared.glb").write_bytes(pack_glb(document, binary))
    return tmp_path / "shared.glb"


def images_of(path: Path) -> list[dict[str, bytes]]:
    """Of each material {map name: the file of its image}."""
    document, binary = read_glb(path)
    inside = image_bytes(document, binary)
    return [
        {name: inside[number] for name, (number, _) in maps_of(document, one).items()}
        for one in document["materials"]
    ]


def test_materials_that_share_their_colours_give_maps_of_their_own(transform, shared, tmp_path):
    """Colours, normals and roughness of each go in: of each come other colours."""
    out = tmp_path / "out.glb"
    answer = transform(shared, "--model", "bent", "--out", out)
    assert answer.code == 0, answer.err
    before, after = images_of(shared), images_of(out)
    assert len({one["base_color"] for one in before}) == 1 and len({one["base_color"] for one in after}) == 6
    for one, other in zip(before, after, strict=True):
        assert one["normal"] == other["normal"] and one["metallic"] == other["metallic"]
        told = json.loads(png.read_text(other["base_color"])["gancube"])["source"]["maps"]
        assert told == {name: digest(one[name]) for name in ("base_color", "normal", "roughness")}
    (old, _), (new, binary) = read_glb(shared), read_glb(out)
    assert len(new["images"]) == len(old["images"]) + 5 and new["meshes"] == old["meshes"]
    # two materials alone, as the second of them is: what the other shows has no say
    document, binary = read_glb(shared)
    document["materials"][0] = dict(document["materials"][1])
    (tmp_path / "two.glb").write_bytes(pack_glb(document, binary))
    assert (
        transform(tmp_path / "two.glb", "--model", "bent", "--out", tmp_path / "o.glb", "--quiet").code == 0
    )
    again = images_of(tmp_path / "o.glb")
    assert again[0]["base_color"] == again[1]["base_color"]
    assert np.array_equal(*(png.decode(one[1]["base_color"])[0] for one in (again, after)))


def test_materials_that_share_their_colours_keep_what_is_not_given(transform, shared, tmp_path):
    """Roughness is made once out of the colours; beside it lies the metal of each."""
    out = tmp_path / "out.glb"
    answer = transform(shared, "--model", "relief", "--out", out)
    assert answer.code == 0, answer.err
    before, after = images_of(shared), images_of(out)
    assert len({one["base_color"] for one in after}) == len({one["normal"] for one in after}) == 1
    assert len({one["metallic"] for one in after}) == 6
    for number, (one, other) in enumerate(zip(before, after, strict=True)):
        was = of_any_kind(one["metallic"])
        now = png.decode(other["metallic"])[0]
        assert np.array_equal(was[..., 2], now[..., 2]), number
        assert np.array_equal(now[..., 1], png.decode(after[0]["metallic"])[0][..., 1])
        assert not np.array_equal(was[..., 1], now[..., 1])


def test_maps_on_other_uvs(transform, shared, tmp_path):
    """What goes in must lie as the colours do; what stays beside a new map, too, or the new one is left out, aloud."""
    document, binary = read_glb(shared)
    moved = {"KHR_texture_transform": {"scale": [2, 2]}}
    document["materials"][2]["pbrMetallicRoughness"]["metallicRoughnessTexture"]["extensions"] = moved
    (tmp_path / "moved.glb").write_bytes(pack_glb(document, binary))
    out = tmp_path / "out.glb"
    answer = transform(tmp_path / "moved.glb", "--model", "bent", "--out", out, "--quiet")
    assert answer.code == 2 and "lies on other UVs than the colours" in answer.err and not out.exists()
    answer = transform(tmp_path / "moved.glb", "--model", "relief", "--out", out)
    assert answer.code == 0 and answer.err.count("gets no roughness, since its metallic") == 1
    before, after = images_of(shared), images_of(out)
    assert [one["metallic"] == other["metallic"] for one, other in zip(before, after, strict=True)] == [
        number == 2 for number in range(6)
    ]


def test_two_images_of_the_same_bytes_and_compressed_parts(transform, shared, tmp_path):
    """Images may share their bytes, and a compressed part of a file names them in an extension only."""
    document, binary = read_glb(shared)
    colors = document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]["index"]
    image = document["textures"][colors]["source"]
    document["images"].append(dict(document["images"][image], name="twin"))
    document["textures"].append({"source": len(document["images"]) - 1})
    document["materials"][5]["emissiveTexture"] = {"index": len(document["textures"]) - 1}
    packed = {"buffer": 0, "byteOffset": len(binary), "byteLength": 8, "byteStride": 4, "count": 2}
    document["buffers"].append({"byteLength": 8})
    view = {"buffer": 1, "byteLength": 8, "extensions": {"EXT_meshopt_compression": packed}}
    document["bufferViews"].append(view)
    document["buffers"][0]["byteLength"] = len(binary) + 8
    (tmp_path / "packed.glb").write_bytes(pack_glb(document, binary + b"squeezed"))
    answer = transform(tmp_path / "packed.glb", "--model", "looks", "--out", tmp_path / "out.glb", "--quiet")
    assert answer.code == 0, answer.err
    after, made = read_glb(tmp_path / "out.glb")
    twin = after["images"][-1]
    assert twin["name"] == "twin" and image_bytes(after, made)[-1] == image_bytes(document, binary)[image]
    place = after["bufferViews"][len(document["bufferViews"]) - 1]["extensions"]["EXT_meshopt_compression"]
    assert made[place["byteOffset"] :][:8] == b"squeezed"


def of_any_kind(data: bytes) -> np.ndarray:
    return png.decode(data)[0] if data.startswith(png.SIGNATURE) else pixels_of(data)


def test_careless_objs(transform, tmp_path):
    """Tabs, spaces at the ends, Latin-1, an MTL and an image that are missing, capital letters."""
    source = written_obj(
        tmp_path / "in",
        "newmtl w \n\tmap_Kd\twall é.png \nmap_Ks gone.png\n",
        head="# Café\nmtllib none.mtl\nmtllib\ttwo.mtl \n",
        encoding="latin-1",
    )
    out = tmp_path / "out.obj"
    answer = transform(source, "--model", "looks", "--out", out)
    assert answer.code == 0, answer.err
    assert "none.mtl: is missing" in answer.err and "gone.png: is missing" in answer.err
    assert lines_of(out) == {"newmtl": "w ", "map_Kd": "out_textures/wall é.png", "map_Ks": "gone.png"}
    source.with_suffix(".mtl").unlink()
    answer = transform(source, "--model", "looks", "--out", tmp_path / "no.obj", "--quiet")
    assert answer.code == 2 and "Nothing to change" in answer.err and "two.mtl: is missing" in answer.err
    lines = out.read_text("utf-8").splitlines()
    assert "# Café" in lines and [one for one in lines if "mtllib" in one] == ["mtllib out.mtl"]


def test_an_obj_carries_no_private_file_away(transform, tmp_path):
    """Files that are no images and no MTL, also behind a link that looks like one."""
    (tmp_path / "private").mkdir()
    for name in ("key", "key.txt"):
        (tmp_path / "private" / name).write_text("newmtl secret\n")
    head = "mtllib ../private/key\nmtllib link.mtl\nmtllib two.mtl\n"
    words = "newmtl w\nmap_Kd a/c.png\nmap_Ks ../private/key.txt\nmap_Ns link.png\n"
    source = written_obj(tmp_path / "in", words, head=head)
    for name in ("link.mtl", "link.png"):
        (tmp_path / "in" / name).symlink_to(tmp_path / "private/key")
    answer = transform(source, "--model", "looks", "--out", tmp_path / "out/new.obj")
    assert answer.code == 2, "the folder is not there"
    (tmp_path / "out").mkdir()
    answer = transform(source, "--model", "looks", "--out", tmp_path / "out/new.obj")
    assert answer.code == 0, answer.err
    assert answer.err.count("is no image") == 2 and answer.err.count("is no MTL file") == 2
    made = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert {path.name for path in made} == {"new.obj", "new.mtl", "c.png"}
    assert not any(b"secret" in path.read_bytes() for path in made)


def test_no_file_of_an_obj_is_written_over(transform, tmp_path):
    source = written_obj(tmp_path / "in", "newmtl w\nmap_Kd new_textures/c.png\n")
    (tmp_path / "in/b").rename(tmp_path / "in/new_textures")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for name in ("new.obj", "TWO.OBJ/../two.obj", "two.obj"):
        answer = transform(source, "--model", "looks", "--out", tmp_path / "in" / name, "--quiet")
        assert answer.code == 2, name
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_no_image_lies_on_what_has_no_uvs(transform, gancube, tmp_path):
    assert gancube("cube", "--model", "tiny", "--size", 32, "--out", tmp_path / "cube.glb").code == 0
    document, binary = read_glb(tmp_path / "cube.glb")
    for part in document["meshes"][0]["primitives"]:
        part["attributes"].pop("TEXCOORD_0")
    (tmp_path / "bare.glb").write_bytes(pack_glb(document, binary))
    answer = transform(tmp_path / "bare.glb", "--model", "looks", "--out", tmp_path / "no.glb", "--quiet")
    assert answer.code == 2 and "its meshes have no UVs" in answer.err and not (tmp_path / "no.glb").exists()
    source = written_obj(tmp_path / "in", "newmtl w\nmap_Kd a/c.png\n")
    source.write_text("mtllib two.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nusemtl w\nf 1 2 3\n")
    answer = transform(source, "--model", "looks", "--out", tmp_path / "no.obj")
    assert answer.code == 2 and "the material w is skipped" in answer.err and "have no UVs" in answer.err


@pytest.fixture
def yard(tmp_path) -> Path:
    """in/yard.blend: a mesh with a packed image, one that shows pics/grey.png, and things that nothing uses."""
    import bpy

    for name in ("in", "pics", "out/deep"):
        (tmp_path / name).mkdir(parents=True)
    for name in ("pics/grey.png", "pics/wall.png"):
        (tmp_path / name).write_bytes(png.encode(drawn(16)))
    for name in ("wall", "grey"):
        bpy.ops.mesh.primitive_cube_add()
        material = bpy.data.materials.new(name)
        shader_tree(material)
        node = material.node_tree.nodes.new("ShaderNodeTexImage")
        node.image = bpy.data.images.load(str(tmp_path / f"pics/{name}.png"))
        if name == "wall":
            shader = next(one for one in material.node_tree.nodes if one.type == "BSDF_PRINCIPLED")
            material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        bpy.context.object.data.materials.append(material)
    bpy.data.texts.new("notes").write("by hand")
    for spare in (bpy.data.materials.new("spare"), bpy.data.collections.new("spare")):
        spare.use_fake_user = True
    file = tmp_path / "in/yard.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    bpy.ops.file.make_paths_relative()
    bpy.ops.wm.save_as_mainfile(filepath=str(file))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    return file


def test_a_blend_keeps_the_paths_of_its_images_and_what_nothing_uses(transform, yard, tmp_path, monkeypatch):
    import bpy

    before = {block.name_full for block in bpy.data.user_map()}  # of every kind
    monkeypatch.chdir(tmp_path / "out")
    for source, out in (("../in/yard.blend", "deep/a.blend"), (yard, tmp_path / "out/deep/b.blend")):
        answer = transform(source, "--model", "looks", "--out", out, "--quiet")
        assert answer.code == 0, answer.err
        assert {block.name_full for block in bpy.data.user_map()} == before
        bpy.ops.wm.open_mainfile(filepath=str(Path(out).resolve()))
        assert bpy.data.images["grey.png"].filepath == "//../../pics/grey.png"
        assert tuple(bpy.data.images["grey.png"].size) == (16, 16), "it is found there"
        assert bpy.data.texts["notes"].as_string() == "by hand"
        assert bpy.data.images["wall.png"].use_fake_user, "the original, which nothing shows any more"
        assert bpy.data.images["wall.png"].filepath == "//../../pics/wall.png"
        for spare in (bpy.data.materials["spare"], bpy.data.collections["spare"]):
            assert spare.use_fake_user
        bpy.ops.wm.read_factory_settings(use_empty=True)


def test_a_blend_without_meshes_and_one_that_links_the_result(transform, yard, tmp_path):
    import bpy

    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "empty.blend"))
    with bpy.data.libraries.load(str(yard), link=True) as (inside, wanted):
        wanted.objects = inside.objects
    for item in wanted.objects:
        bpy.context.scene.collection.objects.link(item)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "linked.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    answer = transform(tmp_path / "empty.blend", "--model", "looks", "--out", tmp_path / "o.blend", "--quiet")
    assert answer.code == 2 and "empty.blend: holds no mesh" in answer.err
    answer = transform(tmp_path / "linked.blend", "--model", "looks", "--out", yard, "--quiet")
    assert answer.code == 2 and "is read as a source" in answer.err


def test_colours_in_webp_change_and_what_is_webp_stays(transform, gancube, tmp_path):
    """Such a texture names its image in an extension alone."""
    source, out = tmp_path / "a.glb", tmp_path / "b.glb"
    assert gancube("cube", "--model", "tiny", "--size", 32, "--seed", 3, "--out", source).code == 0
    document, binary = read_glb(source)

    def webp(data: bytes, number: int) -> bytes:
        buffer = io.BytesIO()
        Image.open(io.BytesIO(data)).convert("RGB").save(buffer, "WEBP", lossless=True)
        return buffer.getvalue()

    document, binary = changed(document, binary, webp)
    assert "EXT_texture_webp" in document["extensionsRequired"]
    source.write_bytes(pack_glb(document, binary))
    answer = transform(source, "--model", "looks", "--label", "snow", "--out", out, "--quiet")
    assert answer.code == 0, answer.err
    after, _ = read_glb(out)
    kinds = {image["mimeType"] for image in after["images"]}
    assert "image/png" in kinds, "the colours are new"
    for material in after["materials"]:
        info = material["pbrMetallicRoughness"]["baseColorTexture"]
        image = after["textures"][info["index"]]["source"]
        assert after["images"][image]["mimeType"] == "image/png"
    assert ("image/webp" in kinds) == ("EXT_texture_webp" in after.get("extensionsRequired", []))
    document["textures"][0]["extensions"] = {"KHR_texture_basisu": {"source": 0}}
    source.write_bytes(pack_glb(document, binary))
    answer = transform(source, "--model", "looks", "--out", tmp_path / "c.glb", "--quiet")
    assert answer.code == 2 and "KHR_texture_basisu" in answer.err and "PNG" in answer.err


def test_an_image_that_is_colour_and_roughness_changes_as_colour_alone(transform, gancube, tmp_path):
    source, out = tmp_path / "a.glb", tmp_path / "b.glb"
    assert gancube("cube", "--model", "tiny", "--size", 32, "--seed", 3, "--out", source).code == 0
    document, binary = read_glb(source)
    for material in document["materials"]:
        info = material["pbrMetallicRoughness"]["baseColorTexture"]
        material["pbrMetallicRoughness"]["metallicRoughnessTexture"] = dict(info)
    before = image_bytes(document, binary)
    source.write_bytes(pack_glb(document, binary))
    assert transform(source, "--model", "looks", "--label", "snow", "--out", out, "--quiet").code == 0
    after, binary = read_glb(out)
    inside = image_bytes(after, binary)
    for old, new in zip(document["materials"], after["materials"], strict=True):
        was, (color, data) = (
            document["textures"][old["pbrMetallicRoughness"]["baseColorTexture"]["index"]]["source"],
            (
                after["textures"][new["pbrMetallicRoughness"][name]["index"]]["source"]
                for name in ("baseColorTexture", "metallicRoughnessTexture")
            ),
        )
        assert color != data and inside[data] == before[was] and inside[color] != before[was]


def test_an_image_that_names_the_same_part_of_the_file_stays(transform, gancube, tmp_path):
    """The colours change all the same."""
    source, out = tmp_path / "a.glb", tmp_path / "b.glb"
    assert gancube("cube", "--model", "tiny", "--size", 32, "--seed", 3, "--out", source).code == 0
    document, binary = read_glb(source)
    info = document["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"]
    color = document["textures"][info["index"]]["source"]
    document["images"].append(dict(document["images"][color]))  # which nothing shows
    before = image_bytes(document, binary)[color]
    source.write_bytes(pack_glb(document, binary))
    assert transform(source, "--model", "looks", "--label", "snow", "--out", out, "--quiet").code == 0
    inside = image_bytes(*read_glb(out))
    assert inside[color] != before and inside[-1] == before


def test_files_beside_an_obj_are_not_written_over(transform, tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/w.png").write_bytes(png.encode(drawn(16)))
    (tmp_path / "in/bump.png").write_bytes(png.encode(drawn(16)))
    source = written_obj(tmp_path / "in", "newmtl w\nmap_Kd w.png\nbump bump.png\n")
    (tmp_path / "new.mtl").write_text("newmtl mine\n")
    answer = transform(source, "--model", "looks", "--out", tmp_path / "new.obj")
    assert answer.code == 2 and "new.mtl: is there already" in answer.err
    assert (tmp_path / "new.mtl").read_text() == "newmtl mine\n"
    (tmp_path / "new.mtl").unlink()
    for _ in range(2):  # the copy of bump.png carries no recipe
        assert transform(source, "--model", "looks", "--out", tmp_path / "new.obj").code == 0
