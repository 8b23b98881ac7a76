"""A run's folder: one process at a time, the same settings each time, and what is said when they differ."""

import contextlib
import dataclasses
import errno
import json
import shutil
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from gan_train.cli import main  # noqa: E402
from gan_train.demo_data import write_demo_data  # noqa: E402
from gan_train.errors import CheckpointError  # noqa: E402
from gan_train.export import export_run  # noqa: E402
from gan_train.families.paired_config import PairedConfig  # noqa: E402
from gan_train.loop import configure, train  # noqa: E402
from gan_train.machine import extend_history, history_of, told  # noqa: E402
from gan_train.prepare import PrepareOptions, prepare  # noqa: E402
from gan_train.run_folder import build_family, differences, load_averaged, locked, read_run  # noqa: E402

from .test_loop import SMALL, TINY, as_arguments  # noqa: E402


@pytest.fixture(scope="module")
def run(small_dataset, tmp_path_factory):
    """A run of one step; do not write into it."""
    folder = tmp_path_factory.mktemp("run") / "run"
    train(small_dataset, folder, "texture-small", TINY, steps=1)
    return folder


def test_every_difference_has_its_line(small_dataset, run):
    changed = {**TINY, "gamma": 9.0, "critic_width": (8, 16)}
    with pytest.raises(CheckpointError) as caught:
        train(small_dataset, run, "texture-small", changed, steps=2, seed=5, shards=2, precision="float32")
    lines = [line.strip() for line in str(caught.value).splitlines()]
    assert "gamma: was 0.1, asked 9.0" in lines and "critic_width: was 8,8, asked 8,16" in lines
    assert "seed: was 0, asked 5" in lines and "shards: was 1, asked 2" in lines
    assert "precision: was auto, asked float32" in lines and len(lines) == 7


def test_a_label_that_vanished_is_named(small_dataset, run, tmp_path):
    write_demo_data(tmp_path / "pictures", count=8, size=128)
    gone = sorted(p.name for p in (tmp_path / "pictures").iterdir() if p.is_dir())[0]
    shutil.rmtree(tmp_path / "pictures" / gone)
    prepare(PrepareOptions(source=tmp_path / "pictures", out=tmp_path / "dataset", size=128))
    with pytest.raises(CheckpointError, match=f"label '{gone}': has vanished") as caught:
        train(tmp_path / "dataset", run, "texture-small", TINY, steps=2)
    assert "dataset: was" in str(caught.value) and "more: has vanished" in str(caught.value)


def test_a_setting_that_an_older_run_lacks_has_its_default(run):
    plan = read_run(run)
    older = {**plan, "config": {k: v for k, v in plan["config"].items() if k != "tint"}}
    assert differences(older, plan) == []
    asked = {**plan, "config": {**plan["config"], "tint": 0.75}}
    assert len(differences(older, asked)) == 1
    newer = {**plan, "config": {**plan["config"], "flavour": 3}}
    assert differences(newer, plan) == ["flavour: was 3, is no setting any more"]


def test_a_run_from_before_there_was_a_choice_goes_on_as_it_was(run):
    """Pictures were never turned, shrunk or tinted before one could say so."""
    values = json.loads(json.dumps(dataclasses.asdict(PairedConfig())))
    asked = {**read_run(run), "family": "paired", "config": values}
    older = {**asked, "config": {k: v for k, v in values.items() if k not in ("turn", "zoom", "tint")}}
    assert differences(older, asked) == [
        "turn: was False, asked True",
        "zoom: was 1.0, asked 1.5",
        "tint: was 0.0, asked 0.3",
    ]
    assert differences(older, {**asked, "config": {**values, "turn": False, "zoom": 1.0, "tint": 0.0}}) == []
    for again in (build_family(older).config, configure(None, {}, begun=older)[1]):
        assert (again.turn, again.zoom, again.tint, again.crop) == (False, 1.0, 0.0, values["crop"])


def test_an_older_run_json_goes_on(small_dataset, run, tmp_path):
    """It knows no shards and no compile, and says its precision in state.json."""
    shutil.copytree(run, tmp_path / "run")
    plan = json.loads((tmp_path / "run/run.json").read_text())
    del plan["shards"], plan["compile"]
    (tmp_path / "run/run.json").write_text(json.dumps({**plan, "precision": "float32"}))
    state_path = tmp_path / "run/checkpoints/step-000000001/state.json"
    state = json.loads(state_path.read_text())
    state = {"step": 1, "shards": state["shards"], "torch": "2.6.0", "device": "cpu", "precision": "float32"}
    state_path.write_text(json.dumps(state))
    train(small_dataset, tmp_path / "run", "texture-small", TINY, steps=2)
    history = load_averaged(tmp_path / "run")[2]["history"]
    assert [(h["step"], h["torch"]) for h in history] == [(0, "2.6.0"), (1, torch.__version__)]


def test_two_runs_into_one_folder_at_once_are_refused(small_dataset, run, tmp_path, capsys):
    command = ["train", str(small_dataset), f"--out={run}", *as_arguments("texture-small", TINY), "--steps=1"]
    with locked(run):
        assert main(command) == 2
        assert "another gan-train is training into this folder" in capsys.readouterr().err
    assert main(command) == 0


