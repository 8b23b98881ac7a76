"""Finds image files in folders and zips and says which material each belongs to; never opens an image, never torch.

First station of `prepare`. Next: image_reader.py.

    DIR/brick/wall.jpg                  label "brick", material "brick/wall"
    DIR/brick/Old Wall/basecolor.jpg    label "brick", material "brick/Old Wall"; its normal.jpg and others are its maps
    DIR/brick/OldWall_2K.zip            read like a folder of that name
    DIR/wall.jpg                        label = the name of DIR, when no folder inside DIR holds images
"""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath

from .errors import DatasetError
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
MAX_FILE_BYTES = 512 * 2**20  # of one file, also when unpacked from a zip


@dataclass(frozen=True)
class MapFile:
    """A further map of a material."""

    path: str
    convention: str  # of a normal map: "gl", "dx", or "" where nobody says
    read: Callable[[], bytes] = field(repr=False, compare=False)


@dataclass(frozen=True)
class Facts:
    """What a manifest.csv says about a file; empty where it says nothing."""

    label: str = ""
    material: str = ""
    group: str = ""
    map: str = ""
    source: str = ""
    licence: str = ""
    author: str = ""
    tileable: bool | None = None
    convention: str = ""


@dataclass(frozen=True)
class Candidate:
    """One base colour image that may become an item."""

    path: str  # inside DIR, with "/"; members of a zip follow the zip's name
    label: str
    material: str
    facts: Facts
    read: Callable[[], bytes] = field(repr=False, compare=False)
    maps: dict[str, MapFile] = field(default_factory=dict, compare=False)  # of USED_MAPS


@dataclass(frozen=True)
class Found:
    """Everything found in DIR."""

    candidates: list[Candidate]
    left_out: list[LeftOut]
    other_maps: int  # files that are further maps of a material and not used


def find_images(root: Path, labels_csv: Path | None = None) -> Found:
    """Walk `root` (a folder or a .zip) in sorted order; with `labels_csv` the labels come from there, not from
    folders."""
    files, left_out = _walk(root)
    facts = _read_facts(files.get("manifest.csv"), root)
    labels = _read_labels(labels_csv) if labels_csv else {}
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
    candidates, other_maps = [], 0
    maps: dict[str, dict[str, MapFile]] = {}  # by material
    for path, read in images.items():
        fact = facts.get(path, Facts())
        material, verdict = _material_of(path, siblings, fact)
        if verdict == "map":
            kind = map_of(fact.map or PurePosixPath(path).stem)
            if kind in USED_MAPS:
                file = MapFile(path, fact.convention or _convention(PurePosixPath(path).stem), read)
                maps.setdefault(material, {}).setdefault(kind, file)
            else:
                other_maps += 1
            continue
        if verdict:
            left_out.append(LeftOut(path, verdict))
            continue
        if labels_csv:
            label = labels.get(path, "")
            if not label:
                left_out.append(LeftOut(path, f"has no row in {labels_csv.name}"))
                continue
        elif "/" in path:
            label = fact.label or path.split("/")[0].removesuffix(".zip")
        elif in_folders:
            left_out.append(LeftOut(path, "lies beside the label folders, not in one"))
            continue
        else:
            label = root.resolve().name.removesuffix(".zip")
        candidates.append(Candidate(path, label, fact.material or material, fact, read))
    candidates = [replace(c, maps=maps.get(c.material, {})) for c in candidates]
    return Found(candidates, left_out, other_maps)


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


