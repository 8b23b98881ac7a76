"""A cube as asked for: one seed and label, or one per face, resolved to six. Standard library only; never numpy or bpy.

Previous station: the panel's properties or the command's arguments. Next: model.generate.
"""

from dataclasses import dataclass, field

from .card import Card
from .errors import RequestError
from .request import Request
from .seeds import MASK, choose, derive

FACES = ("+X", "-X", "+Y", "-Y", "+Z", "-Z")


@dataclass(frozen=True)
class CubeRequest:
    """`face_seeds` and `face_labels` (six each, or empty) go before `seed` and `label`.

    An entry None leaves that face to `seed` or `label`. A label is a name or {name: weight}. `latents` {input name:
    numbers} hold for all faces: one look in six layouts.
    """

    model: str
    seed: int = 0
    label: str | dict | None = None
    face_seeds: tuple = ()
    face_labels: tuple = ()
    size: int | None = None
    scalars: dict = field(default_factory=dict)
    latents: dict = field(default_factory=dict)

    def faces(self) -> list[tuple[int, str | dict | None]]:
        """Six (texture seed, label or None for a seeded choice), in the order of FACES."""
        seeds = self._six("face seeds", self.face_seeds)
        labels = self._six("face labels", self.face_labels)
        return [
            (
                derive(self.seed, i) if seeds[i] is None else _seed(seeds[i]),
                self.label if labels[i] is None else labels[i],
            )
            for i in range(len(FACES))
        ]

    def to_request(self, card: Card) -> Request:
        """The six textures with every label resolved to a name (None only where the card has no labels)."""
        faces = self.faces()
        return Request(
            model=self.model,
            seeds=tuple(seed for seed, _ in faces),
            labels=tuple(resolve_label(card, seed, label) for seed, label in faces),
            size=self.size,
            scalars=dict(self.scalars),
            latents=dict(self.latents),
        )

    def _six(self, what: str, values) -> tuple:
        if not values:
            return (None,) * len(FACES)
        if len(values) != len(FACES):
            raise RequestError(
                f"{len(values)} {what} given; a cube has {len(FACES)}, in the order {' '.join(FACES)}."
            )
        return tuple(values)


def _seed(seed) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MASK:
        raise RequestError(f"face seed {seed!r}: must be a whole number from 0 to {MASK}.")
    return seed


def resolve_label(card: Card, seed: int, label):
    """The label that texture `seed` gets: as given, a seeded choice for None, None where the card has no labels.

    A mixture {name: weight} is returned as it is; RequestError for what the card does not know.
    """
    names = card.labels
    if not names:
        if label is None:
            return None
        raise RequestError(f"label {label!r}: {card.name} has no labels. Leave the label out.")
    if label is None:
        return names[choose(seed, len(names))]
    for name in label if isinstance(label, dict) else (label,):
        if name not in names:
            shown = ", ".join(names[:40]) + (", ..." if len(names) > 40 else "")
            raise RequestError(f"label {name!r}: {card.name} does not know it. It knows {shown}.")
    return label
