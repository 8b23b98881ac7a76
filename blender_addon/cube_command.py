"""`gancube cube` from a request to files: the stages, their seconds, what is said meanwhile. Prints nothing.

Previous station: cli.py (the arguments). The stages are those of the panel: engine.model.generate, then
scene.assets.make_cube; Blender is imported only when all that can fail without it has succeeded.
"""

import atexit
import contextlib
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .answers import check_text
from .engine import library, png, recipe, recipe_files, transform_recipe
from .engine.card import MAPS, Card
from .engine.chained import chain_of, chained, with_chain
from .engine.errors import GanCubeError, OutputError, RecipeError
from .engine.files import atomic_path
from .engine.mark import credited, mark_of
from .engine.measures import tile_seam
from .engine.model import Model, check_size, generate
from .engine.new_recipe import new_recipe
from .engine.pixels import TextureSet, to_uint8
from .engine.surface_request import SurfaceRequest
from .quiet import captured_output

OUT_SUFFIXES = (".glb", ".blend")
RENDER_SUFFIXES = (".png",)
LIBRARY_SUFFIXES = (".blend",)


@dataclass(frozen=True)
class CubeFiles:
    """Where the results go. library: a .blend file that gets the cube as one more asset, in `catalog`, by `author`."""

    out: Path | None
    render: Path | None = None
    library: Path | None = None
    catalog: str | None = None
    author: str | None = None


@dataclass
class Made:
    """What was made, for the answer. seconds: {stage: s} in order of the work; tile_r: one per face."""

    model: Model
    textures: list[TextureSet]
    tile_r: list[float]
    recipe: recipe.Recipe
    files: list[Path]
    seconds: dict[str, float] = field(default_factory=dict)


def check_outputs(files: CubeFiles) -> None:
    """OutputError before any work for a path that cannot be written in the end."""
    if files.out is None and files.library is None:
        raise OutputError(
            "nowhere to write to. Give --out FILE.glb, --out FILE.blend or --library FILE.blend."
        )
    if files.library is None and (files.catalog or files.author):
        raise OutputError("--catalog and --author are those of an asset. Give --library FILE.blend, too.")
    wanted = {files.out: OUT_SUFFIXES, files.render: RENDER_SUFFIXES, files.library: LIBRARY_SUFFIXES}
    for path, suffixes in wanted.items():
        if path is None:
            continue
        if path.suffix.lower() not in suffixes:
            raise OutputError(f"{path}: the name must end in {' or '.join(suffixes)}.")
        with contextlib.suppress(Withdrawn), atomic_path(path):
            raise Withdrawn


class Withdrawn(Exception):
    """Ends a trial write: the temporary file goes, and nothing of the name is changed."""


def find_model(name: str | None, wanted: recipe.Recipe | None) -> Path:
    """The model file: as named, else as the recipe says (the same weights under any name), else the shipped one."""
    folders = library.folders()
    if name is not None:
        return library.find(name, folders)
    if wanted is None:
        return library.default(folders)
    same = [entry.path for entry in library.entries(folders) if entry.sha256 == wanted.model["sha256"]]
    return same[0] if same else library.find(wanted.model["name"], folders)


