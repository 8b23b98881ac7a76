"""Finds image files in folders and zips and says which material each belongs to; never opens an image, never torch.

First station of `prepare`. Next: image_reader.py.

    DIR/brick/wall.jpg                  label "brick", material "brick/wall"
    DIR/brick/Old Wall/basecolor.jpg    label "brick", material "brick/Old Wall"; its normal.jpg and others are its maps
    DIR/brick/OldWall_2K.zip            read like a folder of that name
    DIR/wall.jpg                        label = the name of DIR, when no folder inside DIR holds images
"""

import re
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from .errors import DatasetError
from .listings import Facts, is_utf8, printable, read_facts, read_labels
from .manifest import LeftOut

IMAGE_ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".tga", ".gif")
IGNORED_NAMES = ("thumbs.db", "desktop.ini", "__macosx", "manifest.csv")
BASE_COLOR_WORDS = ("basecolor", "basecolour", "albedo", "diffuse", "diff", "color", "colour", "col")
MAP_WORDS = {
    "normal": ("normal", "nor", "norm", "nrm", "normalgl", "normaldx"),
    "roughness": ("roughness", "rough"),
    "gloss": ("gloss", "glossiness"),
    "metallic": ("metallic", "metalness", "metal"),
    "other": (
        "height", "displacement", "disp", "bump", "ao", "occlusion", "ambientocclusion", "specular", "spec", "opacity",
        "alpha", "mask", "emission", "emissive", "arm", "orm",
    ),
}  # fmt: skip
USED_MAPS = ("normal", "roughness", "gloss", "metallic")  # see surface_maps.py
NOT_REGULAR = "not a regular file"
NOT_UTF8 = "its path is not UTF-8 text, so that no list can name it: rename it"
MAX_FILE_BYTES = 512 * 2**20  # of one file, also when unpacked from a zip


@dataclass(frozen=True)
class MapFile:
    """A further map of a material."""

    path: str
    convention: str  # of a normal map: "gl", "dx", or "" where nobody says
    read: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Candidate:
    """One base colour image that may become an item."""

    path: str  # inside DIR, with "/"; members of a zip follow the zip's name
    label: str
    material: str
    facts: Facts
    read: Callable[[], bytes] = field(repr=False, compare=False)
    maps: dict[str, MapFile] = field(default_factory=dict, compare=False)  # of USED_MAPS
    partners: dict[str, MapFile] = field(default_factory=dict, compare=False)  # of prepare --pairs


@dataclass(frozen=True)
class Found:
    """Everything found in DIR."""

    candidates: list[Candidate]
    left_out: list[LeftOut]
    other_maps: list[str]  # files that are further maps of a material and not used


def find_images(root: Path, labels_file: Path | None = None) -> Found:
    """Walk `root` (a folder or a .zip) in sorted order; with `labels_file` (see listings.py) the labels come from
    there, not from folders."""
    files, left_out = walk(root)
    facts = read_facts(files.get("manifest.csv"), root)
    labels = read_labels(labels_file) if labels_file else {}
    images: dict[str, Callable[[], bytes]] = {}
    for path, read in files.items():
        if PurePosixPath(path).suffix.lower() in IMAGE_ENDINGS:
            images[path] = read
        elif PurePosixPath(path).name.lower() not in IGNORED_NAMES:
            left_out.append(LeftOut(path, f"not an image file (known endings: {' '.join(IMAGE_ENDINGS)})"))

    in_folders = any("/" in path for path in images)
    siblings: dict[str, list[str]] = {}
    for path in images:
        siblings.setdefault(str(PurePosixPath(path).parent), []).append(path)
    candidates, other_maps = [], []
    maps: dict[str, dict[str, MapFile]] = {}  # by material
    for path, read in images.items():
        fact = facts.get(path, Facts())
        material, verdict = _material_of(path, siblings, fact)
        if verdict == "map":
            kind = map_of(fact.map or PurePosixPath(path).stem)
            if kind in USED_MAPS:
                file = MapFile(path, fact.convention or _convention(PurePosixPath(path).stem), read)
                if maps.setdefault(material, {}).setdefault(kind, file) is not file:
                    other_maps.append(path)
            else:
                other_maps.append(path)
            continue
        if verdict:
            left_out.append(LeftOut(path, verdict))
            continue
        if labels_file:
            label = labels.get(path, "")
            if not label:
                left_out.append(LeftOut(path, f"is not in {labels_file.name}"))
                continue
        elif "/" in path:
            label = fact.label or path.split("/")[0].removesuffix(".zip")
        elif in_folders:
            left_out.append(LeftOut(path, "lies beside the label folders, not in one"))
            continue
        else:
            label = root.resolve().name.removesuffix(".zip")
            if not is_utf8(label):
                raise DatasetError(
                    f"{printable(str(root))}: its name is not UTF-8 text and cannot be a label. Rename it."
                )
        candidates.append(Candidate(path, label, fact.material or material, fact, read))
    if labels_file:
        gone = sorted(path for path in labels if path not in files)
        left_out += [LeftOut(path, f"is in {labels_file.name}, but there is no such file") for path in gone]
    colored = {c.material for c in candidates}
    other_maps += [m.path for name in maps.keys() - colored for m in maps[name].values()]
    candidates = [replace(c, maps=maps.get(c.material, {})) for c in candidates]
    return Found(candidates, left_out, sorted(other_maps))


