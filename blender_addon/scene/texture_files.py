"""The maps of an object as image files, marked: in a folder beside the formats that refer to them. bpy only.

Previous station: looks.py. Next: usd.py, obj.py, fbx.py; the format "png" is these files alone.
"""

from dataclasses import dataclass
from pathlib import Path

from ..engine import image_file, xmp
from ..engine.errors import ImageError, OutputError
from ..engine.files import write_atomic
from ..engine.mark import Mark
from .encode import encoded
from .looks import Look


@dataclass(frozen=True)
class Textures:
    """`names`: for each look {map name: name of its file}; `data`: {name of a file: its bytes}."""

    names: list[dict[str, str]]
    data: dict[str, bytes]

    def below(self, folder: str) -> list[dict[str, str]]:
        """The names as paths relative to the file that `folder` lies beside."""
        return [{one: f"{folder}/{name}" for one, name in maps.items()} for maps in self.names]


def textures(looks: list[Look], mark: Mark, encoding: str = "PNG") -> Textures:
    names, data = [], {}
    for look in looks:
        maps = {}
        for map_name, png in look.maps.items():
            image = encoded(png, encoding, map_name == "base_color")
            suffix = image_file.SUFFIX[image_file.kind_of(image)]
            maps[map_name] = f"{look.part}_{map_name}".lstrip("_") + suffix
            data[maps[map_name]] = marked(image, mark)
        names.append(maps)
    return Textures(names, data)


def marked(image: bytes, mark: Mark, with_recipe: bool = True) -> bytes:
    """The image with the mark in it; a JPEG that cannot hold the recipe of a long latent goes without that."""
    try:
        return image_file.add_xmp(image, xmp.packet(mark, with_recipe))
    except ImageError:
        return image_file.add_xmp(image, xmp.packet(mark, with_recipe=False))


def write_textures(made: Textures, folder: Path) -> list[Path]:
    if made.data:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise OutputError(f"{folder}: cannot be made ({error.strerror or error}).") from error
    return [write_atomic(folder / name, data) for name, data in made.data.items()]


def folder_of(path: Path) -> Path:
    """Beside every file with this name (without suffix): one folder for all formats."""
    return path.with_name(f"{path.name}_textures")
