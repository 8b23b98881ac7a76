"""`gancube transform` on an OBJ: the colours of its materials changed, other maps beside them where
the chain gives any, the geometry as it was. Never bpy itself.

    read -> what of each material goes in -> names of all that is written, checked -> the chain -> written

The text is kept line by line; only the name of the MTL changes, and in that the names of the images, which lie beside
the result in NAME_textures: the changed ones and copies of the others. Previous station: obj_materials.py.
"""

from dataclasses import dataclass, field
from pathlib import Path

from .engine import obj
from .engine.chain_maps import after, needed
from .engine.errors import OutputError, RequestError
from .engine.files import write_atomic
from .engine.mtl import map_line
from .engine.obj import MAP_WORDS
from .engine.transform_recipe import combined
from .engine.transform_run import mark, pngs, run
from .engine.unnamed_files import check_unnamed, is_ours
from .engine.written_files import check_written
from .obj_materials import (
    Material,
    bytes_of,
    libraries_of,
    materials_of,
    text_of,
    told_by,
    without_uvs,
    words_of,
)
from .transform_command import parts
from .transform_files import as_one, source_in

WIRED = ("metallic", "roughness", "normal", "height")
RELIEF = ("bump", "map_bump")  # gives way to a normal or a height


@dataclass
class Names:
    """Of the files in a folder: no two the same, whatever the system takes for that."""

    known: set[str] = field(default_factory=set)

    def new(self, name: str) -> str:
        path, number, made = Path(name), 2, name
        while made.lower() in self.known:
            made, number = f"{path.stem}-{number}{path.suffix}", number + 1
        self.known.add(made.lower())
        return made


def transform_obj(source: Path, out: Path, chain: list, wraps: bool | None, tell) -> list[Path]:
    """OUT.obj, OUT.mtl and OUT_textures; RequestError where there is nothing to change."""
    cards = [model.card for model, _ in chain]
    lines, wanted = text_of(source), needed(cards)
    lacking: list[str] = []
    libraries = libraries_of(source, lines, lacking.append)
    materials = [one for path in libraries for one in materials_of(path, lacking.append)]
    for sentence in lacking:
        tell(sentence)
    bare = without_uvs(lines)
    for one in materials:
        if one.name in bare and "base_color" in one.shown:
            tell(
                f"the material {one.name} is skipped: no face that shows it has UVs, so no image lies on it."
            )
        else:
            one.job = job_of(source, one, wanted)
    jobs = dict.fromkeys(one.job for one in materials if one.job)
    if not jobs:
        raise RequestError(
            f"{source}: none of its materials shows an image as its colour"
            + (", or its faces have no UVs" if bare else "")
            + ". Nothing to change."
            + "".join(f" {sentence}" for sentence in lacking)
        )
    folder, library = out.with_name(f"{out.stem}_textures"), out.with_suffix(".mtl")
    names = Names()
    given = [name for name in after(wanted, cards) if name in ("base_color", *WIRED)]
    files = {job: named(job, given, names) for job in jobs}  # {job: {map name: file name}}
    kept = copies(materials, given, names)
    inside = [*(name for maps in files.values() for name in maps.values()), *kept.values()]
    beside = [library, *(folder / name for name in inside)]
    check_written(
        [out, *beside], [source, *libraries, *(path for one in materials for path in one.images.values())]
    )
    check_unnamed(() if is_ours(out) else beside, out)  # copies of images in an OBJ of ours say nothing
    made, texts, sources, earlier = {}, {}, [], told_by(lines)
    for job in jobs:
        shown = as_one(
            [source_in(bytes_of(path), name) for name, path in zip(wanted, job, strict=True)], earlier
        )
        label = files[job]["base_color"]
        picture, text = run(chain, shown, wraps, progress=parts(label, chain, tell))
        maps = pngs(picture, text, mark(text, chain, out.stem, [shown]))
        made |= {files[job][name]: maps[name] for name in given}
        texts[label] = text
        sources.append(shown)
    made |= {name: bytes_of(path) for path, name in kept.items()}
    head = obj.comment(mark(combined(texts), chain, out.stem, sources))
    written = [line for one in materials for line in rewritten(one, given, files, kept, folder.name)]
    return write(out, head, with_library(lines, library.name), folder, made, library, written)


