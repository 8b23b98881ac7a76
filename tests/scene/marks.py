"""A mark and a cube with every map, for the tests of formats and the checker."""

import json

from blender_addon.engine import pixels, png
from blender_addon.engine.mark import Mark
from blender_addon.scene.assets import make_cube

from .faces import COLORSPACES, make_faces, make_pixels

SHA256 = "ab" * 32
FULL_RECIPE = json.dumps(
    {
        "face_labels": ["brick"] * 6,
        "face_seeds": [1, 2, 3, 4, 5, 6],
        "kind": "cube",
        "label": "brick",
        "made_by": "made by a trained generator",
        "model": {"name": "materials", "sha256": SHA256},
        "seed": 7,
        "settings": {"provider": "cpu", "scalars": {"psi": 0.8}},
        "size": 32,
        "versions": {"gancube": "0.1.0"},
    },
    sort_keys=True,
    separators=(",", ":"),
)
MARK = Mark(
    recipe=FULL_RECIPE,
    model="materials",
    model_sha256=SHA256,
    licences=("CC-BY-3.0", "CC0-1.0"),
    authors=('Müller & "Söhne"', "<AGF81>"),
    title="Brick 7",
    tags=("brick", "wall"),
)
FIVE = ("base_color", "normal", "roughness", "metallic", "height")


def sound_pixels(maps=FIVE, size=32, seed=0):
    """As make_pixels, with normals of length one that point out of the surface."""
    made = make_pixels(maps, size, seed)
    for face in made:
        if "normal" in face:
            unit = face["normal"].astype("float32") / 255
            unit[..., 2] = 0.9 + 0.1 * unit[..., 2]
            face["normal"] = pixels.to_uint8(pixels.renormalise(unit))
    return made


def new_cube(maps=FIVE, size=32, seed=0):
    """(the object, the six {map name: [H, W, C] uint8} on it)."""
    made = sound_pixels(maps, size, seed)
    return make_cube(make_faces(made), COLORSPACES, FULL_RECIPE), made


def decoded(data: bytes):
    return png.decode(data)[0]
