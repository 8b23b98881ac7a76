"""The one training loop: phases, moving average, checkpoints, log, previews. It never knows the family.

Before: dataset.py (batches), families (losses). After: export.py (reads the run).

A run is a folder: run.json (what was asked, frozen), checkpoints/, stats.jsonl, previews/. Training is a function
of run.json and the step: every random draw of step i comes from (seed, i), so a run that was killed and
resumed gives the same bits as one that was not (same machine and torch, on the CPU).
"""

from __future__ import annotations

import copy
import dataclasses
import json
import signal
import sys
import time
from pathlib import Path

import torch

from .checkpoint import checkpoints, load_checkpoint, save_checkpoint
from .errors import CheckpointError, ConfigError, TrainingError
from .families import FAMILIES
from .family import Domain, Family, Sampler
from .precision import autocast, precision_of
from .presets import PRESETS

TICK_SECONDS = 10.0
SAVE_SECONDS = 300.0


def train(
    dataset: str | Path,
    run: str | Path,
    preset: str,
    overrides: dict,
    steps: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    dry_run: bool = False,
    preview_steps: int = 1000,
) -> Path | None:
    """Train, or go on training, until `steps` generator updates in all or for `minutes`. -> last checkpoint

    `overrides` replaces fields of the family's config. Raises ConfigError, DatasetError, CheckpointError,
    TrainingError (a loss that is not finite; the last checkpoint stays).
    """
    run = Path(run)
    family_name, config = configure(preset, overrides)
    if dry_run:
        print(
            json.dumps(
                {"family": family_name, "preset": preset, "seed": seed, **dataclasses.asdict(config)},
                indent=1,
            )
        )
        return None
    if steps is None and minutes is None:
        raise ConfigError("Say when to stop: --steps N (in all) or --minutes M (from now).")
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    sampler = FAMILIES[family_name].sampler(dataset, config)
    plan = _plan(run, family_name, config, sampler, seed, device)
    return _Trainer(run, plan, sampler, device).go(steps, minutes, preview_steps)


def configure(preset: str, overrides: dict) -> tuple[str, object]:
    """Preset plus overrides -> (family name, frozen config). ConfigError for unknown names."""
    if preset not in PRESETS:
        raise ConfigError(f"No preset {preset!r}. There are: {', '.join(PRESETS)}.")
    name, settings = PRESETS[preset]
    config_class = FAMILIES[name].config
    known = {f.name for f in dataclasses.fields(config_class)}
    if unknown := sorted(set(overrides) - known):
        raise ConfigError(
            f"No setting {unknown[0]!r} in family {name}. There are: {', '.join(sorted(known))}."
        )
    return name, config_class(**{**settings, **overrides})


def _plan(run: Path, family: str, config: object, sampler: Sampler, seed: int, device: torch.device) -> dict:
    """What run.json says; written at the first start, compared at a later one."""
    asked = {
        "family": family,
        "config": json.loads(json.dumps(dataclasses.asdict(config))),
        "seed": seed,
        "dataset": {"name": sampler.manifest.name, "sha256": sampler.manifest.sha256},
        "domain": json.loads(json.dumps(dataclasses.asdict(sampler.domain))),
    }
    path = run / "run.json"
    if not path.exists():
        run.mkdir(parents=True, exist_ok=True)
        asked["precision"] = precision_of(device)
        asked["provenance"] = {
            "licences": sampler.manifest.licences,
            "authors": list(sampler.manifest.authors),
        }
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps(asked, indent=1, ensure_ascii=False))
        partial.rename(path)
        return asked
    plan = read_run(run)
    for key, value in asked.items():
        if plan.get(key) != value:
            raise CheckpointError(
                f"{path}: {key} differs from what was asked now. "
                "Train into another folder, or ask for the same settings."
            )
    return plan


def read_run(run: str | Path) -> dict:
    """run.json of a run folder; CheckpointError when it is none."""
    path = Path(run) / "run.json"
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise CheckpointError(f"{path}: is no run of gan-train ({error}).") from error


def build_family(plan: dict) -> Family:
    """A family with fresh weights as run.json describes it."""
    entry = FAMILIES[plan["family"]]
    return entry.family(entry.config(**_tuples(plan["config"])), Domain(**_tuples(plan["domain"])))


