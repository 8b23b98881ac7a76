"""An object with generated faces and its materials as assets: metadata, catalog, preview. bpy only.

Before: engine/asset_words.py (the texts). Next: the Asset Browser, or library_file.py. The recipe stays where it is.
"""

from collections.abc import Callable, Generator

import bpy

from ..engine import asset_words
from ..engine.asset_words import AssetWords
from ..engine.card import Card
from . import preview_process
from .asset_preview import material_preview, object_preview, set_preview
from .images import RECIPE_KEY

MOST_MATERIALS = 12  # an object; more are the polygons' pool, and would bury everything else in the browser
TAG_BYTES = 63  # of a tag, in Blender 4.2


def recipe_of(item: bpy.types.Object) -> dict | None:
    """What the object was made from: its own recipe, or else that of an image in its materials."""
    found = asset_words.read(item.get(RECIPE_KEY))
    for material in materials_of(item) if found is None else ():
        for node in material.node_tree.nodes:
            image = getattr(node, "image", None)
            found = found or (asset_words.read(image.get(RECIPE_KEY)) if image is not None else None)
    return found


def materials_of(item: bpy.types.Object) -> list[bpy.types.Material]:
    """The object's own materials that are made of generated images, each once, in the order of the slots."""
    found = [slot.material for slot in item.material_slots if slot.material is not None]
    return [m for m in dict.fromkeys(found) if m.library is None and _has_recipe(m)]


def has_recipe(item: bpy.types.Object) -> bool:
    """Whether there is anything that recipe_of would read; quick, for buttons that ask at every redraw."""
    return RECIPE_KEY in item or any(_has_recipe(s.material) for s in item.material_slots if s.material)


def _has_recipe(material: bpy.types.Material) -> bool:
    nodes = material.node_tree.nodes if material.node_tree is not None else ()
    images = (getattr(node, "image", None) for node in nodes)
    return any(image is not None and RECIPE_KEY in image for image in images)


def asset_steps(
    names: list[str],
    card_of: Callable[[dict], Card | None],
    catalog: str,
    author: str = "",
    with_materials: bool = True,
) -> Generator[float, None, list[str]]:
    """Marks the objects `names` and their materials; yields the share of the previews that are there.

    card_of: recipe -> card of its generator. catalog: UUID. All marks are set at the end at once: closed before, it
    leaves everything as it was. Names are held meanwhile, not datablocks: an undo between two steps frees those.
    Returns the names of what was marked.
    """
    items = [bpy.data.objects[name] for name in names]
    owned = [material.name for item in items for material in materials_of(item)] if with_materials else []
    owned = list(dict.fromkeys(owned))
    owned = owned if len(owned) <= MOST_MATERIALS * len(names) else []
    blocks = [("objects", name) for name in names] + [("materials", name) for name in owned]
    pictures = (yield from preview_process.picture_steps(blocks)) if preview_process.is_of_use() else {}
    for kind, name in blocks:
        if (kind, name) not in pictures and (block := getattr(bpy.data, kind).get(name)) is not None:
            picture = object_preview if kind == "objects" else material_preview
            pictures[kind, name] = picture(block)
            yield len(pictures) / len(blocks)
    marked = []
    for name in names:
        if (item := bpy.data.objects.get(name)) is not None:  # else undone or deleted meanwhile
            marked += mark_object(item, card_of, catalog, author, pictures)
    return marked


def mark_object(
    item: bpy.types.Object, card_of: Callable, catalog: str, author: str, pictures: dict
) -> list[str]:
    """pictures: {(collection in bpy.data, name): PNG}; what has none is not marked. Returns the names of the rest."""
    recipe = recipe_of(item) or {}
    card = card_of(recipe)
    marked = []
    if ("objects", item.name) in pictures:
        mark(item, asset_words.words(recipe, card, author), catalog, pictures["objects", item.name])
        marked.append(item.name)
    for material in materials_of(item):
        if ("materials", material.name) in pictures:
            words = asset_words.words(recipe, card, author, material_labels(item, material, recipe))
            mark(material, words, catalog, pictures["materials", material.name])
            marked.append(material.name)
    return marked


def material_labels(item: bpy.types.Object, material: bpy.types.Material, recipe: dict) -> list[str]:
    """The labels of the faces that show the material; those of all where faces and slots do not correspond."""
    faces = recipe.get("face_labels")
    if not isinstance(faces, list) or len(faces) != len(item.material_slots):
        return asset_words.labels_of(recipe)
    slots = [
        label for label, slot in zip(faces, item.material_slots, strict=True) if slot.material == material
    ]
    return asset_words.labels_of({"face_labels": slots})


def mark(block: bpy.types.ID, words: AssetWords, catalog: str, preview: bytes) -> None:
    """Makes a datablock an asset, or describes one anew; tags that the user added stay."""
    block.asset_mark()
    data = block.asset_data
    data.catalog_id = catalog
    data.author, data.license, data.copyright = words.author, words.license, words.copyright
    data.description = words.description
    for tag in words.tags:
        cut = tag.encode()[:TAG_BYTES].decode(errors="ignore")
        data.tags.new(cut, skip_if_exists=True)
    set_preview(block, preview)
