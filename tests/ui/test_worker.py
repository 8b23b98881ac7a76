"""The child process as the panel uses it: real processes, a real tiny model. No bpy."""

import io
import os
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

from blender_addon.engine import client as client_module
from blender_addon.engine import pipe, png
from blender_addon.engine.client import BOOT, Client
from blender_addon.engine.errors import WorkerError
from blender_addon.engine.model import Model
from blender_addon.engine.pixels import icon, to_uint8
from blender_addon.engine.recipe import loads
from blender_addon.engine.surface_request import SurfaceRequest

SETTING = '{"search": null, "user_folder": null, "last": [], "idle": 300.0}'
PATIENCE = 600  # seconds; a child starts in one, on a machine that others keep busy in a hundred


@pytest.fixture(scope="module")
def model_path(tmp_path_factory):
    tiny = pytest.importorskip("tests.tiny", reason="making a model needs onnx")
    return str(tiny.make_tiny(tmp_path_factory.mktemp("models") / "tiny.onnx", maps=("base_color", "height")))


@pytest.fixture
def client():
    client = Client()
    yield client
    client.close()


def generate(model_path, size=64, **asked):
    cube = SurfaceRequest(model=model_path, seed=3, size=size, **asked)
    options = {"provider": "cpu", "threads": 1, "blender": "5.0.1"}
    return {"do": "generate", "model": model_path, "asked": asdict(cube), **options}


def events_until(client, *ends):
    """All events up to the first of `ends`."""
    heard, deadline = [], time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        for header, blob in client.poll():
            heard.append((header, blob))
            if header["event"] in ends:
                return heard
        time.sleep(0.002)
    raise AssertionError(f"none of {ends} in {PATIENCE} s, but {[header for header, _ in heard]}")


def test_six_faces_equal_those_made_in_this_process(client, model_path):
    client.submit(generate(model_path, label="moss"))
    heard = events_until(client, "done", "error", "died")
    assert [header["event"] for header, _ in heard] == ["ready", "loaded"] + ["image"] * 6 + ["done"]
    recipe = loads(heard[-1][0]["recipe"])
    assert recipe.seed == 3 and recipe.label == "moss" and recipe.versions["blender"] == "5.0.1"
    model = Model.load(model_path, provider="cpu", threads=1)
    for index, (header, blob) in enumerate(heard[2:8]):
        texture = model.render(recipe.face_seeds[index], "moss", 64)
        assert (header["index"], header["seed"], header["label"]) == (index, recipe.face_seeds[index], "moss")
        assert list(header["maps"]) == ["base_color", "height"]
        start = 0
        for name, length in header["maps"].items():
            pixels, text = png.decode(blob[start : start + length])
            assert (pixels == to_uint8(texture.maps[name])).all()
            assert text == {"gancube": heard[-1][0]["recipe"]}
            start += length
        assert blob[start:] == icon(texture.maps) and len(blob[start:]) == header["icon"]


def test_a_preview_of_a_face_equals_one_made_in_this_process(client, tmp_path):
    """Smaller, and flat: relief that the preview lacks would be another texture's."""
    tiny = pytest.importorskip("tests.tiny", reason="making a model needs onnx")
    path = str(tiny.make_tiny(tmp_path / "m.onnx", maps=("base_color", "roughness", "height"), preview=True))
    client.submit({**generate(path, label="moss"), "only": [2, 0], "preview": True})
    heard = events_until(client, "done", "error", "died")
    assert [header["event"] for header, _ in heard] == ["ready", "loaded", "image", "image", "done"]
    model = Model.load(path, provider="cpu", threads=1)
    for index, (header, blob) in zip((2, 0), heard[2:4], strict=True):
        texture = model.render(header["seed"], "moss", 64, preview=True)
        assert (
            header["index"] == index
            and header["preview"]
            and list(header["maps"]) == ["base_color", "height"]
        )
        first = header["maps"]["base_color"]
        assert (png.decode(blob[:first])[0] == to_uint8(texture.maps["base_color"])).all()
        relief = png.decode(blob[first : first + header["maps"]["height"]])[0]
        assert relief.shape[:2] == (16, 16) and (relief == 128).all()


