"""Reads a GLB for the checker: its structure by the specification, then meshes and materials. Numpy only; never bpy.

Files come from anywhere: what points outside, loops or lies is a finding, and reading goes on without it.
Previous station: glb.py. Next: checked_mesh.py, checked_maps.py.
"""

from pathlib import Path

import numpy as np

from .checked import Checked, CheckedMap, CheckedMaterial, CheckedMesh
from .errors import ImageError, RecipeError
from .glb import read_glb
from .image_file import MIME, kind_of

COMPONENTS = {
    5120: np.int8,
    5121: np.uint8,
    5122: np.int16,
    5123: np.uint16,
    5125: np.uint32,
    5126: np.float32,
}
WIDTHS = {"SCALAR": 1, "VEC2": 2, "VEC3": 3, "VEC4": 4, "MAT4": 16}
TRIANGLES = 4
KNOWN = {"EXT_texture_webp", "KHR_texture_transform"}  # extensions that this reader understands
IDENTITY = np.eye(4)


def read(path: Path) -> Checked:
    document, binary = read_glb(path)
    facts = Checked(path, "glb", metres=1.0, wants_tangents=True)
    reader = Reader(facts, document, binary)
    for extension in reader.texts("extensionsRequired"):
        if extension not in KNOWN:
            facts.error(
                "structure", path.name, f"it needs the extension {extension[:60]}, which is not checked here."
            )
    for number, buffer in enumerate(reader.items("buffers")):
        if "uri" in buffer:
            facts.error("reference", f"buffer {number}", "its data lie in another file.")
        elif reader.whole(buffer, "byteLength") > len(binary):
            facts.error("structure", f"buffer {number}", "says it is longer than the file's binary part.")
    try:
        facts.images = reader.images()
        facts.materials = [reader.material(i) for i in range(len(reader.items("materials")))]
        reader.nodes()
    except (
        TypeError,
        AttributeError,
        KeyError,
        ValueError,
    ) as error:  # a text where a list belongs, and so on
        raise RecipeError(f"{path}: its JSON holds values of a wrong kind ({str(error)[:80]}).") from error
    return facts


