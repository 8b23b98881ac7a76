"""`gan-train prepare`: from a folder of images to a dataset folder; Pillow and numpy, never torch.

image_files -> image_reader -> duplicates -> split -> dataset.json. A bad file is a line in the report, never the end.
Everything is written to a temporary folder beside the target and renamed at the end, so a dataset is whole or not
there.
"""

import hashlib
import json
import os
import shutil
import tempfile
import unicodedata
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from PIL import Image

from .duplicates import DuplicateIndex
from .errors import DatasetError
from .image_files import Candidate, find_images
from .image_reader import UnusableImage, read_image
from .manifest import FILE_NAME, Item, LeftOut, Manifest, build_manifest, read_manifest, write_manifest
from .pair_check import Looks, looks_of, mixed_up
from .pairs import with_pairs
from .partners import read_partners
from .prepare_options import NON_SQUARE, PrepareOptions, check_options
from .prepare_report import UNKNOWN_LICENCE, Report
from .split import held_out_groups
from .stored_names import StoredNames
from .surface_maps import SurfaceMaps, encode_map, read_surface_maps

JPEG_QUALITY = 95  # with 4:4:4 colour: nothing the eye or a generator would learn


def prepare(
    options: PrepareOptions,
    progress: Callable[[int, int], None] = lambda done, total: None,
    ask: Callable[[str], str] | None = None,
) -> Report:
    """Make the dataset folder; `progress(done, total)` is called after each image.

    `ask(question)` answers what licence and source are where nothing says so; None: they stay unknown."""
    check_options(options)
    found = with_pairs(find_images(options.source, options.labels_file), options.source, options.pairs)
    left_out = list(found.left_out)
    candidates, skipped = _wanted_labels(found.candidates, options)
    left_out += skipped
    if not found.candidates:
        raise DatasetError(
            f"{options.source}: holds no usable image file. {_first_reasons(left_out)}".rstrip()
        )
    out = options.out.absolute()
    _check_target(out, options.force)
    if ask:
        options = _asked(candidates, options, ask)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    except OSError as error:
        raise DatasetError(
            f"{out}: cannot be made ({error.strerror or error}). Choose another --out."
        ) from error
    try:
        kept, notes = _store_images(candidates, options, temporary, left_out, progress)
        kept = _drop_thin_labels(kept, options.min_per_label, temporary, left_out)
        if not kept:
            raise DatasetError(f"{options.source}: nothing is left to train on. {_first_reasons(left_out)}")
        items = _split(kept, options.heldout, _frozen_split(out))
        manifest = build_manifest(temporary, out.name, options.size, items, left_out)
        notes = [note for note in notes if note[0] not in {entry.file for entry in left_out}]
        report = Report(manifest, False, found.other_maps, notes)
        write_manifest(manifest)
        (temporary / "report.json").write_text(
            json.dumps(report.as_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
        )
        temporary.chmod(0o755)  # mkdtemp makes it private
        report.unchanged = _move_into_place(temporary, manifest, out, options.force)
    except OSError as error:
        raise DatasetError(f"{out}: cannot be written ({error.strerror or error}).") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    report.manifest = read_manifest(out)
    return report


def _check_target(out: Path, force: bool) -> None:
    """Refuse early what could never be replaced: anything but a dataset or an empty folder."""
    if not out.exists() or (out / FILE_NAME).is_file():
        return
    if not out.is_dir() or any(out.iterdir()):
        hint = " --force replaces datasets only." if force else ""
        raise DatasetError(f"{out}: exists and is not a dataset; choose another --out.{hint}")


def _wanted_labels(
    candidates: list[Candidate], options: PrepareOptions
) -> tuple[list[Candidate], list[LeftOut]]:
    known = {candidate.label for candidate in candidates}
    for flag, names in (("--without", options.without), ("--metallic", options.metallic)):
        if unknown := sorted(set(names) - known):
            raise DatasetError(f"{flag} {unknown[0]}: there is no such label in {options.source}.")
    kept = [candidate for candidate in candidates if candidate.label not in options.without]
    reason = "label left out by --without"
    return kept, [LeftOut(c.path, reason) for c in candidates if c.label in options.without]


def _asked(candidates: list[Candidate], options: PrepareOptions, ask: Callable[[str], str]) -> PrepareOptions:
    """`options` with what a person answers: once for all files that nothing says it of."""
    licence, source = options.licence, options.source_text
    count = sum(not candidate.facts.licence for candidate in candidates)
    if count and not licence:
        licence = ask(
            f"Under which licence are the {count} images that no manifest.csv states it of? (SPDX name such as "
            "CC0-1.0 or CC-BY-4.0; return: unknown) "
        ).strip()
    count = sum(not candidate.facts.source for candidate in candidates)
    if count and licence and not source:
        source = ask(f"Where do the {count} images come from that it is not stated of? (return: unknown) ")
        source = source.strip()
    return replace(options, licence=licence, source_text=source)


def _store_images(
    candidates: list[Candidate],
    options: PrepareOptions,
    folder: Path,
    left_out: list[LeftOut],
    progress: Callable,
) -> tuple[list[tuple[str, Item]], list[tuple[str, str]]]:
    """Convert and write each image; returns [(source path, item)] and [(source path, note)]."""
    kept, notes, seen, names = [], [], DuplicateIndex(), StoredNames()
    looks: dict[str, dict[str, tuple[Looks, Looks]]] = {name: {} for name in options.pairs}
    for done, candidate in enumerate(candidates, 1):
        facts = candidate.facts
        try:
            image = read_image(
                candidate.read(),
                options.size,
                wraps=bool(facts.tileable),
                keep_alpha=options.keep_alpha,
                min_side=options.least,
                max_aspect=NON_SQUARE[options.non_square],
            )
            partners, more = read_partners(candidate, image, wraps=bool(facts.tileable))
            reason = None if partners else seen.match(image.pixels[..., :3])
        except UnusableImage as error:
            reason = str(error)
        except OSError as error:
            reason = f"cannot be read: {error}"
        progress(done, len(candidates))
        if reason:
            left_out.append(LeftOut(candidate.path, reason))
            continue
        seen.add(candidate.path, image.pixels[..., :3])
        notes += [(candidate.path, note) for note in image.notes]
        has_alpha = image.pixels.shape[2] == 4
        file = names.stored_name(candidate) + (".png" if has_alpha else ".jpg")
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        if has_alpha:
            Image.fromarray(image.pixels).save(path, "PNG")
        else:
            Image.fromarray(image.pixels).save(path, "JPEG", quality=JPEG_QUALITY, subsampling=0)
        digest = hashlib.sha256(path.read_bytes())
        height, width = image.pixels.shape[:2]
        surface = SurfaceMaps({}, None, ())
        if candidate.maps and not image.cropped:
            surface = read_surface_maps(candidate.maps, (width, height), wraps=bool(facts.tileable))
        notes += [(candidate.path, note) for note in surface.notes]
        notes += [(candidate.path, note) for note in more]
        # a normal map is drawn too differently from its base colour to be told from another one's
        compared = dict(partners)
        if "roughness" in surface.maps:
            compared["roughness"] = surface.maps["roughness"][..., None]
        for name in compared.keys() & looks.keys():
            looks[name][candidate.path] = looks_of(image.pixels), looks_of(compared[name])
        maps = {}
        single = {
            name: values[..., 0] if values.shape[2] == 1 else values for name, values in partners.items()
        }
        for name, values in sorted({**surface.maps, **single}.items()):
            maps[name] = f"maps/{file.removeprefix('images/')[:-4]}.{name}.png"
            (folder / maps[name]).parent.mkdir(parents=True, exist_ok=True)
            (folder / maps[name]).write_bytes(data := encode_map(values))
            digest.update(data)
        item = Item(
            file=file,
            label=unicodedata.normalize("NFC", candidate.label),
            material=candidate.material,
            group=facts.group or candidate.material,
            split="train",
            width=width,
            height=height,
            sha256=digest.hexdigest(),
            source=facts.source or options.source_text,
            licence=facts.licence or options.licence or UNKNOWN_LICENCE,
            author=facts.author,
            tileable=False if image.cropped else facts.tileable,
            maps=maps,
            metallic=options.metallic.get(candidate.label, surface.metallic),
        )
        kept.append((candidate.path, item))
    return _drop_mixed_up(kept, looks, folder, left_out), notes


def _drop_mixed_up(
    kept: list[tuple[str, Item]], looks: dict, folder: Path, left_out: list[LeftOut]
) -> list[tuple[str, Item]]:
    labels = {source: item.label for source, item in kept}
    reasons = {
        file: why for name, pairs in looks.items() for file, why in mixed_up(pairs, name, labels).items()
    }
    left_out += [LeftOut(file, why) for file, why in sorted(reasons.items())]
    for source, item in kept:
        if source in reasons:
            _unlink(item, folder)
    return [(source, item) for source, item in kept if source not in reasons]


def _unlink(item: Item, folder: Path) -> None:
    for file in (item.file, *item.maps.values()):
        (folder / file).unlink()


def _drop_thin_labels(
    kept: list[tuple[str, Item]], minimum: int, folder: Path, left_out: list[LeftOut]
) -> list[tuple[str, Item]]:
    materials: dict[str, set[str]] = {}
    for _, item in kept:
        materials.setdefault(item.label, set()).add(item.material)
    thin = {label: len(names) for label, names in materials.items() if len(names) < minimum}
    for source, item in kept:
        if item.label in thin:
            noun = "material" if thin[item.label] == 1 else "materials"
            reason = f"label {item.label!r} has {thin[item.label]} usable {noun}, fewer than {minimum}"
            reason += " (--min-per-label)"
            left_out.append(LeftOut(source, reason))
            _unlink(item, folder)
    for label_folder in sorted(folder.glob("*/*/")):
        if not any(label_folder.iterdir()):
            label_folder.rmdir()
    return [(source, item) for source, item in kept if item.label not in thin]


def _frozen_split(out: Path) -> dict[str, bool]:
    """Group -> whether it is held out, of the dataset that stands at `out` already."""
    try:
        return {item.group: item.split == "heldout" for item in read_manifest(out).items}
    except DatasetError:  # none, or one that cannot be read and will be replaced
        return {}


def _split(kept: list[tuple[str, Item]], share: float, frozen: dict[str, bool]) -> list[Item]:
    members: dict[str, dict[str, set[str]]] = {}
    for _, item in kept:
        members.setdefault(item.label, {}).setdefault(item.group, set()).add(item.material)
    sizes = {
        label: {group: len(names) for group, names in groups.items()} for label, groups in members.items()
    }
    held = held_out_groups(sizes, share, frozen)
    return [replace(item, split="heldout") if item.group in held else item for _, item in kept]


def _move_into_place(temporary: Path, manifest: Manifest, out: Path, force: bool) -> bool:
    """Rename the finished folder to `out`; True when the same dataset stood there already."""
    if (out / FILE_NAME).is_file():
        try:
            same = read_manifest(out).sha256 == manifest.sha256
        except DatasetError:
            same = False
        if same and not force:
            return True
        if not force:
            raise DatasetError(
                f"{out}: holds another dataset. Choose another --out, or --force to replace it."
            )
        old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent))
        os.replace(out, old)
        os.replace(temporary, out)
        shutil.rmtree(old)
        return False
    if out.is_dir():
        out.rmdir()  # an empty folder, see _check_target
    os.replace(temporary, out)
    return False


def _first_reasons(left_out: list[LeftOut]) -> str:
    if not left_out:
        return "It is empty."
    shown = "; ".join(f"{entry.file}: {entry.reason}" for entry in left_out[:3])
    return f"Left out: {shown}{f'; and {len(left_out) - 3} more' if len(left_out) > 3 else ''}."