def _tuples(values: dict) -> dict:
    """JSON has no tuples, our settings no lists."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}


def load_averaged(run: str | Path) -> tuple[Family, dict, dict]:
    """The family of a run with its averaged weights -> family, run.json, state.json."""
    plan = read_run(run)
    folders = checkpoints(Path(run))
    if not folders:
        raise CheckpointError(f"{run}: has no checkpoint yet. Train some steps first.")
    tensors, about = load_checkpoint(folders[-1])
    family = build_family(plan)
    family.load_state_dict({k[7:]: v for k, v in tensors.items() if k.startswith("family.")})
    family.load_state_dict({k[9:]: v for k, v in tensors.items() if k.startswith("averaged.")}, strict=False)
    return family, plan, about


class _Trainer:
    def __init__(self, run: Path, plan: dict, sampler: Sampler, device: torch.device):
        self.run, self.plan, self.sampler, self.device = run, plan, sampler, device
        self.seed, self.step, self.seconds = plan["seed"], 0, 0.0
        torch.manual_seed(self.seed)
        self.family = build_family(plan).to(device, memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.family).requires_grad_(False)
        self.optimizers = {
            phase.name: torch.optim.Adam(self._parameters(phase.trains), lr=phase.lr, betas=phase.betas)
            for phase in self.family.phases
        }
        if folders := checkpoints(run):
            self._restore(*load_checkpoint(folders[-1]))
        self.stop = False

    def go(self, steps: int | None, minutes: float | None, preview_steps: int) -> Path:
        handlers = {s: signal.signal(s, self._ask_stop) for s in (signal.SIGINT, signal.SIGTERM)}
        begun = ticked = saved = time.monotonic()
        first, tick_step = self.step, self.step
        try:
            while not self.stop and (steps is None or self.step < steps):
                logged = self._one_step()
                now = time.monotonic()
                if now - ticked >= TICK_SECONDS or self.step == steps:
                    rate = (self.step - tick_step) * self.sampler.batch / (now - ticked)
                    self._log(logged, rate, steps, minutes, now - begun, self.step - first)
                    ticked, tick_step = now, self.step
                if self.step % preview_steps == 0:
                    self._preview()
                if now - saved >= SAVE_SECONDS:
                    self._save()
                    saved = now
                if minutes is not None and now - begun >= minutes * 60:
                    break
        finally:
            for s, handler in handlers.items():
                signal.signal(s, handler)
        self._preview()
        return self._save()

    def _one_step(self) -> dict[str, float]:
        batch = self.sampler(self.seed, self.step, self.device)
        logged = {}
        for i, phase in enumerate(self.family.phases):
            if not phase.active(self.step):
                continue
            random = torch.Generator(self.device).manual_seed((self.seed * 1_000_003 + self.step) * 16 + i)
            chosen = set(phase.trains)
            for name, module in self.family.named_children():
                module.requires_grad_(name in chosen)
            with autocast(self.device, self.plan["precision"]):
                terms = self.family.loss(phase.name, batch, random, self.step)
            total = sum(term for term in terms.values() if term.requires_grad)
            logged |= {f"{phase.name}/{name}": term.detach() for name, term in terms.items()}
            optimizer = self.optimizers[phase.name]
            optimizer.zero_grad(set_to_none=True)
            total.backward()
            optimizer.step()
            if not torch.isfinite(total):
                raise TrainingError(
                    f"step {self.step}: the loss of phase {phase.name} is not finite. The last checkpoint is whole; "
                    f"lower {phase.name}_lr or raise gamma, and start into a new folder."
                )
        self.step += 1
        self._average()
        return logged

    def _average(self) -> None:
        images = self.step * self.sampler.batch
        half_life = min(self.family.config.ema_images, 0.05 * images)
        keep = 0.5 ** (self.sampler.batch / max(half_life, 1e-8))
        for name in self.family.ema:
            pairs = zip(
                getattr(self.averaged, name).parameters(),
                getattr(self.family, name).parameters(),
                strict=True,
            )
            for slow, fast in pairs:
                slow.lerp_(fast.detach(), 1.0 - keep)

    def _log(
        self, terms: dict, rate: float, steps: int | None, minutes: float | None, spent: float, done: int
    ) -> None:
        values = {k: round(float(v), 5) for k, v in terms.items()}
        with open(self.run / "stats.jsonl", "a") as file:
            row = {
                "step": self.step,
                "images": self.step * self.sampler.batch,
                "images_per_second": round(rate, 2),
            }
            file.write(json.dumps({**row, "seconds": round(spent, 1), **values}) + "\n")
        left = []
        if steps is not None and done:
            left.append(spent / done * (steps - self.step))
        if minutes is not None:
            left.append(minutes * 60 - spent)
        eta = time.strftime("%H:%M:%S", time.gmtime(max(min(left), 0)))
        shown = "  ".join(f"{k.split('/')[0][0]}.{k.split('/')[1]} {v:.3f}" for k, v in values.items())
        goal = f"/{steps}" if steps is not None else ""
        print(
            f"step {self.step}{goal}  {rate:.1f} images/s  {eta} left  {shown}", file=sys.stderr, flush=True
        )

    def _preview(self) -> None:
        from .sheet import save_sheet

        self._share_buffers()
        with autocast(self.device, self.plan["precision"]):
            pictures = self.averaged.preview(seed=1)
        if pictures is not None:
            save_sheet(pictures, self.run / "previews" / f"step-{self.step:09d}.png")

    def _save(self) -> Path:
        tensors = {f"family.{k}": v for k, v in self.family.state_dict().items()}
        for name in self.family.ema:
            for k, v in getattr(self.averaged, name).state_dict().items():
                tensors[f"averaged.{name}.{k}"] = v
        for phase, optimizer in self.optimizers.items():
            for i, state in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer.{phase}.{i}.{k}": v for k, v in state.items()}
        about = {"torch": torch.__version__, "device": self.device.type, "precision": self.plan["precision"]}
        return save_checkpoint(self.run, self.step, tensors, about)

    def _restore(self, tensors: dict, about: dict) -> None:
        self.step = about["step"]
        self.family.load_state_dict({k[7:]: v for k, v in tensors.items() if k.startswith("family.")})
        self.averaged.load_state_dict(
            {k[9:]: v for k, v in tensors.items() if k.startswith("averaged.")}, strict=False
        )
        for phase, optimizer in self.optimizers.items():
            state: dict[int, dict] = {}
            prefix = f"optimizer.{phase}."
            for name, tensor in tensors.items():
                if name.startswith(prefix):
                    i, key = name[len(prefix) :].split(".")
                    state.setdefault(int(i), {})[key] = tensor
            optimizer.load_state_dict(
                {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
            )

    def _share_buffers(self) -> None:
        for slow, fast in zip(self.averaged.buffers(), self.family.buffers(), strict=True):
            slow.copy_(fast)

    def _parameters(self, names: tuple[str, ...]) -> list[torch.nn.Parameter]:
        return [p for name in names for p in getattr(self.family, name).parameters()]

    def _ask_stop(self, *_) -> None:
        self.stop = True
