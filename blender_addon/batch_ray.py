"""A batch on a cluster: the workers are actors of Ray, on any machine of it. Needs Ray (`pip install ray`); never bpy.

It stands where batch_pool.Pool does. Files travel through Ray: generators and meshes to the actors, what they made
back, so the machines need no folder in common, only this package. Previous station: batch_run.py. Next: batch_maker.py.
"""

import contextlib
import re
import shutil
import socket
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from .batch_pool import DEATHS, Answer, Order
from .engine.errors import GanCubeError, OutputError, WorkerError

PROBE = 5.0  # seconds for a machine to take a connection
OURS = tuple(one.__name__ for one in GanCubeError.__subclasses__())  # which are whole sentences
START = 600.0  # seconds within which one actor must be there


@dataclass
class Hand:
    """An actor, the order that it has, and what it will answer. Before it is ready it has none: the cluster may have no
    room for it, now or ever."""

    actor: object
    future: object
    order: Order | None = None
    is_ready: bool = False


@dataclass
class RayPool:
    """address: of the cluster, "auto" for the one of this machine, "local" for one that is started for this run.

    count: of actors, None for as many as the cluster holds. gpus: of each actor, also a fraction: 0.25 lets four share
    one.
    """

    address: str
    count: int | None
    provider: str
    threads: int
    check: bool = True
    gpus: float = 0.0
    waiting: deque = field(default_factory=deque)
    hands: list[Hand] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    failed_starts: int = 0
    files: dict[str, object] = field(default_factory=dict)  # {path: reference to its bytes in Ray}

    @contextlib.contextmanager
    def running(self) -> Iterator["RayPool"]:
        try:
            import ray
        except ImportError as error:
            raise WorkerError("--ray needs Ray. Install it: pip install ray.") from error
        self.ray = ray
        check_listens(self.address)
        try:
            ray.init(address=self.address, log_to_driver=False, include_dashboard=None, logging_level="ERROR")
        except (ConnectionError, ValueError, RuntimeError) as error:
            raise WorkerError(
                f"--ray {self.address}: no cluster answers ({str(error).splitlines()[0]})."
            ) from error
        try:
            if self.count is None:
                self.count = room_for(ray.cluster_resources(), self.threads, self.gpus)
            yield self
        finally:
            ray.shutdown()

    def add(self, order: Order) -> None:
        self.waiting.append(order)

    @property
    def in_hand(self) -> int:
        return sum(hand.order is not None for hand in self.hands)

    def withdraw(self) -> None:
        self.waiting.clear()

    def answers(self, timeout: float = 0.2) -> Iterator[Answer]:
        self.distribute()
        open_ = {hand.future: hand for hand in self.hands if hand.order is not None or not hand.is_ready}
        for future in self.ray.wait(list(open_), timeout=timeout)[0]:
            hand = open_[future]
            try:
                answer = self.ray.get(future)
            except self.ray.exceptions.RayTaskError as error:
                raise WorkerError(f"an actor cannot work: {str(error.cause)[:300]}") from error
            except self.ray.exceptions.RayError as error:  # it died, or its machine
                yield from self.bury(hand, error)
                continue
            if not hand.is_ready:
                hand.is_ready, self.failed_starts = True, 0
                continue
            order, hand.order = hand.order, None
            self.unpack(order, answer[1])
            yield Answer(order, answer[0])
        if not any(hand.is_ready for hand in self.hands) and time.monotonic() - self.began > START:
            raise WorkerError(
                f"--ray {self.address}: the cluster had no room for a worker within {START:.0f} s."
            )
        self.distribute()

    def distribute(self) -> None:
        while len(self.hands) < min(self.count, len(self.waiting) + self.in_hand):
            actor = self.new_actor()
            self.hands.append(Hand(actor, actor.ready.remote()))
        for hand in self.hands:
            if self.waiting and hand.is_ready and hand.order is None:
                hand.order = self.waiting.popleft()
                asset = hand.order.asset
                paths = [asset.request.model, *(one.file for one in asset.transform)]
                paths += [asset.target.source] if asset.target.is_file else []
                hand.future = hand.actor.make.remote(asdict(asset), *(self.shared(path) for path in paths))

    def shared(self, path: str) -> object:
        """The bytes of a file, sent into the cluster once."""
        if path not in self.files:
            try:
                self.files[path] = self.ray.put(Path(path).read_bytes())
            except OSError:  # the actor says so, as of an asset that fails
                return None
        return self.files[path]

    def new_actor(self):
        make = self.ray.remote(num_cpus=self.threads, num_gpus=self.gpus, max_restarts=0)(Actor)
        return make.remote(self.provider, self.threads, self.check)

    def bury(self, hand: Hand, error: Exception) -> Iterator[Answer]:
        self.hands.remove(hand)
        if (order := hand.order) is None:
            self.failed_starts += 1
            if self.failed_starts > max(2, self.count):
                raise WorkerError(f"--ray {self.address}: no worker can be started: {cause_of(error)}.")
            return
        order.deaths += 1
        shutil.rmtree(order.folder, ignore_errors=True)
        if order.deaths >= DEATHS:
            why = f"the actor died ({cause_of(error)}), twice."
            yield Answer(order, {"event": "failed", "error": why, "seconds": {}})
        else:
            self.waiting.appendleft(order)

    def unpack(self, order: Order, files: dict[str, bytes]) -> None:
        for name, data in files.items():
            path = order.folder / name
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            except OSError as error:
                raise OutputError(f"{path}: cannot be written ({error.strerror or error}).") from error


