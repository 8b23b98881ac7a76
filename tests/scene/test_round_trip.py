"""There and back: a render of the .blend against renders of what Blender imports from the other formats."""

from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.engine import png
from blender_addon.scene.formats import FORMATS
from blender_addon.scene.render import picture_bytes

from .faces import EVERY_MAP
from .marks import MARK, new_cube

HEIGHT, SAMPLES = 96, 4
IMPORTERS = {
    "glb": lambda path: bpy.ops.import_scene.gltf(filepath=str(path)),
    "usdz": lambda path: bpy.ops.wm.usd_import(filepath=str(path)),
    "usd": lambda path: bpy.ops.wm.usd_import(filepath=str(path)),
    "fbx": lambda path: bpy.ops.import_scene.fbx(filepath=str(path)),
    "obj": lambda path: bpy.ops.wm.obj_import(filepath=str(path)),
    "blend": lambda path: bpy.ops.wm.open_mainfile(filepath=str(path)),
}


def picture(kind: str, path: Path, height: int = HEIGHT, samples: int = SAMPLES) -> np.ndarray:
    """[height, 2 * height, 3] float in [0, 1]: the only mesh in the file, in an empty scene."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    IMPORTERS[kind](path)
    bpy.context.view_layer.update()
    (item,) = [one for one in bpy.context.scene.objects if one.type == "MESH"]
    item.data.transform(item.matrix_world)  # the picture places copies of its own
    item.matrix_world.identity()
    return png.decode(picture_bytes(item, "{}", height, samples))[0] / 255


def psnr(one: np.ndarray, other: np.ndarray) -> float:
    """Decibels; infinite where both are the same."""
    error = float(np.mean((one - other) ** 2))
    return -10 * np.log10(error) if error else float("inf")


def figures(write, folder: Path, names=("glb", "usdz", "usd", "fbx", "obj")) -> dict[str, float]:
    """{format: PSNR of its render against that of the .blend}; write(name) writes one format, and returns its file."""
    files = {name: write(name) for name in ("blend", *names)}
    truth = picture("blend", files["blend"])
    return {name: psnr(truth, picture(name, files[name])) for name in names}


def test_base_colour_alone_looks_the_same(tmp_path):
    cube, _ = new_cube(("base_color",), size=64)
    found = figures(lambda name: FORMATS[name](cube, tmp_path / "cube", MARK)[0], tmp_path)
    assert min(found.values()) >= 40, found


@pytest.mark.parametrize("name", ["glb", "usdz"])
def test_every_map_stays_close(tmp_path, name):
    """Noise in every map is as hard as it gets; README.md tells the figures of a real generator."""
    cube, _ = new_cube(tuple(m for m in EVERY_MAP if m != "alpha"), size=64)
    found = figures(lambda one: FORMATS[one](cube, tmp_path / "cube", MARK)[0], tmp_path, (name,))
    assert found[name] >= 30, found


def test_the_measure_would_notice(tmp_path):
    one, _ = new_cube(("base_color",), size=64)
    other, _ = new_cube(("base_color",), size=64, seed=1)
    (first,) = FORMATS["blend"](one, tmp_path / "one", MARK)
    (second,) = FORMATS["blend"](other, tmp_path / "other", MARK)
    assert psnr(picture("blend", first), picture("blend", second)) < 25
