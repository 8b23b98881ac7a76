"""A run to one ONNX file with its card inside.

Before: loop.py (the run). After: parity.py proves it; blender_addon.engine.model runs the file.
"""

from __future__ import annotations

import base64
import contextlib
import dataclasses
import io
import logging
import subprocess
import tempfile
import warnings
from importlib import metadata
from pathlib import Path

import numpy as np
import onnx
import torch

from blender_addon.engine import thumbnail
from blender_addon.engine.card import (
    CARD_KEY,
    Card,
    MapSpec,
    Output,
    Preview,
    Provenance,
    TestVector,
    dump_card,
    input_of,
)
from blender_addon.engine.files import atomic_path
from blender_addon.engine.latents import draw
from blender_addon.engine.model import Model
from blender_addon.engine.onnx_file import write_metadata
from blender_addon.engine.pooling import POOLED, pooled
from blender_addon.engine.preview import LEAST, fidelity

from .errors import ConfigError
from .family import Deployment, Family
from .kept_graph import kept_graph
from .machine import history_of, told
from .parity import check_parity, style_inputs
from .progress import say
from .run_folder import load_averaged
from .weights import NOTES_KEY, training_notes

OPSET = 20
KEPT = {"last": "checkpoints", "best": "best"}  # folder in a run
CELLS, LARGEST = 64, 16384  # batch or cells of a field, pixels of a picture, that the exporter is told of
LOOKED_AT = 8  # labels, evenly spread, whose previews are compared with their textures


def export_run(
    run: str | Path,
    out: str | Path,
    name: str | None = None,
    summary: str | None = None,
    measures: dict | None = None,
    checkpoint: str = "last",
    direction: str | None = None,
) -> Path:
    """Write a checkpoint of `run`, "last" or "best" (averaged weights), to `out`, an .onnx file; whole or not at all.

    `name`: how users call the model (default: the file's name). `measures` go into the card's provenance. `direction`:
    which of Family.directions, where a run has several generators (default: the first). Raises CheckpointError,
    ConfigError, OutputError, and TrainingError when the file computes something else than torch.
    """
    out = Path(out)
    family, plan, about = load_averaged(run, KEPT[checkpoint])
    deployment = deployment_of(family, direction)
    labels = plan["domain"]["labels"]
    card = Card(
        schema=1,
        name=name or out.stem,
        summary=summary or deployment.summary or _summary(labels, deployment.tileable),
        family=plan["family"],
        inputs=tuple(input_of(fields) for fields in deployment.inputs),
        output=Output(**{k: tuple(v) if isinstance(v, list) else v for k, v in deployment.output.items()}),
        maps=_specs(deployment.maps),
        tileable=deployment.tileable,
        pixels_per_metre=deployment.pixels_per_metre,
        provenance=Provenance(
            dataset=plan["dataset"]["name"],
            dataset_sha256=plan["dataset"]["sha256"],
            licences=plan["provenance"]["licences"],
            authors=tuple(plan["provenance"]["authors"]),
            steps=about["step"],
            commit=_commit(),
            versions={p: metadata.version(p) for p in ("onnx", "onnxscript")} | told(history_of(about)),
            measures=measures or {},
        ),
        test_vector=_no_vector(deployment.output["shape"][1]),
        preview=_preview(deployment),
    )
    with atomic_path(out) as partial, tempfile.TemporaryDirectory(prefix="gan-train-") as folder:
        bare = Path(folder) / "bare.onnx"
        kept_graph(Path(run), deployment, plan, bare, write_graph)
        notes = {NOTES_KEY: training_notes(deployment.module, bare, plan, deployment.notes)}
        write_metadata(bare, partial, {CARD_KEY: dump_card(card), **notes})
        model = Model.load(partial, provider="cpu", verify=False)
        check_parity(model, deployment)
        if card.preview and (near := worst_preview(model)) < LEAST:
            say(
                f"exported without a preview: it shows something else (PSNR {near:.1f} dB, at least {LEAST:g})"
            )
            card = dataclasses.replace(card, preview=None)
        picture = base64.b64encode(thumbnail.make(model)).decode()
        card = dataclasses.replace(card, test_vector=_vector(model), thumbnail=picture)
        write_metadata(bare, partial, {CARD_KEY: dump_card(card), **notes})
    return out


def deployment_of(family: Family, direction: str | None) -> Deployment:
    """What `family` deploys, of the `direction` that is asked for; ConfigError where it has no such."""
    if direction is None:
        return family.deploy()
    if direction not in family.directions:
        there = (
            f"There are: {', '.join(family.directions)}." if family.directions else "It has one generator."
        )
        raise ConfigError(f"--direction {direction}: this run does not have it. {there}")
    return family.deploy(direction)


