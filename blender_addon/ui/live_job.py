"""A generation whose wish changes while it runs: sliders being dragged. Stepped by the operator. Never bpy.

    want() ... want() --step()--> one image at a time, of the newest wish, in the order given --> settled

One image is asked for at a time, and what arrives is shown even if the wish has moved on by then: dragging shows
something at every image, and nothing older than one image. While the wish moves, previews follow it where want() allows
them. When it rests, all images follow whole.

Before: engine/client.py. Next: adjust.py shows the textures that take() hands out.
"""

import time
from dataclasses import asdict

from ..engine.surface_request import SurfaceRequest
from .job import Texture, texture_in

STILL = 0.3  # seconds without a change after which whole images are made: a hand that drags pauses for less


class LiveJob:
    """`order`: the numbers of the images, those in view first; of these `in_view` follow while the wish moves."""

    def __init__(
        self,
        client,
        options: dict,
        have: SurfaceRequest,
        order: tuple[int, ...],
        in_view: int,
        clock=time.monotonic,
    ):
        self.client, self.options, self.order, self.in_view = client, options, order, max(in_view, 1)
        self.clock = clock
        self.wanted, self.previews = have, False
        self.moved, self.released = clock(), False  # when the wish did last, and that it will not any more
        self.shown: dict[int, SurfaceRequest | None] = dict.fromkeys(order, have)  # None: a preview
        self.previewed: dict[int, SurfaceRequest | None] = {}  # of what the preview is that an image shows
        # the image under way, of which wish, and whether it is a preview
        self.asked: tuple[int, SurfaceRequest, bool] | None = None
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

    @property
    def moving(self) -> bool:
        """Previews are what is wanted now."""
        return self.previews and not self.released and self.clock() - self.moved < STILL

    def want(self, asked: SurfaceRequest, previews: bool = False) -> None:
        """`previews`: its generator makes them, and all that is shown is of that generator."""
        self.wanted, self.previews, self.moved = asked, previews, self.clock()

    def step(self) -> None:
        """Takes in what the worker said, and asks for the next image."""
        for header, blob in self.client.poll() if self.asked else ():
            self.hear(header, blob)
        if self.open and self.asked is None and (self.late or self.recipe_of not in (None, self.wanted)):
            preview = self.moving
            index = self.next_image(preview)
            if index is not None:
                self.ask(index, preview)

    def next_image(self, preview: bool) -> int | None:
        """None where nothing in view lacks a preview."""
        late = [i for i in self.order if self.shown[i] != self.wanted]
        first = [i for i in self.order[: self.in_view] if i in late]
        if preview:
            first = [i for i in first if self.previewed.get(i) != self.wanted]
            late = first or (None,)
        self.turn += 1  # by turns, else only one would follow a wish that moves all the time
        return first[self.turn % len(first)] if first else (late or self.order)[0]

    def ask(self, index: int, preview: bool) -> None:
        self.asked = index, self.wanted, preview
        wish = {"asked": asdict(self.wanted), "only": [index], "preview": preview}
        self.client.submit({"do": "generate", "model": self.wanted.model, **wish, **self.options})

    def hear(self, header: dict, blob: bytes) -> None:
        match header.get("event"):
            case "loaded":
                self.loaded = header
            case "image":
                self.fresh[header["index"]] = texture_in(header, blob)
            case "done":
                (index, wish, preview), self.asked = self.asked, None
                if preview:
                    self.shown[index], self.previewed[index] = None, wish
                else:
                    self.shown[index], self.previewed[index] = wish, None
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
