"""Looks at a run while it trains: alarms, and which state was the best. It changes no weight and draws by the step.

Before: loop.py (calls it), preview_figures.py, alarms.py. After: RUN/alarms.jsonl, RUN/watch.jsonl, RUN/best.
"""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np

from .alarms import Alarm, Alarms
from .errors import CollapseError, NotFiniteError
from .family import Family, Sampler
from .preview_figures import COUNT, PreviewFigures, real_pictures
from .progress import say
from .training_log import forget_rows

EVERY = 50  # steps between looks at the terms, or a divisor of it
PICTURES = 500  # steps between looks at pictures
GRACE = 2000  # steps from the first drawn pictures on in which they may be alike
SEED = 2  # of the drawn pictures: the same at each look


class RunWatch:
    """A `Watch` (family.py) of one run."""

    def __init__(
        self,
        run: Path,
        sampler: Sampler,
        pictures: int = PICTURES,
        stop_on_collapse: bool = False,
        grace: int | None = None,
    ):
        """`pictures`: steps between looks at drawn pictures."""
        self.run, self.every, self.pictures = run, math.gcd(EVERY, pictures), pictures
        self.stop_on_collapse = stop_on_collapse
        self.alarms, self.best, self.step = Alarms(GRACE if grace is None else grace), None, None
        self.figures_of = PreviewFigures(real_pictures(sampler))

    def __call__(self, step: int, averaged: Family, logged: dict[str, float]) -> bool:
        if step % self.pictures or averaged.unready(step):
            return self.see(step, logged, None)
        return self.see(step, logged, averaged.draw(COUNT, SEED))

    def see(self, step: int, logged: dict[str, float], pictures: np.ndarray | None) -> bool:
        """`pictures` [N, H, W, 3] uint8 sRGB, or None in a look at the terms alone. -> the best so far?

        CollapseError where the run is to stop."""
        if self.step is None:  # a new run, or one that was killed before its first checkpoint
            self._forget(step - 1)
        self.step = step
        found, best = self.alarms.see_terms(step, logged), False
        if pictures is not None:
            figures = self.figures_of(pictures)
            found += self.alarms.see_figures(step, figures)
            best = self.best is None or figures["score"] < self.best
            self.best = figures["score"] if best else self.best
            self._append("watch.jsonl", {"step": step, **figures, "best": best})
        for alarm in found:
            self._tell(alarm)
        return best

    def end(self, error: NotFiniteError, logged: dict[str, float]) -> None:
        """The last look, at the terms before they were no numbers: what exploded is said, and how it ended kept."""
        if self.step is None:
            self._forget(error.step - 1)
        for alarm in self.alarms.see_terms(error.step, logged):
            self._tell(alarm)
        last = Alarm("not finite", error.step, f"{error.what} is not finite.", error.advice)
        self._append("alarms.jsonl", last.as_json())

    def _tell(self, alarm: Alarm) -> None:
        self._append("alarms.jsonl", alarm.as_json())
        if alarm.name == "collapse" and self.stop_on_collapse:
            raise CollapseError(f"step {alarm.step}: {alarm.what} {alarm.advice}")
        say(str(alarm))

    def state(self) -> dict:
        return {"step": self.step, "best": self.best, "alarms": self.alarms.state()}

    def restore(self, state: dict) -> None:
        self.step, self.best = state["step"], state["best"]
        self.alarms.restore(state["alarms"])
        self._forget(self.step or 0)

    def _append(self, name: str, row: dict) -> None:
        with open(self.run / name, "a") as file:
            file.write(json.dumps(row) + "\n")

    def _forget(self, beyond: int) -> None:
        """The rows of steps that are done again."""
        for name in ("watch.jsonl", "alarms.jsonl"):
            forget_rows(self.run / name, beyond)
