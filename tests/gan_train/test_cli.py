"""The command around the trainer: settings, help without torch, sentences instead of tracebacks."""

import json
import subprocess
import sys
from dataclasses import dataclass

import pytest

from gan_train.cli import main
from gan_train.errors import ConfigError
from gan_train.settings import describe_settings, parse_settings
from tests.tiny import make_tiny


@dataclass(frozen=True)
class Config:
    """Stands for a family's config."""

    crop: int = 64
    """Side of the crops
    in pixels."""
    rate: float = 0.5
    widths: tuple[int, ...] = (1, 2)
    """Channels."""
    flip: bool = True
    name: str = "x"


def test_settings_take_the_types_of_the_fields():
    pairs = ["crop=96", "rate=1e-3", "widths=8, 16", "flip=no", "name=a=b"]
    assert parse_settings(pairs, Config) == {
        "crop": 96,
        "rate": 0.001,
        "widths": (8, 16),
        "flip": False,
        "name": "a=b",
    }


@pytest.mark.parametrize("pair", ["crop", "crops=1", "crop=1.5", "crop=x", "widths=1,a", "flip=maybe"])
def test_a_wrong_setting_is_named(pair):
    with pytest.raises(ConfigError, match=pair.split("=")[0]):
        parse_settings([pair], Config)


def test_a_setting_given_twice_is_refused():
    with pytest.raises(ConfigError, match="twice"):
        parse_settings(["crop=1", "crop=2"], Config)


def test_settings_are_described_by_their_docstrings():
    lines = describe_settings(Config, {"crop": 32})
    assert lines[:2] == ["crop=32", "    Side of the crops in pixels."]
    assert "widths=1,2" in lines


def test_help_needs_no_torch():
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(('torch', 'numpy', 'PIL', 'onnxruntime', 'onnx', 'bpy')))\n"
        "from gan_train.cli import main\n"
        "main(['measure', '--help'])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0 and "--data" in done.stdout, done.stderr


def test_a_missing_package_is_a_sentence():
    code = (
        "import sys; sys.modules['PIL'] = None\n"
        "from gan_train.cli import main; sys.exit(main(['prepare', 'x', '--out', 'y']))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=900)
    assert done.returncode == 2 and "pip install pillow" in done.stderr and "Traceback" not in done.stderr


def test_a_dry_run_prints_the_whole_configuration(tmp_path, capsys):
    command = ["train", "data", "--out", str(tmp_path / "run"), "--set", "crop=288", "--dry-run"]
    assert main([*command, "--minutes=2.5"]) == 2
    said = capsys.readouterr()
    printed = json.loads(said.out)
    assert printed["crop"] == 288 and printed["batch"] > 0
    assert printed["minutes"] == 2.5 and printed["steps"] is None
    assert printed["dataset"] == "not there" and "no dataset.json here" in said.err
    assert not (tmp_path / "run").exists()
    assert main(["train", "data", "--out", "run", "--settings"]) == 0
    assert "learning rate" in capsys.readouterr().out.lower()


def test_a_dry_run_says_what_would_be_trained_on_and_how(small_dataset, photo, tmp_path, capsys):
    command = ["train", str(small_dataset), "--out", str(tmp_path / "run"), "--dry-run", "--steps=7"]
    assert main([*command, "--precision=float32", "--compile=off"]) == 0
    printed = json.loads(capsys.readouterr().out)
    sha256 = json.loads((small_dataset / "dataset.json").read_text())["sha256"]
    assert printed["dataset"] == {"name": "dataset", "sha256": sha256, "images": 48} and printed["steps"] == 7
    assert printed["here"]["precision"] == "float32 (asked for)"
    assert printed["here"]["compile"] == "off (asked for)"
    command = ["train", str(photo), "--out", str(tmp_path / "run"), "--dry-run", "--preset=single-small"]
    assert main(command) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["dataset"].startswith("photos") and printed["steps"] == 60 and printed["photo"] == 256
    assert printed["here"]["precision"].split(" ")[0] in ("float32", "bfloat16")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("name", ["model.bin", "model"])
def test_an_exported_file_ends_in_onnx(tmp_path, capsys, name):
    assert main(["export", "run", "--out", str(tmp_path / name)]) == 2
    assert "must end in .onnx" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["--set", "velocity=3", "--dry-run"],
        ["--steps", "0"],
        ["--minutes", "-1"],
        ["--preset", "absent"],
        ["--steps", "1"],
        [],
    ],
)
def test_train_refuses_with_exit_code_2(tmp_path, capsys, arguments):
    try:
        code = main(["train", str(tmp_path / "absent"), "--out", str(tmp_path / "run"), *arguments])
    except SystemExit as error:  # argparse
        code = error.code
    assert code == 2 and "error:" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_export_keeps_the_measures_that_measure_printed(tmp_path, monkeypatch):
    path = tmp_path / "measures.json"
    path.write_text(
        json.dumps(
            {"measures": {"recall": {"value": 0.5, "floor": 0.812345}, "x": {"value": None, "floor": 1}}}
        )
    )
    taken = {}

    def export(run, out, name, summary, measures, checkpoint, direction):
        taken.update(measures)
        return make_tiny(out)

    monkeypatch.setattr("gan_train.export.export_run", export)
    command = ["export", "run", "--out", str(tmp_path / "a.onnx"), "--measures"]
    assert main([*command, str(path)]) == 0
    assert taken == {"recall": 0.5, "recall_floor": 0.8123, "x_floor": 1.0}
    path.write_text("[]")
    assert main([*command, str(path)]) == 2
    assert main([*command, str(tmp_path / "absent.json")]) == 2
