"""The calls for people who write their own pipelines; the README's example is run as it stands."""

import os
import re
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon import api
from blender_addon.engine import plan, png, recipe
from blender_addon.engine.errors import GanCubeError
from blender_addon.engine.glb import read_glb
from blender_addon.engine.glb_images import image_bytes
from blender_addon.engine.seeds import parse_seed
from blender_addon.engine.transform import Step
from blender_addon.scene import formats, mesh_source
from tests.tiny import make_tiny
from tests.tiny_picture import make_tiny_picture


@pytest.fixture
def model(models, monkeypatch):
    monkeypatch.setenv("GANCUBE_MODELS", str(models))
    return api.load("tiny", "cpu", 1)


def test_generate_apply_export(model, tmp_path):
    made = api.generate(model, seed=7, label="moss", size=64)
    assert [texture.label for texture in made.textures] == ["moss"] * 6 and len(made.maps) == 6
    with api.nothing_left_behind():
        cube = api.apply(made, name="Wall")
        files = api.export(cube, tmp_path / "wall", ["glb", "blend"], made, tags=["x"])
        assert [file.name for kind in files.values() for file in kind] == ["wall.glb", "wall.blend"]
    assert len(bpy.data.objects) == len(bpy.data.images) == 0
    assert recipe.read(tmp_path / "wall.glb").seed == 7


def test_an_object_of_ones_own(model, tmp_path):
    bpy.ops.mesh.primitive_uv_sphere_add()
    mine = bpy.context.object
    made = api.generate(model, surface="tile", seed=1, size=64)
    assert api.apply(made, api.Target(mode="tile", width=2.0), mine) == mine
    assert mine.material_slots[0].material is not None and "gancube" in mine
    with pytest.raises(GanCubeError, match="is not a format"):
        api.export(mine, tmp_path / "x", ["stl"], made)


def test_what_cannot_be_is_said_in_a_sentence(model, tmp_path):
    for wanted, words in (
        ({"labels": ["moss"]}, "labels: is nothing that can be asked for. Is it 'label'?"),
        ({"surface": "round"}, "surface 'round': is none of cube, tile, box, faces"),
        ({"surface": "tile", "images": 3}, "always has 1"),
        ({"seed": ""}, "the seed is empty"),
        ({"label": {"moss": -1.0}}, "zero or larger"),
    ):
        with pytest.raises(GanCubeError, match=re.escape(words)):
            api.generate(model, size=64, **wanted)
    for wanted, words in (
        ({"mode": "foo"}, "mode 'foo': is none of faces, tile, box"),
        ({"mode": "tile", "width": 0}, "width 0: must be a number"),
        ({"source": "ball"}, "'ball' is neither one of"),
        ({"each": "vertex"}, "each 'vertex'"),
        ({"bake": 64.0}, "bake 64.0"),
    ):
        with pytest.raises(GanCubeError, match=re.escape(words)):
            api.Target(**wanted)
    made = api.generate(model, seed="rainy", surface="faces", size=64)
    assert made.request.seed == parse_seed("rainy") and len(made.textures) == 6
    item = api.apply(made, api.Target("plane", mode="faces"))
    with pytest.raises(GanCubeError, match="encoding 'gif'"):
        api.export(item, tmp_path / "x", "glb", made, "gif")
    files = api.export(item, tmp_path / "x", "glb", made, tags="wall")
    assert files == {"glb": [tmp_path / "x.glb"]}


