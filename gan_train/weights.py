"""Weights of a generator in its ONNX file, and back: what another run starts from. torch and onnx; nothing unpickled.

Before: export.py writes what `training_notes` says. After: loop.py, in a run that was begun with `train --from`.

Most parameters stand in the graph under their own names. The exporter multiplies small ones with their constant scale
beforehand or stores equal ones once: for those the notes say which constant of the graph they are, and by what factor.
"""

from __future__ import annotations

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

from .checkpoint import load_newest
from .errors import CheckpointError, ConfigError
from .family import Family
from .run_folder import load_averaged, read_run

NOTES_KEY = "gancube.training"  # metadata of the ONNX file; the engine ignores it
LARGEST_SETTING = 65536  # a file from a stranger shall not ask for networks without end
CLOSE = 1e-5  # relative difference of a constant and a parameter times a factor


def training_notes(module: nn.Module, graph: Path, plan: dict, looks: dict[str, str]) -> str:
    """JSON for the metadata of a file whose graph lies at `graph`: the settings of the run `plan`, where parameters
    are that have no constant of their own name, and `looks`, the notes of the deployment."""
    constants = _constants(graph)
    found = {}
    for name, parameter in module.named_parameters():
        values = parameter.detach().numpy()
        if name in constants and np.array_equal(constants[name], values):
            continue
        if place := _find(values, constants):
            found[name] = place
    return json.dumps({"family": plan["family"], "config": plan["config"], "found": found, "looks": looks})


def looks_of(path: Path) -> dict[str, str]:
    """{"source": label, "target": label} of an ONNX file that makes one look into another; {} where it says nothing."""
    try:
        looks = json.loads(read_onnx(path).metadata.get(NOTES_KEY) or "{}").get("looks", {})
        return {key: str(looks[key]) for key in ("source", "target") if key in looks}
    except (ValueError, AttributeError, TypeError):
        return {}


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


class Base:
    """A run folder or an exported file that another run starts from: its settings, its weights, whose data it saw.

    Raises ModelError or CheckpointError for what is neither.
    """

    def __init__(self, path: Path):
        self.path = path
        if path.is_dir():
            plan, found = read_run(path), load_newest(path)
            if not found:
                raise CheckpointError(f"{path}: has no checkpoint yet. Train some steps first.")
            self.family, self.config = plan["family"], plan["config"]
            self.said = {"name": path.resolve().name, "step": found[1]["step"]}
            self.licences, self.authors = plan["provenance"]["licences"], plan["provenance"]["authors"]
            self.dataset = plan["dataset"]["sha256"]
        else:
            model = Model.load(path)  # checks the card, the graph and the test vector
            self.notes = _read_notes(path)
            self.family, self.config = self.notes["family"], self.notes["config"]
            self.said = {"name": model.card.name, "sha256": model.sha256}
            self.licences = model.card.provenance.licences
            self.dataset = model.card.provenance.dataset_sha256
            self.authors = list(model.card.provenance.authors)

    def start(self, family: Family) -> int:
        """Copy the parameters into `family` by name and shape. -> how many; ConfigError where most do not fit.

        What hangs on the dataset (labels, materials) and what a file lacks (encoder, critics) stays as it is.
        """
        if self.path.is_dir():
            other, _, _ = load_averaged(self.path)
            targets, sources = _weights(family), _weights(other)
        else:
            targets = dict(family.deploy().module.named_parameters())
            sources = {
                name: torch.from_numpy(values.copy()) for name, values in _constants(self.path).items()
            }
            for name, (constant, factor) in self.notes["found"].items():
                if constant in sources and factor:
                    sources[name] = sources[constant] / factor
        return _copy(targets, sources, self.path)


def _read_notes(path: Path) -> dict:
    """family, config and found of an ONNX file from anywhere; ModelError where it has none, or wrong ones."""
    text = read_onnx(path).metadata.get(NOTES_KEY)
    if not text:
        raise ModelError(
            f"{path}: has no training notes. --from takes run folders and files of gan-train export."
        )
    try:
        notes = json.loads(text)
        config, found = dict(notes["config"]), dict(notes["found"])
        numbers = [v for value in config.values() for v in (value if isinstance(value, list) else [value])]
        if any(isinstance(v, int) and abs(v) > LARGEST_SETTING for v in numbers):
            raise ValueError("a setting is too large")
        places = {str(k): (str(name), float(factor)) for k, (name, factor) in found.items()}
        return {"family": str(notes["family"]), "config": config, "found": places}
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{path}: its training notes are damaged ({error}). Export it again.") from error


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
            f"{origin}: only {copied} of {len(targets)} tensors fit these settings. Leave out --preset and --set: "
            "then the settings are those it was trained with."
        )
    return copied


def _weights(family: Family) -> dict[str, torch.Tensor]:
    """Parameters, and the means and variances that batch normalisation learned: an encoder is nothing without them."""
    learned = {
        name: b for name, b in family.named_buffers() if name.endswith((".running_mean", ".running_var"))
    }
    return {**dict(family.named_parameters()), **learned}


def _constants(path: Path) -> dict[str, np.ndarray]:
    return {i.name: numpy_helper.to_array(i) for i in onnx.load(path).graph.initializer}
