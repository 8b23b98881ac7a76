"""One transformation, from the button to its pictures: a job (job.py) whose wish are pictures. Never bpy.

Before: transform_operator.py, with the files that scene/picture_source.py made. Next: engine/worker.py.
"""

import tempfile
from dataclasses import dataclass, field

from .job import Job


@dataclass(frozen=True)
class TransformWish:
    """`model`: its file. `sources`: for each picture the fields of engine/transform_request.py. `folder`: where their
    files are, removed when the job is over."""

    model: str
    sources: tuple
    label: str | None = None
    scalars: dict = field(default_factory=dict)
    seed: int = 0
    folder: tempfile.TemporaryDirectory | None = field(default=None, compare=False)

    @property
    def count(self) -> int:
        return len(self.sources)


@dataclass
class TransformJob(Job):
    """Progress is that of the parts: a large picture takes long, and there are seldom many."""

    share: float = 0.0  # of the picture under way

    def start(self) -> "TransformJob":
        wish = {"sources": self.asked.sources, "label": self.asked.label, "seed": self.asked.seed}
        wish |= {"scalars": self.asked.scalars, "model": self.asked.model}
        self.client.submit({"do": "transform", **wish, **self.options})
        return self

    @property
    def progress(self) -> float:
        return (self.made + self.share) / self.total

    @property
    def eta(self) -> float | None:
        if not self.progress or self.state != "generating":
            return None
        return max((self.clock() - self.began) * (1 / self.progress - 1), 0.0)

    def step(self) -> None:
        Job.step(self)
        if not self.running:
            self.tidy()

    def cancel(self) -> None:
        Job.cancel(self)
        self.tidy()

    def tidy(self) -> None:
        if self.asked.folder is not None:
            self.asked.folder.cleanup()

    def take_part(self, header: dict, blob: bytes) -> None:
        self.share = header["done"] / header["count"]

    def take_image(self, header: dict, blob: bytes) -> None:
        Job.take_image(self, header, blob)
        self.share = 0.0
