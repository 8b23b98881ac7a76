"""Sheets between seeds and labels: their ends are what the seeds and labels give, their field stays."""

import numpy as np
import pytest

from blender_addon.engine import png
from blender_addon.engine.latents import draw
from blender_addon.engine.model import Model
from blender_addon.engine.pixels import to_uint8
from gan_train.cli import main
from gan_train.search import slerp
from tests.tiny import make_tiny


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("tiny") / "tiny.onnx")


def holds(sheet: np.ndarray, picture: np.ndarray) -> bool:
    """Whether `picture` stands anywhere in the sheet."""
    windows = np.lib.stride_tricks.sliding_window_view(sheet[..., 0], picture.shape[:2])
    return bool((windows[:, :, ::5, ::5] == picture[::5, ::5, 0]).all((2, 3)).any())


def base(model: Model, *arguments, **options) -> np.ndarray:
    return to_uint8(model.render(*arguments, **options).maps["base_color"])


def test_between_seeds_the_first_is_the_seed_and_the_field_stays(tiny, tmp_path):
    out = tmp_path / "new" / "sheet.png"
    command = [
        "sample",
        str(tiny),
        "--out",
        str(out),
        "--interpolate",
        "seeds",
        "--count",
        "3",
        "--seed",
        "4",
    ]
    assert main([*command, "--size", "32"]) == 0
    sheet, _ = png.decode(out.read_bytes())
    model = Model.load(tiny, "cpu")
    assert sheet.shape[0] > 3 * 32, "a row for each label"
    assert holds(sheet, base(model, 4, "moss", 32))
    far = draw(model.card, 5, "moss", 32)["z"][0]
    assert holds(sheet, base(model, 4, "moss", 32, latents={"z": far})), "the other look in the same layout"
    assert not holds(sheet, base(model, 5, "moss", 32))


def test_between_seeds_of_one_label_there_are_a_few_pairs(tiny, tmp_path):
    command = [
        "sample",
        str(tiny),
        "--out",
        str(tmp_path / "a.png"),
        "--interpolate",
        "seeds",
        "--count",
        "2",
    ]
    assert main([*command, "--size", "32", "--label", "sand", "--seed", str(2**64 - 1)]) == 0
    sheet, _ = png.decode((tmp_path / "a.png").read_bytes())
    assert holds(sheet, base(Model.load(tiny, "cpu"), 1, "sand", 32)), "seeds run past the largest"


def test_between_labels_the_middle_is_their_mixture(tiny, tmp_path):
    command = [
        "sample",
        str(tiny),
        "--out",
        str(tmp_path / "a.png"),
        "--interpolate",
        "labels",
        "--count",
        "3",
    ]
    assert main([*command, "--size", "32"]) == 0
    sheet, _ = png.decode((tmp_path / "a.png").read_bytes())
    model = Model.load(tiny, "cpu")
    for label in ("brick", {"brick": 1, "moss": 1}, {"moss": 1, "sand": 1}, "sand"):
        assert holds(sheet, base(model, 0, label, 32)), label


def test_a_model_without_labels(tmp_path):
    bare = make_tiny(tmp_path / "bare.onnx", labels=())
    out = str(tmp_path / "a.png")
    assert main(["sample", str(bare), "--out", out, "--interpolate", "seeds", "--size", "32"]) == 0
    assert main(["sample", str(bare), "--out", out, "--interpolate", "labels", "--size", "32"]) == 2


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["--out", "folder"], "must end in .png"),
        (["--count", "1"], "2 to 64 steps"),
        (["--seed", "-1"], "--seed -1"),
        (["--interpolate", "labels", "--label", "moss"], "no --label"),
        (["--label", "velvet"], "velvet"),
        (["--size", "33"], "33"),
    ],
)
def test_refusals(tiny, tmp_path, monkeypatch, capsys, arguments, word):
    monkeypatch.chdir(tmp_path)
    assert main(["sample", str(tiny), "--out", "a.png", "--interpolate", "seeds", *arguments]) == 2
    assert word in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_arc_keeps_the_length():
    rng = np.random.default_rng(0)
    first, second = rng.standard_normal((2, 64))
    assert np.array_equal(slerp(first, second, 0), first) and np.allclose(slerp(first, second, 1), second)
    middle = slerp(first, second, 0.5)
    assert np.linalg.norm(middle) == pytest.approx((np.linalg.norm(first) + np.linalg.norm(second)) / 2)
    assert np.allclose(slerp(first, 2 * first, 0.5), 1.5 * first), "no angle between them"
    assert np.array_equal(slerp(np.zeros(4), np.zeros(4), 0.5), np.zeros(4))
