"""argv -> the same functions that tests call; argparse only at import, torch and the rest inside each command.

Commands: demo-data, prepare, train, sample, measure, export. A GanCubeError ends with its sentence and exit code 2.
"""

import argparse
import json
import sys
from pathlib import Path

from blender_addon.engine.errors import GanCubeError

from .errors import ConfigError
from .presets import DEFAULT, PRESETS
from .progress import Progress

EXTRA = {
    "PIL": "pillow",
    "onnxruntime": "onnxruntime",
}  # package names that differ from the module's, or need a word


def script() -> None:
    """Entry point of the installed command."""
    sys.exit(main())


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        return arguments.run(arguments)
    except GanCubeError as error:
        print(f"gan-train: error: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        name = (error.name or "").split(".")[0]
        if name in ("gan_train", "blender_addon"):
            raise
        hint = f"pip install {EXTRA.get(name, name)}, or pip install '.[train]' in the checkout"
        print(f"gan-train: error: {arguments.command} needs the package {name}: {hint}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("gan-train: stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="gan-train",
        description="From a folder of images to a generator for GAN Cubes: prepare, train, measure, export.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for add in (_add_prepare, _add_train, _add_sample, _add_measure, _add_export, _add_demo_data):
        add(commands)
    return parser


def _add_prepare(commands) -> None:
    parser = commands.add_parser(
        "prepare",
        help="check, convert and list a folder of images",
        description="Make a dataset from a folder (or zip) of images. The first folder level gives the labels; a "
        "folder "
        "below it is one material, whose base colour file is used. Bad files are listed and skipped.",
    )
    add = parser.add_argument
    add("source", metavar="DIR", type=Path, help="folder or zip of images")
    add("--out", metavar="DATASET", type=Path, required=True, help="dataset folder to write")
    add("--size", metavar="PX", type=int, default=256, help="short side in pixels (default 256)")
    add(
        "--labels",
        metavar="folders|CSV",
        default="folders",
        help="folders, or a CSV with the columns path and label",
    )
    add(
        "--min-per-label",
        metavar="N",
        type=int,
        default=6,
        help="leave out labels with fewer materials (default 6)",
    )
    add("--heldout", metavar="SHARE", type=float, default=0.1, help="share kept for measuring (default 0.1)")
    add("--without", metavar="LABEL", action="append", default=[], help="leave this label out; repeatable")
    add(
        "--metallic",
        metavar="LABEL=VALUE",
        action="append",
        default=[],
        help="how metallic a label is, 0 to 1 (default: the mean of its metallic maps); repeatable",
    )
    add("--licence", metavar="SPDX", default="", help="licence of files that no manifest.csv names")
    add("--source", metavar="TEXT", dest="source_text", default="", help="where such files come from")
    add("--force", action="store_true", help="replace a dataset that is already there")
    add("--json", action="store_true", help="print the report as JSON")
    parser.set_defaults(run=_run_prepare)


def _run_prepare(arguments: argparse.Namespace) -> int:
    from .prepare import PrepareOptions, prepare

    options = PrepareOptions(
        source=arguments.source,
        out=arguments.out,
        size=arguments.size,
        labels_csv=None if arguments.labels == "folders" else Path(arguments.labels),
        min_per_label=arguments.min_per_label,
        heldout=arguments.heldout,
        licence=arguments.licence,
        source_text=arguments.source_text,
        without=tuple(arguments.without),
        metallic=dict(_constant(pair) for pair in arguments.metallic),
        force=arguments.force,
    )
    report = prepare(options, Progress("images"))
    if arguments.json:
        print(json.dumps(report.as_json(), indent=1, ensure_ascii=False))
    else:
        print("\n".join(report.lines()))
    return 0


def _constant(pair: str) -> tuple[str, float]:
    label, _, text = pair.rpartition("=")
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not label or not 0 <= value <= 1:
        raise ConfigError(f"--metallic {pair}: write it as LABEL=VALUE with a value from 0 to 1.")
    return label, value


def _add_train(commands) -> None:
    parser = commands.add_parser(
        "train",
        help="train a generator; the same command again goes on",
        description="Train on a prepared dataset, or, with --preset single, on a photo or a folder of a few of the "
        "same surface. The same command again resumes where the run stopped.",
    )
    add = parser.add_argument
    add("dataset", metavar="DATASET|PHOTO", type=Path, help="folder made by prepare; or a photo")
    add("--licence", metavar="SPDX", default="", help="licence of a photo, such as CC0-1.0")
    add("--author", metavar="NAME", default="", help="who took it")
    add(
        "--out",
        metavar="RUN",
        type=Path,
        required=True,
        help="run folder: checkpoints, stats.jsonl, previews",
    )
    add("--preset", choices=tuple(PRESETS), default=DEFAULT, help=f"where to start from (default {DEFAULT})")
    add("--set", metavar="NAME=VALUE", action="append", default=[], help="change one setting; repeatable")
    add(
        "--settings", action="store_true", help="print every setting of the preset with its meaning, and stop"
    )
    add("--steps", metavar="N", type=_positive(int), help="stop after N generator updates in all")
    add("--minutes", metavar="M", type=_positive(float), help="stop and save after M minutes")
    add("--seed", metavar="S", type=int, default=0, help="of everything random (default 0)")
    add(
        "--shards",
        metavar="S",
        type=_positive(int),
        help="batches per step, shared by the processes of torchrun (default: one for each process)",
    )
    add(
        "--precision",
        choices=("auto", "float32", "bfloat16"),
        help="default auto: what the machine is fast in",
    )
    add(
        "--compile",
        choices=("auto", "on", "off"),
        help="torch.compile of the generator (default auto: on CUDA)",
    )
    add("--dry-run", action="store_true", help="print the whole configuration and stop")
    parser.set_defaults(run=_run_train)


def _run_train(arguments: argparse.Namespace) -> int:
    from .families import FAMILIES
    from .loop import train
    from .settings import describe_settings, parse_settings

    family, preset = PRESETS[arguments.preset]
    overrides = parse_settings(arguments.set, FAMILIES[family].config)
    if arguments.settings:
        print("\n".join(describe_settings(FAMILIES[family].config, {**preset, **overrides})))
        return 0
    dataset = arguments.dataset if arguments.dry_run else _dataset(arguments, FAMILIES[family], overrides)
    checkpoint = train(
        dataset,
        arguments.out,
        arguments.preset,
        overrides,
        steps=arguments.steps,
        minutes=arguments.minutes,
        seed=arguments.seed,
        dry_run=arguments.dry_run,
        shards=arguments.shards,
        precision=arguments.precision,
        compile=arguments.compile,
    )
    if checkpoint:
        print(f"{checkpoint} written; next: gan-train sample {arguments.out} --out grid.png")
    return 0


def _dataset(arguments: argparse.Namespace, entry, overrides: dict) -> Path:
    """The folder to train on; photos are first put into one inside the run folder."""
    from .manifest import FILE_NAME
    from .photo import photos_of_run, warnings_of

    if not entry.takes_photos or (arguments.dataset / FILE_NAME).exists():
        if arguments.licence or arguments.author:
            raise ConfigError(
                "--licence and --author are said of a photo; of a dataset, say them to prepare."
            )
        return arguments.dataset
    size = {**PRESETS[arguments.preset][1], **overrides}.get("photo", entry.config.photo)
    manifest = photos_of_run(arguments.dataset, arguments.out, size, arguments.licence, arguments.author)
    for line in warnings_of(manifest):
        print(line, file=sys.stderr)
    return manifest.folder


def _add_model_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="RUN|FILE.onnx", type=Path, help="a run folder or an exported file")
    parser.add_argument(
        "--provider", choices=("auto", "cpu", "cuda", "webgpu", "coreml"), default="cpu", help="default cpu"
    )


def _add_sample(commands) -> None:
    parser = commands.add_parser(
        "sample",
        help="draw textures: a labelled grid, or single files",
        description="Draw textures, unpicked. A name ending in .png gets one grid with a row per label; any other name "
        "is a folder and gets LABEL/SEED.png.",
    )
    _add_model_argument(parser)
    add = parser.add_argument
    add("--out", metavar="GRID.png|DIR", type=Path, required=True, help="what to write")
    add("--count", metavar="N", type=int, default=8, help="textures of each label (default 8)")
    add("--label", metavar="L", help="only this label")
    add("--size", metavar="PX", type=int, help="side in pixels (default: the model's)")
    add("--seed", metavar="S", type=int, default=0, help="texture seeds S to S+N-1 (default 0)")
    parser.set_defaults(run=_run_sample)


def _run_sample(arguments: argparse.Namespace) -> int:
    from .model_source import open_model
    from .sample import sample

    with open_model(arguments.model, arguments.provider) as model:
        written = sample(
            model,
            arguments.out,
            arguments.count,
            arguments.label,
            arguments.size,
            arguments.seed,
            Progress("textures"),
        )
    print(f"{arguments.out} written" + ("" if written[0] == arguments.out else f": {len(written)} files"))
    return 0


def _add_measure(commands) -> None:
    parser = commands.add_parser(
        "measure",
        help="how good is it? every number beside its floor",
        description="Compare samples with the real pictures of a dataset. Each number stands beside its floor: the "
        "same "
        "number for real pictures of materials against real pictures of other materials.",
    )
    _add_model_argument(parser)
    add = parser.add_argument
    add("--data", metavar="DATASET", type=Path, required=True, help="folder made by prepare")
    add(
        "--count",
        metavar="N",
        type=int,
        default=400,
        help="samples, drawn evenly over the labels (default 400)",
    )
    add("--size", metavar="PX", type=int, help="side of the samples (default: the model's)")
    add("--seed", metavar="S", type=int, default=0, help="first texture seed (default 0)")
    add("--json", action="store_true", help="print JSON alone")
    parser.set_defaults(run=_run_measure)


def _run_measure(arguments: argparse.Namespace) -> int:
    from .manifest import read_manifest
    from .measure import measure
    from .model_source import open_model

    manifest = read_manifest(arguments.data)
    bars: dict[str, Progress] = {}

    def progress(what: str, done: int, total: int) -> None:
        bars.setdefault(what, Progress(what))(done, total)

    with open_model(arguments.model, arguments.provider) as model:
        panel = measure(model, manifest, arguments.count, arguments.size, arguments.seed, progress=progress)
    print(
        json.dumps(panel.as_json(), indent=1, ensure_ascii=False)
        if arguments.json
        else "\n".join(panel.lines())
    )
    return 0


def _add_export(commands) -> None:
    parser = commands.add_parser(
        "export",
        help="write one ONNX file that gancube and the panel can use",
        description="Export the newest checkpoint of a run: weights and card in one file, checked against torch.",
    )
    add = parser.add_argument
    add("run_folder", metavar="RUN", type=Path, help="run folder")
    add("--out", metavar="FILE.onnx", type=Path, required=True, help="file to write")
    add("--name", metavar="NAME", help="how users call the model (default: the file's name)")
    add("--summary", metavar="TEXT", help="one line for lists")
    add("--measures", metavar="FILE.json", type=Path, help="what measure --json printed, kept in the card")
    parser.set_defaults(run=_run_export)


def _run_export(arguments: argparse.Namespace) -> int:
    measures = _read_measures(arguments.measures) if arguments.measures else None
    from .export import export_run

    path = export_run(arguments.run_folder, arguments.out, arguments.name, arguments.summary, measures)
    print(
        f"{path} written, {path.stat().st_size / 2**20:.1f} MiB; next: gancube cube --model {path} --out cube.glb"
    )
    return 0


def _read_measures(path: Path) -> dict[str, float]:
    """{name: value, name_floor: floor} from the JSON of `measure --json`."""
    try:
        measures = json.loads(path.read_text(encoding="utf-8"))["measures"]
        pairs = [
            (name + end, row[key])
            for name, row in measures.items()
            for key, end in (("value", ""), ("floor", "_floor"))
        ]
        return {name: float(f"{value:.4g}") for name, value in pairs if value is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: is not what gan-train measure --json prints ({error!r}).") from error


def _add_demo_data(commands) -> None:
    parser = commands.add_parser(
        "demo-data",
        help="make a small labelled set of textures to try things with",
        description="Compute a small labelled set of tileable textures: no download, CC0.",
    )
    add = parser.add_argument
    add("out", metavar="OUT", type=Path, help="folder to write")
    add("--count", metavar="N", type=int, default=8, help="textures of each label (default 8)")
    add("--size", metavar="PX", type=int, default=192, help="side in pixels, a multiple of 32 (default 192)")
    add("--seed", metavar="S", type=int, default=0, help="other numbers give other textures (default 0)")
    parser.set_defaults(run=_run_demo_data)


def _run_demo_data(arguments: argparse.Namespace) -> int:
    from .demo_data import write_demo_data

    paths = write_demo_data(arguments.out, arguments.count, arguments.size, arguments.seed)
    print(
        f"{arguments.out} written: {len(paths)} images; "
        f"next: gan-train prepare {arguments.out} --out DATASET --size {arguments.size}"
    )
    return 0


def _positive(kind: type):
    """An argparse type: a number of `kind` above zero."""

    def number(text: str):
        value = kind(text)
        if not value > 0:
            raise ValueError(text)
        return value

    number.__name__ = "positive number"  # argparse names it in its message
    return number
