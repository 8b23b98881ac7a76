"""Bad input that reaches the command: exit code 2, a sentence that says what and what to do, nothing half-written."""

import errno
import os
from pathlib import Path

import pytest

from tests.tiny import make_tiny

SIZE = ("--size", 64)


@pytest.fixture
def refused(gancube, tmp_path):
    """refused(*arguments) -> the sentence; checks the exit code, both outputs, and that no file came or went."""
    folder = tmp_path / "out"
    folder.mkdir()

    def run(*arguments, out: Path | None = None) -> str:
        before = sorted(p for p in tmp_path.rglob("*"))
        answer = gancube("cube", *arguments, "--out", out or folder / "cube.glb", "--quiet", "--json")
        assert sorted(p for p in tmp_path.rglob("*")) == before
        assert answer.code == 2
        assert answer.out == ""
        lines = answer.err.splitlines()
        assert len(lines) == 1 and lines[0].startswith("gancube: error: ")
        assert "Traceback" not in answer.err
        return lines[0].removeprefix("gancube: error: ")

    return run


def test_no_such_model_names_what_is_near(refused):
    said = refused("--model", "tinny")
    assert "tinny" in said and "tiny" in said


def test_no_such_file(refused, tmp_path):
    assert "none.onnx" in refused("--model", tmp_path / "none.onnx")


@pytest.mark.parametrize(
    "fault, word",
    [
        ("not_onnx", "ONNX"),
        ("truncated", "truncated"),
        ("no_card", "card"),
        ("newer_schema", "99"),
        ("missing_input", "w"),
        ("external_data", "outside"),
        ("custom_operator", "com.example"),
        ("wrong_shape", "promises"),
        ("nan", "NaN"),
        ("tampered", "test vector"),
    ],
)
def test_bad_models(refused, tmp_path, fault, word):
    (tmp_path / "folder").mkdir()
    path = make_tiny(tmp_path / "folder" / "bad.onnx", **{fault: True})
    said = refused("--model", path, *SIZE)
    assert "bad.onnx" in said and word in said


@pytest.mark.parametrize("size", [0, -64, 100, 10_000_000])
def test_bad_sizes(refused, size):
    said = refused("--model", "tiny", f"--size={size}")
    assert str(size) in said
    if size == 100:
        assert "96" in said and "112" in said


def test_a_size_that_is_no_number(gancube, tmp_path):
    answer = gancube("cube", "--size", "big", "--out", tmp_path / "c.glb")
    assert (answer.code, answer.out) == (2, "") and "--size" in answer.err


def test_unknown_label_names_those_there_are(refused):
    said = refused("--model", "tiny", "--label", "marbel")
    assert "marbel" in said and "brick" in said
    said = refused("--model", "tiny", "--face-labels", "brick,moss,oops,,,")
    assert "oops" in said


@pytest.mark.parametrize("option", ["--face-seeds", "--face-labels"])
@pytest.mark.parametrize("entries", ["1,2,3", "1,2,3,4,5,6,7", ""])
def test_not_six_entries(refused, option, entries):
    said = refused("--model", "tiny", option, entries)
    assert option in said and "six" in said


@pytest.mark.parametrize("seed", ["", "99999999999999999999999"])
def test_bad_seeds(refused, seed):
    assert "seed" in refused("--model", "tiny", f"--seed={seed}")


@pytest.mark.parametrize("provider", ["coreml", "webgpu", "quantum"])
def test_a_provider_that_is_not_there(refused, provider):
    from blender_addon.engine.providers import available

    if provider in available():
        pytest.skip(f"{provider} is available here")
    said = refused("--model", "tiny", *SIZE, "--provider", provider)
    assert provider in said and "cpu" in said


@pytest.mark.parametrize("name", ["cube", "cube.obj", "cube.GLB.zip"])
def test_unknown_extension(refused, tmp_path, name):
    said = refused("--model", "tiny", out=tmp_path / "out" / name)
    assert name in said and ".glb" in said and ".blend" in said


def test_unknown_extension_of_the_picture(refused, tmp_path):
    assert ".png" in refused("--model", "tiny", "--render", tmp_path / "out" / "cube.jpg")


def test_missing_folder_is_said_before_any_work(refused, tmp_path, monkeypatch):
    forbid_work(monkeypatch)
    said = refused("--model", "tiny", out=tmp_path / "missing" / "cube.glb")
    assert "missing" in said and "exist" in said


