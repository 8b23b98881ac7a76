"""`gancube transform` on a GLB: the colours of its materials through the chain, other maps beside them where the chain
gives any, all else as it was. Never bpy itself.

The file is opened as a container, not as a scene, so that meshes, animations and extensions stay byte for byte.
Previous station: transform_command.py. Next: engine/transform_run.py for each image.
"""

from pathlib import Path

from .engine.errors import GanCubeError, RequestError, SurfaceError
from .engine.files import write_atomic
from .engine.glb import pack_glb, read_glb
from .engine.glb_images import changed, colors, image_bytes
from .engine.glb_maps import place
from .engine.mark import MARK_KEY, RECIPE_KEY, facts, rights
from .engine.transform_run import mark, pngs, run
from .transform_command import parts
from .transform_files import source_in


def transform_glb(source: Path, out: Path, chain: list, wraps: bool | None, tell) -> list[Path]:
    """The same GLB with its base colours changed and new maps wired; RequestError where there is nothing to change."""
    document, binary = read_glb(source)
    try:
        inside, wanted = image_bytes(document, binary), colors(document)
        check(source, document, inside, wanted)
        made: dict[int, dict[str, bytes]] = {}
        text = ""
        for index in sorted(wanted):
            name = document["images"][index].get("name") or f"image {index}"
            picture, text = run(
                chain, source_in(inside[index], "base_color"), wraps, progress=parts(name, chain, tell)
            )
            made[index] = pngs(picture, text)
        document, binary = changed(
            document, binary, lambda data, index: made[index]["base_color"] if index in made else data
        )
        binary = place(document, binary, made)
    except GanCubeError as error:
        said = str(error)
        raise type(error)(said if said.startswith(str(source)) else f"{source}: {said}") from error
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        raise SurfaceError(f"{source}: is damaged: its images make no sense.") from error
    told = mark(text, chain, out.stem)
    document["asset"]["extras"] = {
        **(document["asset"].get("extras") or {}),
        RECIPE_KEY: text,
        MARK_KEY: {key: value for key, value in facts(told).items() if key != "recipe"},
    }
    document["asset"]["copyright"] = rights(told)
    return [write_atomic(out, pack_glb(document, binary))]


def check(source: Path, document: dict, inside: list, wanted: set) -> None:
    if not wanted - {None}:
        raise RequestError("none of its materials shows an image as its colour. Nothing to change.")
    for index in wanted:
        if index is None or inside[index] is None:
            raise RequestError(
                "an image lies outside the file, or in a format that is not read. Put PNG or JPEG images into the GLB."
            )
