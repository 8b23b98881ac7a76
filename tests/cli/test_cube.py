"""`gancube cube`: what it writes, what it says, and that it says it where it should."""

import json

import bpy
import numpy as np
import pytest

from blender_addon.engine import latent_file, png, recipe
from blender_addon.engine.glb import read_glb
from blender_addon.engine.latent_file import LatentFile
from blender_addon.engine.measures import tile_seam
from blender_addon.engine.model import Model, generate
from blender_addon.engine.pixels import to_uint8
from blender_addon.engine.seeds import derive, parse_seed
from blender_addon.engine.surface_request import SurfaceRequest

from .conftest import PBR

SIZE = ("--size", 64)


def glb_textures(path, slot="baseColorTexture"):
    """The six decoded base colours of a GLB, in the order of the faces."""
    document, binary = read_glb(path)
    arrays = []
    for material in document["materials"]:
        index = material["pbrMetallicRoughness"][slot]["index"]
        view = document["bufferViews"][
            document["images"][document["textures"][index]["source"]]["bufferView"]
        ]
        start = view.get("byteOffset", 0)
        arrays.append(png.decode(binary[start : start + view["byteLength"]])[0])
    return arrays


def test_the_glb_shows_what_the_engine_generates(gancube, models, tmp_path):
    out = tmp_path / "cube.glb"
    assert gancube("cube", "--model", "tiny", "--seed", 7, *SIZE, "--out", out).code == 0
    model = Model.load(models / "tiny.onnx", "cpu")
    request = SurfaceRequest("tiny", seed=7, size=64).to_request(model.card)
    for texture, seen in zip(generate(model, request), glb_textures(out), strict=True):
        assert np.array_equal(to_uint8(texture.maps["base_color"]), seen)


def test_json_alone_on_standard_output(gancube, models, tmp_path):
    out, picture = tmp_path / "cube.glb", tmp_path / "cube.png"
    answer = gancube(
        "cube", "--model", "pbr", "--seed", 7, *SIZE, "--out", out, "--render", picture, "--json"
    )
    assert answer.code == 0, answer.err
    said = json.loads(answer.out)
    assert said["files"] == [str(out), str(picture)]
    assert (out.is_file(), picture.is_file()) == (True, True)
    assert said["provider"] == "cpu"
    assert 0 <= said["check"]["max_error"] <= said["check"]["tolerance"]
    assert [face["seed"] for face in said["faces"]] == [derive(7, i) for i in range(6)]
    assert {face["label"] for face in said["faces"]} <= {"brick", "moss", "sand"}
    for face, seen in zip(said["faces"], glb_textures(out), strict=True):
        assert face["tile_r"] == pytest.approx(tile_seam(seen / np.float32(255)), abs=0.05)
    stages = {"load", "generate", "encode", "scene", "export", "render", "write", "total"}
    assert stages <= set(said["seconds"]) and all(value >= 0 for value in said["seconds"].values())
    assert sum(said["seconds"].values()) <= 2.01 * said["seconds"]["total"]
    assert recipe.loads(json.dumps(said["recipe"])).face_seeds == tuple(derive(7, i) for i in range(6))


def test_the_answer_for_people(gancube, tmp_path):
    answer = gancube("cube", "--model", "tiny", "--seed", 7, *SIZE, "--out", tmp_path / "cube.glb")
    assert "cpu" in answer.out and "test vector" in answer.out
    assert all(f"\n{face} " in answer.out for face in ("+X", "-X", "+Y", "-Y", "+Z", "-Z"))
    assert str(derive(7, 5)) in answer.out and str(tmp_path / "cube.glb") in answer.out
    assert "seconds" in answer.out and "generate" in answer.out
    assert "glTF" not in answer.out, "the exporter's chatter"
    assert answer.err.splitlines()[0].startswith("gancube: ")


def test_quiet_says_nothing_on_standard_error(gancube, tmp_path):
    assert gancube("cube", "--model", "tiny", *SIZE, "--out", tmp_path / "c.glb", "--quiet").err == ""


def test_same_seed_same_bytes_other_seed_other_bytes(gancube, tmp_path):
    for name, seed in (("a", 7), ("b", 7), ("c", 8)):
        gancube("cube", "--model", "pbr", "--seed", seed, *SIZE, "--out", tmp_path / f"{name}.glb")
    a, b, c = ((tmp_path / f"{name}.glb").read_bytes() for name in "abc")
    assert a == b != c


