"""How the child process ends: no memory, a crash, no onnxruntime, nothing to do, Blender gone. Real processes."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from blender_addon.engine import client as client_module
from blender_addon.engine import until_closed
from blender_addon.engine.boot import RESTED
from blender_addon.engine.client import Client
from blender_addon.engine.surface_request import SurfaceRequest

PATIENCE = 600  # seconds; a child starts in one, on a machine that others keep busy in a hundred
linux = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    tiny = pytest.importorskip("tests.tiny", reason="making a model needs onnx")
    return str(tiny.make_tiny(tmp_path_factory.mktemp("models") / "tiny.onnx"))


@pytest.fixture
def make_client():
    made = []

    def make(*arguments, **options):
        made.append(Client(*arguments, **options))
        return made[-1]

    yield make
    for client in made:
        client.close()


def request(model_path, size=64):
    asked = SurfaceRequest(model=model_path, seed=3, size=size)
    options = {"provider": "cpu", "threads": 1, "blender": "5.0.1"}
    return {"do": "generate", "model": model_path, "asked": asdict(asked), **options}


def until(client, *ends):
    """The first header of one of these events."""
    deadline = time.monotonic() + PATIENCE
    heard = []
    while time.monotonic() < deadline:
        for header, _ in client.poll():
            heard.append(header)
            if header["event"] in ends:
                return header
        time.sleep(0.002)
    raise AssertionError(f"none of {ends} in {PATIENCE} s, but {heard}")


def generates(client, model_path):
    client.submit(request(model_path))
    return until(client, "done", "error", "died")["event"] == "done"


def gone(pid: int) -> bool:
    """No such process, not even a zombie."""
    return not Path(f"/proc/{pid}").exists()


def wait_for(condition, what):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s in vain for {what}"
        time.sleep(0.01)


# Out of memory


@linux
def test_too_large_for_the_memory_is_a_sentence_and_a_smaller_size_works(make_client, model_path):
    client = make_client()
    limited = "import os, resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))"
    client.command = [
        sys.executable,
        "-c",
        limited + "; os.execv(sys.argv[1], sys.argv[1:])",
        *client.command,
    ]
    client.submit(request(model_path, size=8192))
    error = until(client, "error", "died", "done")
    assert error["event"] == "error" and "memory" in error["message"]
    process = client.child.process
    assert generates(client, model_path) and client.child.process is process


@linux
def test_where_memory_runs_out_the_system_takes_the_child_first(make_client, model_path):
    client = make_client()
    assert generates(client, model_path)
    ours, theirs = (
        int(Path(f"/proc/{pid}/oom_score_adj").read_text()) for pid in ("self", client.child.process.pid)
    )
    assert theirs == max(ours, 500)


# Crashes


@pytest.mark.skipif(sys.platform == "win32", reason="no signals there")
def test_a_model_that_crashes_it_is_told_and_the_next_request_works(make_client, model_path):
    """A generator's native code reads where nothing is: only with the model that does that."""
    code = (
        "import ctypes, os, sys; sys.path.insert(0, os.getcwd())\n"
        "from blender_addon.engine import worker\n"
        "well = worker.generate\n"
        "worker.generate = lambda m, r, *rest: ctypes.string_at(0) if r.size == 96 else well(m, r, *rest)\n"
        "worker.main(300.0)\n"
    )
    client = make_client()
    client.command = [sys.executable, "-c", code]
    client.submit(request(model_path, size=96))
    died = until(client, "died", "done", "error")
    assert died["event"] == "died" and f"signal {int(signal.SIGSEGV)}" in died["message"]
    assert died["message"].endswith("Press the button again to start a new one")
    assert generates(client, model_path)


# No onnxruntime


def broken_onnxruntime(folder: Path) -> Path:
    (folder / "onnxruntime" / "capi").mkdir(parents=True)
    (folder / "onnxruntime" / "__init__.py").write_text(
        '__version__ = "1.31.1"\nraise ImportError("libsomething.so.7: cannot open shared object file")\n'
    )
    (folder / "onnxruntime" / "capi" / "onnxruntime_pybind11_state.so").write_bytes(b"")
    return folder


def test_an_onnxruntime_that_cannot_be_imported_is_a_sentence(make_client, model_path, tmp_path):
    folder = broken_onnxruntime(tmp_path / "site")
    client = make_client(search=[str(folder)])
    client.submit(request(model_path))
    died = until(client, "died", "done", "error")
    assert died["message"].startswith("onnxruntime cannot be loaded (libsomething.so.7: cannot open")
    assert "'Python for Generation'" in died["message"] and "pip" not in died["message"]
    (folder / "onnxruntime" / "__init__.py").unlink()
    client.submit(request(model_path))
    assert "has no onnxruntime" in until(client, "died", "done", "error")["message"]


