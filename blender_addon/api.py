"""For people who write their own pipelines: generate, apply, export. What `gancube batch` does to each asset.

    from blender_addon import api

    model = api.load("materials")
    made = api.generate(model, seed=7, label="brick", size=256)     # numpy and onnxruntime: any thread
    cube = api.apply(made, name="Wall")                             # from here on bpy: the main thread
    barrel = api.apply(made_too, api.Target("barrel.glb", mode="tile", width=0.5), name="Barrel")
    files = api.export(cube, "out/wall", ["glb", "usdz"], made)
    api.clear(cube)

Everything raises a GanCubeError with a sentence where the input is at fault. In a Blender with a file open, put the
calls between `with api.nothing_left_behind():` and take what you keep out first.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from .engine import library, png, recipe
from .engine.card import Card
from .engine.mark import Mark, mark_of
from .engine.model import Model
from .engine.model import generate as generate_textures
from .engine.new_recipe import new_recipe
from .engine.pixels import TextureSet, to_uint8
from .engine.plan import Target
from .engine.surface_request import SurfaceRequest

__all__ = ["Generated", "Target", "apply", "export", "generate", "load"]


@dataclass(frozen=True)
class Generated:
    """Textures with their recipe. `textures`: arrays; `maps`: of each texture {map name: PNG bytes}."""

    request: SurfaceRequest
    card: Card
    textures: list[TextureSet]
    maps: list[dict[str, bytes]]
    recipe: str

    @property
    def colorspaces(self) -> dict[str, str]:
        return {spec.name: spec.colorspace for spec in self.card.maps}

    def mark(self, title: str = "GAN Cube", tags: Iterable[str] = ()) -> Mark:
        return mark_of(self.recipe, self.card, title, tags)


def load(name: str | Path | None = None, provider: str = "auto", threads: int | None = None) -> Model:
    """A generator by name or file; None is the shipped one."""
    folders = library.folders()
    path = library.default(folders) if name is None else library.find(name, folders)
    return Model.load(path, provider, threads)


def generate(model: Model, request: SurfaceRequest | None = None, *, surface: str = "cube", **wanted) -> Generated:
    """The textures of `request`, or of `seed=`, `label=`, `size=`, `images=` and what else a SurfaceRequest has.

    surface: "cube" (six images), "tile" and "box" (one), or "faces" (as many as `images`).
    """
    if request is None:
        request = SurfaceRequest(model=str(model.path), surface=surface, **wanted)
    textures_wanted = request.to_request(model.card)
    textures = generate_textures(model, textures_wanted)
    text = recipe.dumps(new_recipe(request, textures_wanted, model, blender_version()))
    maps = [
        {name: png.encode(to_uint8(pixels), {recipe.KEY: text}) for name, pixels in one.maps.items()}
        for one in textures
    ]
    return Generated(request, model.card, textures, maps, text)


def blender_version() -> str:
    from .cube_command import start_blender

    return start_blender()


def apply(made: Generated, target=None, name: str = "GAN Cube", threads: int = 1):
    """An object that shows `made`: None is the GAN cube, a Target what it describes, or an object of yours.

    An object of yours is textured in place by a Target() of the surface that was generated. `threads` bake.
    """
    from .scene.batch_asset import textured

    return textured(made, target, name, threads)


def export(
    item, path: str | Path, formats: Iterable[str], made: Generated, encoding: str = "png", tags: Iterable[str] = ()
) -> list[Path]:
    """Writes PATH.glb and so on; all files, in the order of the formats, the main one of each first."""
    from .scene.batch_asset import exported

    mark = made.mark(replace_title(item), tags)
    return [file for files in exported(item, Path(path), formats, mark, encoding).values() for file in files]
