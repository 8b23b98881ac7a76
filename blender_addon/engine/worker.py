"""The child process that runs the generator for the panel. Numpy and onnxruntime; never bpy.

Started by boot.py, spoken to through pipe.py on stdin and stdout; client.py is the other end. In a
process of its own, a freeze, a crash, a DLL clash or a full GPU stays out of Blender.

    in:  {"do": "load",     "id", "model": path, "provider", "threads"}
         {"do": "generate", "id", "model", "provider", "threads", "asked": SurfaceRequest as a dict,
          "only": indices of its images in the order wanted, or null for all, "blender": version,
          "walks": for an animation the walk of each frame, or null; frame f has the images f * count + index,
          "preview": the same textures smaller, flat and with fewer maps, where the model's card has a preview}
         {"do": "transform", "id", "model", "provider", "threads", "sources": [transform_request.source_of], "label",
          "scalars", "seed", "blender"}                    to image for each source, with part between them
         {"do": "check",    "id"}                          compares with the test vector again
         {"do": "install",  "id", "model": path, "folder", "taken": {name: sha256}}   engine/install.py, to "done"
         {"do": "providers", "id"}                         {name: why it cannot run here, or ""} in "done"
         {"do": "cancel"}                                  stops what runs, before the next image
    out: ready, loaded, part {"done", "count"}, image (behind the header one PNG per map, and an icon),
         done | cancelled | error, each with id

Images come one by one, so progress and cancel cost nothing. It ends at the end of its input, also
in the middle of a run: when Blender is gone, nobody wants the rest. It ends after a while without
requests too, and gives its memory back; client.py starts another for the next one.
"""

import contextlib
import os
import queue
import sys
import threading
import time
import traceback
from pathlib import Path

import numpy

from . import pipe, png
from .boot import EXPLAINED, RESTED
from .devices import device_name
from .errors import OTHER_PYTHON, GanCubeError, ProviderError, WorkerError
from .install import install
from .model import Model, generate, runtime_version
from .new_recipe import new_recipe
from .pixels import flat, icon, to_uint8
from .providers import reasons
from .recipe import KEY, dumps
from .surface_request import SurfaceRequest
from .transform_request import source_of, step_of
from .transform_run import pngs, run

PART_EVERY = 0.05  # seconds between two words about the parts of a picture


class Cancelled(Exception):
    """Raised inside a run when the parent asked for it to stop."""


