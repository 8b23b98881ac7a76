"""Formats with the shipped generator: seconds, sizes, both official validators, renders there and back."""

import statistics
import time

import bpy
import pytest

from blender_addon.cube_command import find_model
from blender_addon.engine import png, recipe
from blender_addon.engine.mark import mark_of
from blender_addon.engine.model import Model, generate
from blender_addon.engine.new_recipe import new_recipe
from blender_addon.engine.pixels import to_uint8
from blender_addon.engine.surface_request import SurfaceRequest
from blender_addon.file_check import check_file, maps_in
from blender_addon.scene.assets import FacePixels, make_cube
from blender_addon.scene.formats import ENCODINGS, FORMATS
from tests.scene.conftest import empty_file, usd_python, validate, validate_usd
from tests.scene.test_round_trip import figures

FIXTURES = (empty_file, usd_python, validate, validate_usd)
SIZE, RUNS = 256, 3


@pytest.fixture(scope="module")
def generated():
    """make(maps or None for all) -> (object, mark) of one and the same generated cube."""
    asked = SurfaceRequest(model=str(find_model(None, None)), seed=7, size=SIZE)
    model = Model.load(asked.model, "cpu")
    request = asked.to_request(model.card)
    textures = generate(model, request)
    text = recipe.dumps(new_recipe(asked, request, model, bpy.app.version_string))

    def make(names=None):
        spaces = {spec.name: spec.colorspace for spec in model.card.maps}
        faces = [
            FacePixels(
                t.seed,
                t.label,
                {k: png.encode(to_uint8(v)) for k, v in t.maps.items() if names is None or k in names},
            )
            for t in textures
        ]
        return make_cube(faces, spaces, text), mark_of(text, model.card, "GAN Cube", ("gancube",))

    return make


@pytest.mark.bench
def test_seconds_and_sizes(generated, tmp_path):
    cube, mark = generated()
    print(f"\n{SIZE} px, {len(cube.material_slots)} faces, all maps")
    for name, write in FORMATS.items():
        for encoding in ENCODINGS[name]:
            seconds = []
            for _ in range(RUNS):
                began = time.perf_counter()
                files = write(cube, tmp_path / f"{name}{encoding}", mark, encoding)
                seconds.append(time.perf_counter() - began)
            size = sum(file.stat().st_size for file in files) / 2**20
            print(
                f"{name:6}{encoding:6}{statistics.median(seconds):7.3f} s {size:7.2f} MiB {len(files):4} files"
            )


@pytest.mark.bench
def test_validators(generated, tmp_path, validate, validate_usd):
    cube, mark = generated()
    FORMATS["png"](cube, tmp_path / "all", mark)
    maps = maps_in(tmp_path / "all_textures")
    print()
    for name in FORMATS:
        for encoding in ENCODINGS[name] if name != "png" else ():
            (file, *_) = FORMATS[name](cube, tmp_path / f"{name}{encoding}", mark, encoding)
            findings = check_file(file, maps).findings
            said = [f"gancube check {len(findings)}"]
            if name == "glb":
                issues = validate(file)["issues"]
                said.append(f"Khronos {issues['numErrors']} errors, {issues['numWarnings']} warnings")
            if name in ("usd", "usdz"):
                said.append(f"UsdValidation {len(validate_usd(file)[str(file)])}")
            print(f"{name:6}{encoding:6}{'; '.join(said)}", *findings[:3], sep="\n  " if findings else "")


@pytest.mark.bench
@pytest.mark.parametrize("names", [("base_color",), None], ids=["base colour", "every map"])
def test_round_trip(generated, tmp_path, names):
    cube, mark = generated(names)
    found = figures(lambda name: FORMATS[name](cube, tmp_path / "cube", mark)[0], tmp_path)
    print(
        "\nPSNR against the .blend: " + ", ".join(f"{name} {value:.1f} dB" for name, value in found.items())
    )