@pytest.mark.parametrize("place", ["file", "file/run", "/proc/nope"])
@pytest.mark.parametrize("family", ["texture", "single"])
def test_a_place_that_cannot_be_made_is_a_sentence(datasets, photo, tmp_path, capsys, place, family):
    if place.startswith("/") and not Path("/proc").is_dir():
        pytest.skip("no /proc on this system")
    (tmp_path / "file").write_text("no folder")
    dataset = photo if family == "single" else datasets[family]
    command = ["train", str(dataset), "--out", str(tmp_path / place), *as_arguments(*SMALL[family])]
    assert main([*command, "--steps=1"]) == 2
    said = capsys.readouterr().err
    assert f"{tmp_path / place}: cannot be made a folder (" in said and "Choose another --out." in said


def test_a_lock_that_cannot_be_made_is_not_somebody_elses(tmp_path, monkeypatch):
    (tmp_path / "lock").mkdir()
    with pytest.raises(CheckpointError, match="cannot be written to"), locked(tmp_path):
        pass

    @contextlib.contextmanager
    def held(path):
        raise OSError(errno.ENOSPC, "No space left on device")
        yield

    monkeypatch.setattr("blender_addon.engine.file_lock.held", held)
    with (
        pytest.raises(CheckpointError, match=r"cannot be written to \(No space left on device\)"),
        locked(tmp_path),
    ):
        pass


def test_a_plan_that_cannot_be_written_is_a_sentence(small_dataset, tmp_path, monkeypatch):
    def full(path, *_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(CheckpointError, match=r"run\.json: cannot be written \(No space left on device\)"):
        train(small_dataset, tmp_path, "texture-small", TINY, steps=1)


def test_another_machine_is_said_and_remembered(small_dataset, run, tmp_path, monkeypatch, capsys):
    shutil.copytree(run, tmp_path / "run")
    monkeypatch.setattr(torch, "__version__", "2.99.0")
    train(small_dataset, tmp_path / "run", "texture-small", TINY, steps=3)
    assert "goes on at step 1 with another machine: torch" in capsys.readouterr().err
    versions = told(load_averaged(tmp_path / "run")[2]["history"])
    assert versions["torch"].endswith(", 2.99.0 from step 1") and versions["device"] == "cpu"


def test_the_history_of_machines():
    one = {"torch": "2.13.0", "device": "cpu", "precision": "bfloat16", "compiled": False}
    history, moved = extend_history([], one, 0)
    assert moved is None and extend_history(history, one, 100) == (history, None)
    history, moved = extend_history(history, {**one, "precision": "float32"}, 100)
    assert moved == "goes on at step 100 with another machine: precision bfloat16 -> float32"
    assert told(history) == {
        "torch": "2.13.0",
        "device": "cpu",
        "precision": "bfloat16, float32 from step 100",
    }
    # A machine that trained no step leaves no trace.
    history, _ = extend_history(history, one, 100)
    assert history == [{"step": 0, **one}]
    old = {"torch": "2.13.0", "device": "cpu", "precision": "bfloat16"}
    assert history_of(old) == [{"step": 0, **one}]


def test_a_run_that_never_finished_a_step_is_not_exported(run, tmp_path):
    (tmp_path / "run").mkdir()
    shutil.copy(run / "run.json", tmp_path / "run")
    with pytest.raises(CheckpointError, match="has no checkpoint yet"):
        export_run(tmp_path / "run", tmp_path / "model.onnx")
    assert not (tmp_path / "model.onnx").exists()


def test_a_run_in_a_stage_with_nothing_to_show_warns(run, capsys):
    load_averaged(run)
    assert "warning" in capsys.readouterr().err


@pytest.mark.parametrize("change", [{"family": "absent"}, {"config": {"flavour": 3}}])
def test_a_run_of_another_version_is_a_sentence(run, tmp_path, change):
    shutil.copytree(run, tmp_path / "run")
    plan = {**read_run(run), **change}
    (tmp_path / "run/run.json").write_text(json.dumps(plan))
    with pytest.raises(CheckpointError, match="another version of gan-train"):
        load_averaged(tmp_path / "run")


def test_other_networks_are_a_sentence(run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    plan = read_run(run)
    plan["config"]["healer_width"] = 16
    (tmp_path / "run/run.json").write_text(json.dumps(plan))
    with pytest.raises(CheckpointError, match="other networks"):
        load_averaged(tmp_path / "run")


def test_a_run_goes_on_with_its_own_settings(datasets, photo, tmp_path, capsys):
    """Nothing but dataset and folder: family, settings and seed are those it was begun with."""
    for family, source in (("style", datasets["style"]), ("single", photo)):
        out = tmp_path / family
        first = ["train", str(source), "--out", str(out), "--steps=1"]
        assert main([*first, "--seed=3", *as_arguments(*SMALL[family])]) == 0
        assert main(["train", str(source), "--out", str(out), "--steps=2"]) == 0
        assert load_averaged(out)[2]["step"] == 2
        capsys.readouterr()
        assert main([*first, "--set=batch=6", "--seed=4", "--steps=3"]) == 2
        lines = capsys.readouterr().err.splitlines()
        assert [line.strip() for line in lines if ": was " in line][1:] == [
            "seed: was 3, asked 4",
            f"batch: was {SMALL[family][1]['batch']}, asked 6",
        ]
    assert main([*first[:1], str(datasets["style"]), *first[2:], "--preset=style-small"]) == 2
    assert "family: was single, asked style" in capsys.readouterr().err


def test_a_dataset_is_no_run(small_dataset, tmp_path, capsys):
    assert main(["export", str(small_dataset), "--out", str(tmp_path / "model.onnx")]) == 2
    said = capsys.readouterr().err
    assert f"{small_dataset}: is a dataset (" in said and "Give the folder that train --out made." in said
