"""Checkpoints: dictionaries of tensors to and from folders of safetensors shards. Nothing is pickled.

    RUN/checkpoints/step-000012000/state.json          step, shard names with SHA-256, what the loop adds
                                   state-0001.safetensors ... each below 15 MiB

A checkpoint is written under a temporary name, synced and renamed: whenever the process dies, every folder
named step-* is whole. The two newest are kept.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path

import torch
from safetensors.torch import load, save

from .errors import CheckpointError

SHARD_BYTES = 14 * 2**20
KEEP = 2


def save_checkpoint(run: Path, step: int, tensors: dict[str, torch.Tensor], about: dict) -> Path:
    """Write RUN/checkpoints/step-NNN atomically; OSError (disk full) becomes CheckpointError, older ones stay."""
    folder = run / "checkpoints" / f"step-{step:09d}"
    partial = folder.with_name(f".partial-{os.getpid()}")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        shards = {}
        for i, group in enumerate(_groups(tensors)):
            name = f"state-{i + 1:04d}.safetensors"
            data = save({k: tensors[k].detach().cpu().contiguous() for k in group})
            _write(partial / name, data)
            shards[name] = hashlib.sha256(data).hexdigest()
        _write(
            partial / "state.json", json.dumps({"step": step, "shards": shards, **about}, indent=1).encode()
        )
        if folder.exists():
            shutil.rmtree(folder)
        partial.rename(folder)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise CheckpointError(
            f"{folder}: cannot be written ({error.strerror}). The checkpoint before it is whole."
        ) from error
    for old in checkpoints(run)[:-KEEP]:
        shutil.rmtree(old, ignore_errors=True)
    return folder


def checkpoints(run: Path) -> list[Path]:
    """Whole checkpoints of a run, oldest first."""
    return sorted((run / "checkpoints").glob("step-*"))


def load_checkpoint(folder: Path) -> tuple[dict[str, torch.Tensor], dict]:
    """-> tensors (CPU), what state.json says. CheckpointError when a shard is missing or damaged."""
    try:
        about = json.loads((folder / "state.json").read_text())
        tensors = {}
        for name, digest in about["shards"].items():
            if Path(name).name != name:
                raise CheckpointError(f"{folder}/state.json: shards: {name!r} points outside the checkpoint.")
            data = (folder / name).read_bytes()
            if hashlib.sha256(data).hexdigest() != digest:
                raise CheckpointError(
                    f"{folder / name}: damaged. Remove {folder} to go on from the one before it."
                )
            tensors.update(load(data))
    except (OSError, ValueError, KeyError) as error:
        raise CheckpointError(
            f"{folder}: cannot be read ({error}). Remove it to go on from the one before it."
        ) from error
    return tensors, about


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
