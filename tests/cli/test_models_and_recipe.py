"""`gancube models`, `gancube models check`, `gancube recipe`, and the help."""

import json

import pytest

from blender_addon import __version__
from tests.tiny import make_tiny


def test_the_list_names_labels_maps_and_licence(gancube, models):
    answer = gancube("models")
    assert answer.code == 0
    for word in (
        "tiny",
        "pbr",
        "brick, moss, sand",
        "base_color, normal",
        "CC0-1.0",
        str(models / "tiny.onnx"),
    ):
        assert word in answer.out


def test_the_list_as_json(gancube, models):
    listed = {m["name"]: m for m in json.loads(gancube("models", "--json").out)["models"]}
    assert listed["tiny"]["labels"] == ["brick", "moss", "sand"]
    assert listed["pbr"]["maps"][:2] == ["base_color", "normal"]
    assert listed["tiny"]["path"] == str(models / "tiny.onnx")


def test_a_bad_file_in_the_folder_is_listed_with_its_fault(gancube, tmp_path, monkeypatch):
    make_tiny(tmp_path / "good.onnx", name="good")
    make_tiny(tmp_path / "bad.onnx", no_card=True)
    monkeypatch.setenv("GANCUBE_MODELS", str(tmp_path))
    answer = gancube("models")
    assert answer.code == 0 and "good" in answer.out
    assert "bad  cannot be used" in answer.out


def test_check_of_a_good_file(gancube, models):
    answer = gancube("models", "check", models / "pbr.onnx")
    assert (answer.code, answer.err) == (0, "") and "no faults" in answer.out
    assert json.loads(gancube("models", "check", "tiny", "--json").out)["faults"] == []


@pytest.mark.parametrize("fault", ["no_card", "tampered", "wrong_shape", "does_not_tile", "truncated"])
def test_check_of_a_bad_file(gancube, tmp_path, fault):
    path = make_tiny(tmp_path / "bad.onnx", **{fault: True})
    answer = gancube("models", "check", path)
    assert (answer.code, answer.out) == (2, "")
    assert all(line.startswith("gancube: error: ") and "bad.onnx" in line for line in answer.err.splitlines())
    answer = gancube("models", "check", path, "--json")
    assert answer.code == 2 and json.loads(answer.out)["faults"]


def test_check_of_no_file(gancube, tmp_path):
    answer = gancube("models", "check", tmp_path / "none.onnx")
    assert answer.code == 2 and "none.onnx" in answer.err


def test_the_recipe_of_a_cube(gancube, tmp_path):
    out = tmp_path / "cube.glb"
    gancube("cube", "--model", "tiny", "--seed", 7, "--size", 64, "--out", out)
    answer = gancube("recipe", out)
    assert answer.code == 0
    recipe = json.loads(answer.out)
    assert (recipe["seed"], recipe["size"], recipe["made_by"]) == (7, 64, "made by a trained generator")
    assert recipe["model"]["name"] == "tiny" and recipe["versions"]["gancube"] == __version__
    assert not {"date", "host", "path", str(tmp_path)} & set(answer.out.split('"'))


@pytest.mark.parametrize("arguments", [(), ("cube",), ("models",), ("models", "check"), ("recipe",)])
def test_help(gancube, arguments):
    answer = gancube(*arguments, "--help")
    assert answer.code == 0 and answer.out.startswith("usage: gancube")
    if arguments in (("cube",), ("models",), ("recipe",)):
        assert "examples:" in answer.out


def test_version(gancube):
    assert gancube("--version").out.strip() == f"gancube {__version__}"
