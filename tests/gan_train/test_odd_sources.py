"""prepare: names that are no text, files that are none, lists that are no lists; no torch."""

import os
import zipfile
from pathlib import Path

import pytest

from gan_train.cli import main
from gan_train.errors import DatasetError
from gan_train.manifest import read_manifest

from .pictures import save_folder, save_texture
from .test_prepare import reasons, run

NO_TEXT = os.fsdecode(b"bad\xff")  # a name that Linux stores and UTF-8 has not


@pytest.fixture
def source(tmp_path):
    return save_folder(tmp_path / "in", {"stone": 2})


def rename(path: Path, name: str) -> Path:
    try:
        return path.rename(path.with_name(name))
    except (OSError, UnicodeEncodeError):
        pytest.skip("this file system takes no such names")


@pytest.mark.parametrize("what", ["file", "folder", "zip"])
def test_a_name_that_is_no_text_is_left_out(tmp_path, source, what):
    if what == "file":
        rename(save_texture(source / "stone/odd.png", 7), NO_TEXT + ".png")
    elif what == "folder":
        save_texture(source / "odd/7.png", 7)
        rename(source / "odd", NO_TEXT)
    else:
        with zipfile.ZipFile(source / "odd.zip", "w") as archive:
            archive.writestr("brück/7.png", save_texture(tmp_path / "7.png", 7).read_bytes())
        data = (source / "odd.zip").read_bytes()
        (source / "odd.zip").write_bytes(data.replace("ü".encode(), b"\xff\xff"))
    report = run(source, tmp_path / "out")
    assert len(report.manifest.items) == 2 and read_manifest(tmp_path / "out") == report.manifest
    ((file, reason),) = reasons(report).items()
    if what == "zip":
        assert file == "odd.zip" and reason.startswith("unreadable zip")
    else:
        assert file == ("stone/bad\\xff.png" if what == "file" else "bad\\xff/7.png")
        assert "not UTF-8" in reason and "rename it" in reason


@pytest.mark.parametrize("place", ["source", "out", "photo"])
def test_what_gives_a_dataset_its_name_must_be_text(tmp_path, capsys, place):
    flat = save_texture(tmp_path / "flat/0.png", 0).parent
    if place == "out":
        command = ["prepare", flat, "--out", tmp_path / NO_TEXT]
    elif place == "source":
        command = ["prepare", rename(flat, NO_TEXT), "--out", tmp_path / "out"]
    else:
        pytest.importorskip("torch")
        photo = rename(flat / "0.png", NO_TEXT + ".png")
        command = ["train", photo, "--preset", "single-small", "--out", tmp_path / "out", "--steps", "1"]
    assert main([str(word) for word in command]) == 2
    assert "not UTF-8 text" in capsys.readouterr().err


def test_what_is_no_file_has_its_line(tmp_path, source):
    stone = source / "stone"
    (stone / "dir.jpg").mkdir()
    expected = {"stone/dir.jpg": "holds no image"}
    if hasattr(os, "mkfifo"):
        os.mkfifo(stone / "pipe.png")
        (stone / "zero.png").symlink_to("/dev/zero")
        (stone / "round.png").symlink_to("round.png")
        (source / "again").symlink_to(stone)
        expected |= {f"stone/{name}.png": "not a regular file" for name in ("pipe", "zero", "round")}
        expected["again"] = "a link to a folder, which is not followed"
    assert reasons(run(source, tmp_path / "out")) == expected
    save_texture(stone / "dir.jpg/7.png", 7)
    assert "stone/dir.jpg" not in reasons(run(source, tmp_path / "other")), "its pictures are taken"


def test_a_file_that_is_no_zip_is_no_missing_folder(tmp_path, capsys):
    (tmp_path / "cut.zip").write_bytes(b"PK\3\4 and no more")
    assert main(["prepare", str(tmp_path / "cut.zip"), "--out", str(tmp_path / "out")]) == 2
    assert "cut.zip: is no folder and no readable .zip" in capsys.readouterr().err


@pytest.mark.parametrize("end", ["\r", "\r\n"])
def test_lists_with_the_line_ends_of_other_systems_are_read(tmp_path, source, end):
    (source / "manifest.csv").write_bytes(f"path,licence{end}stone/0.png,MIT{end}".encode())
    (tmp_path / "labels.csv").write_bytes(
        f"file,class{end}stone/0.png,rock{end}stone/1.png,sand{end}".encode()
    )
    manifest = run(source, tmp_path / "out", labels_file=tmp_path / "labels.csv").manifest
    assert manifest.labels == ("rock", "sand") and manifest.licences == {"CC0-1.0": 1, "MIT": 1}


@pytest.mark.parametrize("name", ["manifest.csv", "labels.csv"])
@pytest.mark.parametrize(
    "text, said",
    [
        ('path,label\nstone/0.png,rock\nstone/1.png,"' + "x" * 131_073, "line 3: is not CSV (field larger"),
        ('"' + "x" * 131_073, "line 1: is not CSV (field larger"),
        (
            "path;label\nstone/0.png;rock\n",
            "has no column 'path' (columns: path;label). Separate the columns by commas.",
        ),
        ("path\tlabel\n", "Separate the columns by commas."),
        ("", "has no column 'path' (columns: )."),
    ],
)
def test_lists_that_are_no_csv(tmp_path, source, name, text, said):
    path = (source if name == "manifest.csv" else tmp_path) / name
    path.write_text(text)
    with pytest.raises(DatasetError) as caught:
        run(source, tmp_path / "out", labels_file=path if name == "labels.csv" else None)
    assert str(caught.value).startswith(f"{path}: ")
    assert said.replace("'path'", "'file'") in str(caught.value).replace("'path'", "'file'")


def test_half_a_character_in_json_is_no_label(tmp_path, source):
    (tmp_path / "labels.json").write_text('{"stone/0.png": "\\udcff"}')
    with pytest.raises(DatasetError, match="is no text: half a character"):
        run(source, tmp_path / "out", labels_file=tmp_path / "labels.json")


def test_labels_of_files_that_are_not_there_are_noted(tmp_path, source):
    (tmp_path / "labels.csv").write_text(
        "path,label\nstone/0.png,rock\nstone/1.png,rock\nstone/gone.png,rock\n"
    )
    report = run(source, tmp_path / "out", labels_file=tmp_path / "labels.csv")
    assert reasons(report) == {"stone/gone.png": "is in labels.csv, but there is no such file"}
