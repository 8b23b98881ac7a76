"""The graph of a run's newest export, kept in RUN/graphs: what is sampled, measured and exported is translated once.

Translating a generator that lays materials out takes a minute; its weights decide whether that can be left out, with
the code and torch that did it. Before: Family.deploy. Next: export.py, which checks it against torch in any case.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import torch

from blender_addon.engine.errors import OutputError
from blender_addon.engine.files import write_atomic

from .family import Deployment

FOLDER = "graphs"
MOST = 4  # of them: both directions of the last and of the best checkpoint


def kept_graph(
    run: Path, deployment: Deployment, plan: dict, path: Path, write: Callable[[Deployment, Path], None]
) -> None:
    """Puts the graph of `deployment` at `path`: the one that is kept, or else what `write` writes, which is kept then.

    `plan`: of the run. A run folder that takes no more files is no fault: nothing is kept.
    """
    key = key_of(deployment, plan)
    for kept in (run / FOLDER).glob(f"{key}-*.onnx"):
        data = kept.read_bytes()
        if kept.stem.endswith(hashlib.sha256(data).hexdigest()[:16]):
            path.write_bytes(data)
            return
    write(deployment, path)
    data = path.read_bytes()
    with contextlib.suppress(OSError, OutputError):
        (run / FOLDER).mkdir(exist_ok=True)
        write_atomic(run / FOLDER / f"{key}-{hashlib.sha256(data).hexdigest()[:16]}.onnx", data)
        newest_last = sorted((run / FOLDER).glob("*.onnx"), key=lambda file: file.stat().st_mtime)
        for old in newest_last[:-MOST]:
            old.unlink()


def key_of(deployment: Deployment, plan: dict) -> str:
    """Of all that decides what the graph is: 32 hexadecimal digits."""
    found = hashlib.sha256(f"{torch.__version__} {json.dumps(plan, sort_keys=True)}".encode())
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        found.update(file.read_bytes())
    for name, value in [*deployment.module.named_parameters(), *deployment.module.named_buffers()]:
        found.update(f"{name} {tuple(value.shape)} {value.dtype}".encode())
        found.update(value.detach().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    shapes = {name: tuple(feed.shape) for name, feed in deployment.feeds.items()}
    found.update(
        repr((deployment.inputs, deployment.output, deployment.maps, deployment.preview, shapes)).encode()
    )
    return found.hexdigest()[:32]
