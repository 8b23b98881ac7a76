"""The images inside a GLB, taken out and put in again in other bytes or another encoding. Standard library only.

Previous station: glb.read_glb. Next: glb.pack_glb.
"""

from collections.abc import Callable, Iterator

from .errors import SurfaceError
from .image_file import MIME, kind_of

WEBP = "EXT_texture_webp"


def image_bytes(document: dict, binary: bytes) -> list[bytes | None]:
    """For each image its file, None where it does not lie in the GLB."""
    found = []
    for image in document.get("images", []):
        view = document["bufferViews"][image["bufferView"]] if "bufferView" in image else None
        start = view.get("byteOffset", 0) if view else 0
        found.append(binary[start : start + view["byteLength"]] if view else None)
    return found


def check_whole(document: dict) -> None:
    """SurfaceError where what it holds lies elsewhere."""
    if any("uri" in buffer for buffer in document.get("buffers", [])):
        raise SurfaceError("is no whole GLB: some of its data lie in another file. Export it as one file.")


def plain_sources(document: dict) -> None:
    """Textures that name their image in an extension alone (WebP) name it as the others do; `changed` undoes it where
    the image is one still. SurfaceError for those in a format that is not read."""
    for texture in document.get("textures", []):
        extensions = texture.get("extensions") or {}
        if "source" in texture:
            continue
        if WEBP in extensions:
            texture["source"] = extensions.pop(WEBP)["source"]
        elif unread := [name for name, one in extensions.items() if "source" in one]:
            raise SurfaceError(
                f"holds images in a format that is not read ({unread[0]}). Export it with PNG, JPEG or WebP images."
            )
    if not any(WEBP in (texture.get("extensions") or {}) for texture in document.get("textures", [])):
        for field in ("extensionsUsed", "extensionsRequired"):
            if WEBP in document.get(field, []):
                document[field].remove(WEBP)
                if not document[field]:
                    del document[field]


def colors_apart(document: dict) -> None:
    """Where an image is a colour here and data there (normal, roughness, occlusion), the colours get an image of their
    own, the same bytes: it changes, the data stay. Light given off is a colour, too, and changes along."""
    textures, images = document.get("textures", []), document.get("images", [])
    pairs = [(m, m.get("pbrMetallicRoughness", {})) for m in document.get("materials", [])]
    infos = [i for m, pbr in pairs for i in (m.get("normalTexture"), m.get("occlusionTexture"))]
    infos += [pbr.get("metallicRoughnessTexture") for _, pbr in pairs]
    data = {textures[info["index"]].get("source") for info in infos if info} - {None}
    twins: dict[int, int] = {}
    for _, pbr in pairs:
        info = pbr.get("baseColorTexture")
        if not info or (number := textures[info["index"]].get("source")) not in data:
            continue
        if number not in twins:
            images.append(dict(images[number]))
            twins[number] = len(images) - 1
        textures.append({**textures[info["index"]], "source": twins[number]})
        info["index"] = len(textures) - 1


def changed(document: dict, binary: bytes, change: Callable[[bytes, int], bytes]) -> tuple[dict, bytes]:
    """Each image in the GLB through change(its file, its number); the parts of the binary close up, images that are
    the same bytes lie there once, and what lies in other buffers stays."""
    images = document.get("images", [])
    of_view = own_views(document, images)
    parts, position, at = [], 0, {}
    for number, region in regions(document):
        start = region.get("byteOffset", 0)
        data = binary[start : start + region["byteLength"]]
        if number in of_view:
            data = change(data, of_view[number])
            images[of_view[number]]["mimeType"] = MIME[kind_of(data)]
            if data in at:
                region["byteOffset"], region["byteLength"] = at[data], len(data)
                continue
            at[data] = position
        region["byteOffset"], region["byteLength"] = position, len(data)
        padded = data + bytes(-len(data) % 4)
        parts.append(padded)
        position += len(padded)
    if position:
        document["buffers"][0]["byteLength"] = position
    _name_webp(document)
    return document, b"".join(parts)


def own_views(document: dict, images: list[dict]) -> dict[int, int]:
    """{number of a view: number of its image}; where several images share one, each gets its own."""
    of_view: dict[int, int] = {}
    for number, image in enumerate(images):
        if (view := image.get("bufferView")) is None:
            continue
        if view in of_view:
            document["bufferViews"].append(dict(document["bufferViews"][view]))
            image["bufferView"] = view = len(document["bufferViews"]) - 1
        of_view[view] = number
    return of_view


def regions(document: dict) -> Iterator[tuple[int, dict]]:
    """(number of a view, what names a part of the binary): the view itself, or the extension that holds its compressed
    bytes while it stands for those that come of them (EXT_meshopt_compression)."""
    for number, view in enumerate(document.get("bufferViews", [])):
        for one in (view, *(view.get("extensions") or {}).values()):
            if one.get("buffer") == 0 and "byteLength" in one:
                yield number, one


def appended(document: dict, binary: bytes, data: bytes, name: str) -> tuple[bytes, int]:
    """The binary with one more PNG at its end, and the number of the image."""
    view = {"buffer": 0, "byteOffset": len(binary), "byteLength": len(data)}
    binary += data + bytes(-len(data) % 4)
    buffers = document.setdefault("buffers", [])
    if not buffers:
        buffers.append({})
    buffers[0]["byteLength"] = len(binary)
    views, images = document.setdefault("bufferViews", []), document.setdefault("images", [])
    views.append(view)
    images.append({"bufferView": len(views) - 1, "mimeType": "image/png", "name": name})
    return binary, len(images) - 1


def colors(document: dict) -> set[int]:
    """Numbers of the images that are shown as colour; the others hold data."""
    textures = document.get("textures", [])
    pbr = [material.get("pbrMetallicRoughness", {}) for material in document.get("materials", [])]
    return {
        textures[one["baseColorTexture"]["index"]].get("source") for one in pbr if "baseColorTexture" in one
    }


def without_uvs(document: dict) -> set[int]:
    """Numbers of the images of colours that are shown, and by no part of a mesh that has UVs for them."""
    shown: dict[int, bool] = {}
    for part in (part for mesh in document.get("meshes", []) for part in mesh["primitives"]):
        if "material" in part:
            material = document["materials"][part["material"]]
            color = material.get("pbrMetallicRoughness", {}).get("baseColorTexture")
            if color is not None:
                number = document["textures"][color["index"]].get("source")
                has = f"TEXCOORD_{color.get('texCoord', 0)}" in part["attributes"]
                shown[number] = shown.get(number, False) or has
    return {number for number, has in shown.items() if not has}


def _name_webp(document: dict) -> None:
    """glTF itself knows PNG and JPEG; a texture in WebP names its image in an extension that readers must know."""
    webp = {i for i, image in enumerate(document.get("images", [])) if image.get("mimeType") == MIME["WEBP"]}
    for texture in document.get("textures", []):
        if texture.get("source") in webp:
            texture.setdefault("extensions", {})[WEBP] = {"source": texture.pop("source")}
    if webp:
        for field in ("extensionsUsed", "extensionsRequired"):
            document[field] = sorted({*document.get(field, []), WEBP})
