"""Opens what `sample` and `measure` are given, a RUN folder or a FILE.onnx, as an engine model; no torch of its own.

A run is exported to a temporary file first: whatever is looked at or measured has gone through the same door as what
ships. Next stations: sample.py, picture_sets.py.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blender_addon.engine.errors import ModelError
from blender_addon.engine.model import Model

from .progress import say


@contextmanager
def open_model(
    source: Path, provider: str = "cpu", checkpoint: str = "last", direction: str | None = None
) -> Iterator[Model]:
    """The model of a FILE.onnx, or of the last or best checkpoint of a RUN; the temporary export is gone afterwards."""
    if source.is_dir():
        from .export import export_run  # torch and onnx: only where a run is opened

        tell_export(source, checkpoint)
        with tempfile.TemporaryDirectory(prefix="gan-train-") as folder:
            path = Path(folder) / f"{source.resolve().name}.onnx"
            export_run(source, path, checkpoint=checkpoint, direction=direction)
            yield Model.load(path, provider)
    elif source.is_file():
        if checkpoint != "last":
            raise ModelError(
                f"{source}: a file has no checkpoints. Leave --checkpoint out, or give the run folder."
            )
        if direction is not None:
            raise ModelError(
                f"{source}: a file has one direction. Leave --direction out, or give the run folder."
            )
        yield Model.load(source, provider)
    else:
        raise ModelError(f"{source}: no such run folder or .onnx file.")


def tell_export(run: Path, checkpoint: str) -> None:
    """What takes up to a minute, on standard error; nothing where there is no checkpoint: export says that."""
    from .checkpoint import checkpoints  # torch, as export
    from .export import KEPT

    if found := checkpoints(run, KEPT[checkpoint]):
        say(f"exporting step {int(found[-1].name[5:])} of {run} ...")
