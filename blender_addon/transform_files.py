"""Files of `gancube transform`: which pictures are meant, what they hold, where results go. Numpy; Blender for JPEG.

Previous station: transform_command.py. Next: engine/transform_run.py.
"""

from dataclasses import dataclass
from pathlib import Path

from .engine import png, recipe_files, xmp
from .engine.card import INPUT_MAPS, MAPS, Card
from .engine.chain_maps import after
from .engine.errors import ImageError, OutputError, RecipeError, RequestError
from .engine.exif import UPRIGHT, orientation_of
from .engine.files import write_atomic
from .engine.image_file import kind_of, read_xmp
from .engine.picture import Picture, of_pixels, together, upright
from .engine.transform_run import Source, digest
from .engine.unnamed_files import check_unnamed
from .engine.written_files import check_beside, check_written
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
    """The pictures in a folder, or the one of a file; its other maps are found by its name where they are needed, or
    would be left behind at another size."""
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
    if path.suffix.lower() not in (*IMAGES, *MESHES) and (path.suffix or path.exists()):
        raise RequestError(
            f"{path}: is not changed. Files that end in {', '.join((*IMAGES, *MESHES))} are, and folders."
        )
    if not path.is_file():
        raise RequestError(f"{path}: no such file or folder.")
    part, name = map_of(path)
    wanted = (
        set(KNOWN) if any(card.scale > 1 for card in cards) else {one for card in cards for one in card.takes}
    )
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
    """Files of one name, and what their maps are, form a set; where two would be the same map, they are told apart by
    the ending, then by whether the name says the map, then each is one."""
    parts: dict[str, list[Path]] = {}
    for file in files:
        parts.setdefault(map_of(file)[0], []).append(file)
    return [one for members in parts.values() for one in apart(members, otherwise)]


def apart(files: list[Path], otherwise: str) -> list[Set]:
    """The sets of the files of one name: the first way to call them by which no set has a map twice."""
    for way in NAMES:
        sets: dict[str, dict] = {}
        for file in files:
            part, name = map_of(file)
            sets.setdefault(way(file, part, name), {}).setdefault(name or otherwise, []).append(file)
        if all(len(same) == 1 for maps in sets.values() for same in maps.values()):
            break
    return [Set(part, {name: same[0] for name, same in maps.items()}) for part, maps in sets.items()]


NAMES = (
    lambda file, part, name: part,
    lambda file, part, name: f"{part}-{file.suffix[1:].lower()}",  # brick.png and brick.jpg
    lambda file, part, name: f"{part}-{name}" if name else part,  # brick.png and brick_base_color.png
    lambda file, part, name: f"{file.stem}-{file.suffix[1:].lower()}",
)


def read(one: Set) -> Source:
    """Pixels as the camera saw them, hashes, and what a file says it was made with; errors name the file."""
    sources = []
    for name, path in one.files.items():
        try:
            data = path.read_bytes()
            sources.append(source_in(data, name, recipe_in(path), orientation_of(data)))
        except OSError as error:
            raise ImageError(f"{path}: cannot be read ({error.strerror or error}).") from error
        except ImageError as error:
            raise ImageError(f"{path}: {error}") from error
    try:
        return as_one(sources)
    except (ImageError, RequestError) as error:
        raise type(error)(f"{', '.join(map(str, one.files.values()))}: {error}") from error


def as_one(sources: list[Source], earlier: dict | None = None) -> Source:
    """The maps of one surface. earlier: facts of the mark (mark.py) of the file that they are in."""
    told = earlier or {}
    licences, authors = (
        tuple(dict.fromkeys([*told.get(key, ()), *(name for one in sources for name in getattr(one, key))]))
        for key in ("licences", "authors")
    )
    return Source(
        together([one.picture for one in sources]),
        {name: sha256 for one in sources for name, sha256 in one.sha256.items()},
        next((one.recipe for one in sources if one.recipe), told.get("recipe")),
        licences=licences,
        authors=authors,
    )


def source_in(
    data: bytes,
    name: str,
    recipe: str | None = None,
    orientation: int = UPRIGHT,
    channel: int | None = None,
) -> Source:
    """An image file, also one inside another file, as the map `name`, which may lie in one channel of it."""
    found = xmp_in(data)
    if recipe is None and data[:8] == png.SIGNATURE:
        recipe = png.read_text(data).get("gancube")
    return Source(
        picture_in(data, name, orientation, channel),
        {name: digest(data)},
        recipe,
        licences=tuple(found.get("licences", ())),
        authors=tuple(found.get("authors", ())),
    )


def picture_in(data: bytes, name: str, orientation: int = UPRIGHT, channel: int | None = None) -> Picture:
    """A PNG by our own reader, so that its pixels do not depend on whether Blender is at hand; the rest, and what is
    interlaced, by Blender."""
    ours = kind_of(data) == "PNG" and not png.is_interlaced(data)
    pixels = upright(png.decode(data)[0] if ours else pixels_of(data), orientation)
    if channel is not None:
        channel = channel if pixels.shape[2] > 2 else 0  # a grey one holds it in all
        pixels = pixels[..., channel : channel + 1]
    return of_pixels(pixels, name)


def xmp_in(data: bytes) -> dict:
    try:
        return xmp.read(read_xmp(data) or "<none/>")
    except (RecipeError, ImageError):
        return {}  # somebody else's


def recipe_in(path: Path) -> str | None:
    try:
        return recipe_files.text_in(path)
    except (RecipeError, ImageError):
        return None


def targets(sets: list[Set], cards: list[Card], out: Path, source: Path) -> list[dict[str, Path]]:
    """Of each picture {map name: the file that it will be}; OutputError before any work where one cannot be written.

    NAME.png where there is one map, else NAME_MAP.png for each.
    """
    check_out(out, source)
    into, found = is_folder(out, source), []
    for one in sets:
        names = [name for name in after(one.files, cards) if name in MAPS]
        path = out / f"{one.name}.png" if into else out
        found.append(
            {name: path.with_name(f"{path.stem}_{name}.png") for name in names}
            if len(names) > 1
            else dict.fromkeys(names, path)
        )
    if not into:
        check_beside(out)
    written = [path for files in found for path in files.values()]
    check_written(written, [source, *(path for one in sets for path in one.files.values())])
    check_unnamed(written, out)
    return found


def check_out(out: Path, source: Path) -> None:
    """OutputError where its name does not say what is written."""
    if source.is_dir():
        if out.suffix and not out.is_dir():
            raise OutputError(f"{out}: must be a folder, since {source} is one.")
    elif source.suffix.lower() in MESHES:
        if out.suffix.lower() != source.suffix.lower():
            raise OutputError(
                f"{out}: the name must end in {source.suffix.lower()}, as that of {source.name}."
            )
        check_beside(out)
        check_written([out], [source])
    elif not is_folder(out, source) and out.suffix.lower() != ".png":
        raise OutputError(f"{out}: the name must end in .png, or be that of a folder.")


def is_folder(out: Path, source: Path) -> bool:
    """Results go into a folder `out`, which need not be there yet."""
    return source.is_dir() or out.is_dir() or not out.suffix


def write(made: dict[str, bytes], files: dict[str, Path]) -> list[Path]:
    """{map name: PNG} into the files of targets()."""
    assert list(made) == list(files), (list(made), list(files))
    for folder in {path.parent for path in files.values()}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made ({error.strerror or error}).") from error
    return [write_atomic(files[name], data) for name, data in made.items()]
