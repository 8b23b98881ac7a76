"""Weights of a generator inside its ONNX file, and back: what a new run starts from. torch and onnx; nothing unpickled.

Before: export.py writes what `training_notes` says. After: a run that was started with `train --from`.

Most parameters stand in the graph under their own names. The exporter multiplies small ones with their constant scale
beforehand or stores equal ones once: for those the notes say which constant of the graph they are, and by what factor.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn

from blender_addon.engine.errors import ModelError
from blender_addon.engine.model import Model
from blender_addon.engine.onnx_file import read_onnx

from .errors import ConfigError
from .family import Family

NOTES_KEY = "gancube.training"  # metadata of the ONNX file; the engine ignores it
LARGEST_SETTING = 65536  # a file from a stranger shall not ask for networks without end
CLOSE = 1e-5  # relative difference of a constant and a parameter times a factor


def training_notes(module: nn.Module, graph: Path, plan: dict) -> str:
    """JSON for the metadata of a file whose graph, without card, lies at `graph`: the settings of the run `plan`, and
    where parameters are that have no constant of their own name."""
    constants = _constants(graph)
    found = {}
    for name, parameter in module.named_parameters():
        values = parameter.detach().numpy()
        if name in constants and np.array_equal(constants[name], values):
            continue
        if place := _find(values, constants):
            found[name] = place
    return json.dumps({"family": plan["family"], "config": plan["config"], "found": found})


def _find(values: np.ndarray, constants: dict[str, np.ndarray]) -> tuple[str, float] | None:
    """The constant that is `values` times a factor (nearest to 1 if there are several), None where there is none."""
    flat = values.ravel().astype(np.float64)
    top = int(np.abs(flat).argmax())
    candidates = []
    for name, constant in constants.items():
        if constant.size != flat.size or constant.dtype != np.float32 or not np.any(flat):
            continue
        factor = float(constant.ravel()[top] / flat[top])
        error = np.abs(constant.ravel() - factor * flat).max()
        if factor and error <= CLOSE * abs(factor) * np.abs(flat[top]):
            candidates.append((abs(np.log(abs(factor))), name, factor))
    return min(candidates)[1:] if candidates else None


def read_training_notes(path: Path) -> dict:
    """family, config and found of an ONNX file; ModelError where it has none, or wrong ones."""
    text = read_onnx(path).metadata.get(NOTES_KEY)
    if not text:
        raise ModelError(
            f"{path}: does not say how it was trained. Only files of gan-train export can be gone on from."
        )
    try:
        notes = json.loads(text)
        config, found = dict(notes["config"]), dict(notes["found"])
        numbers = [v for value in config.values() for v in (value if isinstance(value, list) else [value])]
        if any(isinstance(v, int) and abs(v) > LARGEST_SETTING for v in numbers if v is not True):
            raise ValueError("a setting is too large")
        places = {str(k): (str(name), float(factor)) for k, (name, factor) in found.items()}
        return {"family": str(notes["family"]), "config": config, "found": places}
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{path}: its training notes are damaged ({error}). Export it again.") from error


def start_from_file(family: Family, path: Path) -> int:
    """Copy the parameters of an exported generator into `family`, by name and shape. -> how many

    What hangs on the dataset (labels, materials) and what the file lacks (encoder, critics) stays as it was.
    """
    Model.load(path)  # checks the card, the graph and the test vector
    notes, constants = read_training_notes(path), _constants(path)
    tensors = {name: torch.from_numpy(values.copy()) for name, values in constants.items()}
    for name, (constant, factor) in notes["found"].items():
        if constant in tensors and factor:
            tensors[name] = tensors[constant] / factor
    return _copy(dict(family.deploy().module.named_parameters()), tensors, path)


def start_from_run(family: Family, run: Path) -> int:
    """Copy the parameters of the newest checkpoint of a run, averaged ones where there are, by name and shape."""
    from .run_folder import load_averaged

    other, _, _ = load_averaged(run)
    return _copy(dict(family.named_parameters()), dict(other.named_parameters()), run)


def _copy(targets: dict[str, torch.Tensor], sources: dict[str, torch.Tensor], origin: Path) -> int:
    copied = 0
    with torch.no_grad():
        for name, target in targets.items():
            source = sources.get(name)
            if source is not None and source.numel() == target.numel() and torch.isfinite(source).all():
                target.copy_(source.reshape(target.shape))
                copied += 1
    if copied * 2 < len(targets):
        raise ConfigError(
            f"{origin}: only {copied} of {len(targets)} tensors fit these settings. Leave out --preset and --set, "
            "so that the settings of the file are used."
        )
    return copied


def settings_of(source: Path, finetune: dict, known: type) -> dict:
    """The settings that a run from `source` (run folder or ONNX file) starts with: its own, then `finetune`."""
    if source.is_dir():
        from .run_folder import read_run

        config = read_run(source)["config"]
    else:
        config = read_training_notes(source)["config"]
    names = {f.name for f in dataclasses.fields(known)}
    if unknown := sorted(set(config) - names):
        raise ConfigError(f"{source}: has the setting {unknown[0]!r}, which this program does not know.")
    return {k: tuple(v) if isinstance(v, list) else v for k, v in {**config, **finetune}.items()}


def _constants(path: Path) -> dict[str, np.ndarray]:
    return {i.name: numpy_helper.to_array(i) for i in onnx.load(path).graph.initializer}
