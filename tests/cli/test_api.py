"""The calls for people who write their own pipelines; the README's example is run as it stands."""

import re
from pathlib import Path

import bpy
import pytest

from blender_addon import api
from blender_addon.engine import plan, recipe
from blender_addon.engine.errors import GanCubeError
from blender_addon.engine.seeds import parse_seed
from blender_addon.scene import formats, mesh_source
from tests.tiny import make_tiny


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
