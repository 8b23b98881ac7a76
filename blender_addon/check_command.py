"""`gancube check`: its arguments and what it says. Numpy and Blender only behind a check.

Previous station: cli.py. Next: file_check.py. Exit code 0: no errors, 1: errors, 2: nothing could be checked.
"""

import json
from pathlib import Path

OK, FAULTS = 0, 1

CHECK_EXAMPLES = """examples:
  gancube check cube.glb cube.usdz cube.fbx      a table of faults; exit code 1 if there is an error
  gancube check cube.glb --against cube_textures  also every map, pixel by pixel, with those of --format png
  gancube check *.glb --json                     one JSON object

It looks at what validators of glTF and USD do not: colour spaces, which way green points in a normal map (compared
with the height where both are there), the packing of occlusion, roughness and metal, tangents, units, sizes,
references, UVs, numbers that are none, and the mark that says what made it."""


def add_check(commands, add_command) -> None:
    parser = add_command(commands, "check", run_check, "check exported files", CHECK_EXAMPLES)
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="GLB, USD, FBX, OBJ, .blend, PNG, JPEG, WebP"
    )
    parser.add_argument(
        "--against", metavar="FOLDER", help="the maps that were generated, as --format png writes them"
    )
    parser.add_argument("--json", action="store_true", help="answer with one JSON object")


def run_check(arguments) -> int:
    from .file_check import check_file, check_name, maps_in

    paths = [check_name(Path(name)) for name in arguments.files]
    generated = maps_in(Path(arguments.against)) if arguments.against else None
    all_facts = [check_file(path, generated) for path in paths]
    if arguments.json:
        print(json.dumps({"files": [answer(facts) for facts in all_facts]}))
    else:
        print("\n".join(text(facts) for facts in all_facts))
    return FAULTS if any(errors(facts) for facts in all_facts) else OK


def errors(facts) -> list:
    return [finding for finding in facts.findings if finding.severity == "error"]


def answer(facts) -> dict:
    return {
        "file": str(facts.path),
        "format": facts.kind,
        "ok": not errors(facts),
        "materials": len(facts.materials),
        "maps": sum(len(one.maps) for one in facts.materials),
        "polygons": int(sum(len(one.counts) for one in facts.meshes)),
        "findings": [
            {"severity": f.severity, "rule": f.rule, "where": f.where, "text": f.text} for f in facts.findings
        ],
    }


def text(facts) -> str:
    told = answer(facts)
    verdict = "ok" if told["ok"] else f"{len(errors(facts))} errors"
    lines = [
        f"{facts.path}: {verdict}; {told['materials']} materials, {told['maps']} maps, {told['polygons']} polygons"
    ]
    lines += [f"  {f.severity:<8}{f.rule:<18}{f.where}: {f.text}" for f in facts.findings]
    return "\n".join(lines)
