"""Maps beside the colours of a GLB's materials: normal, roughness, metal and occlusion put in. Numpy; never bpy.

Previous station: glb_images.changed (the colours). Next: glb.pack_glb. glTF has no place for height. Roughness is the
green and metal the blue channel of one image, each times a factor of the material (2.0 specification, 3.9.2).
"""

from dataclasses import dataclass, field

import numpy as np

from . import png
from .glb_images import image_bytes

PLACED = ("normal", "roughness", "metallic", "ao")
WHITE = 255


def maps_of(document: dict, material: dict) -> dict[str, tuple[int, int | None]]:
    """{map name: (number of its image, the channel of it or None for all)} of what a material shows."""
    pbr = material.get("pbrMetallicRoughness", {})
    places = {
        "base_color": (pbr.get("baseColorTexture"), None),
        "normal": (material.get("normalTexture"), None),
        "roughness": (pbr.get("metallicRoughnessTexture"), 1),
        "metallic": (pbr.get("metallicRoughnessTexture"), 2),
        "ao": (material.get("occlusionTexture"), 0),
    }
    found = {}
    for name, (texture, channel) in places.items():
        number = document["textures"][texture["index"]].get("source") if texture else None
        if number is not None:
            found[name] = (number, channel)
    return found


@dataclass
class Placing:
    """`binary`: grows at its end. `at`: the numbers of textures that are there already, for materials that share."""

    document: dict
    binary: bytes
    at: dict = field(default_factory=dict)


def place(document: dict, binary: bytes, given: dict[int, dict[str, bytes]]) -> bytes:
    """given: for the image of a base colour {map name: PNG}. Each material that shows it gets those in PLACED; the
    document is changed, the binary returned."""
    placing = Placing(document, binary)
    for material in document.get("materials", []):
        pbr = material.get("pbrMetallicRoughness", {})
        shown = pbr.get("baseColorTexture")
        texture = document["textures"][shown["index"]] if shown else {}
        maps = given.get(texture.get("source"), {})
        if "normal" in maps:
            made = put(placing, shown, texture, "normal", maps["normal"])
            scale = material.get("normalTexture", {}).get("scale")
            material["normalTexture"] = {**made, **({} if scale is None else {"scale": scale})}
        if "roughness" in maps or "metallic" in maps:
            pbr["metallicRoughnessTexture"] = both(placing, pbr, shown, texture, maps)
            for name, factor in (("roughness", "roughnessFactor"), ("metallic", "metallicFactor")):
                if name in maps:
                    pbr.pop(factor, None)  # it would be multiplied; without it is 1
        if "ao" in maps:
            material["occlusionTexture"] = put(placing, shown, texture, "ao", maps["ao"])
    return placing.binary


def both(placing: Placing, pbr: dict, shown: dict, texture: dict, maps: dict[str, bytes]) -> dict:
    """Roughness and metal in one image; the one that is not given stays what it was."""
    given = {name: png.decode(maps[name])[0][..., 0] for name in ("roughness", "metallic") if name in maps}
    height, width = next(iter(given.values())).shape
    before = np.full((height, width, 3), WHITE, np.uint8)
    earlier = None
    if len(given) < 2 and "metallicRoughnessTexture" in pbr:
        earlier = placing.document["textures"][pbr["metallicRoughnessTexture"]["index"]].get("source")
        data = image_bytes(placing.document, placing.binary)[earlier] if earlier is not None else None
        if data is not None and data.startswith(png.SIGNATURE):
            before = of_size(png.decode(data)[0], height, width)
    for channel, name in ((1, "roughness"), (2, "metallic")):
        if name in given:
            before[..., channel] = given[name]
    before[..., 0] = WHITE
    return put(placing, shown, texture, f"roughness {earlier}", png.encode(before))


def of_size(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    """[H, W, 1..4] uint8 -> [height, width, 3], the nearest pixel of each."""
    rows = np.arange(height) * pixels.shape[0] // height
    columns = np.arange(width) * pixels.shape[1] // width
    return np.broadcast_to(pixels[rows[:, None], columns, :3], (height, width, 3)).copy()


def put(placing: Placing, shown: dict, texture: dict, kind: str, data: bytes) -> dict:
    """A texture with the sampler, the UVs and the transform of the colours; what a material says of it."""
    document, key = placing.document, (texture["source"], texture.get("sampler"), kind)
    if key not in placing.at:
        views, images, textures = document["bufferViews"], document["images"], document["textures"]
        view = {"buffer": 0, "byteOffset": len(placing.binary), "byteLength": len(data)}
        placing.binary += data + bytes(-len(data) % 4)
        document["buffers"][0]["byteLength"] = len(placing.binary)
        name = f"{images[texture['source']].get('name', 'image')} {kind.partition(' ')[0]}"
        views.append(view)
        images.append({"bufferView": len(views) - 1, "mimeType": "image/png", "name": name})
        sampler = {"sampler": texture["sampler"]} if "sampler" in texture else {}
        textures.append({**sampler, "source": len(images) - 1})
        placing.at[key] = len(textures) - 1
    kept = {name: shown[name] for name in ("texCoord", "extensions") if name in shown}
    return {"index": placing.at[key], **kept}
