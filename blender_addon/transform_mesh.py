"""`gancube transform` on a GLB: the colours of its materials through the chain, other maps beside them where the chain
gives any, all else as it was. Never bpy itself.

The file is opened as a container, not as a scene, so that meshes, animations and extensions stay byte for byte.
Previous station: transform_command.py. Next: engine/transform_run.py for each image.
"""

from pathlib import Path

from .engine.chain_maps import needed
from .engine.errors import GanCubeError, RequestError, SurfaceError
from .engine.files import write_atomic
from .engine.glb import pack_glb, read_glb
from .engine.glb_images import changed, colors, image_bytes, without_uvs
from .engine.glb_maps import maps_of, place
from .engine.mark import MARK_KEY, RECIPE_KEY, facts, found_facts, rights
from .engine.transform_recipe import combined
from .engine.transform_run import mark, pngs, run
from .transform_command import parts
from .transform_files import as_one, source_in


def transform_glb(source: Path, out: Path, chain: list, wraps: bool | None, tell) -> list[Path]:
    """The same GLB with its base colours changed and new maps wired; RequestError where there is nothing to change."""
    document, binary = read_glb(source)
    cards = [model.card for model, _ in chain]
    try:
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
        jobs = {index: job_of(document, index, needed(cards)) for index in sorted(wanted - bare)}
        made: dict[int, dict[str, bytes]] = {}
        texts, sources = {}, []
        for index, job in jobs.items():
            name = name_of(document, index)
            shown = as_one(
                [source_in(inside[at], key, channel=channel) for key, (at, channel) in job.items()], earlier
            )
            picture, text = run(chain, shown, wraps, progress=parts(name, chain, tell))
            made[index] = pngs(picture, text)
            texts[name if name not in texts else f"{name} ({index})"] = text
            sources.append(shown)
        document, binary = changed(
            document, binary, lambda data, index: made[index]["base_color"] if index in made else data
        )
        binary = place(document, binary, made)
    except GanCubeError as error:
        said = str(error)
        raise type(error)(said if said.startswith(str(source)) else f"{source}: {said}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise SurfaceError(f"{source}: is damaged: its images make no sense.") from error
    text = combined(texts)
    told = mark(text, chain, out.stem, sources)
    document["asset"]["extras"] = {
        **(document["asset"].get("extras") or {}),
        RECIPE_KEY: text,
        MARK_KEY: {key: value for key, value in facts(told).items() if key != "recipe"},
    }
    document["asset"]["copyright"] = rights(told)
    return [write_atomic(out, pack_glb(document, binary))]


def told_by(document: dict) -> dict:
    """Recipe, licences and authors that it carries, where we wrote it."""
    extras = document["asset"].get("extras")
    extras = extras if isinstance(extras, dict) else {}
    return found_facts(extras.get(MARK_KEY), extras.get(RECIPE_KEY))


def name_of(document: dict, index: int) -> str:
    return document["images"][index].get("name") or f"image {index}"


def job_of(document: dict, index: int, wanted: tuple[str, ...]) -> dict[str, tuple[int, int | None]]:
    """{map name: (image, channel)} of what goes in with the colours in image `index`."""
    name, found = name_of(document, index), []
    for material in document.get("materials", []):
        maps = maps_of(document, material)
        if maps.get("base_color", (None,))[0] != index:
            continue
        for key in wanted:
            if key not in maps:
                raise RequestError(
                    f"the generator needs the map {key}, which the material {material.get('name', name)} does not show."
                )
        found.append({key: maps[key] for key in wanted})
    if any(one != found[0] for one in found):
        raise RequestError(
            f"{name}: several materials show it, and with it different maps, which go in, too. Give each its own image."
        )
    return found[0]


def check(inside: list, wanted: set) -> None:
    if not wanted - {None}:
        raise RequestError("none of its materials shows an image as its colour. Nothing to change.")
    for index in wanted:
        if index is None or inside[index] is None:
            raise RequestError(
                "an image lies outside the file, or in a format that is not read. Put PNG or JPEG images into the GLB."
            )
