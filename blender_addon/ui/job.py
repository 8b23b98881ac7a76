"""One generation, from the request to its images: stepped by the operator, shown by the panel. Never bpy.

    starting --ready--> loading --loaded--> generating --image, image, ..., done--> done --> landed
        any but landed --cancel()--> cancelled        any before done --error, died--> failed

Before: engine/client.py. Next: generation.py hands a done job to the operator that asked.
"""

import time
from dataclasses import asdict, dataclass, field

from ..engine.surface_request import SurfaceRequest

SENTENCES = {
    "starting": "Starting",
    "loading": "Loading the generator",
    "done": "Ready; lands in Object Mode",
}
RUNNING = ("baking", "starting", "loading", "generating")


@dataclass(frozen=True)
class Texture:
    """One finished image of a surface: {map name: PNG bytes}, and its icon (engine/pixels.py)."""

    seed: int
    label: str | None
    maps: dict[str, bytes]
    icon: bytes = b""
    recipe: str = ""  # where each image has its own: pictures that were changed
    preview: bool = False  # smaller and with fewer maps, to be shown until the whole one is there


def texture_in(header: dict, blob: bytes) -> Texture:
    """The worker's "image" message."""
    maps, start = {}, 0
    for name, length in header["maps"].items():  # JSON keeps the order
        maps[name] = blob[start : start + length]
        start += length
    icon = blob[start : start + header.get("icon", 0)]
    more = header.get("recipe", ""), header.get("preview", False)
    return Texture(header["seed"], header["label"], maps, icon, *more)


@dataclass
class Job:
    """Created when the button is pressed; step() is called on each tick of a timer and never waits."""

    client: object  # an engine Client, or a test's stand-in: submit(), poll(), cancel()
    asked: SurfaceRequest
    options: dict  # {"provider", "threads", "blender"}
    only: tuple[int, ...] | None = None  # the images wanted, in this order; None: all
    walks: tuple[float, ...] | None = None  # of an animation: the walk of each frame
    clock: object = time.monotonic
    state: str = "starting"
    textures: dict[int, Texture] = field(default_factory=dict)  # by their number on the surface
    made: int = 0  # how many there were so far
    error: str = ""
    loaded: dict = field(
        default_factory=dict
    )  # the worker's "loaded" message: provider, device, check, colorspaces
    recipe: str = ""
    began: float = 0.0  # when the first image was begun

    def start(self) -> "Job":
        wish = {"asked": asdict(self.asked), "only": self.only, "walks": self.walks}
        self.client.submit({"do": "generate", "model": self.asked.model, **wish, **self.options})
        return self

    @property
    def total(self) -> int:
        return (self.asked.count if self.only is None else len(self.only)) * len(self.walks or (0,))

    @property
    def running(self) -> bool:
        return self.state in RUNNING

    @property
    def open(self) -> bool:
        """Running, or done and not in the scene yet."""
        return self.running or self.state == "done"

    @property
    def progress(self) -> float:
        """Share of the images that are there, 0 to 1."""
        return self.made / self.total

    @property
    def eta(self) -> float | None:
        """Seconds to go, from the mean of the images so far; None before the first."""
        if not self.made or self.state != "generating":
            return None
        each = (self.clock() - self.began) / self.made
        return max(each * (self.total - self.made), 0.0)

    @property
    def words(self) -> tuple:
        """What the progress bar says: a sentence with gaps, which can be translated, and what is put into them."""
        if self.state in SENTENCES:
            return (SENTENCES[self.state],)
        count, eta = (min(self.made + 1, self.total), self.total), self.eta
        return (
            ("Image {} of {}, {} s left", *count, round(eta))
            if eta and eta >= 1
            else ("Image {} of {}", *count)
        )

    def step(self) -> None:
        """Takes in what the worker said since the last step."""
        if not self.running:
            return
        for header, blob in self.client.poll():
            take = TAKE.get(header.get("event"))
            if take is not None and self.running:
                getattr(self, take)(header, blob)

    def cancel(self) -> None:
        if self.running:
            self.client.cancel()
        if self.open:
            self.state = "cancelled"

    def take_ready(self, header: dict, blob: bytes) -> None:
        self.state = "loading"

    def take_loaded(self, header: dict, blob: bytes) -> None:
        self.state, self.loaded, self.began = "generating", header, self.clock()

    def take_image(self, header: dict, blob: bytes) -> None:
        self.textures[header["index"]] = texture_in(header, blob)
        self.made += 1

    def take_part(self, header: dict, blob: bytes) -> None:
        """Of an image that is made in parts."""

    def take_done(self, header: dict, blob: bytes) -> None:
        self.state, self.recipe = "done", header["recipe"]

    def take_failure(self, header: dict, blob: bytes) -> None:
        self.state, self.error = "failed", header["message"]

    def take_cancelled(self, header: dict, blob: bytes) -> None:
        self.state = "cancelled"


TAKE = {
    "ready": "take_ready",
    "loaded": "take_loaded",
    "part": "take_part",
    "image": "take_image",
    "done": "take_done",
    "error": "take_failure",
    "died": "take_failure",
    "cancelled": "take_cancelled",
}


def provider_line(loaded: dict) -> str:
    """`Ran on CPU, checked: off by 2e-06, allowed 0.001`: on what, and how far from the model's test vector."""
    check = loaded["check"]
    name = {"webgpu": "WebGPU", "coreml": "CoreML"}.get(loaded["provider"], loaded["provider"].upper())
    verdict = "checked" if check["ok"] else "WRONG"
    line = f"Ran on {name}, {verdict}: off by {check['max_error']:.1g}, allowed {check['tolerance']:g}"
    return line + (f". {loaded['note']}" if loaded.get("note") else "")
