"""What a generator made of the shape of a GLB's meshes, into the GLB: their materials show it, all else stays. Numpy;
never bpy.

A material that another mesh shows, too, is copied. An image of colours that nothing else shows gives way; every other
one stays in the file. Previous station: scene/weather_glb.py. Next: glb_images.changed, glb.pack_glb.
"""

import copy
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from . import png
from .errors import SurfaceError
from .glb_maps import Laid, Placing, earlier, of_size, place, put, uvs_of
from .glb_shape import mesh_name, surfaces

GLOSS = "KHR_materials_pbrSpecularGlossiness"
OF_COLORS = "baseColorTexture"


@dataclass(frozen=True)
class Painted:
    """`mesh`: its number. `sets`: the number of the UV set of each of its surfaces. `maps`: {map name: PNG}."""

    mesh: int
    sets: list[int]
    maps: dict[str, bytes]


def paint(placing: Placing, painted: Painted) -> dict[int, bytes]:
    """Its materials show the maps. Returns {number of an image: the PNG that takes its place}."""
    document = placing.document
    mesh, name = document["meshes"][painted.mesh], mesh_name(document, painted.mesh)
    made: dict[tuple, int | None] = {}
    for part, uv_set in zip(surfaces(mesh), painted.sets, strict=True):
        key = (part.get("material"), uv_set)
        if key not in made:
            made[key] = material_for(placing, painted, key[0], uv_set)
        if made[key] is not None:
            part["material"] = made[key]
            check_points(placing, part, painted, uv_set, name)
    numbers = [number for number in made.values() if number is not None]
    free = free_images(document, numbers) if "base_color" in painted.maps else set()
    replaced: dict[int, bytes] = {}
    for (_, uv_set), number in made.items():
        if number is not None:
            laid = Laid(uv_info(uv_set), None, name)
            if "base_color" in painted.maps:
                put_colors(placing, number, painted.maps["base_color"], laid, free, replaced)
            place(placing, number, painted.maps, laid)
    return replaced


def uv_info(uv_set: int) -> dict:
    return {"texCoord": uv_set} if uv_set else {}


def material_for(placing: Placing, painted: Painted, old: int | None, uv_set: int) -> int | None:
    """The number of the material of these surfaces alone, as `old` is; None where it cannot show the maps."""
    document = placing.document
    mesh, materials = document["meshes"][painted.mesh], document.setdefault("materials", [])
    if old is None:  # glTF's own default is bare metal
        metal = {} if "metallic" in painted.maps else {"metallicFactor": 0}
        materials.append({"name": mesh_name(document, painted.mesh), "pbrMetallicRoughness": metal})
        return len(materials) - 1
    if not can_show(placing, materials[old], old, painted.maps, uv_set):
        return None
    mine = [
        part
        for part, one in zip(surfaces(mesh), painted.sets, strict=True)
        if part.get("material") == old and one == uv_set
    ]
    if mentions(document, old) > len(mine):
        materials.append(copy.deepcopy(materials[old]))
        return len(materials) - 1
    return old


def mentions(document: dict, material: int) -> int:
    """How many parts of meshes show it, by themselves or in a variant."""
    parts = [part for mesh in document["meshes"] for part in mesh["primitives"]]
    variants = [
        one
        for part in parts
        for one in ((part.get("extensions") or {}).get("KHR_materials_variants") or {}).get("mappings", [])
    ]
    return sum(one.get("material") == material for one in (*parts, *variants))


def can_show(placing: Placing, material: dict, number: int, names: Iterable[str], uv_set: int) -> bool:
    said = material.get("name", f"material {number}")
    if GLOSS in (material.get("extensions") or {}):
        placing.notes.append(
            f"{said} is left as it is: it shines by specular and glossiness ({GLOSS}). Convert it to metal and "
            "roughness first."
        )
        return False
    info = material.get("pbrMetallicRoughness", {}).get(OF_COLORS)
    if "base_color" in names and info and material.get("alphaMode", "OPAQUE") != "OPAQUE":
        before = earlier(placing, info)
        if before is None:
            placing.notes.append(
                f"{said} is left as it is: its transparency lies in an image that is in no format that is read."
            )
            return False
        see_through = before.shape[2] in (2, 4) and before[..., -1].min() < 255
        if see_through and uvs_of(info) != uvs_of(uv_info(uv_set)):
            placing.notes.append(
                f"{said} is left as it is: its transparency lies on other UVs than the new colours would."
            )
            return False
    return True


