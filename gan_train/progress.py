"""Progress of long work, and counts, for a person at a terminal; standard library only."""

import sys
import time


class Progress:
    """One line on standard error with count and time left; silent when that is no terminal."""

    def __init__(self, noun: str):
        self.noun = noun
        self.start = self.shown = time.monotonic()

    def __call__(self, done: int, total: int) -> None:
        now = time.monotonic()
        if not sys.stderr.isatty() or (now - self.shown < 0.2 and done < total):
            return
        self.shown = now
        left = (now - self.start) / max(done, 1) * (total - done)
        end = "\n" if done >= total else ""
        sys.stderr.write(f"\r  {done}/{total} {self.noun}, {left:.0f} s left \x1b[K{end}")
        sys.stderr.flush()


def say(sentence: str) -> None:
    """A line on standard error, over whatever bar stands on the terminal."""
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{clear}{sentence}", file=sys.stderr, flush=True)


def counted(count: int, noun: str) -> str:
    """ "1 label", "2 labels"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
