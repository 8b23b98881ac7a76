"""A textured mesh as Wavefront OBJ with its MTL, both text: the same mesh and mark give the same bytes. Numpy only.

Y up, metres. The MTL uses the PBR extension that Blender and others read (Pr, Pm, map_Pr, map_Pm, norm); disp
names the height, and ambient occlusion, for which there is no word, stands in a comment.
Previous station: surface_mesh.py.
"""

import json

import numpy as np

from .mark import Mark, facts
from .surface_mesh import SurfaceMesh, unique_rows, y_up

COMMENT = "# gancube "  # one JSON object follows
MAP_WORDS = {
    "base_color": "map_Kd",
    "alpha": "map_d",
    "metallic": "map_Pm",
    "roughness": "map_Pr",
    "normal": "norm",
    "height": "disp",
    "ao": "# map_ao",
}


def comment(mark: Mark) -> str:
    """The mark as the first lines of a text file."""
    return f"# GAN Cubes\n{COMMENT}{json.dumps(facts(mark), sort_keys=True)}\n"


def mesh_text(name: str, mesh: SurfaceMesh, looks: list, materials: str, mark: Mark) -> bytes:
    """materials: name of the MTL file beside."""
    normals, normal_at = unique_rows(y_up(mesh.normals))
    uvs, uv_at = unique_rows(mesh.uvs)
    lines = [comment(mark), f"mtllib {materials}\n", f"o {name}\n"]
    lines.append(_rows("v", y_up(mesh.points)))
    lines.append(_rows("vn", normals))
    lines.append(_rows("vt", uvs))
    corner = np.stack([mesh.corners, uv_at, normal_at], axis=1) + 1
    words = ("%d/%d/%d " * len(corner) % tuple(corner.reshape(-1).tolist())).split(" ")
    starts = np.concatenate([[0], np.cumsum(mesh.counts)]).tolist()
    for slot, look in enumerate(looks):
        mine = np.flatnonzero(mesh.slots == slot).tolist()
        if mine:
            lines.append(f"usemtl {look.name}\n")
            lines.extend(f"f {' '.join(words[starts[i] : starts[i + 1]])}\n" for i in mine)
    return "".join(lines).encode("utf-8")


def materials_text(looks: list, files: list[dict[str, str]], mark: Mark) -> bytes:
    """files: for each look {map name: path of its image, relative to the MTL}."""
    lines = [comment(mark)]
    for look, maps in zip(looks, files, strict=True):
        color = (1, 1, 1) if "base_color" in maps else look.color
        lines += [
            f"\nnewmtl {look.name}\n",
            f"Kd {' '.join(f'{one:.6g}' for one in color)}\nKs 0.5 0.5 0.5\nNi 1.5\nd 1\nillum 2\n",
            f"Pr {1 if 'roughness' in maps else round(look.roughness, 6):g}\n",
            f"Pm {1 if 'metallic' in maps else round(look.metallic, 6):g}\n",
        ]
        lines += [f"{MAP_WORDS[one]} {maps[one]}\n" for one in MAP_WORDS if one in maps]
    return "".join(lines).encode("utf-8")


def _rows(word: str, rows: np.ndarray) -> str:
    line = word + " %.9g" * rows.shape[1] + "\n"
    return line * len(rows) % tuple(rows.reshape(-1).tolist())
