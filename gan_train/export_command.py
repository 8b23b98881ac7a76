"""The command `gan-train export`: its arguments and what it says; argparse only at import.

Previous station: cli.py. Next: export.py.
"""

import argparse
import json
from pathlib import Path

from .arguments import add_checkpoint_argument
from .errors import ConfigError


def add_export(commands) -> None:
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
    if arguments.out.suffix.lower() != ".onnx":
        raise ConfigError(f"--out {arguments.out}: the name must end in .onnx.")
    from .export import export_run
    from .model_source import tell_export

    tell_export(arguments.run_folder, arguments.checkpoint)
    path = export_run(
        arguments.run_folder,
        arguments.out,
        arguments.name,
        arguments.summary,
        measures,
        arguments.checkpoint,
        arguments.direction,
    )
    print(f"{path} written, {path.stat().st_size / 2**20:.1f} MiB; next: {_use_of(path)}")
    return 0


def _use_of(path: Path) -> str:
    """The command that uses the file, by what goes in."""
    from blender_addon.engine.card import parse_card
    from blender_addon.engine.match import card_text
    from blender_addon.engine.onnx_file import read_onnx

    if parse_card(card_text(read_onnx(path)), str(path)).takes_picture:
        return f"gancube transform IMAGE --model {path} --out changed.png"
    return f"gancube cube --model {path} --out cube.glb"


def _read_measures(path: Path) -> dict[str, float]:
    """{name: value, name_floor: floor} (or name_baseline) from the JSON of `measure --json`."""
    try:
        panel = json.loads(path.read_text(encoding="utf-8"))
        measures, beside = panel["measures"], str(panel.get("beside", "floor"))
        pairs = [
            (name + end, row[key])
            for name, row in measures.items()
            for key, end in (("value", ""), ("floor", f"_{beside}"))
        ]
        return {name: float(f"{value:.4g}") for name, value in pairs if value is not None}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path}: is not what gan-train measure --json prints ({error!r}).") from error
