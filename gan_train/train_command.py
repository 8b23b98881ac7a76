"""The command `gan-train train`: its arguments and what it says; argparse only at import.

Previous station: cli.py. Next: photo.py (a photo becomes a dataset), loop.py.
"""

import argparse
import dataclasses
import functools
import sys
from pathlib import Path

from .arguments import positive
from .errors import ConfigError
from .presets import DEFAULT, PRESETS


def add_train(commands) -> None:
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
    add(
        "--preset",
        choices=tuple(PRESETS),
        help=f"family and settings by what you have (default {DEFAULT}, or what the run was begun with)",
    )
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
    add("--seed", metavar="S", type=int, help="of everything random (default 0, or the run's)")
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
    from .run_folder import read_run
    from .settings import describe_settings, parse_settings
    from .watch import RunWatch

    base, begun = None, {}
    if arguments.source:
        from .weights import Base

        base = Base(arguments.source)
    elif (arguments.out / "run.json").exists():
        begun = read_run(arguments.out)
    family, config = configure(arguments.preset, {}, base, begun)
    settings = dataclasses.asdict(config)
    overrides = parse_settings(arguments.set, FAMILIES[family].config)
    if arguments.settings:
        print("\n".join(describe_settings(FAMILIES[family].config, {**settings, **overrides})))
        return 0
    dataset = arguments.dataset
    if not arguments.dry_run:
        dataset = _dataset(arguments, FAMILIES[family], {**settings, **overrides})
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
        pictures = f" --data {dataset}" if FAMILIES[family].takes_pictures else ""
        print(f"{checkpoint} written; next: gan-train sample {arguments.out}{pictures} --out grid.png")
    return 0


def _dataset(arguments: argparse.Namespace, entry, settings: dict) -> Path:
    """The folder to train on; photos are first put into one inside the run folder."""
    from .manifest import FILE_NAME
    from .photo import photos_of_run, warnings_of

    if not entry.takes_photos or (arguments.dataset / FILE_NAME).exists():
        if arguments.licence or arguments.author:
            raise ConfigError(
                "--licence and --author are said of a photo; of a dataset, say them to prepare."
            )
        return arguments.dataset
    manifest = photos_of_run(
        arguments.dataset, arguments.out, settings["photo"], arguments.licence, arguments.author
    )
    for line in warnings_of(manifest):
        print(line, file=sys.stderr)
    return manifest.folder
