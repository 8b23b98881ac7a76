"""A second Blender, which works while this one stays usable: how it is started. What it does: *_child.py.

Before: bake.py, library_file.py, preview_process.py. It sees no settings and no add-ons of the user's, and no network.
"""

import subprocess
import sys
from pathlib import Path

from .session import program

OPTIONS = (
    "--background",
    "--factory-startup",
    "--offline-mode",
    "--disable-autoexec",
    "--python-exit-code",
    "3",
)
FLAGS = 0x08000000 if sys.platform == "win32" else 0  # CREATE_NO_WINDOW: no console flashes up


def command(script: Path, *words: str) -> list[str]:
    """Runs `script` with the words behind "--": in Blender, or where this is the module bpy in this Python with it."""
    if (blender := program()) is not None:
        return [blender, *OPTIONS, "--python", str(script), "--", *words]
    return [sys.executable, "-I", "-X", "utf8", str(script), "--", *words]


def start(script: Path, *words: str, said=subprocess.DEVNULL) -> subprocess.Popen:
    """`said`: a file for what it prints. OSError where it cannot be started."""
    return subprocess.Popen(
        command(script, *words), stdin=subprocess.DEVNULL, stdout=said, stderr=said, creationflags=FLAGS
    )
