"""What a person asks of a model, checked and free of choices left open. Standard library only; never numpy or bpy."""

from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Request:
    """Some textures of one model: one per entry of `seeds` (uint64) and `labels` (same length).

    A label is a name, {name: weight} or None. `size` in pixels (None: the card's default), `scalars` {input name:
    value} (the rest at default), `latents` {input name: numbers} for all of them (the rest drawn from the seeds).
    `toward`: one seed per texture (or none), to which its latents have walked as far as `walk` says (latents.draw).
    `styles`: for each (or for none) (texture seed, layer), whose styles it has from that layer on, or ().
    `own`: for each (or for none) (scalars, toward, walk) instead of those of all, or ().
    """

    model: str
    seeds: tuple[int, ...]
    labels: tuple
    size: int | None = None
    scalars: dict = field(default_factory=dict)
    latents: dict = field(default_factory=dict)
    toward: tuple[int, ...] = ()
    walk: float = 0.0
    styles: tuple = ()
    own: tuple = ()

    def __post_init__(self):
        count = len(self.seeds)
        assert len(self.labels) == count
        assert len(self.toward) in (0, count) and len(self.styles) in (0, count)
        assert len(self.own) in (0, count)

    def of(self, index: int) -> "Request":
        """The texture `index` alone, with what it has of its own."""
        one = slice(index, index + 1)
        parts = {"seeds": self.seeds[one], "labels": self.labels[one], "styles": self.styles[one], "own": ()}
        scalars, toward, walk = (self.own[index] if self.own else ()) or (
            self.scalars,
            self.toward[index] if self.toward else None,
            self.walk,
        )
        toward = () if toward is None else (toward,)
        return replace(self, scalars=dict(scalars), toward=toward, walk=walk, **parts)
