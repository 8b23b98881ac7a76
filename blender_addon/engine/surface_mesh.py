"""The mesh of one object as arrays, free of Blender: what the text formats and the checker work on. Numpy only.

Previous station: scene/mesh_arrays.py. Next: usda.py, obj.py.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SurfaceMesh:
    """Metres, Z up, as Blender has it. Corners of polygons lie one after the other, `counts` of each polygon."""

    points: np.ndarray  # [points, 3] float32
    corners: np.ndarray  # [corners] int32: which point
    counts: np.ndarray  # [polygons] int32
    slots: np.ndarray  # [polygons] int32: which look
    normals: np.ndarray  # [corners, 3] float32, length one
    uvs: np.ndarray  # [corners, 2] float32, (0, 0) is the lower left of the image


def surface_mesh(points, corners, counts, slots, normals, layers, choice, scales) -> SurfaceMesh:
    """From buffers of float32 and int32. layers: UV buffers; choice: for each slot one of them (None: no UVs);
    scales: for each slot the repetitions of its texture, which go into the UVs."""
    corners, counts = np.frombuffer(corners, np.int32), np.frombuffer(counts, np.int32)
    slots = np.minimum(np.frombuffer(slots, np.int32), len(choice) - 1)
    of_corner = np.repeat(slots, counts)
    uvs = np.zeros((len(corners), 2), np.float32)
    for slot, (layer, scale) in enumerate(zip(choice, scales, strict=True)):
        if layer is not None:
            mine = of_corner == slot
            uvs[mine] = np.frombuffer(layers[layer], np.float32).reshape(-1, 2)[mine] * np.float32(scale)
    return SurfaceMesh(
        points=np.frombuffer(points, np.float32).reshape(-1, 3),
        corners=corners,
        counts=counts,
        slots=slots,
        normals=np.frombuffer(normals, np.float32).reshape(-1, 3),
        uvs=uvs,
    )


def y_up(vectors: np.ndarray) -> np.ndarray:
    """[N, 3] Z up -> Y up, as glTF, USD and OBJ have it: (x, z, -y). Adding zero makes -0 a 0."""
    return np.stack([vectors[:, 0], vectors[:, 2], -vectors[:, 1]], axis=1) + np.float32(0)


def unique_rows(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each different row of float32 once, and which of them stands at each place.

    By whole numbers of 64 bits, column after column: `np.unique(axis=0)` takes ten times as long.
    """
    rows = np.ascontiguousarray(rows, np.float32) + np.float32(0)  # -0 is 0
    bits = rows.view(np.uint32).astype(np.uint64)
    keys = bits[:, 0]
    for column in bits.T[1:]:
        _, known = np.unique(keys, return_inverse=True)
        keys = (known.reshape(-1).astype(np.uint64) << np.uint64(32)) | column
    _, first, places = np.unique(keys, return_index=True, return_inverse=True)
    return rows[first], places.reshape(-1)
