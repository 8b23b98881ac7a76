"""What a batch makes: a plan of assets, each with its request, its target and its name. Standard library only.

Previous station: plan_reader.py (a file), batch_command.py (the short form's flags). Next: batch_run.py.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from .errors import RequestError
from .seeds import GOLDEN, MASK, splitmix64
from .sizes import MAX_SIZE
from .surface_request import SurfaceRequest

PRIMITIVES = ("cube", "plane", "sphere", "icosphere", "cylinder", "cone", "monkey")
MESH_FILES = (".glb", ".obj", ".fbx", ".usd", ".usda", ".usdc", ".usdz", ".blend")
MODES = ("faces", "tile", "box")
EACH = ("polygon", "slot")  # what gets an image of its own in mode faces
DEFAULT_IMAGES = 6  # of a mesh whose faces share a pool
RANGES = {"width": (1e-4, 1e4), "blend": (0, 1), "bake": (16, MAX_SIZE)}
LAYOUTS = ("folders", "flat")
FORMATS = ("glb", "usdz", "usd", "fbx", "obj", "blend", "png")  # held equal to scene/formats.py by a test
ENCODINGS = {  # of textures: the formats that can hold them; the others of a plan keep PNG
    "png": FORMATS,
    "jpeg": ("glb", "usdz", "usd", "fbx", "obj", "blend"),
    "webp": ("glb", "blend"),
}
TURNS = ("all", "turn")
CHECKS = ("all", "off")
MOST_ASSETS = 1_000_000


@dataclass(frozen=True)
class Target:
    """What is textured. `source`: one of PRIMITIVES, or a file, in which `object` is the one meant ("": all meshes).

    `sha256`: of the file. The rest as scene/layouts.py has it; `bake`: pixels of what a box projection is baked into.
    """

    source: str = "cube"
    object: str = ""
    sha256: str = ""
    mode: str = "faces"
    width: float = 1.0
    blend: float = 0.25
    each: str = "polygon"
    bake: int = 1024

    def __post_init__(self):
        for name, words in (("mode", MODES), ("each", EACH)):
            if getattr(self, name) not in words:
                raise RequestError(f"{name} {getattr(self, name)!r}: is none of {', '.join(words)}.")
        for name, (least, most) in RANGES.items():
            value = getattr(self, name)
            kinds = int if name == "bake" else (int, float)
            if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
                raise RequestError(f"{name} {value!r}: must be a number from {least:g} to {most:g}.")
        if self.is_file and not str(self.source).lower().endswith(MESH_FILES):
            files = ", ".join(MESH_FILES)
            raise RequestError(
                f"{self.source!r} is neither one of {', '.join(PRIMITIVES)} nor a file in {files}."
            )

    @property
    def is_cube(self) -> bool:
        """The GAN cube: six faces, six images."""
        return self.source == "cube" and self.mode == "faces"

    @property
    def is_file(self) -> bool:
        return self.source not in PRIMITIVES


@dataclass(frozen=True)
class ChainStep:
    """One generator that changes an asset's textures: its name, file and SHA-256, and what it is asked for."""

    model: str
    file: str
    sha256: str
    label: str | dict | None = None
    strength: float | None = None
    seed: int = 0


@dataclass(frozen=True)
class Asset:
    """One thing to make. `name`: of its folder and files, perhaps with folders before it ("walls/brick-7").

    `request.model` is the model's file, `model_sha256` what it held when the plan was checked.
    """

    name: str
    target: Target
    request: SurfaceRequest
    model: str  # its name, for people
    model_sha256: str
    formats: tuple[str, ...]
    encoding: str = "png"
    tags: tuple[str, ...] = ()
    catalog: str = ""  # of Blender's Asset Browser, such as "Walls/Brick"; "": its .blend is no asset
    transform: tuple[ChainStep, ...] = ()  # generators that go over its textures, one after the other

    @property
    def title(self) -> str:
        return self.name.rsplit("/", 1)[-1]

    def key(self) -> str:
        """Of all that decides what is made: 64 hexadecimal digits. No path is in it, so a plan can move."""
        facts = asdict(self)
        facts["request"]["model"] = self.model
        if self.target.is_file:
            facts["target"]["source"] = self.target.source.replace("\\", "/").rsplit("/", 1)[-1]
        for step in facts["transform"]:
            del step["file"]
        if not facts["transform"]:  # as before there were chains, so that older batches go on
            del facts["transform"]
        text = json.dumps(facts, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Plan:
    """Assets in the order in which they are made. provider: where inference runs. check: of each file, or "off"."""

    assets: tuple[Asset, ...]
    layout: str = "folders"
    provider: str = "auto"
    check: str = "all"


@dataclass(frozen=True)
class Group:
    """One [[assets]] of a plan: everything combined with everything, or (combine "turn") with the seeds in turn.

    `models`: (name, file, sha256, default size). `where`: key path of what names its assets, for complaints.
    """

    targets: tuple[Target, ...]
    models: tuple[tuple[str, str, str, int], ...]
    labels: tuple = (None,)
    seeds: tuple = (range(0, 1),)  # ranges, so that a million seeds take no room
    sizes: tuple = (None,)
    variations: int = 1
    combine: str = "all"
    images: int = DEFAULT_IMAGES
    scalars: dict = field(default_factory=dict)
    formats: tuple[str, ...] = ("glb",)
    encoding: str = "png"
    name: str = ""
    tags: tuple[str, ...] = ()
    catalog: str = ""
    transform: tuple[ChainStep, ...] = ()
    where: tuple = ()

    @property
    def count(self) -> int:
        seeds = sum(len(part) for part in self.seeds)
        others = len(self.targets) * len(self.models) * len(self.labels) * len(self.sizes)
        return seeds * self.variations * (others if self.combine == "all" else 1)

    def choices(self) -> Iterator[tuple]:
        """(target, model, label, size, seed, variation) of each asset, always in the same order."""
        parts = [
            (target, model, label, size)
            for target in self.targets
            for model in self.models
            for label in self.labels
            for size in self.sizes
        ]
        seeds = [seed for part in self.seeds for seed in part] if self.combine == "turn" else None
        if seeds is None:
            chosen = ((*part, seed) for part in parts for some in self.seeds for seed in some)
        else:
            chosen = ((*parts[i % len(parts)], seed) for i, seed in enumerate(seeds))
        for one in chosen:
            for variation in range(self.variations):
                yield *one, variation

    def request(self, target: Target, model: tuple, label, size, seed: int, variation: int) -> SurfaceRequest:
        surface = "cube" if target.is_cube else target.mode
        return SurfaceRequest(
            model=model[1],
            seed=varied(seed, variation),
            label=label,
            size=size,
            scalars=dict(self.scalars),
            surface=surface,
            images=self.images if surface == "faces" else None,
        )


def varied(seed: int, variation: int) -> int:
    """The seed of a variation; the first one has the seed itself. Part of every plan: it may never change."""
    return splitmix64((seed + variation * GOLDEN) & MASK) if variation else seed
