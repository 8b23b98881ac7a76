"""The workers of a batch: processes that are started, given assets, and replaced when they die. Never numpy, never bpy.

Previous station: batch_run.py. Next: batch_child.py. Which worker makes an asset, and when, does not show in its bytes.
"""

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from .batch_child import EXPLAINED, MARK
from .engine.errors import WorkerError
from .engine.plan import Asset
from .engine.process_end import end_input, how_it_ended, wait_or_kill

CHILD = Path(__file__).with_name("batch_child.py")
AHEAD = 2  # assets a worker has: one is exported while the next is generated
DEATHS = 2  # of workers, after which an asset is given up
GRACE = 5.0  # seconds for a worker to end by itself


@dataclass
class Order:
    """An asset on its way. deaths: of workers that had begun it."""

    number: int
    asset: Asset
    folder: Path
    deaths: int = 0


@dataclass(frozen=True)
class Answer:
    """What became of an order: `said` by the worker, or the sentence that says why there is none."""

    order: Order
    said: dict


@dataclass
class Worker:
    process: subprocess.Popen
    log: Path
    orders: dict[int, Order] = field(default_factory=dict)
    begun: set[int] = field(default_factory=set)
    listener: threading.Thread | None = None
    is_ready: bool = False

    def give(self, order: Order) -> None:
        self.orders[order.number] = order
        text = json.dumps(
            {"do": "asset", "number": order.number, "asset": asdict(order.asset), "folder": str(order.folder)}
        )
        with contextlib.suppress(OSError):  # it died just now: its end is an event like any other
            self.process.stdin.write(text.encode() + b"\n")
            self.process.stdin.flush()

    def complaint(self) -> str:
        """The last line of what it printed."""
        try:
            text = self.log.read_bytes()[-4000:].decode("utf-8", "replace")
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return lines[-1].rstrip(".") if lines else ""


class Pool:
    """At most `count` workers. `blender`: Blender's program, None where this Python has the module bpy."""

    def __init__(
        self, count: int, provider: str, threads: int, blender: str | None = None, check: bool = True
    ):
        self.count, self.provider, self.threads, self.blender = count, provider, threads, blender
        self.check = check
        self.workers: list[Worker] = []
        self.waiting: deque[Order] = deque()
        self.events: queue.SimpleQueue = queue.SimpleQueue()  # (worker, message, or None at its end)
        self.failed_starts = 0
        self.folder: Path | None = None

    @contextlib.contextmanager
    def running(self) -> Iterator["Pool"]:
        with tempfile.TemporaryDirectory(prefix="gancube-batch-", ignore_cleanup_errors=True) as name:
            self.folder = Path(name)
            try:
                yield self
            finally:
                self.close()

    def add(self, order: Order) -> None:
        self.waiting.append(order)

    @property
    def in_hand(self) -> int:
        return sum(len(worker.orders) for worker in self.workers)

    def withdraw(self) -> None:
        """What no worker has is not made any more."""
        self.waiting.clear()

    def answers(self, timeout: float = 0.2) -> Iterator[Answer]:
        """Keeps the workers busy, and yields what is finished within a while."""
        self.distribute()
        try:
            worker, message = self.events.get(timeout=timeout)
        except queue.Empty:
            return
        if message is None:
            yield from self.bury(worker)
        elif message["event"] == "ready":
            worker.is_ready, self.failed_starts = True, 0
        elif message["event"] == "begun":
            worker.begun.add(message["number"])
        else:
            yield Answer(worker.orders.pop(message["number"]), message)
        self.distribute()

    def distribute(self) -> None:
        while self.waiting:
            if len(self.workers) < min(self.count, len(self.waiting) + self.in_hand):
                self.start()
            suspect = self.waiting[0].deaths > 0
            # one that a worker died of is made alone, so that it takes no other along
            free = [
                worker
                for worker in self.workers
                if len(worker.orders) < (1 if suspect else AHEAD)
                and not any(order.deaths for order in worker.orders.values())
            ]
            if not free:
                return
            min(free, key=lambda worker: len(worker.orders)).give(self.waiting.popleft())

    def bury(self, worker: Worker) -> Iterator[Answer]:
        """What a dead worker had goes back to the front; what it had begun is given up the second time."""
        end_input(worker.process)
        code = worker.process.wait()
        self.workers.remove(worker)
        why = epitaph(code, worker.complaint())
        if not worker.is_ready:
            self.failed_starts += 1
            if self.failed_starts > max(2, self.count):
                raise WorkerError(f"no worker can be started: {why}.")
        for order in sorted(worker.orders.values(), key=lambda order: -order.number):
            order.deaths += order.number in worker.begun
            shutil.rmtree(order.folder, ignore_errors=True)
            if order.deaths >= DEATHS:
                yield Answer(order, {"event": "failed", "error": f"{why}, twice.", "seconds": {}})
            else:
                self.waiting.appendleft(order)

    def start(self) -> None:
        assert self.folder is not None, "only inside running()"
        log = self.folder / f"{len(list(self.folder.glob('*.log')))}.log"
        # Blender's own folders, without the user's extensions; one for all, since nothing is written there
        threads = str(self.threads)
        environment = {**os.environ, "OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        environment["BLENDER_USER_RESOURCES"] = str(self.folder / "blender")
        setting = {
            # the module finds its packages by itself, and has put folders of its own into sys.path
            "path": [os.path.abspath(folder) for folder in sys.path] if self.blender else [],
            "provider": self.provider,
            "threads": self.threads,
            "check": self.check,
        }
        options = ["-b", "--factory-startup", "--offline-mode", "--python", str(CHILD)]
        command = [self.blender, *options] if self.blender else [sys.executable, "-X", "utf8", str(CHILD)]
        # a group of its own: Ctrl-C in a terminal goes to the command, which lets the workers finish
        apart = (
            {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
            if sys.platform == "win32"
            else {"start_new_session": True}
        )
        with log.open("wb") as errors:
            try:
                process = subprocess.Popen(
                    [*command, "--", json.dumps(setting)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    env=environment,
                    **apart,
                )
            except OSError as error:
                raise WorkerError(f"{command[0]} cannot be started: {error}.") from error
        worker = Worker(process, log)
        self.workers.append(worker)
        worker.listener = threading.Thread(target=self.listen, args=(worker,), daemon=True)
        worker.listener.start()

    def listen(self, worker: Worker) -> None:
        """Thread: the worker's lines into the queue, and its end."""
        with worker.process.stdout as stdout:
            for line in stdout:
                text = line.decode("utf-8", "replace")
                if text.startswith(MARK):
                    self.events.put((worker, json.loads(text.removeprefix(MARK))))
        self.events.put((worker, None))

    def close(self) -> None:
        """The workers see the end of their input."""
        for worker in self.workers:
            end_input(worker.process)
        for worker in self.workers:
            wait_or_kill(worker.process, GRACE)
            worker.listener.join(GRACE)
        self.workers.clear()


def epitaph(code: int, complaint: str) -> str:
    if code == EXPLAINED:  # it has said why itself
        return complaint
    text = how_it_ended("the worker", code)
    return f"{text}: {complaint}" if complaint and code > 0 else text
