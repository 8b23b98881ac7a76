"""The command `gancube`: arguments to requests, results to text or JSON. Never numpy; Blender only to make a cube.

Three ways in: `gancube ...`, `python -m blender_addon ...` and `blender --command gancube ...` all end in main().
Standard output holds the answer alone (with --json, one JSON object); progress and errors go to standard error.
"""

import argparse
import atexit
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from . import (
    __version__,
    answers,
    batch_command,
    check_command,
    geometry_command,
    models_command,
    transform_command,
)
from .engine.errors import GanCubeError, RecipeError, RequestError

OK, FAILED, INTERRUPTED = models_command.OK, models_command.FAILED, 130

DESCRIPTION = "Cubes whose six faces carry six different images, all drawn from one trained generator."

CUBE_EXAMPLES = """examples:
  gancube cube --seed 7 --out cube.glb                       the shipped generator, labels drawn from the seed
  gancube cube --seed 7 --label brick --out cube.blend --render cube.png
  gancube cube --seed rainy-day --size 512 --out cube.glb    any word is a seed
  gancube cube --seed 7 --face-labels brick,moss,,,sand, --out cube.glb
                                                             an empty entry (or -) leaves that face as it was
  gancube cube --model planets --seed 7 --style 12:2 --out cube.glb
                                                             from layer 2 on the look of texture seed 12
  gancube cube --recipe cube.glb --out again.glb             the same bytes again
  gancube cube --latent photo.json --out cube.glb            the look of a photo (see gan-train project)
  gancube cube --seed 7 --library walls.blend                into a library of the Asset Browser

Faces come in the order +X,-X,+Y,-Y,+Z,-Z (right, left, back, front, top, below)."""

RECIPE_EXAMPLES = """examples:
  gancube recipe cube.glb             also .usdz, .usda, .fbx, .obj, .blend, .png, .jpg, .webp and .json
  gancube recipe cube.glb > cube.json"""


