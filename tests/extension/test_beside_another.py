"""Two extensions with an onnxruntime each, in Blender's one folder of wheels: ours goes on working whatever happens."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from blender_addon.build_extension import ONNXRUNTIME

pytest.importorskip("bpy")
SCRIPT = Path(__file__).with_name("beside_another.py")
TIMEOUT = 1200  # seconds; fifteen on a machine that has nothing else to do
STAGES = ("alone", "both", "other disabled", "other enabled again", "other uninstalled")


# The other one's wheel: does it push ours out of the shared folder? Of two versions Blender unpacks the newer one,
# of two names both, one over the other.
WHEELS = {"onnxruntime-1.20.1": False, "onnxruntime-1.99.0": True, f"onnxruntime_gpu-{ONNXRUNTIME}": True}


@pytest.mark.parametrize("wheel", WHEELS)
def test_a_cube_at_every_stage(wheel, extension_zip, tmp_path):
    tiny = pytest.importorskip("tests.tiny", reason="making a model needs onnx")
    (tmp_path / "models").mkdir()
    tiny.make_tiny(tmp_path / "models" / "tiny.onnx")
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(tmp_path)}
    environment["GANCUBE_MODELS"] = str(tmp_path / "models")
    environment.pop("PYTHONPATH", None)
    command = [sys.executable, "-I", str(SCRIPT), wheel, str(extension_zip), str(tmp_path)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=TIMEOUT, env=environment, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert [found[stage]["result"] for stage in STAGES] == [["FINISHED"]] * len(STAGES)
    assert len({str(found[stage]["pictures"]) for stage in STAGES}) == 1, "other pictures"
    assert found["alone"]["shared is ours"] and found["both"]["shared is ours"] != WHEELS[wheel], found
    assert len(found["unpacked"]) == WHEELS[wheel] and found["left"] == []