class Reader:
    """The document with every access checked; a fault is reported once and stands as nothing."""

    def __init__(self, facts: Checked, document: dict, binary: bytes):
        self.facts, self.document, self.binary = facts, document, binary

    def items(self, name: str) -> list[dict]:
        found = self.document.get(name, [])
        if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
            raise RecipeError(f"{self.facts.path}: its {name} are no list of objects.")
        return found

    def texts(self, name: str) -> list[str]:
        found = self.document.get(name, [])
        return [one for one in found if isinstance(one, str)] if isinstance(found, list) else []

    def whole(self, item: dict, key: str, default: int = 0) -> int:
        value = item.get(key, default)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else default

    def item(self, name: str, index, where: str) -> dict | None:
        items = self.items(name)
        if isinstance(index, int) and not isinstance(index, bool) and 0 <= index < len(items):
            return items[index]
        self.facts.error("structure", where, f"names number {index!r:.40} of {name}, which is not there.")
        return None

    def view(self, index, where: str) -> bytes | None:
        view = self.item("bufferViews", index, where)
        if view is None or self.item("buffers", view.get("buffer"), where) is None:
            return None
        start, length = self.whole(view, "byteOffset"), self.whole(view, "byteLength")
        if not length or start + length > len(self.binary):
            self.facts.error("structure", where, "its data end outside of the file.")
            return None
        return self.binary[start : start + length]

    def accessor(self, index, kind: str, where: str) -> np.ndarray | None:
        """[count, width] as numbers; whole numbers that stand for 0 to 1 are brought to it."""
        accessor = self.item("accessors", index, where)
        if accessor is None:
            return None
        dtype, width = COMPONENTS.get(accessor.get("componentType")), WIDTHS.get(accessor.get("type"))
        if (
            dtype is None
            or accessor.get("type") != kind
            or "sparse" in accessor
            or "bufferView" not in accessor
        ):
            self.facts.error("structure", where, f"its data are not plain {kind} of a known type.")
            return None
        data = self.view(accessor["bufferView"], where)
        if data is None:
            return None
        size, offset = np.dtype(dtype).itemsize, self.whole(accessor, "byteOffset")
        count = self.whole(accessor, "count")
        step = self.whole(self.items("bufferViews")[accessor["bufferView"]], "byteStride") or size * width
        if (
            offset % size
            or step < size * width
            or not count
            or offset + (count - 1) * step + size * width > len(data)
        ):
            self.facts.error(
                "structure", where, "its data end outside of their part of the file, or lie askew."
            )
            return None
        rows = np.lib.stride_tricks.as_strided(
            np.frombuffer(data, np.uint8)[offset:], (count, size * width), (step, 1), writeable=False
        )
        values = np.ascontiguousarray(rows).view(dtype)
        return values / np.iinfo(dtype).max if accessor.get("normalized") and dtype != np.float32 else values

    def images(self) -> dict[str, bytes | None]:
        found: dict[str, bytes | None] = {}
        for number, image in enumerate(self.items("images")):
            where = f"image {number}"
            if isinstance(uri := image.get("uri"), str) and not uri.startswith("data:"):
                found[str(number)] = self.facts.images.get(self.facts.beside(uri, where))
                continue
            found[str(number)] = data = self.view(image.get("bufferView"), where)
            if data is not None:
                try:
                    if MIME[kind_of(data)] != image.get("mimeType"):
                        self.facts.error(
                            "structure", where, f"is not {image.get('mimeType')!r:.40}, as it says."
                        )
                except ImageError as error:
                    self.facts.error("image", where, str(error))
        return found

    def material(self, index: int) -> CheckedMaterial:
        given = self.items("materials")[index]
        made = CheckedMaterial(str(given.get("name") or f"material {index}")[:100])
        pbr = given.get("pbrMetallicRoughness")
        pbr = pbr if isinstance(pbr, dict) else {}
        self.use(made, pbr.get("baseColorTexture"), "base_color", (0, 3), "sRGB")
        if given.get("alphaMode", "OPAQUE") != "OPAQUE":
            self.use(made, pbr.get("baseColorTexture"), "alpha", (3, 4))
        for role, place, factor in (("roughness", 1, "roughnessFactor"), ("metallic", 2, "metallicFactor")):
            if pbr.get(factor, 1) != 0:
                self.use(made, pbr.get("metallicRoughnessTexture"), role, (place, place + 1))
        self.use(made, given.get("normalTexture"), "normal", (0, 3))
        self.use(made, given.get("occlusionTexture"), "ao", (0, 1))
        made.uv_set = self.whole(pbr.get("baseColorTexture") or {}, "texCoord")
        return made

    def use(self, made: CheckedMaterial, info, role: str, channels, colorspace: str = "Non-Color") -> None:
        """glTF fixes colour spaces by the place of a texture; a picture in two places of different kinds is a fault."""
        if info is None:
            return
        texture = self.item("textures", info.get("index") if isinstance(info, dict) else None, made.name)
        if texture is None:
            return
        extension = (texture.get("extensions") or {}).get("EXT_texture_webp") or {}
        source = extension.get("source", texture.get("source"))
        if self.item("images", source, made.name) is not None:
            made.maps.append(CheckedMap(role, str(source), channels, colorspace))

    def nodes(self) -> None:
        """The meshes that the scene shows, in their places; each node once, so that loops end."""
        scenes = self.items("scenes")
        roots = scenes[self.whole(self.document, "scene")].get("nodes", []) if scenes else []
        waiting, seen = [(root, IDENTITY) for root in roots if isinstance(root, int)], set()
        while waiting:
            index, above = waiting.pop()
            node = self.item("nodes", index, "scene")
            if node is None or index in seen:
                if index in seen:
                    self.facts.error("structure", f"node {index}", "stands in two places of the tree.")
                continue
            seen.add(index)
            place = above @ matrix_of(node)
            waiting += [(child, place) for child in node.get("children", []) if isinstance(child, int)]
            if "mesh" in node and (mesh := self.item("meshes", node["mesh"], f"node {index}")) is not None:
                name = str(mesh.get("name") or f"mesh {node['mesh']}")[:100]
                for number, primitive in enumerate(mesh.get("primitives", [])):
                    self.primitive(f"{name} part {number + 1}", primitive, place)

    def primitive(self, name: str, given: dict, place: np.ndarray) -> None:
        if given.get("mode", TRIANGLES) != TRIANGLES or not isinstance(given.get("attributes"), dict):
            self.facts.error("structure", name, "is not made of triangles.")
            return
        attributes, material = given["attributes"], None
        if "material" in given and self.item("materials", given["material"], name) is not None:
            material = self.facts.materials[given["material"]]
        points = self.accessor(attributes.get("POSITION"), "VEC3", name)
        if points is None:
            return
        corners = np.arange(len(points))
        if "indices" in given:
            indices = self.accessor(given["indices"], "SCALAR", name)
            corners = indices[:, 0].astype(np.int64) if indices is not None else corners[:0]
        if len(corners) % 3:
            self.facts.error("structure", name, "its corners are not a multiple of three.")
            corners = corners[: len(corners) // 3 * 3]
        uv_name = f"TEXCOORD_{material.uv_set if material else 0}"
        extra = {}
        inside = not len(corners) or corners.max() < len(points)
        wanted = (("normals", "NORMAL", "VEC3"), ("uvs", uv_name, "VEC2"), ("tangents", "TANGENT", "VEC4"))
        for key, attribute, kind in wanted:
            values = self.accessor(attributes[attribute], kind, name) if attribute in attributes else None
            if values is not None and len(values) != len(points):
                self.facts.error("structure", name, f"{attribute} has not as many entries as POSITION.")
            elif values is not None and inside:
                extra[key] = values[corners].astype(np.float64)
        if "uvs" in extra:
            extra["uvs"] = extra["uvs"] * [1, -1] + [0, 1]  # glTF's v goes down
        with np.errstate(all="ignore"):  # of what is no number, which the rules report
            moved = points @ place[:3, :3].T + place[:3, 3]
            for key in ("normals", "tangents"):
                if key in extra:
                    extra[key][:, :3] = turned(extra[key][:, :3], place, key)
        if np.linalg.det(place[:3, :3]) < 0:  # seen in a mirror, as glTF has it
            corners = corners.reshape(-1, 3)[:, ::-1].reshape(-1)
            extra = {
                key: v.reshape(-1, 3, v.shape[1])[:, ::-1].reshape(len(v), -1) for key, v in extra.items()
            }
        counts = np.full(len(corners) // 3, 3)
        self.facts.meshes.append(CheckedMesh(name, material, moved, corners, counts, **extra))


def turned(vectors: np.ndarray, place: np.ndarray, kind: str) -> np.ndarray:
    """Directions in the scene. Vectors that had length one have it again, others keep their fault."""
    linear = place[:3, :3] if kind == "tangents" else np.linalg.pinv(place[:3, :3]).T
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    moved = vectors @ linear.T
    return moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-12) * length


def matrix_of(node: dict) -> np.ndarray:
    try:
        if "matrix" in node:
            return np.array(node["matrix"], float).reshape(4, 4).T
        x, y, z, w = np.array(node.get("rotation", (0, 0, 0, 1)), float)
        rotation = np.array(
            [
                [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
                [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
                [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
            ]
        )
        made = np.eye(4)
        made[:3, :3] = rotation * np.array(node.get("scale", (1, 1, 1)), float)
        made[:3, 3] = np.array(node.get("translation", (0, 0, 0)), float)
        return made
    except (ValueError, TypeError) as error:
        raise RecipeError("a node of the GLB has a damaged place.") from error
