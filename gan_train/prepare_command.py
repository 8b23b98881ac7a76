"""The commands `gan-train demo-data` and `prepare`: arguments and what they say; argparse only at import.

Previous station: cli.py. Next: demo_data.py, prepare.py.
"""

import argparse
import json
import sys
from pathlib import Path

from .errors import ConfigError
from .progress import Progress, counted


def add_demo_data(commands) -> None:
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
        f"{arguments.out} written: {counted(len(paths), 'image')}; "
        f"next: gan-train prepare {arguments.out} --out DATASET --size {arguments.size}{keep}"
    )
    return 0


def add_prepare(commands) -> None:
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
        help="leave out images with a shorter side below this (default 128, or --size where that is less)",
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
    add(
        "--pairs",
        metavar="NAME=DIR",
        action="append",
        default=[],
        help="partners with the same names in another folder, such as input=PHOTOS, ao=DIR, position=DIR; or beside "
        "the pictures as FILE_NAME; repeatable",
    )
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
        pairs=dict(_partners(pair) for text in arguments.pairs for pair in text.split(",")),
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


def _partners(pair: str) -> tuple[str, Path]:
    name, _, folder = pair.partition("=")
    if not name or not folder:
        raise ConfigError(f"--pairs {pair}: write it as NAME=DIR, such as input=PHOTOS.")
    return name, Path(folder)


def add_geometry_pairs(commands: argparse._SubParsersAction) -> None:
    parser = commands.add_parser(
        "geometry-pairs",
        help="compute training pairs for --preset geometry: meshes, their baked shape, how they weather",
        description="Computes meshes, bakes their shape with gancube geometry (Blender must be there), and lays three "
        "materials of a generator on them by a rule: worn where they are edged, dirty where they are hollow.",
    )
    add = parser.add_argument
    add("--out", metavar="DIR", type=Path, required=True, help="a new folder")
    add("--model", metavar="FILE", type=Path, required=True, help="the .onnx that makes the materials")
    for role, label in (("clean", "plaster"), ("worn", "concrete"), ("dirty", "ground")):
        add(
            f"--{role}", metavar="LABEL", default=label, help=f"its label of the {role} one (default {label})"
        )
    add("--count", metavar="N", type=int, default=100, help="meshes (default 100)")
    add("--size", metavar="PIXELS", type=int, default=256, help="of the pictures (default 256)")
    add("--variety", metavar="N", type=int, default=1, help="textures of each material (default 1)")
    add("--meshes", metavar="DIR", type=Path, help="your meshes (.obj, .glb, .fbx) instead of computed ones")
    add("--seed", metavar="N", type=int, default=0, help="of meshes, textures and noise (default 0)")
    parser.set_defaults(run=_run_geometry_pairs)


def _run_geometry_pairs(arguments: argparse.Namespace) -> int:
    from .demo_weather import WeatherData, prepare_line, write_pairs

    a = arguments
    wish = WeatherData(
        a.out, a.model, (a.clean, a.worn, a.dirty), a.count, a.size, a.seed, a.variety, a.meshes
    )
    names = write_pairs(wish, Progress("meshes"))
    print(f"{len(names)} meshes in {a.out}. They show a rule, not the world. Next:\n{prepare_line(a.out)}")
    return 0
