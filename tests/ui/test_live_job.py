"""The job behind the sliders: newest wish first, one image at a time. A stand-in for the child; no process, no bpy."""

from dataclasses import replace

import pytest

from blender_addon.engine.surface_request import SurfaceRequest
from blender_addon.ui.live_job import LiveJob
from tests.ui.test_job import LOADED, Stub, face

HAVE = SurfaceRequest(model="/models/tiny.onnx", seed=7, size=64)


def wish(walk: float) -> SurfaceRequest:
    return replace(HAVE, walk=walk)


@pytest.fixture
def client():
    return Stub()


@pytest.fixture
def job(client):
    return LiveJob(client, {"provider": "cpu"}, HAVE, (2, 0, 1, 3, 4, 5), 3)


def answer(job, client) -> tuple[int, float]:
    """Lets the child make the image that was asked for last; its number, and the walk it was asked for."""
    message = client.sent[-1]
    (index,) = message["only"]
    client.says(LOADED)
    client.says(*face(index))
    client.says({"event": "done", "recipe": f"walk {message['asked']['walk']}"})
    job.step()
    return index, message["asked"]["walk"]


def test_without_a_change_nothing_is_asked(job, client):
    job.step()
    assert client.sent == [] and job.settled and job.recipe_of is None


def test_all_images_follow_those_in_view_first(job, client):
    job.want(wish(0.5))
    job.step()
    order = []
    while not job.settled:
        order.append(answer(job, client)[0])
    assert sorted(order[:3]) == [0, 1, 2] and sorted(order) == [0, 1, 2, 3, 4, 5]
    assert job.recipe == "walk 0.5" and job.recipe_of == wish(0.5) and len(client.sent) == 6


def test_while_the_wish_moves_only_what_is_in_view_follows_by_turns(job, client):
    made = []
    job.want(wish(0.01))
    job.step()
    for number in range(2, 20):
        job.want(wish(number / 100))
        made.append(answer(job, client))
        assert set(job.take()) == {made[-1][0]}, "what comes is shown, even if the wish has moved on"
    assert {index for index, _ in made} == {0, 1, 2}
    assert [walk for _, walk in made] == [n / 100 for n in range(1, 19)], "each image is of the newest wish"
    while not job.settled:
        answer(job, client)
    assert all(shown == wish(0.19) for shown in job.shown.values()) and job.recipe == "walk 0.19"


def test_back_where_it_began_the_recipe_follows_too(job, client):
    job.want(wish(0.5))
    job.step()
    answer(job, client)
    job.want(HAVE)
    while not job.settled:
        answer(job, client)
    assert all(shown == HAVE for shown in job.shown.values()) and job.recipe == "walk 0.0"


@pytest.mark.parametrize("event", ["error", "died"])
def test_a_failure_ends_it_with_its_sentence(job, client, event):
    job.want(wish(0.5))
    job.step()
    client.says({"event": event, "message": "no memory left"})
    job.step()
    assert (job.open, job.error) == (False, "no memory left") and len(client.sent) == 1


def test_cancel_reaches_the_child_where_it_is_at_work(job, client):
    job.cancel()
    assert (job.open, client.cancelled) == (False, 0)
    other = LiveJob(client, {}, HAVE, (0,), 1)
    other.want(wish(0.5))
    other.step()
    other.cancel()
    assert (other.open, client.cancelled) == (False, 1)
