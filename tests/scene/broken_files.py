"""Sound USD, OBJ, FBX and .blend files broken on purpose, as broken_glb.py does it.

USD: (rule, text before, text after); OBJ: (rule, file, pattern, text after); FBX and .blend: (rule, how it is done).
"""

import struct

import bpy

from blender_addon.engine import fbx_file

BROKEN_USD = {
    "no unit": ("units", "    metersPerUnit = 1\n", ""),
    "no axis": ("units", '    upAxis = "Y"\n', ""),
    "kilometres": ("units", "metersPerUnit = 1\n", "metersPerUnit = 100000\n"),
    "no default prim": ("structure", '    defaultPrim = "Brick_7"\n', ""),
    "linear colours": ("colour-space", 'sourceColorSpace = "sRGB"', 'sourceColorSpace = "raw"'),
    "roughness as a colour": ("colour-space", 'sourceColorSpace = "raw"', 'sourceColorSpace = "sRGB"'),
    "normals from 0 to 1": ("normal-map", "(2, 2, 2, 1)", "(1, 1, 1, 1)"),
    "no UVs connected": (
        "uvs",
        "                float2 inputs:st.connect = ",
        "                float2 inputs:other = ",
    ),
    "no UVs": ("uvs", "primvars:st", "primvars:map1"),
    "a texture that is not there": ("missing-texture", "px_base_color.png", "gone.png"),
    "a texture above": ("reference", "./cube_textures/px_base", "../px_base"),
    "a texture of this machine": ("reference", "./cube_textures/px_base", "/home/me/px_base"),
    "a texture of a Windows machine": ("reference", "./cube_textures/px_base", "C:/px_base"),
    "another surface": ("structure", "/material_px/Surface.outputs", "/material_px/None.outputs"),
    "another material": (
        "structure",
        "material:binding = </Brick_7/Materials/m",
        "material:binding = </Brick_7/None/m",
    ),
    "a vertex that is not there": ("index", "faceVertexIndices = [", "faceVertexIndices = [99, "),
    "a face that is not there": ("index", "int[] indices = [0]", "int[] indices = [77]"),
    "too few corners": ("structure", "faceVertexCounts = [4, ", "faceVertexCounts = [5, "),
    "nan": ("nan", "point3f[] points = [(", "point3f[] points = [(nan, 0, 0), ("),
    "a layer elsewhere": (
        "structure",
        "    metersPerUnit",
        "    subLayers = [@other.usda@]\n    metersPerUnit",
    ),
    "no recipe": ("mark", "dictionary gancube", "dictionary other"),
    "the word is missing": ("mark", "trainedAlgorithmicMedia", "digitalArt"),
    "metal as roughness": ("read-back", "px_roughness.png", "px_metallic.png"),
    "half a file": ("unreadable", "    def Scope", "    ( def"),
}

BROKEN_OBJ = {
    "a vertex that is not there": ("index", "obj", r"f \d+/", "f 99/"),
    "a UV that is not there": ("index", "obj", r"f (\d+)/\d+/", r"f \1/99/"),
    "no UVs": ("uvs", "obj", r"/\d+/", "//"),
    "nan": ("nan", "obj", r"v [-\d.]+ ", "v nan "),
    "words": ("structure", "obj", r"v [-\d.]+ ", "v one "),
    "no material": ("structure", "obj", r"newmtl|usemtl material_px", "usemtl other"),
    "no library": ("missing-texture", "obj", r"cube\.mtl", "gone.mtl"),
    "a library above": ("reference", "obj", r"cube\.mtl", "../cube.mtl"),
    "a texture that is not there": ("missing-texture", "mtl", r"px_base_color", "gone"),
    "a texture of this machine": ("reference", "mtl", r"map_Kd cube", "map_Kd /home/me/cube"),
    "metal as roughness": ("read-back", "mtl", r"map_Pr (\S+)_roughness", r"map_Pr \1_metallic"),
    "no faces": ("empty", "obj", r"(?m)^f .*$", ""),
    "no normals": ("normals", "obj", r"(/\d+)/\d+", r"\1"),
    "no recipe": ("mark", "obj", r"# gancube .*", ""),
}


def fbx_with(sound, path, change):
    version, root = fbx_file.parse((sound / "cube.fbx").read_bytes())
    for node in root.walk():
        change(node)
    path.write_bytes(fbx_file.dump(version, root))
    return path


def rename(text, new):
    def change(node):
        node.values = [(k, v.replace(text, new)) if k == b"S" else (k, v) for k, v in node.values]

    return change


def fbx_nan(node):
    if node.name == b"Normals":
        node.values = [(b"d", struct.pack("<III", 1, 0, 8) + struct.pack("<d", float("nan")))]


def without_tangents(node):
    node.children = [one for one in node.children if one.name != b"LayerElementTangent"]


def without_faces(node):
    node.children = [one for one in node.children if one.name not in (b"Geometry", b"Model")]


BROKEN_FBX = {
    "a texture of this machine": ("reference", rename(b"cube_textures", b"/home/me")),
    "a texture above": ("reference", rename(b"cube_textures", b"..\\textures")),
    "a texture that is not there": ("missing-texture", rename(b"px_base_color", b"gone")),
    "nan": ("nan", fbx_nan),
    "no tangents": ("tangents", without_tangents),
    "no unit": ("units", rename(b"UnitScaleFactor", b"Other")),
    "no mesh": ("empty", without_faces),
    "metal as roughness": ("read-back", rename(b"_roughness.png", b"_metallic.png")),
    "no recipe": ("mark", rename(b"gancube", b"other")),
}


def blend_linear(cube):
    for image in bpy.data.images:
        data = bytes(image.packed_file.data)
        image.colorspace_settings.name = "Non-Color"
        image.pack(data=data, data_len=len(data))


def blend_unpacked(cube):
    node = cube.material_slots[0].material.node_tree.nodes.active
    node.image = bpy.data.images.new("bare", 32, 32)


def blend_elsewhere(cube):
    blend_unpacked(cube)
    image = cube.material_slots[0].material.node_tree.nodes.active.image
    image.source, image.filepath_raw = "FILE", "/home/me/secret.png"


def blend_object_space(cube):
    for node in cube.material_slots[0].material.node_tree.nodes:
        if node.type == "NORMAL_MAP":
            node.space = "OBJECT"


def blend_no_uvs(cube):
    cube.data.uv_layers.remove(cube.data.uv_layers[0])


def blend_unmarked(cube):
    del cube["gancube"]


BROKEN_BLEND = {
    "linear colours": ("colour-space", blend_linear),
    "not packed": ("missing-texture", blend_unpacked),
    "elsewhere": ("reference", blend_elsewhere),
    "normals of the object": ("normal-map", blend_object_space),
    "no UVs": ("uvs", blend_no_uvs),
    "no recipe": ("mark", blend_unmarked),
}
