"""`gancube batch`: its arguments, from them to a plan and a run. Never numpy, never bpy.

Previous station: cli.py. Next: engine/plan_reader.py (what to make), batch_run.py (making it), batch_progress.py.
"""

import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from . import batch_estimate
from .batch_progress import Teller, duration
from .engine import library
from .engine.errors import PlanError, RequestError
from .engine.plan import ENCODINGS, FORMATS, LAYOUTS, MODES, Plan
from .engine.plan_reader import read_plan
from .engine.plan_source import Source, read_source
from .engine.seeds import MASK, parse_seed

OK, SOME_FAILED, BAD_PLAN, INTERRUPTED = 0, 1, 2, 130

EXAMPLES = """examples:
  gancube batch --model materials --count 100 --seed 7 --size 256 --out walls --format glb,usdz
  gancube batch --count 20 --labels brick,planks --target sphere --mode tile --out balls
  gancube batch PLAN.toml --out DIR --workers 4      what a plan can say: see the README
  gancube batch PLAN.toml --out DIR --dry-run        check it, with estimated time and disk
  gancube batch PLAN.toml --out DIR --retry-failed   the same command makes what is missing, and nothing twice

exit codes: 0 all made, 1 some failed (report.jsonl says why), 2 nothing was made since the plan or the folder is
wrong, 130 stopped by Ctrl-C after the assets in hand"""

# Option of the short form: key of the plan.
SHORT = {
    "model": "models",
    "labels": "labels",
    "size": "sizes",
    "target": "targets",
    "mode": "mode",
    "format": "formats",
    "texture": "texture",
    "name": "name",
    "tags": "tags",
    "catalog": "catalog",
    "variations": "variations",
    "layout": "layout",
    "provider": "provider",
    "check": "check",
}


def add_batch(commands, add_command) -> None:
    parser = add_command(commands, "batch", run_batch, "make textured assets by the thousand", EXAMPLES)
    parser.add_argument(
        "plan", nargs="?", metavar="PLAN", help="a .toml, .json or .csv file; or the options below"
    )
    parser.add_argument("--out", metavar="DIR", required=True, help="the folder for everything, new or not")
    short = parser.add_argument_group("without a plan")
    short.add_argument("--model", metavar="NAME|FILE", help="the generator (default: the shipped one)")
    short.add_argument("--count", metavar="N", type=int, help="so many assets (default: 1)")
    short.add_argument("--seed", metavar="S", help="of the first one; the others follow (default: 0)")
    short.add_argument("--labels", metavar="A,B", help="taken in turn (default: drawn from the seed)")
    short.add_argument("--size", metavar="PX", type=int, help="of the textures (default: the model's)")
    short.add_argument("--target", metavar="SHAPE|FILE", help="cube (default), another shape, or a mesh file")
    short.add_argument("--mode", metavar="NAME", help=f"{', '.join(MODES)} (default: faces)")
    short.add_argument("--format", metavar="A,B", help=f"of {', '.join(FORMATS)} (default: glb)")
    short.add_argument("--texture", metavar="NAME", help=f"{', '.join(ENCODINGS)} (default: png)")
    short.add_argument("--variations", metavar="N", type=int, help="so many of each (default: 1)")
    short.add_argument("--name", metavar="TEMPLATE", help="such as walls/{label}-{seed:05}")
    short.add_argument("--tags", metavar="A,B", help="words into each file")
    short.add_argument(
        "--catalog", metavar="TEMPLATE", help="make the .blend files an asset library, such as Walls/{label}"
    )
    short.add_argument("--layout", metavar="NAME", help=f"{' or '.join(LAYOUTS)} (default: folders)")
    short.add_argument("--provider", metavar="NAME", help="auto (default), cpu, cuda, webgpu or coreml")
    short.add_argument("--check", metavar="NAME", help="all (default: every file, as gancube check) or off")
    how = parser.add_argument_group("how")
    how.add_argument("--workers", metavar="N", type=int, help="processes (default: one for each core)")
    how.add_argument(
        "--ray", metavar="ADDRESS", help="workers on a Ray cluster (auto: the one of this machine)"
    )
    how.add_argument(
        "--ray-cpus", metavar="N", type=int, default=1, help="cores of each of them (default: 1)"
    )
    how.add_argument(
        "--ray-gpus", metavar="X", type=float, default=0.0, help="GPUs of each, such as 0.25 (default: 0)"
    )
    how.add_argument("--dry-run", action="store_true", help="only say what would be made")
    how.add_argument("--retry-failed", action="store_true", help="also make again what failed before")
    how.add_argument("--quiet", action="store_true", help="no progress on standard error")
    how.add_argument("--json", action="store_true", help="lines of JSON on standard output")


