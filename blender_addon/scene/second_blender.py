"""A second Blender, which works while this one stays usable: how it is started. What it does: *_child.py.

Before: bake.py, library_file.py, preview_process.py. It sees no settings and no add-ons of the user's, and no network.
"""

import contextlib
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ..engine import until_closed
from .session import program

UNTIL_CLOSED = Path(until_closed.__file__).resolve()
OPTIONS = (
    "--background",
    "--factory-startup",
    "--offline-mode",
    "--disable-autoexec",
    "--python-exit-code",
    "3",
)
FLAGS = 0x08000000 if sys.platform == "win32" else 0  # CREATE_NO_WINDOW: no console flashes up


def command(script: Path, *words: str, before: Sequence[Path] = ()) -> list[str]:
    """Runs `script` with the words behind "--", after the scripts `before`: in Blender, or where this is the module bpy
    in this Python with it, where the one `before` runs it."""
    if (blender := program()) is not None:
        scripts = [word for one in (*before, script) for word in ("--python", str(one))]
        return [blender, *OPTIONS, *scripts, "--", *words]
    return [sys.executable, "-I", "-X", "utf8", *map(str, before), str(script), "--", *words]


def start(script: Path, *words: str, said=subprocess.DEVNULL) -> subprocess.Popen:
    """`said`: a file for what it prints. OSError where it cannot be started. It ends when this process does."""
    return subprocess.Popen(
        command(script, *words, before=[UNTIL_CLOSED]),
        stdin=subprocess.PIPE,
        stdout=said,
        stderr=said,
        creationflags=FLAGS,
    )


def end(process: subprocess.Popen) -> int:
    """At once, where it has not ended by itself; its code."""
    with contextlib.suppress(OSError):
        process.kill()
    code = process.wait()
    process.stdin.close()
    return code
