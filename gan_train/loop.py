"""The one training loop: when to log, preview, watch, save and stop. It never knows the family.

Before: run_folder.py (the plan), steps.py (what a step does). After: export.py (reads the run).

Training is a function of run.json and the step: every random draw of shard i of step t comes from (seed, t, i), so
a run that was killed and resumed gives the same bits as one that was not (same machine and torch, on the CPU).
"""

from __future__ import annotations

import contextlib
import dataclasses
import signal
import time
from collections.abc import Callable
from pathlib import Path

import torch

from .checkpoint import load_newest, save_checkpoint, set_aside, what_is_kept
from .dry_run import tell_plan
from .errors import CheckpointError, ConfigError, NotFiniteError, TrainingError
from .families import FAMILIES
from .family import Sampler, Watch
from .machine import describe_machine, extend_history, history_of
from .parallel import Processes
from .presets import DEFAULT, PRESETS
from .progress import say
from .run_folder import UNSAID, as_settings, defaults_before, describe_plan, locked, read_run, settle_plan
from .shards import MAX_SEED
from .steps import Training
from .training_log import TrainingLog
from .weights import Base

SAVE_SECONDS = 300.0
FIRST_SECONDS = 30.0  # until the first checkpoint of a run, which has none to fall back to


def train(
    dataset: str | Path,
    run: str | Path,
    preset: str | None,
    overrides: dict,
    steps: int | None = None,
    minutes: float | None = None,
    seed: int | None = None,
    dry_run: bool = False,
    preview_steps: int = 1000,
    shards: int | None = None,
    precision: str | None = None,
    compile: str | None = None,
    watch: Callable[[Path, Sampler], Watch] | None = None,
    source: str | Path | None = None,
) -> Path | None:
    """Train, or go on training, until `steps` generator updates in all or for `minutes`. -> last checkpoint

    `overrides` replaces fields of the family's config. A new run starts with the weights of `source`, a run folder or
    an exported file, and with its settings where `preset` is None. `shards` (default: one for each process),
    `precision` and `compile` (default: auto), `seed` (default: 0) and, where `preset` is None, the settings of a run
    that is there already stay as they are. -> None from all
    processes but the first. Raises ConfigError, DatasetError, CheckpointError, ModelError, TrainingError (a loss or a
    weight that is not finite; the last checkpoint stays). `watch` makes the watch of the run, as watch.RunWatch does.
    """
    run = Path(run)
    base = Base(Path(source)) if source else None
    begun = read_run(run) if (run / "run.json").exists() else {}
    family, config = configure(preset, overrides, base, begun)
    seed = begun.get("seed", 0) if seed is None else seed
    asked = {"shards": shards, "precision": precision, "compile": compile, "source": base and base.said}
    if steps is None and minutes is None:
        steps = getattr(config, "steps", None)  # some presets say how long
    if dry_run:
        said = {k: begun.get(k, UNSAID[k]) if v is None else v for k, v in asked.items()}
        shown = {"family": family, "preset": preset, "seed": seed, **said, **dataclasses.asdict(config)}
        shown |= {"steps": steps, "minutes": minutes}
        tell_plan(shown, Path(dataset), FAMILIES[family].takes_photos)
        return None
    if steps is None and minutes is None:
        raise ConfigError("Say when to stop: --steps N (in all) or --minutes M (from now).")
    if not 0 <= seed <= MAX_SEED:
        raise ConfigError(f"--seed {seed}: must be between 0 and {MAX_SEED}.")
    sampler = FAMILIES[family].sampler(dataset, config)
    processes = Processes()
    with contextlib.ExitStack() as stack:
        stack.callback(processes.close)
        if not begun and shards is None:
            asked["shards"] = processes.count
        plan = describe_plan(family, config, sampler, seed, asked)
        if base:
            plan["provenance"] = joined(plan, base)

        def open_folder() -> None:
            stack.enter_context(locked(run))
            settle_plan(run, plan)

        processes.in_turn(open_folder)
        training = Training(read_run(run), sampler, processes)
        if base:
            training.start_from(base)  # what a checkpoint holds comes over it
        return _Loop(run, training, processes, watch(run, sampler) if watch and processes.first else None).go(
            steps, minutes, preview_steps
        )


def configure(
    preset: str | None, overrides: dict, base: Base | None = None, begun: dict | None = None
) -> tuple[str, object]:
    """Preset, or the settings of `base` or of `begun` (a run.json), plus overrides -> (family name, frozen config).

    ConfigError: unknown names."""
    begun = begun if preset is None and base is None else None
    if preset is None and base is None and not begun:
        preset = DEFAULT
    if preset is not None:
        if preset not in PRESETS:
            raise ConfigError(f"No preset {preset!r}. There are: {', '.join(PRESETS)}.")
        name, settings = PRESETS[preset]
    elif begun:
        name, settings = begun["family"], begun["config"]
    else:
        name, settings = base.family, base.config
    if name not in FAMILIES:
        raise ConfigError(f"No family {name!r}. There are: {', '.join(FAMILIES)}.")
    entry = FAMILIES[name]
    if preset is None:
        settings = {**defaults_before(entry.config), **settings}
    if base:
        settings = {**settings, **entry.family.finetune}
    known = {f.name for f in dataclasses.fields(entry.config)}
    if begun:  # what is no setting any more is told with the other differences, by settle_plan
        settings = {key: value for key, value in settings.items() if key in known}
    if unknown := sorted({*settings, *overrides} - known):
        raise ConfigError(
            f"No setting {unknown[0]!r} in family {name}. There are: {', '.join(sorted(known))}."
        )
    return name, entry.config(**as_settings({**settings, **overrides}))


