"""The command `gan-train project`: its arguments and what it says; argparse only at import.

Previous station: cli.py. Next: project.py.
"""

import argparse
from pathlib import Path

from .arguments import add_model_argument
from .progress import Progress


def add_project(commands) -> None:
    parser = commands.add_parser(
        "project",
        help="begin from a photo: find what draws something like it",
        description="Find the labels and the latent whose pictures look most like a photo. Writes them as JSON, which "
        "`gancube cube --latent` reads, and a picture that shows photo and result. Of a run, the result is refined "
        "with gradients; of an ONNX file it is searched without.",
    )
    add_model_argument(parser)
    add = parser.add_argument
    add("photo", metavar="IMAGE", type=Path, help="any image file; its middle square is compared")
    add("--out", metavar="FILE.json", type=Path, required=True, help="what to write; FILE.png shows it")
    add(
        "--label",
        metavar="L",
        help="what the photo shows, where you know it better (default: found, of three at most)",
    )
    add(
        "--photo-size",
        metavar="PX",
        type=int,
        help="short side to which the photo is scaled; smaller makes its pattern finer (default: found)",
    )
    add("--tries", metavar="N", type=int, default=800, help="pictures to draw (default 800)")
    add("--seed", metavar="S", type=int, default=0, help="of the search and of the layout (default 0)")
    parser.set_defaults(run=_run_project)


def _run_project(arguments: argparse.Namespace) -> int:
    from .model_source import open_model
    from .project import project

    module = None
    if arguments.model.is_dir():
        from .export import KEPT
        from .run_folder import load_averaged

        module = load_averaged(arguments.model, KEPT[arguments.checkpoint])[0].deploy().module
    with open_model(arguments.model, arguments.provider, arguments.checkpoint, arguments.direction) as model:
        made = project(
            model,
            arguments.photo,
            arguments.out,
            arguments.label,
            arguments.photo_size,
            arguments.tries,
            arguments.seed,
            module,
            Progress("pictures"),
        )
    latent = made.latent
    labels = ", ".join(f"{name} {weight:.2g}" for name, weight in (latent.label or {}).items())
    print(
        f"{' and '.join(map(str, made.files))} written: {labels or 'no labels'}, distance {latent.distance:.2f} "
        f"(a random picture of the model: 1), photo at {made.photo_px} px"
    )
    if not module:
        print(f"next: gancube cube --model {arguments.model} --latent {made.files[0]} --out cube.glb")
    return 0
