"""`gancube transform`: its arguments, the chain they ask for, what it says. Numpy and Blender only behind a run.

Previous station: cli.py. Next: transform_files.py and engine/transform_run.py; meshes: transform_mesh.py.
"""

import json
import os
import sys
from pathlib import Path

from .engine.errors import GanCubeError, RequestError

TRANSFORM_EXAMPLES = """examples:
  gancube transform brick.jpg --model maps --out brick.png       brick_normal.png, brick_height.png, ... beside it
  gancube transform brick.png --model weather --label moss --strength 0.6 --out mossy.png
  gancube transform brick.png --model maps --model weather --label moss --model upscale-x4 --out brick.png
                                                                 one after the other, each on what the last one gave
  gancube transform photos --model weather --label snow --out snowy    every picture of a folder
  gancube transform wall.glb --model weather --label rust --out rusty.glb   the colours of a mesh's materials
  gancube transform statue.glb --model worn --size 2048 --out old.glb   a generator that takes the shape of a mesh
                                                                 (position, normal, occlusion, curvature: baked)

A picture that repeats without a seam (measured; see --tiles) still does afterwards. The maps of a set are found by
their names: brick_base_color.png, brick_normal.png. Every result carries the recipe of the whole chain. A file that is
read is never written over. A GLB keeps all but the looks that change: nodes, meshes, cameras, animations; a mesh whose
shape is baked and whose UVs overlap or repeat gets one more UV set. A .blend keeps all but its window layouts. A
generator that takes a shape makes one object of an OBJ."""
DEFAULT = ("", "-")


def add_transform(commands, add_command) -> None:
    parser = add_command(
        commands,
        "transform",
        run_transform,
        "change pictures with generators that take one",
        TRANSFORM_EXAMPLES,
    )
    parser.add_argument(
        "source", metavar="IMAGE|MESH|DIR", help="PNG, JPEG, WebP, GLB, OBJ, .blend, or a folder of pictures"
    )
    what = parser.add_argument_group("what to do")
    what.add_argument(
        "--model",
        metavar="NAME|FILE",
        action="append",
        required=True,
        help="the generator; several form a chain",
    )
    what.add_argument(
        "--label",
        metavar="NAME",
        action="append",
        help="what it shall become; once for all, or once for each --model (- is the default)",
    )
    what.add_argument(
        "--strength", metavar="S", action="append", help="0 to 1; once for all, or once for each --model"
    )
    what.add_argument(
        "--size", metavar="PIXELS", help="of the images of a mesh whose shape is baked (default: 1024)"
    )
    what.add_argument("--seed", metavar="N", help="of generators that draw something (default: 0)")
    what.add_argument(
        "--tiles",
        choices=("auto", "yes", "no"),
        default="auto",
        help="does the picture repeat? (default: measured)",
    )
    where = parser.add_argument_group("where to")
    where.add_argument(
        "--out",
        metavar="FILE|DIR",
        required=True,
        help="a .png, for a mesh a file of its format, or a folder",
    )
    how = parser.add_argument_group("how")
    how.add_argument(
        "--provider", metavar="NAME", default="auto", help="auto (default), cpu, cuda, webgpu or coreml"
    )
    how.add_argument("--json", action="store_true", help="answer with one JSON object")
    how.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run_transform(arguments) -> int:
    from . import transform_files as files
    from .engine.providers import CHOICES

    if arguments.provider not in CHOICES:
        raise RequestError(f"provider {arguments.provider!r}: is not one of {', '.join(CHOICES)}.")
    source, out = Path(arguments.source), Path(arguments.out)
    chain = chain_of(arguments)
    cards = [model.card for model, _ in chain]
    sets = files.sets_of(source, cards)
    is_mesh = source.suffix.lower() in files.MESHES and not source.is_dir()
    check_options(arguments, of_shape=is_mesh and cards[0].takes_geometry)
    tell = silent if arguments.quiet else say
    wraps = {"auto": None, "yes": True, "no": False}[arguments.tiles]
    if is_mesh:
        files.check_out(out, source)
        done, faults = [of_mesh(source, out, chain, wraps, side(arguments.size), tell)], []
    else:
        done, faults = all_of(sets, chain, wraps, files.targets(sets, cards, out, source), tell)
    if arguments.json:
        print(
            json.dumps({"files": [os.path.abspath(path) for one in done for path in one], "faults": faults})
        )
    else:
        print(
            "\n".join(f"wrote  {path} ({path.stat().st_size / 1e6:.1f} MB)" for one in done for path in one)
        )
    if faults:
        raise RequestError(f"{len(faults)} of {len(sets)} pictures were left out: {' '.join(faults)}")
    return 0


def check_options(arguments, of_shape: bool) -> None:
    """RequestError for what would have no effect. of_shape: the shape of a mesh is baked."""
    if arguments.size is not None and not of_shape:
        raise RequestError(
            "--size: is that of the images of a mesh whose shape is baked; a picture stays as large as it is, or is "
            "enlarged by a generator. Leave it out."
        )
    if arguments.tiles != "auto" and of_shape:
        raise RequestError("--tiles: an image laid around a mesh never repeats. Leave it out.")


