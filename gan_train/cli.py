"""argv -> the same functions that tests call; argparse only at import, torch and the rest inside each command.

Commands: demo-data, prepare, train, sample, project, measure, export. A GanCubeError ends with its sentence
and exit code 2.
"""

import argparse
import dataclasses
import functools
import json
import sys
from pathlib import Path

from blender_addon.engine.errors import GanCubeError

from .arguments import add_checkpoint_argument, add_model_argument, positive
from .errors import ConfigError
from .presets import DEFAULT, PRESETS
from .progress import Progress
from .project_command import add_project

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
        return getattr(error, "exit_code", 2)
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
    for add in (
        _add_prepare,
        _add_train,
        _add_sample,
        add_project,
        _add_measure,
        _add_export,
        _add_demo_data,
    ):
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
        "--min-size",
        metavar="PX",
        type=int,
        default=128,
        help="leave out images with a shorter side below this (default 128)",
    )
    add(
        "--non-square",
        choices=("keep", "crop"),
        default="keep",
        help="keep: as long as 4:1, the crops of training move along it (default); crop: the middle square",
    )
    add(
        "--labels",
        metavar="folders|FILE",
        default="folders",
        help='folders, a CSV with the columns path and label, or a JSON file {"path": "label"}',
    )
    add(
        "--min-per-label",
        metavar="N",
        type=int,
        default=6,
        help="leave out labels with fewer materials (default 6)",
    )
    add("--heldout", metavar="SHARE", type=float, default=0.1, help="share kept for measuring (default 0.1)")
    add("--keep-alpha", action="store_true", help="keep transparency (as PNG) instead of filling it")
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
        min_size=arguments.min_size,
        non_square=arguments.non_square,
        labels_file=None if arguments.labels == "folders" else Path(arguments.labels),
        min_per_label=arguments.min_per_label,
        heldout=arguments.heldout,
        licence=arguments.licence,
        source_text=arguments.source_text,
        without=tuple(arguments.without),
        metallic=dict(_constant(pair) for pair in arguments.metallic),
        keep_alpha=arguments.keep_alpha,
        force=arguments.force,
    )
    asks = sys.stdin.isatty() and sys.stderr.isatty()
    report = prepare(options, Progress("images"), _ask if asks else None)
    if arguments.json:
        print(json.dumps(report.as_json(), indent=1, ensure_ascii=False))
    else:
        print("\n".join(report.lines()))
    return 0


