"""The cube: six quads, six material slots, one UV island per face. bpy only; knows nothing of images.

Next station: scene/assets.py fills the six slots.
"""

import bpy

from ..engine.surface_request import FACES

UV_LAYER = "gancube"

# Per face, seen from outside: the direction its picture's bottom-to-top points to, and the outward
# normal. Left-to-right is up x normal, so no face can come out mirrored.
ORIENTATION = {
    "+X": ((0, 0, 1), (1, 0, 0)),
    "-X": ((0, 0, 1), (-1, 0, 0)),
    "+Y": ((0, 0, 1), (0, 1, 0)),
    "-Y": ((0, 0, 1), (0, -1, 0)),
    "+Z": ((0, 1, 0), (0, 0, 1)),
    "-Z": ((0, -1, 0), (0, 0, -1)),
}

# Corners of a face in UV, counter-clockwise seen from outside, so that the normal points outwards.
CORNERS_UV = ((0, 0), (1, 0), (1, 1), (0, 1))


def build_cube(size: float, materials: list[bpy.types.Material], name: str = "GAN Cube") -> bpy.types.Object:
    """A cube of edge `size` (metres), centred on its origin, in no collection yet.

    materials: six, in the order of FACES (= order of the slots and of the polygons). Each face's UV
    island is the full 0..1 square, upright on the four sides and mirrored nowhere. Unfolded, as seen
    from outside (Blender's front view looks at -Y; u runs right, v runs up in every square)::

                        +---------+
                        |   +Z    |          +Z: u = +X, v = +Y
                        | (top)   |
              +---------+---------+---------+---------+
              |   -X    |   -Y    |   +X    |   +Y    |
              | (left)  | (front) | (right) | (back)  |      v = +Z on these four
              +---------+---------+---------+---------+
               u = -Y   |   -Z    |  u = +Y    u = -X        (-Y: u = +X)
                        | (below) |
                        +---------+          -Z: u = +X, v = -Y

    Eight shared vertices, flat shading.
    """
    assert len(materials) == 6, "a cube has six faces"
    positions: dict[tuple, int] = {}
    quads = []
    for face in FACES:
        quads.append([positions.setdefault(p, len(positions)) for p in face_corners(face)])
    half = size / 2
    mesh = bpy.data.meshes.new(name)
    mesh.from_pydata([tuple(half * c for c in p) for p in positions], [], quads)
    uvs = mesh.uv_layers.new(name=UV_LAYER)
    uvs.data.foreach_set("uv", [float(c) for _ in FACES for corner in CORNERS_UV for c in corner])
    for material in materials:
        mesh.materials.append(material)
    mesh.polygons.foreach_set("material_index", range(6))
    mesh.update()
    assert not mesh.validate(), "the cube's own mesh is valid by construction"
    return bpy.data.objects.new(name, mesh)


def face_corners(face: str) -> list[tuple[int, int, int]]:
    """The four corners (each coordinate -1 or 1) of a face, in the order of CORNERS_UV."""
    up, normal = ORIENTATION[face]
    right = cross(up, normal)
    return [
        tuple(n + (2 * u - 1) * r + (2 * v - 1) * t for n, r, t in zip(normal, right, up, strict=True))
        for u, v in CORNERS_UV
    ]


def cross(a: tuple, b: tuple) -> tuple[int, int, int]:
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])
