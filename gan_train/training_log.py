"""What a person sees of a run while it trains: rows in stats.jsonl, a bar or lines, TensorBoard. It changes nothing.

Before: loop.py (steps and terms). A bar where standard error is a terminal, a line each ten seconds where it is not.
"""

from __future__ import annotations

import collections
import importlib.util
import json
import os
import sys
import time
from pathlib import Path

TICK_SECONDS = 10.0
BAR_SECONDS = 0.5
PACE_SECONDS = 30.0  # what is left is told from the pace of the last half minute


class Pace:
    """Steps per second of the last PACE_SECONDS, or of all there is when that is less."""

    def __init__(self, step: int, now: float):
        self.seen = collections.deque([(now, step)])

    def __call__(self, step: int, now: float) -> float:
        self.seen.append((now, step))
        while len(self.seen) > 2 and self.seen[1][0] <= now - PACE_SECONDS:
            self.seen.popleft()
        (then, first), (now, last) = self.seen[0], self.seen[-1]
        return (last - first) / max(now - then, 1e-9)


class TrainingLog:
    """The log of one start of a run: `step` is where it starts, `seconds` how long the run has trained before."""

    def __init__(
        self,
        run: Path,
        step: int,
        seconds: float,
        images: int,
        steps: int | None,
        minutes: float | None,
    ):
        self.run, self.images, self.steps, self.minutes = run, images, steps, minutes
        self.first, self.before = step, seconds
        self.begun = self.ticked = self.shown = time.monotonic()
        self.pace = Pace(step, self.begun)
        forget_rows(run / "stats.jsonl", beyond=step)
        self.board = _tensorboard(run, step)
        self.bar = _bar() if sys.stderr.isatty() else None

    @property
    def spent(self) -> float:
        """Seconds since this start."""
        return time.monotonic() - self.begun

    @property
    def seconds(self) -> float:
        """Seconds of training in all starts."""
        return self.before + self.spent

    def __call__(self, step: int, terms: dict) -> None:
        """After each step; writes and shows only as often as a person can read. `terms`: scalars or 0-d tensors."""
        now = time.monotonic()
        last = step == self.steps
        row_due = last or now - self.ticked >= TICK_SECONDS
        bar_due = self.bar is not None and now - self.shown >= BAR_SECONDS
        if not (row_due or bar_due):
            return
        values = {k: round(float(v), 5) for k, v in terms.items()}
        rate = self.pace(step, now)
        if row_due:
            self.ticked = now
            self._write(step, rate, values)
        self.shown = now
        self._show(step, rate, values)

    def close(self) -> None:
        if self.bar is not None:
            self.bar.close()
        if self.board is not None:
            self.board.close()

    def _write(self, step: int, rate: float, values: dict[str, float]) -> None:
        row = {
            "step": step,
            "images": step * self.images,
            "images_per_second": round(rate * self.images, 2),
            "seconds": round(self.seconds, 1),
        }
        with open(self.run / "stats.jsonl", "a") as file:
            file.write(json.dumps({**row, **values}) + "\n")
        if self.board is not None:
            for name, value in {**values, "images_per_second": row["images_per_second"]}.items():
                self.board.add_scalar(name, value, step)

    def _show(self, step: int, rate: float, values: dict[str, float]) -> None:
        left = self.seconds_left(step, rate)
        goal = f"/{self.steps}" if self.steps is not None else ""
        eta = time.strftime("%H:%M:%S", time.gmtime(left)) if left < 86400 else f"{left / 86400:.1f} days"
        shown = "  ".join(f"{k.split('/')[0][0]}.{k.split('/')[1]} {v:.3f}" for k, v in values.items())
        text = f"step {step}{goal}  {rate * self.images:.1f} images/s  {eta} left"
        if self.bar is None:
            print(f"{text}  {shown}", file=sys.stderr, flush=True)
        else:
            self.bar.n = self.spent / max(self.spent + left, 1e-9)
            self.bar.set_description_str(text, refresh=False)
            self.bar.set_postfix_str(shown, refresh=False)
            self.bar.refresh()

    def seconds_left(self, step: int, rate: float) -> float:
        """Until `steps` or `minutes`, whichever comes first."""
        left = []
        if self.steps is not None:
            left.append((self.steps - step) / max(rate, 1e-9))
        if self.minutes is not None:
            left.append(self.minutes * 60 - self.spent)
        return max(min(left), 0.0)


def forget_rows(path: Path, beyond: int) -> None:
    """Take the rows of later steps out of stats.jsonl, which are done again, and a row that was cut off."""
    if not path.exists():
        return
    kept = []
    for line in path.read_text().splitlines():
        try:
            if json.loads(line)["step"] <= beyond:
                kept.append(line + "\n")
        except (ValueError, KeyError, TypeError):
            continue
    partial = path.with_name(f".stats.{os.getpid()}")
    partial.write_text("".join(kept))
    partial.replace(path)


def _bar():
    from tqdm import tqdm

    return tqdm(total=1.0, bar_format="{percentage:3.0f}%|{bar:20}| {desc}  {postfix}", dynamic_ncols=True)


def _tensorboard(run: Path, step: int):
    """A writer of events, which forgets those of steps that are done again; None where TensorBoard is missing."""
    if importlib.util.find_spec("tensorboard") is None:
        return None
    from torch.utils.tensorboard import SummaryWriter

    return SummaryWriter(run / "tensorboard", purge_step=step + 1)
