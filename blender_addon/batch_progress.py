"""What `gancube batch` says while it works, and Ctrl-C: to people on standard error, to programs as lines of JSON.

Standard library only. Previous station: batch_command.py; told by batch_run.py.
"""

import contextlib
import json
import shlex
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict

STOPS = (signal.SIGINT, signal.SIGTERM)
EVERY = 10.0  # seconds between two lines of progress where there is no terminal


class Teller:
    """Progress for people (standard error) or programs (lines of JSON on standard output), and Ctrl-C."""

    def __init__(self, arguments, count: int):
        self.arguments, self.count = arguments, count
        self.interrupted = False
        self.is_live = sys.stderr.isatty() and not arguments.quiet and not arguments.json
        self.last = time.monotonic()

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """The first Ctrl-C, or SIGTERM, lets the workers finish what they have in hand; the second one ends at once."""

        def interrupt(number, frame):
            self.interrupted = True
            for one in STOPS:
                signal.signal(one, signal.default_int_handler)
            self.line("finishing the assets in hand; Ctrl-C again stops at once")

        try:
            # None where Blender set one of its own, which Python cannot set again
            before = {one: signal.signal(one, interrupt) or signal.default_int_handler for one in STOPS}
        except ValueError:  # not the main thread: whoever started it sees to that
            yield
            return
        try:
            yield
        finally:
            for one, handler in before.items():
                signal.signal(one, handler)

    def line(self, text: str) -> None:
        if not self.arguments.quiet:
            print(("\r\x1b[K" if self.is_live else "") + f"gancube: {text}", file=sys.stderr, flush=True)

    def event(self, name: str, **facts) -> None:
        if self.arguments.json:
            print(json.dumps({"event": name, **facts}), flush=True)

    def begin(self, run, missing: int) -> None:
        before = f", {run.skipped} were made before" if run.skipped else ""
        before += f", {len(run.failed)} failed before (--retry-failed)" if run.failed else ""
        self.line(f"{missing} of {self.count} assets to make{before}")
        self.event(
            "begin",
            assets=self.count,
            missing=missing,
            made_before=run.skipped,
            failed_before=len(run.failed),
        )

    def tell(self, run, line) -> None:
        if line is not None:
            self.event("asset", **asdict(line))
            if line.error:
                self.line(f"{line.asset}: failed: {line.error}")
        now = time.monotonic()
        if now - self.last < (0.2 if self.is_live else EVERY):
            return
        self.last = now
        left = (self.count - run.done) / run.rate if run.made else None
        text = f"{run.done} of {self.count}, {3600 * run.rate:.0f} an hour"
        text += f", {duration(left)} left" if left is not None else ""
        if self.is_live:
            print(f"\r\x1b[Kgancube: {text}", end="", file=sys.stderr, flush=True)
        else:
            self.line(text)
        self.event(
            "progress", done=run.done, assets=self.count, per_hour=round(3600 * run.rate), seconds_left=left
        )

    def end(self, run) -> None:
        seconds = time.monotonic() - run.began
        if self.is_live:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        if run.stopped:
            why = "" if self.interrupted else f"{run.stopped} "
            missing = self.count - run.done
            self.line(f"{why}{missing} of {self.count} assets are still missing. The same command goes on:")
            self.line(f"  gancube {shlex.join(self.command())}")
        facts = {
            "made": len(run.made),
            "made_before": run.skipped,
            "failed": len(run.failed),
            "missing": self.count - run.done,
            "seconds": round(seconds, 3),
        }
        self.event("end", **facts, report=str(run.out / "report.jsonl"))
        if not self.arguments.json:
            rate = f" ({3600 * run.rate:.0f} an hour)" if run.made else ""
            before = f", {run.skipped} before" if run.skipped else ""
            failed = f", {len(run.failed)} failed" if run.failed else ""
            print(f"made      {len(run.made)} assets in {duration(seconds)}{rate}{before}{failed}")
            print(f"look at   {run.out / 'report.html'}")

    def command(self) -> list[str]:
        words = ["batch"]
        for name, value in vars(self.arguments).items():
            if name == "plan" and value:
                words.append(value)
            elif value is True:
                words.append(f"--{name.replace('_', '-')}")
            elif name not in ("run", "plan") and value is not None and value is not False:
                words += [f"--{name.replace('_', '-')}", str(value)]
        return words


def duration(seconds: float) -> str:
    """ "40 s", "12 min", "3.5 h"."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
