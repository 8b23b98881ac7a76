"""Pairs of pictures: found by name, and what does not belong together told and left out."""

import json

import numpy as np
import pytest
from PIL import Image

from gan_train.cli import main
from gan_train.errors import DatasetError
from gan_train.manifest import read_manifest
from gan_train.pair_check import looks_of, mixed_up
from gan_train.prepare import PrepareOptions, prepare

from .pictures import texture

SIDE = 96
COUNT = 8


def drawing(seed):
    """A light, colourless partner of texture(seed) whose lines lie where its edges do."""
    pixels = texture(seed, SIDE).astype(float).mean(2)
    slopes = np.hypot(*np.gradient(pixels))
    return np.clip(255 - 6 * slopes, 0, 255).astype(np.uint8)


@pytest.fixture
def folders(tmp_path):
    for seed in range(COUNT):
        for name, pixels in (("colors", texture(seed, SIDE)), ("drawings", drawing(seed))):
            (tmp_path / name / "wall").mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(tmp_path / name / "wall" / f"{seed}.png")
    return tmp_path


def run(folders, **options):
    settings = {"size": SIDE, "min_per_label": 1, "heldout": 0.25, "licence": "CC0-1.0"} | options
    pairs = settings.pop("pairs", {"input": folders / "drawings"})
    return prepare(PrepareOptions(folders / "colors", folders / "out", pairs=pairs, **settings))


def reasons(report):
    return {entry.file: entry.reason for entry in report.manifest.left_out}


def test_partners_are_found_by_name_and_stored_beside(folders):
    report = run(folders)
    assert len(report.manifest.items) == COUNT and not report.manifest.left_out
    item = read_manifest(folders / "out").items[3]
    with Image.open(folders / "out" / item.maps["input"]) as image:
        assert image.size == (SIDE, SIDE) and image.mode == "RGB"
        assert np.abs(np.asarray(image)[..., 0].astype(int) - drawing(3)).max() <= 1


def test_partners_beside_the_pictures(folders):
    for seed in range(COUNT):
        (folders / "drawings/wall" / f"{seed}.png").rename(folders / "colors/wall" / f"{seed}_sketch.png")
    report = run(folders, pairs={"sketch": folders / "colors"})
    assert len(report.manifest.items) == COUNT
    assert all(list(item.maps) == ["sketch"] for item in report.manifest.items)


def test_missing_partners_and_partners_of_nobody(folders):
    (folders / "drawings/wall/2.png").rename(folders / "drawings/wall/20.png")
    report = run(folders)
    assert len(report.manifest.items) == COUNT - 1
    assert reasons(report)["wall/2.png"].startswith("has no partner wall/2 in --pairs input=")
    assert "partner of no picture" in reasons(report)["input: wall/20.png"]


def test_sizes_that_differ(folders):
    Image.fromarray(drawing(1)[:, :48]).save(folders / "drawings/wall/1.png")
    Image.fromarray(drawing(4)).resize((48, 48)).save(folders / "drawings/wall/4.png")
    (folders / "drawings/wall/5.png").write_bytes(b"no image")
    report = run(folders)
    assert "its input does not fit: 48 x 96 px, another shape" in reasons(report)["wall/1.png"]
    assert "its input does not fit" in reasons(report)["wall/5.png"]
    assert ("wall/4.png", "its input has another size: 48 x 48 px beside 96 x 96, scaled") in report.notes
    assert len(report.manifest.items) == COUNT - 2


def test_a_pair_that_is_exchanged(folders):
    a, b, spare = (folders / name for name in ("colors/wall/6.png", "drawings/wall/6.png", "spare.png"))
    a.rename(spare), b.rename(a), spare.rename(b)
    report = run(folders)
    assert list(reasons(report)) == ["wall/6.png"]
    assert "exchanged with its input" in reasons(report)["wall/6.png"]
    assert not [p for p in (folders / "out").rglob("6*")]


