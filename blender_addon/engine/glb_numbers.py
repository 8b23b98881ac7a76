"""Whether the numbers by which a GLB's materials, textures, images and views name each other exist. Never the bytes.

Previous station: glb.read_glb. Next: glb_images. A negative number would count from the end in Python.
"""

from .errors import SurfaceError

MATERIAL = ("normalTexture", "occlusionTexture", "emissiveTexture")
PBR = ("baseColorTexture", "metallicRoughnessTexture")


def check_numbers(document: dict) -> None:
    """SurfaceError at the first that names nothing."""
    for material in document.get("materials", []):
        pbr = material.get("pbrMetallicRoughness", {})
        for info in [material.get(name) for name in MATERIAL] + [pbr.get(name) for name in PBR]:
            if info is not None:
                named(document, "textures", info["index"])
    for texture in document.get("textures", []):
        for one in (texture, *(texture.get("extensions") or {}).values()):
            if "source" in one:
                named(document, "images", one["source"])
    for image in document.get("images", []):
        if "bufferView" in image:
            named(document, "bufferViews", image["bufferView"])
    for mesh in document.get("meshes", []):
        for part in mesh["primitives"]:
            if "material" in part:
                named(document, "materials", part["material"])


def named(document: dict, kind: str, number: object) -> None:
    there = len(document.get(kind, []))
    if type(number) is not int or not 0 <= number < there:
        raise SurfaceError(f"is damaged: it names {kind} {number}, and has {there}. Export it again.")
