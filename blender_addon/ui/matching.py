"""A photo matched by `gan-train project` in a Python that has it, in a process of its own. Never bpy.

Before: photo_operator.py. Next: the look (engine/latent_file.py) that it found.
"""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Generator
from pathlib import Path

from ..engine import latent_file, until_closed
from ..engine.errors import WorkerError
from ..engine.latent_file import LatentFile

UNTIL_CLOSED = Path(until_closed.__file__).resolve()  # it ends when Blender does
MISSING = (
    "a photo is matched by gan-train, which {python} does not have. Install it in an environment (see the README) and "
    "name that environment's Python in the preferences, under Python for Generation"
)


class Matching:
    """One photo, one process. A step never waits."""

    def __init__(self, python: str, model: Path, photo: Path, tries: int):
        self.began = time.monotonic()
        self.python = python
        self.folder = tempfile.TemporaryDirectory(prefix="gancube-photo-")
        self.out = Path(self.folder.name) / "look.json"
        words = [python, "-I", str(UNTIL_CLOSED), "-m", "gan_train", "project", str(model), str(photo)]
        words += ["--out", str(self.out), "--tries", str(tries)]
        self.said = open(Path(self.folder.name) / "said.txt", "w+", encoding="utf-8", errors="replace")  # noqa: SIM115
        try:
            self.process = subprocess.Popen(
                words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=self.said
            )
        except OSError as error:
            self.close()
            raise WorkerError(
                f"{python} cannot be started: {error}. Check 'Python for Generation'"
            ) from error

    @property
    def words(self) -> tuple:
        return "Matching the photo, {} s", round(time.monotonic() - self.began)

    def steps(self) -> Generator[tuple, None, LatentFile | None]:
        """The look; yields what the panel says meanwhile. WorkerError with what gan-train said; always closed then."""
        try:
            while (code := self.process.poll()) is None:
                yield self.words
            if self.said.closed:  # the add-on was disabled
                return None
            if code:
                raise WorkerError(self.complaint())
            return latent_file.read(self.out)
        finally:
            self.close()

    def complaint(self) -> str:
        self.said.seek(0)
        lines = [line.strip() for line in self.said.read()[-4000:].splitlines() if line.strip()]
        last = lines[-1] if lines else "it said nothing"
        if "No module named" in last and "gan_train" in last:
            return MISSING.format(python=self.python)
        return last.partition("gan-train: error: ")[2] or last

    def close(self) -> None:
        """Ends it, also in the middle."""
        process = getattr(self, "process", None)
        if process is not None:
            if process.poll() is None:
                process.kill()
                process.wait()
            process.stdin.close()
        self.said.close()
        with contextlib.suppress(OSError):
            self.folder.cleanup()
