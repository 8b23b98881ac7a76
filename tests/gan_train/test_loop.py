"""The training loop: exact resume, checkpoints that survive, errors that say what to do. Real training, tiny crops."""

import functools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from gan_train.checkpoint import checkpoints, load_checkpoint  # noqa: E402
from gan_train.errors import CheckpointError, ConfigError, TrainingError  # noqa: E402
from gan_train.families import FAMILIES  # noqa: E402
from gan_train.family import Phase  # noqa: E402
from gan_train.loop import _Loop, configure, train  # noqa: E402
from gan_train.run_folder import load_averaged  # noqa: E402
from gan_train.steps import Training  # noqa: E402
from gan_train.watch import RunWatch  # noqa: E402

TINY = {
    "crop": 128,
    "window": 64,
    "batch": 4,
    "autoencoder_steps": 1,
    "healer_steps": 1,
    "channels": 4,
    "z": 8,
    "shifts": 4,
    "encoder_width": (8, 8),
    "decoder_width": (8, 8, 8, 8),
    "healer_width": 8,
    "healer_depth": 1,
    "critic_width": (8, 8),
    "picture_critic_width": (8, 8, 8),
    "penalty_every": 2,
}
TINY_STYLE = {
    "batch": 4,
    "z": 8,
    "w": 8,
    "width": (8, 8, 8),
    "critic_width": (8, 8, 8),
    "penalty_every": 2,
    "augment": "adaptive",
}
TINY_SINGLE = {"crop": 32, "batch": 2, "width": 8, "depth": 1, "critic_width": (8, 8), "penalty_every": 2}
TINY_PAIRED = {
    "crop": 64,
    "batch": 2,
    "width": (8, 8, 8),
    "depth": 1,
    "critic_width": (8, 8, 8),
    "warmup_steps": 1,
    "adversarial_weight": 0.05,
}
TINY_UPSCALE = {
    "scale": 2,
    "crop": 64,
    "batch": 2,
    "width": 8,
    "depth": 1,
    "grow": (8,),
    "critic_width": (8, 8, 8),
    "warmup_steps": 1,
}
TINY_UNPAIRED = {
    "crop": 32,
    "width": (4, 8),
    "depth": 1,
    "critic_width": (8, 8),
    "pool": 2,
    "penalty_every": 2,
}
TINY_DOMAINS = {
    "labels": ("bricks", "dots", "weave"),
    "crop": 32,
    "batch": 3,
    "width": (4, 8),
    "depth": 1,
    "look": 4,
    "critic_width": (8, 8),
    "pool": 2,
    "penalty_every": 2,
}
SMALL = {  # family: preset and settings that train in a moment
    "texture": ("texture-small", TINY),
    "style": ("style-small", TINY_STYLE),
    "single": ("single-small", TINY_SINGLE),
    "paired": ("colourise", TINY_PAIRED),
    "upscale": ("upscale-small", TINY_UPSCALE),
    "unpaired": ("unpaired-small", TINY_UNPAIRED),
    "domains": ("domains-small", TINY_DOMAINS),
}
CHECKOUT = Path(__file__).parents[2]


def state(run):
    return load_checkpoint(checkpoints(run)[-1])[0]


def as_arguments(preset, settings):
    """Preset and settings as the command takes them."""
    values = {k: ",".join(map(str, v)) if isinstance(v, tuple) else v for k, v in settings.items()}
    return [f"--preset={preset}", *(f"--set={k}={v}" for k, v in values.items())]


def test_every_family_is_trained_here():
    assert SMALL.keys() == FAMILIES.keys()


@pytest.mark.parametrize("family", SMALL)
def test_a_batch_of_nothing_is_refused(family):
    preset, settings = SMALL[family]
    with pytest.raises(ConfigError, match="batch=0: must be"):
        configure(preset, {**settings, "batch": 0})


