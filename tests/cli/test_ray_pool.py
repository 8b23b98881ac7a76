"""The pool of Ray's actors beside a Ray that stands in for it: addresses, room, and actors that do not start."""

import socket
import sys
import time
from types import SimpleNamespace

import pytest

from blender_addon.batch_ray import RayPool, cause_of, room_for
from blender_addon.engine.errors import WorkerError

DIED = """The actor died because of an error raised in its creation task, ray::Actor.__init__() (pid=1, ip=192.0.2.2)
  File "batch_ray.py", line 9, in __init__
blender_addon.engine.errors.ProviderError: provider cuda: does not start on this machine."""


class RayError(Exception):
    pass


class RayTaskError(RayError):
    pass


class StandIn:
    """What RayPool takes of Ray; its actors die in __init__."""

    exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def __init__(self):
        self.started = 0

    def init(self, **settings):
        self.settings = settings

    def shutdown(self):
        pass

    def cluster_resources(self):
        return {"CPU": 5.0, "GPU": 1.0}

    def remote(self, **settings):
        return lambda kind: SimpleNamespace(remote=self.new_actor)

    def new_actor(self, *arguments):
        self.started += 1
        number = self.started
        return SimpleNamespace(ready=SimpleNamespace(remote=lambda: number))

    def wait(self, futures, timeout):
        return futures[:1], futures[1:]

    def get(self, future):
        raise RayError(DIED)


@pytest.fixture
def ray(monkeypatch):
    found = StandIn()
    monkeypatch.setitem(sys.modules, "ray", found)
    return found


def test_actors_that_do_not_start_end_the_run_with_their_reason(ray):
    pool = RayPool("auto", 2, "cuda", 1)
    pool.add(None)
    with (
        pool.running(),
        pytest.raises(WorkerError, match="no worker can be started: provider cuda: does not start"),
    ):
        for _ in range(10):
            list(pool.answers(0))
    assert ray.started == 3 or ray.started == 4


def test_as_many_workers_as_the_cluster_holds(ray):
    pool = RayPool("auto", None, "cpu", 2)
    with pool.running():
        assert pool.count == 2
    assert room_for({"CPU": 16.0, "GPU": 2.0}, 1, 0.25) == 8 and room_for({"CPU": 4.0}, 8, 0) == 1
    assert room_for({"CPU": 16.0, "GPU": 1.0}, 1, 0.1) == 10


def test_addresses_where_no_cluster_is(ray):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # taken, and nobody listens
        port, began = free.getsockname()[1], time.monotonic()
        for address, words in (
            (f"127.0.0.1:{port}", "no cluster answers"),
            (f"ray://127.0.0.1:{port}", "no cluster answers"),
            ("127.0.0.1:99999", "no cluster answers"),
            ("nowhere", "is no address"),
        ):
            with pytest.raises(WorkerError, match=words), RayPool(address, 1, "cpu", 1).running():
                pass
        assert time.monotonic() - began < 5 and not hasattr(ray, "settings")


def test_what_an_actor_died_of():
    assert cause_of(RayError(DIED)) == "provider cuda: does not start on this machine"
    assert cause_of(RayError("Traceback\nValueError: no such thing\n")) == "ValueError: no such thing"
    assert cause_of(RayError("The actor died unexpectedly.")) == "RayError"
