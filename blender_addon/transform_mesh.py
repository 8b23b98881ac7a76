"""`gancube transform` on a GLB: the colours of its materials through the chain, other maps beside them where the chain
gives any, all else as it was. Never bpy itself.

The file is opened as a container, not as a scene, so that meshes, animations and extensions stay byte for byte.
Previous station: transform_command.py. Next: engine/transform_run.py for each image.
"""

from dataclasses import dataclass
from pathlib import Path

from .engine.chain_maps import needed
from .engine.errors import GanCubeError, RequestError, SurfaceError
from .engine.files import write_atomic
from .engine.glb import pack_glb, read_glb
from .engine.glb_images import (
    changed,
    check_whole,
    colors,
    colors_apart,
    image_bytes,
    plain_sources,
    without_uvs,
)
from .engine.glb_maps import Laid, Placing, infos_of, maps_of, own_colors, place, shown_by_all, uvs_of
from .engine.glb_mark import stamp, told_by
from .engine.glb_numbers import check_numbers
from .engine.transform_recipe import combined
from .engine.transform_run import mark, pngs, run
from .file_check import pixels_of
from .transform_command import parts
from .transform_files import as_one, source_in


@dataclass
class Look:
    """Materials that show the same: `image` the number of that of their colours, `maps` {map name: (image, channel)}
    what goes in, the colours first, `materials` their numbers. `first`: of those that show this image."""

    image: int
    maps: dict[str, tuple[int, int | None]]
    materials: list[int]
    first: bool


def transform_glb(source: Path, out: Path, chain: list, wraps: bool | None, tell) -> list[Path]:
    """The same GLB with its base colours changed and new maps wired; RequestError where there is nothing to change."""
    document, binary = read_glb(source)
    cards = [model.card for model, _ in chain]
    given = {name for card in cards for name in card.map_names}
    try:
        check_whole(document)
        check_numbers(document)
        plain_sources(document)
        colors_apart(document)
        inside, wanted = image_bytes(document, binary), colors(document)
        earlier = told_by(document)
        check(inside, wanted)
        bare = without_uvs(document) & wanted
        for index in sorted(bare):
            tell(
                f"{name_of(document, index)} is skipped: no mesh that shows it has UVs, so no image lies on it."
            )
        if not wanted - bare:
            raise RequestError("its meshes have no UVs, so no image lies on them. Unwrap them first.")
        looks = looks_of(document, wanted - bare, needed(cards))
        made: list[dict[str, bytes]] = []
        texts, sources = {}, []
        for look in looks:
            name = name_of(document, look.image)
            name = name if look.first else f"{name} of {material_name(document, look.materials[0])}"
            shown = as_one(
                [source_in(inside[at], key, channel=channel) for key, (at, channel) in look.maps.items()],
                earlier,
            )
            picture, text = run(chain, shown, wraps, progress=parts(name, chain, tell))
            made.append({key: png for key, png in pngs(picture, text).items() if key in given})
            texts[name if name not in texts else f"{name} ({look.image})"] = text
            sources.append(shown)
        first = {
            look.image: maps["base_color"]
            for look, maps in zip(looks, made, strict=True)
            if look.first and "base_color" in maps
        }
        document, binary = changed(document, binary, lambda data, index: first.get(index, data))
        shown_by_all(document, set(first))
        placing = Placing(document, binary, pixels_of)
        for look, maps in zip(looks, made, strict=True):
            for number in look.materials:
                if "base_color" in maps and not look.first:
                    own_colors(placing, number, maps["base_color"])
                place(placing, number, maps, Laid.as_colors(document, document["materials"][number]))
        for sentence in placing.notes:
            tell(sentence)
    except GanCubeError as error:
        said = str(error)
        raise type(error)(said if said.startswith(str(source)) else f"{source}: {said}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise SurfaceError(f"{source}: is damaged: its images make no sense.") from error
    text = combined(texts)
    stamp(document, text, mark(text, chain, out.stem, sources))
    return [write_atomic(out, pack_glb(document, placing.binary))]


def looks_of(document: dict, wanted: set[int], names: tuple[str, ...]) -> list[Look]:
    """Of the materials whose colours are among the images `wanted`. names: of the maps that go in."""
    looks: list[Look] = []
    for number, material in enumerate(document.get("materials", [])):
        there = maps_of(document, material)
        image = there.get("base_color", (None,))[0]
        if image not in wanted:
            continue
        said, infos = material_name(document, number), infos_of(material)
        for name in names:
            if name not in there:
                raise RequestError(
                    f"the generator needs the map {name}, which the material {said} does not show."
                )
            if uvs_of(infos[name]) != uvs_of(infos["base_color"]):
                raise RequestError(
                    f"the generator needs the map {name}, which in the material {said} lies on other UVs than the "
                    "colours. Bake both onto the same UVs."
                )
        maps = {name: there[name] for name in names}
        same = next((one for one in looks if one.maps == maps), None)
        if same is None:
            looks.append(Look(image, maps, [number], all(one.image != image for one in looks)))
        else:
            same.materials.append(number)
    return looks


def name_of(document: dict, index: int) -> str:
    return document["images"][index].get("name") or f"image {index}"


def material_name(document: dict, number: int) -> str:
    return document["materials"][number].get("name") or f"material {number}"


def check(inside: list, wanted: set) -> None:
    if not wanted - {None}:
        raise RequestError("none of its materials shows an image as its colour. Nothing to change.")
    for index in wanted:
        if index is None or inside[index] is None:
            raise RequestError(
                "an image lies outside the file, or in a format that is not read. Put PNG or JPEG images into the GLB."
            )
