"""Reads and writes dataset.json, the list of what is in a prepared dataset; standard library only, never opens an
image.

Previous station: prepare.py (writes it). Next: dataset.py (crops for training) and measure.py.

    {"schema": 2, "name": "textures256", "size": 256, "labels": ["brick", ...],
     "items": [{"file": "images/brick/x.jpg", "label": "brick", "material": "acg:Bricks008", "group":
     "acgstem:Bricks008",
                "split": "train", "width": 256, "height": 256, "sha256": "...", "source": "...", "licence": "CC0-1.0",
                "author": "...", "tileable": true,
                "maps": {"height": "maps/brick/x.height.png", "roughness": "maps/brick/x.roughness.png"},
                "metallic": null}, ...],
     "left_out": [{"file": "brick/y.jpg", "reason": "..."}],
     "licences": {"CC0-1.0": 200}, "authors": ["..."], "sha256": "hash over the canonical items"}

`material` is one surface, the base colour and its other maps (surface_maps.py); `group` is a set of materials so alike
that they must stay on one side of the split (by default the material itself).
"""

import hashlib
import json
from dataclasses import asdict, dataclass, field, fields
from itertools import islice
from pathlib import Path, PurePosixPath

from .errors import DatasetError

FILE_NAME = "dataset.json"
SCHEMA = 2
SPLITS = ("train", "heldout")
LOOKED_AT = 1000  # files and folders in search of a picture, where there is no dataset


@dataclass(frozen=True)
class Item:
    """One stored image."""

    file: str  # path inside the dataset folder, with "/"
    label: str
    material: str
    group: str
    split: str  # "train" or "heldout"
    width: int  # pixels
    height: int  # pixels
    sha256: str  # of the stored bytes: the file, then its maps in the order of their names
    source: str
    licence: str  # SPDX name, or "unknown"
    author: str
    tileable: bool | None  # None: nobody said
    maps: dict[str, str] = field(default_factory=dict)  # "height", "roughness": path, as `file`
    metallic: float | None = None  # mean of the metallic map, or what --metallic says of the label


@dataclass(frozen=True)
class LeftOut:
    """One file of the source folder that is not in the dataset, and why."""

    file: str
    reason: str


@dataclass(frozen=True)
class Manifest:
    """A prepared dataset: what dataset.json says, and the folder it lies in."""

    folder: Path
    name: str
    size: int  # short side in pixels of what was not smaller already
    labels: tuple[str, ...]  # sorted
    items: tuple[Item, ...]  # sorted by file
    left_out: tuple[LeftOut, ...]
    licences: dict[str, int]
    authors: tuple[str, ...]
    sha256: str

    def path(self, item: Item) -> Path:
        return self.folder / item.file

    def split(self, name: str) -> tuple[Item, ...]:
        assert name in SPLITS, name
        return tuple(item for item in self.items if item.split == name)


