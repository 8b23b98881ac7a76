"""Textures that move: numbered PNG files in a folder, and image datablocks that play them round and round. bpy only.

    FOLDER/<part>/<map>_0001.png ... <map>_0048.png        part: "+X" ... "-Z", or "texture"

Previous station: the panel's worker, frame by frame. The folder is filled under a temporary name and renamed when it
is whole. Blender does not pack sequences, so it belongs to the .blend file and moves with it.
"""

import contextlib
import os
import shutil
from pathlib import Path

import bpy

from ..engine.errors import OutputError
from .images import RECIPE_KEY, png_size
from .steps import Images


class Frames:
    """A folder that is being filled. `target` must not exist."""

    def __init__(self, target: Path):
        self.target = target
        self.folder = target.with_name(f".{target.name}.partial")
        self.finished = False
        self.maps: list[str] = []
        self.sizes: dict[str, tuple[int, int]] = {}
        if target.exists():
            raise OutputError(f"{target}: exists already. Choose another name.")
        try:
            shutil.rmtree(self.folder, ignore_errors=True)  # of a run that was killed
            self.folder.mkdir(parents=True)
        except OSError as error:
            raise OutputError(
                f"{target}: cannot be made ({error.strerror or error}). Save the file elsewhere."
            ) from error

    def add(self, frame: int, part: str, maps: dict[str, bytes]) -> None:
        """One texture of a frame (from 0)."""
        try:
            (self.folder / part).mkdir(exist_ok=True)
            for name, png in maps.items():
                (self.folder / part / file_name(name, frame)).write_bytes(png)
        except OSError as error:
            raise OutputError(
                f"{self.target}: cannot be written ({error.strerror or error}). Is the disk full?"
            ) from error
        self.maps = list(maps)
        self.sizes[part] = png_size(next(iter(maps.values())))

    def finish(self) -> None:
        os.replace(self.folder, self.target)
        self.finished = True

    def discard(self) -> None:
        shutil.rmtree(self.target if self.finished else self.folder, ignore_errors=True)


def file_name(map_name: str, frame: int) -> str:
    return f"{map_name}_{frame + 1:04d}.png"


def load(frames: Frames, part: str, name: str, colorspaces: dict[str, str], recipe: str) -> Images:
    """Image datablocks that play the finished folder's files of one part. Nothing is read yet."""
    images = {}
    for map_name in frames.maps:
        image = bpy.data.images.new(f"{name} {map_name} loop", *frames.sizes[part])
        image.colorspace_settings.name = colorspaces[map_name]
        path = str(frames.target / part / file_name(map_name, 0))
        if bpy.data.filepath:  # relative to the .blend, so that both can move together
            with contextlib.suppress(ValueError):  # another drive of Windows
                path = bpy.path.relpath(path)
        image.source, image.filepath = "SEQUENCE", path
        image[RECIPE_KEY] = recipe
        images[map_name] = image
    return images


def play(nodes, length: int, start: int) -> None:
    """The image nodes play `length` frames over and over, from the scene's frame `start`."""
    for node in nodes:
        user = node.image_user
        user.frame_duration, user.frame_start, user.frame_offset = length, start, 0
        user.use_cyclic = user.use_auto_refresh = True
