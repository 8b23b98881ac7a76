"""The shape of a GLB's meshes and nothing else, for baking, and which UV sets a bake may use. Standard library only;
never bpy.

Without images, animations and lights an importer has less to do and less to stumble over. Previous station: glb.py.
Next: scene/glb_meshes.py imports it; glb_paint.py puts what was made into the whole file.
"""

import copy

MESH_KEY = "gancube_mesh"  # custom property of an imported mesh: its number in the file
SURFACES = (4, 5, 6)  # modes of a primitive: triangles, strips, fans
KEPT = ("POSITION", "NORMAL", "TEXCOORD_", "JOINTS_", "WEIGHTS_")
FORMS = (
    "KHR_draco_mesh_compression",
    "KHR_mesh_quantization",
    "EXT_meshopt_compression",
)  # how numbers are stored


def shape_of(document: dict) -> dict:
    """The JSON of a GLB with the same binary. Nodes are named so that their names are in the order of their numbers;
    all nodes stand in one scene; meshes carry MESH_KEY. The given document stays as it is."""
    shape = {
        key: copy.deepcopy(document[key])
        for key in ("asset", "buffers", "bufferViews", "accessors", "skins", "nodes", "meshes")
        if key in document
    }
    for number, mesh in enumerate(shape.get("meshes", [])):
        kept = {"name": mesh_name(document, number), "extras": {MESH_KEY: number}}
        kept |= {"weights": mesh["weights"]} if "weights" in mesh else {}
        shape["meshes"][number] = kept | {"primitives": [bare(part) for part in surfaces(mesh)]}
    for number, node in enumerate(shape.get("nodes", [])):
        node["name"] = f"{number:07}"
        for key in ("camera", "extensions", "extras"):
            node.pop(key, None)
        if "mesh" in node and not shape["meshes"][node["mesh"]]["primitives"]:
            del node["mesh"]
    below = {child for node in shape.get("nodes", []) for child in node.get("children", [])}
    shape["scenes"] = [{"nodes": [i for i in range(len(shape.get("nodes", []))) if i not in below]}]
    shape["scene"] = 0
    for key in ("extensionsUsed", "extensionsRequired"):
        if names := [name for name in document.get(key, []) if name in FORMS]:
            shape[key] = names
    return shape


def bare(part: dict) -> dict:
    kept = {key: part[key] for key in ("indices", "mode", "targets") if key in part}
    draco = (part.get("extensions") or {}).get(FORMS[0])
    kept |= {"extensions": {FORMS[0]: draco}} if draco is not None else {}
    return kept | {
        "attributes": {name: number for name, number in part["attributes"].items() if name.startswith(KEPT)}
    }


def surfaces(mesh: dict) -> list[dict]:
    """The parts of a mesh that have a surface; the others are points and lines."""
    return [
        part
        for part in mesh["primitives"]
        if part.get("mode", 4) in SURFACES and "POSITION" in part["attributes"]
    ]


def uv_sets(document: dict, mesh: dict) -> list[int]:
    """Numbers of the UV sets that all its surfaces have, the ones in which its colours lie first."""
    parts = surfaces(mesh)
    sets = [n for n in range(8) if all(f"TEXCOORD_{n}" in part["attributes"] for part in parts)]
    shown = [document["materials"][part["material"]] for part in parts if "material" in part]
    infos = [one.get("pbrMetallicRoughness", {}).get("baseColorTexture") for one in shown]
    used = {info.get("texCoord", 0) for info in infos if info}
    return sorted(sets, key=lambda n: (n not in used, n))


def mesh_name(document: dict, number: int) -> str:
    return document["meshes"][number].get("name") or f"mesh {number}"
