"""The log of a run: rows that a resumed run does not repeat, what is left, bar or lines, TensorBoard."""

import io
import json

import pytest

torch = pytest.importorskip("torch")

from gan_train.training_log import PACE_SECONDS, Pace, TrainingLog, forget_rows  # noqa: E402


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_rows_of_steps_that_are_done_again_are_forgotten(tmp_path):
    path = tmp_path / "stats.jsonl"
    path.write_text('{"step": 1}\n{"step": 5}\n{"step": 9}\n{"ste')
    forget_rows(path, beyond=5)
    assert [row["step"] for row in rows(path)] == [1, 5]
    forget_rows(tmp_path / "absent.jsonl", beyond=5)
    assert [p.name for p in tmp_path.iterdir()] == ["stats.jsonl"]


def test_a_resumed_log_goes_on(tmp_path):
    for first, last in ((0, 4), (2, 6)):
        log = TrainingLog(tmp_path, first, 10.0 * first, images=8, steps=last, minutes=None)
        for step in range(first + 1, last + 1):
            log(step, {"critic/strength": torch.tensor(0.25)})
        log.close()
    found = rows(tmp_path / "stats.jsonl")
    assert [(row["step"], row["images"], row["critic/strength"]) for row in found] == [(6, 48, 0.25)]
    assert found[0]["seconds"] >= 20.0


def test_the_pace_is_that_of_the_last_half_minute():
    pace = Pace(0, 0.0)
    assert pace(10, 10.0) == 1.0
    for second in range(11, 101):
        rate = pace(10 + 5 * (second - 10), float(second))
    assert rate == pytest.approx(5.0) and len(pace.seen) <= PACE_SECONDS + 2


@pytest.mark.parametrize(
    "steps, minutes, left", [(100, None, 45.0), (None, 0.5, 30.0), (100, 0.5, 30.0), (11, 0.5, 0.5)]
)
def test_what_is_left_is_what_ends_first(tmp_path, steps, minutes, left):
    log = TrainingLog(tmp_path, 0, 0.0, 8, steps, minutes)
    assert log.seconds_left(10, 2.0) == pytest.approx(left, abs=1.0)


def test_a_terminal_gets_a_bar_and_no_lines(tmp_path, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

    screen = Terminal()
    monkeypatch.setattr("sys.stderr", screen)
    log = TrainingLog(tmp_path, 0, 0.0, images=8, steps=4, minutes=None)
    log(2, {"critic/adversarial": 0.5})
    log.shown -= 1.0
    log(3, {"critic/adversarial": 0.5})
    log(4, {"critic/adversarial": 0.25})
    log.close()
    assert (
        "step 3/4" in screen.getvalue()
        and "100%" in screen.getvalue()
        and "c.adversarial 0.250" in screen.getvalue()
    )
    assert "left\n" not in screen.getvalue() and [row["step"] for row in rows(tmp_path / "stats.jsonl")] == [
        4
    ]


def test_tensorboard_gets_the_terms(tmp_path):
    pytest.importorskip("tensorboard")
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = TrainingLog(tmp_path, 0, 0.0, images=8, steps=1, minutes=None)
    log(1, {"critic/adversarial": 0.5})
    log.close()
    events = EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert "critic/adversarial" in events.Tags()["scalars"]