def _walk(root: Path) -> tuple[dict[str, Callable[[], bytes]], list[LeftOut]]:
    """Relative path -> reader for every file below `root`, hidden ones aside; sorted, so that results never depend
    on the disk."""
    files: dict[str, Callable[[], bytes]] = {}
    left_out: list[LeftOut] = []
    if root.is_file() and zipfile.is_zipfile(root):
        _walk_zip(root, "", files, left_out)
    elif root.is_dir():
        for path in sorted(root.rglob("*"), key=lambda path: path.relative_to(root).as_posix()):
            relative = path.relative_to(root)
            if not path.is_file() or _hidden(relative):
                continue
            name = relative.as_posix()
            if path.suffix.lower() == ".zip":
                _walk_zip(path, name + "/", files, left_out)
            elif path.stat().st_size > MAX_FILE_BYTES:
                left_out.append(LeftOut(name, f"larger than {MAX_FILE_BYTES // 2**20} MiB"))
            else:
                files[name] = path.read_bytes
    else:
        raise DatasetError(f"{root}: no such folder. Give a folder (or a .zip) of images.")
    return files, left_out


def _walk_zip(
    path: Path, prefix: str, files: dict[str, Callable[[], bytes]], left_out: list[LeftOut]
) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            members = sorted(archive.infolist(), key=lambda info: info.filename)
    except (zipfile.BadZipFile, OSError) as error:
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
            zipfile.BadZipFile,
            NotImplementedError,
            RuntimeError,
        ) as error:  # damaged, unknown method, encrypted
            raise OSError(f"zip member unreadable: {error}") from error

    return read


def _hidden(relative: Path | PurePosixPath) -> bool:
    return any(part.startswith(".") or part.lower() == "__macosx" for part in relative.parts)


def _rows(text: str, path: str, needed: tuple[str, ...]) -> list[dict[str, str]]:
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
    missing = [name for name in needed if name not in (reader.fieldnames or ())]
    if missing:
        raise DatasetError(
            f"{path}: has no column {missing[0]!r} (columns: {', '.join(reader.fieldnames or ())})."
        )
    return [{key: (value or "").strip() for key, value in row.items() if key} for row in reader]


def _decoded(data: bytes, path: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path}: is not UTF-8 text ({error}). Save it as UTF-8.") from error


def _read_facts(read: Callable[[], bytes] | None, root: Path) -> dict[str, Facts]:
    """manifest.csv by path; only the columns `path` and what it has of class, material_id, group, map, ... are used."""
    if read is None:
        return {}
    facts = {}
    for row in _rows(_decoded(read(), f"{root}/manifest.csv"), f"{root}/manifest.csv", ("path",)):
        facts[row["path"]] = Facts(
            label=row.get("class", ""),
            material=row.get("material_id", ""),
            group=row.get("group", ""),
            map=row.get("map", ""),
            source=row.get("source") or row.get("upstream") or row.get("source_repo", ""),
            licence=row.get("licence") or row.get("license", ""),
            author=row.get("author", ""),
            tileable=_tileable(row.get("tileable", ""), row.get("seam_ratio", "")),
            convention=row.get("normal_format", "") if row.get("normal_format") in ("gl", "dx") else "",
        )
    return facts


def _tileable(claim: str, seam_ratio: str) -> bool | None:
    """The source's claim, refuted by a measured seam: below about 1.6 an image really wraps."""
    word = claim.lower().split(" ")[0]
    said = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}.get(word)
    try:
        wraps = float(seam_ratio) < 1.6
    except ValueError:
        return said
    return bool(said) and wraps if said is not None else None


def _read_labels(path: Path) -> dict[str, str]:
    """A CSV with the columns path (or file) and label (or class)."""
    try:
        text = _decoded(path.read_bytes(), str(path))
    except OSError as error:
        raise DatasetError(
            f"{path}: cannot be read ({error.strerror}). --labels takes 'folders' or a CSV file."
        ) from error
    first = text.splitlines()[0] if text.strip() else ""
    columns = next(csv.reader([first.lstrip("\ufeff")]), [])
    key = "path" if "path" in columns else "file"
    value = "label" if "label" in columns else "class"
    return {
        row[key].replace("\\", "/"): row[value] for row in _rows(text, str(path), (key, value)) if row[value]
    }
