"""Figures and sheets of generators between looks: of a perfect one, of one that does nothing, of noise."""

import json

import numpy as np
import pytest

pytest.importorskip("torch")

from blender_addon.engine import png
from gan_train import domain_measures
from gan_train.change import edge_correlation, recolored
from gan_train.classifier import ClassifierConfig
from gan_train.cli import main
from gan_train.domain_measures import measure_looks
from gan_train.errors import DatasetError
from gan_train.look_rows import Found, look_rows
from gan_train.manifest import read_manifest
from gan_train.panel import Panel
from gan_train.picture_sets import load_pixels
from tests.tiny import make_tiny
from tests.tiny_picture import make_tiny_picture

QUICK = ClassifierConfig(crops=96, crop=64, steps=60)


@pytest.fixture
def small_crops(monkeypatch):
    """A quarter of the pixels for the random features, which cost most: where no figure is judged."""
    monkeypatch.setattr(domain_measures, "CROP", 64)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny_picture(tmp_path_factory.mktemp("tiny") / "plain.onnx")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory):
    return make_tiny_picture(
        tmp_path_factory.mktemp("tiny") / "looks.onnx", labels=("bricks", "dots", "weave")
    )


@pytest.fixture(scope="module")
def manifest(small_dataset):
    return read_manifest(small_dataset)


def figures(tiny, manifest, monkeypatch, made=None, **asked) -> dict[str, object]:
    """The rows with `made` in place of the generator's output."""
    from blender_addon.engine.model import Model

    if made:
        monkeypatch.setattr(domain_measures, "changed", lambda model, pixels, wraps, label: made(pixels))
    asked = {"source": "bricks", "target": "dots", "count": 24, "classifier": QUICK, **asked}
    panel = measure_looks(Model.load(tiny), manifest, **asked)
    return {row.name: row for row in panel.rows}


def test_what_looks_like_the_target_already_gains_nothing():
    """Its way there has no length: divided by it, one such label was worth 1e10 of the others."""
    found = Found(floor=[2.0, 1.0], named_real=[1.0, 1.0], sources={"one", "other"})
    found.named |= {side: [0.5, 0.5] for side in found.named}
    found.distance |= {"untouched": [1.9, 5.0], "changed": [1.8, 3.0], "recolored": [2.5, 4.0]}
    rows = {row.name: row.value for row in look_rows(found, ("near", "far"))}
    assert rows["look_gain"] == 0.5 and rows["look_gain_recolored"] == 0.25
    found.distance["untouched"] = [1.9, 0.9]
    assert {row.name: row.value for row in look_rows(found, ("near", "nearer"))}["look_gain"] is None


def test_one_that_does_nothing_gains_nothing(tiny, manifest, monkeypatch):
    rows = figures(tiny, manifest, monkeypatch, made=lambda pixels: pixels, split="train")
    assert rows["look_gain"].value == 0
    assert rows["look_ratio"].value == 1 and rows["structure"].value == pytest.approx(1)
    assert (
        rows["look_distance"].value == rows["look_distance_untouched"].value > 2 * rows["look_distance"].floor
    )
    assert rows["named_target"].value == rows["named_target_untouched"].value < 0.3
    assert rows["structure"].floor < 0.3, "what edges of unrelated pictures have in common"
    assert rows["seam_share"].value == rows["seam_share"].floor


def test_pictures_of_the_target_have_its_look_and_no_structure(tiny, manifest, monkeypatch):
    dots = [load_pixels(manifest, item) for item in manifest.items if item.label == "dots"]
    turn = iter(range(1000))
    rows = figures(
        tiny, manifest, monkeypatch, made=lambda pixels: dots[next(turn) % len(dots)], split="train"
    )
    assert rows["look_ratio"].value < 0.3 and rows["structure"].value < 0.3 and rows["look_gain"].value > 0.8
    assert rows["named_target"].value > 0.7 and rows["named_target"].low <= rows["named_target"].value
    assert rows["look_ratio"].value < rows["look_ratio_recolored"].value < 1.1


def test_noise_is_no_look(tiny, manifest, monkeypatch):
    def noise(pixels):
        return np.random.default_rng(0).integers(0, 256, pixels.shape, np.uint8)

    assert figures(tiny, manifest, monkeypatch, made=noise)["look_ratio"].value > 1


def test_the_same_call_gives_the_same_numbers(tiny, manifest, monkeypatch, small_crops):
    assert figures(tiny, manifest, monkeypatch) == figures(tiny, manifest, monkeypatch)


def test_of_many_looks_each_has_a_row(labelled, manifest, monkeypatch, small_crops):
    rows = figures(labelled, manifest, monkeypatch, source=None, target=None, count=72)
    assert {"look_ratio:bricks", "look_ratio:dots", "look_ratio:weave"} <= rows.keys()
    each = [rows[f"look_ratio:{label}"].value for label in ("bricks", "dots", "weave")]
    assert rows["look_ratio"].value == pytest.approx(np.mean(each))
    one = figures(labelled, manifest, monkeypatch, source=None, target="weave")
    assert "look_ratio:weave" not in one


@pytest.mark.parametrize(
    "asked, message",
    [
        ({"target": "moss"}, "--target moss: .*no such label"),
        ({"source": None}, "does not say what it makes out of what. Say --source"),
        ({"target": "bricks"}, "--target bricks: needs another label"),
        ({"count": 3}, "at least 24"),
    ],
)
def test_what_cannot_be_measured_is_said(tiny, manifest, monkeypatch, asked, message):
    with pytest.raises(DatasetError, match=message):
        figures(tiny, manifest, monkeypatch, **asked)