def test_the_example_of_the_readme(models, tmp_path, monkeypatch, checkout):
    folder = tmp_path / "models"
    folder.mkdir()
    make_tiny(folder / "materials.onnx", name="materials")
    monkeypatch.setenv("GANCUBE_MODELS", str(folder))
    monkeypatch.chdir(tmp_path)
    Path("out").mkdir()
    text = (checkout / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    made = api.generate(api.load(folder / "materials.onnx"), seed=1, size=64)
    api.export(api.apply(made), "out/cube", ["glb"], made)
    found = {}
    exec(example, found)
    assert [path.name for files in found["files"].values() for path in files] == ["wall.glb", "wall.usdz"]
    assert found["barrel"].type == "MESH" and found["barrel"].data.polygons


def test_plans_know_the_formats_that_there_are():
    assert set(plan.FORMATS) == set(formats.FORMATS)
    for encoding, kinds in plan.ENCODINGS.items():
        assert set(kinds) == {kind for kind, has in formats.ENCODINGS.items() if encoding.upper() in has}
    assert set(plan.PRIMITIVES) == set(mesh_source.PRIMITIVES)


def test_a_chain_over_what_was_generated(model, models, tmp_path):
    """Other colours, then more maps: in the recipe, in the files, and made again by it, byte for byte."""
    looks = make_tiny_picture(tmp_path / "looks.onnx", labels=("moss", "snow"))
    relief = make_tiny_picture(tmp_path / "relief.onnx", gives=("height", "roughness"), seed=1)
    looks, relief = (api.load(path, "cpu", 1) for path in (looks, relief))
    made = api.generate(model, seed=7, size=64)
    one = api.transform(made, looks, label="snow", strength=0.5)
    both = api.transform(one, relief)
    assert set(both.maps[0]) == {"base_color", "height", "roughness"} and both.maps[0] != one.maps[0]
    assert both.maps[0]["base_color"] != made.maps[0]["base_color"]
    steps = recipe.loads(both.recipe).settings["transform"]
    assert [(step["model"]["name"], step["label"]) for step in steps] == [("looks", "snow"), ("relief", None)]
    assert steps[0]["scalars"] == {"strength": 0.5} and steps[0]["tiles"] is model.card.tileable
    assert both.colorspaces["height"] == "Non-Color" and "tests/tiny_picture.py" in both.mark().authors
    chain = [(looks, Step("snow", {"strength": 0.5})), (relief, Step())]
    again = api.transform_chain(api.generate(model, seed=7, size=64), chain)
    assert again.maps == both.maps and again.recipe == both.recipe
    with pytest.raises(GanCubeError, match="takes no picture"):
        api.transform(made, model)
    with api.nothing_left_behind():
        api.export(api.apply(both, name="Wall"), tmp_path / "wall", ["glb", "blend"], both)
    assert recipe.read(tmp_path / "wall.glb") == recipe.loads(both.recipe)


def images(path: Path) -> list[bytes]:
    return image_bytes(*read_glb(path))


def test_a_cube_again_from_a_recipe_with_a_chain(gancube, models, tmp_path, monkeypatch):
    folder = tmp_path / "models"
    folder.mkdir()
    looks = make_tiny_picture(folder / "mosses.onnx", labels=("moss", "snow"), seed=11)
    monkeypatch.setenv("GANCUBE_MODELS", f"{models}{os.pathsep}{folder}")
    made = api.generate(api.load("tiny", "cpu", 1), seed=7, size=64)
    made = api.transform(made, api.load(looks, "cpu", 1), "moss")
    api.export(api.apply(made), tmp_path / "one", ["glb"], made)
    answer = gancube("cube", "--recipe", tmp_path / "one.glb", "--out", tmp_path / "two.glb", "--quiet")
    assert answer.code == 0, answer.err
    first, second = (
        [png.decode(one)[0] for one in images(tmp_path / f"{name}.glb")] for name in ("one", "two")
    )
    assert len(first) == 6 and all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert np.array_equal(first[0], png.decode(made.maps[0]["base_color"])[0])
    make_tiny_picture(folder / "mosses.onnx", labels=("moss", "snow"), seed=3)  # other weights
    answer = gancube("cube", "--recipe", tmp_path / "one.glb", "--out", tmp_path / "three.glb")
    assert answer.code == 2 and "is not the model of the recipe's step" in answer.err
    assert not (tmp_path / "three.glb").exists()
