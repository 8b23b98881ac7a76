"""What a training step does, and all that must be kept to do the next one alike. No files, no clock.

Before: the sampler (batches), families (losses). After: loop.py, which decides when to save and to stop.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from .errors import NotFiniteError
from .family import Family, Sampler
from .machine import autocast, choose_compile, choose_precision
from .parallel import Processes
from .run_folder import build_family, load_weights
from .shards import Buffers, average, draws, shard_seed
from .weights import Base


class Training:
    """A family in training as run.json (`plan`) describes it: networks, their moving average, optimisers."""

    def __init__(self, plan: dict, sampler: Sampler, processes: Processes):
        self.plan, self.sampler, self.processes = plan, sampler, processes
        self.seed, self.shards, self.device = plan["seed"], plan["shards"], processes.device
        self.ours = processes.share_of(self.shards)
        self.images = sampler.batch * self.shards  # of a step
        self.precision, self.why_precision = choose_precision(plan["precision"], self.device)
        self.step = 0
        torch.manual_seed(self.seed)
        self.family = build_family(plan).to(self.device, memory_format=torch.channels_last)
        self.averaged = copy.deepcopy(self.family).requires_grad_(False)
        self.optimizers = {
            phase.name: torch.optim.Adam(self._parameters(phase.trains), lr=phase.lr, betas=phase.betas)
            for phase in self.family.phases
        }
        wanted, self.why_compiled = choose_compile(plan["compile"], self.device)
        self.compiled = wanted and bool(self.family.compiles)
        if self.compiled:  # in place, after the copy: weights keep their names, the averaged one is as it was
            for name in self.family.compiles:
                getattr(self.family, name).compile()

    def describe(self) -> str:
        """What was chosen for this machine, and why."""
        said = [f"{self.device}: {self.precision} ({self.why_precision}), channels last"]
        if self.family.compiles:
            said.append(f"torch.compile {'on' if self.compiled else 'off'} ({self.why_compiled})")
        if self.shards > 1:
            processes = "1 process" if self.processes.count == 1 else f"{self.processes.count} processes"
            said.append(f"{self.shards} batches of {self.sampler.batch} per step in {processes}")
        return ", ".join(filter(None, (*said, getattr(self.sampler, "said", ""))))

    def autocast(self):
        return autocast(self.device, self.precision)

    def one_step(self) -> dict[str, Tensor]:
        """-> the terms of all phases as "phase/term", of this process's shards. NotFiniteError: one is none."""
        seeds = [shard_seed(self.seed, shard) for shard in self.ours]
        batches = [self.sampler(seed, self.step, self.device) for seed in seeds]
        logged = {}
        for i, phase in enumerate(self.family.phases):
            if not phase.active(self.step):
                continue
            for name, module in self.family.named_children():
                module.requires_grad_(name in phase.trains)
            optimizer = self.optimizers[phase.name]
            optimizer.param_groups[0]["lr"] = phase.rate(self.step)
            optimizer.zero_grad(set_to_none=True)
            buffers = Buffers(self.family) if self.shards > 1 else None
            total, terms_of = torch.zeros((), device=self.device), []
            for seed, batch in zip(seeds, batches, strict=True):
                random = draws(seed, self.step, i, self.device)
                with self.autocast():
                    terms = self.family.loss(phase.name, batch, random, self.step)
                if trained := [term for term in terms.values() if term.requires_grad]:
                    sum(trained).backward()
                terms_of.append({name: term.detach() for name, term in terms.items()})
                total += sum(terms_of[-1].values())
                if buffers:
                    buffers.collect()
            if buffers:
                buffers.settle(self.processes)
            logged |= {f"{phase.name}/{name}": term for name, term in _means(terms_of).items()}
            parameters = self._parameters(phase.trains)
            total = average(parameters, total, self.shards, self.processes)
            self._check(f"the loss of phase {phase.name}", total, parameters, logged)
            optimizer.step()
        self.step += 1
        self._average()
        return logged

    def _check(self, what: str, total: Tensor, parameters: list, logged: dict[str, Tensor]) -> None:
        """Before a weight is moved by it."""
        gradients = [p.grad for p in parameters if p.grad is not None]
        if not torch.isfinite(total + torch.nn.utils.get_total_norm(gradients)):
            raise self._not_finite(what, logged)

    def _not_finite(self, what: str, logged: dict[str, Tensor]) -> NotFiniteError:
        rates = [n for n in self.plan["config"] if n == "learning_rate" or n.endswith("_lr")]
        rates = " or ".join(rates) or "the learning rate"
        advice = f"Lower {rates} or raise gamma (--set), and train into a new folder."
        return NotFiniteError(self.step, what, advice, {name: float(term) for name, term in logged.items()})

    def _average(self) -> None:
        images = self.step * self.images
        half_life = min(self.family.config.ema_images, 0.05 * images)
        keep = 0.5 ** (self.images / max(half_life, 1e-8))
        for name in self.family.ema:
            pairs = zip(
                getattr(self.averaged, name).parameters(),
                getattr(self.family, name).parameters(),
                strict=True,
            )
            for slow, fast in pairs:
                slow.lerp_(fast.detach(), 1.0 - keep)

    def as_averaged(self) -> Family:
        """The family with averaged weights and the newest buffers."""
        for slow, fast in zip(self.averaged.buffers(), self.family.buffers(), strict=True):
            slow.copy_(fast)
        return self.averaged

    def tensors(self) -> dict[str, Tensor]:
        """The whole state by name: family.*, averaged.*, optimizer.*; NotFiniteError where one is none."""
        tensors = {f"family.{k}": v for k, v in self.family.state_dict().items()}
        averaged = self.as_averaged()
        for name in self.family.ema:
            for k, v in getattr(averaged, name).state_dict().items():
                tensors[f"averaged.{name}.{k}"] = v
        for phase, optimizer in self.optimizers.items():
            for i, state in optimizer.state_dict()["state"].items():
                tensors |= {f"optimizer.{phase}.{i}.{k}": v for k, v in state.items()}
        for name, tensor in tensors.items():
            if not torch.isfinite(tensor).all():
                raise self._not_finite(name, {})
        return tensors

    def start_from(self, base: Base) -> None:
        """Take the weights of another run or of an exported file; ConfigError where most do not fit."""
        base.start(self.family)
        self.averaged.load_state_dict(self.family.state_dict())

    def restore(self, step: int, tensors: dict[str, Tensor]) -> None:
        """Take the state that `tensors()` gave at `step`."""
        self.step = step
        load_weights(self.family, tensors, "family.")
        load_weights(self.averaged, tensors, "averaged.", strict=False)
        for phase, optimizer in self.optimizers.items():
            state: dict[int, dict] = {}
            prefix = f"optimizer.{phase}."
            for name, tensor in tensors.items():
                if name.startswith(prefix):
                    i, key = name[len(prefix) :].split(".")
                    state.setdefault(int(i), {})[key] = tensor
            groups = optimizer.state_dict()["param_groups"]
            optimizer.load_state_dict({"state": state, "param_groups": groups})

    def _parameters(self, names: tuple[str, ...]) -> list[torch.nn.Parameter]:
        return [p for name in names for p in getattr(self.family, name).parameters()]


def _means(terms_of: list[dict[str, Tensor]]) -> dict[str, Tensor]:
    """Each term averaged over the shards that have it: a shard without a map has no term for it."""
    found: dict[str, list[Tensor]] = {}
    for terms in terms_of:
        for name, term in terms.items():
            found.setdefault(name, []).append(term)
    return {name: sum(values) / len(values) for name, values in found.items()}
