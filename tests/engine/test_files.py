"""Atomic writes: complete or not at all, and a sentence that names the folder."""

import errno
import os

import pytest

from blender_addon.engine.errors import OutputError
from blender_addon.engine.files import atomic_path, write_atomic


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "a b\u00e4.bin"
    write_atomic(path, b"one")
    write_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == [path.name]


def test_keeps_suffix_and_usual_permissions(tmp_path):
    with atomic_path(tmp_path / "cube.glb") as temporary:
        assert temporary.suffix == ".glb" and temporary.parent == tmp_path
        temporary.write_bytes(b"x")
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "cube.glb").stat().st_mode & 0o777 == 0o666 & ~umask


def test_failure_inside_leaves_the_old_file(tmp_path):
    path = tmp_path / "f"
    write_atomic(path, b"old")
    with pytest.raises(KeyboardInterrupt), atomic_path(path) as temporary:
        temporary.write_bytes(b"half")
        raise KeyboardInterrupt
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["f"]


def test_missing_folder(tmp_path):
    with pytest.raises(OutputError, match="does not exist"):
        write_atomic(tmp_path / "no" / "f", b"x")
    assert os.listdir(tmp_path) == []


def test_folder_is_a_file(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="not a folder"):
        write_atomic(tmp_path / "file" / "f", b"x")


def test_target_is_a_folder(tmp_path):
    with pytest.raises(OutputError, match="is a folder"):
        write_atomic(tmp_path, b"x")


def test_absurd_names(tmp_path):
    for name in ("x" * 5000, "a\0b"):
        with pytest.raises(OutputError):
            write_atomic(tmp_path / name, b"x")


@pytest.mark.parametrize(
    ("code", "words"), [(errno.ENOSPC, "disk is full"), (errno.EACCES, "cannot be written to")]
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_system_says_no(tmp_path, monkeypatch, code, words, call):
    def refuse(*_):
        raise OSError(code, os.strerror(code))

    write_atomic(tmp_path / "f", b"old")
    monkeypatch.setattr(os, call, refuse)
    with pytest.raises(OutputError, match=words):
        write_atomic(tmp_path / "f", b"new")
    assert os.listdir(tmp_path) == ["f"]
    assert (tmp_path / "f").read_bytes() == b"old"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_unwritable_folder(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="cannot be written to"):
        write_atomic(tmp_path / "f", b"x")
