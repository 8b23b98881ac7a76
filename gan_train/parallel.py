"""The processes that train one run together, started by torchrun; one process alone is the plain case.

Torch only; knows tensors and turns, no networks and no files. Used by loop.py and shards.py.

    torchrun --nproc-per-node=2 -m gan_train train DATASET --out RUN --steps N

Gradients travel over NCCL between graphics cards, else over gloo. All processes read the same run folder; only
the first one writes it.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import torch
from torch import Tensor

from blender_addon.engine.errors import GanCubeError

from .errors import ConfigError, TrainingError

GO_ON, STOP, FAILED = 0, 1, 2


class Processes:
    """Who we are among how many. `close()` when done."""

    def __init__(self):
        self.rank, self.count = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        cuda = torch.cuda.is_available()
        if cuda:
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)) % torch.cuda.device_count())
        self.device = torch.device("cuda", torch.cuda.current_device()) if cuda else torch.device("cpu")
        if self.count > 1:
            torch.distributed.init_process_group("nccl" if cuda else "gloo")

    @property
    def first(self) -> bool:
        return self.rank == 0

    def close(self) -> None:
        if self.count > 1:
            torch.distributed.destroy_process_group()

    def share_of(self, shards: int) -> range:
        """The shards of each step that are ours; ConfigError when they cannot be dealt out evenly."""
        if shards % self.count:
            raise ConfigError(
                f"{shards} shards cannot be shared by {self.count} processes: start a number that divides {shards}."
            )
        each = shards // self.count
        return range(self.rank * each, (self.rank + 1) * each)

    def sum(self, tensor: Tensor) -> Tensor:
        """The sum over all processes, in place."""
        if self.count > 1:
            torch.distributed.all_reduce(tensor)
        return tensor

    def gather(self, tensor: Tensor) -> list[Tensor]:
        """The tensors of all processes, in their order."""
        if self.count == 1:
            return [tensor]
        parts = [torch.empty_like(tensor) for _ in range(self.count)]
        torch.distributed.all_gather(parts, tensor)
        return parts

    def in_turn(self, work: Callable[[], bool | None], stop: bool = False) -> bool:
        """`work()` by the first process while the others wait. -> whether to stop: it, or any process, wants to.

        An error of the user's in `work` ends all processes, each with exit code 2."""
        if self.count == 1:
            return bool(work()) or stop
        answer, failure = STOP if stop else GO_ON, None
        if self.first:
            try:
                answer = max(answer, STOP if work() else GO_ON)
            except GanCubeError as error:
                answer, failure = FAILED, error
        flag = torch.tensor(answer, device=self.device)
        torch.distributed.all_reduce(flag, torch.distributed.ReduceOp.MAX)
        if failure:
            raise failure
        if flag == FAILED:
            raise TrainingError("The first process ended the run; its message says why.")
        return bool(flag == STOP)