def test_a_generator_without_previews_says_so_and_goes_on(client, model_path):
    client.submit({**generate(model_path), "preview": True})
    error, _ = events_until(client, "done", "error", "died")[-1]
    assert error["event"] == "error" and "has no preview" in error["message"]
    client.submit(generate(model_path))
    heard = events_until(client, "done", "error", "died")
    assert heard[-1][0]["event"] == "done" and not any(header.get("preview") for header, _ in heard)


def test_submit_and_poll_do_not_wait(client, model_path):
    client.start()
    os.kill(client.child.process.pid, signal.SIGSTOP)  # whoever waited for the child would wait for ever
    client.submit(generate(model_path))
    assert client.poll() == []
    os.kill(client.child.process.pid, signal.SIGCONT)
    events_until(client, "done")


def test_a_second_request_finds_the_model_loaded(client, model_path):
    client.submit(generate(model_path))
    events_until(client, "done")
    process = client.child.process
    client.submit(generate(model_path))
    heard = events_until(client, "done")
    assert client.child.process is process
    loaded = next(header for header, _ in heard if header["event"] == "loaded")
    assert loaded["seconds"] < 0.05


@pytest.mark.skipif(
    not hasattr(os, "getpriority"), reason="Windows sets the priority when it starts the child"
)
def test_the_child_lets_blender_go_first(client, model_path):
    client.submit(generate(model_path))
    events_until(client, "done", "error")
    ours = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, client.child.process.pid) == min(ours + 5, 19)


def test_load_and_check_report_the_test_vector(client, model_path):
    client.submit({"do": "load", "model": model_path, "provider": "cpu", "threads": 1})
    (loaded, _) = events_until(client, "done", "error")[-2]
    client.submit({"do": "check"})
    (checked, _) = events_until(client, "done", "error")[-2]
    assert loaded["check"]["ok"] and checked["check"] == loaded["check"]


@pytest.mark.parametrize(
    ("change", "kind", "words"),
    [
        ({"model": "/nowhere/none.onnx"}, "ModelError", "none.onnx"),
        ({"provider": "quantum"}, "ProviderError", "quantum"),
        ({"do": "dance"}, "GanCubeError", "dance"),
    ],
)
def test_an_error_is_a_sentence_and_the_child_lives_on(client, model_path, change, kind, words):
    client.submit({**generate(model_path), **change})
    (error, _) = events_until(client, "error", "done", "died")[-1]
    assert (error["event"], error["kind"]) == ("error", kind) and words in error["message"]
    client.submit(generate(model_path))
    assert events_until(client, "done", "error", "died")[-1][0]["event"] == "done"


def test_a_bad_size_is_refused_by_the_engine(client, model_path):
    client.submit(generate(model_path, size=65))
    (error, _) = events_until(client, "error", "done", "died")[-1]
    assert error["kind"] == "RequestError" and "64 or 80" in error["message"]


def test_cancel_stops_before_the_next_face(client, model_path):
    client.submit(generate(model_path, size=512))
    events_until(client, "image")
    process = client.child.process
    client.cancel()
    assert client.poll() == []
    deadline = time.monotonic() + PATIENCE
    while client.child.ended < client.child.sent and time.monotonic() < deadline:
        time.sleep(0.01)
    assert client.poll() == [], "nothing is heard of a cancelled request"
    client.submit(generate(model_path))
    assert events_until(client, "done", "error", "died")[-1][0]["event"] == "done"
    # a child that was slow to stop is killed, one that stopped is kept: both are right
    assert client.child.process is process or process.returncode is not None


def test_a_child_that_does_not_stop_is_killed(model_path, monkeypatch, tmp_path):
    monkeypatch.setattr(client_module, "GRACE", 0.1)
    deaf = tmp_path / "deaf.py"
    deaf.write_text("import time\ntime.sleep(600)\n")
    client = Client()
    client.command = [sys.executable, str(deaf)]
    client.submit({"do": "generate"})
    process = client.child.process
    client.cancel()
    assert process.wait(PATIENCE) == -signal.SIGKILL
    client.close()