def _ask(question: str) -> str:
    """A line from the terminal, asked on standard error: standard output may be JSON for a program."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


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
    add("--preset", choices=tuple(PRESETS), help=f"family and settings by what you have (default {DEFAULT})")
    add(
        "--from",
        dest="source",
        metavar="RUN|FILE.onnx",
        type=Path,
        help="fine-tune: begin with the weights and settings of this generator",
    )
    add("--set", metavar="NAME=VALUE", action="append", default=[], help="change one setting; repeatable")
    add(
        "--settings", action="store_true", help="print every setting of the preset with its meaning, and stop"
    )
    add("--steps", metavar="N", type=positive(int), help="stop after N generator updates in all")
    add("--minutes", metavar="M", type=positive(float), help="stop and save after M minutes")
    add("--seed", metavar="S", type=int, default=0, help="of everything random (default 0)")
    add(
        "--shards",
        metavar="S",
        type=positive(int),
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
    add(
        "--watch-steps",
        metavar="N",
        type=positive(int),
        default=500,
        help="steps between looks at drawn pictures, for the alarm of collapse and RUN/best (default 500)",
    )
    add(
        "--stop-on-collapse",
        action="store_true",
        help="end the run at a diversity collapse, with exit code 3; RUN/best has the best state before it",
    )
    add("--dry-run", action="store_true", help="print the whole configuration and stop")
    parser.set_defaults(run=_run_train)


def _run_train(arguments: argparse.Namespace) -> int:
    from .families import FAMILIES
    from .loop import configure, train
    from .settings import describe_settings, parse_settings
    from .watch import RunWatch

    family, settings = PRESETS[arguments.preset or DEFAULT]
    if arguments.source:
        from .weights import Base

        base = Base(arguments.source)
        family, config = configure(arguments.preset, {}, base)
        settings = dataclasses.asdict(config)
    overrides = parse_settings(arguments.set, FAMILIES[family].config)
    if arguments.settings:
        print("\n".join(describe_settings(FAMILIES[family].config, {**settings, **overrides})))
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
        source=arguments.source,
        watch=functools.partial(
            RunWatch, pictures=arguments.watch_steps, stop_on_collapse=arguments.stop_on_collapse
        ),
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
        "is a folder and gets LABEL/SEED.png (or .jpg). With --interpolate: a sheet of what lies between two seeds of "
        "each label, or between neighbouring labels.",
    )
    add_model_argument(parser)
    add = parser.add_argument
    add("--out", metavar="GRID.png|DIR", type=Path, required=True, help="what to write")
    add("--count", metavar="N", type=int, default=8, help="textures of each label, or steps (default 8)")
    add("--label", metavar="L", help="only this label")
    add("--interpolate", choices=("seeds", "labels"), help="a sheet from one to the next")
    add("--jpeg", action="store_true", help="write JPEG files into the folder")
    add("--size", metavar="PX", type=int, help="side in pixels (default: the model's)")
    add("--seed", metavar="S", type=int, default=0, help="texture seeds S to S+N-1 (default 0)")
    add(
        "--mix",
        metavar="LAYER",
        type=int,
        nargs="?",
        const=-1,
        help="a sheet of N x N mixtures instead: coarse styles of the rows, styles of the columns from LAYER on",
    )
    parser.set_defaults(run=_run_sample)


def _run_sample(arguments: argparse.Namespace) -> int:
    from .interpolation import interpolate
    from .mixing_sheet import mixing_sheet
    from .model_source import open_model
    from .sample import sample

    a = arguments
    bar = Progress("rows" if a.mix is not None else "textures")
    with open_model(a.model, a.provider, a.checkpoint) as model:
        if a.mix is not None:
            first = None if a.mix == -1 else a.mix
            written = [mixing_sheet(model, a.out, a.count, a.label, a.seed, first, bar)]
        elif a.interpolate:
            written = [interpolate(model, a.out, a.interpolate, a.count, a.label, a.size, a.seed, bar)]
        else:
            written = sample(model, a.out, a.count, a.label, a.size, a.seed, bar, a.jpeg)
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
    add_model_argument(parser)
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
    add(
        "--pictures",
        metavar="DIR",
        type=Path,
        help="also write samples.png, neighbours.png (samples beside the nearest training crops) and tiled.png there",
    )
    add(
        "--fid",
        metavar="FILE",
        nargs="?",
        const="",
        help="also real FID and KID, with torch-fidelity and its Inception weights (default: where torch keeps them)",
    )
    parser.set_defaults(run=_run_measure)


def _run_measure(arguments: argparse.Namespace) -> int:
    from .manifest import read_manifest
    from .measure import measure
    from .model_source import open_model

    manifest = read_manifest(arguments.data)
    inception = None
    if arguments.fid is not None:
        from .inception import Inception

        inception = Inception(Path(arguments.fid) if arguments.fid else None)
    bars: dict[str, Progress] = {}

    def progress(what: str, done: int, total: int) -> None:
        bars.setdefault(what, Progress(what))(done, total)

    with open_model(arguments.model, arguments.provider, arguments.checkpoint) as model:
        panel = measure(
            model,
            manifest,
            arguments.count,
            arguments.size,
            arguments.seed,
            progress=progress,
            pictures=arguments.pictures,
            inception=inception,
        )
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
        description="Export a checkpoint of a run: weights and card in one file, checked against torch.",
    )
    add = parser.add_argument
    add("run_folder", metavar="RUN", type=Path, help="run folder")
    add("--out", metavar="FILE.onnx", type=Path, required=True, help="file to write")
    add_checkpoint_argument(parser)
    add("--name", metavar="NAME", help="how users call the model (default: the file's name)")
    add("--summary", metavar="TEXT", help="one line for lists")
    add("--measures", metavar="FILE.json", type=Path, help="what measure --json printed, kept in the card")
    parser.set_defaults(run=_run_export)


def _run_export(arguments: argparse.Namespace) -> int:
    measures = _read_measures(arguments.measures) if arguments.measures else None
    from .export import export_run

    path = export_run(
        arguments.run_folder, arguments.out, arguments.name, arguments.summary, measures, arguments.checkpoint
    )
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
        help="make a small labelled set of pictures to try things with",
        description="Compute a small labelled set of pictures, tileable textures or planets on transparent ground: "
        "no download, CC0.",
    )
    add = parser.add_argument
    add("out", metavar="OUT", type=Path, help="folder to write")
    add("--kind", choices=("textures", "planets"), default="textures", help="of what (default textures)")
    add("--count", metavar="N", type=int, default=8, help="pictures of each label (default 8)")
    add("--size", metavar="PX", type=int, default=192, help="side in pixels, a multiple of 32 (default 192)")
    add("--seed", metavar="S", type=int, default=0, help="other numbers give other pictures (default 0)")
    parser.set_defaults(run=_run_demo_data)


def _run_demo_data(arguments: argparse.Namespace) -> int:
    from .demo_data import write_demo_data

    paths = write_demo_data(arguments.out, arguments.count, arguments.size, arguments.seed, arguments.kind)
    keep = " --keep-alpha" if arguments.kind == "planets" else ""
    print(
        f"{arguments.out} written: {len(paths)} images; "
        f"next: gan-train prepare {arguments.out} --out DATASET --size {arguments.size}{keep}"
    )
    return 0
