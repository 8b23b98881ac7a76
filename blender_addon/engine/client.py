"""Blender's end of the pipe to the child process. Standard library only; never bpy, never a wheel.

submit() starts the child if there is none and returns at once; a thread reads the answers into a queue,
poll() empties it and never waits. A dead child is an event like any other, and the next submit() starts
a new one. A child that ended because it had nothing to do is no event at all. Next: boot.py
(the child's start), worker.py (what is done with a request).
"""

import contextlib
import json
import queue
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Sequence
from pathlib import Path

from . import pipe
from .boot import EXPLAINED, RESTED
from .errors import WorkerError
from .process_end import end_input, how_it_ended, wait_or_kill

BOOT = Path(__file__).resolve().with_name("boot.py")
IDLE = 300.0  # seconds without a request after which the child ends and frees its memory
GRACE = 1.0  # seconds; a child that has not stopped by then is killed
ENDS = ("done", "error", "cancelled")  # the events that end a request
CREATE_NO_WINDOW = 0x08000000  # Windows: no console flashes up
BELOW_NORMAL_PRIORITY = 0x00004000  # Windows; elsewhere the worker asks for it itself


class Client:
    """At most one child process, at most one request that anybody still waits for."""

    def __init__(
        self,
        python: str = sys.executable,
        search: Sequence[str] | None = None,
        user_folder: Path | None = None,
        last: Sequence[str] = (),
        idle: float = IDLE,
    ):
        """python: the interpreter; the rest is what boot.py does to its sys.path (nothing, by default)."""
        folder = str(user_folder) if user_folder else None
        setting = {"search": search and list(search), "user_folder": folder, "last": list(last), "idle": idle}
        self.command = [python, "-I", "-X", "utf8", str(BOOT), json.dumps(setting)]
        self.child: Child | None = None
        self.number = 0  # of the latest request
        self.asked: dict | None = None  # the latest request, as long as somebody waits for its end

    @property
    def alive(self) -> bool:
        return self.child is not None and self.child.process.poll() is None

    def start(self) -> None:
        """A no-op if the child lives."""
        if not self.alive:
            self.close()
            self.child = Child(self.command)

    def submit(self, message: dict) -> int:
        """Sends a request and returns its number; a child that still works on an old one is replaced."""
        if self.child is not None and self.child.ended < self.child.sent:
            self.kill()
        self.start()
        self.number += 1
        self.asked = {**message, "id": self.number}
        self.child.send(self.asked)
        return self.number

    def poll(self) -> list[tuple[dict, bytes]]:
        """(header, blob) of what the child said about the latest request since the last call; never waits."""
        heard = self.child.heard() if self.child is not None else []
        heard = [(header, blob) for header, blob in heard if header.get("id") in (0, self.number)]
        if heard and heard[-1][0].get("code") == RESTED:
            heard.pop()
            if (asked := self.asked) is not None:  # sent just when the child went
                self.start()
                self.asked = asked
                self.child.send(asked)
        if any(header.get("event") in (*ENDS, "died") for header, _ in heard):
            self.asked = None
        return heard

    def cancel(self) -> None:
        """Nothing of the request is heard again. The child is asked to stop, and killed if it has not in time."""
        child, number = self.child, self.number
        self.number += 1  # poll() drops the answers to the old one
        self.asked = None
        if child is None or child.ended >= child.sent:
            return
        child.send({"do": "cancel"})

        def kill_if_busy():
            if child.ended < number:
                child.process.kill()

        timer = threading.Timer(GRACE, kill_if_busy)
        timer.daemon = True
        timer.start()

    def kill(self) -> None:
        if self.child is not None:
            self.child.process.kill()
            self.close()

    def close(self) -> None:
        """The child sees the end of its input and ends by itself; killed if it has not in GRACE seconds."""
        if self.child is not None:
            self.child.close()
            self.child = self.asked = None


class Child:
    """One process, the thread that listens to it, and how far it has come."""

    def __init__(self, command: Sequence[str]):
        flags = CREATE_NO_WINDOW | BELOW_NORMAL_PRIORITY if sys.platform == "win32" else 0
        ends = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        try:
            self.process = subprocess.Popen(command, creationflags=flags, **ends)
        except OSError as error:
            advice = "Check 'Python for Generation' in the add-on's preferences"
            raise WorkerError(f"{command[0]} cannot be started: {error}. {advice}") from error
        self.events: queue.SimpleQueue = queue.SimpleQueue()
        self.complaints: deque[str] = deque(maxlen=40)  # the last lines of its stderr
        self.sent = self.ended = 0  # numbers of the latest request sent, and of the latest one that is over
        self.errors = threading.Thread(target=self._keep_complaints, daemon=True)
        self.errors.start()
        self.listener = threading.Thread(target=self._listen, daemon=True)
        self.listener.start()

    def send(self, header: dict) -> None:
        self.sent = header.get("id", self.sent)
        # it may have died just now: the "died" event says so, with what it left on stderr
        with contextlib.suppress(OSError):
            pipe.write(self.process.stdin, header)

    def heard(self) -> list[tuple[dict, bytes]]:
        messages = []
        while True:
            try:
                messages.append(self.events.get_nowait())
            except queue.Empty:
                return messages

    def close(self) -> None:
        end_input(self.process)
        wait_or_kill(self.process, GRACE)
        self.listener.join(GRACE)

    def _listen(self) -> None:
        """Thread: messages into the queue; the last one is "died", with the reason."""
        reason = None
        with self.process.stdout as stdout:
            try:
                while (message := pipe.read(stdout)) is not None:
                    self.events.put(message)
                    if message[0].get("event") in ENDS:
                        self.ended = message[0].get("id", 0)
            except (WorkerError, OSError) as error:
                reason = str(error)
                self.process.kill()  # out of step for good
        code = self.process.wait()
        self.errors.join(GRACE)
        self.ended = self.sent
        self.events.put(
            (
                {"event": "died", "id": 0, "code": code, "message": _epitaph(code, reason, self.complaints)},
                b"",
            )
        )

    def _keep_complaints(self) -> None:
        with self.process.stderr as stderr:
            for line in stderr:
                self.complaints.append(line.decode("utf-8", "replace").rstrip())


def _epitaph(code: int, reason: str | None, complaints: Sequence[str]) -> str:
    """Why the child is no more, in a sentence for whoever pressed the button."""
    last = next((line for line in reversed(complaints) if line.strip()), "").rstrip(".")
    if code == EXPLAINED:
        return last
    what = "the generating process"
    text = f"{what} was stopped: {reason}" if reason else how_it_ended(what, code)
    return (f"{text}: {last}" if last else text) + ". Press the button again to start a new one"
