"""GLB files: what is in them is what was generated, the validator is content, the same cube gives the same bytes."""

import os
import subprocess
import sys

import bpy
import numpy as np
import pytest

from blender_addon.engine import png
from blender_addon.engine.errors import OutputError
from blender_addon.engine.glb import read_glb
from blender_addon.engine.surface_request import FACES
from blender_addon.scene.assets import make_cube
from blender_addon.scene.export import export_glb, glb_bytes
from blender_addon.scene.material import strengths

from .faces import COLORSPACES, EVERY_MAP, RECIPE, make_faces, make_pixels


def exported(tmp_path, maps, seed=0):
    """The GLB of a new cube: (path, document, six materials with decoded images, the pixels that went in)."""
    pixels = make_pixels(maps, seed=seed)
    path = tmp_path / "cube.glb"
    export_glb([make_cube(make_faces(pixels), COLORSPACES, RECIPE)], path, RECIPE)
    document, binary = read_glb(path)
    return path, document, binary, pixels


def texture(document, binary, info):
    """[H, W, C] uint8 of the image that a glTF textureInfo points at, and its file bytes."""
    image = document["images"][document["textures"][info["index"]]["source"]]
    view = document["bufferViews"][image["bufferView"]]
    start = view.get("byteOffset", 0)
    data = binary[start : start + view["byteLength"]]
    return png.decode(data)[0], data


def test_base_colour_and_normals_are_embedded_as_they_are(tmp_path):
    _, document, binary, pixels = exported(tmp_path, ("base_color", "normal"))
    for material, maps in zip(document["materials"], pixels, strict=True):
        pbr = material["pbrMetallicRoughness"]
        for name, info in (
            ("base_color", pbr["baseColorTexture"]),
            ("normal", material["normalTexture"]),
        ):
            array, data = texture(document, binary, info)
            assert data == png.encode(maps[name]), "encoded again"
            assert np.array_equal(array, maps[name])
        assert pbr["metallicFactor"] == 0


def test_occlusion_roughness_and_metal_are_packed_into_their_channels(tmp_path):
    _, document, binary, pixels = exported(tmp_path, ("base_color", "ao", "roughness", "metallic"))
    for material, maps in zip(document["materials"], pixels, strict=True):
        pbr = material["pbrMetallicRoughness"]
        occlusion, _ = texture(document, binary, material["occlusionTexture"])
        packed, _ = texture(document, binary, pbr["metallicRoughnessTexture"])
        assert np.array_equal(occlusion[..., :1], maps["ao"])
        assert np.array_equal(packed[..., 1:2], maps["roughness"])
        assert np.array_equal(packed[..., 2:3], maps["metallic"])
        assert "metallicFactor" not in pbr and "roughnessFactor" not in pbr, "both 1, the default"
        assert np.array_equal(texture(document, binary, pbr["baseColorTexture"])[0], maps["base_color"])


@pytest.mark.parametrize("name", ["roughness", "metallic", "ao"])
def test_each_of_the_three_alone(tmp_path, name):
    _, document, binary, pixels = exported(tmp_path, ("base_color", name))
    for material, maps in zip(document["materials"], pixels, strict=True):
        pbr = material["pbrMetallicRoughness"]
        info = material["occlusionTexture"] if name == "ao" else pbr["metallicRoughnessTexture"]
        channel = {"ao": 0, "roughness": 1, "metallic": 2}[name]
        array = texture(document, binary, info)[0]
        assert np.array_equal(array[..., min(channel, array.shape[2] - 1)], maps[name][..., 0])
        if name != "metallic":
            assert pbr["metallicFactor"] == 0


def test_alpha_joins_the_base_colour(tmp_path):
    _, document, binary, pixels = exported(tmp_path, ("base_color", "alpha"))
    for material, maps in zip(document["materials"], pixels, strict=True):
        array, _ = texture(document, binary, material["pbrMetallicRoughness"]["baseColorTexture"])
        assert np.array_equal(array[..., :3], maps["base_color"])
        assert np.array_equal(array[..., 3:], maps["alpha"])
        assert material["alphaMode"] == "BLEND"


@pytest.mark.parametrize("strength", [0.25, 1.0, 1.5])
def test_strengths_become_factors_beside_the_same_pixels(tmp_path, validate, strength):
    (pixels, *_) = make_pixels(("base_color", "roughness", "metallic", "normal"))
    cube = make_cube(make_faces([pixels] * 6), COLORSPACES, RECIPE)
    for slot in cube.material_slots:
        for node, socket in strengths(slot.material).values():
            slot.material.node_tree.nodes[node].inputs[socket].default_value = strength
    path = tmp_path / "cube.glb"
    export_glb([cube], path, RECIPE)
    issues = validate(path)["issues"]
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]
    document, binary = read_glb(path)
    for material in document["materials"]:
        pbr = material["pbrMetallicRoughness"]
        packed, _ = texture(document, binary, pbr["metallicRoughnessTexture"])
        assert np.array_equal(packed[..., 1:2], pixels["roughness"])
        assert np.array_equal(packed[..., 2:3], pixels["metallic"])
        assert pbr.get("roughnessFactor", 1) == min(strength, 1)
        assert material["normalTexture"].get("scale", 1) == strength
        data = texture(document, binary, material["normalTexture"])[1]
        assert data == png.encode(pixels["normal"])


