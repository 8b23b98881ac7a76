"""A generation whose wish changes while it runs: sliders being dragged. Stepped by the operator. Never bpy.

    want() ... want() --step()--> one image at a time, of the newest wish, in the order given --> settled

One image is asked for at a time, and what arrives is shown even if the wish has moved on by then: dragging shows
something at every image, and nothing older than one image. When the wish rests, all images follow.

Before: engine/client.py. Next: adjust.py shows the textures that take() hands out.
"""

from dataclasses import asdict

from ..engine.surface_request import SurfaceRequest
from .job import Texture, texture_in


class LiveJob:
    """`order`: the numbers of the images, those in view first; of these `in_view` follow while the wish moves."""

    def __init__(self, client, options: dict, have: SurfaceRequest, order: tuple[int, ...], in_view: int):
        self.client, self.options, self.order, self.in_view = client, options, order, max(in_view, 1)
        self.wanted = have
        self.shown: dict[int, SurfaceRequest] = dict.fromkeys(order, have)
        self.asked: tuple[int, SurfaceRequest] | None = None  # the image under way, and of which wish
        self.turn = 0
        self.state, self.error, self.loaded, self.recipe = "generating", "", {}, ""
        self.recipe_of: SurfaceRequest | None = None  # the wish that `recipe` is of
        self.fresh: dict[int, Texture] = {}

    @property
    def open(self) -> bool:
        return self.state == "generating"

    @property
    def progress(self) -> float:
        return sum(self.shown[i] == self.wanted for i in self.order) / len(self.order)

    @property
    def words(self) -> tuple:
        return "Adjusting, {} of {}", len(self.order) - self.late, len(self.order)

    @property
    def late(self) -> int:
        """How many images do not show the wish yet."""
        return sum(self.shown[i] != self.wanted for i in self.order)

    @property
    def settled(self) -> bool:
        """Every image shows the wish, and the recipe is the wish's."""
        return self.asked is None and not self.late and self.recipe_of in (None, self.wanted)

    @property
    def running(self) -> bool:
        return self.open

    def want(self, asked: SurfaceRequest) -> None:
        self.wanted = asked

    def step(self) -> None:
        """Takes in what the worker said, and asks for the next image."""
        for header, blob in self.client.poll() if self.asked else ():
            self.hear(header, blob)
        if self.open and self.asked is None and (self.late or self.recipe_of not in (None, self.wanted)):
            self.ask(self.next_image())

    def next_image(self) -> int:
        late = [i for i in self.order if self.shown[i] != self.wanted]
        first = [i for i in self.order[: self.in_view] if i in late]
        self.turn += 1  # by turns, else only one would follow a wish that moves all the time
        return first[self.turn % len(first)] if first else (late or self.order)[0]

    def ask(self, index: int) -> None:
        self.asked = index, self.wanted
        wish = {"asked": asdict(self.wanted), "only": [index]}
        self.client.submit({"do": "generate", "model": self.wanted.model, **wish, **self.options})

    def hear(self, header: dict, blob: bytes) -> None:
        match header.get("event"):
            case "loaded":
                self.loaded = header
            case "image":
                self.fresh[header["index"]] = texture_in(header, blob)
            case "done":
                index, wish = self.asked
                self.shown[index], self.asked = wish, None
                self.recipe, self.recipe_of = header["recipe"], wish
            case "error" | "died":
                self.state, self.error, self.asked = "failed", header["message"], None

    def take(self) -> dict[int, Texture]:
        """What arrived since the last call."""
        fresh, self.fresh = self.fresh, {}
        return fresh

    def cancel(self) -> None:
        if self.asked is not None:
            self.client.cancel()
        if self.open:
            self.state = "cancelled"
