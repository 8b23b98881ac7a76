"""A textured mesh as a text layer of USD: UsdGeomMesh, UsdPreviewSurface, the mark as custom data. Numpy only.

Written here and not by Blender, whose writer drops ambient occlusion and cannot set custom data without Pixar's
library. The same mesh, maps and mark give the same bytes.

    base_color -> diffuseColor     roughness, metallic, ao -> roughness, metallic, occlusion
    alpha      -> opacity          normal -> normal, scale (2, 2, 2, 1) and bias (-1, -1, -1, 0)
    height     -> displacement where the material displaces; beside normals its texture stands unconnected

Previous station: surface_mesh.py. Next: usdz.py, or a file of its own.
"""

import json

import numpy as np

from .mark import Mark, facts
from .surface_mesh import SurfaceMesh, unique_rows, y_up

INPUTS = {
    "base_color": ("diffuseColor", "color3f", "rgb", "float3"),
    "alpha": ("opacity", "float", "r", "float"),
    "metallic": ("metallic", "float", "r", "float"),
    "roughness": ("roughness", "float", "r", "float"),
    "normal": ("normal", "normal3f", "rgb", "float3"),
    "height": ("displacement", "float", "r", "float"),
    "ao": ("occlusion", "float", "r", "float"),
}


def layer(name: str, mesh: SurfaceMesh, looks: list, files: list[dict[str, str]], mark: Mark) -> bytes:
    """name: a legal identifier. files: for each look {map name: path of its image, relative to the layer}."""
    return "".join(
        [
            "#usda 1.0\n(\n    customLayerData = {\n",
            _dictionary(mark, 8),
            "    }\n",
            f'    defaultPrim = "{name}"\n',
            '    metersPerUnit = 1\n    upAxis = "Y"\n)\n\n',
            f'def Xform "{name}" (\n    assetInfo = {{\n        string name = {_text(mark.title)}\n    }}\n',
            "    customData = {\n",
            _dictionary(mark, 8),
            '    }\n    kind = "component"\n)\n{\n',
            _mesh(name, mesh, looks),
            '\n    def Scope "Materials"\n    {\n',
            *(_material(name, look, files[i]) for i, look in enumerate(looks)),
            "    }\n}\n",
        ]
    ).encode("utf-8")


def _dictionary(mark: Mark, indent: int) -> str:
    pad, lines = " " * indent, []
    for key, value in facts(mark).items():
        if isinstance(value, list):
            lines.append(f"{pad}    string[] {key} = [{', '.join(map(_text, value))}]\n")
        else:
            lines.append(f"{pad}    string {key} = {_text(value)}\n")
    return f"{pad}dictionary gancube = {{\n{''.join(lines)}{pad}}}\n"


def _text(value: str) -> str:
    """A quoted string. USD's escapes are those of Python and JSON, but it does not know \\u."""
    return json.dumps("".join(c for c in value if c >= " " or c in "\n\t"), ensure_ascii=False)


def _numbers(values: np.ndarray) -> str:
    return ", ".join(["%.9g"] * values.size) % tuple(values.reshape(-1).tolist())


def _tuples(rows: np.ndarray) -> str:
    one = "(" + ", ".join(["%.9g"] * rows.shape[1]) + ")"
    return ", ".join([one] * len(rows)) % tuple(rows.reshape(-1).tolist())


