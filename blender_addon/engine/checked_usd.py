"""Reads a USD for the checker: the package, units, meshes, and UsdPreviewSurface materials. Numpy only; never bpy.

Previous station: usd_layers.py, usda_reader.py. Only what stands in the file itself is followed: a layer that refers
to others is reported. Next: checked_mesh.py, checked_maps.py.
"""

import re
from pathlib import Path, PurePosixPath

import numpy as np

from . import usda_reader
from .checked import Checked, CheckedMap, CheckedMaterial, CheckedMesh
from .errors import RecipeError
from .recipe_files import read_bytes
from .usd_layers import MAX_BYTES, root_layer
from .usda import INPUTS
from .usda_reader import Asset, Layer, Prim, Raw, Target
from .usdz import ALIGNMENT

ROLES = {socket: role for role, (socket, *_) in INPUTS.items()}
COLORSPACES = {"sRGB": "sRGB", "raw": "Non-Color", "auto": ""}
CHANNELS = {"r": (0, 1), "g": (1, 2), "b": (2, 3), "a": (3, 4), "rgb": (0, 3), "rgba": (0, 3)}
IN_PACKAGE = {".usda", ".usdc", ".usd", ".png", ".jpg", ".jpeg", ".exr", ".avif", ".m4a", ".mp3", ".wav"}


def read(path: Path) -> Checked:
    text, files = root_layer(read_bytes(path, MAX_BYTES))
    layer = usda_reader.read(text)
    facts = Checked(path, "usdz" if files else "usd")
    for name, (start, _) in files.items():
        if start % ALIGNMENT:
            facts.error("package", name, f"does not begin at a multiple of {ALIGNMENT} bytes.")
        if PurePosixPath(name).suffix.lower() not in IN_PACKAGE:
            facts.error("package", name, "is of a kind that a USDZ may not hold.")
    stage(facts, layer)
    inside = {name: data for name, (_, data) in files.items()}
    materials = {
        p.path: material(facts, layer, p, inside) for p in layer.prims.values() if p.kind == "Material"
    }
    facts.materials = list(materials.values())
    for prim in layer.prims.values():
        if prim.kind == "Mesh":
            mesh(facts, layer, prim, materials)
    return facts


def stage(facts: Checked, layer: Layer) -> None:
    metres = layer.metadata.get("metersPerUnit")
    if metres is None:
        facts.error("units", facts.path.name, "does not say its unit, so programs read centimetres.")
    else:
        facts.metres = float(numbers(metres, 1)[0, 0])
    if layer.metadata.get("upAxis") not in ("Y", "Z"):
        facts.error("units", facts.path.name, "does not say which axis is up.")
    default = layer.metadata.get("defaultPrim")
    if not isinstance(default, str) or f"/{default}" not in layer.prims:
        facts.error(
            "structure", facts.path.name, "has no default prim, so nothing is shown where it is referred to."
        )
    if "subLayers" in layer.metadata or any(
        key in prim.metadata for prim in layer.prims.values() for key in ("references", "payload")
    ):
        facts.warning("structure", facts.path.name, "refers to other layers, which are not followed here.")


def material(facts: Checked, layer: Layer, prim: Prim, inside: dict[str, bytes]) -> CheckedMaterial:
    made = CheckedMaterial(prim.path)
    surface = prim.properties.get("outputs:surface.connect")
    shader = layer.prims.get(target(surface)[0]) if surface is not None else None
    if shader is None:
        facts.error("structure", prim.path, "is connected to no surface shader.")
        return made
    for name, one in shader.properties.items():
        if not name.startswith("inputs:") or not name.endswith(".connect"):
            continue
        role = ROLES.get(name[len("inputs:") : -len(".connect")])
        source, output = target(one)
        texture = layer.prims.get(source)
        if texture is None:
            facts.error("structure", prim.path, f"{name} is connected to nothing.")
        elif role is not None:
            use(facts, made, texture, role, output, inside)
    for texture in layer.prims.values():  # height beside normals: there, connected to nothing
        role = texture.path.removeprefix(prim.path + "/")
        if role in INPUTS and texture.kind == "Shader" and not any(m.role == role for m in made.maps):
            use(facts, made, texture, role, INPUTS[role][2], inside)
    return made


