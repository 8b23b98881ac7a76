"""The job behind the button: its states, its progress, its numbers. A stand-in for the child; no process, no bpy."""

import pytest

from blender_addon.engine.surface_request import SurfaceRequest
from blender_addon.ui import job as job_module
from blender_addon.ui.job import Job, provider_line

LOADED = {
    "event": "loaded",
    "provider": "cpu",
    "note": "",
    "check": {"max_error": 2e-6, "tolerance": 1e-3, "ok": True},
    "colorspaces": {"base_color": "sRGB", "height": "Non-Color"},
}


class Stub:
    """A client whose answers the test writes."""

    def __init__(self):
        self.sent, self.answers, self.cancelled = [], [], 0

    def submit(self, message):
        self.sent.append(message)
        return len(self.sent)

    def poll(self):
        answers, self.answers = self.answers, []
        return answers

    def cancel(self):
        self.cancelled += 1

    def says(self, header, blob=b""):
        self.answers.append((header, blob))


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


def face(index):
    maps = {"base_color": 3, "height": 2}
    return {"event": "image", "index": index, "seed": 10 + index, "label": "brick", "maps": maps}, b"RGBhe"


@pytest.fixture
def client():
    return Stub()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def job(client, clock):
    cube = SurfaceRequest(model="/models/tiny.onnx", seed=7, label="brick", size=64)
    return Job(client, cube, {"provider": "auto", "threads": 2, "blender": "5.0.1"}, clock=clock).start()


def test_the_request_says_everything_the_child_needs(job, client):
    (message,) = client.sent
    assert message["do"] == "generate" and message["model"] == "/models/tiny.onnx"
    assert (message["provider"], message["threads"], message["blender"]) == ("auto", 2, "5.0.1")
    assert SurfaceRequest(**message["asked"]) == job.asked


def test_the_way_to_a_cube(job, client, clock):
    seen = [(job.state, job.progress, job.words)]
    client.says({"event": "ready"})
    job.step()
    seen.append((job.state, job.progress, job.words))
    client.says(LOADED)
    job.step()
    seen.append((job.state, job.progress, job.words))
    clock.now += 3.0
    client.says(*face(0))
    job.step()
    assert job.eta == pytest.approx(15.0)
    seen.append((job.state, job.progress, job.words))
    assert seen == [
        ("starting", 0, ("Starting",)),
        ("loading", 0, ("Loading the generator",)),
        ("generating", 0, ("Image {} of {}", 1, 6)),
        ("generating", pytest.approx(1 / 6), ("Image {} of {}, {} s left", 2, 6, 15)),
    ]
    for index in range(1, 6):
        client.says(*face(index))
    client.says({"event": "done", "recipe": "{}"})
    job.step()
    assert (job.state, job.running, job.open, job.recipe) == ("done", False, True, "{}")
    assert [job.textures[i].seed for i in range(6)] == [10, 11, 12, 13, 14, 15]
    assert job.textures[5].maps == {"base_color": b"RGB", "height": b"he"}


@pytest.mark.parametrize("event", ["error", "died"])
def test_a_failure_ends_it_with_its_sentence(job, client, event):
    client.says(LOADED)
    client.says({"event": event, "message": "no memory left"})
    client.says(*face(0))
    job.step()
    assert (job.state, job.error, job.textures) == ("failed", "no memory left", {})


def test_cancel_reaches_the_child_once(job, client):
    client.says(LOADED)
    job.step()
    job.cancel()
    job.cancel()
    assert (job.state, client.cancelled) == ("cancelled", 1)
    client.says(*face(0))
    client.says({"event": "died", "message": "killed"})
    job.step()
    assert (job.state, job.textures, job.error) == ("cancelled", {}, "")


def test_done_but_not_landed_can_be_cancelled(job, client):
    client.says({"event": "done", "recipe": "{}"})
    job.step()
    job.cancel()
    assert (job.state, client.cancelled) == ("cancelled", 0)


def test_landed_is_final(job, client):
    job.state = "landed"
    job.cancel()
    assert (job.state, job.open) == ("landed", False)


def test_unknown_events_are_passed_over(job, client):
    client.says({"event": "something of a later version"})
    job.step()
    assert job.state == "starting"


def test_every_event_of_the_worker_is_taken():
    assert set(job_module.TAKE) == {"ready", "loaded", "part", "image", "done", "error", "died", "cancelled"}


def test_the_provider_line():
    assert provider_line(LOADED) == "Ran on CPU, checked: off by 2e-06, allowed 0.001"
    fallen = {**LOADED, "note": "cuda computes something else; running on cpu instead."}
    assert provider_line(fallen).endswith(
        "allowed 0.001. cuda computes something else; running on cpu instead."
    )
    wrong = {**LOADED, "provider": "webgpu", "check": {"max_error": 0.5, "tolerance": 0.02, "ok": False}}
    assert provider_line(wrong) == "Ran on WebGPU, WRONG: off by 0.5, allowed 0.02"


def test_a_transformation_counts_parts_and_tidies_up(client, clock):
    import tempfile
    from pathlib import Path

    from blender_addon.ui.transform_job import TransformJob, TransformWish

    folder = tempfile.TemporaryDirectory()
    wish = TransformWish("looks.onnx", ({"name": "a"}, {"name": "b"}), "snow", {"strength": 0.5}, 0, folder)
    job = TransformJob(client, wish, {"provider": "cpu"}, clock=clock).start()
    assert client.sent[0]["do"] == "transform" and client.sent[0]["sources"] == ({"name": "a"}, {"name": "b"})
    client.says(LOADED)
    client.says({"event": "part", "done": 1, "count": 4})
    job.step()
    clock.now += 10
    assert job.progress == 0.125 and job.eta == 70 and job.words[0].startswith("Image")
    client.says({**face(0)[0], "recipe": "{}"}, face(0)[1])
    job.step()
    assert job.progress == 0.5 and job.textures[0].recipe == "{}" and Path(folder.name).exists()
    job.cancel()
    assert client.cancelled == 1 and not Path(folder.name).exists()
