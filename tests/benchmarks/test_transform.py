"""What `gancube transform` costs at 1024 to 8192 px: seconds, and memory of a fresh process beyond the pictures.

Flat is what does not grow with the picture, beyond the bytes of what goes in and what comes out. 8192 px take minutes:
only where GANCUBE_BENCH_LARGE is set. GANCUBE_BENCH_MODEL names a generator of pictures; without, a tiny one is made.
"""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from blender_addon.engine import png
from blender_addon.engine.drawn_picture import drawn_picture
from blender_addon.engine.model import Model
from blender_addon.engine.pixels import to_uint8
from tests.tiny_picture import make_tiny_picture

SIZES = (1024, 2048, 4096) + ((8192,) if "GANCUBE_BENCH_LARGE" in os.environ else ())
MIB = 2**20


@pytest.mark.bench
def test_memory_and_seconds_by_size(tmp_path, capsys):
    path = Path(os.environ.get("GANCUBE_BENCH_MODEL") or make_tiny_picture(tmp_path / "tiny.onnx", depth=5))
    card = Model.load(path, "cpu", verify=False).card
    tile = to_uint8(drawn_picture(3, 3, 512).transpose(1, 2, 0))
    with capsys.disabled():
        print(f"\n{card.name}, x{card.scale}: peak memory of the process, and of that the pictures, in MiB")
        for size in SIZES:
            pixels = np.tile(tile, (size // 512, size // 512, 1))
            (tmp_path / "in.png").write_bytes(png.encode(pixels))
            peak, seconds = run(path, tmp_path)
            pictures = pixels.nbytes + card.channels * (size * card.scale) ** 2
            print(
                f"{size:5} px: {peak / MIB:6.0f}, {pictures / MIB:5.0f}, beyond them {(peak - pictures) / MIB:5.0f}; "
                f"{seconds:6.1f} s"
            )


def run(model: Path, folder: Path) -> tuple[int, float]:
    """(peak bytes, seconds) of a process that changes FOLDER/in.png."""
    command = [sys.executable, "-m", "blender_addon", "transform", str(folder / "in.png")]
    command += ["--model", str(model), "--out", str(folder / "out"), "--quiet", "--provider", "cpu"]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    kilobyte = 1 if sys.platform == "darwin" else 1024  # ru_maxrss is in bytes there
    return usage.ru_maxrss * kilobyte, time.perf_counter() - began