def of_mesh(source: Path, out: Path, chain, wraps, size: int, tell) -> list[Path]:
    """The files that were written, the mesh first."""
    if chain[0][0].card.takes_geometry:
        return of_shape(source, out, chain, size, tell)
    if source.suffix.lower() == ".glb":
        from .transform_mesh import transform_glb

        return transform_glb(source, out, chain, wraps, tell)
    if source.suffix.lower() == ".obj":
        from .transform_obj import transform_obj

        return transform_obj(source, out, chain, wraps, tell)
    from .cube_command import start_blender
    from .quiet import captured_output

    start_blender()
    with captured_output():  # standard output alone: what is told is seen while it works
        from .scene.transform_blend import transform_blend

        return transform_blend(source, out, chain, wraps, lambda name: parts(name, chain, tell), tell)


def of_shape(source: Path, out: Path, chain, size: int, tell) -> list[Path]:
    from .cube_command import start_blender
    from .engine.unnamed_files import check_unnamed, is_ours
    from .engine.written_files import check_written
    from .file_check import pixels_of
    from .quiet import captured_output

    if source.suffix.lower() == ".obj":
        from .obj_materials import files_of

        read, folder = files_of(source), out.with_name(f"{out.stem}_textures")
        inside = [path for path in read if path.parent.resolve() == folder.resolve()]
        library = out.with_suffix(".mtl")
        check_written([out, library, *inside], read)
        check_unnamed(() if is_ours(out) else [library], out)
    start_blender()
    with captured_output():
        from .scene.weather_file import weather_file

        return weather_file(source, out, chain, size, lambda name: parts(name, chain, tell), tell, pixels_of)


def all_of(sets, chain, wraps, targets: list[dict], tell) -> tuple[list, list]:
    """Of each picture its files, and a sentence for each that cannot be changed; the only one's is an error."""
    from . import transform_files as files
    from .engine.transform_run import mark, pngs, run

    done, faults = [], []
    for number, (one, target) in enumerate(zip(sets, targets, strict=True)):
        begin = f"picture {number + 1} of {len(sets)}: {one}" if len(sets) > 1 else str(one)
        try:
            shown = files.read(one)
            picture, text = run(chain, shown, wraps, progress=parts(begin, chain, tell))
            made = pngs(picture, text, mark(text, chain, one.name, [shown]))
            done.append(files.write(made, target))
        except GanCubeError as error:
            if len(sets) == 1:
                raise
            path, said = next(iter(one.files.values())), str(error)
            faults.append(said if said.startswith(str(path)) else f"{path}: {said}")
        except KeyboardInterrupt as error:
            raise stopped(len(done), len(sets), "picture", "pictures") from error
    return done, faults


def stopped(done: int, count: int, noun: str, more: str) -> KeyboardInterrupt:
    """What cli.py says when it was stopped after `done` were written, which are kept."""
    if not done:
        return KeyboardInterrupt()
    return KeyboardInterrupt(f"{done} of {count} {noun if count == 1 else more} were written")


def chain_of(arguments) -> list:
    """[(Model, Step)]; a label and a strength go to every generator that has such an input."""
    from .engine import library
    from .engine.model import Model
    from .engine.seeds import parse_seed
    from .engine.transform import Step, check_step, check_takes_picture

    folders = library.folders()
    loaded: dict[Path, Model] = {}
    for name in arguments.model:
        path = library.find(name, folders)
        loaded[path] = loaded.get(path) or Model.load(path, arguments.provider)
    models = [loaded[library.find(name, folders)] for name in arguments.model]
    for model in models:
        check_takes_picture(model.titled)
    labels = each("--label", arguments.label, models, lambda card: bool(card.labels))
    strengths = each("--strength", arguments.strength, models, lambda card: card.has_strength)
    seed = parse_seed(0 if arguments.seed is None else arguments.seed)
    chain = [
        (model, Step(label, {} if share is None else {"strength": number(share)}, seed))
        for model, label, share in zip(models, labels, strengths, strict=True)
    ]
    for model, step in chain:
        check_step(model.titled, step)  # before any picture is read
    return chain


def each(option: str, given: list[str] | None, models: list, fits) -> list[str | None]:
    """One entry for each model: as given, or the only one for all that it fits."""
    if not given:
        return [None] * len(models)
    if len(given) not in (1, len(models)):
        raise RequestError(f"{option}: is given {len(given)} times. Give it once, or once for each --model.")
    if len(given) == len(models):
        return [None if text in DEFAULT else text for text in given]
    if not any(fits(model.card) for model in models):
        names = ", ".join(model.titled.name for model in models)
        raise RequestError(
            f"{option}: {names} {'has' if len(models) == 1 else 'have'} no such setting. Leave it out."
        )
    return [given[0] if fits(model.card) else None for model in models]


def side(text: str | None) -> int:
    """Pixels of the images that are baked."""
    if text is None:
        return 1024
    if not text.isdecimal() or not 64 <= int(text) <= 8192:
        raise RequestError(f"--size {text!r}: must be a whole number of pixels from 64 to 8192.")
    return int(text)


def number(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise RequestError(f"--strength {text!r}: must be a number from 0 to 1.") from error


def parts(begin: str, chain: list, tell):
    """A line for about every tenth of a step that has many parts."""

    def progress(step: int, done: int, count: int) -> None:
        name = chain[step][0].titled.name
        if done == 0:
            tell(f"{begin}: {name}" + (f", {count} parts" if count > 1 else ""))
        elif done < count and done * 10 // count > (done - 1) * 10 // count:
            tell(f"{begin}: {name}, part {done + 1} of {count}")

    return progress


def say(line: str) -> None:
    print(f"gancube: {line}", file=sys.stderr, flush=True)


def silent(line: str) -> None:
    pass
