"""Checkpoints: dictionaries of tensors to and from folders of safetensors files. Nothing is pickled.

    RUN/checkpoints/step-000012000/state.json          version, step, file names with SHA-256, what the loop adds
                                   state-0001.safetensors ... each below 15 MiB
    RUN/best/step-000009000/                           the same, of the state that a watch found best

A checkpoint is written under a temporary name, synced and renamed: whenever the process dies, every folder
named step-* is whole. The two newest are kept, and one best.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import load, save

from blender_addon.engine.files import flush_folder

from .errors import CheckpointError, DamagedError

VERSION = 1  # of what state.json and the names of the tensors mean
SHARD_BYTES = 14 * 2**20
KEEP = {"checkpoints": 2, "best": 1}


def save_checkpoint(
    run: Path, step: int, tensors: dict[str, torch.Tensor], about: dict, kept: str = "checkpoints"
) -> Path:
    """Write RUN/KEPT/step-NNN atomically; OSError (disk full) becomes CheckpointError, older ones stay.

    A whole one of this step stays as it is: it holds the same, and it may be the only one."""
    folder = run / kept / f"step-{step:09d}"
    if _is_whole(folder):
        return folder
    partial = folder.with_name(f".partial-{os.getpid()}")
    try:
        for left in folder.parent.glob(".partial-*"):  # of a process that was killed while it wrote
            shutil.rmtree(left)
        partial.mkdir(parents=True)
        shards = {}
        for i, group in enumerate(_groups(tensors)):
            name = f"state-{i + 1:04d}.safetensors"
            data = save({k: tensors[k].detach().cpu().contiguous() for k in group})
            _write(partial / name, data)
            shards[name] = hashlib.sha256(data).hexdigest()
        state = {"version": VERSION, "step": step, "shards": shards, **about}
        _write(partial / "state.json", json.dumps(state, indent=1).encode())
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        flush_folder(folder.parent)
        for old in checkpoints(run, kept)[: -KEEP[kept]]:
            shutil.rmtree(old)
    except OSError as error:
        raise CheckpointError(
            f"{folder}: cannot be written ({error.strerror or error}). {what_is_kept(run)}"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return folder


def checkpoints(run: Path, kept: str = "checkpoints") -> list[Path]:
    """Checkpoints of a run, oldest first."""
    return sorted((run / kept).glob("step-*"))


def what_is_kept(run: Path) -> str:
    """A sentence for a run that ends with an error."""
    found = checkpoints(run)
    if not found:
        return "No checkpoint was written yet."
    return f"The checkpoint of step {int(found[-1].name[5:])} is whole, and the same command goes on from it."


def load_newest(
    run: Path, kept: str = "checkpoints"
) -> tuple[dict[str, torch.Tensor], dict, list[DamagedError]] | None:
    """The newest whole checkpoint and what was wrong with newer ones; None where there is none at all.

    Raises CheckpointError when all are damaged, or the newest was written by a newer version."""
    damaged: list[DamagedError] = []
    for folder in reversed(checkpoints(run, kept)):
        try:
            return *load_checkpoint(folder), damaged
        except DamagedError as error:
            damaged.append(error)
    if damaged:
        raise CheckpointError(f"{damaged[0]} No older checkpoint is whole: train into another folder.")
    return None


def load_checkpoint(folder: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """-> tensors (CPU), what state.json says. DamagedError when a file is missing or damaged, CheckpointError when
    a newer version wrote it."""
    try:
        about = json.loads((folder / "state.json").read_text())
        if about.get("version", 1) > VERSION:
            raise CheckpointError(
                f"{folder}: has version {about['version']} and needs a newer gan-train; this one reads version "
                f"{VERSION}. Update the checkout."
            )
        int(about["step"])
        tensors = {}
        for name, digest in about["shards"].items():
            if Path(name).name != name:
                raise DamagedError(f"{folder}/state.json: shards: {name!r} points outside the checkpoint.")
            data = (folder / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != digest:
                raise DamagedError(f"{folder / name}: is damaged or cut off.")
            tensors.update(load(data))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise DamagedError(f"{folder}: cannot be read ({error!r}).") from error
    return tensors, about


def set_aside(run: Path, after: int) -> None:
    """Rename the damaged checkpoints of steps beyond `after`, so that they are not counted as kept ones."""
    for folder in checkpoints(run):
        if int(folder.name[5:]) > after:
            aside = folder.with_name(f"damaged-{folder.name}")
            shutil.rmtree(aside, ignore_errors=True)
            folder.rename(aside)


def _is_whole(folder: Path) -> bool:
    try:
        load_checkpoint(folder)
    except CheckpointError:
        return False
    return True


def _groups(tensors: dict[str, torch.Tensor]) -> list[list[str]]:
    groups, room = [[]], SHARD_BYTES
    for name, tensor in tensors.items():
        size = tensor.numel() * tensor.element_size() + 256
        if size > room and groups[-1]:
            groups.append([])
            room = SHARD_BYTES
        groups[-1].append(name)
        room -= size
    return groups


def _write(path: Path, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
