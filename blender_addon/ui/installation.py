"""Files on their way into the user's folder of generators, one after the other, in a child process. Never bpy.

Before: model_operators.py (what was chosen or dropped). Next: engine/install.py, run by the child; then models.refresh.
"""

import time
from dataclasses import dataclass, field
from pathlib import Path

from ..engine.errors import GanCubeError

LIMIT = 300.0  # seconds for one file, after which it is refused


@dataclass(frozen=True)
class Outcome:
    """What became of one file: a `path`, or `faults`; `known` where the same content was there before."""

    source: Path
    path: Path | None
    known: bool = False
    faults: tuple[str, ...] = ()


@dataclass
class Installation:
    """Made by the operator; step() is called on each tick of a timer and never waits."""

    client: object  # an engine Client of its own: what the file does to its process harms no other
    sources: list[Path]
    folder: Path
    taken: dict[str, str]  # {name: SHA-256} of the generators at hand
    clock: object = time.monotonic
    outcomes: list[Outcome] = field(default_factory=list)
    running: bool = True
    began: float = 0.0

    def start(self) -> "Installation":
        self.next()
        return self

    @property
    def text(self) -> str:
        """What the panel says meanwhile."""
        return self.sources[len(self.outcomes)].name if self.running else ""

    @property
    def faults(self) -> list[str]:
        return [fault for outcome in self.outcomes for fault in outcome.faults]

    def next(self) -> None:
        """Begins the next file, or ends."""
        if len(self.outcomes) == len(self.sources):
            self.close()
            return
        self.began = self.clock()
        source = str(self.sources[len(self.outcomes)])
        request = {"do": "install", "model": source, "folder": str(self.folder), "taken": dict(self.taken)}
        try:
            self.client.submit(request)
        except GanCubeError as error:  # the child cannot be started
            self.refuse(str(error))

    def step(self) -> None:
        """Takes in what the child said since the last step."""
        for header, _ in self.client.poll() if self.running else ():
            event = header.get("event")
            if event == "done":
                self.land(header)
            elif event in ("error", "died"):
                self.refuse(f"could not be checked: {header['message']}.")
        if self.running and self.clock() - self.began > LIMIT:
            self.client.kill()
            self.refuse(f"was given up after {LIMIT:.0f} s of checking.")

    def land(self, header: dict) -> None:
        path = Path(header["path"]) if header["path"] else None
        self.outcomes.append(
            Outcome(self.sources[len(self.outcomes)], path, header["known"], tuple(header["faults"]))
        )
        if path is not None:
            self.taken[path.stem] = header["sha256"]
        self.next()

    def refuse(self, why: str) -> None:
        source = self.sources[len(self.outcomes)]
        self.outcomes.append(Outcome(source, None, faults=(f"{source.name}: {why}",)))
        self.next()

    def close(self) -> None:
        """Ends it, also in the middle: a file that is being checked is not installed."""
        if self.running:
            self.running = False
            self.client.kill()
