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
from .engine.errors import GanCubeError, PlanError, RequestError
from .engine.plan import ENCODINGS, FORMATS, LAYOUTS, MODES, Plan
from .engine.plan_reader import read_plan
from .engine.plan_source import Source, read_source
from .engine.plan_values import Fault, one_seed
from .engine.providers import check_provider
from .engine.seeds import MASK

OK, SOME_FAILED, BAD_PLAN, INTERRUPTED = 0, 1, 2, 130
MOST_WORKERS = 1024

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
    how.add_argument(
        "--workers",
        metavar="N",
        type=int,
        help="processes (default: one for each core, with --ray of the cluster)",
    )
    how.add_argument(
        "--ray", metavar="ADDRESS", help="workers on a Ray cluster (auto: the one of this machine)"
    )
    how.add_argument("--ray-cpus", metavar="N", type=int, help="cores of each of them (default: 1)")
    how.add_argument("--ray-gpus", metavar="X", type=float, help="GPUs of each, such as 0.25 (default: 0)")
    how.add_argument("--dry-run", action="store_true", help="only say what would be made")
    how.add_argument("--retry-failed", action="store_true", help="also make again what failed before")
    how.add_argument("--quiet", action="store_true", help="no progress on standard error")
    how.add_argument("--json", action="store_true", help="lines of JSON on standard output")


def run_batch(arguments) -> int:
    try:
        check_options(arguments)
        plan = read_plan(source_of(arguments), library.folders())
        return (say_plan if arguments.dry_run else carry_out)(arguments, plan)
    except GanCubeError as error:
        faults = error.faults if isinstance(error, PlanError) else [str(error)]
        for fault in faults:
            print(f"gancube: error: {fault}", file=sys.stderr)
        if arguments.json:
            print(json.dumps({"event": "error", "faults": faults}), flush=True)
        return BAD_PLAN


def check_options(arguments) -> None:
    """Of those that no plan has; PlanError with all faults."""
    workers, cpus, gpus = arguments.workers, arguments.ray_cpus, arguments.ray_gpus
    faults = []
    if not arguments.out.strip():
        faults.append("--out: is empty. Name a folder; . is the current one.")
    if workers is not None and not 1 <= workers <= MOST_WORKERS:
        faults.append(f"--workers: {workers} must be a whole number from 1 to {MOST_WORKERS}.")
    if cpus is not None and not 1 <= cpus <= MOST_WORKERS:
        faults.append(f"--ray-cpus: {cpus} must be a whole number from 1 to {MOST_WORKERS}.")
    if gpus is not None and not (0 <= gpus <= MOST_WORKERS and (gpus <= 1 or gpus.is_integer())):
        faults.append(f"--ray-gpus: {gpus:g} must be a number from 0 to 1, or a whole one.")
    if arguments.ray is None:
        alone = [name for name, value in (("--ray-cpus", cpus), ("--ray-gpus", gpus)) if value is not None]
        faults += [f"{name}: belongs to --ray ADDRESS. Give both, or leave it out." for name in alone]
    if faults:
        raise PlanError(faults)


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
    try:
        first = one_seed(0 if arguments.seed is None else arguments.seed)
    except Fault as fault:
        raise PlanError([f"--seed: {fault} Here --count says how many there are."]) from fault
    count = 1 if arguments.count is None else arguments.count
    if count < 1 or first + count - 1 > MASK:
        raise PlanError([f"--count: {count} from seed {first} on are not possible."])
    top = {key: values.pop(key) for key in ("layout", "provider", "check") if key in values}
    group = {"seeds": f"{first}-{first + count - 1}", "combine": "turn", **values}
    return Source(
        "gancube batch", {**top, "assets": [group]}, Path.cwd(), options={**options, "seeds": "--count"}
    )


def cores() -> int:
    """Those that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def threads_each(workers: int) -> int:
    """Of inference: while they generate, one core of each worker's share is busy exporting."""
    return max(cores() // workers - 1, 1)


def say_plan(arguments, plan: Plan) -> int:
    workers = min(arguments.workers or cores(), len(plan.assets))
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


def carry_out(arguments, plan: Plan) -> int:
    from . import batch_run

    if arguments.ray is None:  # of machines elsewhere only their workers know
        check_provider(Path(plan.assets[0].request.model), plan.provider)
    out = Path(arguments.out)
    teller = Teller(arguments, len(plan.assets))
    with batch_run.opened(out), teller.listening():
        run = batch_run.Run(plan, out)
        missing = batch_run.remember(run, arguments.retry_failed)
        teller.begin(run, len(missing))
        pool = pool_of(arguments, plan, len(missing))
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


def pool_of(arguments, plan: Plan, missing: int):
    check = plan.check == "all"
    if arguments.ray is not None:
        from .batch_ray import RayPool

        cpus, gpus = arguments.ray_cpus or 1, arguments.ray_gpus or 0.0
        return RayPool(arguments.ray, arguments.workers, plan.provider, cpus, check, gpus)
    from .batch_pool import Pool

    workers = min(arguments.workers or cores(), missing)
    return Pool(workers, plan.provider, threads_each(max(workers, 1)), blender_program(), check)


def blender_program() -> str | None:
    """Where the command runs inside Blender, the workers are Blenders too."""
    if "bpy" not in sys.modules:
        return None
    from .scene.session import program

    return program()