def run_batch(arguments) -> int:
    try:
        plan = read_plan(source_of(arguments), library.folders())
        workers = workers_of(arguments.workers, len(plan.assets))
    except PlanError as error:
        for fault in error.faults:
            print(f"gancube: error: {fault}", file=sys.stderr)
        return BAD_PLAN
    if arguments.dry_run:
        return say_plan(arguments, plan, workers)
    return carry_out(arguments, plan, workers)


def source_of(arguments) -> Source:
    given = [name for name in (*SHORT, "count", "seed") if getattr(arguments, name) is not None]
    if arguments.plan is not None:
        if given:
            raise RequestError(f"--{given[0]}: belongs into the plan. Leave it out, or the plan.")
        return read_source(arguments.plan)
    values: dict = {}
    for option, key in SHORT.items():
        value = getattr(arguments, option)
        if value is None:
            continue
        if option in ("labels", "format", "tags"):
            value = [word.strip() for word in value.split(",") if word.strip()]
        values[key] = value
    options = {key: f"--{option}" for option, key in SHORT.items()}
    first = parse_seed(0 if arguments.seed is None else arguments.seed)
    count = 1 if arguments.count is None else arguments.count
    if count < 1 or first + count - 1 > MASK:
        raise PlanError([f"--count: {count} from seed {first} on are not possible."])
    top = {key: values.pop(key) for key in ("layout", "provider", "check") if key in values}
    group = {"seeds": f"{first}-{first + count - 1}", "combine": "turn", **values}
    return Source(
        "gancube batch", {**top, "assets": [group]}, Path.cwd(), options={**options, "seeds": "--count"}
    )


def workers_of(wanted: int | None, assets: int) -> int:
    if wanted is not None and not 1 <= wanted <= 1024:
        raise PlanError([f"--workers: {wanted} must be a whole number from 1 to 1024."])
    return min(wanted or cores(), assets)


def cores() -> int:
    """Those that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def threads_each(workers: int) -> int:
    """Of inference: while they generate, one core of each worker's share is busy exporting."""
    return max(cores() // workers - 1, 1)


def say_plan(arguments, plan: Plan, workers: int) -> int:
    guess = batch_estimate.estimate(plan, Path(arguments.out), workers)
    if arguments.json:
        print(json.dumps({"event": "plan", **guess, "assets": [asset_answer(one) for one in plan.assets]}))
        return OK
    print(f"{len(plan.assets)} assets into {arguments.out}, {workers} workers")
    print(f"{'name':<40}{'target':<20}{'mode':<7}{'label':<16}{'seed':<22}{'size':<7}formats")
    for asset in plan.assets:
        target, request = asset.target, asset.request
        source = target.object or target.source.replace("\\", "/").rsplit("/", 1)[-1]
        label = "+".join(request.label) if isinstance(request.label, dict) else request.label or "by seed"
        print(
            f"{asset.name:<40}{source:<20}{target.mode:<7}{label:<16}{request.seed:<22}{request.size or 'model':<7}"
            + ",".join(asset.formats)
        )
    print(f"about {duration(guess['seconds'])} and {guess['bytes'] / 1e6:.0f} MB, {guess['from']}")
    return OK


def asset_answer(asset) -> dict:
    facts = asdict(asset)
    return {"asset": facts.pop("name"), **facts}


def carry_out(arguments, plan: Plan, workers: int) -> int:
    from . import batch_run

    out = Path(arguments.out)
    teller = Teller(arguments, len(plan.assets))
    with batch_run.opened(out), teller.listening():
        run = batch_run.Run(plan, out)
        missing = batch_run.remember(run, arguments.retry_failed)
        teller.begin(run, len(missing))
        pool = pool_of(arguments, plan, min(workers, len(missing)), threads_each(workers))
        try:
            if missing:
                batch_run.make(run, pool, missing, teller.tell, lambda: teller.interrupted)
        except KeyboardInterrupt:  # the second one
            run.stopped = "stopped"
        batch_run.finish(run)
    teller.end(run)
    if run.stopped:
        return INTERRUPTED if teller.interrupted else SOME_FAILED
    return SOME_FAILED if run.failed else OK


def pool_of(arguments, plan: Plan, workers: int, threads: int):
    check = plan.check == "all"
    if arguments.ray is not None:
        from .batch_ray import RayPool

        return RayPool(arguments.ray, workers, plan.provider, arguments.ray_cpus, check, arguments.ray_gpus)
    from .batch_pool import Pool

    return Pool(workers, plan.provider, threads, blender_program(), check)


def blender_program() -> str | None:
    """Where the command runs inside Blender, the workers are Blenders too."""
    if "bpy" not in sys.modules:
        return None
    from .scene.session import program

    return program()
