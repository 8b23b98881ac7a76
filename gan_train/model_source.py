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


@contextmanager
def open_model(source: Path, provider: str = "cpu") -> Iterator[Model]:
    """The model of a FILE.onnx, or of the newest checkpoint of a RUN; the temporary export is gone afterwards."""
    if source.is_dir():
        from .export import export_run  # torch and onnx: only where a run is opened

        with tempfile.TemporaryDirectory(prefix="gan-train-") as folder:
            path = Path(folder) / f"{source.resolve().name}.onnx"
            export_run(source, path)
            yield Model.load(path, provider)
    elif source.is_file():
        yield Model.load(source, provider)
    else:
        raise ModelError(f"{source}: no such run folder or .onnx file.")
