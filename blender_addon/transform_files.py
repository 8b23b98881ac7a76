"""Files of `gancube transform`: which pictures are meant, what they hold, where results go. Numpy; Blender for JPEG.

Previous station: transform_command.py. Next: engine/transform_run.py.
"""

from dataclasses import dataclass
from pathlib import Path

from .engine import png, recipe_files
from .engine.card import INPUT_MAPS, MAPS, Card
from .engine.errors import ImageError, OutputError, RecipeError, RequestError
from .engine.files import write_atomic
from .engine.image_file import kind_of
from .engine.picture import Picture, of_pixels, of_png, together
from .engine.transform_run import Source, digest
from .file_check import pixels_of

IMAGES = (".png", ".jpg", ".jpeg", ".webp")
MESHES = (".glb", ".obj", ".blend")
UNCHANGED = (
    ".fbx",
    ".usd",
    ".usda",
    ".usdc",
    ".usdz",
)  # hierarchy, animation and packed channels would be lost
KNOWN = (*INPUT_MAPS, *MAPS)


@dataclass(frozen=True)
class Set:
    """The files of one picture. `name`: of its results; `files` {map name: path}."""

    name: str
    files: dict

    def __str__(self) -> str:
        return next(iter(self.files.values())).name


def map_of(path: Path) -> tuple[str, str | None]:
    """ "brick_base_color.png" -> ("brick", "base_color"); ("brick", None) where the name says no map."""
    for name in KNOWN:
        if path.stem.endswith(f"_{name}") and len(path.stem) > len(name) + 1:
            return path.stem.removesuffix(f"_{name}"), name
    return path.stem, None


def sets_of(path: Path, cards: list[Card]) -> list[Set]:
    """The pictures in a folder, or the one of a file; its other maps are found by its name where they are needed."""
    if path.is_dir():
        files = sorted(
            one for one in path.iterdir() if one.suffix.lower() in IMAGES and not one.name.startswith(".")
        )
        if not files:
            raise RequestError(f"{path}: holds no pictures. Files that end in {', '.join(IMAGES)} are.")
        return grouped(files, only_map(cards[0]))
    if path.suffix.lower() in UNCHANGED:
        raise RequestError(
            f"{path}: is not changed, since what Blender reads of it is not all that it holds. Save it from Blender as "
            f"{', '.join(MESHES)}."
        )
    if path.suffix.lower() not in (*IMAGES, *MESHES):
        raise RequestError(
            f"{path}: is not changed. Files that end in {', '.join((*IMAGES, *MESHES))} are, and folders."
        )
    if not path.is_file():
        raise RequestError(f"{path}: no such file.")
    part, name = map_of(path)
    wanted = {one for card in cards for one in card.takes}
    if name is None or not wanted - {name}:
        return [Set(part if name else path.stem, {name or only_map(cards[0]): path})]
    beside = [
        one
        for one in sorted(path.parent.iterdir())
        if one.suffix.lower() in IMAGES and map_of(one)[0] == part
    ]
    return [Set(part, {map_of(one)[1]: one for one in [*beside, path] if map_of(one)[1] in wanted | {name}})]


def only_map(card: Card) -> str:
    """What a picture is whose name does not say it: the one map that the generator takes, else the colours."""
    return card.takes[0] if len(card.takes) == 1 else "base_color"


def grouped(files: list[Path], otherwise: str) -> list[Set]:
    sets: dict[str, dict] = {}
    for file in files:
        part, name = map_of(file)
        there = sets.setdefault(part, {})
        if (name or otherwise) in there:  # brick.png and brick.jpg
            there = sets.setdefault(file.name, {})
        there[name or otherwise] = file
    return [Set(part, maps) for part, maps in sets.items()]


def read(one: Set) -> Source:
    """Pixels, hashes and the recipe that a file carries; ImageError names the file."""
    pictures, hashes, found = [], {}, None
    for name, path in one.files.items():
        try:
            data = path.read_bytes()
            pictures.append(picture_in(data, name))
        except OSError as error:
            raise ImageError(f"{path}: cannot be read ({error.strerror or error}).") from error
        except ImageError as error:
            raise ImageError(f"{path}: {error}") from error
        hashes[name] = digest(data)
        found = found or recipe_in(path)
    return Source(together(pictures), hashes, found)


def picture_in(data: bytes, name: str) -> Picture:
    """A PNG by our own reader, so that its pixels do not depend on whether Blender is at hand; the rest by Blender."""
    return of_png(data, name) if kind_of(data) == "PNG" else of_pixels(pixels_of(data), name)


def recipe_in(path: Path) -> str | None:
    try:
        return recipe_files.text_in(path)
    except (RecipeError, ImageError):
        return None


def check_out(out: Path, source: Path) -> None:
    """OutputError before any work where nothing could be written in the end."""
    if source.is_dir():
        if out.suffix and not out.is_dir():
            raise OutputError(f"{out}: must be a folder, since {source} is one.")
    elif source.suffix.lower() in MESHES:
        if out.suffix.lower() != source.suffix.lower():
            raise OutputError(
                f"{out}: the name must end in {source.suffix.lower()}, as that of {source.name}."
            )
    elif not is_folder(out, source) and out.suffix.lower() != ".png":
        raise OutputError(f"{out}: the name must end in .png, or be that of a folder.")
    if out.resolve() == source.resolve():
        raise OutputError(f"{out}: is the picture itself, which is kept. Choose another name.")


def is_folder(out: Path, source: Path) -> bool:
    """Results go into a folder `out`, which need not be there yet."""
    return source.is_dir() or out.is_dir() or not out.suffix


def write(made: dict[str, bytes], one: Set, out: Path, into: bool) -> list[Path]:
    """{map name: PNG} -> files: NAME.png where there is one map, else NAME_MAP.png for each. into: a folder `out`."""
    if into:
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{out}: cannot be made ({error.strerror or error}).") from error
        out = out / f"{one.name}.png"
    if len(made) == 1:
        return [write_atomic(out, next(iter(made.values())))]
    return [write_atomic(out.with_name(f"{out.stem}_{name}.png"), data) for name, data in made.items()]


def picture_of(data: bytes, name: str) -> Source:
    """The same for an image inside another file."""
    found = png.read_text(data).get("gancube") if data[:8] == png.SIGNATURE else None
    return Source(picture_in(data, name), {name: digest(data)}, found)
