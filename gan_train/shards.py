"""A step in shards: what each draws, their gradients averaged, their buffers put together. Torch only; no files.

Before: the family's losses. After: loop.py moves the parameters.

A step is S shards, each with a batch of its own. Shard i of step t draws from (seed, t, i) alone, so it does not
matter which process computes it: two processes with a shard each do what one does with two.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from blender_addon.engine.seeds import derive

from .parallel import Processes

MAX_SEED = 2**32 - 1


def shard_seed(seed: int, shard: int) -> int:
    """The seed of a shard's draws; of shard 0 the run's own."""
    return derive(seed, shard) >> 32 if shard else seed


def draws(seed: int, step: int, phase: int, device: torch.device) -> torch.Generator:
    """The random numbers of the loss of one phase in one shard of one step."""
    return torch.Generator(device).manual_seed((seed * 1_000_003 + step) * 16 + phase)


class Buffers:
    """The buffers of a network while the shards of a phase run. Each shard starts from what they were before.

    `collect()` after each shard, `settle()` after the last: of each value the last shard that changed it decides,
    whichever process that shard ran in.
    """

    def __init__(self, network: nn.Module):
        self.buffers = list(network.buffers())
        self.before = [b.clone() for b in self.buffers]
        self.after = [b.clone() for b in self.buffers]
        self.changed = [torch.zeros_like(b, dtype=torch.uint8) for b in self.buffers]

    @torch.no_grad()
    def collect(self) -> None:
        for buffer, before, after, changed in zip(
            self.buffers, self.before, self.after, self.changed, strict=True
        ):
            moved = buffer != before
            after.copy_(torch.where(moved, buffer, after))
            changed |= moved
            buffer.copy_(before)

    @torch.no_grad()
    def settle(self, processes: Processes) -> None:
        touched = torch.stack([c.any() for c in self.changed]).to(torch.uint8) if self.changed else []
        if len(touched):
            touched = torch.stack(processes.gather(touched)).amax(0).tolist()
        for buffer, after, changed, any_moved in zip(
            self.buffers, self.after, self.changed, touched, strict=True
        ):
            if any_moved:
                for value, moved in zip(processes.gather(after), processes.gather(changed), strict=True):
                    buffer.copy_(torch.where(moved.bool(), value, buffer))


@torch.no_grad()
def average(parameters: list[nn.Parameter], total: Tensor, shards: int, processes: Processes) -> Tensor:
    """The gradients that our shards have added up become the mean over all shards, in place. -> `total` likewise

    A shard without gradient for a parameter counts as zero; without one in any shard the parameter keeps None. All
    in one message: gradients, a flag for each parameter that has one, `total`.
    """
    if shards == 1:
        return total
    if processes.count > 1:
        given = [p.grad if p.grad is not None else torch.zeros_like(p) for p in parameters]
        flags = torch.tensor([float(p.grad is not None) for p in parameters], device=total.device)
        message = torch.cat([*(g.reshape(-1) for g in given), flags, total.float().reshape(1)])
        *sums, flags, total = processes.sum(message).split([*(g.numel() for g in given), len(flags), 1])
        for p, gradient, has, values in zip(parameters, given, flags.tolist(), sums, strict=True):
            p.grad = gradient.copy_(values.view(gradient.shape)) if has else None
    for p in parameters:
        if p.grad is not None:
            p.grad.div_(shards)
    return total / shards
