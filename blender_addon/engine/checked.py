"""What `gancube check` finds out about a file, the same for every format, and how it says what is wrong. Never bpy.

Previous station: a reader (checked_glb.py, checked_usd.py, checked_obj.py, checked_image.py; scene/checked_blender.py
for FBX and .blend). Next: the rules of checked_maps.py and checked_mesh.py, called by file_check.py.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

ERROR, WARNING = "error", "warning"


@dataclass(frozen=True)
class Finding:
    """One fault. rule: a short name that stays; where: material, mesh or file inside."""

    severity: str
    rule: str
    where: str
    text: str


@dataclass(frozen=True)
class CheckedMap:
    """One use of a picture. role: a name of card.MAPS; channels: of the picture, [first, end); image: key in images.
    colorspace: "sRGB" or "Non-Color", "" where the format has no word for it (then the role decides)."""

    role: str
    image: str
    channels: tuple[int, int] = (0, 3)
    colorspace: str = ""


@dataclass
class CheckedMaterial:
    name: str
    maps: list[CheckedMap] = field(default_factory=list)
    uv_set: int = 0  # of a GLB: which of the UVs its textures use


@dataclass
class CheckedMesh:
    """Polygons of one material. Everything but points is per corner; v of the UVs goes up, as the picture does."""

    name: str
    material: CheckedMaterial | None
    points: np.ndarray  # [points, 3] float
    corners: np.ndarray  # [corners] whole numbers
    counts: np.ndarray  # [polygons]
    normals: np.ndarray | None = None  # [corners, 3]
    uvs: np.ndarray | None = None  # [corners, 2]
    tangents: np.ndarray | None = None  # [corners, 4]: direction of u, and the sign of the bitangent


@dataclass
class Checked:
    """A whole file. images: {key: bytes, None where it is missing}."""

    path: Path
    kind: str
    materials: list[CheckedMaterial] = field(default_factory=list)
    meshes: list[CheckedMesh] = field(default_factory=list)
    images: dict[str, bytes | None] = field(default_factory=dict)
    metres: float | None = None  # metres per unit of the points; None where the file does not say
    findings: list[Finding] = field(default_factory=list)
    wants_tangents: bool = False  # whether the format carries tangents that a normal map needs
    texts: dict[str, str] = field(default_factory=dict)  # custom properties with the mark, of a .blend

    def error(self, rule: str, where: str, text: str) -> None:
        self.findings.append(Finding(ERROR, rule, where, text))

    def warning(self, rule: str, where: str, text: str) -> None:
        self.findings.append(Finding(WARNING, rule, where, text))

    def beside(self, reference: str, where: str) -> str:
        """Reads the file that `reference` names, relative to this one, into images; returns its key.

        What is absolute, an address, or climbs out of the folder is an error and is not read.
        """
        plain = reference.replace("\\", "/")
        if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:|[A-Za-z]:|/|~", plain):
            self.error(
                "reference",
                where,
                f"{reference!r} is not relative to the file, so it is lost with the folder.",
            )
            return plain
        if ".." in plain.split("/"):
            self.error("reference", where, f"{reference!r} climbs out of the folder of the file.")
            return plain
        plain = plain.removeprefix("./")
        if plain not in self.images:
            file = self.path.parent / plain
            try:
                inside = file.resolve().is_relative_to(self.path.parent.resolve())
                if not inside:
                    self.error(
                        "reference",
                        where,
                        f"{reference!r} is a link that leads out of the folder of the file.",
                    )
                self.images[plain] = file.read_bytes() if inside else None
            except (OSError, ValueError):
                self.images[plain] = None
                self.error("missing-texture", where, f"{reference!r} is not there.")
        return plain


def parts_of(name, materials, points, corners, counts, slots, normals, uvs) -> list[CheckedMesh]:
    """One mesh for each of its materials, from buffers of float32 and int32; uvs: None where there are none."""
    points = np.frombuffer(points, np.float32).reshape(-1, 3)
    corners, counts = np.frombuffer(corners, np.int32), np.frombuffer(counts, np.int32)
    slots = np.minimum(np.frombuffer(slots, np.int32), max(len(materials) - 1, 0))
    normals = np.frombuffer(normals, np.float32).reshape(-1, 3)
    uvs = np.frombuffer(uvs, np.float32).reshape(-1, 2) if uvs is not None else None
    of_corner, parts = np.repeat(slots, counts), []
    for slot, material in enumerate(materials or [None]):
        mine = of_corner == slot
        part = f"{name} part {slot + 1}" if len(materials) > 1 else name
        own_uvs = uvs[mine] if uvs is not None else None
        if mine.any() or len(materials) < 2:
            parts.append(
                CheckedMesh(
                    part, material, points, corners[mine], counts[slots == slot], normals[mine], own_uvs
                )
            )
    return parts
