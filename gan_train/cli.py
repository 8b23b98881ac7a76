"""argv -> the same functions that tests call; argparse only at import, torch and the rest inside each command.

Commands: demo-data, geometry-pairs, prepare, train, sample, project, measure, export. A GanCubeError ends with its
sentence and exit code 2.
"""

import argparse
import sys

from blender_addon.engine.errors import GanCubeError

from .export_command import add_export
from .look_commands import add_measure, add_sample
from .prepare_command import add_demo_data, add_geometry_pairs, add_prepare
from .project_command import add_project
from .train_command import add_train

EXTRA = {
    "PIL": "pillow",
    "onnxruntime": "onnxruntime",
}  # package names that differ from the module's, or need a word


def script() -> None:
    """Entry point of the installed command."""
    if hasattr(sys.stdout, "reconfigure"):  # names of files may have letters that the terminal has not
        sys.stdout.reconfigure(errors="backslashreplace")
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
        add_prepare,
        add_train,
        add_sample,
        add_project,
        add_measure,
        add_export,
        add_demo_data,
        add_geometry_pairs,
    ):
        add(commands)
    return parser