def map_of(stem: str) -> str:
    """ "base_color", a key of MAP_WORDS or "" from the last words of a file's stem: "Wall_2K_Color" is a base colour.

    Words are split at _ - . space and at lower-to-upper case changes; a size such as 2k or a trailing number is
    skipped.
    """
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", stem)
    words = [
        word
        for word in re.split(r"[\W_]+", spaced.lower())
        if word and not re.fullmatch(r"\d+k?|jpg|png|gl|dx", word)
    ]
    if not words:
        return ""
    last, last_two = words[-1], "".join(words[-2:])
    if last in BASE_COLOR_WORDS or last_two in BASE_COLOR_WORDS:
        return "base_color"
    return next((kind for kind, known in MAP_WORDS.items() if last in known or last_two in known), "")


def _convention(stem: str) -> str:
    """ "gl" or "dx" where the name of a normal map says so."""
    found = re.search(
        r"(?:^|[^a-z])(?:normal|nor|norm|nrm)?[ _.-]?(gl|opengl|dx|directx)(?:[^a-z]|$)", stem.lower()
    )
    return found.group(1).removeprefix("open").replace("directx", "dx") if found else ""


def _material_of(path: str, siblings: dict[str, list[str]], fact: Facts) -> tuple[str, str]:
    """(material id, verdict); verdict "" keeps the file, "map" counts it as another map, any other text leaves it
    out."""
    pure = PurePosixPath(path)
    if fact.map:
        return fact.material, "" if map_of(fact.map) == "base_color" else "map"
    folder = str(pure.parent)
    if len(pure.parts) < 3:  # directly in a label folder, or in DIR: each file is a material of its own
        return str(pure.with_suffix("")), ""
    kinds = {other: map_of(PurePosixPath(other).stem) for other in siblings[folder]}
    bases = [other for other, kind in kinds.items() if kind == "base_color"]
    if bases:
        if path == bases[0]:
            return folder, ""
        is_map = kinds[path] in MAP_WORDS
        return folder, "map" if is_map else f"beside {PurePosixPath(bases[0]).name}, which is the base colour"
    if any(kind in MAP_WORDS for kind in kinds.values()):
        return (
            folder,
            "its material folder has no base colour (a file named basecolor, albedo, diffuse or color)",
        )
    return str(pure.with_suffix("")), ""


def walk(root: Path) -> tuple[dict[str, Callable[[], bytes]], list[LeftOut]]:
    """Relative path -> reader for every file below `root`, hidden ones aside; sorted, so that results never depend
    on the disk."""
    files: dict[str, Callable[[], bytes]] = {}
    left_out: list[LeftOut] = []
    if root.is_file() and zipfile.is_zipfile(root):
        _walk_zip(root, "", files, left_out)
    elif root.is_dir():
        for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
            relative = path.relative_to(root)
            name = relative.as_posix()
            if _hidden(relative):
                continue
            if reason := _fault(path, name):
                left_out.append(LeftOut(printable(name), reason))
            elif path.is_dir():
                continue  # its files come by themselves
            elif path.suffix.lower() == ".zip":
                _walk_zip(path, name + "/", files, left_out)
            else:
                files[name] = path.read_bytes
    elif root.exists():
        raise DatasetError(f"{root}: is no folder and no readable .zip. Give a folder (or a .zip) of images.")
    else:
        raise DatasetError(f"{root}: no such folder. Give a folder (or a .zip) of images.")
    return files, left_out


def _fault(path: Path, name: str) -> str:
    """Why what lies there is not read, "" where it is. `name`: its path below the source."""
    try:
        if path.is_dir():
            if path.is_symlink():
                return "a link to a folder, which is not followed"
            return "" if any(path.iterdir()) else "holds no image"  # a look that was forgotten
        if not path.is_file():
            return NOT_REGULAR
        if path.stat().st_size > MAX_FILE_BYTES:
            return f"larger than {MAX_FILE_BYTES // 2**20} MiB"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"
    return "" if is_utf8(name) else NOT_UTF8


def _walk_zip(
    path: Path, prefix: str, files: dict[str, Callable[[], bytes]], left_out: list[LeftOut]
) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(archive.infolist(), key=lambda info: info.filename)
    except (zipfile.BadZipFile, OSError, ValueError) as error:  # ValueError: a name that is not what it says
        left_out.append(LeftOut(prefix.rstrip("/") or path.name, f"unreadable zip ({error})"))
        return
    for info in members:
        relative = PurePosixPath(info.filename)
        if info.is_dir() or _hidden(relative) or ".." in relative.parts:
            continue
        if info.file_size > MAX_FILE_BYTES:
            left_out.append(LeftOut(prefix + info.filename, f"larger than {MAX_FILE_BYTES // 2**20} MiB"))
        else:
            files[prefix + info.filename] = _zip_reader(path, info)


def _zip_reader(path: Path, info: zipfile.ZipInfo) -> Callable[[], bytes]:
    def read() -> bytes:
        try:
            with zipfile.ZipFile(path) as archive:
                return archive.read(info)
        except (
            zipfile.BadZipFile,  # these four: damaged
            zlib.error,
            EOFError,
            struct.error,
            NotImplementedError,  # an unknown method
            RuntimeError,  # encrypted
        ) as error:
            raise OSError(f"zip member unreadable: {error}") from error

    return read


def _hidden(relative: Path | PurePosixPath) -> bool:
    return any(part.startswith(".") or part.lower() == "__macosx" for part in relative.parts)
