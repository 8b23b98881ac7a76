"""The commands `gan-train sample` and `measure`: arguments and what they say; argparse only at import.

Previous station: cli.py. Next: sample.py, interpolation.py, mixing_sheet.py, measure.py.
"""

import argparse
import json
from pathlib import Path

from .arguments import add_model_argument
from .errors import ConfigError
from .progress import Progress


def add_sample(commands) -> None:
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
    add(
        "--data",
        metavar="DATASET",
        type=Path,
        help="of a generator that takes a picture: those it is given, held-out ones first, and what it makes of them",
    )
    add(
        "--source",
        metavar="LABEL",
        help="likewise, of one between looks: only pictures of this label (default: as it says, or any)",
    )
    parser.set_defaults(run=_run_sample)


def _run_sample(arguments: argparse.Namespace) -> int:
    from .interpolation import interpolate
    from .mixing_sheet import mixing_sheet
    from .model_source import open_model
    from .sample import sample

    a = arguments
    bar = Progress("rows" if a.mix is not None else "textures")
    with open_model(a.model, a.provider, a.checkpoint, a.direction) as model:
        if model.card.takes_picture or a.data is not None:
            written = [_sample_pictures(model, a, bar)]
        elif a.mix is not None:
            first = None if a.mix == -1 else a.mix
            written = [mixing_sheet(model, a.out, a.count, a.label, a.seed, first, bar)]
        elif a.interpolate:
            written = [interpolate(model, a.out, a.interpolate, a.count, a.label, a.size, a.seed, bar)]
        else:
            written = sample(model, a.out, a.count, a.label, a.size, a.seed, bar, a.jpeg)
    print(f"{arguments.out} written" + ("" if written[0] == arguments.out else f": {len(written)} files"))
    return 0


def _sample_pictures(model, arguments: argparse.Namespace, bar: Progress) -> Path:
    """A sheet of pictures of a dataset and what a generator that takes pictures makes of them."""
    from .changed_sheet import changed_sheet
    from .held_out_pairs import has_pairs
    from .manifest import read_manifest
    from .pair_sheet import pair_sheet

    a = arguments
    if a.data is None:
        raise ConfigError(f"{model.card.name} takes pictures: say with --data DATASET which.")
    for flag, value in (("--mix", a.mix), ("--interpolate", a.interpolate), ("--jpeg", a.jpeg or None)):
        if value is not None:
            raise ConfigError(
                f"{flag}: is for generators that make textures; {model.card.name} takes pictures."
            )
    manifest = read_manifest(a.data)
    if has_pairs(model.card, manifest) or not model.card.takes_picture:
        return pair_sheet(model, manifest, a.out, a.count, a.seed, bar)
    return changed_sheet(model, manifest, a.out, a.count, a.source, a.label, a.seed, a.size)


def add_measure(commands) -> None:
    parser = commands.add_parser(
        "measure",
        help="how good is it? every number beside its floor",
        description="Compare samples with the real pictures of a dataset. Each number stands beside its floor: the "
        "same "
        "number for real pictures of materials against real pictures of other materials. Of a generator that makes "
        "pictures out of pictures whose answer the dataset holds: the distance from it on held-out pictures, beside "
        "doing without a network.",
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
        "--into-card",
        action="store_true",
        help="keep the figures in the card of FILE.onnx; no weight changes",
    )
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
    add(
        "--source",
        metavar="LABEL",
        help="of a generator that changes pictures: which go in (default: as it says)",
    )
    add(
        "--target",
        metavar="LABEL",
        help="likewise: what they are to look like (default: as it says, or each label)",
    )
    add(
        "--split",
        choices=("heldout", "train"),
        default="heldout",
        help="likewise: pictures it has never seen, or those it was trained on (default heldout)",
    )
    parser.set_defaults(run=_run_measure)


def _run_measure(arguments: argparse.Namespace) -> int:
    from .held_out_pairs import has_pairs
    from .manifest import read_manifest
    from .measure import measure
    from .measure_pairs import measure_pairs
    from .model_source import open_model

    if arguments.into_card and arguments.model.is_dir():
        raise ConfigError(f"{arguments.model}: --into-card needs an exported file. Export the run first.")
    manifest = read_manifest(arguments.data)
    inception = None
    if arguments.fid is not None:
        from .inception import Inception

        inception = Inception(Path(arguments.fid) if arguments.fid else None)
    bars: dict[str, Progress] = {}

    def progress(what: str, done: int, total: int) -> None:
        bars.setdefault(what, Progress(what))(done, total)

    with open_model(arguments.model, arguments.provider, arguments.checkpoint, arguments.direction) as model:
        if has_pairs(model.card, manifest):
            panel = measure_pairs(model, manifest, arguments.count, arguments.seed, progress)
        elif model.card.takes_picture:
            panel = _measure_looks(model, manifest, arguments, progress)
        else:
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
    if arguments.into_card:
        from .card_measures import put_measures

        put_measures(arguments.model, panel.summary())
    print(
        json.dumps(panel.as_json(), indent=1, ensure_ascii=False)
        if arguments.json
        else "\n".join(panel.lines())
    )
    return 0


def _measure_looks(model, manifest, arguments: argparse.Namespace, progress):
    """The panel of a generator that makes one look into another, without pairs."""
    from .domain_measures import measure_looks

    a = arguments
    for flag, value in (("--size", a.size), ("--pictures", a.pictures), ("--fid", a.fid)):
        if value is not None:
            raise ConfigError(
                f"{flag}: is for generators that make textures; {model.card.name} takes pictures."
            )
    return measure_looks(model, manifest, a.count, a.seed, a.source, a.target, a.split, progress=progress)
