"""The card: what a model is fed and what it gives, as JSON inside the ONNX file. Standard library only; never numpy.

Written by gan_train's export (dump_card), read by everything that uses a model (parse_card). Reading is strict: an
unknown, missing or duplicated key, a wrong type, a number that is not finite is a CardError that names file and
field. The next stations are match.py (card against graph) and latents.py (card to feeds).
"""

import dataclasses
import json
import re
from dataclasses import dataclass

from .errors import CardError

CARD_KEY = "gancube.card"
SCHEMA = 1
MAX_TEXT = 8 * 1024 * 1024  # characters of one card, thumbnail included

# Keys of an input besides name, kind and shape: (required, optional). A style is one vector per layer [N, L, D]; it
# and its switch have defaults in the graph, which draws the styles of layers that are switched off from the latent.
KINDS = {
    "latent": ((), ()),
    "field": (("stride", "margin"), ()),
    "label": (("labels",), ()),
    "scalar": (("min", "max", "default"), ()),
    "image": (("range", "margin"), ("maps", "multiple_of", "scale")),
    "style": (("switch", "returns"), ()),
}
# Map name -> (colour space, channel counts allowed). All but base_color hold data, not colour.
MAPS = {
    "base_color": ("sRGB", (1, 3)),
    "normal": ("Non-Color", (3,)),  # tangent space, OpenGL (+Y up)
    "roughness": ("Non-Color", (1,)),
    "metallic": ("Non-Color", (1,)),
    "height": ("Non-Color", (1,)),
    "ao": ("Non-Color", (1,)),
    "alpha": ("Non-Color", (1,)),
}
# What a picture that goes in may hold besides the maps: never an output.
INPUT_MAPS = {
    "position": ("Non-Color", (3,)),  # of the mesh, scaled into its bounding cube
    "object_normal": ("Non-Color", (3,)),  # of the mesh in object space, 0.5 is zero
    "curvature": ("Non-Color", (1,)),  # 0.5 is flat, more is an edge, less a hollow
    "sketch": ("Non-Color", (1,)),  # 1 is a line
    "luminance": ("Non-Color", (1,)),  # of the base colour, encoded: 0.2126 R + 0.7152 G + 0.0722 B
}
# What a mesh says of itself: it is baked, nobody has to give it.
GEOMETRY = ("position", "object_normal", "ao", "curvature")
DERIVED = ("luminance", "sketch")  # of a base colour, where they are not given themselves
_DIM = re.compile(r"([A-Za-z])(?:\*([1-9][0-9]{0,3}))?")


@dataclass(frozen=True)
class Input:
    """One input of the graph. `shape` holds whole numbers and symbols: ("N", 16, "h", "w")."""

    name: str
    kind: str
    shape: tuple
    stride: int | None = None  # field: pixels per cell
    margin: int | None = None  # field: receptive field, in cells; image: in pixels on each side
    labels: tuple[str, ...] = ()  # label: one name per column
    min: float | None = None  # scalar
    max: float | None = None
    default: float | None = None
    range: tuple[float, float] | None = None  # image: value of black, value of white
    maps: tuple["MapSpec", ...] = ()  # image: what its channels are; see picture_maps
    multiple_of: int | None = None  # image: sizes must be a multiple of this
    scale: int | None = None  # image: the output is this many times larger
    switch: str | None = (
        None  # style: the input [N, L] that says which layers are given (1), which are drawn (0)
    )
    returns: str | None = None  # style: the output [N, L, D] that gives the styles that were used

    @property
    def picture_maps(self) -> tuple["MapSpec", ...]:
        """What the channels of an image are: base colour in RGB where the card does not say."""
        return self.maps or (MapSpec("base_color", (0, 3), "sRGB"),)


@dataclass(frozen=True)
class MapSpec:
    """Channels [a, b) of the output, or of a picture that goes in, are the map `name`."""

    name: str
    channels: tuple[int, int]
    colorspace: str


@dataclass(frozen=True)
class Output:
    """The output of the graph: [N, C, H, W] float32 within `range`."""

    name: str
    shape: tuple
    range: tuple[float, float]


@dataclass(frozen=True)
class Preview:
    """Another output of the graph: the same texture, `scale` times smaller, in the range of the output.

    [N, C, H / scale, W / scale] float32. `maps` are those of the output that it has, base_color always among them.
    """

    name: str
    scale: int
    maps: tuple[MapSpec, ...]

    @property
    def channels(self) -> int:
        return max(spec.channels[1] for spec in self.maps)


@dataclass(frozen=True)
class TestVector:
    """What the texture `seed` gives at Card.default_size, as pooling.py sums it up.

    `mean` and `std` are flat, row-major [C, 8, 8], in units of the raw output; so are the tolerances.
    """

    __test__ = False  # not a test, whatever pytest thinks of the name

    seed: int
    pooled: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    cpu_tolerance: float
    gpu_tolerance: float


@dataclass(frozen=True)
class Provenance:
    """Where the weights come from. `licences`: licence name -> number of images."""

    dataset: str
    dataset_sha256: str
    licences: dict
    authors: tuple[str, ...]
    steps: int
    commit: str
    versions: dict
    measures: dict