def write(out: Path, head: str, lines, folder: Path, made: dict, library: Path, materials) -> list[Path]:
    """The main one last, so that what is there is whole; it is named first."""
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror or error}).") from error
    files = [write_atomic(folder / name, data) for name, data in made.items()]
    files.append(write_atomic(library, text_bytes(head, materials)))
    return [write_atomic(out, text_bytes(head, lines)), *files]


def text_bytes(head: str, lines: list[str]) -> bytes:
    """With our own head in place of an earlier one."""
    first = head.splitlines()[0]
    kept = [line for line in lines if line != first and not line.startswith(obj.COMMENT)]
    return (head + "\n".join(kept) + "\n").encode("utf-8")


def job_of(source: Path, one: Material, wanted: tuple[str, ...]) -> tuple[Path, ...]:
    if "base_color" not in one.shown:
        return ()
    for name in wanted:
        if name not in one.shown:
            raise RequestError(
                f"{source}: the generator needs the map {name}, which the material {one.name} does not show. "
                f"Give it a line {MAP_WORDS.get(name, name)}, or choose another generator."
            )
    return tuple(one.shown[name].resolve() for name in wanted)


def named(job: tuple[Path, ...], given: list[str], names: Names) -> dict[str, str]:
    """{map name: file name} of what the chain gives for these files, after that of the colours."""
    color = names.new(f"{job[0].stem}.png")
    stem = color.removesuffix(".png")
    return {
        name: color if name == "base_color" else names.new(f"{stem}_{name}.png")
        for name in sorted(given, key="base_color".__ne__)
    }


def copies(materials: list[Material], given: list[str], names: Names) -> dict[Path, str]:
    """{file: name of its copy} of the images that stay."""
    kept: dict[Path, str] = {}
    for one in materials:
        for number, path in one.images.items():
            if not replaced(one, number, given) and path.resolve() not in kept:
                kept[path.resolve()] = names.new(path.name)
    return kept


def replaced(one: Material, number: int, given: list[str]) -> bool:
    """Does the chain give what this line names?"""
    found = map_line(one.lines[number])
    if not one.job or found is None:
        return False
    relief = found.word.lower() in RELIEF and {"normal", "height"} & set(given)
    return found.role in given or bool(relief)


def rewritten(one: Material, given: list[str], files: dict, kept: dict, folder: str) -> list[str]:
    """The lines of a material: the colours in their place, behind them all the other maps that it got, in place of
    those it had, with the options of these or else of the colours."""
    lines, options = [], {}
    for number, line in enumerate(one.lines):
        found = map_line(line)
        if found is not None and replaced(one, number, given):
            options[found.role] = found
            if found.role == "base_color":
                lines.append(found.naming(f"{folder}/{files[one.job]['base_color']}"))
        elif number in one.images:
            lines.append(found.naming(f"{folder}/{kept[one.images[number].resolve()]}"))
        else:
            lines.append(line)
    if not one.job:
        return lines
    while lines and not lines[-1].strip():
        lines.pop()
    for name in given:
        if name != "base_color":
            like = options.get(name, options["base_color"])
            word = MAP_WORDS[name]
            scale = like.options if like.role == name else placement(like.options)
            lines.append(" ".join(part for part in (word, scale, f"{folder}/{files[one.job][name]}") if part))
    return lines


def placement(options: str) -> str:
    """Those options of the colours that say where an image lies: -o, -s, -t, -clamp."""
    words, kept, taking = options.split(), [], False
    for word in words:
        if word.startswith("-") and not word.lstrip("-")[:1].isdigit() and word[1:2] != ".":
            taking = word.lower() in ("-o", "-s", "-t", "-clamp")
        if taking:
            kept.append(word)
    return " ".join(kept)


def with_library(lines: list[str], name: str) -> list[str]:
    """One mtllib in place of all, or before the first statement."""
    is_library = [words_of(line)[:1] == ["mtllib"] for line in lines]
    at = is_library.index(True)
    kept = [line for line, drop in zip(lines, is_library, strict=True) if not drop]
    kept.insert(at, f"mtllib {name}")
    return kept
