"""A lock between processes. Standard library only.

After: runtime.py, gan_train/run_folder.py. The system holds it for the process: it is gone when that dies, however it
dies. The file stays, empty: removing it would let two processes hold two locks of one name.
"""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

POLL = 0.05  # seconds

if os.name == "nt":
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextlib.contextmanager
def held(path: Path, wait: float = 0.0) -> Iterator[None]:
    """Nobody else holds `path` meanwhile. OSError when somebody still does after `wait` seconds."""
    end = time.monotonic() + wait
    with open(path, "a+b") as file:
        while True:
            try:
                _take(file.fileno())
                break
            except OSError:
                if time.monotonic() >= end:
                    raise
                time.sleep(POLL)
        yield
