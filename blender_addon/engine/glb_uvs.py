"""A new UV set for a mesh in a GLB: corners at its borders get points of their own, all else of each point goes along.
Numpy; never bpy.

Previous station: scene/glb_meshes.py, which unwrapped it. Next: glb_paint.py.
"""

import numpy as np

from .checked_glb import COMPONENTS, WIDTHS
from .errors import SurfaceError
from .glb_shape import surfaces
from .surface_mesh import unique_rows

ARRAY, INDICES = 34962, 34963  # targets of a view: attributes, indices
COMPRESSED = "KHR_draco_mesh_compression"


def check_can_split(mesh: dict) -> None:
    """SurfaceError where its points cannot be taken apart."""
    for part in surfaces(mesh):
        if part.get("mode", 4) != 4:
            raise SurfaceError("is made of strips or fans. Export it as plain triangles, or unwrap it first.")
        if COMPRESSED in (part.get("extensions") or {}):
            raise SurfaceError("is compressed (Draco). Export it without that, or unwrap it first.")


def corners_of(document: dict, binary: bytes, mesh: dict) -> list[np.ndarray]:
    """[T, 3] of each surface: which point stands at each corner."""
    found = []
    for part in surfaces(mesh):
        if "indices" in part:
            corners = values_of(document, binary, part["indices"])[:, 0].astype(np.int64)
        else:
            corners = np.arange(document["accessors"][part["attributes"]["POSITION"]]["count"])
        found.append(corners[: len(corners) // 3 * 3].reshape(-1, 3))
    return found


def as_imported(corners: list[np.ndarray]) -> np.ndarray:
    """[T, 3]: which point of one mesh, as importers number them: each surface has the points that it uses, in order."""
    made, before = [], 0
    for one in corners:
        used, places = np.unique(one, return_inverse=True)
        made.append(places.reshape(-1, 3) + before)
        before += len(used)
    return np.concatenate(made)


def kept_triangles(all_of: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """[T, 3] points of corners -> [K]: which of them are `kept`, [K, 3] in the same order: an importer drops some that
    have no area. SurfaceError where they are others."""
    found, at, rows = [], 0, kept.tolist()
    for number, row in enumerate(all_of.tolist()):
        if at < len(rows) and row == rows[at]:
            found.append(number)
            at += 1
    if at < len(rows):
        raise SurfaceError("Blender reads its triangles in another order. Unwrap it first.")
    return np.array(found, np.int64)


def add_uvs(document: dict, binary: bytes, mesh: dict, uvs: np.ndarray) -> bytes:
    """Each surface gets the set of next_sets. uvs: [T, 3, 2] float32 of the corners of all, (0, 0) the lower left.
    Returns the longer binary. What only these surfaces used of the file gives way."""
    parts = surfaces(mesh)
    corners = corners_of(document, binary, mesh)
    before = {
        number: values_of(document, binary, number)
        for part in parts
        for group in (part["attributes"], *part.get("targets", []))
        for number in group.values()
    }  # all of them first: what cannot be read leaves the document as it was
    writer, first = Writer(document, binary), 0
    for part, at, uv_set in zip(parts, corners, next_sets(mesh), strict=True):
        mine = uvs[first : first + len(at)].reshape(-1, 2)
        first += len(at)
        order, places = split(at.reshape(-1), mine)
        points = at.reshape(-1)[order]
        for group in (part["attributes"], *part.get("targets", [])):
            for name, accessor in group.items():
                group[name] = writer.replaced(accessor, before[accessor][points], ARRAY)
        down = (mine[order] * np.float32([1, -1]) + np.float32([0, 1])).astype(
            np.float32
        )  # glTF's v goes down
        part["attributes"][f"TEXCOORD_{uv_set}"] = writer.new(down, "VEC2", ARRAY)
        small = np.uint16 if len(order) < 65535 else np.uint32  # the largest number means a new strip
        indices = places.astype(small).reshape(-1, 1)
        part["indices"] = (
            writer.replaced(part["indices"], indices, INDICES)
            if "indices" in part
            else writer.new(indices, "SCALAR", INDICES)
        )
    return writer.binary


def next_sets(mesh: dict) -> list[int]:
    """The number that a new UV set has in each surface: they are counted without a gap."""
    names = [part["attributes"] for part in surfaces(mesh)]
    return [next(n for n in range(len(one) + 1) if f"TEXCOORD_{n}" not in one) for one in names]


def split(points: np.ndarray, uvs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """[N] points of corners, [N, 2] their UVs -> ([P] the first corner of each new point, in the order of appearance;
    [N] which new point stands at each corner)."""
    _, places = unique_rows(uvs)
    _, first, again = np.unique(points * len(uvs) + places, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    return first[order], rank[again.reshape(-1)]


def values_of(document: dict, binary: bytes, number: int) -> np.ndarray:
    """[count, width] of an accessor in the type in which it stands, with what is sparse put in."""
    accessor = document["accessors"][number]
    dtype, width = np.dtype(COMPONENTS[accessor["componentType"]]), WIDTHS[accessor["type"]]
    values = np.zeros((accessor["count"], width), dtype)
    if "bufferView" in accessor:
        step = document["bufferViews"][accessor["bufferView"]].get("byteStride") or dtype.itemsize * width
        values = read(document, binary, accessor, dtype, width, accessor["count"], step)
    if sparse := accessor.get("sparse"):
        kind = np.dtype(COMPONENTS[sparse["indices"]["componentType"]])
        rows = read(document, binary, sparse["indices"], kind, 1, sparse["count"], kind.itemsize)[:, 0]
        values[rows] = read(
            document, binary, sparse["values"], dtype, width, sparse["count"], dtype.itemsize * width
        )
    return values


def read(document, binary: bytes, place: dict, dtype, width: int, count: int, step: int) -> np.ndarray:
    """[count, width]. place: what names a view and an offset in it."""
    view = document["bufferViews"][place["bufferView"]]
    if view.get("extensions") or view.get("buffer") != 0:
        raise SurfaceError("is compressed. Export it without that, or unwrap it first.")
    start, size = view.get("byteOffset", 0) + place.get("byteOffset", 0), dtype.itemsize * width
    end = start + (count - 1) * step + size
    if not 0 <= start <= end <= len(binary):
        raise ValueError
    raw = np.frombuffer(binary, np.uint8, end - start, start)
    rows = np.lib.stride_tricks.as_strided(raw, (count, size), (step, 1), writeable=False)
    return np.ascontiguousarray(rows).view(dtype).copy()


class Writer:
    """Puts accessors at the end of the binary; takes over the places of those that nothing else uses."""

    def __init__(self, document: dict, binary: bytes):
        self.document, self.pieces, self.length = document, [binary], len(binary)
        self.accessor_users = counted(
            number
            for mesh in document["meshes"]
            for part in mesh["primitives"]
            for number in (
                *([part["indices"]] if "indices" in part else []),
                *(one for group in (part["attributes"], *part.get("targets", [])) for one in group.values()),
            )
        )
        self.view_users = counted(named_views(document))

    @property
    def binary(self) -> bytes:
        self.document["buffers"][0]["byteLength"] = self.length
        return b"".join(self.pieces)

    def replaced(self, number: int, values: np.ndarray, target: int) -> int:
        """The number of an accessor that is as `number` but for its values."""
        old = self.document["accessors"][number]
        made = {
            key: old[key] for key in old if key not in ("bufferView", "byteOffset", "sparse", "min", "max")
        }
        codes = {np.dtype(dtype): code for code, dtype in COMPONENTS.items()}
        made |= {"count": len(values), "componentType": codes[values.dtype]}
        if "min" in old or "max" in old:
            made |= limits(values)
        alone = self.accessor_users[number] == 1
        self.accessor_users[number] -= 1
        view = old.get("bufferView") if alone and "sparse" not in old else None
        made["bufferView"] = self.view(values, target, view if self.view_users.get(view) == 1 else None)
        if alone:
            self.document["accessors"][number] = made
            return number
        self.document["accessors"].append(made)
        return len(self.document["accessors"]) - 1

    def new(self, values: np.ndarray, kind: str, target: int) -> int:
        codes = {np.dtype(dtype): code for code, dtype in COMPONENTS.items()}
        self.document["accessors"].append(
            {
                "bufferView": self.view(values, target, None),
                "componentType": codes[values.dtype],
                "count": len(values),
                "type": kind,
            }
        )
        return len(self.document["accessors"]) - 1

    def view(self, values: np.ndarray, target: int, number: int | None) -> int:
        """Rows of attributes begin at multiples of four bytes, as the specification wants."""
        raw = np.ascontiguousarray(values).view(np.uint8).reshape(len(values), -1)
        wide = raw.shape[1]
        step = {}
        if target == ARRAY:
            raw = np.pad(raw, ((0, 0), (0, -wide % 4)))
            step = {"byteStride": raw.shape[1]}
        data = raw.tobytes()
        data += bytes(-len(data) % 4)
        made = {"buffer": 0, "byteOffset": self.length, "byteLength": len(data), **step, "target": target}
        self.pieces.append(data)
        self.length += len(data)
        views = self.document["bufferViews"]
        if number is None:
            views.append(made)
            return len(views) - 1
        views[number] = {**({"name": views[number]["name"]} if "name" in views[number] else {}), **made}
        return number


def limits(values: np.ndarray) -> dict:
    return {"min": values.min(axis=0).tolist(), "max": values.max(axis=0).tolist()}


def named_views(value):
    """Every mention of a view anywhere in the document."""
    if isinstance(value, dict):
        if isinstance(value.get("bufferView"), int):
            yield value["bufferView"]
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from named_views(one)


def counted(numbers) -> dict:
    found: dict = {}
    for number in numbers:
        found[number] = found.get(number, 0) + 1
    return found
