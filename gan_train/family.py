"""What a family of generators is to the loop: phases, losses, a preview and a deployment.

The loop (loop.py) knows this file and never a particular family; the families are in families/.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor, nn

from .errors import NotFiniteError
from .manifest import Manifest

Batch = dict[str, Tensor]


@dataclass(frozen=True)
class Domain:
    """What a family must know of its dataset before it is built; kept in run.json."""

    labels: tuple[str, ...]
    materials: tuple[str, ...]
    material_labels: tuple[int, ...]  # for each material the index of its label
    maps: tuple[str, ...] = ("base_color",)  # what a picture of the batch holds, in the card's words
    size: int = 256  # short side of the prepared pictures, in pixels
    atlas: tuple[int, ...] = ()  # of photos: rows, columns (of 8 px), stride, where to begin (y, x)
    metallic: tuple[float, ...] = ()  # of each label, 0 to 1; empty where the dataset says nothing


class Sampler(Protocol):
    """The training pictures of a dataset in memory. What step i draws depends on (seed, i) alone.

    `said`, where it has one: what a person should know of them before they train.
    """

    manifest: Manifest
    domain: Domain
    batch: int

    def __call__(self, seed: int, step: int, device: torch.device) -> Batch: ...


@dataclass(frozen=True)
class Phase:
    """One optimiser, the parameters that it moves, and the steps in which it does: begin <= step < end.

    The learning rate of a phase that ends falls to 0 over its last quarter, in a straight line.
    """

    name: str
    trains: tuple[str, ...]  # names of submodules
    lr: float
    betas: tuple[float, float] = (0.0, 0.99)
    begin: int = 0
    end: int | None = None

    def active(self, step: int) -> bool:
        return self.begin <= step and (self.end is None or step < self.end)

    def rate(self, step: int) -> float:
        """The learning rate of a step."""
        if self.end is None:
            return self.lr
        return self.lr * min(1.0, 4 * (self.end - step) / (self.end - self.begin))


@dataclass(frozen=True)
class Deployment:
    """What export.py needs to write an ONNX file and its card.

    `inputs`, `output`, `maps`, `preview` are card entries (plain dicts, design section 3); `module` takes the inputs in
    their order and gives the output, then the styles and the preview where there are some; `dynamic` names the
    symbolic sizes of each input by axis, such as {"field": {0: "N", 2: "h"}}.
    """

    module: nn.Module
    feeds: dict[str, Tensor]
    dynamic: dict[str, dict[int, str]]
    inputs: list[dict]
    output: dict
    maps: list[dict]
    tileable: bool
    pixels_per_metre: float | None = None
    preview: dict | None = (
        None  # an output that shows the same, smaller and sooner; none where it costs as much
    )
    summary: str = ""  # one line for lists; export makes one of the labels where it is empty
    notes: dict = field(
        default_factory=dict
    )  # for gan_train alone, kept beside the card: {"source": label, ...}


class Family(nn.Module):
    """A family of generators. Subclasses set what is listed here and nothing else is asked of them.

    phases    tuple of Phase, the active ones run in this order each step
    ema       names of the submodules of which the loop keeps a moving average
    compiles  names of the submodules that torch.compile may have; never one with a gradient penalty
    directions  names of the generators of a run where it has several; `deploy` then takes one, or none for the first

    What a loss remembers from step to step (running means, the strength of an augmentation) stands in buffers.
    """

    phases: tuple[Phase, ...]
    ema: tuple[str, ...]
    finetune: ClassVar[dict[str, object]] = {}
    compiles: tuple[str, ...] = ()
    directions: tuple[str, ...] = ()

    def loss(self, phase: str, batch: Batch, random: torch.Generator, step: int) -> dict[str, Tensor]:
        """Named terms; the loop sums those that need a gradient and logs all. May add keys to `batch`.

        alarms.py looks at what is called adversarial, margin (of real over drawn logits) and penalty... in a critic.
        {} where nothing is due in this step; a term that a batch says nothing of is left out."""
        raise NotImplementedError

    def preview(self, seed: int) -> np.ndarray | None:
        """uint8 [rows, columns, H, W, 3] sRGB: the same seeds each time, drawn with the moving average.

        None as long as there is nothing to see."""
        raise NotImplementedError

    def draw(self, count: int, seed: int) -> np.ndarray | None:
        """uint8 [count, H, W, 3] sRGB, spread evenly over the rows of previews; None like `preview`. For watch.py."""
        found: list[np.ndarray] = []
        while sum(map(len, found)) < count:
            sheet = self.preview(seed + len(found))
            if sheet is None:
                return None
            found.append(sheet.reshape(-1, *sheet.shape[2:]))
        pictures = np.concatenate(found)
        return pictures[np.linspace(0, len(pictures) - 1, count).round().astype(int)]

    def deploy(self) -> Deployment:
        """The generator alone, float32 on the CPU, ready to export."""
        raise NotImplementedError

    def unready(self, step: int) -> str | None:
        """Why a run at `step` has nothing worth exporting yet, such as a first stage; None when it has."""
        return None


class Watch(Protocol):
    """Looks at a run every so many steps: alarms, and which state was the best. The loop calls it nowhere else.

    It must depend on its arguments and its state alone (draws from the step), so that a resumed run is watched
    like a straight one. With several processes only the first has one. The one there is: watch.py.
    """

    every: int  # steps between calls

    def __call__(self, step: int, averaged: Family, logged: dict[str, float]) -> bool:
        """`averaged` has the moving average and the newest buffers; `logged` the newest value since the last call of
        each term: penalties are computed in few steps.

        True: the best so far, and the loop keeps this state in RUN/best. A TrainingError ends the run; what is
        in RUN/checkpoints then is from before it."""

    def end(self, error: NotFiniteError, logged: dict[str, float]) -> None:
        """The run ends with `error`; `logged` as in a call, up to the step that failed."""

    def state(self) -> dict:
        """What the next call needs of the ones before, as JSON; kept in each checkpoint."""

    def restore(self, state: dict) -> None:
        """`state` as it was when the checkpoint was written."""


class Entry(NamedTuple):
    """One line of families.FAMILIES."""

    family: type[Family]  # family(config, domain)
    config: type  # a frozen dataclass with a docstring under each field
    sampler: type[Sampler]  # sampler(dataset folder, config)
    takes_photos: bool = False  # train may be given a photo, or a folder of a few, instead of a dataset
    takes_pictures: bool = False  # its generators make pictures out of pictures: sample needs a dataset