def check_listens(address: str) -> None:
    """WorkerError where nothing is there: Ray itself tries for a minute, and then ends the process."""
    at = re.fullmatch(r"(?:ray://)?\[?([^/]+?)\]?:([0-9]{1,5})", address)
    if at is None:
        if address in ("auto", "local"):
            return
        raise WorkerError(f"--ray {address}: is no address. Give HOST:PORT, auto or local.")
    try:
        socket.create_connection((at[1], int(at[2])), PROBE).close()
    except (OSError, OverflowError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WorkerError(f"--ray {address}: no cluster answers ({reason}).") from error


def room_for(resources: dict, cpus: int, gpus: float) -> int:
    """How many actors fit into a cluster; at least one, for which it may yet get room."""
    fits = resources.get("CPU", 0) // cpus
    if gpus:
        fits = min(fits, resources.get("GPU", 0) / gpus)
    return max(int(fits), 1)


def cause_of(error: Exception) -> str:
    """The last line of Ray's words about an actor that died, where they hold what it died of, else their kind."""
    said = re.compile(r"\s*(?:[A-Za-z_][\w.]*\.)?(\w*(?:Error|Exception|Exit)): (.+)")
    found = [said.fullmatch(line) for line in str(error).splitlines()]
    raised = next((one for one in reversed(found) if one), None)
    if raised is None:
        return type(error).__name__
    return raised[2].rstrip(".") if raised[1] in OURS else f"{raised[1]}: {raised[2]}".rstrip(".")


class Actor:
    """On a machine of the cluster: one Blender and one generator, as a worker is."""

    def __init__(self, provider: str, threads: int, check: bool):
        import tempfile

        from .batch_maker import Maker
        from .cube_command import start_blender

        self.folder = Path(tempfile.mkdtemp(prefix="gancube-ray-"))
        start_blender()
        self.maker = Maker(provider, threads, check)

    def ready(self) -> bool:
        return True

    def make(self, fields: dict, model: bytes | None, *others: bytes | None) -> tuple[dict, dict[str, bytes]]:
        """(what became of it, {path: bytes} of its folder). others: the generators of its chain, then the mesh."""
        from .batch_maker import asset_of

        asset = asset_of(fields)
        asset = replace(asset, request=replace(asset.request, model=self.kept(asset.request.model, model)))
        chain = [
            replace(one, file=self.kept(one.file, data))
            for one, data in zip(asset.transform, others, strict=False)
        ]
        asset = replace(asset, transform=tuple(chain))
        if asset.target.is_file:
            source = self.kept(asset.target.source, others[-1])
            asset = replace(asset, target=replace(asset.target, source=source))
        folder, seconds = self.folder / "asset", {}
        shutil.rmtree(folder, ignore_errors=True)
        try:
            made = self.maker.generate(asset, seconds)
        except Exception as error:
            made = error
        said = self.maker.finish(asset, made, folder, seconds)
        files = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in (folder.rglob("*") if said["event"] == "made" else ())
            if path.is_file()
        }
        return said, files

    def kept(self, path: str, data: bytes | None) -> str:
        """The file under its own name, in a folder of its content."""
        import hashlib

        name = path.replace("\\", "/").rsplit("/", 1)[-1]
        if data is None:
            return str(self.folder / "missing" / name)
        here = self.folder / hashlib.sha256(data).hexdigest()[:16] / name
        if not here.exists():
            here.parent.mkdir(parents=True, exist_ok=True)
            here.write_bytes(data)
        return str(here)
