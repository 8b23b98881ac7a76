"""Maps onto a GLB's materials: normal, roughness, metal and occlusion put in. Numpy; never bpy.

Previous station: glb_images.py (the colours). Next: glb.pack_glb. glTF has no place for height. Roughness is the
green and metal the blue channel of one image, each times a factor of the material (2.0 specification, 3.9.2).
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from . import png
from .glb_images import WEBP, appended, image_bytes

PLACED = ("normal", "roughness", "metallic", "ao")
WHITE = 255
TRANSFORM = "KHR_texture_transform"
CHANNELS = {"roughness": 1, "metallic": 2, "ao": 0}  # of the image that it lies in; the others fill theirs
STILL = {"offset": [0, 0], "rotation": 0, "scale": [1, 1]}


def infos_of(material: dict) -> dict[str, dict]:
    """{map name: what a material says of the texture that it lies in}."""
    pbr = material.get("pbrMetallicRoughness", {})
    found = {
        "base_color": pbr.get("baseColorTexture"),
        "normal": material.get("normalTexture"),
        "roughness": pbr.get("metallicRoughnessTexture"),
        "metallic": pbr.get("metallicRoughnessTexture"),
        "ao": material.get("occlusionTexture"),
    }
    return {name: info for name, info in found.items() if info}


def maps_of(document: dict, material: dict) -> dict[str, tuple[int, int | None]]:
    """{map name: (number of its image, the channel of it or None for all)} of what a material shows."""
    found = {}
    for name, info in infos_of(material).items():
        number = document["textures"][info["index"]].get("source")
        if number is not None:
            found[name] = (number, CHANNELS.get(name))
    return found


def uvs_of(info: dict) -> dict:
    """On which UVs, and how moved on them, an image lies: the same dict for the same places."""
    moved = (info.get("extensions") or {}).get(TRANSFORM)
    set_of = (moved or {}).get("texCoord", info.get("texCoord", 0))
    moved = {
        name: value
        for name, value in (moved or {}).items()
        if name != "texCoord" and value != STILL.get(name)
    }
    return {"set": set_of} | ({"moved": moved} if moved else {})


@dataclass(frozen=True)
class Laid:
    """How new images lie: `info` with the texCoord and the extensions of what a material says of a texture, `sampler`
    the number of one or None. `name`: what they are called after."""

    info: dict
    sampler: int | None
    name: str

    @staticmethod
    def as_colors(document: dict, material: dict) -> "Laid":
        """As the colours of the material, which has some."""
        info = material["pbrMetallicRoughness"]["baseColorTexture"]
        texture = document["textures"][info["index"]]
        kept = {name: info[name] for name in ("texCoord", "extensions") if name in info}
        name = document["images"][texture["source"]].get("name", "image")
        return Laid(kept, texture.get("sampler"), name)


@dataclass
class Placing:
    """`binary`: grows at its end. `read`: an image file of any kind -> [H, W, 1..4] uint8. `at`: the numbers of
    textures that are there already, for materials that share. `notes`: a sentence for each map that was left out."""

    document: dict
    binary: bytes
    read: Callable[[bytes], np.ndarray]
    at: dict = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def place(placing: Placing, number: int, maps: dict[str, bytes], laid: Laid) -> None:
    """maps: {map name: PNG}; the material gets those in PLACED. What it has of the others stays."""
    material = placing.document["materials"][number]
    if "normal" in maps:
        made = put(placing, laid, "normal", maps["normal"])
        scale = material.get("normalTexture", {}).get("scale")
        material["normalTexture"] = {**made, **({} if scale is None else {"scale": scale})}
    if "roughness" in maps or "metallic" in maps:
        place_both(placing, number, maps, laid)
    if "ao" in maps:
        material["occlusionTexture"] = put(placing, laid, "ao", maps["ao"])


def place_both(placing: Placing, number: int, maps: dict[str, bytes], laid: Laid) -> None:
    """Roughness and metal in one image; the one that is not given stays what it was."""
    material = placing.document["materials"][number]
    pbr = material.setdefault("pbrMetallicRoughness", {})
    given = {name: png.decode(maps[name])[0][..., 0] for name in ("roughness", "metallic") if name in maps}
    height, width = next(iter(given.values())).shape
    together = np.full((height, width, 3), WHITE, np.uint8)
    if len(given) < 2 and "metallicRoughnessTexture" in pbr:
        info, (name,) = pbr["metallicRoughnessTexture"], given
        other, channel = ("metallic", 2) if name == "roughness" else ("roughness", 1)
        before = earlier(placing, info)
        said = material.get("name", f"material {number}")
        if before is None:
            placing.notes.append(
                f"{said}: gets no {name}, since the image that holds its {other} is in no format that is read."
            )
            return
        before = before[..., channel if before.shape[2] > 2 else 0]
        if before.min() == before.max():
            together[..., channel] = before[0, 0]
        elif uvs_of(info) == uvs_of(laid.info):
            together[..., channel] = of_size(before, height, width)
        else:
            placing.notes.append(
                f"{said}: gets no {name}, since its {other}, which would be in the same image, lies on other UVs."
            )
            return
    for channel, name in ((1, "roughness"), (2, "metallic")):
        if name in given:
            together[..., channel] = given[name]
    pbr["metallicRoughnessTexture"] = put(placing, laid, "roughness", png.encode(together))
    for name, factor in (("roughness", "roughnessFactor"), ("metallic", "metallicFactor")):
        if name in maps:
            pbr.pop(factor, None)  # it would be multiplied; without it is 1


def earlier(placing: Placing, info: dict) -> np.ndarray | None:
    """The pixels of a texture; None where they do not lie in the file."""
    texture = placing.document["textures"][info["index"]]
    source = texture.get("source")
    if source is None:
        source = ((texture.get("extensions") or {}).get(WEBP) or {}).get("source")
    data = image_bytes(placing.document, placing.binary)[source] if source is not None else None
    return None if data is None else placing.read(data)


def own_colors(placing: Placing, number: int, data: bytes) -> None:
    """Another image for the colours of one material, which lies as the one did that it shared with others."""
    document = placing.document
    info = document["materials"][number]["pbrMetallicRoughness"]["baseColorTexture"]
    texture, key = document["textures"][info["index"]], (info["index"], data)
    if key not in placing.at:
        name = document["images"][texture["source"]].get("name", "image")
        placing.binary, image = appended(document, placing.binary, data, name)
        document["textures"].append({**texture, "source": image})
        placing.at[key] = len(document["textures"]) - 1
    info["index"] = placing.at[key]


def shown_by_all(document: dict, images: set[int]) -> None:
    """Textures show these in every program: what they have in another format for some (WebP, KTX) is the old one."""
    for texture in document.get("textures", []):
        if texture.get("source") in images:
            others = {
                name: one
                for name, one in (texture.pop("extensions", None) or {}).items()
                if "source" not in one
            }
            if others:
                texture["extensions"] = others


def put(placing: Placing, laid: Laid, kind: str, data: bytes) -> dict:
    """A texture that lies so; what a material says of it. The same picture is there once."""
    document, key = placing.document, (laid.sampler, data)
    if key not in placing.at:
        placing.binary, image = appended(document, placing.binary, data, f"{laid.name} {kind}")
        sampler = {} if laid.sampler is None else {"sampler": laid.sampler}
        textures = document.setdefault("textures", [])
        textures.append({**sampler, "source": image})
        placing.at[key] = len(textures) - 1
    return {"index": placing.at[key], **laid.info}


def of_size(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """[H, W] uint8 -> [height, width], the nearest pixel of each."""
    rows = np.arange(height) * pixels.shape[0] // height
    columns = np.arange(width) * pixels.shape[1] // width
    return pixels[rows[:, None], columns]
