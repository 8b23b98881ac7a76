"""sample and measure on a tiny real model, through the command: what is printed, written and refused."""

import dataclasses
import importlib
import json
import shutil
import sys

import numpy as np
import pytest
from PIL import Image

from blender_addon.engine import png
from blender_addon.engine.model import Model
from blender_addon.engine.pixels import to_uint8
from gan_train.cli import main
from gan_train.demo_data import PATTERNS
from gan_train.features import extractor_sha256
from gan_train.grid import ROOM, labelled_grid
from gan_train.model_source import open_model
from tests.gan_train.pictures import save_texture
from tests.tiny import make_tiny
from tests.tiny_style import SIDE, make_tiny_style


@pytest.fixture(scope="module", autouse=True)
def few_resamples():
    """Intervals have tests of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gan_train.intervals.DRAWS", 10)
        yield


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "tiny.onnx", labels=tuple(PATTERNS))


def test_files_hold_what_the_engine_renders(tiny, tmp_path, capsys):
    command = [
        "sample",
        str(tiny),
        "--out",
        str(tmp_path / "out"),
        "--count",
        "2",
        "--size",
        "64",
        "--seed",
        "7",
    ]
    assert main(command) == 0
    assert "12 files" in capsys.readouterr().out
    files = sorted(
        path.relative_to(tmp_path / "out").as_posix() for path in (tmp_path / "out").rglob("*.png")
    )
    assert files == sorted(f"{label}/{seed}.png" for label in PATTERNS for seed in (7, 8))
    pixels, _ = png.decode((tmp_path / "out" / "planks" / "8.png").read_bytes())
    texture = Model.load(tiny, "cpu").render(8, "planks", 64)
    assert np.array_equal(pixels, to_uint8(texture.maps["base_color"]))


def test_a_grid_has_a_row_per_label_and_the_pictures_in_it(tiny, tmp_path):
    path = tmp_path / "new folder" / "grid.png"
    assert main(["sample", str(tiny), "--out", str(path), "--count", "3", "--size", "64"]) == 0
    grid, _ = png.decode(path.read_bytes())
    assert grid.shape[0] > 6 * 64 and grid.shape[1] > 3 * 64
    picture = to_uint8(Model.load(tiny, "cpu").render(2, "weave", 64).maps["base_color"])
    windows = np.lib.stride_tricks.sliding_window_view(grid[..., 0], (64, 64))
    assert (windows[:, :, ::9, ::9] == picture[::9, ::9, 0]).all((2, 3)).any(), (
        "the last picture is not in the grid"
    )
    assert (
        main(["sample", str(tiny), "--out", str(path), "--count", "9", "--size", "32", "--label", "dots"])
        == 0
    )
    one, _ = png.decode(path.read_bytes())
    assert one.shape[1] < 9 * 36 + 60, "one label makes a block of eight columns"


def test_seeds_run_past_the_largest(tiny, tmp_path):
    seed = 2**64 - 1
    command = ["sample", str(tiny), "--out", str(tmp_path), "--count", "2", "--size", "32", "--label", "dots"]
    assert main([*command, "--seed", str(seed)]) == 0
    assert sorted(path.name for path in (tmp_path / "dots").iterdir()) == ["0.png", f"{seed}.png"]


def test_a_folder_of_jpeg_files(tiny, tmp_path):
    command = ["sample", str(tiny), "--out", str(tmp_path), "--count", "1", "--size", "64", "--jpeg"]
    assert main([*command, "--label", "dots", "--seed", "3"]) == 0
    assert [path.name for path in (tmp_path / "dots").iterdir()] == ["3.jpg"]
    with Image.open(tmp_path / "dots" / "3.jpg") as image:
        seen = np.asarray(image, float)
    expected = to_uint8(Model.load(tiny, "cpu").render(3, "dots", 64).maps["base_color"])
    assert seen.shape == (64, 64, 3) and np.abs(seen - expected).mean() < 6


def test_a_model_without_labels(tmp_path):
    bare = make_tiny(tmp_path / "bare.onnx", labels=())
    assert main(["sample", str(bare), "--out", str(tmp_path / "out"), "--count", "2", "--size", "32"]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["0.png", "1.png"]
    assert (
        main(["sample", str(bare), "--out", str(tmp_path / "grid.png"), "--count", "2", "--size", "32"]) == 0
    )


def test_long_seeds_and_letters_of_any_language_fit_the_grid():
    pictures = [(2**64 - 1, np.zeros((32, 32, 3), np.uint8)), (5, np.full((32, 32, 3), 255, np.uint8))]
    grid = labelled_grid([("H\u00f6lzer \u6728", pictures)], "caption")
    assert grid.dtype == np.uint8 and grid.shape[2] == 3 and grid.shape[0] > 32
    assert grid.shape[1] > 2 * ROOM, "twenty digits find room beside one another, and more would be shortened"


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--count", "0"], "--count 0"),
        (["--count", "65"], "64 columns"),
        (["--seed", "-1"], "--seed -1"),
        (["--size", "33"], "33"),
        (["--size", "0"], "0"),
        (["--label", "velvet"], "velvet"),
    ],
)
def test_refusals(tiny, tmp_path, capsys, arguments, word):
    assert main(["sample", str(tiny), "--out", str(tmp_path / "grid.png"), *arguments]) == 2
    assert word in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_names_that_are_no_grid_and_no_folder(tiny, tmp_path, capsys):
    assert main(["sample", str(tiny), "--out", str(tmp_path / "grid.jpg")]) == 2
    assert "a grid must end in .png" in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_what_is_no_model(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    command = [
        "sample",
        str(make_tiny(tmp_path / "t.onnx")),
        "--out",
        str(tmp_path / "g.png"),
        "--checkpoint",
        "best",
    ]
    assert main(command) == 2 and "a file has no checkpoints" in capsys.readouterr().err
    for name in ("absent", "absent.onnx", "empty"):
        assert main(["sample", str(tmp_path / name), "--out", str(tmp_path / "grid.png")]) == 2
        assert name in capsys.readouterr().err
    (tmp_path / "file").write_text("no folder")
    tiny = make_tiny(tmp_path / "tiny.onnx")
    assert main(["sample", str(tiny), "--out", str(tmp_path / "file" / "grid.png")]) == 2


def test_measure_prints_a_panel_and_json(tiny, small_dataset, tmp_path, capsys):
    """An untrained model is far from the floor in every respect but its seams."""
    data = shutil.copytree(small_dataset, tmp_path / "data")
    command = ["measure", str(tiny), "--data", str(data), "--count", "24", "--size", "128"]
    assert main([*command, "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    rows = printed["measures"]
    assert printed["count"] == 24 and printed["view"] == 128 and printed["labels"] == sorted(PATTERNS)
    assert rows["frechet_random"]["value"] > 1.5 * rows["frechet_random"]["floor"]
    assert rows["recall"]["value"] < rows["recall"]["floor"]
    assert rows["label_accuracy"]["value"] < 0.5 < rows["label_accuracy"]["floor"]
    assert rows["seam_share"]["value"] <= 0.1
    assert all(
        rows[name]["low"] <= rows[name]["value"] <= rows[name]["high"]
        for name in ("frechet_random", "recall")
    )
    sure = rows["label_accuracy_sure"]
    assert sure["floor"] is None or (sure["floor"] >= 0.9 and sure["n"] <= rows["label_accuracy"]["n"])
    assert rows["label_accuracy_heldout"]["n"] == 6 and rows["recall"]["n"] == 48
    assert printed["extractor_sha256"] == extractor_sha256()
    pictures = tmp_path / "new folder" / "pictures"
    assert main([*command, "--pictures", str(pictures)]) == 0
    text = capsys.readouterr().out
    assert "frechet_random" in text and "floor" in text and "24 samples of 128 px" in text
    assert sorted(path.name for path in pictures.iterdir()) == ["neighbours.png", "samples.png", "tiled.png"]
    tiled, _ = png.decode((pictures / "tiled.png").read_bytes())
    assert tiled.shape[0] > 2 * 256 and tiled.shape[1] > 4 * 256
    assert main([*command, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == printed, "the same arguments give the same numbers"


def measured(capsys, *arguments) -> dict:
    assert main(["measure", *map(str, arguments), "--count", "24", "--json"]) == 0
    return json.loads(capsys.readouterr().out)["measures"]


def test_figures_are_kept_in_the_card(tiny, small_dataset, tmp_path, capsys):
    file = shutil.copy(tiny, tmp_path / "mine.onnx")
    rows = measured(capsys, file, "--data", small_dataset, "--size", 128, "--into-card")
    old, new = Model.load(tiny), Model.load(file)
    assert new.card.provenance.measures["recall"] == pytest.approx(rows["recall"]["value"], rel=1e-3)
    kept = dataclasses.replace(new.card.provenance, measures=old.card.provenance.measures)
    assert dataclasses.replace(new.card, provenance=kept) == old.card
    (tmp_path / "run").mkdir()
    assert main(["measure", str(tmp_path / "run"), "--data", str(small_dataset), "--into-card"]) == 2
    assert "Export the run first" in capsys.readouterr().err


def test_measure_without_labels_and_with_maps(small_dataset, tmp_path, capsys):
    """What makes no sense for a model is "-", and maps get rows of their own."""
    maps = ("base_color", "normal", "height")
    surface = make_tiny(tmp_path / "surface.onnx", labels=(), maps=maps)
    rows = measured(capsys, surface, "--data", small_dataset, "--size", 128)
    assert rows["label_accuracy"]["value"] is None and rows["label_accuracy"]["floor"] is None
    assert rows["gram"]["value"] > rows["gram"]["floor"] and "label by label" not in rows["gram"]["meaning"]
    assert 0 <= rows["albedo_in_range"]["value"] <= 1 and rows["albedo_in_range"]["floor"] > 0.5
    assert rows["normal_angle"]["value"] > 5, "these normals know nothing of the height"
    clear = make_tiny(tmp_path / "clear.onnx", labels=(), maps=("base_color", "alpha"))
    rows = measured(capsys, clear, "--data", small_dataset, "--size", 128, "--pictures", tmp_path / "p")
    assert rows["coverage"]["value"] is not None and "albedo_in_range" not in rows
    assert (tmp_path / "p" / "neighbours.png").exists()


def test_measure_of_one_photo(tmp_path, capsys):
    save_texture(tmp_path / "photos" / "photo.png", 5, 256)
    command = [
        "prepare",
        tmp_path / "photos",
        "--out",
        tmp_path / "data",
        "--size",
        256,
        "--min-per-label",
        1,
    ]
    assert main([str(word) for word in command]) == 0
    capsys.readouterr()
    model = make_tiny(tmp_path / "bare.onnx", labels=())
    rows = measured(capsys, model, "--data", tmp_path / "data", "--pictures", tmp_path / "p")
    assert rows["frechet_random"]["value"] > rows["frechet_random"]["floor"] > 0
    assert rows["nearest_train"]["value"] is rows["memorisation_p"]["value"] is None
    assert (tmp_path / "p" / "neighbours.png").exists()
    rows = measured(capsys, model, "--data", tmp_path / "data", "--size", 64)
    assert rows["coverage"]["value"] is not None


def test_real_fid_needs_its_package_and_its_weights(small_dataset, tmp_path, capsys, monkeypatch):
    bare = make_tiny(tmp_path / "bare.onnx", labels=())
    command = ["measure", str(bare), "--data", str(small_dataset), "--count", "24", "--size", "64", "--fid"]
    monkeypatch.setitem(sys.modules, "torch_fidelity", None)
    assert main(command) == 2
    assert "pip install torch-fidelity" in capsys.readouterr().err
    monkeypatch.setitem(sys.modules, "torch_fidelity", StandIn)
    assert main([*command, str(tmp_path / "absent.pth")]) == 2
    assert "absent.pth: no Inception weights" in capsys.readouterr().err
    (tmp_path / "weights.pth").write_bytes(b"")
    assert main([*command, str(tmp_path / "weights.pth"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["measures"]
    assert rows["fid"]["value"] > 0 and rows["kid"]["floor"] == 0.5 and rows["fid"]["n"] == 24


class StandIn:
    """torch_fidelity as far as inception.py knows it."""

    @staticmethod
    def calculate_metrics(
        input1,
        input2,
        cuda,
        fid,
        kid,
        kid_subsets,
        kid_subset_size,
        feature_extractor_weights_path,
        cache,
        save_cpu_ram,
        verbose,
    ):
        assert input1[0].shape == (3, 64, 64) and str(input1[0].dtype) == "torch.uint8"
        assert len(input1) == len(input2) == kid_subset_size == 24 and not cache
        means = [sum(float(x[i].float().mean()) for i in range(24)) / 24 for x in (input1, input2)]
        return {"frechet_inception_distance": abs(means[0] - means[1]), "kernel_inception_distance_mean": 0.5}


def test_torch_fidelity_takes_what_it_is_given():
    fidelity = pytest.importorskip("torch_fidelity")
    assert callable(fidelity.calculate_metrics)
    metrics = (
        importlib.import_module("torch_fidelity.metric_fid"),
        importlib.import_module("torch_fidelity.metric_kid"),
    )
    assert metrics[0].KEY_METRIC_FID == "frechet_inception_distance"
    assert metrics[1].KEY_METRIC_KID_MEAN == "kernel_inception_distance_mean"


def test_pictures_go_nowhere_that_cannot_be_written(tiny, small_dataset, tmp_path, capsys):
    (tmp_path / "file").write_text("no folder")
    command = ["measure", str(tiny), "--data", str(small_dataset), "--pictures", str(tmp_path / "file" / "p")]
    assert main(command) == 2
    assert "Choose another --pictures" in capsys.readouterr().err


def test_measure_refuses_what_cannot_be_compared(tiny, small_dataset, tmp_path, capsys):
    other = make_tiny(tmp_path / "other.onnx", labels=("sky", "sea"))
    assert main(["measure", str(other), "--data", str(small_dataset)]) == 2
    assert "no label in common" in capsys.readouterr().err
    assert main(["measure", str(tiny), "--data", str(small_dataset), "--count", "3"]) == 2
    assert main(["measure", str(tiny), "--data", str(small_dataset), "--count", "24", "--size", "32"]) == 2
    assert "--size 64" in capsys.readouterr().err
    assert main(["measure", str(tiny), "--data", str(tmp_path)]) == 2
    assert "gan-train prepare" in capsys.readouterr().err


def test_pictures_of_one_small_size_cannot_be_measured(small_dataset, tmp_path, capsys):
    """`sample` takes no --size of them, so it is not what helps."""
    make_tiny_style(tmp_path / "small.onnx", labels=tuple(PATTERNS))
    assert main(["measure", str(tmp_path / "small.onnx"), "--data", str(small_dataset)]) == 2
    said = capsys.readouterr().err
    assert f"draws pictures of {SIDE} px and no others" in said and "--size" not in said


def test_a_temporary_export_is_gone_afterwards(tiny, tmp_path, monkeypatch, capsys):
    """A run goes through export_run; here a stand-in that copies the tiny model."""
    pytest.importorskip("onnxscript")
    made = []

    def export(run, path, checkpoint, direction):
        assert checkpoint == "best"
        made.append(path)
        return shutil.copy(tiny, path)

    monkeypatch.setattr("gan_train.export.export_run", export)
    (tmp_path / "run/best/step-000000012").mkdir(parents=True)
    with open_model(tmp_path / "run", checkpoint="best") as model:
        assert model.card.name == "tiny" and made[0].exists()
    said = capsys.readouterr()
    assert said.err == f"exporting step 12 of {tmp_path / 'run'} ...\n" and not said.out
    assert not made[0].exists()
