"""Partners of the pictures of a folder, in other folders or beside them: `prepare --pairs NAME=DIR`. Opens no image.

Before: image_files.py (the base colours). After: prepare.py stores them, pair_check.py looks for swapped ones.

    --pairs sketch=LINES     COLORS/brick/wall.jpg and LINES/brick/wall.png, or LINES/brick/wall_sketch.png
    --pairs input=COLORS     COLORS/wall.jpg and, in the same folder, COLORS/wall_input.jpg
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

from .errors import DatasetError
from .image_files import IMAGE_ENDINGS, USED_MAPS, Candidate, Found, MapFile, walk
from .input_maps import CHANNELS
from .manifest import LeftOut

FORBIDDEN = {
    "base_color": "is what DIR itself holds",
    "height": "has no unit of its own; give the normal map, the height is found from it",
    "alpha": "is kept with --keep-alpha",
}


def check_pairs(pairs: dict[str, Path]) -> None:
    """DatasetError for a name that no map has, and for a folder that is not there."""
    known = [name for name in dict.fromkeys((*CHANNELS, *USED_MAPS)) if name not in FORBIDDEN]
    for name, folder in pairs.items():
        if name in FORBIDDEN:
            raise DatasetError(f"--pairs {name}={folder}: {name} {FORBIDDEN[name]}.")
        if name not in known:
            raise DatasetError(
                f"--pairs {name}={folder}: there is no such map. There are: {', '.join(known)}."
            )
        if not folder.exists():
            raise DatasetError(f"--pairs {name}={folder}: no such folder.")


def with_pairs(found: Found, source: Path, pairs: dict[str, Path]) -> Found:
    """Every candidate that has all its partners, with them; who lacks one, and partners of nobody, are left out."""
    candidates, left_out = found.candidates, list(found.left_out)
    for name, folder in pairs.items():
        same = folder.resolve() == source.resolve()
        candidates = [c for c in candidates if not (same and _suffixed(c.path, name))]
        partners = _partners(name, folder, same, left_out)
        kept, taken = [], set()
        for candidate in candidates:
            key = next((k for k in _keys(candidate) if k in partners), None)
            if key is None:
                looked = PurePosixPath(candidate.path).with_suffix("")
                left_out.append(
                    LeftOut(candidate.path, f"has no partner {looked} in --pairs {name}={folder}")
                )
                continue
            taken.add(key)
            kept.append(_joined(candidate, name, partners[key]))
        for key in sorted(partners.keys() - taken):
            reason = "is the partner of no picture that is used: nothing has its name"
            left_out.append(LeftOut(f"{name}: {partners[key].path}", reason))
        candidates = kept
    if pairs and not candidates:
        raise DatasetError(
            f"{source}: none of its pictures has a partner in every folder of --pairs. Partners have the same name "
            "and the same folder below, with any ending: brick/wall.jpg and brick/wall.png."
        )
    return replace(found, candidates=candidates, left_out=left_out)


def _partners(name: str, folder: Path, same: bool, left_out: list[LeftOut]) -> dict[str, MapFile]:
    """Key -> file; of two with the same key the first."""
    found: dict[str, MapFile] = {}
    files, unread = walk(folder)
    left_out += [LeftOut(f"{name}: {entry.file}", entry.reason) for entry in unread]
    for path, read in files.items():
        if PurePosixPath(path).suffix.lower() not in IMAGE_ENDINGS or (same and not _suffixed(path, name)):
            continue
        key = _key(path, name)
        if key in found:
            left_out.append(LeftOut(f"{name}: {path}", f"has the name of {found[key].path}"))
        else:
            found[key] = MapFile(path, "", read)
    return found


def _key(path: str, name: str) -> str:
    stem = str(PurePosixPath(path).with_suffix("")).casefold()
    return stem[: -len(name) - 1] if _suffixed(path, name) else stem


def _suffixed(path: str, name: str) -> bool:
    stem = PurePosixPath(path).stem.casefold()
    return stem.endswith((f"_{name}", f"-{name}")) and len(stem) > len(name) + 1


def _keys(candidate: Candidate) -> tuple[str, str]:
    return str(PurePosixPath(candidate.path).with_suffix("")).casefold(), candidate.material.casefold()


def _joined(candidate: Candidate, name: str, file: MapFile) -> Candidate:
    """Maps that surface_maps.py understands go the way of all such maps."""
    if name in USED_MAPS:
        return replace(candidate, maps={**candidate.maps, name: file})
    return replace(candidate, partners={**candidate.partners, name: file})