def script() -> None:
    """The program `gancube`."""
    code = main()
    bpy = sys.modules.get("bpy")
    if bpy is not None and bpy.app.version < (5, 0):
        # After a glTF export the bpy 4.2 module crashes when the process ends: destructors of C++ statics call
        # into a Python that is gone. All other ends are done here, then that last one is left out.
        atexit._run_exitfuncs()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def main(argv: list[str] | None = None) -> int:
    """Runs one command; argv without the program's name. 0: done; 2: an error, said on standard error."""
    try:
        arguments = build_parser().parse_args(joined(sys.argv[1:] if argv is None else argv))
        return arguments.run(arguments)
    except SystemExit as end:  # argparse has said what is wrong, or printed the help
        return end.code if isinstance(end.code, int) else FAILED
    except GanCubeError as error:
        print(f"gancube: error: {error}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:  # the reader (`| head`) has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except OSError as error:  # a temporary folder that is full, a file that went away meanwhile
        print(f"gancube: error: {error.filename or 'file'}: {error.strerror or error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt as stop:
        print(f"gancube: stopped; {str(stop) or 'nothing was written'}.", file=sys.stderr)
        return INTERRUPTED


def joined(argv: list[str]) -> list[str]:
    """`--face-labels -,brick,...` as one word: argparse would take a list that begins with - for an option."""
    words: list[str] = []
    for word in argv:
        if (
            words
            and words[-1] in ("--face-seeds", "--face-labels", "--face-styles")
            and not word.startswith("--")
        ):
            words[-1] += "=" + word
        else:
            words.append(word)
    return words


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="gancube", description=DESCRIPTION)
    parser.add_argument("--version", action="version", version=f"gancube {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    add_cube(commands)
    transform_command.add_transform(commands, add_command)
    geometry_command.add_geometry(commands, add_command)
    batch_command.add_batch(commands, add_command)
    models_command.add_models(commands, add_command)
    add_recipe(commands)
    check_command.add_check(commands, add_command)
    return parser


def add_command(commands, name: str, run, summary: str, examples: str) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name,
        help=summary,
        description=summary[0].upper() + summary[1:] + ".",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    return parser


def add_cube(commands) -> None:
    parser = add_command(commands, "cube", run_cube, "make a cube with six generated faces", CUBE_EXAMPLES)
    what = parser.add_argument_group("what to make")
    what.add_argument(
        "--model", metavar="NAME|FILE", help="the generator (default: the shipped one; see `gancube models`)"
    )
    what.add_argument("--seed", metavar="N", help="a whole number or any word (default: 0)")
    what.add_argument(
        "--label", metavar="NAME", help="one label for all faces (default: drawn from each face's seed)"
    )
    what.add_argument(
        "--face-seeds", metavar="A,B,C,D,E,F", help="six texture seeds; an empty entry or - is the default"
    )
    what.add_argument(
        "--face-labels", metavar="A,B,C,D,E,F", help="six labels; an empty entry or - is the default"
    )
    what.add_argument(
        "--style",
        metavar="SEED:LAYER",
        help="of models with styles: the look of another texture seed, from that layer on",
    )
    what.add_argument(
        "--face-styles", metavar="A,B,C,D,E,F", help="six of them; an empty entry or - is the default"
    )
    what.add_argument(
        "--size", metavar="PX", type=int, help="side of each image in pixels (default: the model's)"
    )
    what.add_argument(
        "--recipe",
        metavar="FILE|JSON",
        help="make the cube of this .glb, .blend, .png or .json again, or of the JSON itself",
    )
    what.add_argument(
        "--latent", metavar="FILE", help="the look that gan-train project found for a photo, in six layouts"
    )
    where = parser.add_argument_group("where to")
    where.add_argument("--out", metavar="FILE", help="a .glb or .blend file")
    where.add_argument("--render", metavar="FILE", help="also a picture of all six faces, .png")
    where.add_argument("--library", metavar="FILE", help="add it as an asset to this .blend file, new or not")
    where.add_argument("--catalog", metavar="NAME", help="of the asset (default: GAN Cubes)")
    where.add_argument("--author", metavar="NAME", help="of the asset")
    how = parser.add_argument_group("how")
    how.add_argument(
        "--provider",
        metavar="NAME",
        help="auto (default), cpu, cuda, webgpu or coreml: what runs the generator",
    )
    how.add_argument("--json", action="store_true", help="answer with one JSON object")
    how.add_argument("--quiet", action="store_true", help="no progress on standard error")


def add_recipe(commands) -> None:
    parser = add_command(
        commands, "recipe", run_recipe, "print what a file was made from, as JSON", RECIPE_EXAMPLES
    )
    parser.add_argument("file", metavar="FILE", help="any file that GAN Cubes wrote, or a recipe in .json")


def run_cube(arguments) -> int:
    from . import cube_command as command
    from .engine.providers import CHOICES

    if arguments.provider is not None and arguments.provider not in CHOICES:
        raise RequestError(f"provider {arguments.provider!r}: is not one of {', '.join(CHOICES)}.")
    names = (arguments.out, arguments.render, arguments.library)
    files = command.CubeFiles(
        *(Path(name) if name else None for name in names), arguments.catalog, arguments.author
    )
    command.check_outputs(files)
    wanted, latent = recipe_to_follow(arguments, command), latent_to_follow(arguments)
    path = command.find_model(arguments.model, wanted or latent)
    cube = wanted.to_request(str(path)) if wanted else surface_request(arguments, path, latent)
    provider = arguments.provider or (wanted.settings["provider"] if wanted else "auto")
    made = command.make(cube, provider, files, wanted, no_progress if arguments.quiet else progress)
    if arguments.json:
        print(json.dumps(answers.cube_answer(made)))
    else:
        print(answers.cube_text(made))
    return OK


def recipe_to_follow(arguments, command):
    """The recipe of --recipe, or None; what a recipe decides cannot be given beside it."""
    if arguments.recipe is None:
        return None
    decided = ("seed", "label", "face_seeds", "face_labels", "style", "face_styles", "size", "latent")
    refuse_beside(arguments, "recipe", decided)
    wanted = command.read_recipe(arguments.recipe)
    if wanted.kind != "cube":
        raise RecipeError(
            f"{arguments.recipe[:60]}: is the recipe of textures for a mesh ({wanted.kind}), not of a cube."
        )
    return wanted


def latent_to_follow(arguments):
    """The look of --latent, or None."""
    if arguments.latent is None:
        return None
    from .engine import latent_file

    refuse_beside(arguments, "latent", ("label", "face_labels", "style", "face_styles"))
    return latent_file.read(arguments.latent)


def refuse_beside(arguments, decided_by: str, names: tuple[str, ...]) -> None:
    for name in names:
        if getattr(arguments, name) is not None:
            option = "--" + name.replace("_", "-")
            raise RequestError(
                f"{option}: is in the {decided_by} already. Leave out {option}, or --{decided_by}."
            )


def surface_request(arguments, model: Path, latent=None):
    """latent: LatentFile whose picture goes on the first face and whose look on all, unless seeds are given."""
    from .engine.seeds import parse_seed
    from .engine.surface_request import SurfaceRequest

    seeds = six("--face-seeds", arguments.face_seeds)
    asked = SurfaceRequest(
        model=str(model),
        seed=parse_seed(0 if arguments.seed is None else arguments.seed),
        label=arguments.label,
        face_seeds=tuple(None if seed is None else parse_seed(seed) for seed in seeds),
        face_labels=six("--face-labels", arguments.face_labels),
        style=style("--style", arguments.style) or (),
        face_styles=tuple(style("--face-styles", one) for one in six("--face-styles", arguments.face_styles)),
        size=arguments.size,
    )
    return latent.to_request(asked, new_seeds=arguments.seed is not None) if latent else asked


def style(option: str, text: str | None) -> tuple[int, int] | None:
    """ "12:2" -> (12, 2): a texture seed, and a layer; the seed may be a word."""
    from .engine.seeds import parse_seed

    if text is None:
        return None
    seed, _, layer = text.rpartition(":")
    if not seed or not (layer.isascii() and layer.isdigit() and len(layer) < 5):
        raise RequestError(f"{option} {text!r}: must be a seed and the number of a layer, such as 12:2.")
    return parse_seed(seed), int(layer)


def six(option: str, text: str | None) -> tuple[str | None, ...]:
    """ "a,,-,b,c,d" -> ("a", None, None, "b", "c", "d"); () where the option was not given."""
    from .engine.surface_request import FACES

    if text is None:
        return ()
    entries = [entry.strip() for entry in text.split(",")]
    if len(entries) != len(FACES):
        raise RequestError(
            f"{option}: has {len(entries)} entries. Give six, separated by commas, for {','.join(FACES)}; "
            "leave an entry empty for the default."
        )
    return tuple(None if entry in ("", "-") else entry for entry in entries)


def progress(line: str) -> None:
    print(f"gancube: {line}", file=sys.stderr, flush=True)


def no_progress(line: str) -> None:
    pass


def run_recipe(arguments) -> int:
    from .cube_command import read_any_recipe

    print(json.dumps(asdict(read_any_recipe(arguments.file)), indent=2, sort_keys=True))
    return OK
