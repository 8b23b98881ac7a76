"""The worker of a batch: assets in, folders of files out. One process with a Blender and a generator of its own.

    in:  {"do": "asset", "number", "asset": plan.Asset as a dict, "folder": to be filled}
    out: ready; begun, made | failed, each with number; every line behind MARK, since Blender prints too

A thread generates the next asset while the main thread exports this one: onnxruntime works without Python's lock. The
process ends at the end of its input: when the command is gone, nobody wants the rest. Previous station: batch_pool.py.
"""

import json
import os
import queue
import sys
import threading
import traceback
from pathlib import Path

from . import api, file_check
from .batch_child import EXPLAINED, MARK
from .cube_command import stage, start_blender
from .engine import batch_picture, batch_report
from .engine.checked import ERROR, WARNING
from .engine.errors import GanCubeError, ModelError, OutputError, SurfaceError
from .engine.files import write_atomic
from .engine.model import Model
from .engine.plan import Asset, Target
from .engine.surface_request import SurfaceRequest

MOST_MODELS = 2  # loaded at once: memory stays flat over a plan of many


def main(setting: dict) -> None:
    sink = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever prints from here on goes to the log
    try:
        Worker(setting, sink).serve()
    except GanCubeError as error:
        print(error, file=sys.stderr, flush=True)
        os._exit(EXPLAINED)
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
        os._exit(1)
    os._exit(0)  # as a module, bpy 4.2 crashes on leaving


def asset_of(fields: dict) -> Asset:
    """What json made of dataclasses.asdict(asset)."""
    request = {key: tuple(one) if isinstance(one, list) else one for key, one in fields["request"].items()}
    parts = {"target": Target(**fields["target"]), "request": SurfaceRequest(**request)}
    return Asset(**{**fields, **parts, "formats": tuple(fields["formats"]), "tags": tuple(fields["tags"])})


