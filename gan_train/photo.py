"""A photo, or a folder of a few of one surface, as a small dataset inside the run folder; Pillow and numpy, no torch.

Before: cli.py (`train PHOTO --preset single`), image_reader.py. After: families/single_sampler.py.

So the run does not depend on the photo staying where it was, and goes on without it; another photo is refused.
"""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

from PIL import Image

from blender_addon.engine.files import write_atomic

from .errors import CheckpointError, DatasetError
from .image_files import IMAGE_ENDINGS
from .image_reader import UnusableImage, read_image
from .listings import is_utf8, printable
from .manifest import FILE_NAME, Item, LeftOut, Manifest, build_manifest, read_manifest, write_manifest
from .prepare import UNKNOWN_LICENCE

FOLDER = "photos"  # inside the run folder


def photos_of_run(source: Path, run: Path, size: int, licence: str = "", author: str = "") -> Manifest:
    """The photos of a run, kept in RUN/photos: as they are there, or read from `source` at the first start.

    Raises DatasetError (nothing usable), CheckpointError (the run was begun with another photo, or cannot be made).
    """
    folder = run / FOLDER
    kept = read_manifest(folder) if (folder / FILE_NAME).exists() else None
    if kept and not source.exists():
        return kept
    files = _files(source)
    for name in (source.stem, *(path.name for path, _ in files)):
        if not is_utf8(name):
            raise DatasetError(
                f"{printable(name)}: is not UTF-8 text, so that no list can name it: rename it."
            )
    sources = {path.name: f"{path.name}, sha256 {hashlib.sha256(data).hexdigest()}" for path, data in files}
    if kept:
        if missing := sorted({item.source for item in kept.items} - set(sources.values())):
            raise CheckpointError(
                f"{run}: was begun with another photo ({missing[0][:60]}...). Give that one, or nothing that is there "
                "any more, to go on; or train into another folder."
            )
        return kept
    items, left_out = [], []
    for number, (path, data) in enumerate(files):
        try:
            pixels = read_image(data, size, wraps=False).pixels
        except UnusableImage as error:
            left_out.append(LeftOut(path.name, str(error)))
            continue
        stored = io.BytesIO()
        Image.fromarray(pixels).save(stored, "PNG")
        name = f"photo-{number}.png"
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CheckpointError(
                f"{run}: cannot be made a folder ({error.strerror or error}). Choose another --out."
            ) from error
        write_atomic(folder / name, stored.getvalue())
        items.append(
            Item(
                file=name,
                label=source.stem,
                material=path.stem,
                group=source.stem,
                split="train",
                width=pixels.shape[1],
                height=pixels.shape[0],
                sha256=hashlib.sha256(stored.getvalue()).hexdigest(),
                source=sources[path.name],
                licence=licence or UNKNOWN_LICENCE,
                author=author,
                tileable=None,
            )
        )
    if not items:
        reasons = "; ".join(f"{entry.file}: {entry.reason}" for entry in left_out) or "no image files"
        raise DatasetError(f"{source}: no photo to learn from ({reasons}). Give another one.")
    manifest = build_manifest(folder, source.stem, size, items, left_out)
    try:
        write_manifest(manifest)
    except OSError as error:
        raise CheckpointError(f"{folder}: cannot be written ({error.strerror or error}).") from error
    return manifest


def warnings_of(manifest: Manifest) -> list[str]:
    """Lines about photos that were left out, and about an unknown licence."""
    lines = [f"left out: {entry.file}: {entry.reason}" for entry in manifest.left_out]
    if manifest.licences.get(UNKNOWN_LICENCE):
        lines.append(
            "warning: the licence of the photo is unknown. A model made of it should not be given to others. "
            "State it with --licence (for example --licence CC0-1.0) and --author."
        )
    return lines


def _files(source: Path) -> list[tuple[Path, bytes]]:
    """The photo, or the photos right inside the folder, sorted by name, with their bytes."""
    try:
        if not source.is_dir():
            return [(source, source.read_bytes())]
        paths = sorted(p for p in source.iterdir() if p.suffix.lower() in IMAGE_ENDINGS and p.is_file())
        return [(path, path.read_bytes()) for path in paths]
    except OSError as error:
        raise DatasetError(f"{source}: cannot be read ({error.strerror or error}). Give a photo.") from error
