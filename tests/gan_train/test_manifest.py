"""dataset.json is read strictly: each fault is a sentence with the file and the field."""

import json

import pytest

from gan_train.errors import DatasetError
from gan_train.manifest import read_manifest
from gan_train.prepare import PrepareOptions, prepare

from .pictures import save_folder


@pytest.fixture
def dataset(tmp_path):
    source = save_folder(tmp_path / "in", {"a": 3})
    prepare(
        PrepareOptions(source=source, out=tmp_path / "data", size=128, min_per_label=1, licence="CC0-1.0")
    )
    return tmp_path / "data"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda d: d.pop("labels"), "labels: is missing"),
        (lambda d: d.update(extra=1), "extra: is not a field"),
        (lambda d: d.update(schema=99), "schema: is 99"),
        (lambda d: d.update(items=[]), "items: is empty"),
        (lambda d: d.update(size="256"), "size: '256' has the wrong type"),
        (lambda d: d["labels"].append("b"), "labels: "),
        (lambda d: d["items"][0].update(width=True), r"items\[0\]: width"),
        (lambda d: d["items"][0].update(file="../x.jpg"), r"items\[0\]\.file: .* outside"),
        (lambda d: d["items"][0].update(file="/etc/passwd"), r"items\[0\]\.file: .* outside"),
        (lambda d: d["items"][0].update(file="images/a/gone.jpg"), r"items\[0\]\.file: .* missing"),
        (lambda d: d["items"][0].update(split="test"), r"items\[0\]\.split"),
        (lambda d: d["items"][0].update(licence="MIT"), "sha256: does not match"),
        (lambda d: d["items"].append(d["items"][0]), "listed twice"),
        (lambda d: d["left_out"].append({"file": "x"}), r"left_out\[0\]: reason: is missing"),
    ],
)
def test_each_fault_is_named(dataset, change, sentence):
    path = dataset / "dataset.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    change(data)
    path.write_text(json.dumps(data), encoding="utf-8")
    with pytest.raises(DatasetError, match=sentence) as caught:
        read_manifest(dataset)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", "{", "\u0000"])
def test_what_is_no_manifest(dataset, text):
    (dataset / "dataset.json").write_text(text)
    with pytest.raises(DatasetError, match=r"dataset\.json"):
        read_manifest(dataset)


def test_a_folder_without_dataset_says_how_to_make_one(tmp_path):
    with pytest.raises(DatasetError, match="gan-train prepare"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    "name, advice",
    [
        ("", "prepare PICTURES --out {}"),
        ("absent", "prepare PICTURES --out {}"),
        ("pictures", "prepare {} --out DATASET"),
        ("all.zip", "prepare {} --out DATASET"),
        ("wall.png", "--preset single"),
    ],
)
def test_what_is_no_dataset_is_told_how_to_become_one(tmp_path, name, advice):
    for file in ("folder/pictures/brick/wall.JPG", "all.zip", "wall.png"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_bytes(b"")
    (tmp_path / "empty").mkdir()
    path = tmp_path / {"": "empty", "pictures": "folder"}.get(name, name)
    with pytest.raises(DatasetError) as caught:
        read_manifest(path)
    assert advice.format(path) in str(caught.value) and f"--out {tmp_path / 'folder'}" not in str(
        caught.value
    )


def test_a_link_out_of_the_folder_is_refused(dataset, tmp_path):
    first = read_manifest(dataset).items[0]
    path = dataset / first.file
    path.rename(tmp_path / "outside.jpg")
    try:
        path.symlink_to(tmp_path / "outside.jpg")
    except OSError:
        pytest.skip("this system makes no links")
    with pytest.raises(DatasetError, match="outside"):
        read_manifest(dataset)
