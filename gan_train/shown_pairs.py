"""The first pictures of a run, with what they should become, for previews and for watch.py: buffers, no networks.

Before: aligned_sampler.py (batches). After: Family.preview and Family.draw of the families that take a picture.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

SIDE = 128  # pixels of a target that are kept, at most
COUNT = 64  # pairs, as many as watch.py looks at
COLUMNS = 2  # pairs side by side in a preview


class ShownPairs(nn.Module):
    """Inputs [n, A, s, s] and targets [n, B, S, S] in 8 bits; they travel with the checkpoint, so previews go on."""

    def __init__(self, inputs: int, outputs: int, crop: int, scale: int = 1, multiple: int = 1):
        """`crop`: side of the training targets in pixels; `multiple`: of which an input's side must be one."""
        super().__init__()
        side = min(SIDE, crop) // (scale * multiple) * multiple
        self.scale = scale
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))
        self.register_buffer("inputs", torch.zeros(COUNT, inputs, side, side, dtype=torch.uint8))
        shape = (COUNT, outputs, scale * side, scale * side)
        self.register_buffer("targets", torch.zeros(shape, dtype=torch.uint8))

    @torch.no_grad()
    def keep(self, inputs: Tensor, targets: Tensor) -> None:
        """The pictures of a batch, in [-1, 1], as long as there is room."""
        begin = int(self.count)
        end = min(begin + len(inputs), COUNT)
        if end > begin:
            side = self.inputs.shape[2]
            self.inputs[begin:end] = _bytes(inputs[: end - begin, :, :side, :side])
            side *= self.scale
            self.targets[begin:end] = _bytes(targets[: end - begin, :, :side, :side])
            self.count.fill_(end)

    def some(self, count: int, seed: int) -> tuple[Tensor, Tensor]:
        """`count` of them, or as many as there are, in [-1, 1]; which, and in what order, the seed says."""
        random = torch.Generator().manual_seed(seed)
        chosen = torch.randperm(int(self.count), generator=random)[:count].to(self.inputs.device)
        return _values(self.inputs[chosen]), _values(self.targets[chosen])


def rows_of(inputs: Tensor, outputs: Tensor, targets: Tensor) -> np.ndarray:
    """Pictures [n, 1 or more, H, W] in [-1, 1] -> uint8 [rows, columns, S, S, 3]: input, output, target, and again.

    Of more than three channels the first three are shown; smaller inputs are repeated up to the size of the outputs.
    """
    times = outputs.shape[2] // inputs.shape[2]
    inputs = inputs.repeat_interleave(times, 2).repeat_interleave(times, 3)
    whole = len(outputs) // COLUMNS * COLUMNS or len(outputs)
    sheet = np.stack([pixels_of(x[:whole]) for x in (inputs, outputs, targets)], 1)
    return sheet.reshape(-1, 3 * min(COLUMNS, whole), *sheet.shape[2:])


def pixels_of(x: Tensor) -> np.ndarray:
    """[n, 1 or more, H, W] in [-1, 1] -> uint8 [n, H, W, 3]."""
    x = x[:, :3] if x.shape[1] >= 3 else x[:, :1]
    return _bytes(x).expand(-1, 3, -1, -1).permute(0, 2, 3, 1).cpu().numpy()


def _bytes(x: Tensor) -> Tensor:
    return ((x.float() + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)


def _values(x: Tensor) -> Tensor:
    return x.float() / 127.5 - 1
