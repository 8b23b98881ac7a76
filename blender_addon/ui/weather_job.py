"""One weathering, from the button to its pictures: meshes are baked first, then it is a transformation. Never bpy.

    baking --all baked--> starting --> as in job.py

Before: weather_operator.py. Next: scene/geometry.py in steps, then transform_job.py.
"""

from collections.abc import Generator
from dataclasses import dataclass, field, replace

from ..engine.errors import GanCubeError
from .transform_job import TransformJob

BAKING = 0.7  # share of the whole time, for the bar


@dataclass
class WeatherJob(TransformJob):
    """`bakes`: yields (maps done, all maps) and returns the sources of the wish, which has none before."""

    bakes: Generator | None = None
    baked: tuple[int, int] = field(default=(0, 1))

    def start(self) -> "WeatherJob":
        self.state = "baking"
        return self

    @property
    def progress(self) -> float:
        done, total = self.baked
        if self.state == "baking":
            return BAKING * done / total
        return BAKING + (1 - BAKING) * (self.made + self.share) / max(self.total, 1)

    @property
    def eta(self) -> float | None:
        return None  # how long baking takes says nothing of the generator

    @property
    def words(self) -> tuple:
        if self.state == "baking":
            done, total = self.baked
            return ("Baking, {} of {} maps", done, total)
        return TransformJob.words.fget(self)

    def step(self) -> None:
        if self.state != "baking":
            TransformJob.step(self)
            return
        try:
            self.baked = next(self.bakes)
        except StopIteration as stop:
            self.asked, self.state = replace(self.asked, sources=stop.value), "starting"
            TransformJob.start(self)
        except GanCubeError as error:
            self.state, self.error = "failed", str(error)
            self.tidy()

    def cancel(self) -> None:
        if self.state == "baking":
            self.state = "cancelled"  # the generator was asked for nothing yet
        TransformJob.cancel(self)

    def tidy(self) -> None:
        if self.bakes is not None:
            self.bakes.close()  # ends the other Blender, before its folder goes
        TransformJob.tidy(self)