def test_a_file_in_the_place_of_the_folder(refused, tmp_path, monkeypatch):
    forbid_work(monkeypatch)
    (tmp_path / "file").write_text("")
    assert "not a folder" in refused("--model", "tiny", out=tmp_path / "file" / "cube.glb")


def test_a_folder_in_the_place_of_the_file(refused, tmp_path):
    (tmp_path / "cube.glb").mkdir()
    assert "folder" in refused("--model", "tiny", out=tmp_path / "cube.glb")


def test_a_folder_that_cannot_be_written_to(refused, tmp_path, monkeypatch):
    forbid_work(monkeypatch)
    if os.geteuid():
        folder = tmp_path / "locked"
        folder.mkdir(mode=0o555)
    else:  # root may write everywhere but here
        folder = Path("/proc/self")
    assert str(folder) in refused("--model", "tiny", out=folder / "cube.glb")


@pytest.mark.parametrize("failing", [0, 1])
def test_a_disk_that_is_full_at_either_file(refused, tmp_path, monkeypatch, failing):
    """The last step of all: neither the cube nor the picture appears, and an older cube stays."""
    old = tmp_path / "out" / "cube.glb"
    old.write_bytes(b"older")
    monkeypatch.setattr("blender_addon.scene.render.picture_bytes", lambda cube, text: b"picture")
    write, calls = Path.write_bytes, []

    def full(path, data):
        calls.append(path)
        if len(calls) - 1 == failing:
            write(path, data[:3])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    said = refused("--model", "tiny", *SIZE, "--render", tmp_path / "out" / "cube.png")
    assert "full" in said or "No space" in said
    assert len(calls) == failing + 1
    assert old.read_bytes() == b"older"


def test_a_recipe_beside_what_it_decides(refused, tmp_path, gancube):
    cube = tmp_path / "made.glb"
    assert gancube("cube", "--model", "tiny", *SIZE, "--out", cube).code == 0
    for option in ("--seed", "--label", "--size"):
        assert option in refused("--recipe", cube, option, 64)


def test_a_recipe_of_another_model(refused, tmp_path, gancube):
    cube = tmp_path / "made.glb"
    assert gancube("cube", "--model", "tiny", *SIZE, "--out", cube).code == 0
    said = refused("--recipe", cube, "--model", "pbr")
    assert "recipe" in said and "--model" in said


@pytest.mark.parametrize("name", ["none.glb", "text.glb", "text.blend", "text.png", "text.json", "text.txt"])
def test_a_recipe_that_cannot_be_read(refused, gancube, tmp_path, name):
    if name.startswith("text"):
        (tmp_path / name).write_text("hello")
    assert name in refused("--recipe", tmp_path / name)
    answer = gancube("recipe", tmp_path / name)
    assert (answer.code, answer.out) == (2, "") and name in answer.err


def test_the_recipe_of_a_mesh_is_not_that_of_a_cube(refused, gancube, tmp_path):
    import json

    assert gancube("cube", "--model", "tiny", *SIZE, "--out", tmp_path / "made.glb").code == 0
    one = json.loads(gancube("recipe", tmp_path / "made.glb").out)
    one |= {"kind": "tile", "face_seeds": one["face_seeds"][:1], "face_labels": one["face_labels"][:1]}
    assert "not of a cube" in refused("--recipe", json.dumps(one))
    assert "recipe" in refused("--recipe", '{"kind": "cube"')


def test_no_command_and_unknown_arguments(gancube):
    for arguments in ((), ("fly",), ("cube", "--out", "x.glb", "--colour", "red")):
        answer = gancube(*arguments)
        assert answer.code == 2 and answer.out == "" and "usage:" in answer.err


def forbid_work(monkeypatch):
    """Makes generating anything a failure of the test."""

    def load(*_, **__):
        raise AssertionError("the model was loaded before the output was checked")

    monkeypatch.setattr("blender_addon.engine.model.Model.load", load)


@pytest.mark.parametrize("text", ["9", ":1", "9:", "9:-1", "9:one"])
def test_what_is_no_style(refused, text):
    assert "12:2" in refused("--model", "tinted", f"--style={text}")


def test_a_style_where_there_is_none(refused):
    assert "no styles to mix" in refused("--model", "tiny", "--style", "9:1")