def test_a_model_of_other_maps_is_refused(manifest, monkeypatch, tmp_path):
    path = make_tiny_picture(tmp_path / "maps.onnx", takes=("base_color", "height"), gives=("roughness",))
    with pytest.raises(DatasetError, match="takes base_color, height; a dataset of looks"):
        figures(path, manifest, monkeypatch)


def test_edges_are_what_is_compared():
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (64, 64, 3), np.uint8)
    assert edge_correlation(picture, picture) == pytest.approx(1)
    assert edge_correlation(picture, 255 - picture) == pytest.approx(1, abs=1e-3), (
        "light for dark: the same edges"
    )
    assert abs(edge_correlation(picture, rng.integers(0, 256, (64, 64, 3), np.uint8))) < 0.15
    flat = np.full((64, 64, 3), 90, np.uint8)
    assert edge_correlation(picture, flat) == 0 and edge_correlation(flat, flat) == 1


def test_a_colour_transfer_has_the_other_colours():
    rng = np.random.default_rng(1)
    dark, light = rng.integers(40, 90, (32, 32, 3), np.uint8), rng.integers(120, 220, (48, 32, 3), np.uint8)
    made = recolored(dark, light)
    assert np.allclose(made.mean((0, 1)), light.mean((0, 1)), atol=1)
    assert np.allclose(made.std((0, 1)), light.std((0, 1)), atol=1.5)


def run(*arguments) -> int:
    return main([str(argument) for argument in arguments])


def test_the_command_measures_and_refuses_what_is_for_textures(
    tiny, small_dataset, capsys, monkeypatch, small_crops
):
    monkeypatch.setattr(
        domain_measures,
        "load_judge",
        lambda m, real, c, p, load=domain_measures.load_judge: load(m, real, QUICK, p),
    )
    asked = (
        "measure",
        tiny,
        "--data",
        small_dataset,
        "--source",
        "bricks",
        "--target",
        "dots",
        "--count",
        24,
    )
    assert run(*asked, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert told["measures"]["look_ratio"]["value"] > 0 and told["labels"] == ["bricks", "dots"]
    for more in (("--size", 64), ("--fid",)):
        assert run(*asked, *more) == 2
        assert f"{more[0]}: is for generators that make textures" in capsys.readouterr().err


@pytest.mark.parametrize("more", [("--source", "dots"), ("--target", "dots"), ("--split", "train")])
def test_measure_of_textures_refuses_what_is_for_looks(small_dataset, tmp_path, capsys, more):
    textures = make_tiny(tmp_path / "textures.onnx")
    assert run("measure", textures, "--data", small_dataset, *more) == 2
    assert f"{more[0]}: is for generators that change pictures" in capsys.readouterr().err


def test_measure_shows_what_goes_in_beside_what_comes_out(
    labelled, tiny, small_dataset, monkeypatch, tmp_path
):
    monkeypatch.setattr(
        domain_measures, "measure_looks", lambda *a, **k: Panel((), 0, 0, 0, (), 0, "", "", "")
    )
    for number, (model, words) in enumerate(
        ((labelled, ("--target", "dots")), (tiny, ("--source", "bricks", "--target", "dots")))
    ):
        folder, sheet = tmp_path / str(number), tmp_path / f"{number}.png"
        assert run("measure", model, "--data", small_dataset, *words, "--json", "--pictures", folder) == 0
        words = ("--label", "dots") if model is labelled else words[:2]
        assert run("sample", model, "--data", small_dataset, "--count", 16, *words, "--out", sheet) == 0
        assert (folder / "samples.png").read_bytes() == sheet.read_bytes()


def test_a_sheet_shows_inputs_beside_outputs(labelled, tiny, small_dataset, tmp_path, capsys):
    assert (
        run(
            "sample",
            labelled,
            "--data",
            small_dataset,
            "--out",
            tmp_path / "a.png",
            "--count",
            4,
            "--size",
            64,
        )
        == 0
    )
    sheet, _ = png.decode((tmp_path / "a.png").read_bytes())
    assert sheet.shape[0] > 4 * 64 and sheet.shape[1] > 4 * 64, (
        "a row for each picture, the input and three labels"
    )
    assert (
        run(
            "sample",
            tiny,
            "--data",
            small_dataset,
            "--source",
            "dots",
            "--out",
            tmp_path / "b.png",
            "--count",
            2,
        )
        == 0
    )
    assert png.decode((tmp_path / "b.png").read_bytes())[0].shape[1] > 4 * 128, (
        "the input and three strengths"
    )
    again = run(
        "sample", tiny, "--data", small_dataset, "--source", "dots", "--out", tmp_path / "c.png", "--count", 2
    )
    assert again == 0 and (tmp_path / "b.png").read_bytes() == (tmp_path / "c.png").read_bytes()


@pytest.mark.parametrize(
    "more, message",
    [
        ((), "say with --data DATASET"),
        (("--data", "DATASET", "--mix"), "--mix: is for generators that make textures"),
        (("--data", "DATASET", "--source", "moss"), "no such label"),
        (("--data", "DATASET", "--count", "0"), "1 to 64 rows"),
        (("--data", "DATASET", "--label", "moss"), "--label moss: tiny has bricks, dots, weave"),
    ],
)
def test_a_sheet_that_cannot_be_drawn_is_a_sentence(labelled, small_dataset, tmp_path, capsys, more, message):
    more = [small_dataset if word == "DATASET" else word for word in more]
    assert run("sample", labelled, "--out", tmp_path / "x.png", *more) == 2
    assert message in capsys.readouterr().err and not (tmp_path / "x.png").exists()


def test_a_sheet_is_one_file(labelled, small_dataset, tmp_path, capsys):
    assert run("sample", labelled, "--out", tmp_path / "folder", "--data", small_dataset) == 2
    assert "is one .png file" in capsys.readouterr().err
