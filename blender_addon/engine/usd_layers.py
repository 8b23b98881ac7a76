"""The layers inside a USD file as trees, whatever its form: .usda, .usdz, and with Pixar's library binary ones.

Previous station: a file from anywhere. Next: usda_reader.py. Standard library; `pxr` (package usd-core) only for .usdc,
where it is installed. Never bpy, whose wheel does not bring it.
"""

import tempfile
from pathlib import Path

from .errors import RecipeError
from .usdz import contents

MAX_BYTES = 4 * 2**30
SUFFIXES = (".usda", ".usdc", ".usd")
BINARY = b"PXR-USDC"


def root_layer(data: bytes) -> tuple[str, dict[str, tuple[int, bytes]]]:
    """(text of the root layer, the files of the package or {})."""
    files: dict[str, tuple[int, bytes]] = {}
    if data[:2] == b"PK":
        files = contents(data)
        name = next(iter(files), "")
        if Path(name).suffix.lower() not in SUFFIXES:
            raise RecipeError(f"the first file in the USDZ is {name[:100]!r}, not a layer of USD.")
        data = files[name][1]
    if data.startswith(BINARY):
        return binary_as_text(data), files
    try:
        return data.decode("utf-8"), files
    except UnicodeDecodeError as error:
        raise RecipeError("is not a USD file, or a damaged one.") from error


def binary_as_text(data: bytes) -> str:
    try:
        from pxr import Sdf, Tf
    except ImportError as error:
        raise RecipeError(
            "is a binary USD, which is read through Pixar's library. Install it (`pip install usd-core`)."
        ) from error
    with tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        path = Path(folder) / "layer.usdc"
        path.write_bytes(data)
        try:
            layer = Sdf.Layer.OpenAsAnonymous(str(path))
        except Tf.ErrorException as error:
            raise RecipeError("is a binary USD that is damaged.") from error
        if layer is None:
            raise RecipeError("is a binary USD that is damaged.")
        return layer.ExportToString()