@pytest.mark.parametrize("family", SMALL)
def test_a_resumed_run_has_the_bits_of_a_straight_one(datasets, tmp_path, family):
    dataset, (preset, settings) = datasets[family], SMALL[family]
    train(dataset, tmp_path / "straight", preset, settings, steps=6, seed=3)
    train(dataset, tmp_path / "resumed", preset, settings, steps=2, seed=3)
    train(dataset, tmp_path / "resumed", preset, settings, steps=6, seed=3)
    straight, resumed = state(tmp_path / "straight"), state(tmp_path / "resumed")
    assert straight.keys() == resumed.keys()
    assert [k for k in straight if not torch.equal(straight[k], resumed[k])] == []
    assert any(k.startswith("optimizer.") for k in straight) and any(
        k.startswith("averaged.") for k in straight
    )


def test_the_non_saturating_loss_has_no_pairs(small_dataset, tmp_path):
    run = tmp_path / "run"
    train(small_dataset, run, "texture-small", {**TINY, "loss": "non-saturating"}, steps=3)
    row = json.loads((run / "stats.jsonl").read_text().splitlines()[-1])
    assert "critic/penalty_real" in row and "critic/penalty_fake" not in row
    assert row["healer/adversarial"] > 0 and row["picture_critic/adversarial"] > 1
    with pytest.raises(ConfigError, match="loss=hinge"):
        configure("texture-small", {"loss": "hinge"})


def test_the_seed_matters_and_steps_change_the_weights(small_dataset, tmp_path):
    """One step of each stage of TINY: autoencoder, latent maps, pictures."""
    states = []
    for steps in (1, 2, 3):
        train(small_dataset, tmp_path / "a", "texture-small", TINY, steps=steps, seed=1)
        states.append(state(tmp_path / "a"))
    train(small_dataset, tmp_path / "b", "texture-small", TINY, steps=1, seed=2)
    other = state(tmp_path / "b")

    def moved(name, before, after):
        return not torch.equal(states[before][f"family.{name}"], states[after][f"family.{name}"])

    assert not torch.equal(states[0]["family.encoder.out.weight"], other["family.encoder.out.weight"])
    assert moved("healer.out.weight", 0, 1) and moved("critic.score.weight", 0, 1)
    assert moved("decoder.paint.0.weight", 1, 2) and moved("picture_critic.score.weight", 1, 2)
    assert moved("decoder.paint.1.weight", 1, 2) and not moved("decoder.paint.1.weight", 0, 1)
    assert not moved("encoder.out.weight", 0, 2) and not moved("encoder.normalise.running_var", 0, 2)


def test_a_run_leaves_log_preview_and_small_shards(small_dataset, tmp_path):
    folder = train(small_dataset, tmp_path / "run", "texture-small", TINY, steps=2)
    rows = [json.loads(line) for line in (tmp_path / "run/stats.jsonl").read_text().splitlines()]
    assert rows[-1]["step"] == 2 and rows[-1]["images"] == 8 and "healer/adversarial" in rows[-1]
    assert (tmp_path / "run/previews/step-000000002.png").read_bytes().startswith(b"\x89PNG")
    assert all(p.stat().st_size < 15 * 2**20 for p in folder.iterdir())
    assert sorted(p.suffix for p in folder.iterdir()) == [".json", ".safetensors"]


