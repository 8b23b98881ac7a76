"""Previews rendered by a Blender of its own, so that the window of this one never stands still. bpy only.

Before: asset_mark.py, where Blender has a window. Next: preview_child.py. A picture that does not come is no error
here: the caller renders it itself.
"""

import json
import subprocess
import tempfile
from collections.abc import Generator
from pathlib import Path

import bpy

from . import second_blender
from .session import program

CHILD = Path(__file__).with_name("preview_child.py")


def is_of_use() -> bool:
    """Without a window nobody waits for it, and as a module this is no program that could be started."""
    return program() is not None and not bpy.app.background


def picture_steps(blocks: list[tuple[str, str]]) -> Generator[float, None, dict[tuple[str, str], bytes]]:
    """blocks: (collection in bpy.data, name). Yields the share that is there whenever it is asked, without waiting.

    Returns {block: PNG} of those that could be rendered. Closed before, it ends the process.
    """
    with tempfile.TemporaryDirectory(prefix="gancube-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if (process := _start(blocks, folder)) is None:
            return {}
        try:
            found: dict[tuple[str, str], bytes] = {}
            running = True
            while running and len(found) < len(blocks):
                running = process.poll() is None  # asked first: what it left behind is then whole
                for number, block in enumerate(blocks):
                    if block not in found and (folder / f"{number}.png").is_file():
                        found[block] = (folder / f"{number}.png").read_bytes()
                yield len(found) / len(blocks)
            return found
        finally:
            second_blender.end(process)


def _start(blocks: list[tuple[str, str]], folder: Path) -> subprocess.Popen | None:
    """The process, with the blocks in a file of their own; None where it cannot be."""
    if program() is None:
        return None
    there = {getattr(bpy.data, kind)[name] for kind, name in blocks}
    task = {"draft": str(folder / "draft.blend"), "blocks": blocks, "folder": str(folder)}
    try:
        bpy.data.libraries.write(task["draft"], there, path_remap="ABSOLUTE")
        return second_blender.start(CHILD, json.dumps(task))
    except (OSError, RuntimeError):  # a full disk, a Blender that was moved while it runs
        return None
