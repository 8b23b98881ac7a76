"""`gancube transform`: pictures, folders and meshes through chains of generators; the recipe of a chain; bad input."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blender_addon.engine import png, transform_recipe
from blender_addon.engine.errors import RecipeError
from blender_addon.engine.glb import read_glb
from blender_addon.engine.glb_images import image_bytes
from tests.engine.test_transform import drawn
from tests.tiny_picture import make_tiny_picture


@pytest.fixture(scope="session")
def takers(models) -> Path:
    """Beside those out of seeds: `looks` (labels, strength), `relief` (normal, height, roughness), `x2`, `filled`."""
    make_tiny_picture(models / "looks.onnx", labels=("moss", "snow"))
    make_tiny_picture(models / "relief.onnx", gives=("normal", "height", "roughness"))
    make_tiny_picture(models / "x2.onnx", scale=2)
    make_tiny_picture(models / "filled.onnx", takes=("position", "ao"))
    make_tiny_picture(models / "tops.onnx", takes=("height",), gives=("base_color",))
    return models


@pytest.fixture
def photo(tmp_path) -> Path:
    (tmp_path / "brick.png").write_bytes(png.encode(drawn(64)))
    return tmp_path / "brick.png"


@pytest.fixture
def transform(takers, gancube):
    return lambda *arguments: gancube("transform", *arguments)


def pixels(path: Path) -> np.ndarray:
    return png.decode(path.read_bytes())[0]


def test_one_picture(transform, gancube, photo, tmp_path):
    out = tmp_path / "mossy.png"
    answer = transform(photo, "--model", "looks", "--label", "moss", "--strength", "0.6", "--out", out)
    assert answer.code == 0, answer.err
    assert "mossy.png" in answer.out and "brick.png: looks" in answer.err
    assert pixels(out).shape == (64, 64, 3) and not np.array_equal(pixels(out), pixels(photo))
    told = json.loads(gancube("recipe", out).out)
    (step,) = told["steps"]
    assert step["label"] == "moss" and step["scalars"] == {"strength": 0.6} and step["tiles"] is True
    assert told["model"]["name"] == "looks" and told["source"]["recipe"] is None
    assert list(told["source"]["maps"]) == ["base_color"]
    assert "host" not in told and str(tmp_path) not in json.dumps(told)
    assert gancube("check", out).code == 0


def test_the_same_name_gives_the_same_bytes(transform, photo, tmp_path):
    (tmp_path / "other").mkdir()
    outs = [tmp_path / "out.png", tmp_path / "other/out.png"]
    for out in outs:
        transform(photo, "--model", "looks", "--out", out, "--quiet")
    assert outs[0].read_bytes() == outs[1].read_bytes()


def test_a_chain_in_one_command_and_in_several_is_the_same(transform, gancube, photo, tmp_path):
    """Maps, then moss, then larger: the same pixels, and the same recipe."""
    at_once = tmp_path / "all"
    chain = ("--model", "relief", "--model", "looks", "--model", "x2", "--label", "snow")
    answer = transform(photo, *chain, "--out", at_once, "--json", "--tiles", "yes")
    assert answer.code == 0, answer.err
    files = {Path(path).name: Path(path) for path in json.loads(answer.out)["files"]}
    assert sorted(files) == [f"brick_{name}.png" for name in ("base_color", "height", "normal", "roughness")]
    assert {name: pixels(path).shape for name, path in files.items()} == {
        "brick_base_color.png": (128, 128, 3),
        "brick_normal.png": (128, 128, 3),
        "brick_height.png": (128, 128, 1),
        "brick_roughness.png": (128, 128, 1),
    }
    steps = tmp_path / "one.png", tmp_path / "two.png"
    transform(photo, "--model", "looks", "--label", "snow", "--out", steps[0], "--tiles", "yes")
    transform(steps[0], "--model", "x2", "--out", steps[1], "--tiles", "yes")
    assert np.array_equal(pixels(steps[1]), pixels(files["brick_base_color.png"]))
    told = json.loads(gancube("recipe", steps[1]).out)
    whole = json.loads(gancube("recipe", files["brick_height.png"]).out)
    assert told["source"] == whole["source"]
    assert [step["model"]["name"] for step in whole["steps"]] == ["relief", "looks", "x2"]
    assert told["steps"] == whole["steps"][1:]


def test_what_was_generated_keeps_its_recipe_as_the_source(transform, gancube, tmp_path):
    assert gancube("cube", "--model", "tiny", "--size", 64, "--out", tmp_path / "cube.glb").code == 0
    face = image_bytes(*read_glb(tmp_path / "cube.glb"))[0]
    (tmp_path / "face.png").write_bytes(face)
    recipe = gancube("recipe", tmp_path / "cube.glb").out
    (tmp_path / "face.png").write_bytes(
        png.encode(png.decode(face)[0], {"gancube": json.dumps(json.loads(recipe))})
    )
    transform(tmp_path / "face.png", "--model", "looks", "--out", tmp_path / "out.png")
    told = json.loads(gancube("recipe", tmp_path / "out.png").out)
    assert told["source"]["recipe"] == json.loads(recipe)


def test_a_folder(transform, photo, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "one.png").write_bytes(photo.read_bytes())
    Image.fromarray(drawn(48)).save(folder / "two.jpg", quality=95)
    (folder / "notes.txt").write_text("no picture")
    answer = transform(folder, "--model", "looks", "--label", "moss", "--out", tmp_path / "out")
    assert answer.code == 0, answer.err
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["one.png", "two.png"]
    (folder / "broken.png").write_bytes(photo.read_bytes()[:300])
    answer = transform(folder, "--model", "looks", "--out", tmp_path / "more", "--quiet")
    assert answer.code == 2 and "1 of 3 pictures were left out" in answer.err and "broken.png" in answer.err
    assert sorted(p.name for p in (tmp_path / "more").iterdir()) == ["one.png", "two.png"]


def test_a_set_that_does_not_fit_together_is_named(transform, photo, tmp_path):
    folder = tmp_path / "sets"
    folder.mkdir()
    for name, side in (("good_position", 64), ("good_ao", 64), ("bad_position", 64), ("bad_ao", 32)):
        pixels = drawn(side, channels=1 if name.endswith("ao") else 3)
        (folder / f"{name}.png").write_bytes(png.encode(pixels))
    answer = transform(folder, "--model", "filled", "--out", tmp_path / "out", "--quiet")
    assert answer.code == 2 and "1 of 2 pictures were left out" in answer.err
    assert "bad_ao.png" in answer.err and "good_ao" not in answer.err
    answer = transform(tmp_path / "absent", "--model", "looks", "--out", tmp_path / "more")
    assert answer.code == 2 and "absent: no such file or folder" in answer.err


def test_maps_of_a_set_by_their_names(transform, photo, tmp_path):
    (tmp_path / "rock_position.png").write_bytes(photo.read_bytes())
    (tmp_path / "rock_ao.png").write_bytes(png.encode(drawn(64, channels=1)))
    out = tmp_path / "out"
    answer = transform(tmp_path / "rock_ao.png", "--model", "filled", "--out", out, "--quiet")
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in out.iterdir()) == ["rock_ao.png", "rock_base_color.png"]
    answer = transform(photo, "--model", "filled", "--out", tmp_path / "no.png", "--quiet")
    assert answer.code == 2 and "needs the maps position, ao, and the picture has base_color" in answer.err


def test_a_picture_without_a_name_is_the_only_map_that_goes_in(transform, tmp_path):
    (tmp_path / "hills.png").write_bytes(png.encode(drawn(64, channels=1)))
    answer = transform(tmp_path / "hills.png", "--model", "tops", "--out", tmp_path / "out", "--quiet")
    assert answer.code == 0, answer.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "hills_base_color.png",
        "hills_height.png",
    ]


@pytest.mark.parametrize("kind", ["grey", "alpha", "grey_alpha", "palette", "sixteen", "one_pixel", "line"])
def test_kinds_of_pictures(transform, tmp_path, kind):
    colors = drawn(40)
    image = {
        "grey": Image.fromarray(colors[..., 0]),
        "alpha": Image.fromarray(np.concatenate([colors, colors[..., :1]], axis=2)),
        "grey_alpha": Image.fromarray(np.ascontiguousarray(colors[..., :2]), "LA"),
        "palette": Image.fromarray(colors).quantize(16),
        "sixteen": Image.fromarray(colors[..., 0].astype(np.uint16) * 257),
        "one_pixel": Image.fromarray(colors[:1, :1]),
        "line": Image.fromarray(np.resize(colors, (20000, 1, 3))),
    }[kind]
    image.save(tmp_path / "in.png")
    answer = transform(tmp_path / "in.png", "--model", "x2", "--out", tmp_path / "out.png", "--quiet")
    assert answer.code == 0, answer.err
    result = pixels(tmp_path / "out.png")
    assert result.shape == (image.height * 2, image.width * 2, 4 if "alpha" in kind else 3)


def test_a_glb_keeps_all_but_its_colours(transform, gancube, tmp_path):
    assert gancube("cube", "--model", "pbr", "--size", 64, "--out", tmp_path / "cube.glb").code == 0
    out = tmp_path / "snowy.glb"
    answer = transform(tmp_path / "cube.glb", "--model", "looks", "--label", "snow", "--out", out, "--quiet")
    assert answer.code == 0, answer.err
    (before, old), (after, new) = read_glb(tmp_path / "cube.glb"), read_glb(out)
    assert before["meshes"] == after["meshes"] and before["materials"] == after["materials"]
    pictures = list(zip(image_bytes(before, old), image_bytes(after, new), strict=True))
    changed = [i for i, (one, other) in enumerate(pictures) if one != other]
    assert len(changed) == 6 and len(pictures) > 6
    for index in changed:
        assert png.read_text(pictures[index][1])["gancube"].count('"snow"')
    assert json.loads(gancube("recipe", out).out)["kind"] == "transform"
    findings = [
        json.loads(gancube("check", path, "--json").out)["files"] for path in (tmp_path / "cube.glb", out)
    ]
    assert findings[0][0]["findings"] == findings[1][0]["findings"]
    again = tmp_path / "again"
    again.mkdir()
    transform(
        tmp_path / "cube.glb", "--model", "looks", "--label", "snow", "--out", again / "snowy.glb", "--quiet"
    )
    assert (again / "snowy.glb").read_bytes() == out.read_bytes()


def test_an_obj_keeps_its_geometry(transform, gancube, tmp_path):
    source = tmp_path / "set/a.obj"
    source.parent.mkdir()
    source.write_text("# wall\nmtllib a.mtl\nv 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nusemtl w\nf 1/1 2/1 3/1\n")
    source.with_suffix(".mtl").write_text("newmtl w\nKd 1 1 1\nmap_Kd -s 1 1 1 a.png\nmap_Pr rough.png\n")
    (tmp_path / "set/a.png").write_bytes(png.encode(drawn(32)))
    (tmp_path / "set/rough.png").write_bytes(png.encode(drawn(32, channels=1)))
    out = tmp_path / "out/mossy.obj"
    out.parent.mkdir()
    answer = transform(source, "--model", "looks", "--label", "moss", "--out", out, "--quiet")
    assert answer.code == 0, answer.err

    def geometry(path):
        return [
            line for line in path.read_text().splitlines() if line and not line.startswith(("mtllib", "#"))
        ]

    assert geometry(out) == geometry(source)
    assert "mtllib mossy.mtl" in out.read_text()
    old, new = (sorted(path.parent.rglob("*.png")) for path in (source, out))
    assert {path.parent.name for path in new} == {"mossy_textures"} and len(new) == len(old)
    assert sum(a.read_bytes() != b.read_bytes() for a, b in zip(old, new, strict=True)) == 1
    assert all(f"mossy_textures/{path.name}" in out.with_suffix(".mtl").read_text() for path in new)
    (tmp_path / "bare.obj").write_text("v 0 0 0\n")
    answer = transform(tmp_path / "bare.obj", "--model", "looks", "--out", tmp_path / "no.obj", "--quiet")
    assert answer.code == 2 and "Nothing to change" in answer.err


def test_maps_are_wired_into_a_glb(transform, gancube, takers, tmp_path):
    """The generator gives roughness and metal, where the file has other ones; then relief, where it has none."""
    make_tiny_picture(takers / "metal.onnx", gives=("roughness", "metallic", "ao"), seed=4)
    for source, model, names in (
        ("pbr", "metal", ()),
        ("tiny", "metal", ()),
        ("tiny", "relief", ("normal",)),
    ):
        cube, out = tmp_path / f"{source}.glb", tmp_path / f"{source}-{model}.glb"
        assert gancube("cube", "--model", source, "--size", 64, "--out", cube).code == 0
        answer = transform(cube, "--model", model, "--out", out, "--quiet")
        assert answer.code == 0, answer.err
        (before, _), (document, binary) = read_glb(cube), read_glb(out)
        assert document["meshes"] == before["meshes"] and len(document["materials"]) == 6
        inside = image_bytes(document, binary)
        for material in document["materials"]:
            pbr = material["pbrMetallicRoughness"]
            textures = {
                name: document["textures"][one["index"]]["source"] for name, one in textures_of(material)
            }
            assert {"baseColorTexture", "metallicRoughnessTexture"} <= set(textures)
            assert ("normalTexture" in textures) == (source == "pbr" or "normal" in names)
            rough = png.decode(inside[textures["metallicRoughnessTexture"]])[0]
            assert rough.shape == (64, 64, 3) and rough[..., 1].std() > 0 and "roughnessFactor" not in pbr
            assert (rough[..., 2].std() > 0) == (model == "metal")
        assert json.loads(gancube("check", out, "--json").out)["files"][0]["file"]
    # one of two channels is kept from what the file had
    make_tiny_picture(takers / "rough.onnx", gives=("roughness",), seed=4)
    out = tmp_path / "rough.glb"
    assert transform(tmp_path / "pbr.glb", "--model", "rough", "--out", out, "--quiet").code == 0
    both = [metal_of(path) for path in (tmp_path / "pbr.glb", out)]
    assert np.array_equal(both[0][..., 2], both[1][..., 2])
    assert not np.array_equal(both[0][..., 1], both[1][..., 1])


def textures_of(material: dict) -> list:
    places = {**material["pbrMetallicRoughness"], **material}
    return [(name, one) for name, one in places.items() if name.endswith("Texture")]


def metal_of(path: Path) -> np.ndarray:
    document, binary = read_glb(path)
    place = document["materials"][0]["pbrMetallicRoughness"]["metallicRoughnessTexture"]["index"]
    return png.decode(image_bytes(document, binary)[document["textures"][place]["source"]])[0]


def test_maps_are_wired_into_an_obj(transform, tmp_path):
    """One of two materials shows an image; what it had as relief gives way."""
    (tmp_path / "a.obj").write_text("mtllib a.mtl\nv 0 0 0\n")
    (tmp_path / "a.mtl").write_text(
        "newmtl one\nKd 1 1 1\nmap_Kd wall.png\nbump -bm 1 old.png\n\nnewmtl two\nKd 0 0 0\n"
    )
    for name in ("wall.png", "old.png"):
        (tmp_path / name).write_bytes(png.encode(drawn(32)))
    out = tmp_path / "out" / "b.obj"
    out.parent.mkdir()
    answer = transform(tmp_path / "a.obj", "--model", "relief", "--out", out, "--quiet")
    assert answer.code == 0, answer.err
    lines = out.with_suffix(".mtl").read_text().splitlines()
    one, two = lines[: lines.index("newmtl two")], lines[lines.index("newmtl two") :]
    words = {line.split()[0]: line.split()[-1] for line in one}
    assert {"map_Kd", "norm", "disp", "map_Pr"} <= set(words) and "bump" not in words
    assert two == ["newmtl two", "Kd 0 0 0"]
    for word in ("map_Kd", "norm", "disp", "map_Pr"):
        assert png.decode((out.parent / words[word]).read_bytes())[0].shape[:2] == (32, 32)


def test_a_blend(transform, gancube, tmp_path):
    assert gancube("cube", "--model", "tiny", "--size", 64, "--out", tmp_path / "cube.blend").code == 0
    out = tmp_path / "snowy.blend"
    answer = transform(
        tmp_path / "cube.blend", "--model", "relief", "--model", "looks", "--label", "snow", "--out", out
    )
    assert answer.code == 0, answer.err
    import bpy

    assert not bpy.data.objects, "what is open stays as it was"
    with bpy.data.libraries.load(str(out)) as (_, wanted):
        wanted.objects = ["GAN Cube"]
    images = [
        node.image
        for slot in wanted.objects[0].material_slots
        for node in slot.material.node_tree.nodes
        if node.type == "TEX_IMAGE"
    ]
    assert len(images) == 4 * 6
    assert all(transform_recipe.loads(image["gancube"]).model["name"] == "looks" for image in images)
    (tmp_path / "bad.blend").write_text("no blend")
    answer = transform(tmp_path / "bad.blend", "--model", "looks", "--out", tmp_path / "no.blend", "--quiet")
    assert answer.code == 2 and "not a .blend file" in answer.err and not (tmp_path / "no.blend").exists()


@pytest.mark.parametrize(
    "arguments, says",
    [
        (("--model", "tiny"), "makes textures out of seeds and takes no picture"),
        (("--model", "lucks"), "At hand: looks"),
        (("--model", "looks", "--label", "rust"), "It knows moss, snow"),
        (("--model", "x2", "--label", "moss"), "has no labels. Leave the label out"),
        (("--model", "x2", "--strength", "1"), "does not have it"),
        (("--model", "x2", "--model", "relief", "--label", "moss"), "have no such setting"),
        (("--model", "looks", "--strength", "2"), "must be a number from 0 to 1"),
        (("--model", "looks", "--strength", "much"), "must be a number from 0 to 1"),
        (("--model", "looks", "--model", "x2", *("--label", "moss") * 3), "is given 3 times"),
        (("--model", "looks", "--provider", "abacus"), "is not one of"),
    ],
)
def test_bad_wishes(transform, photo, tmp_path, arguments, says):
    answer = transform(photo, *arguments, "--out", tmp_path / "out.png", "--quiet")
    assert answer.code == 2 and says in answer.err and not (tmp_path / "out.png").exists()
    assert len(answer.err.splitlines()) == 1


def test_bad_files(transform, photo, tmp_path):
    before = photo.read_bytes()
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text("no picture")
    for source, out, says in (
        (tmp_path / "none.png", "out.png", "no such file"),
        (tmp_path / "empty", "out", "holds no pictures"),
        (tmp_path / "text.png", "out.png", "neither PNG nor JPEG nor WebP"),
        (photo, "out.jpg", "must end in .png"),
        (photo, "brick.png", "is read as a source"),
        (tmp_path, "out.png", "must be a folder"),
        (tmp_path / "mesh.stl", "out.stl", "is not changed. Files that end in"),
        (tmp_path / "mesh.fbx", "out.fbx", "Save it from Blender as .glb, .obj, .blend"),
        (tmp_path / "mesh.USDZ", "out.usdz", "Save it from Blender as .glb, .obj, .blend"),
    ):
        answer = transform(source, "--model", "looks", "--out", tmp_path / out, "--quiet")
        assert answer.code == 2 and says in answer.err, (source, answer.err)
    assert photo.read_bytes() == before


def test_not_enough_memory_says_what_fits(transform, photo, tmp_path, monkeypatch):
    from blender_addon.engine import transform as engine

    monkeypatch.setattr(engine, "free_memory", lambda: 60 * 2**20)
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((4000, 4000, 3), np.uint8)).save(buffer, "PNG")
    (tmp_path / "large.png").write_bytes(buffer.getvalue())
    answer = transform(tmp_path / "large.png", "--model", "looks", "--out", tmp_path / "out.png", "--quiet")
    assert answer.code == 2 and "4000 x 4000 px: would need about" in answer.err


def test_stopped_in_a_folder_it_keeps_what_is_whole_and_counts_it(transform, photo, tmp_path, monkeypatch):
    from blender_addon.engine import transform_run

    (tmp_path / "in").mkdir()
    for name in "abc":
        (tmp_path / "in" / f"{name}.png").write_bytes(photo.read_bytes())
    run = transform_run.run

    def stop_at(number):
        asked = []

        def one(*arguments, **settings):
            asked.append(1)
            if len(asked) == number:
                raise KeyboardInterrupt
            return run(*arguments, **settings)

        monkeypatch.setattr(transform_run, "run", one)
        return transform(tmp_path / "in", "--model", "looks", "--out", tmp_path / "out", "--quiet")

    answer = stop_at(1)
    assert answer.code == 130 and "stopped; nothing was written." in answer.err
    answer = stop_at(3)
    assert answer.code == 130 and "stopped; 2 of 3 pictures were written." in answer.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png", "b.png"]


def test_no_cube_out_of_one_that_takes_a_picture(takers, gancube, tmp_path):
    answer = gancube("cube", "--model", "looks", "--out", tmp_path / "cube.glb", "--quiet")
    assert answer.code == 2 and "Use it with `gancube transform`" in answer.err
    answer = gancube("batch", "--model", "looks", "--count", 2, "--out", tmp_path / "set", "--quiet")
    assert answer.code == 2 and "looks: changes a picture and makes none out of seeds" in answer.err
    listed = json.loads(gancube("models", "--json").out)
    listed = listed if isinstance(listed, list) else listed["models"]
    assert {one["name"]: one["takes"] for one in listed if one["name"] in ("looks", "tiny", "filled")} == {
        "looks": ["base_color"],
        "tiny": [],
        "filled": ["position", "ao"],
    }


def test_recipes_are_read_strictly(transform, photo, tmp_path):
    transform(photo, "--model", "looks", "--out", tmp_path / "out.png", "--quiet")
    text = png.read_text((tmp_path / "out.png").read_bytes())["gancube"]
    assert transform_recipe.dumps(transform_recipe.loads(text)) == text
    fields = json.loads(text)
    for change in (
        {"steps": []},
        {"steps": [{}]},
        {"source": {"maps": {"base_color": "x"}, "recipe": None}},
        {"source": {"maps": {}, "recipe": {"kind": "cube"}}},
        {"versions": {"gancube": 1}},
        {"more": 1},
    ):
        with pytest.raises(RecipeError):
            transform_recipe.loads(json.dumps({**fields, **change}))


def test_the_earlier_picture_is_never_touched(transform, photo, tmp_path):
    before = photo.read_bytes()
    for name in ("looks", "x2", "relief"):
        assert transform(photo, "--model", name, "--out", tmp_path / "out", "--quiet").code == 0
    assert photo.read_bytes() == before


def test_a_map_that_was_not_asked_for_by_name_is_not_written_over(transform, photo, tmp_path):
    """--out brick.png means brick_normal.png, too: made here it is replaced, made by hand it is kept."""
    out, mine = tmp_path / "brick.png", tmp_path / "brick_normal.png"
    mine.write_bytes(photo.read_bytes())
    answer = transform(photo, "--model", "relief", "--out", out)
    assert answer.code == 2 and str(mine) in answer.err and "another --out" in answer.err
    assert mine.read_bytes() == photo.read_bytes() and not list(tmp_path.glob("brick_h*"))
    mine.unlink()
    for _ in range(2):
        assert transform(photo, "--model", "relief", "--out", out, "--quiet").code == 0
    mine.write_bytes(b"no picture")
    assert (
        transform(photo, "--model", "relief", "--out", out).code == 2 and mine.read_bytes() == b"no picture"
    )