def use(facts: Checked, made: CheckedMaterial, texture: Prim, role: str, output: str, inside: dict) -> None:
    file = texture.properties.get("inputs:file")
    reference = file.value if file is not None else None
    if not isinstance(reference, Asset) or not reference:
        facts.error("missing-texture", made.name, f"the texture of its {role} names no file.")
        return
    if inside:
        key = str(PurePosixPath(reference.removeprefix("./")))
        if ".." in PurePosixPath(key).parts or key.startswith("/") or ":" in key:
            facts.error("reference", made.name, f"{str(reference)!r} climbs out of the package.")
        elif key not in inside:
            facts.error("missing-texture", made.name, f"{str(reference)!r} is not in the package.")
        else:
            facts.images[key] = inside[key]
    else:
        key = facts.beside(reference, made.name)
    space = texture.properties.get("inputs:sourceColorSpace")
    made.maps.append(
        CheckedMap(
            role,
            key,
            CHANNELS.get(output, (0, 3)),
            COLORSPACES.get(str(space.value) if space else "auto", ""),
        )
    )
    if role == "normal":
        given = [texture.properties.get(f"inputs:{name}") for name in ("scale", "bias")]
        values = [numbers(one.value, 4)[0].tolist() if one is not None else None for one in given]
        if (
            values[0] is None
            or values[1] is None
            or [*values[0][:3], *values[1][:3]] != [2, 2, 2, -1, -1, -1]
        ):
            facts.error("normal-map", made.name, "its normals are not read from -1 to 1 (scale 2, bias -1).")
    st = texture.properties.get("inputs:st.connect")
    if st is None:
        facts.error("uvs", made.name, f"the texture of its {role} has no UVs connected.")


def mesh(facts: Checked, layer: Layer, prim: Prim, materials: dict[str, CheckedMaterial]) -> None:
    get = prim.properties.get
    missing = [name for name in ("points", "faceVertexCounts", "faceVertexIndices") if get(name) is None]
    if missing:
        facts.error("structure", prim.path, f"has no {' and no '.join(missing)}.")
        return
    points = numbers(get("points").value, 3)
    counts = whole(get("faceVertexCounts").value)
    corners = whole(get("faceVertexIndices").value)
    if (counts < 3).any() or counts.sum() != len(corners):
        facts.error("structure", prim.path, "its faces do not add up to its corners.")
        return
    if (corners < 0).any() or (len(corners) and corners.max() >= len(points)):
        facts.error("index", prim.path, "a face names a vertex that is not there.")
        return
    normals = per_corner(facts, prim, "primvars:normals", 3, corners) if get("primvars:normals") else None
    normals = (
        per_corner(facts, prim, "normals", 3, corners) if normals is None and get("normals") else normals
    )
    uvs = per_corner(facts, prim, "primvars:st", 2, corners) if get("primvars:st") else None
    subsets = [
        p for p in layer.prims.values() if p.kind == "GeomSubset" and p.path.startswith(prim.path + "/")
    ]
    parts = [(prim, np.arange(len(counts)))]
    if subsets:
        parts = [(p, whole(p.properties["indices"].value)) for p in subsets if "indices" in p.properties]
    of_polygon = np.repeat(np.arange(len(counts)), counts)
    for part, polygons in parts:
        if len(polygons) and (polygons.min() < 0 or polygons.max() >= len(counts)):
            facts.error("index", part.path, "names a face that is not there.")
            continue
        mine = np.isin(of_polygon, polygons)
        binding = part.properties.get("material:binding")
        bound = materials.get(target(binding)[0]) if binding is not None else None
        if binding is not None and bound is None:
            facts.error("structure", part.path, "is bound to a material that is not there.")
        facts.meshes.append(
            CheckedMesh(
                part.path,
                bound,
                points,
                corners[mine],
                counts[np.sort(polygons)],
                normals[mine] if normals is not None else None,
                uvs[mine] if uvs is not None else None,
            )
        )


def per_corner(facts: Checked, prim: Prim, name: str, width: int, corners: np.ndarray) -> np.ndarray | None:
    """A primvar brought to corners: given for each of them or each vertex, directly or by numbers."""
    one = prim.properties[name]
    values = numbers(one.value, width)
    indices = prim.properties.get(f"{name}:indices")
    if indices is not None:
        places = whole(indices.value)
        if len(places) and (places.min() < 0 or places.max() >= len(values)):
            facts.error("index", prim.path, f"{name} names a value that is not there.")
            return None
        values = values[places]
    if one.metadata.get("interpolation", "vertex") in ("vertex", "varying") and len(values) > corners.max(
        initial=-1
    ):
        return values[corners]
    if len(values) != len(corners):
        facts.error("structure", prim.path, f"{name} has not one value for each corner.")
        return None
    return values


def numbers(value, width: int) -> np.ndarray:
    """Raw text of numbers -> [n, width] float64; what is no number becomes NaN."""
    if not isinstance(value, Raw):
        return np.full((1, width), np.nan)
    words = re.sub(r"[\[\](),\s]+", " ", value).split()
    try:
        flat = np.array(words, dtype=np.float64)
    except ValueError:
        flat = np.full(width, np.nan)
    return flat[: len(flat) // width * width].reshape(-1, width)


def whole(value) -> np.ndarray:
    """Raw text of whole numbers -> [n] int64."""
    values = numbers(value, 1)[:, 0]
    if not (np.abs(values) < 2**31).all():
        raise RecipeError("is damaged: a list of whole numbers holds something else.")
    return values.astype(np.int64)


def target(one) -> tuple[str, str]:
    """("/prim/path", "output") of a connection or relationship."""
    value = one.value
    if isinstance(value, Raw):  # a list with one entry
        found = re.search(r"<([^>]*)>", value)
        value = Target(found[1]) if found else ""
    path, _, name = str(value).partition(".")
    return path, name.removeprefix("outputs:")
