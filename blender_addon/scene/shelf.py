"""Images and materials of one job that have no user yet, by name. bpy only; touches no object.

Names, not datablocks: an undo between two steps frees every datablock, and a Python reference to a freed one crashes.
What an undo took away is made again when it is asked for. Previous and next station: scene/surfaces.py.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace

import bpy

from .assets import FacePixels
from .images import new_image
from .mapping import Mapping
from .material import build_material

NUMBER = "gancube_image"  # a material's custom property: the number of the image that it shows, in the recipe


@dataclass
class Shelf:
    textures: list[FacePixels]
    colorspaces: dict[str, str]
    recipe: str
    name: str
    images: dict[tuple[int, str], str] = field(default_factory=dict)  # (texture, map) -> name
    materials: dict[tuple[int, Mapping], str] = field(default_factory=dict)
    groups: list[str] = field(default_factory=list)  # node groups that came with a material

    def image_steps(self, texture: int) -> Generator[None, None, None]:
        for map_name in self.textures[texture].maps:
            if (texture, map_name) not in self.images:
                self.image(texture, map_name)
                yield

    def image(self, texture: int, map_name: str) -> bpy.types.Image:
        image = bpy.data.images.get(self.images.get((texture, map_name), ""))
        if image is None:
            png = self.textures[texture].maps[map_name]
            image = new_image(
                f"{self.title(texture)} {map_name}", png, self.colorspaces[map_name], self.recipe
            )
            self.images[texture, map_name] = image.name
        return image

    def material(self, texture: int, mapping: Mapping) -> bpy.types.Material:
        if "normal" in self.textures[texture].maps or "height" not in self.textures[texture].maps:
            mapping = replace(
                mapping, relief=Mapping.relief
            )  # of no use: it must not make two materials of one
        material = bpy.data.materials.get(self.materials.get((texture, mapping), ""))
        if material is None:
            images = {map_name: self.image(texture, map_name) for map_name in self.textures[texture].maps}
            groups = set(bpy.data.node_groups.keys())
            material = build_material(self.title(texture), images, mapping)
            material[NUMBER] = texture
            self.materials[texture, mapping] = material.name
            self.groups += set(bpy.data.node_groups.keys()) - groups
        return material

    def title(self, texture: int) -> str:
        return self.name if len(self.textures) == 1 else f"{self.name} {texture + 1:02}"

    def clear(self) -> None:
        """Removes what has no user: materials first, they use the rest."""
        for blocks, names in (
            (bpy.data.materials, self.materials.values()),
            (bpy.data.images, self.images.values()),
            (bpy.data.node_groups, self.groups),
        ):
            for block in unused(blocks, names):
                blocks.remove(block)


def unused(blocks, names) -> Iterator[bpy.types.ID]:
    for name in names:
        block = blocks.get(name)
        if block is not None and block.users == 0:
            yield block