def test_a_request_while_another_runs_replaces_the_child(client, model_path):
    client.submit(generate(model_path, size=512))
    events_until(client, "image")
    process = client.child.process
    client.submit(generate(model_path))
    heard = events_until(client, "done", "error", "died")
    assert [header["event"] for header, _ in heard].count("image") == 6
    assert heard[-1][0]["event"] == "done" and process.returncode is not None


def test_death_in_the_middle_is_told_and_the_next_request_works(client, model_path):
    client.submit(generate(model_path, size=512))
    events_until(client, "image")
    client.child.process.kill()
    (died, _) = events_until(client, "died")[-1]
    assert "signal 9" in died["message"] and "again" in died["message"]
    client.submit(generate(model_path))
    assert events_until(client, "done", "error", "died")[-1][0]["event"] == "done"


def test_a_mistake_of_ours_in_the_child_is_not_silent(client, model_path):
    message = generate(model_path)
    message["asked"]["sides"] = 7
    client.submit(message)
    (died, _) = events_until(client, "died", "done")[-1]
    assert "code 1" in died["message"] and "sides" in died["message"]


def test_an_interpreter_that_is_not_there_is_a_worker_error():
    with pytest.raises(WorkerError, match="Python for Generation"):
        Client("/nowhere/python").submit({"do": "check"})


def test_garbage_from_the_child_is_told_not_believed(tmp_path):
    script = tmp_path / "garbage.py"
    script.write_text("import sys, time\nprint('Hello from a library' * 9, flush=True)\ntime.sleep(600)\n")
    client = Client()
    client.command = [sys.executable, str(script)]
    client.submit({"do": "generate"})
    (died, _) = events_until(client, "died")[-1]
    assert "no message of ours" in died["message"] and "Hello" in died["message"]
    client.close()


def child_process(*command):
    ends = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        command or [sys.executable, "-I", str(BOOT), SETTING], cwd=BOOT.parents[2], **ends
    )


def test_garbage_to_the_child_ends_it():
    _, err = (process := child_process()).communicate(b"GET / HTTP/1.1\r\n\r\n", PATIENCE)
    assert process.returncode == 3 and b"no message of ours" in err


def test_end_of_input_ends_it():
    process = child_process()
    header, _ = pipe.read(process.stdout)
    assert header["event"] == "ready" and set(header["versions"]) == {"numpy", "onnxruntime"}
    assert process.communicate(b"", PATIENCE) == (b"", b"")
    assert process.returncode == 0


def test_end_of_input_ends_it_in_the_middle_of_a_run(model_path):
    process = child_process()
    pipe.write(process.stdin, {**generate(model_path, size=512), "id": 1})
    while pipe.read(process.stdout)[0]["event"] != "image":
        pass
    process.stdin.close()
    rest = list(iter(lambda: pipe.read(process.stdout), None))
    assert "done" not in [header["event"] for header, _ in rest]
    assert process.wait(PATIENCE) == 0
    process.stdout.close()
    process.stderr.close()


def test_prints_do_not_get_between_the_messages():
    """A library that prints, in Python or in C, writes to descriptor 1: that is not the pipe any more."""
    code = (
        "import os, sys; sys.argv = ['boot.py']; sys.path.insert(0, os.getcwd())\n"
        "from blender_addon.engine import worker\n"
        "send = worker.Worker.send\n"
        "def noisy(self, *a):\n    print('python'); os.write(1, b'c library'); send(self, *a)\n"
        "worker.Worker.send = noisy\nworker.main(300.0)\n"
    )
    process = child_process(sys.executable, "-c", code)
    header, _ = pipe.read(process.stdout)
    out, err = process.communicate(b"", PATIENCE)
    assert header["event"] == "ready" and (out, err) == (b"", b"python\nc library")