def _mesh(name: str, mesh: SurfaceMesh, looks: list) -> str:
    points = y_up(mesh.points)
    normals, normal_at = unique_rows(y_up(mesh.normals))
    uvs, uv_at = unique_rows(mesh.uvs)
    each_corner = '(\n            interpolation = "faceVarying"\n        )'
    parts = [
        '    def Mesh "Mesh" (\n        prepend apiSchemas = ["MaterialBindingAPI"]\n    )\n    {\n',
        f"        float3[] extent = [{_tuples(np.stack([points.min(axis=0), points.max(axis=0)]))}]\n",
        f"        int[] faceVertexCounts = [{_numbers(mesh.counts)}]\n",
        f"        int[] faceVertexIndices = [{_numbers(mesh.corners)}]\n",
        f"        point3f[] points = [{_tuples(points)}]\n",
        f"        normal3f[] primvars:normals = [{_tuples(normals)}] {each_corner}\n",
        f"        int[] primvars:normals:indices = [{_numbers(normal_at)}]\n",
        f"        texCoord2f[] primvars:st = [{_tuples(uvs)}] {each_corner}\n",
        f"        int[] primvars:st:indices = [{_numbers(uv_at)}]\n",
        '        uniform token subdivisionScheme = "none"\n',
    ]
    if len(looks) == 1:
        parts.append(f"        rel material:binding = </{name}/Materials/{looks[0].name}>\n")
    else:
        parts.append('        uniform token subsetFamily:materialBind:familyType = "partition"\n')
        for slot, look in enumerate(looks):
            mine = np.flatnonzero(mesh.slots == slot)
            if len(mine):
                parts.append(
                    f'\n        def GeomSubset "{look.name}" (\n'
                    '            prepend apiSchemas = ["MaterialBindingAPI"]\n        )\n        {\n'
                    '            uniform token elementType = "face"\n'
                    '            uniform token familyName = "materialBind"\n'
                    f"            int[] indices = [{_numbers(mine)}]\n"
                    f"            rel material:binding = </{name}/Materials/{look.name}>\n        }}\n"
                )
    return "".join(parts) + "    }\n"


def _material(name: str, look, files: dict[str, str]) -> str:
    path = f"/{name}/Materials/{look.name}"
    values = {
        "base_color": f"({_numbers(np.float32(look.color))})",
        "metallic": _numbers(np.float32(look.metallic)),
        "roughness": _numbers(np.float32(look.roughness)),
    }
    surface = ['                uniform token info:id = "UsdPreviewSurface"\n']
    textures = []
    outputs = [f"            token outputs:surface.connect = <{path}/Surface.outputs:surface>\n"]
    for map_name, (socket, kind, output, output_kind) in INPUTS.items():
        if map_name in files:
            textures.append(_texture(path, map_name, files[map_name], output, output_kind, look.relief))
        if map_name in files and (map_name != "height" or look.relief is not None):
            surface.append(
                f"                {kind} inputs:{socket}.connect = <{path}/{map_name}.outputs:{output}>\n"
            )
            if map_name == "height":
                outputs.append(
                    f"            token outputs:displacement.connect = <{path}/Surface.outputs:displacement>\n"
                )
        elif map_name in values:
            surface.append(f"                {kind} inputs:{socket} = {values[map_name]}\n")
    surface.append("                token outputs:surface\n                token outputs:displacement\n")
    reader = (
        '\n            def Shader "Reader"\n            {\n'
        '                uniform token info:id = "UsdPrimvarReader_float2"\n'
        '                string inputs:varname = "st"\n                float2 outputs:result\n            }\n'
    )
    return (
        f'        def Material "{look.name}"\n        {{\n{"".join(outputs)}\n'
        f'            def Shader "Surface"\n            {{\n{"".join(surface)}            }}\n'
        f"{reader if textures else ''}{''.join(textures)}        }}\n\n"
    )


def _texture(path: str, map_name: str, file: str, output: str, kind: str, relief: float | None) -> str:
    at = "@@@" if "@" in file else "@"
    extra, space = "", "sRGB" if map_name == "base_color" else "raw"
    if map_name == "normal":
        extra = (
            "                float4 inputs:bias = (-1, -1, -1, 0)\n"
            "                float4 inputs:scale = (2, 2, 2, 1)\n"
        )
    elif map_name == "height" and relief is not None:
        metres = _numbers(np.float32(relief))
        half = _numbers(
            np.float32(-relief / 2)
        )  # middle grey stays where it is, as in Blender's Displacement node
        extra = (
            f"                float4 inputs:bias = ({', '.join([half] * 4)})\n"
            f"                float4 inputs:scale = ({', '.join([metres] * 4)})\n"
        )
    return (
        f'\n            def Shader "{map_name}"\n            {{\n'
        '                uniform token info:id = "UsdUVTexture"\n'
        f"{extra}"
        f"                asset inputs:file = {at}{file}{at}\n"
        f'                token inputs:sourceColorSpace = "{space}"\n'
        f"                float2 inputs:st.connect = <{path}/Reader.outputs:result>\n"
        '                token inputs:wrapS = "repeat"\n                token inputs:wrapT = "repeat"\n'
        f"                {kind} outputs:{output}\n            }}\n"
    )
