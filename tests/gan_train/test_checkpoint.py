"""Checkpoints that survive: kills, full disks, damage, newer versions. Folders and tensors, hardly any training."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from gan_train import checkpoint as checkpoint_module  # noqa: E402
from gan_train.checkpoint import checkpoints, load_checkpoint, load_newest, save_checkpoint  # noqa: E402
from gan_train.errors import CheckpointError, DamagedError  # noqa: E402
from gan_train.loop import train  # noqa: E402
from gan_train.run_folder import load_averaged  # noqa: E402

from .test_loop import TINY  # noqa: E402

CHECKOUT = Path(__file__).parents[2]
TENSORS = {f"t{i}": torch.full((100,), float(i)) for i in range(9)}

# Saves steps 1, 2, ... as fast as it can; dies by SIGKILL in the middle of a file when that is asked for.
SAVER = """
import os, signal, sys, torch
from pathlib import Path
from gan_train import checkpoint
checkpoint.SHARD_BYTES = 40_000
torn = sys.argv[2] == "torn"
write = checkpoint._write
def half(path, data):
    if torn and "step-000000002" in str(list(path.parent.parent.iterdir())) and path.name == "state-0002.safetensors":
        path.write_bytes(data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, data)
checkpoint._write = half
for step in range(1, 100_000):
    tensors = {f"t{i}": torch.full((8_000,), float(step)) for i in range(5)}
    checkpoint.save_checkpoint(Path(sys.argv[1]), step, tensors, {})
"""


def saver(run, *arguments):
    return subprocess.Popen([sys.executable, "-c", SAVER, str(run), *arguments], cwd=CHECKOUT)


def whole_step(run):
    """The step of the newest checkpoint, when each of its tensors is of that step."""
    tensors, about, damaged = load_newest(run)
    assert not damaged and all(torch.equal(t, torch.full_like(t, about["step"])) for t in tensors.values())
    assert len(tensors) == 5
    return about["step"]


def test_files_are_split_below_their_limit(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_module, "SHARD_BYTES", 2000)
    folder = save_checkpoint(tmp_path, 1, TENSORS, {})
    assert len(list(folder.glob("*.safetensors"))) == 3
    again = load_checkpoint(folder)[0]
    assert all(torch.equal(again[k], v) for k, v in TENSORS.items())


def test_a_process_killed_in_the_middle_of_a_file_leaves_the_checkpoint_before(tmp_path):
    child = saver(tmp_path, "torn")
    assert child.wait(900) == -signal.SIGKILL
    assert whole_step(tmp_path) == 2
    assert [p.name for p in (tmp_path / "checkpoints").iterdir() if p.name.startswith(".partial")]
    save_checkpoint(tmp_path, 3, TENSORS, {})
    assert sorted(os.listdir(tmp_path / "checkpoints")) == ["step-000000002", "step-000000003"]


def test_a_process_killed_at_any_moment_leaves_a_whole_checkpoint(tmp_path):
    for number in range(2):
        run = tmp_path / str(number)
        child = saver(run, "whole")
        while not checkpoints(run) and child.poll() is None:
            time.sleep(0.005)
        time.sleep(random.uniform(0, 0.1))  # a failure is a failure, at whatever moment
        child.kill()
        child.wait()
        assert whole_step(run) >= 1


def test_a_full_disk_keeps_the_last_checkpoint(small_dataset, tmp_path, monkeypatch):
    run = tmp_path / "run"
    train(small_dataset, run, "texture-small", TINY, steps=1)

    def full(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint_module, "_write", full)
    with pytest.raises(CheckpointError, match="No space left"):
        train(small_dataset, run, "texture-small", TINY, steps=2)
    monkeypatch.undo()
    assert [p.name for p in (run / "checkpoints").iterdir()] == ["step-000000001"]
    assert load_checkpoint(checkpoints(run)[-1])[1]["step"] == 1


def cut(folder):
    path = next(folder.glob("*.safetensors"))
    path.write_bytes(path.read_bytes()[:-100])


def spoil(folder):
    path = next(folder.glob("*.safetensors"))
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def lose(folder):
    next(folder.glob("*.safetensors")).unlink()


def cut_state(folder):
    path = folder / "state.json"
    path.write_text(path.read_text()[:-20])


def leave_checkpoint(folder):
    path = folder / "state.json"
    state = json.loads(path.read_text())
    path.write_text(json.dumps({**state, "shards": {"../x": "0"}}))


@pytest.mark.parametrize("damage", [cut, spoil, lose, cut_state, leave_checkpoint])
def test_damage_is_found_and_the_checkpoint_before_is_taken(tmp_path, damage):
    for step in (1, 2):
        folder = save_checkpoint(tmp_path, step, TENSORS, {})
    damage(folder)
    _, about, damaged = load_newest(tmp_path)
    assert about["step"] == 1 and "step-000000002" in str(damaged[0])
    damage(checkpoints(tmp_path)[0])
    with pytest.raises(CheckpointError, match="No older checkpoint is whole"):
        load_newest(tmp_path)
    with pytest.raises(DamagedError):
        load_checkpoint(folder)


def test_training_goes_on_from_the_checkpoint_before(small_dataset, tmp_path, capsys):
    run = tmp_path / "run"
    for steps in (1, 2):
        train(small_dataset, run, "texture-small", TINY, steps=steps)
    straight = load_newest(run)[0]
    cut(checkpoints(run)[-1])
    assert load_averaged(run)[2]["step"] == 1
    assert "Taking step 1." in capsys.readouterr().err
    train(small_dataset, run, "texture-small", TINY, steps=2)
    assert "damaged or cut off. Going on from step 1." in capsys.readouterr().err
    again = load_newest(run)
    assert again[1]["step"] == 2 and all(torch.equal(again[0][k], v) for k, v in straight.items())


def test_a_newer_version_is_named_and_nothing_older_taken(tmp_path):
    for step in (1, 2):
        folder = save_checkpoint(tmp_path, step, TENSORS, {})
    state = json.loads((folder / "state.json").read_text())
    (folder / "state.json").write_text(json.dumps({**state, "version": 99}))
    with pytest.raises(CheckpointError, match="version 99 and needs a newer gan-train"):
        load_newest(tmp_path)


def test_the_best_is_kept_beside_the_newest(tmp_path):
    for step in (1, 2, 3, 4):
        save_checkpoint(tmp_path, step, TENSORS, {})
        if step in (1, 3):
            save_checkpoint(tmp_path, step, TENSORS, {}, "best")
    assert [p.name for p in checkpoints(tmp_path)] == ["step-000000003", "step-000000004"]
    assert [p.name for p in checkpoints(tmp_path, "best")] == ["step-000000003"]
    assert load_newest(tmp_path, "best")[1]["step"] == 3
