"""Names of a batch's assets from a template, and which of them cannot be files. Standard library only; never bpy.

    "{label}/{target}-{seed:05}"  ->  "brick/cube-00007"

Previous station: plan.Group. A name is a path below the output folder with / between its folders.
"""

import re
from collections.abc import Iterator, Sequence
from string import Formatter

from . import asset_catalog
from .batch_report import FILE, PAGE, ROOM, SHEET
from .errors import RequestError
from .plan import Group, Target

FIELDS = ("target", "mode", "model", "label", "size", "seed", "variation", "index")
NUMBERS = ("size", "seed", "variation", "index")
LONGEST = 180  # characters: Windows ends at 260 of a whole path
LONGEST_PART = 200  # bytes in UTF-8: file systems end at 255 of each part, and suffixes come behind
OWN_FILES = (FILE, PAGE, SHEET, ROOM, asset_catalog.FILE)  # of the run, in the output folder
FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"\\|?*]')
TEXTURES = "_textures"  # behind a name: the folder of its textures, as scene/texture_files.py has it
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)  # of Windows


def default_template(group: Group) -> str:
    """What tells the assets of the group apart."""
    parts = ["{target}"] if len(group.targets) > 1 or not group.targets[0].is_cube else ["cube"]
    parts += ["{model}"] * (len(group.models) > 1)
    parts += ["{label}"] * any(label is not None for label in group.labels)
    parts += ["{size}"] * (len(group.sizes) > 1)
    parts += ["{seed}"]
    parts += ["{variation}"] * (group.variations > 1)
    return "-".join(parts)


def check_template(template: str) -> None:
    """RequestError with a sentence for a template that cannot name anything."""
    check_fields(template)
    if fault := fault_of(render(template, {name: 0 if name in NUMBERS else "x" for name in FIELDS})):
        raise RequestError(fault)


def check_fields(template: str) -> None:
    """RequestError where what stands in braces is not known."""
    try:
        parts = list(Formatter().parse(template))
    except ValueError as error:
        raise RequestError(f"{template!r} is no template ({error}).") from error
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in FIELDS:
            raise RequestError(
                f"{{{name}}} is not known; {', '.join('{' + one + '}' for one in FIELDS)} are."
            )
        if conversion or (form and (name not in NUMBERS or not re.fullmatch(r"0?[0-9]{1,2}", form))):
            raise RequestError(
                f"{{{name}:{form}}} is no form for it; {{seed:05}} writes a number with five digits."
            )


def fields_of(target: Target, model: tuple, label, size, seed: int, variation: int, index: int) -> dict:
    source = target.source.replace("\\", "/").rsplit("/", 1)[-1]
    stem = target.object or (source.rsplit(".", 1)[0] if target.is_file else source)
    return {
        "target": plain(stem),
        "mode": target.mode,
        "model": plain(model[0]),
        "label": plain("+".join(label) if isinstance(label, dict) else label or "any"),
        "size": size or model[3],
        "seed": seed,
        "variation": variation + 1,
        "index": index + 1,
    }


def plain(word: str) -> str:
    """A word as part of a name: a / in a label opens no folder."""
    return re.sub(r"[/.\s]+", "-", FORBIDDEN.sub("-", word)).strip("-") or "-"


def render(template: str, fields: dict) -> str:
    return template.format_map(fields)


def fault_of(name: str) -> str:
    """Why this cannot be a path below the output folder, or ""."""
    parts = name.split("/")
    if len(name) > LONGEST:
        return f"the name {name[:40]}... is longer than {LONGEST} characters."
    if any(len(part.encode("utf-8", "surrogatepass")) > LONGEST_PART for part in parts):
        return f"the name {name[:40]}... has a part that is longer than {LONGEST_PART} bytes in UTF-8."
    if name.startswith("/") or ".." in parts or re.match(r"[A-Za-z]:", name):
        return f"the name {name!r} leads out of the output folder."
    if FORBIDDEN.search(name):
        return f"the name {name!r} holds {FORBIDDEN.search(name)[0]!r}, which a file name cannot hold everywhere."
    if any(part in ("", ".") or part[0] in ". " or part[-1] in ". " for part in parts):
        return f"the name {name!r} has a part that is empty, or begins or ends with a dot or a blank."
    if any(DEVICES.fullmatch(part) for part in parts):
        return f"the name {name!r} is that of a device in Windows."
    if parts[0].casefold() in OWN_FILES:
        return f"the name {name!r} is that of a file of the run itself, {parts[0].casefold()}."
    return ""


def collisions(names: Sequence[str], flat: bool) -> Iterator[tuple[int, int, str]]:
    """(number, number of the other, what is wrong) of each name that another is in the way of.

    Case does not count: it does not in Windows and macOS. flat: textures then lie in NAME_textures beside the files.
    """
    seen: dict[str, int] = {}
    for number, name in enumerate(names):
        other = seen.setdefault(name.casefold(), number)
        if other != number:
            advice = "Put what tells them apart into it, as {label} or {index}."
            yield number, other, f"two assets are called {name!r}. {advice}"
    taken = {low + TEXTURES: number for low, number in seen.items()} if flat else {}
    for low, number in seen.items():
        parts = low.split("/")
        for n in range(1, len(parts)):
            above = "/".join(parts[:n])
            if above in seen:
                other = seen[above]
                yield (
                    number,
                    other,
                    f"{names[number]!r} would lie in the folder of another asset, {names[other]!r}.",
                )
            elif above in taken:
                other = taken[above]
                yield number, other, f"{names[number]!r} would lie among the textures of {names[other]!r}."