def items_sha256(items: tuple[Item, ...]) -> str:
    """Hash over the canonical items: sorted by file, sorted keys, no spaces, UTF-8."""
    rows = [asdict(item) for item in sorted(items, key=lambda item: item.file)]
    text = json.dumps(rows, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def build_manifest(
    folder: Path, name: str, size: int, items: list[Item], left_out: list[LeftOut]
) -> Manifest:
    """Derive labels, licences, authors and the hash from the items."""
    items = tuple(sorted(items, key=lambda item: item.file))
    licences: dict[str, int] = {}
    for item in items:
        licences[item.licence] = licences.get(item.licence, 0) + 1
    return Manifest(
        folder=folder,
        name=name,
        size=size,
        labels=tuple(sorted({item.label for item in items})),
        items=items,
        left_out=tuple(sorted(left_out, key=lambda entry: entry.file)),
        licences=dict(sorted(licences.items())),
        authors=tuple(sorted({item.author for item in items if item.author})),
        sha256=items_sha256(items),
    )


def write_manifest(manifest: Manifest) -> Path:
    """Write dataset.json into the manifest's folder."""
    data = {
        "schema": SCHEMA,
        "name": manifest.name,
        "size": manifest.size,
        "labels": list(manifest.labels),
        "items": [asdict(item) for item in manifest.items],
        "left_out": [asdict(entry) for entry in manifest.left_out],
        "licences": manifest.licences,
        "authors": list(manifest.authors),
        "sha256": manifest.sha256,
    }
    path = manifest.folder / FILE_NAME
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path


def read_manifest(folder: Path | str) -> Manifest:
    """Read FOLDER/dataset.json strictly; DatasetError names the file and the field."""
    folder = Path(folder)
    path = folder / FILE_NAME
    if not path.is_file():
        raise DatasetError(_no_dataset(folder))
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        raise DatasetError(f"{path}: cannot be read as JSON ({error}). Prepare the dataset again.") from error
    if not isinstance(data, dict):
        raise DatasetError(f"{path}: holds {type(data).__name__}, not an object. Prepare the dataset again.")
    if data.get("schema") != SCHEMA:
        raise DatasetError(f"{path}: schema: is {data.get('schema')!r}, this program reads {SCHEMA}.")
    kinds = {
        "schema": int, "name": str, "size": int, "labels": list, "items": list, "left_out": list,
        "licences": dict, "authors": list, "sha256": str,
    }  # fmt: skip
    _check_keys(path, "", data, kinds)
    if not data["items"]:
        raise DatasetError(f"{path}: items: is empty; there is nothing to train on.")
    items = tuple(_read_item(path, i, row, folder) for i, row in enumerate(data["items"]))
    left_out = []
    for i, row in enumerate(data["left_out"]):
        _check_keys(path, f"left_out[{i}]", row, {"file": str, "reason": str})
        left_out.append(LeftOut(**row))
    manifest = Manifest(
        folder, data["name"], data["size"], tuple(data["labels"]), items, tuple(left_out),
        data["licences"], tuple(data["authors"]), data["sha256"],
    )  # fmt: skip
    _check_whole(path, manifest)
    return manifest


def _no_dataset(folder: Path) -> str:
    """What lies there instead, and what to do with it."""
    from .image_files import IMAGE_ENDINGS  # which imports this file

    if folder.is_file() and folder.suffix.lower() in IMAGE_ENDINGS:
        return (
            f"{folder}: is a picture, no dataset. For a generator of that one surface: --preset single. For one of "
            "many pictures, put them into a folder, and: gan-train prepare FOLDER --out DATASET"
        )
    is_zip = folder.is_file() and folder.suffix.lower() == ".zip"
    if is_zip or any(p.suffix.lower() in IMAGE_ENDINGS for p in islice(folder.rglob("*"), LOOKED_AT)):
        return f"{folder}: no {FILE_NAME} here. Make a dataset of it with: gan-train prepare {folder} --out DATASET"
    return f"{folder}: no {FILE_NAME} here. Make a dataset with: gan-train prepare PICTURES --out {folder}"


def _read_item(path: Path, index: int, row: object, folder: Path) -> Item:
    where = f"items[{index}]"
    kinds = {field.name: str for field in fields(Item)} | {
        "width": int,
        "height": int,
        "tileable": (bool, type(None)),
        "maps": dict,
        "metallic": (float, int, type(None)),
    }
    _check_keys(path, where, row, kinds)
    item = Item(**row)
    for name, file in {"file": item.file, **item.maps}.items():
        _check_file(path, f"{where}.{name}", file, folder)
    if item.split not in SPLITS:
        raise DatasetError(f"{path}: {where}.split: is {item.split!r}; must be one of {', '.join(SPLITS)}.")
    if item.width < 1 or item.height < 1:
        raise DatasetError(f"{path}: {where}: width and height must be positive.")
    return item


def _check_file(path: Path, where: str, file: object, folder: Path) -> None:
    parts = PurePosixPath(file).parts if isinstance(file, str) else ()
    if not parts or file.startswith("/") or "\\" in file or ".." in parts or ":" in parts[0]:
        raise DatasetError(f"{path}: {where}: {file!r} points outside the dataset folder.")
    if not (folder / file).is_file():
        raise DatasetError(f"{path}: {where}: {file!r} is missing. Prepare the dataset again.")
    if not (folder / file).resolve().is_relative_to(folder.resolve()):
        raise DatasetError(f"{path}: {where}: {file!r} is a link that points outside the dataset folder.")


def _check_keys(path: Path, where: str, row: object, kinds: dict) -> None:
    prefix = f"{path}: {where}: " if where else f"{path}: "
    if not isinstance(row, dict):
        raise DatasetError(f"{prefix}is {type(row).__name__}, not an object.")
    for key, kind in kinds.items():
        if key not in row:
            raise DatasetError(f"{prefix}{key}: is missing.")
        value = row[key]
        # bool is an int in Python; a width of `true` is still a mistake.
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise DatasetError(f"{prefix}{key}: {value!r} has the wrong type.")
    unknown = sorted(set(row) - set(kinds))
    if unknown:
        raise DatasetError(f"{prefix}{unknown[0]}: is not a field of schema {SCHEMA}.")


def _check_whole(path: Path, manifest: Manifest) -> None:
    found = sorted({item.label for item in manifest.items})
    if list(manifest.labels) != found:
        raise DatasetError(
            f"{path}: labels: {list(manifest.labels)} are not the sorted labels of the items {found}."
        )
    files = [item.file for item in manifest.items]
    if len(set(files)) != len(files):
        raise DatasetError(f"{path}: items: a file is listed twice.")
    if items_sha256(manifest.items) != manifest.sha256:
        raise DatasetError(
            f"{path}: sha256: does not match the items; the file was edited. Prepare the dataset again."
        )