def test_seed_and_label_of_single_faces(gancube, tmp_path):
    out = tmp_path / "cube.glb"
    answer = gancube(
        "cube", "--model", "tiny", "--seed", "rainy day", *SIZE, "--out", out, "--json", "--label", "moss",
        "--face-seeds", "1,,-,rain,4,5", "--face-labels", "-,,sand,-,brick,",
    )  # fmt: skip
    seed = parse_seed("rainy day")
    faces = json.loads(answer.out)["faces"]
    assert [f["seed"] for f in faces] == [1, derive(seed, 1), derive(seed, 2), parse_seed("rain"), 4, 5]
    assert [f["label"] for f in faces] == ["moss", "moss", "sand", "moss", "brick", "moss"]


def test_without_a_model_the_shipped_one_or_the_first(gancube, models, tmp_path):
    answer = gancube("cube", *SIZE, "--out", tmp_path / "c.glb", "--json")
    assert answer.code == 0, answer.err
    assert json.loads(answer.out)["recipe"]["model"]["name"] in ("materials", "pbr", "tiny")


@pytest.mark.parametrize("suffix", ["glb", "blend", "png", "json", "text"])
def test_a_recipe_makes_the_same_bytes_again(gancube, tmp_path, suffix):
    first, again = tmp_path / "first.glb", tmp_path / "again.glb"
    arguments = ("cube", "--model", "tiny", "--seed", 7, "--face-labels", ",,moss,,,", *SIZE)
    assert gancube(*arguments, "--out", first).code == 0
    source = tmp_path / f"first.{suffix}"
    if suffix == "blend":
        assert gancube(*arguments, "--out", source).code == 0
    elif suffix == "png":
        assert gancube(*arguments, "--out", tmp_path / "x.glb", "--render", source).code == 0
    elif suffix == "json":
        source.write_text(gancube("recipe", first).out)
    elif suffix == "text":  # what the panel's "Copy as Command" gives
        source = gancube("recipe", first).out
    answer = gancube("cube", "--recipe", source, "--out", again)
    assert answer.code == 0, answer.err
    assert again.read_bytes() == first.read_bytes()


def test_a_recipe_finds_its_model_under_another_name(gancube, models, tmp_path, monkeypatch):
    out = tmp_path / "cube.glb"
    gancube("cube", "--model", "tiny", *SIZE, "--out", out)
    other = tmp_path / "renamed"
    other.mkdir()
    (other / "renamed.onnx").write_bytes((models / "tiny.onnx").read_bytes())
    (other / "tiny.onnx").write_bytes((models / "pbr.onnx").read_bytes())
    monkeypatch.setenv("GANCUBE_MODELS", str(other))
    assert gancube("cube", "--recipe", out, "--out", tmp_path / "again.glb").code == 0


def test_a_blend_holds_the_same_images_and_mesh(gancube, tmp_path):
    found = []
    for name in ("a", "b"):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        out = tmp_path / f"{name}.blend"
        assert gancube("cube", "--model", "pbr", "--seed", 7, *SIZE, "--out", out).code == 0
        bpy.ops.wm.open_mainfile(filepath=str(out))
        (cube,) = bpy.data.objects
        images = {image.name: bytes(image.packed_file.data) for image in bpy.data.images}
        found.append((images, [tuple(v.co) for v in cube.data.vertices], cube["gancube"]))
    assert found[0] == found[1]
    assert len(found[0][0]) == 6 * len(PBR)


@pytest.mark.parametrize("suffix", ["glb", "blend"])
def test_an_open_file_is_not_touched(gancube, tmp_path, suffix):
    """As inside a running Blender: the user's file is open, with a cube of that very name in it."""
    mine = tmp_path / "mine.blend"
    thing = bpy.data.objects.new("GAN Cube", bpy.data.meshes.new("GAN Cube"))
    bpy.context.scene.collection.objects.link(thing)
    bpy.ops.wm.save_as_mainfile(filepath=str(mine))
    before, scene = mine.read_bytes(), bpy.context.scene
    names = {block.name_full for block in (*bpy.data.objects, *bpy.data.scenes, *bpy.data.meshes)}
    arguments = ("--model", "tiny", *SIZE, "--out", tmp_path / f"x.{suffix}", "--render", tmp_path / "x.png")
    assert gancube("cube", *arguments).code == 0
    assert bpy.data.filepath == str(mine) and mine.read_bytes() == before
    assert bpy.context.window.scene == scene
    assert {b.name_full for b in (*bpy.data.objects, *bpy.data.scenes, *bpy.data.meshes)} == names
    assert not bpy.data.images and not bpy.data.materials


