"""Training images/s of our loop against a plain float32 loop of the same networks, and of its parts. Judges nothing.

    make bench     (or: .venv/bin/python -m pytest tests/benchmarks/test_training_speed.py -m bench -s)

All loops live in one process and take turns, step by step; medians are printed with the load of the machine. Steps
with gradient penalties are timed apart and counted by their share. On a CPU one thread computes and its processor
time counts, so that other work on the machine disturbs little.
"""

import contextlib
import json
import os
import statistics
import time

import pytest

torch = pytest.importorskip("torch")

from gan_train.demo_data import write_demo_data  # noqa: E402
from gan_train.families import FAMILIES  # noqa: E402
from gan_train.loop import configure  # noqa: E402
from gan_train.machine import choose_precision  # noqa: E402
from gan_train.parallel import Processes  # noqa: E402
from gan_train.prepare import PrepareOptions, prepare  # noqa: E402
from gan_train.presets import PRESETS  # noqa: E402
from gan_train.run_folder import UNSAID, describe_plan  # noqa: E402
from gan_train.steps import Training  # noqa: E402

pytestmark = pytest.mark.bench
ROUNDS = 5
MEASURED = [name for name in ("texture-cpu", "style-cpu") if name in PRESETS]


class Rows:
    """A sampler whose pictures lie as an ordinary loop has them: [N, C, H, W] row by row."""

    def __init__(self, sampler):
        self.sampler = sampler
        self.manifest, self.domain, self.batch = sampler.manifest, sampler.domain, sampler.batch

    def __call__(self, seed, step, device):
        return {k: v.contiguous() for k, v in self.sampler(seed, step, device).items()}


class Loop:
    """One way to train: its own networks, the same data."""

    def __init__(self, family, config, sampler, precision, channels_last, compiled=False):
        self.channels_last = channels_last
        sampler = sampler if channels_last else Rows(sampler)
        settings = {**UNSAID, "precision": precision, "compile": "on" if compiled else "off"}
        with self.layout():
            plan = describe_plan(family, config, sampler, 0, settings)
            self.training = Training(plan, sampler, Processes())

    @contextlib.contextmanager
    def layout(self):
        """A plain loop asks for channels last nowhere, neither does a family in its losses."""
        with pytest.MonkeyPatch.context() as patch:
            if not self.channels_last:
                patch.setattr(torch, "channels_last", torch.contiguous_format)
            yield

    def seconds(self, step: int) -> float:
        with self.layout():
            self.training.step = step
            began = now()
            self.training.one_step()
            return now() - began


def now() -> float:
    """Seconds: of this process on a CPU, of the clock on a graphics card that has finished its work."""
    if not torch.cuda.is_available():
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bench")
    write_demo_data(folder / "pictures", count=8, size=256)
    prepare(PrepareOptions(source=folder / "pictures", out=folder / "dataset", size=256))
    return folder / "dataset"


def stages(family) -> list[int]:
    """The first steps of the stages, long before the next."""
    return sorted({phase.begin for phase in family.phases})


def compare(loops: dict[str, Loop], stage: int, penalty_every: int) -> dict[str, float]:
    """Images per second of each."""
    with_penalty = -(-stage // penalty_every) * penalty_every  # the first such step in the stage
    taken = {name: ([], []) for name in loops}
    for round_ in range(ROUNDS + 1):
        for name, loop in loops.items():
            for kind, step in enumerate((with_penalty + 1, with_penalty)):
                seconds = loop.seconds(step)
                if round_:  # the first warms up
                    taken[name][kind].append(seconds)
    rates = {}
    for name, (plain, penalised) in taken.items():
        usual, rare = statistics.median(plain), statistics.median(penalised)
        rates[name] = loops[name].training.images / (usual + (rare - usual) / penalty_every)
    return rates


@pytest.mark.parametrize("preset", MEASURED)
def test_our_loop_against_a_plain_one(dataset, preset):
    family, config = configure(preset, {})
    sampler = FAMILIES[family].sampler(dataset, config)
    chosen, why = choose_precision("auto", Processes().device)
    loops = {
        f"ours: {chosen}, channels last": Loop(family, config, sampler, "auto", True),
        f"{chosen}, rows": Loop(family, config, sampler, "auto", False),
        "float32, channels last": Loop(family, config, sampler, "float32", True),
        "plain: float32, rows": Loop(family, config, sampler, "float32", False),
    }
    print(f"\n{preset}: one thread, torch {torch.__version__}, {chosen} for {why}")
    for stage in stages(next(iter(loops.values())).training.family):
        rates = compare(loops, stage, config.penalty_every)
        ours, *_, plain = rates.values()
        shown = "; ".join(f"{name} {rate:.2f}" for name, rate in rates.items())
        print(f"  from step {stage}: images/s: {shown}; ratio {ours / plain:.2f}; load {load()}")


@pytest.mark.filterwarnings("default")  # the compiler's own, of torch.jit
@pytest.mark.parametrize("preset", MEASURED)
def test_a_compiled_generator(dataset, preset):
    """What torch.compile gives and what it costs at each start."""
    family, config = configure(preset, {})
    sampler = FAMILIES[family].sampler(dataset, config)
    loops = {
        "as it is": Loop(family, config, sampler, "auto", True),
        "compiled": Loop(family, config, sampler, "auto", True, compiled=True),
    }
    training = loops["compiled"].training
    print(f"\n{preset}: compiled: {json.dumps(training.family.compiles)}")
    for stage in stages(training.family):
        began = time.perf_counter()
        loops["compiled"].seconds(stage)
        compiling = time.perf_counter() - began
        rates = compare(loops, stage, config.penalty_every)
        shown = "; ".join(f"{name} {rate:.2f}" for name, rate in rates.items())
        ratio = rates["compiled"] / rates["as it is"]
        print(
            f"  from step {stage}: images/s: {shown}; ratio {ratio:.2f}; {compiling:.0f} s to compile; load {load()}"
        )


def load() -> str:
    """Processes that wanted to run in the last minute, of how many cores."""
    return f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores" if hasattr(os, "getloadavg") else "unknown"
