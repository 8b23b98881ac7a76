"""The commands `gan-train sample` and `measure`: arguments and what they say; argparse only at import.

Previous station: cli.py. Next: sample.py, interpolation.py, mixing_sheet.py, measure.py.
"""

import argparse
import json
from pathlib import Path

from .arguments import add_model_argument
from .errors import ConfigError
from .progress import Progress

NEEDS_PICTURES = "{} takes pictures: say with --data DATASET which."
SHEET, SHOWN = "samples.png", 16  # what --pictures writes of generators that take pictures, and rows of it


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
    if a.data is None and a.model.is_dir():  # said before the export, which can take a minute
        from .families import FAMILIES
        from .run_folder import read_run

        entry = FAMILIES.get(read_run(a.model)["family"])
        if entry and entry.takes_pictures:
            raise ConfigError(NEEDS_PICTURES.format(a.model))
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
        raise ConfigError(NEEDS_PICTURES.format(model.card.name))
    _refuse(
        {"--mix": a.mix, "--interpolate": a.interpolate, "--jpeg": a.jpeg or None},
        f"is for generators that make textures; {model.card.name} takes pictures.",
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
        help="also write samples.png there, and of textures neighbours.png (samples beside the nearest training crops) "
        "and tiled.png; of a generator that takes pictures samples.png shows held-out ones and what it makes of them",
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
    from .model_source import open_model

    if arguments.into_card and arguments.model.is_dir():
        raise ConfigError(f"{arguments.model}: --into-card needs an exported file. Export the run first.")
    manifest = read_manifest(arguments.data)
    bars: dict[str, Progress] = {}

    def progress(what: str, done: int, total: int) -> None:
        bars.setdefault(what, Progress(what))(done, total)

    with open_model(arguments.model, arguments.provider, arguments.checkpoint, arguments.direction) as model:
        if has_pairs(model.card, manifest):
            panel = _measure_pairs(model, manifest, arguments, progress)
        elif model.card.takes_picture:
            panel = _measure_looks(model, manifest, arguments, progress)
        else:
            panel = _measure_textures(model, manifest, arguments, progress)
    if arguments.into_card:
        from .card_measures import put_measures

        put_measures(arguments.model, panel.summary())
    print(
        json.dumps(panel.as_json(), indent=1, ensure_ascii=False)
        if arguments.json
        else "\n".join(panel.lines())
    )
    return 0


def _measure_textures(model, manifest, arguments: argparse.Namespace, progress):
    """The panel of a generator that makes pictures out of seeds."""
    from .measure import measure

    a = arguments
    _refuse(
        {"--source": a.source, "--target": a.target, "--split": _train_only(a)},
        f"is for generators that change pictures; {model.card.name} takes none.",
    )
    inception = None
    if a.fid is not None:
        from .inception import Inception

        inception = Inception(Path(a.fid) if a.fid else None)
    return measure(
        model, manifest, a.count, a.size, a.seed, None, progress, pictures=a.pictures, inception=inception
    )


def _measure_pairs(model, manifest, arguments: argparse.Namespace, progress):
    """The panel of a generator that makes pictures out of pictures whose answer the dataset holds."""
    from .measure_pairs import measure_pairs
    from .measure_pictures import make_folder
    from .pair_sheet import pair_sheet

    a, name = arguments, model.card.name
    _refuse(
        {"--size": a.size, "--fid": a.fid}, f"is for generators that make textures; {name} takes pictures."
    )
    _refuse(
        {"--source": a.source, "--target": a.target, "--split": _train_only(a)},
        f"is for generators between looks; {name} is measured on held-out pictures with their answers.",
    )
    if a.pictures is not None:
        make_folder(a.pictures)
    panel = measure_pairs(model, manifest, a.count, a.seed, progress)
    if a.pictures is not None:
        pair_sheet(model, manifest, a.pictures / SHEET, min(SHOWN, a.count), a.seed)
    return panel


def _measure_looks(model, manifest, arguments: argparse.Namespace, progress):
    """The panel of a generator that makes one look into another, without pairs."""
    from .changed_sheet import changed_sheet
    from .domain_measures import measure_looks
    from .measure_pictures import make_folder

    a, name = arguments, model.card.name
    _refuse(
        {"--size": a.size, "--fid": a.fid}, f"is for generators that make textures; {name} takes pictures."
    )
    if a.pictures is not None:
        make_folder(a.pictures)
    panel = measure_looks(model, manifest, a.count, a.seed, a.source, a.target, a.split, progress=progress)
    if a.pictures is not None:
        label = a.target if model.card.labels else None
        changed_sheet(model, manifest, a.pictures / SHEET, SHOWN, a.source, label, a.seed)
    return panel


def _train_only(arguments: argparse.Namespace) -> str | None:
    """--split where it asks for something else than there is without it."""
    return None if arguments.split == "heldout" else arguments.split


def _refuse(options: dict[str, object], why: str) -> None:
    """ConfigError for the first of the options {flag: value} that was given."""
    for flag, value in options.items():
        if value is not None:
            raise ConfigError(f"{flag}: {why}")