def write_graph(deployment: Deployment, path: Path) -> None:
    """The module as ONNX, opset 20, float32, weights inside, batch and size free."""
    shapes = _symbolic_shapes(deployment)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()), _quiet():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            deployment.module,
            tuple(deployment.feeds.values()),
            dynamo=True,
            external_data=False,
            opset_version=OPSET,
            dynamic_shapes=shapes,
            input_names=list(deployment.feeds),
            output_names=_output_names(deployment),
        )
    program.save(str(path), external_data=False)
    forget_the_machine(path)
    give_defaults(path, deployment)


def _output_names(deployment: Deployment) -> list[str]:
    """In the order in which the module gives them."""
    styles = (one["returns"] for one in style_inputs(deployment))
    return [deployment.output["name"], *styles, *([deployment.preview["name"]] if deployment.preview else ())]


def _symbolic_shapes(deployment: Deployment) -> dict[str, dict[int, torch.export.Dim]]:
    """A picture's sides are so many times a free number, which the exporter must be told."""
    times = {one["name"]: one.get("multiple_of", 1) for one in deployment.inputs if one["kind"] == "image"}
    symbols = {}
    for name, axes in deployment.dynamic.items():
        for axis, s in axes.items():
            most = LARGEST // times[name] if axis and name in times else CELLS
            symbols.setdefault(s, torch.export.Dim(s, min=1, max=most))
    return {
        name: {
            axis: times[name] * symbols[s] if axis and times.get(name, 1) > 1 else symbols[s]
            for axis, s in axes.items()
        }
        for name, axes in deployment.dynamic.items()
    }


def give_defaults(path: Path, deployment: Deployment) -> None:
    """Initialisers for styles and their switches, all zero: who does not feed them gets what the latent draws."""
    model = onnx.load(path)
    for one in style_inputs(deployment):
        for name, axes in ((one["name"], 3), (one["switch"], 2)):
            zeros = np.zeros((1, *one["shape"][1:axes]), np.float32)
            model.graph.initializer.append(onnx.numpy_helper.from_array(zeros, name))
    onnx.save(model, path)


def forget_the_machine(path: Path) -> None:
    """Take the exporter's notes out of the file: stack traces with the paths of the machine that trained."""
    model = onnx.load(path)
    graph = model.graph
    for item in (graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        item.ClearField("metadata_props")
        item.ClearField("doc_string")
    onnx.save(model, path)


def worst_preview(model: Model) -> float:
    """PSNR in decibels of the preview that is farthest from its texture, of a few labels."""
    labels = model.card.labels or (None,)
    some = np.linspace(0, len(labels) - 1, min(len(labels), LOOKED_AT)).astype(int)
    return min(fidelity(model, model.card.test_vector.seed, labels[i]) for i in some)


def _preview(deployment: Deployment) -> Preview | None:
    if deployment.preview is None:
        return None
    return Preview(**{**deployment.preview, "maps": _specs(deployment.preview["maps"])})


def _specs(maps: list[dict]) -> tuple[MapSpec, ...]:
    return tuple(MapSpec(one["name"], tuple(one["channels"]), one["colorspace"]) for one in maps)


def _summary(labels: list[str], tileable: bool) -> str:
    kinds = f"{len(labels)} kinds" if len(labels) > 1 else "one texture, endless" if tileable else "one kind"
    return f"{kinds}: {', '.join(labels)}"[:200]


def _no_vector(channels: int) -> TestVector:
    zeros = (0.0,) * (64 * channels)
    return TestVector(1, POOLED, zeros, zeros, 1e-3, 2e-2)


def _vector(model: Model) -> TestVector:
    vector = model.card.test_vector
    mean, std = pooled(model.run_raw(draw(model.card, vector.seed))[0])
    rounded = [tuple(round(float(v), 6) for v in values) for values in (mean, std)]
    return dataclasses.replace(vector, mean=rounded[0], std=rounded[1])


def _commit() -> str:
    """The commit of the checkout that trained, or "" outside one."""
    try:
        here = Path(__file__).parent
        asked = subprocess.run(
            ["git", "-C", str(here), "rev-parse", "HEAD"], capture_output=True, text=True, timeout=10
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return asked.stdout.strip() if asked.returncode == 0 else ""


@contextlib.contextmanager
def _quiet():
    """The exporter logs each missing torchvision and each rewritten graph; errors still come through."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "onnxscript", "onnx_ir", "torch.export")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