@pytest.mark.parametrize(
    "data",
    [
        b"GAN",
        b"HTTP" + bytes(12),
        pipe.PREFIX.pack(b"GANC", 10, 0) + b"{}",
        pipe.PREFIX.pack(b"GANC", 2, 5) + b"{}abc",
        pipe.PREFIX.pack(b"GANC", 2, 0) + b"[]",
        pipe.PREFIX.pack(b"GANC", 2, 0) + b"\xff\xff",
        pipe.PREFIX.pack(b"GANC", 2**31, 0),
        pipe.PREFIX.pack(b"GANC", 2, 2**40) + b"{}",
    ],
)
def test_broken_messages_are_refused(data):
    with pytest.raises(WorkerError):
        pipe.read(io.BytesIO(data))


def test_messages_come_out_as_they_went_in():
    stream = io.BytesIO()
    pipe.write(stream, {"seed": 2**64 - 1, "label": "Mörtel"}, bytes(range(256)))
    pipe.write(stream, {})
    stream.seek(0)
    assert pipe.read(stream) == ({"seed": 2**64 - 1, "label": "Mörtel"}, bytes(range(256)))
    assert pipe.read(stream) == ({}, b"")
    assert pipe.read(stream) is None


@pytest.mark.skipif(sys.platform == "win32", reason="counts /proc")
def test_close_leaves_no_process(model_path):
    client = Client()
    client.submit(generate(model_path))
    pid = client.child.process.pid
    client.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.fixture(scope="module")
def taker(tmp_path_factory):
    """A model that changes pictures, and a picture of 1100 px: nine parts."""
    tiny = pytest.importorskip("tests.tiny_picture", reason="making a model needs onnx")
    from tests.engine.test_transform import drawn

    folder = tmp_path_factory.mktemp("taker")
    (folder / "photo").write_bytes(png.encode(drawn(1100)))
    return str(tiny.make_tiny_picture(folder / "looks.onnx", labels=("moss", "snow"))), str(folder / "photo")


def changing(taker, **fields):
    model, file = taker
    source = {"name": "Photo", "maps": {"base_color": {"file": file, "width": 1100, "height": 1100}}}
    wish = {"label": "snow", "scalars": {"strength": 1.0}, "seed": 0, "sources": [{**source, **fields}]}
    return {"do": "transform", "model": model, "provider": "cpu", "threads": 1, "blender": "5.0.1", **wish}


def test_a_picture_is_changed_as_in_this_process(client, taker):
    from blender_addon.engine.picture import of_png
    from blender_addon.engine.transform import Step, transform

    client.submit(changing(taker))
    heard = events_until(client, "done", "error", "died")
    (header, blob) = next(one for one in heard if one[0]["event"] == "image")
    parts = [(one["done"], one["count"]) for one, _ in heard if one["event"] == "part"]
    assert parts and all(count == 9 for _, count in parts)
    with open(taker[1], "rb") as file:
        picture = of_png(file.read())
    here = transform(Model.load(taker[0], "cpu", threads=1), picture, Step("snow"), True)
    there, texts = png.decode(blob)
    assert (there == here.maps["base_color"]).all() and texts["gancube"] == header["recipe"]


def test_a_small_picture_for_a_preview(client, taker):
    client.submit(changing(taker, icon=True))
    (header, blob) = next(
        one for one in events_until(client, "done", "error", "died") if one[0]["event"] == "image"
    )
    assert header["icon"] == 64 * 64 * 4 and len(blob) == header["icon"] + sum(header["maps"].values())


def test_cancel_stops_before_the_next_part(client, taker, monkeypatch):
    monkeypatch.setattr(
        "blender_addon.engine.client.GRACE", PATIENCE
    )  # a busy machine is no reason to kill it here
    client.submit(changing(taker))
    events_until(client, "part")
    client.cancel()
    deadline = time.monotonic() + PATIENCE
    while client.child.ended < client.child.sent and time.monotonic() < deadline:
        time.sleep(0.01)
    assert client.poll() == []
    client.submit(changing(taker))
    assert events_until(client, "done", "error", "died")[-1][0]["event"] == "done"


def test_pixels_that_went_lost_are_a_sentence(client, taker):
    client.submit(changing((taker[0], "/nowhere/photo")))
    assert "Photo: its pixels were lost" in events_until(client, "done", "error", "died")[-1][0]["message"]