@dataclass(frozen=True)
class Card:
    """The whole card; see docs in /exported_models/README.md for what each model says."""

    schema: int
    name: str
    summary: str
    family: str  # a label for people; nothing branches on it
    inputs: tuple[Input, ...]
    output: Output
    maps: tuple[MapSpec, ...]
    tileable: bool
    pixels_per_metre: float | None
    provenance: Provenance
    test_vector: TestVector
    thumbnail: str | None = None
    encoder: dict | None = None
    preview: Preview | None = None

    def input(self, kind: str) -> Input | None:
        """The first input of that kind."""
        return next((i for i in self.inputs if i.kind == kind), None)

    @property
    def labels(self) -> tuple[str, ...]:
        label = self.input("label")
        return label.labels if label else ()

    @property
    def map_names(self) -> tuple[str, ...]:
        return tuple(m.name for m in self.maps)

    @property
    def takes_picture(self) -> bool:
        """It changes a picture that it is given; without, it makes textures out of seeds alone."""
        return self.input("image") is not None

    @property
    def takes(self) -> tuple[str, ...]:
        """The maps that a picture must have; () where it makes textures out of seeds."""
        maps = self.input("image").picture_maps if self.takes_picture else ()
        return tuple(dict.fromkeys("base_color" if one.name in DERIVED else one.name for one in maps))

    @property
    def takes_geometry(self) -> bool:
        """It paints a mesh by its shape, and takes nothing but what can be baked from that."""
        own = set(self.takes) - {"ao"}  # which alone may be that of a material
        return bool(own) and own <= set(GEOMETRY)

    @property
    def has_strength(self) -> bool:
        """It says how far the picture is changed: 0 gives it back, 1 is all the way."""
        return any(one.kind == "scalar" and one.name == "strength" for one in self.inputs)

    @property
    def scale(self) -> int:
        """The output is this many times larger than the picture that goes in, or than the size asked for."""
        image = self.input("image")
        return (image.scale if image else None) or 1

    @property
    def channels(self) -> int:
        return self.output.shape[1]

    @property
    def preview_shape(self) -> tuple:
        """As output.shape, of the preview."""
        sides = map(parse_dim, self.output.shape[2:])
        smaller = ((symbol, size // self.preview.scale) for symbol, size in sides)
        sides = (size if symbol is None else f"{symbol}*{size}" for symbol, size in smaller)
        return ("N", self.preview.channels, *sides)

    @property
    def fixed_size(self) -> int | None:
        """Pixels of a side where the graph has only one size, else None."""
        return self.output.shape[2] if isinstance(self.output.shape[2], int) else None

    @property
    def stride(self) -> int:
        """Sizes (of the picture that goes in, where one does) are multiples of this many pixels."""
        field, image = self.input("field"), self.input("image")
        return field.stride if field else (image.multiple_of if image else None) or 1

    @property
    def default_size(self) -> int:
        """Pixels of a side when nobody says: 256, or the nearest size below it, at least one cell."""
        return self.fixed_size or max(256 // self.stride, 1) * self.stride


def parse_dim(dim) -> tuple[str | None, int]:
    """One entry of a shape: 7 -> (None, 7); "h" -> ("h", 1); "h*16" -> ("h", 16). ValueError on anything else."""
    if isinstance(dim, int) and not isinstance(dim, bool) and dim > 0:
        return None, dim
    match = _DIM.fullmatch(dim) if isinstance(dim, str) else None
    if not match:
        raise ValueError(f'{dim!r} is not a dimension such as 7, "h" or "h*16"')
    return match[1], int(match[2] or 1)


def input_of(fields: dict) -> Input:
    """An entry of a card's `inputs`, as plain as JSON gives it, without any check."""
    made = {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}
    maps = (MapSpec(one["name"], tuple(one["channels"]), one["colorspace"]) for one in fields.get("maps", ()))
    return Input(**(made | {"maps": tuple(maps)}))


def dump_card(card: Card) -> str:
    """The canonical JSON: keys sorted, no spaces, ASCII. Raises CardError rather than write what parse_card refuses."""
    fields = _plain(card)
    fields["inputs"] = [
        {k: v for k, v in one.items() if k in ("name", "kind", "shape") or v not in (None, [])}
        for one in fields["inputs"]
    ]
    for optional in ("thumbnail", "encoder", "preview"):
        if fields[optional] is None:
            del fields[optional]
    try:
        text = json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CardError(f"{card.name}: card: cannot be written as JSON ({error}).") from error
    parse_card(text, str(card.name))
    return text


def _plain(value):
    """Dataclasses, tuples and mappings -> dicts and lists."""
    if dataclasses.is_dataclass(value):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, (tuple, list)) else value


def parse_card(text: str, file: str) -> Card:
    """JSON -> Card, or a CardError `FILE: FIELD: what`. `file` is only used in messages."""
    from .card_reader import read_card  # the checks have their own file; here are the shapes

    return read_card(text, file)
