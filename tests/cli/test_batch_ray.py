"""`gancube batch --ray` on a cluster of two nodes on this machine, one of which dies in the middle. Needs Ray."""

import os
import subprocess
import sys
import time

import pytest

from blender_addon.engine import batch_report
from tests.tiny import make_tiny

ray = pytest.importorskip("ray")

COUNT = 8


@pytest.fixture
def cluster(checkout, monkeypatch):
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", str(checkout))
    found = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
    yield found
    found.shutdown()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # Ray's own
def test_a_node_that_dies_in_the_middle(cluster, checkout, tmp_path):
    second = cluster.add_node(num_cpus=1)
    make_tiny(tmp_path / "tiny.onnx")
    environment = {**os.environ, "PYTHONPATH": str(checkout), "GANCUBE_MODELS": str(tmp_path)}
    words = ["--model", "tiny", "--count", str(COUNT), "--size", "256", "--workers", "2", "--quiet"]
    command = [sys.executable, "-m", "blender_addon", "batch", *words]
    out = tmp_path / "ray"
    process = subprocess.Popen([*command, "--ray", cluster.address, "--out", str(out)], env=environment)
    try:
        end = time.monotonic() + 240
        while len(batch_report.read(out)) < 2:
            assert process.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        cluster.remove_node(second, allow_graceful=False)
        assert process.wait(180) == 0
    finally:
        process.kill()
        process.wait()
    lines = batch_report.read(out)
    assert len(lines) == COUNT and {line.status for line in lines.values()} == {"made"}
    # the same bytes as without a cluster
    assert subprocess.run([*command, "--out", str(tmp_path / "plain")], env=environment).returncode == 0
    for path in sorted(out.glob("*/*.glb")):
        assert path.read_bytes() == (tmp_path / "plain" / path.relative_to(out)).read_bytes()
