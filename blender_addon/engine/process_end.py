"""How a child process comes to its end, and what is said of it. Standard library only; never bpy.

Before: client.py (the panel's generator), batch_pool.py (workers). A child of ours ends at the end of its input.
"""

import contextlib
import subprocess


def end_input(process: subprocess.Popen) -> None:
    with contextlib.suppress(OSError):  # what was still buffered has no reader any more
        process.stdin.close()


def wait_or_kill(process: subprocess.Popen, grace: float) -> None:
    """Killed if it has not ended in `grace` seconds."""
    try:
        process.wait(grace)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def how_it_ended(what: str, code: int) -> str:
    """ "the worker was ended by signal 9 (perhaps for lack of memory)"."""
    if code >= 0:
        return f"{what} ended with code {code}"
    return f"{what} was ended by signal {-code}" + (" (perhaps for lack of memory)" if code == -9 else "")
