"""The job behind the sliders: newest wish first, one image at a time. A stand-in for the child; no process, no bpy."""

from dataclasses import replace

import pytest

from blender_addon.engine.surface_request import SurfaceRequest
from blender_addon.ui.live_job import STILL, LiveJob
from tests.ui.test_job import LOADED, Clock, Stub, face

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
    header, blob = face(index)
    client.says({**header, "preview": message["preview"]}, blob)
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


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def quick(client, clock):
    """A job whose generator makes previews."""
    return LiveJob(client, {"provider": "cpu"}, HAVE, (2, 0, 1, 3, 4, 5), 3, clock)


def test_while_the_wish_moves_previews_follow_and_whole_images_when_it_rests(quick, client, clock):
    made = []
    quick.want(wish(0.01), True)
    quick.step()
    for number in range(2, 12):
        clock.now += STILL / 2
        quick.want(wish(number / 100), True)
        made.append(answer(quick, client))
        (texture,) = quick.take().values()
        assert texture.preview and not quick.settled
    assert all(message["preview"] for message in client.sent)
    assert {index for index, _ in made} == {0, 1, 2}, "only what is in view"
    clock.now += 2 * STILL
    answer(quick, client)  # the preview that was under way
    count = len(client.sent)
    while not quick.settled:
        answer(quick, client)
    whole = client.sent[count - 1 :]
    assert [message["preview"] for message in whole] == [False] * 6, "all images, each once"
    assert {message["asked"]["walk"] for message in whole} == {0.11} and quick.recipe == "walk 0.11"
    assert not any(texture.preview for texture in quick.take().values())


def test_a_hand_that_pauses_has_a_preview_of_all_that_is_in_view_and_no_more(quick, client):
    quick.want(wish(0.5), True)
    quick.step()
    assert sorted(answer(quick, client)[0] for _ in range(3)) == [0, 1, 2]
    for _ in range(3):
        quick.step()
    assert len(client.sent) == 3 and not quick.settled and quick.late == 6


def test_released_it_does_not_wait(quick, client):
    quick.want(wish(0.5), True)
    quick.step()
    quick.released = True
    while not quick.settled:
        answer(quick, client)
    assert [message["preview"] for message in client.sent] == [True] + [False] * 6


def test_back_where_it_began_a_preview_is_replaced(quick, client):
    quick.want(wish(0.5), True)
    quick.step()
    answer(quick, client)
    quick.want(HAVE, True)
    quick.released = True
    while not quick.settled:
        answer(quick, client)
    assert all(shown == HAVE for shown in quick.shown.values()) and quick.recipe == "walk 0.0"
    assert quick.recipe_of == HAVE


def test_where_there_are_none_no_preview_is_asked_for(quick, client, clock):
    for number in range(1, 10):
        clock.now += STILL / 2
        quick.want(wish(number / 100))
        quick.step()
        answer(quick, client)
    assert not any(message["preview"] for message in client.sent)


def test_another_generator_in_the_middle_of_it(quick, client):
    """Its first images are whole, also where a preview of the one before is shown."""
    quick.want(wish(0.5), True)
    quick.step()
    answer(quick, client)
    other = replace(HAVE, model="/models/other.onnx")
    quick.want(other, False)
    while not quick.settled:
        answer(quick, client)
    asked = [message for message in client.sent if message["asked"]["model"] == other.model]
    assert len(asked) == 6 and not any(message["preview"] for message in asked)
