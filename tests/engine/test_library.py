"""Folders of models, and which file a name means."""

import os

import pytest

from blender_addon.engine import library
from blender_addon.engine.errors import ModelError
from tests.tiny import make_tiny


@pytest.fixture(scope="module")
def shelf(tmp_path_factory):
    """Two folders: zebra (with a card named stripes), apple and a broken file; apple again and the shipped name."""
    first, second = tmp_path_factory.mktemp("first"), tmp_path_factory.mktemp("second")
    make_tiny(first / "zebra.onnx", name="stripes")
    make_tiny(first / "apple.onnx", name="apple")
    make_tiny(first / "broken.onnx", truncated=True)
    (first / "notes.txt").write_text("no model")
    (first / ".hidden.onnx").write_text("half written")
    make_tiny(second / "apple.onnx", name="other apple")
    make_tiny(second / f"{library.SHIPPED}.onnx", name="shipped")
    return [first, second]


def test_entries(shelf):
    listed = library.entries(shelf)
    assert [e.name for e in listed] == ["apple", "broken", "zebra", library.SHIPPED]
    assert (
        listed[0].path.parent == shelf[0] and listed[0].card.name == "apple" and len(listed[0].sha256) == 64
    )
    assert listed[1].card is None and "truncated" in listed[1].fault
    assert all(e.fault is None for e in listed if e.card)


def test_entries_follow_changes(tmp_path):
    path = make_tiny(tmp_path / "m.onnx", name="one")
    assert library.entries([tmp_path])[0].card.name == "one"
    make_tiny(path, name="another")
    assert library.entries([tmp_path])[0].card.name == "another"
    path.unlink()
    assert library.entries([tmp_path]) == []
    assert library.entries([tmp_path / "gone"]) == []


def test_find(shelf):
    assert library.find("zebra", shelf) == shelf[0] / "zebra.onnx"
    assert library.find("zebra.onnx", shelf) == shelf[0] / "zebra.onnx"
    assert library.find("stripes", shelf) == shelf[0] / "zebra.onnx"
    assert library.find("apple", shelf[::-1]) == shelf[1] / "apple.onnx"
    assert library.find(shelf[1] / "apple.onnx", shelf) == shelf[1] / "apple.onnx"


def test_find_says_what_is_near(shelf, tmp_path):
    with pytest.raises(ModelError, match="zebra"):
        library.find("zebr", shelf)
    with pytest.raises(ModelError, match="apple"):
        library.find("qqqq", shelf)
    with pytest.raises(ModelError, match="no such file"):
        library.find(tmp_path / "no" / "m.onnx", shelf)
    with pytest.raises(ModelError, match="no models"):
        library.find("any", [])
    with pytest.raises(ModelError):
        library.find("a\0b", shelf)
    with pytest.raises(ModelError):
        library.find("x" * 5000 + ".onnx", shelf)


def test_default(shelf, tmp_path):
    assert library.default(shelf) == shelf[1] / f"{library.SHIPPED}.onnx"
    assert library.default(shelf[:1]) == shelf[0] / "apple.onnx"
    make_tiny(tmp_path / "m.onnx", truncated=True)
    with pytest.raises(ModelError, match="no models"):
        library.default([tmp_path])


def test_folders(tmp_path, monkeypatch):
    for name in ("env", "user"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv(
        library.ENVIRONMENT, os.pathsep.join([str(tmp_path / "env"), str(tmp_path / "gone"), ""])
    )
    found = library.folders(tmp_path / "user")
    assert found[:2] == [tmp_path / "env", tmp_path / "user"]
    assert any(folder.name == "exported_models" for folder in found)
    assert all(folder.is_dir() for folder in found)
