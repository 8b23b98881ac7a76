"""Following what is painted: one picture at a time, always of the newest strokes. Stepped by the operator. Never bpy.

    want(key) ... want(key) --step(write)--> the worker --take()--> a texture of the newest key but one, at most

A key says what the picture is made of: the pixels' fingerprint, the generator and its settings. What comes late, after
the end or of another generator, is dropped. Before: engine/client.py. Next: sketch_operator.py.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path

from .job import Texture, texture_in


class SketchJob:
    """`name`: of the image that is followed. A key: (fingerprint, generator's file, label, scalars)."""

    def __init__(self, client, options: dict, name: str):
        self.client, self.options, self.name = client, options, name
        self.wanted = self.asked = self.shown = None
        self.state, self.error, self.loaded, self.share = "generating", "", {}, 0.0
        self.fresh: Texture | None = None
        self.icon = b""  # of the latest result, as icons.py wants it
        self.folder = tempfile.TemporaryDirectory(prefix="gancube-", ignore_cleanup_errors=True)

    @property
    def open(self) -> bool:
        return self.state == "generating"

    @property
    def running(self) -> bool:
        return self.open

    @property
    def settled(self) -> bool:
        """What is shown is what was wanted last."""
        return self.asked is None and self.shown == self.wanted

    @property
    def progress(self) -> float:
        return 1.0 if self.settled else self.share

    @property
    def words(self) -> tuple:
        return "Following {}", self.name

    def want(self, key: tuple) -> None:
        self.wanted = key

    def step(self, write: Callable[[Path], dict]) -> None:
        """Takes in what the worker said, and asks for the newest. write(file): the fields of the picture in it."""
        for header, blob in self.client.poll() if self.asked else ():
            self.hear(header, blob)
        if self.open and self.asked is None and self.wanted != self.shown:
            self.asked, self.share = self.wanted, 0.0
            _, model, label, scalars = self.asked
            maps = {"base_color": write(Path(self.folder.name) / "canvas")}
            source = {"name": self.name, "maps": maps, "icon": True}
            wish = {"model": model, "label": label, "scalars": dict(scalars), "seed": 0, "sources": [source]}
            self.client.submit({"do": "transform", **wish, **self.options})

    def hear(self, header: dict, blob: bytes) -> None:
        match header.get("event"):
            case "loaded":
                self.loaded = header
            case "part":
                self.share = header["done"] / header["count"]
            case "image":
                if self.asked[1] == self.wanted[1]:  # else the generator was changed meanwhile
                    self.fresh = texture_in(header, blob)
                    self.icon = self.fresh.icon
            case "done":
                self.shown, self.asked = self.asked, None
            case "error" | "died":
                self.state, self.error, self.asked = "failed", header["message"], None

    def take(self) -> Texture | None:
        """What came since the last call."""
        fresh, self.fresh = self.fresh, None
        return fresh

    def cancel(self) -> None:
        if self.asked is not None:
            self.client.cancel()
            self.asked = None
        if self.open:
            self.state = "cancelled"
        self.folder.cleanup()
