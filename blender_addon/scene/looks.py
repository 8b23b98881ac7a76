"""What an object's material slots show, free of nodes: maps as PNG bytes, values, and where they lie. bpy only.

Previous station: the materials of material.py. Next: the writers that do not read Blender's nodes (texture_files.py,
usd.py, obj.py, fbx.py). Strengths are brought into the pixels: those formats have no number for them, or drop it.
"""

import json
import re
from dataclasses import dataclass

import bpy

from ..engine.errors import OutputError
from ..engine.pixel_strength import scaled, steeper
from ..engine.surface_request import FACES
from .faces import image_nodes
from .images import RECIPE_KEY
from .material import DEFAULTS, MAP_ORDER, strengths

GREY = (0.8, 0.8, 0.8)  # Blender's own colour of a new material


@dataclass(frozen=True)
class Look:
    """One material slot. `part` tells the files of several slots apart ("px" to "nz" on a cube, else a number)."""

    name: str
    part: str
    maps: dict[str, bytes]  # map name -> PNG, in the order of MAP_ORDER
    color: tuple[float, float, float]  # linear; where there is no base_color map
    roughness: float  # where there is no such map
    metallic: float
    uv_layer: str  # "" is the layer active for rendering
    uv_scale: tuple[float, float]  # repetitions of the texture over the unit square of the UVs
    relief: float | None  # metres from black to white of height, where it is displaced


def looks(item: bpy.types.Object) -> list[Look]:
    """One for each slot; at least one."""
    parts = part_names(item)
    materials = [slot.material for slot in item.material_slots] or [None]
    return [look(material, part) for material, part in zip(materials, parts, strict=True)]


def part_names(item: bpy.types.Object) -> list[str]:
    count = max(len(item.material_slots), 1)
    if count == len(FACES) and _kind(item) == "cube":
        return [face.lower().replace("+", "p").replace("-", "n") for face in FACES]
    # x -> px: "+X" reads badly in the name of a file, and "+" means a space in some addresses
    return [str(number) for number in range(1, count + 1)] if count > 1 else [""]


def _kind(item: bpy.types.Object) -> str:
    try:
        return json.loads(item.get(RECIPE_KEY, "{}"))["kind"]
    except (ValueError, TypeError, KeyError):
        return ""


def look(material: bpy.types.Material | None, part: str) -> Look:
    name = identifier(f"material_{part}" if part else "material")
    nodes = image_nodes(material)
    factors = {
        map_name: material.node_tree.nodes[node].inputs[socket].default_value
        for map_name, (node, socket) in strengths(material).items()
    }
    maps = {one: _bytes(nodes[one][0]) for one in MAP_ORDER if one in nodes}
    if "roughness" in maps:
        maps["roughness"] = scaled(maps["roughness"], factors.get("roughness", 1.0))
    if "normal" in maps:
        maps["normal"] = steeper(maps["normal"], factors.get("normal", 1.0))
    layer, scale = _placed(material, nodes)
    shader = _shader(material)
    value = {socket: shader.inputs[socket].default_value if shader else None for socket in ("Base Color",)}
    color = tuple(value["Base Color"])[:3] if shader else GREY
    return Look(
        name=name,
        part=part,
        maps=maps,
        color=color,
        roughness=shader.inputs["Roughness"].default_value if shader else DEFAULTS["Roughness"],
        metallic=shader.inputs["Metallic"].default_value if shader else DEFAULTS["Metallic"],
        uv_layer=layer,
        uv_scale=scale,
        relief=factors.get("height"),
    )


def identifier(name: str) -> str:
    """A name that every format takes: letters of ASCII, digits and underscores, no digit in front."""
    plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return plain if re.match(r"[A-Za-z_]", plain) else f"_{plain}"


def _shader(material: bpy.types.Material | None) -> bpy.types.Node | None:
    nodes = material.node_tree.nodes if material is not None and material.node_tree is not None else ()
    return next((node for node in nodes if node.type == "BSDF_PRINCIPLED"), None)


def _bytes(image: bpy.types.Image) -> bytes:
    if image.packed_file is None:
        raise OutputError(f"{image.name}: is not packed into the Blender file. Generate the textures again.")
    return bytes(image.packed_file.data)


def _placed(material: bpy.types.Material | None, nodes: dict) -> tuple[str, tuple[float, float]]:
    """UV layer and repetitions of a material's images (mapping.py); OutputError under a box projection."""
    layer, scale = "", (1.0, 1.0)
    for _, shown in nodes.values():
        if any(node.projection == "BOX" for node in shown):
            raise OutputError(
                f"{material.name}: shows a box projection, which only Blender knows. Bake the object first."
            )
        links = shown[0].inputs["Vector"].links
        source = links[0].from_node if links else None
        if source is not None and source.type == "MAPPING":
            scale = tuple(source.inputs["Scale"].default_value)[:2]
            links = source.inputs["Vector"].links
            source = links[0].from_node if links else None
        if source is not None and source.type == "UVMAP":
            layer = source.uv_map
        break
    return layer, scale
