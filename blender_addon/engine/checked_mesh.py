"""Rules about meshes: numbers, normals, UVs, tangents, size. Numpy only; never bpy. Previous station: checked.py."""

import numpy as np

from .checked import Checked, CheckedMesh

SMALLEST, LARGEST = 1e-3, 1e4  # metres: what a textured asset may measure before units look mistaken
SHARE = 0.02  # of triangles that may be odd (poles, slivers) before it is a fault


def check_numbers(facts: Checked) -> None:
    """nan, index, empty: what no program can draw."""
    if not facts.meshes:
        facts.error("empty", facts.path.name, "there is no mesh in it.")
    for mesh in facts.meshes:
        if not len(mesh.counts):
            facts.error("empty", mesh.name, "has no faces.")
        if len(mesh.corners) and (mesh.corners.min() < 0 or mesh.corners.max() >= len(mesh.points)):
            facts.error("index", mesh.name, "a face names a vertex that is not there.")
        for what in ("points", "normals", "uvs", "tangents"):
            values = getattr(mesh, what)
            if values is not None and not np.isfinite(values).all():
                facts.error("nan", mesh.name, f"its {what} hold values that are no numbers.")


def check_normals(facts: Checked) -> None:
    for mesh in sound(facts):
        if mesh.normals is None:
            facts.warning("normals", mesh.name, "has no normals, so each program shades it in its own way.")
            continue
        length = np.linalg.norm(mesh.normals, axis=1)
        if (np.abs(length - 1) > 0.01).mean() > SHARE:
            facts.error("normals", mesh.name, "its normals are not of length one.")
            continue
        geometric, triangles = flat_normals(mesh)
        against = (geometric * mesh.normals[triangles].mean(axis=1)).sum(axis=1) < 0
        if len(against) and against.mean() > 0.5:
            facts.error("normals", mesh.name, "its normals point into the faces.")


def check_uvs(facts: Checked) -> None:
    for mesh in sound(facts):
        if mesh.material is None or not mesh.material.maps:
            continue
        if mesh.uvs is None:
            facts.error("uvs", mesh.name, "shows textures and has no UVs.")
            continue
        _, triangles = flat_normals(mesh)
        area = np.abs(_uv_area(mesh.uvs[triangles]))
        if len(area) and (area < 1e-12).mean() > SHARE:
            share = 100 * (area < 1e-12).mean()
            facts.error("uvs", mesh.name, f"the UVs of {share:.0f} % of its triangles have no area.")


def check_tangents(facts: Checked) -> None:
    """A normal map is right only with tangents along u, and bitangents along v, as its picture has them."""
    for mesh in sound(facts):
        normal_mapped = mesh.material is not None and any(m.role == "normal" for m in mesh.material.maps)
        if mesh.tangents is None:
            if normal_mapped and facts.wants_tangents:
                facts.warning(
                    "tangents", mesh.name, "has a normal map and no tangents; programs make their own."
                )
            continue
        if mesh.uvs is None or mesh.normals is None:
            continue
        direction, sign = mesh.tangents[:, :3], mesh.tangents[:, 3]
        if (np.abs(np.linalg.norm(direction, axis=1) - 1) > 0.01).mean() > SHARE:
            facts.error("tangents", mesh.name, "its tangents are not of length one.")
            continue
        if (np.abs(np.abs(sign) - 1) > 0.01).any():
            facts.error("tangents", mesh.name, "the sign of a bitangent is neither 1 nor -1.")
            continue
        if (np.abs((direction * mesh.normals).sum(axis=1)) > 0.1).mean() > SHARE:
            facts.error("tangents", mesh.name, "its tangents do not lie in the surface.")
        _, triangles = flat_normals(mesh)
        along_u, along_v, real = _uv_directions(mesh, triangles)
        bitangent = np.cross(mesh.normals, direction) * sign[:, None]
        wrong_u = (direction[triangles].mean(axis=1) * along_u).sum(axis=1)[real] <= 0
        wrong_v = (bitangent[triangles].mean(axis=1) * along_v).sum(axis=1)[real] <= 0
        if len(wrong_u) and wrong_u.mean() > SHARE:
            facts.error("tangents", mesh.name, "its tangents do not point along u.")
        elif len(wrong_v) and wrong_v.mean() > SHARE:
            facts.error(
                "tangents", mesh.name, "its bitangents point against v: relief would look turned over."
            )


def check_size(facts: Checked) -> None:
    """Units cannot be seen in a file, but a cube of 200 m or of 2 mm is one whose unit was mistaken."""
    meshes = [mesh for mesh in sound(facts) if len(mesh.points)]
    if facts.metres is None or not meshes:
        return
    low = np.min([mesh.points.min(axis=0) for mesh in meshes], axis=0)
    high = np.max([mesh.points.max(axis=0) for mesh in meshes], axis=0)
    size = float((high - low).max()) * facts.metres
    if not SMALLEST <= size <= LARGEST:
        facts.warning("units", facts.path.name, f"it measures {size:.3g} m. Is its unit the metre?")


def sound(facts: Checked) -> list[CheckedMesh]:
    """The meshes with faces whose numbers are fit to compute with."""
    return [
        mesh
        for mesh in facts.meshes
        if len(mesh.counts)
        and mesh.counts.min() > 0
        and mesh.corners.min() >= 0
        and mesh.corners.max() < len(mesh.points)
        and all(
            values is None or np.isfinite(values).all()
            for values in (mesh.points, mesh.normals, mesh.uvs, mesh.tangents)
        )
    ]


def flat_normals(mesh: CheckedMesh) -> tuple[np.ndarray, np.ndarray]:
    """([triangles, 3] normals, not of length one; [triangles, 3] corners) of the first three corners of each face."""
    starts = np.cumsum(mesh.counts) - mesh.counts
    triangles = starts[mesh.counts >= 3][:, None] + np.arange(3)
    a, b, c = (mesh.points[mesh.corners[triangles[:, i]]] for i in range(3))
    return np.cross(b - a, c - a), triangles


def _uv_area(uvs: np.ndarray) -> np.ndarray:
    """[triangles, 3, 2] -> twice the signed area."""
    one, two = uvs[:, 1] - uvs[:, 0], uvs[:, 2] - uvs[:, 0]
    return one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0]


def _uv_directions(mesh: CheckedMesh, triangles: np.ndarray):
    """Directions in space in which u and v grow, and which triangles have an area to say so."""
    a, b, c = (mesh.points[mesh.corners[triangles[:, i]]] for i in range(3))
    uvs = mesh.uvs[triangles]
    one, two, area = uvs[:, 1] - uvs[:, 0], uvs[:, 2] - uvs[:, 0], _uv_area(uvs)
    sign = np.sign(area)[:, None]
    along_u = ((b - a) * two[:, 1:] - (c - a) * one[:, 1:]) * sign
    along_v = ((c - a) * one[:, :1] - (b - a) * two[:, :1]) * sign
    return along_u, along_v, np.abs(area) > 1e-12