def test_a_partner_of_one_pixel(folders):
    Image.new("L", (1, 1), 90).save(folders / "drawings/wall/2.png")
    assert "1 x 1 px, too small for a base colour of" in reasons(run(folders))["wall/2.png"]


@pytest.mark.parametrize("name", ["input", "roughness"])
def test_partners_of_another_picture(folders, name):
    a, b, spare = (folders / "drawings/wall" / name for name in ("0.png", "7.png", "spare.png"))
    a.rename(spare), b.rename(a), spare.rename(b)
    report = run(folders, pairs={name: folders / "drawings"})
    assert reasons(report).keys() == {"wall/0.png", "wall/7.png"}
    assert f"its {name} shows another picture, wall/7.png" in reasons(report)["wall/0.png"]


def test_one_exchanged_pair_takes_no_others_with_it():
    """Partners that resemble what stands in the place of its base colour: it is no base colour."""
    random = np.random.default_rng(0)
    grid = 200 - 120 * (np.indices((SIDE, SIDE)).sum(0) % 24 < 4)  # the same in all partners
    pairs = {}
    for i in range(COUNT):
        color = np.clip(random.normal((200, 120, 60), 25, (SIDE, SIDE, 3)), 0, 255)
        line = np.clip(grid + random.normal(0, 6, (SIDE, SIDE)), 0, 255)[..., None]
        pair = looks_of(color.astype(np.uint8)), looks_of(line.astype(np.uint8))
        pairs[f"{i}.png"] = pair[::-1] if i == 3 else pair
    assert list(mixed_up(pairs, "input", dict.fromkeys(pairs, "wall"))) == ["3.png"]


def test_exchanged_is_told_by_the_pairs_of_its_own_label():
    """Negatives of light and of dark pictures: together nobody could tell which is which."""
    random = np.random.default_rng(1)
    pairs, labels = {}, {}
    for label, level in {"light": 180, "dark": 60}.items():
        for i in range(COUNT):
            picture = np.clip(random.normal(level + random.normal(0, 8), 25, (SIDE, SIDE, 3)), 0, 255)
            pair = looks_of(picture.astype(np.uint8)), looks_of((255 - picture).astype(np.uint8))
            name = f"{label}/{i}.png"
            pairs[name], labels[name] = pair[::-1] if name == "dark/4.png" else pair, label
    assert list(mixed_up(pairs, "input", labels)) == ["dark/4.png"]
    assert "dark/4.png" not in mixed_up(pairs, "input", dict.fromkeys(labels, "all"))


@pytest.mark.parametrize(
    "pairs, said",
    [
        ({"base_color": "drawings"}, "is what DIR itself holds"),
        ({"height": "drawings"}, "give the normal map"),
        ({"colour": "drawings"}, "there is no such map. There are: normal"),
        ({"input": "nowhere"}, "no such folder"),
        ({"input": "empty"}, "none of its pictures has a partner"),
    ],
)
def test_pairs_that_cannot_be(folders, pairs, said):
    (folders / "empty").mkdir()
    with pytest.raises(DatasetError, match=said):
        run(folders, pairs={name: folders / folder for name, folder in pairs.items()})
    assert not (folders / "out").exists()


def test_the_command(folders, capsys):
    arguments = [
        "prepare",
        str(folders / "colors"),
        "--out",
        str(folders / "out"),
        "--size",
        str(SIDE),
        "--json",
    ]
    pairs = f"input={folders / 'drawings'},ao={folders / 'drawings'}"
    assert main([*arguments, "--min-per-label", "1", "--pairs", pairs]) == 0
    assert json.loads(capsys.readouterr().out)["left_out"] == {}
    assert list(read_manifest(folders / "out").items[0].maps) == ["ao", "input"]
    assert main([*arguments, "--pairs", "input"]) == 2
    assert "write it as NAME=DIR" in capsys.readouterr().err
