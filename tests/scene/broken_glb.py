"""Sound GLBs broken on purpose: {what is wrong: (rule that must catch it, how it is done)}."""

import numpy as np

from blender_addon.engine import png
from blender_addon.engine.glb import read_glb, write_glb
from blender_addon.engine.glb_images import changed, image_bytes


def glb_with(sound, path, change):
    document, binary = read_glb(sound / "cube.glb")
    binary = bytearray(binary)
    again = change(document, binary)
    write_glb(path, document, bytes(binary if again is None else again))
    return path


def attribute(document, binary, name, primitive=0):
    """A float array in the GLB, to be written into."""
    accessor = document["accessors"][document["meshes"][0]["primitives"][primitive]["attributes"][name]]
    view = document["bufferViews"][accessor["bufferView"]]
    width = {"VEC2": 2, "VEC3": 3, "VEC4": 4}[accessor["type"]]
    flat = np.frombuffer(binary, np.float32, accessor["count"] * width, view.get("byteOffset", 0))
    return flat.reshape(-1, width)


def write_into(name, change):
    def broken(document, binary):
        for primitive in range(6):
            values = attribute(document, binary, name, primitive)
            values[...] = change(values.copy())

    return broken


def nan(values):
    values[0, 0] = np.nan
    return values


def accessor_of(document, name):
    return document["accessors"][document["meshes"][0]["primitives"][0]["attributes"][name]]


def swap_packing(document, binary):
    """Roughness and metal in each other's channel: no validator minds."""

    def swapped(image, _):
        array, text = png.decode(image)
        return png.encode(array[..., [0, 2, 1]], text) if image in orm else image

    orm = set()
    images = image_bytes(document, bytes(binary))
    for material in document["materials"]:
        info = material["pbrMetallicRoughness"]["metallicRoughnessTexture"]
        orm.add(images[document["textures"][info["index"]]["source"]])
    return changed(document, bytes(binary), swapped)[1]


def repaint(place, paint):
    """Changes the pixels of one texture of every material."""

    def broken(document, binary):
        images, chosen = image_bytes(document, bytes(binary)), set()
        for material in document["materials"]:
            info = {**material, **material["pbrMetallicRoughness"]}[place]
            chosen.add(images[document["textures"][info["index"]]["source"]])

        def repainted(image, _):
            if image not in chosen:
                return image
            array, text = png.decode(image)
            return png.encode(np.ascontiguousarray(paint(array)), text)

        return changed(document, bytes(binary), repainted)[1]

    return broken


def green_down(array):
    array = array.copy()
    array[..., 1] = 255 - array[..., 1]
    return array


def edit(change):
    return lambda document, binary: change(document) and None


BROKEN_GLB = {
    "buffer too long": ("structure", edit(lambda d: d["buffers"][0].update(byteLength=10**9))),
    "view outside": ("structure", edit(lambda d: d["bufferViews"][0].update(byteOffset=10**9))),
    "accessor outside": ("structure", edit(lambda d: accessor_of(d, "POSITION").update(count=10**6))),
    "no such accessor": (
        "structure",
        edit(lambda d: d["meshes"][0]["primitives"][0]["attributes"].update(POSITION=999)),
    ),
    "no such texture": (
        "structure",
        edit(lambda d: d["materials"][0]["normalTexture"].update(index=999)),
    ),
    "a wrong type": ("structure", edit(lambda d: d["images"][0].update(mimeType="image/jpeg"))),
    "an unknown extension": ("structure", edit(lambda d: d.update(extensionsRequired=["XX_secret"]))),
    "lines": ("structure", edit(lambda d: d["meshes"][0]["primitives"][0].update(mode=1))),
    "a loop": ("structure", edit(lambda d: d["nodes"][0].update(children=[0]))),
    "an image elsewhere": (
        "reference",
        edit(lambda d: d["images"].__setitem__(0, {"uri": "../secret.png", "mimeType": "image/png"})),
    ),
    "an image on the net": (
        "reference",
        edit(lambda d: d["images"].__setitem__(0, {"uri": "https://x.test/a.png"})),
    ),
    "an image that is not there": (
        "missing-texture",
        edit(lambda d: d["images"].__setitem__(0, {"uri": "gone.png", "mimeType": "image/png"})),
    ),
    "nothing shown": ("empty", edit(lambda d: d["scenes"][0].update(nodes=[]))),
    "nan": ("nan", write_into("POSITION", nan)),
    "nan in a UV": ("nan", write_into("TEXCOORD_0", nan)),
    "long normals": ("normals", write_into("NORMAL", lambda v: v * 2)),
    "normals inside": ("normals", write_into("NORMAL", lambda v: -v)),
    "UVs in a point": ("uvs", write_into("TEXCOORD_0", lambda v: v * 0)),
    "no UVs": (
        "uvs",
        edit(lambda d: [p["attributes"].pop("TEXCOORD_0") for p in d["meshes"][0]["primitives"]]),
    ),
    "no tangents": (
        "tangents",
        edit(lambda d: [p["attributes"].pop("TANGENT") for p in d["meshes"][0]["primitives"]]),
    ),
    "tangents turned": ("tangents", write_into("TANGENT", lambda v: v * [-1, -1, -1, 1])),
    "bitangents turned": ("tangents", write_into("TANGENT", lambda v: v * [1, 1, 1, -1])),
    "short tangents": ("tangents", write_into("TANGENT", lambda v: v * [0.5, 0.5, 0.5, 1])),
    "tangents along the normal": ("tangents", write_into("TANGENT", lambda v: v[:, [1, 2, 0, 3]])),
    "a sign of zero": ("tangents", write_into("TANGENT", lambda v: v * [1, 1, 1, 0])),
    "centimetres": ("units", write_into("POSITION", lambda v: v * 1e5)),
    "millimetres": ("units", write_into("POSITION", lambda v: v * 1e-4)),
    "packed another way": ("read-back", swap_packing),
    "grey packing": ("packing", repaint("metallicRoughnessTexture", lambda a: a[..., [1, 1, 1]])),
    "green down": ("normal-convention", repaint("normalTexture", green_down)),
    "height as normals": ("normal-map", repaint("normalTexture", lambda a: a[..., [0, 0, 0]])),
    "grey normals": ("normal-map", repaint("normalTexture", lambda a: a[..., :1])),
    "black colours": ("read-back", repaint("baseColorTexture", lambda a: a * 0)),
    "linear colours": (
        "read-back",
        repaint("baseColorTexture", lambda a: ((a / 255.0) ** 2.2 * 255).astype(np.uint8)),
    ),
    "one size smaller": ("size", repaint("normalTexture", lambda a: a[::2, ::2])),
    "no recipe": (
        "mark",
        edit(lambda d: [d["asset"].pop("extras"), [node.pop("extras") for node in d["nodes"]]]),
    ),
    "half a recipe": ("mark", edit(lambda d: d["asset"]["extras"].update(gancube='{"kind":"cube"}'))),
}
