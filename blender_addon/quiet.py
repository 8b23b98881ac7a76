"""Keeps standard output for the command's own answer while Blender works. Standard library only.

Blender, its exporters and C libraries print to file descriptor 1. With `--json` nothing but the answer
may get there, and without it nobody wants to read it.
"""

import contextlib
import ctypes
import os
import sys
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def captured_output() -> Iterator[None]:
    """Takes what Python and C print to standard output; an unexpected exception brings it up on standard error.

    Expected ones (GanCubeError) say themselves what is wrong.
    """
    from .engine.errors import GanCubeError

    flush()
    with tempfile.TemporaryFile() as chatter:
        kept = os.dup(1)
        os.dup2(chatter.fileno(), 1)
        try:
            with (
                os.fdopen(os.dup(1), "w", encoding="utf-8", errors="replace") as python_side,
                contextlib.redirect_stdout(python_side),
            ):
                yield
        except GanCubeError:
            raise
        except Exception:
            flush()
            chatter.seek(0)
            sys.stderr.write(chatter.read().decode("utf-8", "replace"))
            raise
        finally:
            flush()
            os.dup2(kept, 1)
            os.close(kept)


def flush() -> None:
    """Empties the buffers of Python and of the C library, which would else come out after the descriptor changed."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    library = ctypes.CDLL("ucrtbase") if sys.platform == "win32" else ctypes.CDLL(None)
    library.fflush(None)
