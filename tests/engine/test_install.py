"""A generator into a folder of the user's: whole, checked, under a name of its own, or not at all."""

import os
import shutil

import pytest

from blender_addon.engine import library
from blender_addon.engine.install import install
from blender_addon.engine.onnx_file import read_onnx
from tests.tiny import make_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("from") / "tiny.onnx")


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".installing.lock")


def test_a_good_file_gets_its_name_and_its_bytes(tiny, tmp_path):
    made = install(tiny, tmp_path / "models")
    assert made.path == tmp_path / "models" / "tiny.onnx" and not made.faults
    assert made.path.read_bytes() == tiny.read_bytes() and names(tmp_path / "models") == ["tiny.onnx"]


def test_the_same_again_is_known_and_another_gets_another_name(tiny, tmp_path):
    taken = {"tiny": read_onnx(tiny).sha256}
    assert install(tiny, tmp_path, taken).known and names(tmp_path) == []
    (tmp_path / "other").mkdir()
    other = make_tiny(tmp_path / "other" / "tiny.onnx", seed=3)
    first = install(other, tmp_path / "models", taken)  # the name is that of a shipped one elsewhere
    assert first.path.name == "tiny-2.onnx"
    (tmp_path / "models" / "tiny-3.onnx").write_bytes(b"mine")
    third = install(
        make_tiny(other, seed=4), tmp_path / "models", {**taken, "tiny-2": read_onnx(first.path).sha256}
    )
    assert third.path.name == "tiny-4.onnx" and (tmp_path / "models" / "tiny-3.onnx").read_bytes() == b"mine"
    assert [entry.name for entry in library.entries([tmp_path / "models"]) if entry.card] == [
        "tiny-2",
        "tiny-4",
    ]


@pytest.mark.parametrize(
    "fault",
    [
        "no_card",
        "tampered",
        "wrong_shape",
        "nan",
        "external_data",
        "custom_operator",
        "truncated",
        "not_onnx",
    ],
)
def test_a_faulty_file_leaves_nothing(tmp_path, fault):
    (tmp_path / "from").mkdir()
    bad = make_tiny(tmp_path / "from" / "bad.onnx", **{fault: True})
    made = install(bad, tmp_path / "models")
    assert made.path is None and made.faults and names(tmp_path / "models") == []
    assert all("bad.onnx" in one and ".installing" not in one for one in made.faults)


def test_what_is_no_file_at_all(tmp_path):
    os.mkfifo(tmp_path / "pipe.onnx")
    words = {"none.onnx": "no such file", "text.txt": "is not an .onnx file", "pipe.onnx": "no such file"}
    for name, word in words.items():
        assert word in install(tmp_path / name, tmp_path / "models").faults[0]
    (tmp_path / "folder.onnx").mkdir()
    assert install(tmp_path / "folder.onnx", tmp_path / "models").faults


def test_a_folder_that_cannot_be_had_and_what_a_dead_process_left(tiny, tmp_path):
    (tmp_path / "file").write_text("")
    assert "file" in install(tiny, tmp_path / "file" / "models").faults[0]
    (tmp_path / "models").mkdir()
    shutil.copy(tiny, tmp_path / "models" / ".installing-0123.onnx")
    assert install(tiny, tmp_path / "models").path and names(tmp_path / "models") == ["tiny.onnx"]
