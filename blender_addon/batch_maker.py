"""Makes one asset: generates its textures, and fills a folder with its files. Numpy, onnxruntime and bpy.

Previous station: batch_worker.py (a process of the command), batch_ray.py (an actor of a cluster). Next: api.py.
"""

import json
import traceback
from pathlib import Path

from . import api, file_check
from .cube_command import stage
from .engine import batch_picture, batch_report
from .engine.checked import ERROR, WARNING
from .engine.errors import GanCubeError, ModelError, OutputError, SurfaceError
from .engine.files import write_atomic
from .engine.model import Model
from .engine.pixels import to_uint8
from .engine.plan import Asset, ChainStep, Target
from .engine.surface_request import SurfaceRequest
from .engine.transform import Step

MOST_MODELS = 2  # loaded at once: memory stays flat over a plan of many


def asset_of(fields: dict) -> Asset:
    """What json made of dataclasses.asdict(asset)."""
    request = {key: tuple(one) if isinstance(one, list) else one for key, one in fields["request"].items()}
    parts = {"target": Target(**fields["target"]), "request": SurfaceRequest(**request)}
    parts |= {"formats": tuple(fields["formats"]), "tags": tuple(fields["tags"])}
    parts["transform"] = tuple(ChainStep(**one) for one in fields["transform"])
    return Asset(**{**fields, **parts})


def step_of(one: ChainStep) -> Step:
    return Step(one.label, {} if one.strength is None else {"strength": one.strength}, one.seed)


class Faulty(OutputError):
    """A file with errors is not handed out. findings: of all files so far, for the report."""

    def __init__(self, sentence: str, findings: dict):
        super().__init__(sentence)
        self.findings = findings


class Maker:
    """provider and threads: of inference. check: look at each file as `gancube check` does."""

    def __init__(self, provider: str, threads: int, check: bool):
        self.provider, self.threads, self.check = provider, threads, check
        self.models: dict[str, Model] = {}

    def generate(self, asset: Asset, seconds: dict) -> api.Generated:
        """In any thread."""
        check_unchanged(asset.target)
        with stage(seconds, "load"):
            most = max(MOST_MODELS, 1 + len(asset.transform))
            model = self.model(asset.request.model, asset.model_sha256, most)
            chain = [(self.model(one.file, one.sha256, most), step_of(one)) for one in asset.transform]
        with stage(seconds, "generate"):
            made = api.generate(model, asset.request, seconds=seconds)
        seconds["generate"] -= seconds["encode"]
        if chain:
            before = seconds["encode"]
            with stage(seconds, "transform"):
                made = api.transform_chain(made, chain, seconds)
            seconds["transform"] -= seconds["encode"] - before
        return made

    def model(self, path: str, sha256: str, most: int) -> Model:
        if path not in self.models:
            while len(self.models) >= most:
                del self.models[next(iter(self.models))]
            self.models[path] = Model.load(path, self.provider, self.threads)
        model = self.models[path]
        if model.sha256 != sha256:
            raise ModelError(
                f"{path}: is not the file any more that the plan was checked with. Run the command again."
            )
        return model

    def finish(self, asset: Asset, made: api.Generated | Exception, folder: Path, seconds: dict) -> dict:
        """Main thread: everything of one asset that needs Blender. What became of it, as the report has it."""
        findings: dict = {}
        try:
            if isinstance(made, Exception):
                raise made
            answer = self.write(asset, made, folder, seconds)
            return {"event": "made", "seconds": rounded(seconds), **answer}
        except GanCubeError as error:
            sentence, findings = str(error), getattr(error, "findings", {})
        except MemoryError:
            sentence = "the memory is not enough. Choose a smaller size, or fewer workers."
        except Exception as error:  # a mistake of ours, or of Blender's importers: the rest goes on
            traceback.print_exception(error)
            where = traceback.extract_tb(error.__traceback__)[-1]
            sentence = f"{type(error).__name__}: {error} ({Path(where.filename).name}:{where.lineno})"
        return {"event": "failed", "seconds": rounded(seconds), "error": sentence, "validator": findings}

    def write(self, asset: Asset, made: api.Generated, folder: Path, seconds: dict) -> dict:
        folder.mkdir(parents=True)
        with api.nothing_left_behind():
            with stage(seconds, "apply"):
                item = api.apply(made, asset.target, name=asset.title, threads=self.threads)
            with stage(seconds, "thumbnail"):
                picture = batch_picture.marked(
                    self.picture(asset, made, item), made.mark(asset.title, asset.tags)
                )
                write_atomic(folder / (asset.title + batch_report.THUMBNAIL), picture)
            if asset.catalog:
                with stage(seconds, "mark"):
                    api.mark_as_asset(item, made, asset.catalog, asset.tags)
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

    def picture(self, asset: Asset, made: api.Generated, item) -> bytes:
        if asset.target.is_cube:
            return batch_picture.thumbnail(made.textures)
        return batch_picture.on_paper(api.picture(item, batch_picture.SIDE, self.threads))


def faults_of(files: list[Path], asset: Asset, made: api.Generated) -> dict:
    """{file: {"errors", "warnings"}}; Faulty where there are errors."""
    generated = None
    if asset.encoding == "png" and (asset.target.is_cube or asset.target.mode == "tile"):
        pictures = ({name: to_uint8(pixels) for name, pixels in one.maps.items()} for one in made.textures)
        generated = {str(number): maps for number, maps in enumerate(pictures)}
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
            said = f"{path.name}: gancube check finds: {' '.join(sentences[ERROR][:3])}"
            raise Faulty(said, findings)
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
