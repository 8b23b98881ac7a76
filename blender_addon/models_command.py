"""`gancube models`: its arguments and what it says. Numpy only behind `check` and `thumbnail`; never bpy.

Previous station: cli.py. Next: engine/library.py, engine/check.py, engine/thumbnail.py.
"""

import json
import sys

from . import answers

OK, FAILED = 0, 2

MODELS_EXAMPLES = """examples:
  gancube models                      what is at hand, with labels, maps and the licence of the data
  gancube models check FILE.onnx      every fault of a file (exit code 2 if there is one)
  gancube models thumbnail FILE.onnx  a picture of its samples into the file"""


def add_models(commands, add_command) -> None:
    parser = add_command(
        commands, "models", run_models, "list the generators at hand, or check one", MODELS_EXAMPLES
    )
    parser.add_argument("--json", action="store_true", help="answer with one JSON object")
    actions = parser.add_subparsers(title="actions", metavar="ACTION")
    check = actions.add_parser(
        "check", help="find every fault of a model file", description="Find every fault of a model file."
    )
    check.add_argument("file", metavar="FILE", help="an ONNX file, or the name of a model at hand")
    check.add_argument("--json", action="store_true", help="answer with one JSON object")
    check.set_defaults(run=run_check)
    thumbnail = actions.add_parser(
        "thumbnail",
        help="put a small picture into a model file",
        description="Draw samples and put them into the file, as the picture by which the panel lists it.",
    )
    thumbnail.add_argument("file", metavar="FILE", help="an ONNX file, which keeps its weights byte for byte")
    thumbnail.add_argument(
        "--labels", metavar="A,B,C,D", help="up to four labels to show (default: four of its own)"
    )
    thumbnail.add_argument("--out", metavar="FILE", help="leave FILE alone and write a copy")
    thumbnail.set_defaults(run=run_thumbnail)


def run_models(arguments) -> int:
    from .engine import library

    folders = library.folders()
    entries = library.entries(folders)
    if arguments.json:
        print(
            json.dumps(
                {
                    "folders": [str(folder) for folder in folders],
                    "models": [answers.model_answer(e) for e in entries],
                }
            )
        )
        return OK
    if not entries:
        print("No models in " + (", ".join(map(str, folders)) or "any folder") + ".")
        print(f"Export one with `gan-train export`, or name its folder in {library.ENVIRONMENT}.")
    print("\n\n".join(answers.model_text(entry) for entry in entries))
    return OK


def run_check(arguments) -> int:
    from .engine import library
    from .engine.check import check_file

    path = library.find(arguments.file, library.folders())
    faults = check_file(path)
    if arguments.json:
        print(json.dumps({"file": str(path), "faults": faults}))
    elif not faults:
        print(f"{path}: no faults: card, graph and test vector are right.")
    else:
        for fault in faults:
            print(f"gancube: error: {fault}", file=sys.stderr)
    return FAILED if faults else OK


def run_thumbnail(arguments) -> int:
    from .engine import thumbnail

    labels = tuple(name.strip() for name in (arguments.labels or "").split(",") if name.strip())
    path = thumbnail.add(arguments.file, labels, arguments.out)
    print(f"{path}: has a new thumbnail. Its SHA-256 is another now, which recipes name.")
    return OK
