"""Trainings compared at equal compute: losses, augmentation, size. Prints a table for people; judges nothing.

    .venv/bin/python tests/benchmarks/compare_training.py FOLDER --compare texture --minutes 30

Makes demo data, trains each variant with each seed, measures, and prints a Markdown table with its commands. Minutes
are those of one processor core, not of the clock on the wall, so that whatever else the machine does falls on nobody;
each of the slices that a run gets ends in a measure, which gives the time to a given value. What is in FOLDER already
is not done again: the same command goes on.
"""

import argparse
import json
import os
import platform
import shlex
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
TRAIN = """import time; time.monotonic = time.process_time
import runpy; runpy.run_module('gan_train', run_name='__main__')"""
DISTANCE = "frechet_random"  # the measure whose time is told
PER_LABEL = 40  # pictures of the demo data
SHOWN = (DISTANCE, "gram", "coverage", "recall", "label_accuracy")

STYLE = (
    "resolution=64",
    "width=48,48,32,16",
    "critic_width=48,48,32,16",
)  # the smallest that can be measured

# Comparison: preset, size of the demo data, variants. The first variant is what the others differ from.
COMPARISONS = {
    "texture": (
        "texture-small",
        192,
        {
            "relativistic, R1 and R2": (),
            "non-saturating, R1": ("loss=non-saturating",),
            "twice as wide": (
                "encoder_width=48,96",
                "decoder_width=96,48,24,16",
                "healer_width=64",
                "critic_width=64,96,128",
                "picture_critic_width=32,48,64,96",
            ),
        },
    ),
    "style": (
        "style-small",
        64,
        {
            "relativistic, R1 and R2, DiffAugment": (*STYLE, "augment=diffaugment"),
            "non-saturating, R1, DiffAugment": (*STYLE, "augment=diffaugment", "loss=non-saturating"),
            "relativistic, no augmentation": (*STYLE, "augment=none"),
            "relativistic, DiffAugment, twice as wide": (
                "resolution=64",
                "width=96,96,64,32",
                "critic_width=96,96,64,32",
                "augment=diffaugment",
            ),
            "non-saturating, no augmentation": (*STYLE, "augment=none", "loss=non-saturating"),
            "relativistic, adaptive augmentation": (*STYLE, "augment=adaptive"),
        },
    ),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("folder", type=Path, help="for data, runs and measures")
    add("--compare", choices=tuple(COMPARISONS), default="texture")
    add("--minutes", type=float, default=30.0, help="of one core, for training each run")
    add("--slices", type=int, default=4, help="in which a run gets its minutes")
    add("--seeds", type=int, nargs="+", default=[0, 1])
    add("--variants", type=int, help="only the first so many")
    add("--count", type=int, default=240, help="samples that are measured")
    add("--preset", help="another preset of the same family")
    options = parser.parse_args()
    preset, size, variants = COMPARISONS[options.compare]
    preset = options.preset or preset
    dataset = make_data(options.folder, size)
    runs = [
        Run(options.folder / f"{options.compare}-{i}-seed{seed}", dataset, name, preset, settings, seed)
        for i, (name, settings) in list(enumerate(variants.items()))[: options.variants]
        for seed in options.seeds
    ]
    for part in range(options.slices):
        for run in runs:
            run.go_on(part, options.minutes / options.slices, options.count)
    print("\n".join(table(runs, options)))


def gan_train(*arguments) -> str:
    """One command; its standard output."""
    start = ["-c", TRAIN] if arguments[0] == "train" else ["-m", "gan_train"]
    command = [sys.executable, *start, *map(str, arguments)]
    print("+ gan-train", shlex.join(map(str, arguments)), file=sys.stderr, flush=True)
    one_core = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, cwd=CHECKOUT, check=True, stdout=subprocess.PIPE, text=True, env=one_core
    ).stdout


def make_data(folder: Path, size: int) -> Path:
    pictures, dataset = folder / f"pictures-{size}", folder / f"dataset-{size}"
    if not (dataset / "dataset.json").exists():
        gan_train("demo-data", pictures, "--count", PER_LABEL, "--size", size)
        gan_train("prepare", pictures, "--out", dataset, "--size", size)
    return dataset


class Run:
    """One variant with one seed."""

    def __init__(
        self, folder: Path, dataset: Path, name: str, preset: str, settings: tuple[str, ...], seed: int
    ):
        self.folder, self.dataset, self.name, self.preset = folder.resolve(), dataset.resolve(), name, preset
        self.settings, self.seed = settings, seed
        self.panels: list[dict] = []

    def command(self) -> list:
        chosen = [part for setting in self.settings for part in ("--set", setting)]
        return ["--preset", self.preset, *chosen, "--seed", self.seed]

    def go_on(self, part: int, minutes: float, count: int) -> None:
        path = self.folder / f"measures-{part}.json"
        if not path.exists():
            gan_train("train", self.dataset, "--out", self.folder, *self.command(), "--minutes", minutes)
            text = gan_train("measure", self.folder, "--data", self.dataset, "--count", count, "--json")
            state = max((self.folder / "checkpoints").glob("step-*")) / "state.json"
            panel = {"seconds": json.loads(state.read_text())["seconds"], **json.loads(text)}
            panel["steps"] = int(state.parent.name[5:])
            path.write_text(json.dumps(panel))
        self.panels.append(json.loads(path.read_text()))

    def ratio(self, name: str, part: int = -1) -> float:
        row = self.panels[part]["measures"][name]
        return row["value"] / row["floor"]

    def minutes_to(self, target: float) -> float | None:
        """Of training, until the distance was at most `target` times its floor."""
        for part, panel in enumerate(self.panels):
            if self.ratio(DISTANCE, part) <= target:
                return panel["seconds"] / 60
        return None


def table(runs: list[Run], options: argparse.Namespace) -> list[str]:
    measures = [name for name in SHOWN if name in runs[0].panels[-1]["measures"]]
    floors = {name: runs[0].panels[-1]["measures"][name]["floor"] for name in measures}
    target = max(run.ratio(DISTANCE) for run in runs)  # the slowest reaches it last
    cores = platform.machine()
    lines = [
        f"{options.minutes:g} minutes of one core each ({cores}), in {options.slices} slices; {options.count} samples;",
        f"distances as multiples of their floor; floors: {', '.join(f'{k} {v:.3g}' for k, v in floors.items())}.",
        "",
        f"| variant | seed | steps | {' | '.join(measures)} | minutes to {DISTANCE} at {target:.3g} x floor |",
        "|---" * (4 + len(measures)) + "|",
    ]
    for run in runs:
        values = []
        for name in measures:
            row = run.panels[-1]["measures"][name]
            value = f"{row['value']:.3g}" if row["better"] == "higher" else f"{run.ratio(name):.3g} x"
            values.append(value)
        reached = run.minutes_to(target)
        lines.append(
            f"| {run.name} | {run.seed} | {run.panels[-1]['steps']} | {' | '.join(values)} | "
            f"{'never' if reached is None else f'{reached:.3g}'} |"
        )
    lines += ["", "```"]
    lines += [f"gan-train train DATASET --out RUN {shlex.join(map(str, run.command()))}" for run in runs]
    return [*lines, "```"]


if __name__ == "__main__":
    main()
