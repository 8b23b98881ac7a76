"""What a batch says while it works, and how it shares the processor."""

import json
import sys
from types import SimpleNamespace

import pytest

from blender_addon import batch_command, batch_progress
from blender_addon.batch_progress import Teller


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test sets."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(batch_progress.time, "monotonic", lambda: clock.now)
    return clock


def half_done(count: int) -> SimpleNamespace:
    """A run that makes one asset in two seconds."""
    return SimpleNamespace(done=count // 2, made=list(range(count // 2)), rate=0.5, failed={}, skipped=0)


def teller(count=40, quiet=False, as_json=False) -> Teller:
    return Teller(SimpleNamespace(quiet=quiet, json=as_json), count)


def test_rate_and_time_left(clock, capsys):
    told = teller()
    told.tell(half_done(40), None)
    assert capsys.readouterr().err == "", "not more often than each ten seconds where there is no terminal"
    clock.now += batch_progress.EVERY
    told.tell(half_done(40), None)
    assert capsys.readouterr().err == "gancube: 20 of 40, 1800 an hour, 40 s left\n"


def test_the_same_for_programs(clock, capsys):
    told = teller(as_json=True)
    clock.now += batch_progress.EVERY
    told.tell(half_done(40), None)
    (event,) = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert event == {"event": "progress", "done": 20, "assets": 40, "per_hour": 1800, "seconds_left": 40.0}


def test_a_line_that_lives_on_a_terminal(clock, capsys, monkeypatch):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    told = teller()
    for _ in range(2):
        clock.now += 0.5
        told.tell(half_done(40), None)
    said = capsys.readouterr().err
    assert said.count("\r") == 2 and "\n" not in said and "1800 an hour, 40 s left" in said


def test_quiet_is_quiet(clock, capsys):
    told = teller(quiet=True)
    clock.now += 60
    told.tell(half_done(40), None)
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    "cores, workers, threads", [(2, 2, 1), (2, 1, 1), (16, 4, 3), (16, 16, 1), (4, 8, 1)]
)
def test_workers_share_the_processor(monkeypatch, cores, workers, threads):
    """One core of each worker's share exports while the others generate; never more threads than cores."""
    monkeypatch.setattr(batch_command, "cores", lambda: cores)
    assert batch_command.threads_each(workers) == threads
