"""What texturing must leave alone, as plain values to be compared: everything of object and mesh but materials.

`intact(item)` before and after must be equal. Not compared: UV layers called "gancube...", material slots, the custom
property "gancube"; and, where `indices` is False, the polygons' material_index (mode faces sets it).
"""

import bpy
import numpy as np

WIDTH = {"vector": {"FLOAT2": 2, "FLOAT_VECTOR": 3}, "color": {"FLOAT_COLOR": 4, "BYTE_COLOR": 4}}
VALUE_WIDTH = {"FLOAT": 1, "INT": 1, "BOOLEAN": 1, "INT8": 1, "INT32_2D": 2, "INT16_2D": 2, "QUATERNION": 4}


def intact(item: bpy.types.Object, indices: bool = True) -> dict:
    mesh = item.data
    return {
        "shape": (len(mesh.vertices), len(mesh.edges), len(mesh.loops), len(mesh.polygons)),
        "attributes": {
            a.name: attribute(a)
            for a in mesh.attributes
            if not a.name.startswith("gancube") and (indices or a.name != "material_index")
        },
        "polygons": values(mesh.polygons, "loop_start", "i", 1),
        "indices": values(mesh.polygons, "material_index", "i", 1) if indices else None,
        "seams": values(mesh.edges, "use_seam", "?", 1),
        "normals": values(mesh.corner_normals, "vector", "f", 3),
        "uv": [(u.name, u.active_render, u.active) for u in mesh.uv_layers if not u.name.startswith("gancube")],
        "active": (mesh.attributes.active and mesh.attributes.active.name, mesh.attributes.active_color_name),
        "rendered colour": mesh.attributes.render_color_index,
        "shape keys": keys(mesh.shape_keys),
        "groups": [group.name for group in item.vertex_groups],
        "weights": [[(g.group, g.weight) for g in v.groups] for v in mesh.vertices],
        "modifiers": [plain(modifier) for modifier in item.modifiers],
        "constraints": [plain(constraint) for constraint in item.constraints],
        "drivers": drivers(item) + drivers(mesh.shape_keys) + drivers(mesh),
        "object": (item.name, mesh.name, item.parent and item.parent.name, item.hide_render),
        "place": [tuple(row) for row in item.matrix_world],
        "selection": (item.select_get(), item.active_shape_key_index, item.active_material_index),
        "properties": {k: repr(v) for block in (item, mesh) for k, v in block.items() if k != "gancube"},
    }  # fmt: skip


def attribute(one: bpy.types.Attribute):
    if one.data_type == "STRING":
        return [element.value for element in one.data]
    name, widths = next(((n, w) for n, w in WIDTH.items() if one.data_type in w), ("value", VALUE_WIDTH))
    if one.data_type == "FLOAT4X4":
        return [repr(element.value) for element in one.data]
    code = {"BOOLEAN": "?", "INT": "i", "INT8": "i", "INT32_2D": "i", "INT16_2D": "i"}.get(one.data_type, "f")
    return one.domain, one.data_type, values(one.data, name, code, widths[one.data_type])


def values(items, name: str, code: str, width: int) -> bytes:
    array = np.zeros(width * len(items), code)
    items.foreach_get(name, array)
    return array.tobytes()


def keys(shape_keys) -> list:
    if shape_keys is None:
        return []
    return [
        (block.name, block.value, block.mute, values(block.data, "co", "f", 3))
        for block in shape_keys.key_blocks
    ]


def drivers(block) -> list:
    if block is None or block.animation_data is None:
        return []
    return [(curve.data_path, curve.driver.expression) for curve in block.animation_data.drivers]


def plain(block) -> dict:
    return {
        p.identifier: repr(getattr(block, p.identifier))
        for p in block.bl_rna.properties
        if p.type in ("BOOLEAN", "INT", "FLOAT", "STRING", "ENUM") and p.identifier != "execution_time"
    }