def test_a_killed_run_can_go_on(small_dataset, tmp_path):
    run = tmp_path / "run"
    train(small_dataset, run, "texture-small", TINY, steps=1)
    code = (
        "import gan_train.loop as l; l.SAVE_SECONDS = 0\n"
        f"l.train({str(small_dataset)!r}, {str(run)!r}, 'texture-small', {TINY!r}, steps=100000)"
    )
    child = subprocess.Popen([sys.executable, "-c", code], cwd=CHECKOUT, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 900
    while time.monotonic() < deadline and (not checkpoints(run) or int(checkpoints(run)[-1].name[5:]) < 4):
        time.sleep(0.02)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    tensors, about = load_checkpoint(checkpoints(run)[-1])
    assert about["step"] >= 4 and tensors
    train(small_dataset, run, "texture-small", TINY, steps=about["step"] + 1)
    assert load_checkpoint(checkpoints(run)[-1])[1]["step"] == about["step"] + 1


def test_a_loss_that_is_no_number_stops_the_run(small_dataset, tmp_path):
    said = r"not finite\. Lower autoencoder_lr or .*\. No checkpoint was written yet\."
    with pytest.raises(TrainingError, match=said):
        train(small_dataset, tmp_path / "run", "texture-small", {**TINY, "learning_rate": 1e30}, steps=50)
    train(small_dataset, tmp_path / "one", "texture-small", {**TINY, "learning_rate": 1e30}, steps=1)
    with pytest.raises(TrainingError, match=r"The checkpoint of step 1 is whole"):
        train(small_dataset, tmp_path / "one", "texture-small", {**TINY, "learning_rate": 1e30}, steps=50)


def test_a_new_run_saves_early_and_one_that_goes_on_does_not(small_dataset, tmp_path, monkeypatch):
    saved = []
    save = _Loop._save
    monkeypatch.setattr("gan_train.loop.FIRST_SECONDS", 0.0)
    monkeypatch.setattr(_Loop, "_save", lambda loop: saved.append(loop.training.step) or save(loop))
    for steps in (3, 5):
        train(small_dataset, tmp_path / "run", "texture-small", TINY, steps=steps)
    assert saved == [1, 3, 5]


@pytest.mark.parametrize("file", ["stats.jsonl", "watch.jsonl", "previews/step-000000002.png", "tensorboard"])
def test_whatever_the_full_disk_hits_is_a_sentence(small_dataset, tmp_path, file):
    """A folder stands in the place of the file: that cannot be written either, and needs no full disk."""
    run = tmp_path / "run"
    train(small_dataset, run, "texture-small", TINY, steps=1)
    if file == "tensorboard":
        pytest.importorskip("tensorboard")
        shutil.rmtree(run / file)
        (run / file).write_text("a file where a folder should be")
    else:
        path = run / file
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        path.mkdir(parents=True)
    watch = functools.partial(RunWatch, pictures=2) if file == "watch.jsonl" else None
    with pytest.raises(
        CheckpointError, match=rf"{Path(file).parts[0]}.*cannot be written \(.*of step 1 is whole"
    ):
        train(small_dataset, run, "texture-small", TINY, steps=2, watch=watch)
    assert load_averaged(run)[2]["step"] == 1


@pytest.mark.parametrize("part", ["family", "averaged"])
def test_weights_that_are_no_numbers_are_never_saved(small_dataset, tmp_path, monkeypatch, part):
    run = tmp_path / "run"
    train(small_dataset, run, "texture-small", TINY, steps=1)
    step = Training.one_step

    def spoil(training):
        terms = step(training)
        with torch.no_grad():
            getattr(training, part).decoder.paint[1].weight[0] = float("nan")
        return terms

    monkeypatch.setattr(Training, "one_step", spoil)
    with pytest.raises(TrainingError, match=rf"{part}.decoder.paint.1.weight is not finite"):
        train(small_dataset, run, "texture-small", TINY, steps=2)
    assert [p.name for p in (run / "checkpoints").iterdir()] == ["step-000000001"]


class CountingWatch:
    """Finds step 2 the best; remembers its calls."""

    every = 2

    def __init__(self):
        self.calls = []

    def __call__(self, step, averaged, logged):
        assert not any(p.requires_grad for p in averaged.parameters()) and "healer/adversarial" in logged
        assert step < 4 or "critic/penalty_real" in logged, "of the step before, on which the run was resumed"
        self.calls.append(step)
        if step == 6:
            raise TrainingError("collapsed")
        return step == 2

    def state(self):
        return {"calls": self.calls}

    def restore(self, state):
        self.calls = list(state["calls"])


def test_a_watch_sees_its_steps_keeps_the_best_and_may_stop_the_run(small_dataset, tmp_path):
    run = tmp_path / "run"
    for steps in (3, 5):
        watch = CountingWatch()
        train(small_dataset, run, "texture-small", TINY, steps=steps, watch=lambda *_, watch=watch: watch)
    assert watch.calls == [2, 4], "its state comes back with the checkpoint"
    assert load_averaged(run, "best")[2]["step"] == 2
    with pytest.raises(TrainingError, match="collapsed"):
        train(small_dataset, run, "texture-small", TINY, steps=9, watch=lambda *_: CountingWatch())
    assert load_averaged(run)[2]["step"] == 5


def test_rows_of_the_log_are_not_repeated(small_dataset, tmp_path):
    run = tmp_path / "run"
    train(small_dataset, run, "texture-small", TINY, steps=2)
    with open(run / "stats.jsonl", "a") as file:
        file.write('{"step": 3}\n')
    train(small_dataset, run, "texture-small", TINY, steps=4)
    rows = [json.loads(line) for line in (run / "stats.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [2, 4]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_precision_that_is_asked_for_is_kept(small_dataset, tmp_path, capsys, precision):
    train(small_dataset, tmp_path / "run", "texture-small", TINY, steps=1, precision=precision)
    train(small_dataset, tmp_path / "run", "texture-small", TINY, steps=2)
    assert capsys.readouterr().err.count(f"{precision} (asked for), channels last") == 2
    assert load_averaged(tmp_path / "run")[2]["history"][0]["precision"] == precision


@pytest.mark.parametrize("compiled", ["on", "off", None])
def test_only_what_the_family_names_is_compiled(small_dataset, tmp_path, monkeypatch, compiled):
    """The compiler itself takes a minute; here it is only seen who is handed to it."""
    handed = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: handed.append(module))
    train(small_dataset, tmp_path / "run", "texture-small", TINY, steps=1, compile=compiled)
    on = compiled == "on" or (compiled is None and torch.cuda.is_available())
    expected = ["Healer", "Decoder"] if on else []
    assert [type(module).__name__ for module in handed] == expected
    assert load_averaged(tmp_path / "run")[2]["history"][0]["compiled"] == bool(expected)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_is_refused(small_dataset, tmp_path, seed):
    with pytest.raises(ConfigError, match="must be between"):
        train(small_dataset, tmp_path / "run", "texture-small", TINY, steps=1, seed=seed)


@pytest.mark.parametrize("preset, overrides", [("nothing", {}), ("texture-small", {"batchsize": 3})])
def test_unknown_names_are_errors(preset, overrides):
    with pytest.raises(ConfigError, match="There are"):
        configure(preset, overrides)


@pytest.mark.parametrize("wrong", [{"crop": 112}, {"crop": 96}, {"batch": 5}, {"window": 112}, {"window": 0}])
def test_settings_that_do_not_fit_are_errors(wrong):
    with pytest.raises(ConfigError, match="must be a multiple"):
        configure("texture-small", {"crop": 128, "window": 64, **wrong})


def test_dry_run_prints_and_writes_nothing(small_dataset, tmp_path, capsys):
    assert train(small_dataset, tmp_path / "run", "texture-small", {}, steps=1, dry_run=True) is None
    assert json.loads(capsys.readouterr().out)["crop"] == 160
    assert not (tmp_path / "run").exists()


def test_crops_larger_than_the_pictures_are_refused(small_dataset, tmp_path):
    with pytest.raises(ConfigError, match="smaller than the crops"):
        train(small_dataset, tmp_path / "run", "texture-small", {**TINY, "crop": 4096}, steps=1)


def test_no_run_no_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match="no run"):
        load_averaged(tmp_path)


def test_a_phase_that_ends_slows_down():
    phase = Phase("first", (), 4.0, begin=100, end=500)
    assert [phase.rate(step) for step in (100, 400, 450, 499)] == [4.0, 4.0, 2.0, 0.04]
    assert Phase("last", (), 4.0, begin=500).rate(10**6) == 4.0