def test_a_textured_mesh_keeps_its_scale_and_layer(tmp_path, validate):
    """Mode tile through the mesh's UVs, eight times as wide as the texture; mode faces through a second layer."""
    from blender_addon.scene.layouts import Surface

    from .meshes import cube_mesh, placed, texture

    for surface, expected in (
        (Surface("tile"), {"KHR_texture_transform": {"scale": [8, 8], "offset": [0, -7]}}),
        (Surface("faces"), {}),
    ):
        item = placed("cube", cube_mesh())
        texture([item], surface, maps=("base_color", "normal", "roughness"))
        path = tmp_path / f"{surface.mode}.glb"
        export_glb([item], path, RECIPE)
        issues = validate(path)["issues"]
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]
        (material,) = read_glb(path)[0]["materials"]
        pbr = material["pbrMetallicRoughness"]
        for info in (pbr["baseColorTexture"], pbr["metallicRoughnessTexture"], material["normalTexture"]):
            assert info.get("extensions", {}) == expected
            assert info.get("texCoord", 0) == (1 if surface.mode == "faces" else 0)


def test_a_height_map_never_poses_as_a_normal_map(tmp_path):
    _, document, _, _ = exported(tmp_path, ("base_color", "height"))
    assert not any("normalTexture" in material for material in document["materials"])
    assert len(document["images"]) == 6


def test_six_primitives_in_the_order_of_the_faces(tmp_path):
    _, document, _, _ = exported(tmp_path, ("base_color", "normal"))
    (mesh,) = document["meshes"]
    assert [p["material"] for p in mesh["primitives"]] == list(range(6))
    assert [m["name"] for m in document["materials"]] == [f"GAN Cube {face}" for face in FACES]
    assert all("TANGENT" in p["attributes"] for p in mesh["primitives"])


def test_the_recipe_stands_in_asset_and_node(tmp_path):
    _, document, _, _ = exported(tmp_path, ("base_color",))
    assert document["asset"]["extras"] == {"gancube": RECIPE}
    assert [node["extras"] for node in document["nodes"]] == [{"gancube": RECIPE}]


@pytest.mark.parametrize(
    "maps",
    [("base_color",), ("base_color", "normal", "roughness"), ("base_color", "height", "ao"), EVERY_MAP],
    ids="-".join,
)
def test_the_validator_finds_no_error_and_no_warning(tmp_path, validate, maps):
    path, *_ = exported(tmp_path, maps)
    issues = validate(path)["issues"]
    assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


def test_the_validator_would_say_so(tmp_path, validate):
    path, *_ = exported(tmp_path, ("base_color",))
    path.write_bytes(path.read_bytes()[:-100])
    assert validate(path)["issues"]["numErrors"] > 0


def test_same_bytes_beside_another_cube_and_in_another_folder(tmp_path):
    first, *_ = exported(tmp_path, EVERY_MAP)
    data = first.read_bytes()
    (tmp_path / "other folder").mkdir()
    again, *_ = exported(tmp_path / "other folder", EVERY_MAP)  # the first cube is still in the file
    assert len(bpy.data.objects) == 2
    assert again.read_bytes() == data
    different, *_ = exported(tmp_path, EVERY_MAP, seed=1)
    assert different.read_bytes() != data


def test_same_bytes_in_other_processes(tmp_path, checkout):
    code = f"""
import sys; sys.path.insert(0, {str(checkout)!r})
import bpy; bpy.ops.wm.read_factory_settings(use_empty=True)
from pathlib import Path
from tests.scene.test_export import *
export_glb([make_cube(make_faces(make_pixels(EVERY_MAP)), COLORSPACES, RECIPE)], Path(sys.argv[1]), RECIPE)
os._exit(0)  # the bpy 4.2 module crashes in its last exit handlers after a glTF export (see cli.script)
"""
    made = []
    for hash_seed in ("1", "2"):
        path = tmp_path / f"{hash_seed}.glb"
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
        subprocess.run([sys.executable, "-c", code, str(path)], check=True, env=environment, timeout=900)
        made.append(path.read_bytes())
    here, *_ = exported(tmp_path, EVERY_MAP)
    assert made[0] == made[1] == here.read_bytes()


def test_a_failing_exporter_is_an_output_error(monkeypatch, tmp_path):
    """A temporary folder that vanished stands for every way in which writing can fail inside Blender."""
    import tempfile

    cube = make_cube(make_faces(make_pixels()), COLORSPACES, RECIPE)
    monkeypatch.setattr(tempfile.TemporaryDirectory, "__enter__", lambda self: "/proc/no/such/folder")
    with pytest.raises(OutputError, match="glTF exporter"):
        glb_bytes([cube], RECIPE)


def test_the_exporter_is_enabled_where_the_user_has_switched_it_off(tmp_path):
    import addon_utils

    addon_utils.disable("io_scene_gltf2")
    try:
        exported(tmp_path, ("base_color",))
    finally:
        addon_utils.enable("io_scene_gltf2")