def test_an_older_file_is_replaced_whole(gancube, tmp_path):
    out = tmp_path / "cube.glb"
    out.write_bytes(b"x" * 10_000_000)
    assert gancube("cube", "--model", "tiny", *SIZE, "--out", out).code == 0
    read_glb(out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["cube.glb"]


def test_names_with_spaces_and_non_ascii_letters(gancube, tmp_path):
    folder = tmp_path / "W\u00fcrfel und \u7acb\u65b9\u4f53"
    folder.mkdir()
    out = folder / "mein W\u00fcrfel.glb"
    assert gancube("cube", "--model", "tiny", "--seed", "\u00e9t\u00e9", *SIZE, "--out", out).code == 0
    read_glb(out)
    assert gancube("cube", "--model", "tiny", *SIZE, "--out", folder / "\u00fc.blend").code == 0
    assert json.loads(gancube("recipe", folder / "\u00fc.blend").out)["seed"] == 0


def test_the_look_of_a_photo_in_six_layouts(gancube, models, tmp_path):
    """What `gan-train project` writes: its picture on the first face, its look in other layouts on the others."""
    model, z = Model.load(models / "tiny.onnx", "cpu"), [0.5, -1.0] * 4
    label = {"brick": 0.75, "moss": 0.25}
    found = LatentFile({"name": "other", "sha256": model.sha256}, 7, 64, label, {"z": z}, {"psi": 0.5}, 0.2)
    path = tmp_path / "photo.json"
    path.write_text(latent_file.dumps(found))
    answer = gancube("cube", "--latent", path, "--out", tmp_path / "cube.glb", "--json")
    assert answer.code == 0, answer.err
    said = json.loads(answer.out)
    assert [face["seed"] for face in said["faces"]] == [7, *(derive(7, i) for i in range(1, 6))]
    assert said["recipe"]["face_labels"] == [label] * 6 and said["recipe"]["settings"]["latents"] == {"z": z}
    expected = to_uint8(model.render(7, label, 64, {"psi": 0.5}, latents={"z": z}).maps["base_color"])
    assert np.array_equal(glb_textures(tmp_path / "cube.glb")[0], expected)
    again = gancube("cube", "--recipe", tmp_path / "cube.glb", "--out", tmp_path / "again.glb")
    assert again.code == 0 and "brick+" in again.out
    assert (tmp_path / "again.glb").read_bytes() == (tmp_path / "cube.glb").read_bytes()
    other = gancube("cube", "--latent", path, "--seed", 3, "--out", tmp_path / "other.glb", "--json")
    assert json.loads(other.out)["faces"][0]["seed"] == derive(3, 0)
    refused = gancube("cube", "--latent", path, "--label", "moss", "--out", tmp_path / "no.glb")
    assert refused.code == 2 and "in the latent already" in refused.err
    path.write_text("{}")
    assert gancube("cube", "--latent", path, "--out", tmp_path / "no.glb").code == 2
    assert not (tmp_path / "no.glb").exists()


def test_styles_of_all_faces_and_of_single_ones(gancube, tmp_path):
    out = tmp_path / "cube.glb"
    styles = ("--style", "rain:1", "--face-styles", "-,9:2,,,,4:0")
    assert gancube("cube", "--model", "tinted", "--seed", 7, *styles, "--out", out).code == 0
    asked = recipe.read(out).to_request()
    assert asked.style == (parse_seed("rain"), 1)
    assert asked.face_styles == (None, (9, 2), None, None, None, (4, 0))
    again = tmp_path / "again.glb"
    assert gancube("cube", "--recipe", out, "--out", again).code == 0
    assert again.read_bytes() == out.read_bytes()
