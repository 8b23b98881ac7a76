"""What a surface shall show, resolved to a seed and a label for each image. Standard library only; never numpy or bpy.

Previous station: the panel's properties or the command's arguments. Next: model.generate.
"""

from dataclasses import dataclass, field, replace

from .card import Card
from .errors import RequestError
from .request import Request
from .seeds import MASK, choose, derive

FACES = ("+X", "-X", "+Y", "-Y", "+Z", "-Z")
MOST_IMAGES = 64
ROUND = 4  # the walk that ends where it began

# How a surface is covered, and with how many images (None: as many as asked for, up to MOST_IMAGES).
SURFACES = {
    "cube": len(FACES),  # a cube's six faces, each its own
    "tile": 1,  # one texture through a mesh's UVs
    "box": 1,  # one texture projected from three sides
    "faces": None,  # a pool for a mesh's polygons or material slots
}


@dataclass(frozen=True)
class SurfaceRequest:
    """Image i of surface seed N has the texture seed derive(N, i); of a cube, in the order of FACES.

    `face_seeds` and `face_labels` (one for each image, or empty) go before `seed` and `label`; an entry None leaves
    that image to them. A label is a name or {name: weight}. `latents` {input name: numbers} hold for all images: one
    look in six layouts. `walk` is how far each image has gone towards the one of surface seed `toward`: 1 is there, and
    4 (ROUND) all the way round a circle through both. `style`: (texture seed, number of a layer), the look of which
    all images have from that layer on, where the model has styles; `face_styles` (one for each image, or empty) go
    before it, where they are not None. From the number of layers on there is no style. `face_settings` (one for each
    image, or empty): {"scalars", "toward", "walk"} which that image has instead of those of all, or None. `sheet`: each
    image is the first one of another surface, and walks to the first one of `toward`.
    """

    model: str
    seed: int = 0
    label: str | dict | None = None
    face_seeds: tuple = ()
    face_labels: tuple = ()
    size: int | None = None
    scalars: dict = field(default_factory=dict)
    latents: dict = field(default_factory=dict)
    toward: int = 0
    walk: float = 0.0
    style: tuple = ()
    face_styles: tuple = ()
    face_settings: tuple = ()
    surface: str = "cube"
    images: int | None = None
    sheet: bool = False

    @property
    def count(self) -> int:
        fixed = SURFACES[self.surface]
        if fixed is None:
            if not 1 <= (self.images or 0) <= MOST_IMAGES:
                raise RequestError(
                    f"{self.images} images: a mesh's faces share a pool of 1 to {MOST_IMAGES} images."
                )
            return self.images
        assert self.images in (None, fixed), "the number follows from the surface"
        return fixed

    def faces(self) -> list[tuple[int, str | dict | None]]:
        """(texture seed, label or None for a seeded choice) of each image."""
        seeds = self._each("face seeds", self.face_seeds)
        labels = self._each("face labels", self.face_labels)
        return [
            (
                derive(self.seed, i) if seeds[i] is None else _seed(seeds[i]),
                self.label if labels[i] is None else labels[i],
            )
            for i in range(self.count)
        ]

    def walked(self, walk: float) -> "SurfaceRequest":
        """All images so far on their way, also those that have a walk of their own."""
        own = tuple(one and {**one, "walk": walk} for one in self.face_settings)
        return replace(self, walk=walk, face_settings=own)

    def to_request(self, card: Card) -> Request:
        """The textures with every label resolved to a name (None only where the card has no labels)."""
        if card.takes_picture:
            raise RequestError(
                f"{card.name}: changes a picture and makes none out of seeds. Use it with `gancube transform` or "
                "Transform in the panel."
            )
        faces = self.faces()
        _check_walk(self.walk)
        styles = self._styles(card)
        return Request(
            model=self.model,
            seeds=tuple(seed for seed, _ in faces),
            labels=tuple(resolve_label(card, seed, label) for seed, label in faces),
            size=self.size,
            scalars=dict(self.scalars),
            latents=dict(self.latents),
            toward=tuple(derive(_seed(self.toward), i * (not self.sheet)) for i in range(self.count))
            if self.walk
            else (),
            walk=float(self.walk),
            styles=styles,
            own=self._own(),
        )

    def _own(self) -> tuple:
        """(scalars, toward, walk) of its own or () for each image; empty where none has any."""
        each = self._each("face settings", self.face_settings)
        if each.count(None) == len(each):
            return ()
        return tuple(() if one is None else _settings(one, i) for i, one in enumerate(each))

    def _styles(self, card: Card) -> tuple:
        """(texture seed, layer) or () for each image; empty where none has a style."""
        own = self._each("face styles", self.face_styles)
        if not self.style and own.count(None) == len(own):
            return ()
        if (spec := card.input("style")) is None:
            raise RequestError(f"style: {card.name} has no styles to mix. Use a model with a style input.")
        return tuple(_style(self.style if one is None else one, spec.shape[1]) for one in own)

    def _each(self, what: str, values) -> tuple:
        if not values:
            return (None,) * self.count
        if len(values) != self.count:
            has = f"a cube has {len(FACES)}, in the order {' '.join(FACES)}"
            has = has if self.surface == "cube" else f"this surface has {self.count}"
            raise RequestError(f"{len(values)} {what} given; {has}.")
        return tuple(values)


def _check_walk(walk) -> None:
    if isinstance(walk, bool) or not isinstance(walk, (int, float)) or not 0 <= walk <= ROUND:
        raise RequestError(f"walk {walk!r}: must be a number from 0 to {ROUND}.")


def _settings(own: dict, index: int) -> tuple:
    _check_walk(own["walk"])
    toward = derive(_seed(own["toward"]), index) if own["walk"] else None
    return dict(own["scalars"]), toward, float(own["walk"])


def _seed(seed) -> int:
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed <= MASK:
        raise RequestError(f"seed {seed!r}: must be a whole number from 0 to {MASK}.")
    return seed


def _style(style, layers: int) -> tuple:
    if not style:
        return ()
    seed, first = style
    if isinstance(first, bool) or not isinstance(first, int) or first < 0:
        raise RequestError(f"style from layer {first!r}: must be a whole number from 0 to {layers}.")
    return (_seed(seed), first) if first < layers else ()


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