class Worker:
    def __init__(self, setting: dict, sink):
        self.provider, self.threads, self.check = setting["provider"], setting["threads"], setting["check"]
        self.sink = sink
        self.models: dict[str, Model] = {}
        self.orders: queue.SimpleQueue = queue.SimpleQueue()
        self.generated: queue.Queue = queue.Queue(1)
        self.speaking = threading.Lock()

    def serve(self) -> None:
        start_blender()
        for work in (self.listen, self.generate_ahead):
            threading.Thread(target=work, daemon=True).start()
        self.say(event="ready")
        while True:
            order, made, seconds = self.generated.get()
            if order is None:
                return
            self.finish(order, made, seconds)

    def listen(self) -> None:
        """Thread: orders into the queue; the end of the input ends the process, also in the middle of an asset."""
        for line in sys.stdin:
            self.orders.put(json.loads(line))
        os._exit(0)

    def generate_ahead(self) -> None:
        """Thread: one asset ahead of the one that is exported."""
        while True:
            order = self.orders.get()
            order["asset"] = asset_of(order["asset"])
            self.say(event="begun", number=order["number"])
            seconds: dict[str, float] = {}
            try:
                made = self.generate(order["asset"], seconds)
            except Exception as error:
                made = error
            self.generated.put((order, made, seconds))

    def generate(self, asset: Asset, seconds: dict) -> api.Generated:
        check_unchanged(asset.target)
        with stage(seconds, "load"):
            model = self.model(asset)
        with stage(seconds, "generate"):
            made = api.generate(model, asset.request, seconds=seconds)
        seconds["generate"] -= seconds["encode"]
        return made

    def model(self, asset: Asset) -> Model:
        path = asset.request.model
        if path not in self.models:
            while len(self.models) >= MOST_MODELS:
                del self.models[next(iter(self.models))]
            self.models[path] = Model.load(path, self.provider, self.threads)
        model = self.models[path]
        if model.sha256 != asset.model_sha256:
            raise ModelError(
                f"{path}: is not the file any more that the plan was checked with. Run the command again."
            )
        return model

    def finish(self, order: dict, made, seconds: dict) -> None:
        """Main thread: everything of one asset that needs Blender."""
        number = order["number"]
        try:
            if isinstance(made, Exception):
                raise made
            answer = self.write(order["asset"], made, Path(order["folder"]), seconds)
            self.say(event="made", number=number, seconds=rounded(seconds), **answer)
        except GanCubeError as error:
            self.say(event="failed", number=number, seconds=rounded(seconds), error=str(error))
        except MemoryError:
            sentence = "the memory is not enough. Choose a smaller size, or fewer workers."
            self.say(event="failed", number=number, seconds=rounded(seconds), error=sentence)
        except Exception as error:  # a mistake of ours, or of Blender's importers: the rest goes on
            traceback.print_exception(error)
            where = traceback.extract_tb(error.__traceback__)[-1]
            sentence = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
            self.say(event="failed", number=number, seconds=rounded(seconds), error=sentence)

    def write(self, asset: Asset, made: api.Generated, folder: Path, seconds: dict) -> dict:
        folder.mkdir(parents=True)
        with stage(seconds, "thumbnail"):
            picture = batch_picture.thumbnail(made.textures, asset.target.is_cube)
            write_atomic(folder / (asset.title + batch_report.THUMBNAIL), picture)
        with api.nothing_left_behind():
            with stage(seconds, "apply"):
                item = api.apply(made, asset.target, name=asset.title, threads=self.threads)
            kinds: dict[Path, list[str]] = {}  # textures can belong to several formats
            main: list[Path] = []
            for kind in asset.formats:
                with stage(seconds, kind):
                    path, tags = folder / asset.title, asset.tags
                    written = api.export(item, path, (kind,), made, asset.encoding, tags, asset.title)[kind]
                main += written if kind == "png" else written[:1]
                for file in written:
                    kinds.setdefault(file, []).append(kind)
        with stage(seconds, "check"):
            findings = faults_of(main, asset, made) if self.check else {}
        with stage(seconds, "hash"):
            listed = [
                {
                    "path": path.relative_to(folder).as_posix(),
                    "formats": kinds.get(path, []),
                    "bytes": path.stat().st_size,
                    "sha256": batch_report.sha256(path),
                }
                for path in sorted(folder.rglob("*"))
                if path.is_file()
            ]
        return {"files": listed, "recipe": json.loads(made.recipe), "validator": findings}

    def say(self, **message) -> None:
        with self.speaking:
            self.sink.write(MARK + json.dumps(message) + "\n")
            self.sink.flush()


def faults_of(files: list[Path], asset: Asset, made: api.Generated) -> dict:
    """{file: {"errors", "warnings"}}. OutputError where there are errors: such a file is not handed out."""
    generated = None
    if asset.encoding == "png" and (asset.target.is_cube or asset.target.mode == "tile"):
        generated = {str(number): maps for number, maps in enumerate(made.maps)}
    findings = {}
    for path in files:
        compared = generated if path.suffix not in (".png", ".usda", ".usdz") else None
        found = file_check.check_file(path, compared).findings
        sentences = {
            kind: [f"{one.rule}: {one.where}: {one.text}" for one in found if one.severity == kind]
            for kind in (ERROR, WARNING)
        }
        findings[path.name] = {"errors": sentences[ERROR], "warnings": sentences[WARNING]}
        if sentences[ERROR]:
            raise OutputError(f"{path.name}: gancube check finds: {' '.join(sentences[ERROR][:3])}")
    return findings


def check_unchanged(target: Target) -> None:
    if not target.is_file:
        return
    try:
        same = batch_report.sha256(Path(target.source)) == target.sha256
    except OSError as error:
        raise SurfaceError(f"{target.source}: is not there any more ({error.strerror}).") from error
    if not same:
        raise SurfaceError(f"{target.source}: was changed since the plan was checked. Run the command again.")


def rounded(seconds: dict) -> dict:
    return {name: round(value, 4) for name, value in seconds.items()}
