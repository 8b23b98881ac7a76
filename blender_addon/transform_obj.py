"""`gancube transform` on an OBJ: the colours of its materials changed, other maps beside them where
the chain gives any, the geometry as it was. Never bpy itself.

The text is kept line by line; only the name of the MTL changes, and in that the names of the images, which lie beside
the result in NAME_textures: the changed ones and copies of the others. Previous station: transform_command.py.
"""

from pathlib import Path, PurePosixPath

from .engine.errors import OutputError, RequestError, SurfaceError
from .engine.files import write_atomic
from .engine.obj import MAP_WORDS
from .engine.transform_run import mark, pngs, run
from .transform_command import parts
from .transform_files import source_in

COLOR = MAP_WORDS["base_color"].lower()
WIRED = ("metallic", "roughness", "normal", "height")
WORDS = {
    *(word.lower() for word in MAP_WORDS.values()),
    "map_bump",
    "bump",
    "map_ka",
    "map_ks",
    "map_ns",
    "map_ke",
}


def transform_obj(source: Path, out: Path, chain: list, wraps: bool | None, tell) -> list[Path]:
    """OUT.obj, OUT.mtl and OUT_textures; RequestError where there is nothing to change."""
    lines = text_of(source)
    named = [line.split(None, 1)[1] for line in lines if line.startswith("mtllib ")]
    materials = [(source.parent / name, line) for name in named for line in text_of(source.parent / name)]
    folder = out.with_name(f"{out.stem}_textures")
    made: dict[str, bytes] = {}
    maps: dict[str, dict[str, bytes]] = {}  # of each changed image
    written, changed = [], 0
    for library, line in materials:
        word, _, rest = line.strip().partition(" ")
        if word.lower() not in WORDS or not rest.strip():
            written.append(line)
            continue
        name, data = image_of(library.parent, rest.strip())
        if word.lower() == COLOR:
            name = PurePosixPath(name).with_suffix(".png").name
            if name not in maps:
                picture, text = run(
                    chain, source_in(data, "base_color"), wraps, progress=parts(name, chain, tell)
                )
                maps[name] = pngs(picture, text, mark(text, chain, out.stem))
                made[name] = maps[name]["base_color"]
            changed += 1
        else:
            made.setdefault(name, data)
        written.append(f"{word} {folder.name}/{name}")
    written = with_maps(written, maps, made, folder.name)
    if not changed:
        raise RequestError(
            f"{source}: none of its materials shows an image as its colour. Nothing to change."
        )
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror or error}).") from error
    files = [write_atomic(folder / name, data) for name, data in made.items()]
    library = out.with_suffix(".mtl")
    files.append(write_atomic(library, ("\n".join(written) + "\n").encode("utf-8")))
    kept = [line for line in lines if not line.startswith("mtllib ")]
    first = next((i for i, line in enumerate(kept) if line and not line.startswith("#")), len(kept))
    kept.insert(first, f"mtllib {library.name}")
    return [write_atomic(out, ("\n".join(kept) + "\n").encode("utf-8")), *files]


def with_maps(lines: list[str], maps: dict, made: dict[str, bytes], folder: str) -> list[str]:
    """The lines of an MTL, in each material behind its colours the maps that they got, in place of those it had; the
    images go into `made`."""
    out: list[str] = []
    for block in materials_in(lines):
        shown = [line.rpartition("/")[2] for line in block if line.lower().startswith(COLOR + " ")]
        given = maps.get(shown[-1], {}) if shown else {}
        words = {MAP_WORDS[name].lower(): name for name in given if name in WIRED}
        relief = {"bump", "map_bump"} if {"normal", "height"} & set(given) else set()
        kept = [line for line in block if line.strip().partition(" ")[0].lower() not in {*words, *relief}]
        while kept and not kept[-1].strip():
            kept.pop()
        for name in words.values():
            file = f"{shown[-1].removesuffix('.png')}_{name}.png"
            while made.get(file, given[name]) != given[name]:  # another image of that name
                file = f"new_{file}"
            made[file] = given[name]
            kept.append(f"{MAP_WORDS[name]} {folder}/{file}")
        out += kept
    return out


def materials_in(lines: list[str]) -> list[list[str]]:
    """What stands before the first material, then each with its lines."""
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.strip().lower().startswith("newmtl"):
            blocks.append([])
        blocks[-1].append(line)
    return blocks


def text_of(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SurfaceError(f"{path}: cannot be read ({error.strerror or error}).") from error
    except UnicodeDecodeError as error:
        raise SurfaceError(f"{path}: is no text in UTF-8.") from error


def image_of(folder: Path, rest: str) -> tuple[str, bytes]:
    """(file name, bytes) of what a line names, perhaps behind options such as -bm 1."""
    name = rest.split()[-1] if rest.startswith("-") else rest
    path = folder / name.replace("\\", "/")
    try:
        return path.name, path.read_bytes()
    except OSError as error:
        raise SurfaceError(f"{path}: cannot be read ({error.strerror or error}).") from error