def joined(plan: dict, base: Base) -> dict:
    """Weights that saw two datasets owe to both; one dataset seen twice is counted once."""
    provenance = plan["provenance"]
    licences = dict(provenance["licences"])
    for name, count in base.licences.items():
        mine = licences.get(name, 0)
        licences[name] = max(mine, count) if base.dataset == plan["dataset"]["sha256"] else mine + count
    return {"licences": licences, "authors": sorted({*provenance["authors"], *base.authors})}


class _Loop:
    """One start of a run, in one of its processes; only the first of them logs, looks and saves."""

    def __init__(self, run: Path, training: Training, processes: Processes, watch: Watch | None):
        self.run, self.training, self.processes, self.watch = run, training, processes, watch
        self.seconds, self.asked_to_stop = 0.0, False
        self.newest: dict[str, torch.Tensor | float] = {}  # terms since the watch looked
        self.has_checkpoint = False
        history, damaged = [], []
        if found := load_newest(run):
            tensors, about, damaged = found
            self.has_checkpoint = True
            training.restore(about["step"], tensors)
            history, self.seconds = history_of(about), about.get("seconds", 0.0)
            if watch and "watch" in about:
                watch.restore(about["watch"])
                self.newest = about.get("newest", {})
        machine = describe_machine(training.device, training.precision, training.compiled)
        self.history, moved = extend_history(history, machine, training.step)

        def begin() -> None:
            for error in damaged:
                say(f"{error} Going on from step {training.step}.")
            set_aside(run, training.step)
            for line in filter(None, (training.describe(), moved)):
                say(line)

        self._in_turn(begin)

    def go(self, steps: int | None, minutes: float | None, preview_steps: int) -> Path | None:
        handlers = {s: signal.signal(s, self._ask_stop) for s in (signal.SIGINT, signal.SIGTERM)}
        training, log, path = self.training, None, None
        save_at = time.monotonic() + (SAVE_SECONDS if self.has_checkpoint else FIRST_SECONDS)

        def begin() -> None:
            nonlocal log
            log = TrainingLog(self.run, training.step, self.seconds, training.images, steps, minutes)

        def after_step() -> bool:
            nonlocal save_at
            self.seconds = log.seconds
            log(training.step, logged)
            if training.step % preview_steps == 0:
                self._preview()
            self.newest |= logged
            if self.watch and training.step % self.watch.every == 0:
                self._look()
            if time.monotonic() >= save_at:
                self._save()
                save_at = time.monotonic() + SAVE_SECONDS
            return minutes is not None and log.spent >= minutes * 60

        def finish() -> None:
            nonlocal path
            if training.step:
                self._preview()
                path = self._save()
            log.close()

        stop = False
        try:
            self._in_turn(begin)
            while not stop and (steps is None or training.step < steps):
                logged = training.one_step()
                stop = self._in_turn(after_step, self.asked_to_stop)
            self._in_turn(finish)
        except NotFiniteError as error:
            if self.watch:
                self._look_again(error)
            raise TrainingError(f"{error} {what_is_kept(self.run)}") from error
        except torch.OutOfMemoryError as error:
            raise TrainingError(
                f"step {training.step}: the graphics card has too little memory. Set a smaller batch or crop."
            ) from error
        finally:
            if log:
                with contextlib.suppress(OSError):  # after an error; else it is closed already
                    log.close()
            for s, handler in handlers.items():
                signal.signal(s, handler)
        return path

    def _in_turn(self, work: Callable[[], bool | None], stop: bool = False) -> bool:
        """Processes.in_turn, where what cannot be written (the disk is full) ends all processes with a sentence."""

        def careful() -> bool | None:
            try:
                return work()
            except OSError as error:
                raise CheckpointError(
                    f"{error.filename or self.run}: cannot be written ({error.strerror or error}). "
                    f"{what_is_kept(self.run)}"
                ) from error

        return self.processes.in_turn(careful, stop)

    def _preview(self) -> None:
        from .sheet import save_sheet

        with self.training.autocast():
            pictures = self.training.as_averaged().preview(seed=1)
        if pictures is not None:
            save_sheet(pictures, self.run / "previews" / f"step-{self.training.step:09d}.png")

    def _look(self) -> None:
        terms = {name: float(term) for name, term in self.newest.items()}
        self.newest = {}
        with self.training.autocast():
            best = self.watch(self.training.step, self.training.as_averaged(), terms)
        if best:
            self._save("best")

    def _look_again(self, error: NotFiniteError) -> None:
        terms = {name: float(term) for name, term in (self.newest | error.terms).items()}
        with contextlib.suppress(OSError):  # `error` is what is said
            self.watch.end(error, terms)

    def _save(self, kept: str = "checkpoints") -> Path:
        about = {"history": self.history, "seconds": round(self.seconds, 1)}
        if self.watch:
            about["watch"] = self.watch.state()
            about["newest"] = {name: float(term) for name, term in self.newest.items()}
        return save_checkpoint(self.run, self.training.step, self.training.tensors(), about, kept)

    def _ask_stop(self, *_) -> None:
        self.asked_to_stop = True
