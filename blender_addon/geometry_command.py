"""`gancube geometry`: the shape of meshes as pictures, for generators that take one and to train such. Blender only
behind a run.

Previous station: cli.py. Next: scene/geometry.py. What comes out, `gancube transform` takes by its names.
"""

import json
import os
import tempfile
from pathlib import Path

from .engine.card import GEOMETRY
from .engine.errors import GanCubeError, OutputError, RequestError
from .engine.files import write_atomic
from .engine.mark import BAKE_KEY
from .engine.sizes import check_bake_size
from .engine.written_files import check_written, named_apart
from .transform_command import say, side, silent, stopped

EXAMPLES = """examples:
  gancube geometry statue.glb --out maps                 statue_position.png, _object_normal, _ao, _curvature
  gancube geometry *.obj --size 512 --out maps --json"""
FITS_NONE = (
    "They fit no UV map of the file; gancube transform MESH --model GENERATOR paints it with UVs that fit."
)
MESHES = (".glb", ".obj", ".fbx", ".blend")


def add_geometry(commands, add_command) -> None:
    parser = add_command(
        commands, "geometry", run_geometry, "bake the shape of meshes into pictures", EXAMPLES
    )
    parser.add_argument("meshes", metavar="MESH", nargs="+", help=f"files that end in {', '.join(MESHES)}")
    parser.add_argument("--size", metavar="PIXELS", help="of the pictures (default: 1024)")
    parser.add_argument("--out", metavar="DIR", required=True, help="a folder for the pictures")
    parser.add_argument("--json", action="store_true", help="answer with one JSON object")
    parser.add_argument("--quiet", action="store_true", help="no progress on standard error")


def run_geometry(arguments) -> int:
    from .cube_command import start_blender
    from .engine.unnamed_files import check_unnamed
    from .quiet import captured_output

    sources, out, size = [Path(one) for one in arguments.meshes], Path(arguments.out), side(arguments.size)
    for source in sources:
        if source.suffix.lower() not in MESHES:
            raise RequestError(
                f"{source}: is no mesh that is read. Files that end in {', '.join(MESHES)} are."
            )
        if not source.is_file():
            raise RequestError(f"{source}: no such file.")
    names = [[out / f"{name}_{key}.png" for key in GEOMETRY] for name in named_apart(sources)]
    written = [path for files in names for path in files]
    check_written(written, sources)
    check_unnamed(written)
    check_bake_size(size)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{out}: cannot be made ({error.strerror or error}).") from error
    tell = silent if arguments.quiet else say
    start_blender()
    files, notes, faults = [], [], []
    for number, (source, paths) in enumerate(zip(sources, names, strict=True)):
        tell(f"mesh {number + 1} of {len(sources)}: {source.name}")
        try:
            with captured_output():
                made, note = baked(source, size)
            notes += [note] if note else []
            files += [str(write_atomic(path, made[key])) for key, path in zip(GEOMETRY, paths, strict=True)]
        except GanCubeError as error:
            faults.append(str(error))
        except KeyboardInterrupt as error:
            raise stopped(len(files) // len(GEOMETRY), len(sources), "mesh", "meshes") from error
    if arguments.json:
        said = {"files": [os.path.abspath(one) for one in files], "notes": notes, "faults": faults}
        print(json.dumps(said))
    else:
        print("\n".join([*(f"wrote  {one}" for one in files), *(f"note   {one}" for one in notes)]))
    if faults:
        raise RequestError(f"{len(faults)} of {len(sources)} meshes were left out: {' '.join(faults)}")
    return 0


def baked(source: Path, size: int) -> tuple[dict[str, bytes], str]:
    """{map name: PNG} of all meshes of a file together, and a sentence where they are laid out by no UV map of it."""
    from .engine import png
    from .scene.geometry import geometry_steps
    from .scene.mesh_source import from_file
    from .scene.session import nothing_left_behind

    with nothing_left_behind(), tempfile.TemporaryDirectory(prefix="gancube-") as folder:
        item = from_file(source, "", source.stem)
        steps = geometry_steps(
            item.session_uid, GEOMETRY, size, Path(folder) / "bake", threads=os.cpu_count() or 1
        )
        while True:
            try:
                next(steps)
            except StopIteration as stop:
                found = stop.value
                pixels = {name: png.decode(file.read_bytes())[0] for name, file in found.files.items()}
                break
    grey = ("ao", "curvature")
    text = {BAKE_KEY: json.dumps({"source": source.name, **found.bake})}
    made = {name: png.encode(one[..., : 1 if name in grey else 3], text) for name, one in pixels.items()}
    return made, "" if found.uvs is None else f"{found.note or f'{source.name}: has no UV map.'} {FITS_NONE}"