class Worker:
    """One model, loaded once, and the requests for it, one after the other."""

    def __init__(self, source, sink):
        self.source, self.sink = source, sink
        self.requests: queue.Queue = queue.Queue()
        self.stop = threading.Event()
        self.model = None
        self.loaded = None  # what self.model was loaded from: (path, mtime_ns, provider, threads)

    def read_requests(self) -> None:
        """Thread: queue what comes, set `stop` at once for a cancel, end the process at the end of input."""
        try:
            while (message := pipe.read(self.source)) is not None:
                header, _ = message
                if header.get("do") == "cancel":
                    self.stop.set()
                self.requests.put(header)
        except GanCubeError as error:
            print(f"gancube worker: {error}", file=sys.stderr, flush=True)
            os._exit(3)
        os._exit(0)  # not sys.exit: the main thread may be deep inside a run

    def serve(self, idle: float) -> None:
        threading.Thread(target=self.read_requests, daemon=True).start()
        self.send({"event": "ready", "id": 0, "versions": _versions()})
        while True:
            try:
                request = self.requests.get(timeout=idle)
            except queue.Empty:
                os._exit(RESTED)  # one that comes at this very moment is sent again by client.py
            if request.get("do") == "cancel":  # whatever it was meant for is over by now
                self.stop.clear()
                continue
            self.answer(request)

    def answer(self, request: dict) -> None:
        number = request.get("id")
        work = {
            "load": self.load,
            "generate": self.generate,
            "transform": self.transform,
            "check": self.check,
            "install": self.install,
            "providers": self.providers,
        }.get(request.get("do"))
        try:
            if work is None:
                raise GanCubeError(f"the worker does not know the request {request.get('do')!r}")
            started = time.perf_counter()
            result = work(request)
            self.send({"event": "done", "id": number, "seconds": time.perf_counter() - started, **result})
        except Cancelled:
            self.send({"event": "cancelled", "id": number})
        except GanCubeError as error:
            self.send({"event": "error", "id": number, "kind": type(error).__name__, "message": str(error)})
        except MemoryError:
            message = "not enough memory for this size. Choose a smaller one"
            self.send({"event": "error", "id": number, "kind": "MemoryError", "message": message})

    def send(self, header: dict, blob: bytes = b"") -> None:
        pipe.write(self.sink, header, blob)

    def load(self, request: dict) -> dict:
        path, provider, threads = request["model"], request.get("provider", "auto"), request.get("threads")
        stamp = os.stat(path).st_mtime_ns if os.path.exists(path) else None
        key = (path, stamp, provider, threads)
        started = time.perf_counter()
        if self.loaded != key:
            self.model = self.loaded = None  # free the old one's memory first
            self.model = Model.load(path, provider=provider, threads=threads)
            self.loaded = key
        return self.report_model(request, time.perf_counter() - started)

    def check(self, request: dict) -> dict:
        if self.model is None:
            raise GanCubeError("no model is loaded")
        started = time.perf_counter()
        self.model.check = self.model.check_test_vector()
        return self.report_model(request, time.perf_counter() - started)

    def install(self, request: dict) -> dict:
        made = install(request["model"], request["folder"], request.get("taken"))
        path = str(made.path) if made.path else None
        return {"path": path, "sha256": made.sha256, "known": made.known, "faults": list(made.faults)}

    def providers(self, request: dict) -> dict:
        return {"providers": reasons()}

    def report_model(self, request: dict, seconds: float) -> dict:
        model, check = self.model, self.model.check
        verdict = {"max_error": check.max_error, "tolerance": check.tolerance, "ok": check.ok}
        message = {"event": "loaded", "id": request["id"], "model": model.card.name, "sha256": model.sha256}
        message |= {"device_name": device_name(model.provider)}
        message |= {"provider": model.provider, "device": model.device, "note": model.note, "check": verdict}
        message |= {"colorspaces": {m.name: m.colorspace for m in model.card.maps}, "seconds": seconds}
        self.send(message)
        return {}

    def generate(self, request: dict) -> dict:
        """The images, each sent as soon as it is there."""
        self.load(request)
        surface = SurfaceRequest(**request["asked"])
        asked = surface.to_request(self.model.card)
        recipe = dumps(new_recipe(surface, asked, self.model, request["blender"]))

        def on_progress(done: int, count: int) -> None:
            if self.stop.is_set():
                raise Cancelled

        only, walks, preview = request.get("only"), request.get("walks"), bool(request.get("preview"))
        images = list(range(surface.count) if only is None else only)
        frames = [asked]
        if walks is not None:
            frames = [surface.walked(walk).to_request(self.model.card) for walk in walks]
        for number, (frame, image) in enumerate((frame, image) for frame in frames for image in images):
            index = image if walks is None else number // len(images) * surface.count + image
            (texture,) = generate(self.model, frame.of(image), on_progress, preview)
            maps = texture.maps | (flat(self.model.card, texture.maps) if preview else {})
            pngs = {name: png.encode(to_uint8(unit), {KEY: recipe}) for name, unit in maps.items()}
            header = {
                "event": "image",
                "id": request["id"],
                "index": index,
                "seed": texture.seed,
                "label": texture.label,
                "preview": preview,
            }
            small = icon(texture.maps)
            header |= {"maps": {name: len(data) for name, data in pngs.items()}, "icon": len(small)}
            self.send(header, b"".join([*pngs.values(), small]))
        return {"recipe": recipe}

    def transform(self, request: dict) -> dict:
        """Each picture changed, sent as soon as it is there, with a recipe of its own."""
        self.load(request)
        step, card = step_of(request), self.model.card
        told = 0.0

        def on_progress(_, done: int, count: int) -> None:
            nonlocal told
            if self.stop.is_set():
                raise Cancelled
            if time.perf_counter() - told > PART_EVERY:
                told = time.perf_counter()
                self.send({"event": "part", "id": request["id"], "done": done, "count": count})

        for index, fields in enumerate(request["sources"]):
            chain, source = [(self.model, step)], source_of(fields)
            picture, recipe = run(chain, source, fields.get("tiles"), request["blender"], on_progress)
            changed = {name: png for name, png in pngs(picture, recipe).items() if name in card.map_names}
            header = {
                "event": "image",
                "id": request["id"],
                "index": index,
                "seed": step.seed,
                "label": step.label,
            }
            header |= {"maps": {name: len(data) for name, data in changed.items()}, "recipe": recipe}
            small = small_icon(picture) if fields.get("icon") else b""
            self.send(header | {"icon": len(small)}, b"".join([*changed.values(), small]))
        return {"recipe": ""}


def small_icon(picture) -> bytes:
    return icon({name: values / numpy.float32(255) for name, values in picture.maps.items()})


def _versions() -> dict:
    try:
        return {"numpy": numpy.__version__, "onnxruntime": runtime_version()}
    except ProviderError as error:
        reason = " ".join(str(error.__cause__ or error).split())[:300]
        if sys.platform == "win32" and "DLL" in reason:
            reason += "; Microsoft's Visual C++ runtime, vc_redist.x64.exe, may be missing"
        raise WorkerError(f"onnxruntime cannot be loaded ({reason}). {OTHER_PYTHON}") from error


def main(idle: float) -> None:
    """Guards the pipe, then serves: whatever prints (also a C library) goes to stderr, not between messages."""
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    if hasattr(os, "nice"):
        os.nice(5)  # on a machine with few cores Blender draws first
    with contextlib.suppress(OSError):  # Linux: where memory runs out, this process goes, not Blender
        Path("/proc/self/oom_score_adj").write_text("500", encoding="ascii")
    if sys.platform == "win32":  # text mode would turn every byte 10 of a PNG into 13 10
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(sink.fileno(), os.O_BINARY)
    try:
        Worker(sys.stdin.buffer, sink).serve(idle)
    except GanCubeError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(EXPLAINED)
    except BaseException:  # a mistake of ours: its last line is what the panel shows
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)  # a plain exit aborts, because the reading thread holds the lock of stdin