def check_any_shows(placing: Placing, mesh: int, sets: list[int], names: set[str]) -> None:
    """SurfaceError where no material of the mesh can show maps of these names in these UV sets, before any work."""
    materials, before = placing.document.get("materials", []), len(placing.notes)
    looks = {
        (part.get("material"), uv_set)
        for part, uv_set in zip(surfaces(placing.document["meshes"][mesh]), sets, strict=True)
    }
    if not any(
        old is None or can_show(placing, materials[old], old, names, uv_set)
        for old, uv_set in sorted(looks, key=str)
    ):
        raise SurfaceError(" ".join(dict.fromkeys(placing.notes[before:])))


def check_points(placing: Placing, part: dict, painted: Painted, uv_set: int, name: str) -> None:
    """Says what of its points would spoil the maps; tangents of other UVs are left out of the surface."""
    if "COLOR_0" in part["attributes"] and "base_color" in painted.maps:
        placing.notes.append(f"{name}: its vertex colours stay and tint the new ones.")
    if "normal" in painted.maps and "TANGENT" in part["attributes"]:
        material = placing.document["materials"][part["material"]]
        if material.get("normalTexture", {}).get("texCoord", 0) != uv_set:
            del part["attributes"]["TANGENT"]
            placing.notes.append(f"{name}: its tangents were those of other UVs; programs make them anew.")


def free_images(document: dict, numbers: list[int]) -> set[int]:
    """Images of colours that these materials show, and nothing else does, in a format that all programs read."""
    textures, users = document.get("textures", []), {}
    for number, material in enumerate(document["materials"]):
        for role, index in infos_in(material):
            mine = number in numbers and role == OF_COLORS
            for source in sources_of(textures[index]):
                users.setdefault(source, []).append((mine, index))
    return {
        image
        for image, found in users.items()
        if all(mine for mine, _ in found)
        and not any("extensions" in textures[index] for _, index in found)
        and "bufferView" in document["images"][image]
    }


def infos_in(value, key: str = ""):
    """(key, number of the texture) of every mention of one in a material, extensions included."""
    if isinstance(value, dict):
        if key.endswith("Texture") and isinstance(value.get("index"), int):
            yield key, value["index"]
        for name, one in value.items():
            yield from infos_in(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from infos_in(one, key)


def sources_of(texture: dict) -> list[int]:
    found = [texture, *(texture.get("extensions") or {}).values()]
    return [one["source"] for one in found if isinstance(one, dict) and isinstance(one.get("source"), int)]


def put_colors(
    placing: Placing, number: int, colors: bytes, laid: Laid, free: set[int], replaced: dict[int, bytes]
) -> None:
    """One material shows the colours: in place of its image where that is free, which goes into `replaced`."""
    document = placing.document
    material = document["materials"][number]
    pbr = material.setdefault("pbrMetallicRoughness", {})
    info = pbr.get(OF_COLORS)
    if info and material.get("alphaMode", "OPAQUE") != "OPAQUE":
        colors = with_alpha(colors, earlier(placing, info))
    image = document["textures"][info["index"]].get("source") if info else None
    if image in free and replaced.get(image, colors) == colors:
        replaced[image] = colors
        pbr[OF_COLORS] = {"index": info["index"], **laid.info}
    else:
        pbr[OF_COLORS] = put(placing, laid, "base_color", colors)
    factor = pbr.pop("baseColorFactor", [1, 1, 1, 1])  # it would be multiplied
    if factor[3] != 1:
        pbr["baseColorFactor"] = [1, 1, 1, factor[3]]


def with_alpha(data: bytes, before) -> bytes:
    """The PNG of colours, as transparent as the image was ([H, W, 1..4] uint8)."""
    if before.shape[2] not in (2, 4):
        return data
    pixels, text = png.decode(data)
    alpha = of_size(before[..., -1], *pixels.shape[:2])[..., None]
    return png.encode(
        np.concatenate([np.broadcast_to(pixels[..., :3], (*alpha.shape[:2], 3)), alpha], 2), text
    )
