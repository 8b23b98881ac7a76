"""When a training run goes wrong, and what to change: rules on its terms and figures. Standard library only, no files.

Previous stations: the losses (terms), preview_figures.py. Next: watch.py. Each alarm is said once, when it begins, and
again only after it was over. What is not finite ends a run by itself: steps.py finds it, watch.py writes its row.
"""

import math
from dataclasses import dataclass
from statistics import median

HISTORY = 64  # penalties whose median is remembered
FEW = 8  # penalties before which nothing is said
TIMES, LEAST = 20.0, 10.0  # a penalty explodes at so many times its median, and at so much of the loss
HUGE = 1e4  # a penalty that is an alarm whatever it was, at the first look
LONG = 20  # looks at the critic
SURE = 0.02  # loss of a critic that is never wrong
BLIND = 0.005  # margin of a critic that knows nothing
ALIKE, SAME = (
    0.2,
    0.05,
)  # spread and distance to the nearest of collapsed samples, over those of real pictures
FELL = 1 / 3  # of the best recall and coverage so far
KNOWN = 0.3  # recall or coverage that a run must have reached before it can fall
PATIENCE = 2  # looks in a row

NEW_RUN = "(--set NAME=VALUE), and train into a new folder"


@dataclass(frozen=True)
class Alarm:
    """One alarm at its beginning."""

    name: str  # "penalty", "critic overwhelming", "critic overwhelmed", "collapse", "not finite"
    step: int
    what: str  # the diagnosis
    advice: str  # what to change

    def __str__(self) -> str:
        return f"alarm at step {self.step}: {self.what} {self.advice}"

    def as_json(self) -> dict:
        return {"step": self.step, "alarm": self.name, "what": self.what, "advice": self.advice}


class Alarms:
    """Remembers what it was shown; `grace`: steps from the first drawn pictures on in which they may be alike."""

    def __init__(self, grace: int):
        self.grace = grace
        self.penalties: dict[str, list[float]] = {}
        self.critics: dict[str, list[list[float]]] = {}  # phase: [loss, margin] of the last looks
        self.best = {"recall": 0.0, "coverage": 0.0}
        self.first: int | None = None  # step of the first drawn pictures
        self.rows: dict[str, int] = {}  # alarm: looks in a row in which its condition held

    def state(self) -> dict:
        """All of it, as JSON."""
        names = ("penalties", "critics", "best", "first", "rows")
        return {name: getattr(self, name) for name in names}

    def restore(self, state: dict) -> None:
        for name, value in state.items():
            setattr(self, name, value)

    def see_terms(self, step: int, terms: dict[str, float]) -> list[Alarm]:
        """`terms`: "phase/term" -> its newest value; those called penalty... and margin are looked at."""
        found = []
        for name, value in terms.items():
            phase, _, term = name.partition("/")
            if term.startswith("penalty"):
                found += self._see_penalty(step, name, value)
            elif term == "margin" and f"{phase}/adversarial" in terms:
                found += self._see_critic(step, phase, terms[f"{phase}/adversarial"], value)
        return found

    def _see_penalty(self, step: int, name: str, value: float) -> list[Alarm]:
        seen = self.penalties.setdefault(name, [])
        usual = median(seen) if len(seen) >= FEW else math.inf
        before = f", where it was {usual:.3g}" if usual < math.inf else ""
        exploding = value > min(max(TIMES * usual, LEAST), HUGE)
        self.penalties[name] = [*seen, value][-HISTORY:]
        if value > HUGE:  # the look before the last one may be all that is left
            self.rows[f"penalty/{name}"] = max(self.rows.get(f"penalty/{name}", 0), PATIENCE - 1)
        return self._raise(
            "penalty",
            name,
            exploding,
            PATIENCE,
            step,
            f"{name} explodes: {value:.3g}{before}. The critic's gradients run away.",
            f"Lower learning_rate or raise gamma {NEW_RUN}.",
        )

    def _see_critic(self, step: int, phase: str, loss: float, margin: float) -> list[Alarm]:
        seen = self.critics[phase] = [*self.critics.get(phase, []), [loss, margin]][-LONG:]
        known = len(seen) == LONG
        mean = sum(row[1] for row in seen) / len(seen)
        return [
            *self._raise(
                "critic overwhelming",
                phase,
                known and all(row[0] < SURE for row in seen),
                1,
                step,
                f"{phase} tells drawn from real pictures without fail (loss {loss:.3g}, margin {margin:.3g}) for "
                f"{LONG} looks: the generator learns little from it.",
                f"Raise gamma, augment more, or make {phase} smaller {NEW_RUN}; with few pictures, add more.",
            ),
            *self._raise(
                "critic overwhelmed",
                phase,
                known and mean < BLIND,
                1,
                step,
                f"{phase} cannot tell drawn from real pictures (mean margin {mean:.3g} of {LONG} looks): unless they "
                "are as good as real, the generator learns nothing from it.",
                f"Lower gamma or the augmentation, or make {phase} larger {NEW_RUN}.",
            ),
        ]

    def see_figures(self, step: int, figures: dict[str, float]) -> list[Alarm]:
        """`figures`: what PreviewFigures says of pictures drawn at `step`."""
        self.first = step if self.first is None else self.first
        spread, nearest = figures["spread"], figures["nearest"]
        fell = any(best >= KNOWN and figures[name] < FELL * best for name, best in self.best.items())
        self.best = {name: max(best, figures[name]) for name, best in self.best.items()}
        if spread < ALIKE:
            what = f"samples are nearly the same picture (spread {spread:.2f}, where real ones have 1)"
        elif nearest < SAME:
            what = (
                f"a few pictures come again and again (distance to the nearest {nearest:.2f}, of real ones 1)"
            )
        else:
            was = "recall {recall:.2f} and coverage {coverage:.2f}"
            what = f"samples have lost variety: {was.format(**figures)}, after {was.format(**self.best)}"
        return self._raise(
            "collapse",
            "",
            step - self.first >= self.grace and (spread < ALIKE or nearest < SAME or fell),
            PATIENCE,
            step,
            f"diversity collapse: {what}.",
            f"Go back to RUN/best (--checkpoint best). Raise gamma, lower learning_rate, or augment more {NEW_RUN}.",
        )

    def _raise(
        self, name: str, of: str, holds: bool, patience: int, step: int, what: str, advice: str
    ) -> list[Alarm]:
        """The alarm, in the look in which its condition has held for `patience` looks in a row."""
        key = f"{name}/{of}"
        self.rows[key] = self.rows.get(key, 0) + 1 if holds else 0
        return [Alarm(name, step, what, advice)] if self.rows[key] == patience else []