def make(
    cube: SurfaceRequest,
    provider: str,
    files: CubeFiles,
    wanted: recipe.Recipe | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> Made:
    """Makes the cube and writes its files, all or none.

    cube.model is the model file. wanted: the recipe to follow, whose model must be this one. tell: is
    called with a line for each thing that begins.
    """
    seconds: dict[str, float] = {}
    started = time.perf_counter()
    with stage(seconds, "load"):
        tell(f"loading {cube.model}")
        model = Model.load(cube.model, provider)
        if wanted is not None and wanted.model["sha256"] != model.sha256:
            raise RecipeError(
                f"{cube.model}: is not the model of the recipe, which names {wanted.model['name']} "
                f"with SHA-256 {wanted.model['sha256'][:12]}..., this one has {model.sha256[:12]}.... "
                "Name the right file with --model."
            )
        request = cube.to_request(model.card)
        check_size(model.card, request.size)
        chain = chain_of(wanted, provider) if wanted is not None else []
        tell(
            f"running on {model.provider}, {check_text(model.check)}{'; ' + model.note if model.note else ''}"
        )
    with stage(seconds, "generate"):
        textures = generate(
            model, request, lambda done, count: tell(f"face {done + 1} of {count}") if done < count else None
        )
    if chain:
        with stage(seconds, "transform"):
            names = " and ".join(one.card.name for one, _ in chain)
            tell(f"transforming with {names}")
            textures = chained(textures, chain, model.card.tileable)
    with stage(seconds, "measure"):
        tile_r = [tile_seam(texture.maps["base_color"]) for texture in textures]
    with stage(seconds, "blender"):
        tell("starting Blender")
        blender = start_blender()
    record = with_chain(new_recipe(cube, request, model, blender), chain, model.card.tileable)
    text = recipe.dumps(record)
    with stage(seconds, "encode"):
        maps = [
            {name: png.encode(to_uint8(pixels), {recipe.KEY: text}) for name, pixels in texture.maps.items()}
            for texture in textures
        ]
    colorspaces = {name: MAPS[name][0] for name in maps[0]}
    card = credited(model.card, [one.card for one, _ in chain])
    data = scene_bytes(textures, maps, colorspaces, text, files, seconds, tell, card)
    with stage(seconds, "write"):
        write_all(data)
    seconds["total"] = time.perf_counter() - started
    return Made(model, textures, tile_r, record, list(data), seconds)


def scene_bytes(
    textures: list[TextureSet],
    maps: list[dict[str, bytes]],
    colorspaces: dict[str, str],
    text: str,
    files: CubeFiles,
    seconds: dict[str, float],
    tell: Callable[[str], None],
    card: Card,
) -> dict[Path, bytes]:
    """The content of each file. Whatever is open in Blender stays as it was."""
    with captured_output():
        from .scene.assets import FacePixels, make_cube
        from .scene.export import glb_bytes, marked_blend_bytes
        from .scene.library_file import library_files
        from .scene.render import picture_bytes
        from .scene.session import nothing_left_behind

        data = {}
        with nothing_left_behind():
            with stage(seconds, "scene"):
                faces = [FacePixels(t.seed, t.label, m) for t, m in zip(textures, maps, strict=True)]
                cube = make_cube(faces, colorspaces, text)
            if files.out is not None:
                with stage(seconds, "export"):
                    tell(f"exporting {files.out.name}")
                    is_glb = files.out.suffix.lower() == ".glb"
                    mark = mark_of(text, card)
                    data[files.out] = (
                        glb_bytes([cube], text, mark) if is_glb else marked_blend_bytes(cube, mark)
                    )
            if files.render is not None:
                with stage(seconds, "render"):
                    tell(f"rendering {files.render.name}")
                    data[files.render] = picture_bytes(cube, text)
            if files.library is not None:
                with stage(seconds, "library"):
                    tell(f"adding to {files.library.name}")
                    catalog, author = files.catalog or "GAN Cubes", files.author or ""
                    data |= library_files(cube, card, files.library, catalog, author)
    return data


def write_all(data: dict[Path, bytes]) -> None:
    """Writes every file or none: names appear only after all bytes are on the disk."""
    with contextlib.ExitStack() as names:
        for path, content in data.items():
            draft = names.enter_context(atomic_path(path))
            try:
                draft.write_bytes(content)
            except OSError as error:
                raise OutputError(
                    f"{path}: could not be written ({error.strerror or error}). Is the disk full? Nothing was kept."
                ) from error


def start_blender() -> str:
    """Imports bpy where this is not Blender yet; returns its version.

    As a module it reads no settings of the user: `import bpy` would put their extensions, with wheels
    of any version, ahead of the environment's own packages.
    """
    with captured_output():
        alone = "bpy" not in sys.modules
        if alone and "BLENDER_USER_RESOURCES" not in os.environ:
            folder = tempfile.mkdtemp(prefix="gancube-blender-")
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            os.environ["BLENDER_USER_RESOURCES"] = folder
        try:
            import bpy
        except ImportError as error:
            raise GanCubeError(
                f"Blender's module bpy cannot be imported ({error}). Install it (`pip install bpy`), "
                "or run `blender --command gancube`."
            ) from error
        if alone:
            bpy.ops.wm.read_factory_settings(use_empty=True)
        return bpy.app.version_string


def read_recipe(named: str) -> recipe.Recipe:
    """The recipe of textures in a .json, .png, .glb or .blend file, or the JSON itself."""
    return recipe.loads(*recipe_text(named))


def read_any_recipe(named: str) -> recipe.Recipe | transform_recipe.TransformRecipe:
    """The same, also of a transformed picture."""
    return transform_recipe.loads_any(*recipe_text(named))


def recipe_text(named: str) -> tuple[str, str]:
    """The JSON, unchecked, and where it stands, for messages."""
    if named.lstrip().startswith("{"):
        return named, "recipe"
    path = Path(named)
    if path.suffix.lower() != ".blend":
        return recipe_files.text_in(path), str(path)
    start_blender()
    with captured_output():
        from .scene import blend_file

        return blend_file.read_recipe(path), str(path)


@contextlib.contextmanager
def stage(seconds: dict[str, float], name: str) -> Iterator[None]:
    """Adds the time of the block to seconds[name]."""
    started = time.perf_counter()
    yield
    seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - started