def test_a_python_without_numpy_is_a_sentence(make_client, model_path):
    client = make_client()
    client.command.insert(1, "-S")  # no site-packages
    client.submit(request(model_path))
    message = until(client, "died", "done", "error")["message"]
    assert "cannot load what the generator needs (No module named 'numpy')" in message
    assert sys.executable in message and "'Python for Generation'" in message


# Nothing to do


def test_it_ends_by_itself_after_a_while_and_the_next_request_starts_another(make_client, model_path):
    client = make_client(idle=0.3)
    assert generates(client, model_path)
    process = client.child.process
    assert process.wait(PATIENCE) == RESTED
    wait_for(lambda: client.child.ended >= client.child.sent, "the listener")
    assert client.poll() == [], "a child that went to rest is nothing to tell"
    assert not client.alive
    assert generates(client, model_path) and client.child.process is not process
    # also with nobody polling in between
    client.child.process.wait(PATIENCE)
    assert generates(client, model_path)


def test_a_request_that_meets_a_child_going_to_rest_is_sent_again(make_client, model_path, tmp_path):
    """It is already on its way out when the request comes: the first start of this command only."""
    first = tmp_path / "first"
    code = (
        "import json, os, sys\n"
        f"if not os.path.exists({str(first)!r}):\n"
        f"    open({str(first)!r}, 'w').close(); sys.stdin.buffer.read(30); os._exit({RESTED})\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    client = make_client()
    client.command = [sys.executable, "-c", code, *client.command]
    assert generates(client, model_path) and first.exists()


def test_a_cancelled_request_is_not_sent_again(make_client, model_path):
    client = make_client()
    client.command = [sys.executable, "-c", f"import sys; sys.stdin.buffer.read(30); sys.exit({RESTED})"]
    client.submit(request(model_path))
    child = client.child
    client.cancel()
    child.process.wait(PATIENCE)
    child.listener.join(PATIENCE)
    assert client.poll() == [] and client.child is child


def test_it_waits_minutes_not_seconds():
    assert 60 <= client_module.IDLE <= 900


# Blender gone

PARENT = """
import os, sys, time
sys.path.insert(0, os.getcwd())
from blender_addon.engine.client import Client
from tests.engine.test_child_process import request
client = Client()
client.submit(request(sys.argv[1], size=int(sys.argv[2])))
while "image" not in [header["event"] for header, _ in client.poll()]:
    time.sleep(0.002)
print(client.child.process.pid, flush=True)
if sys.argv[3] == "quits":
    sys.exit()
time.sleep(600)
"""


@linux
@pytest.mark.parametrize("size", [64, 1024], ids=["idle", "in the middle of a run"])
@pytest.mark.parametrize("how", ["crashes", "quits"])
def test_no_child_is_left_when_blender_is_gone(checkout, model_path, how, size):
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, model_path, str(size), how], cwd=checkout, stdout=subprocess.PIPE
    )
    with parent.stdout as out:
        pid = int(out.readline())
    if how == "crashes":
        parent.kill()
    assert parent.wait(PATIENCE) == (-signal.SIGKILL if how == "crashes" else 0)
    # nobody is left who could reap it but the system
    wait_for(lambda: gone(pid) or state(pid) == "Z", "the end of the child")


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


@linux
def test_stopping_leaves_no_zombie(make_client, model_path):
    client = make_client()
    pids = []
    for end in (client.close, client.kill, lambda: os.kill(pids[-1], signal.SIGKILL)):
        assert generates(client, model_path)
        pids.append(client.child.process.pid)
        end()
        wait_for(lambda: gone(pids[-1]), "the end of the child")


SLEEPER = "import os, sys, time; print(os.getpid(), flush=True); time.sleep(600)"
STARTER = "import subprocess, time; p = subprocess.Popen({command}, stdin=subprocess.PIPE); time.sleep(600)"


@linux
@pytest.mark.parametrize("words", [["sleeper.py"], ["-m", "sleeper"]], ids=["script", "module"])
def test_what_runs_until_closed_ends_when_blender_is_gone(tmp_path, words):
    """Baking, previews and gan-train: they have no pipe with messages, but one."""
    (tmp_path / "sleeper.py").write_text(SLEEPER)
    command = [sys.executable, until_closed.__file__, *words]
    parent = subprocess.Popen(
        [sys.executable, "-c", STARTER.format(command=command)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
    )
    with parent.stdout as out:
        pid = int(out.readline())
        assert not gone(pid)
        parent.kill()
        parent.wait(PATIENCE)
    wait_for(lambda: gone(pid) or state(pid) == "Z", "the end of the child")
