"""A GLB painted by the shape of its meshes: what it shows anew, and that all else of it stays."""

import copy
import json
from pathlib import Path

import bpy
import numpy as np
import pytest

from blender_addon.cli import main
from blender_addon.engine import png
from blender_addon.engine.checked_glb import matrix_of
from blender_addon.engine.glb import read_glb, write_glb
from blender_addon.engine.glb_images import image_bytes
from blender_addon.engine.glb_uvs import corners_of, values_of
from tests.scene.glb_yard import crate, exported, look, make_mirror, write_yard

SIZE = 64
NEAR = (0.7, 0.25, 0.05)  # of the corners of a triangle: no two are alike


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_mirror(folder / "shape.onnx")
    make_mirror(folder / "worn.onnx", ("object_normal", "ao"), ("base_color", "roughness"))
    return folder


@pytest.fixture
def weather(models, monkeypatch, capfd):
    monkeypatch.setenv("GANCUBE_MODELS", str(models))

    def run(source: Path, out: Path, model: str = "shape") -> str:
        """What it says on its way."""
        capfd.readouterr()
        code = main(["transform", str(source), "--model", model, "--size", str(SIZE), "--out", str(out)])
        said = capfd.readouterr().err
        assert code == 0, said
        return said

    return run


@pytest.fixture(scope="module")
def yard(tmp_path_factory) -> Path:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    path = write_yard(tmp_path_factory.mktemp("yard") / "yard.glb")
    document, binary = read_glb(path)
    document["asset"]["copyright"] = "Jane Doe"
    document["asset"]["extras"] = {"shop": 7}
    document["extensionsUsed"] = [*document.get("extensionsUsed", []), "EXT_unheard_of"]
    document["extensions"] = {**document.get("extensions", {}), "EXT_unheard_of": {"texture": 0}}
    write_glb(path, document, binary)
    return path


@pytest.fixture(scope="module")
def painted(yard, models, tmp_path_factory):
    """(what was said, the file)."""
    out = tmp_path_factory.mktemp("out") / "old.glb"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANCUBE_MODELS", str(models))
        assert (
            main(
                ["transform", str(yard), "--model", "shape", "--size", str(SIZE), "--out", str(out), "--json"]
            )
            == 0
        )
    return out


def mesh_of(document: dict, name: str) -> dict:
    return next(one for one in document["meshes"] if one["name"] == name)


def colors_of(document: dict, binary: bytes, part: dict) -> tuple[np.ndarray, int]:
    """The pixels of its colours, and the number of the UV set in which they lie."""
    info = document["materials"][part["material"]]["pbrMetallicRoughness"]["baseColorTexture"]
    source = document["textures"][info["index"]]["source"]
    return png.decode(image_bytes(document, binary)[source])[0], info.get("texCoord", 0)


def places_of(document: dict) -> dict[int, np.ndarray]:
    """{mesh: the matrix of its first node in the scene}."""
    above = {
        child: number for number, node in enumerate(document["nodes"]) for child in node.get("children", [])
    }
    found = {}
    for number, node in enumerate(document["nodes"]):
        if "mesh" in node and node["mesh"] not in found:
            place, at = np.eye(4), number
            while at is not None:
                place, at = matrix_of(document["nodes"][at]) @ place, above.get(at)
            found[node["mesh"]] = place
    return found


def test_the_scene_stays(yard, painted, validate):
    (before, old), (after, new) = read_glb(yard), read_glb(painted)
    assert {"cameras", "animations", "skins", "nodes", "scenes", "extensions"} <= set(before)
    for key in sorted({*before, *after} - {"asset", "buffers", "bufferViews", "accessors", "meshes"}):
        if key not in ("materials", "textures", "images"):
            assert after[key] == before[key], key
    for key in ("materials", "textures", "images"):
        assert len(after[key]) >= len(before[key])
    for one, other in zip(before["meshes"], after["meshes"], strict=True):
        for part, painted_part in zip(one["primitives"], other["primitives"], strict=True):
            assert set(part["attributes"]) <= set(painted_part["attributes"])
        assert {**one, "primitives": 0} == {**other, "primitives": 0}
    # what was not unwrapped anew is the same, number for number
    kept = mesh_of(after, "crate")["primitives"][0]
    assert {**kept, "material": 0} == {**mesh_of(before, "crate")["primitives"][0], "material": 0}
    for animation in before["animations"]:
        for number in {
            one for sampler in animation["samplers"] for one in (sampler["input"], sampler["output"])
        }:
            assert np.array_equal(values_of(before, old, number), values_of(after, new, number))
    for number in (*kept["attributes"].values(), kept["indices"], before["skins"][0]["inverseBindMatrices"]):
        assert before["accessors"][number] | {"bufferView": 0} == after["accessors"][number] | {
            "bufferView": 0
        }
        assert np.array_equal(values_of(before, old, number), values_of(after, new, number))
    assert after["asset"]["copyright"].startswith("Jane Doe Made by the trained generator shape.")
    assert after["asset"]["extras"]["shop"] == 7
    issues = [validate(path)["issues"] for path in (yard, painted)]
    assert issues[1]["numErrors"] == 0, issues[1]["messages"]
    assert issues[1]["numWarnings"] <= issues[0]["numWarnings"], issues[1]["messages"]


def test_each_corner_keeps_all_that_it_had(yard, painted):
    """Also where new UVs take points apart: places, normals, bones, shape keys of the same triangles in their order."""
    (before, old), (after, new) = read_glb(yard), read_glb(painted)
    more = {}
    for one, other in zip(before["meshes"], after["meshes"], strict=True):
        corners = zip(corners_of(before, old, one), corners_of(after, new, other), strict=True)
        for (here, there), part, made in zip(corners, one["primitives"], other["primitives"], strict=True):
            groups = [(part["attributes"], made["attributes"])]
            groups += list(zip(part.get("targets", []), made.get("targets", []), strict=True))
            for a, b in groups:
                for name, number in a.items():
                    values = values_of(before, old, number)[here], values_of(after, new, b[name])[there]
                    assert np.array_equal(*values), (one["name"], name)
            more[one["name"]] = sorted({*made["attributes"]} - {*part["attributes"]})
    assert more == {"crate": [], "wall": ["TEXCOORD_1"], "pebble": ["TEXCOORD_0"], "arm": ["TEXCOORD_0"]}


@pytest.mark.parametrize("name", ["crate", "wall", "pebble"])
def test_the_colours_lie_where_they_belong(yard, painted, name):
    """The generator shows the normals: near a corner of each triangle stands the one there, as the scene has it."""
    document, binary = read_glb(painted)
    number = next(i for i, one in enumerate(document["meshes"]) if one["name"] == name)
    place = places_of(document)[number]
    (part,), (corners,) = (
        document["meshes"][number]["primitives"],
        corners_of(document, binary, document["meshes"][number]),
    )
    pixels, uv_set = colors_of(document, binary, part)
    assert pixels.shape == (SIZE, SIZE, 3)
    uvs = values_of(document, binary, part["attributes"][f"TEXCOORD_{uv_set}"])[corners]
    normals = values_of(document, binary, part["attributes"]["NORMAL"])[corners]
    uvs, normals = (np.einsum("tcx,c->tx", one, NEAR) for one in (uvs, normals))
    normals = normals @ np.linalg.inv(place[:3, :3])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    wanted = (
        np.stack([normals[:, 0], -normals[:, 2], normals[:, 1]], axis=1) * 0.5 + 0.5
    )  # Z up, as the bake has it
    column, row = (np.clip(uvs * SIZE, 0, SIZE - 1).astype(int)).T
    apart = np.abs(pixels[row, column] / 255 - wanted).max(axis=1)
    assert np.median(apart) < 0.02 and (apart < 0.05).mean() > 0.95, np.sort(apart)[-8:]


def test_materials_that_meshes_share_become_two(yard, painted):
    (before, _), (after, _) = read_glb(yard), read_glb(painted)
    names = ("crate", "wall", "pebble", "arm")
    parts = {name: mesh_of(after, name)["primitives"][0] for name in names}
    assert len({part["material"] for part in parts.values()}) == 4
    was = mesh_of(before, "crate")["primitives"][0]["material"]
    assert was == mesh_of(before, "wall")["primitives"][0]["material"]
    assert was in (parts["crate"]["material"], parts["wall"]["material"])
    assert len(after["images"]) == len(before["images"]) + 2, (
        "the first that shares, and one that had no image"
    )
    told = json.loads(after["asset"]["extras"]["gancube"])
    assert set(told["source"]["maps"]) == {f"{name} object_normal" for name in names}


def test_the_file_of_one_mesh_gets_no_more_images(weather, tmp_path):
    crate("crate", look("stone"))
    source = exported(tmp_path / "in.glb")
    said = weather(source, tmp_path / "out.glb")
    assert "crate: seam at UV borders" in said and "become one" not in said
    (before, _), (after, binary) = read_glb(source), read_glb(tmp_path / "out.glb")
    assert {**before, "asset": 0, "bufferViews": 0, "buffers": 0} == {
        **after,
        "asset": 0,
        "bufferViews": 0,
        "buffers": 0,
        "images": before["images"],
    }
    assert len(image_bytes(after, binary)) == 1
    again = tmp_path / "again"
    again.mkdir()
    weather(source, again / "out.glb")
    assert (again / "out.glb").read_bytes() == (tmp_path / "out.glb").read_bytes()
    said = weather(tmp_path / "out.glb", tmp_path / "third.glb")
    assert read_glb(tmp_path / "third.glb")[0]["asset"]["copyright"].count("Made by") == 1


def test_transparency_and_metal_stay(weather, tmp_path):
    crate("leaf", look("green", metal=True, alpha=True))
    crate("wall", look("sheet", metal=True, kind="JPEG"), "repeat")
    source = exported(tmp_path / "in.glb")
    said = weather(source, tmp_path / "out.glb", "worn")
    assert "sheet: gets no roughness, since its metallic" in said and "lies on other UVs" in said
    (before, old), (after, new) = read_glb(source), read_glb(tmp_path / "out.glb")
    leaf = mesh_of(after, "leaf")["primitives"][0]
    material = after["materials"][leaf["material"]]
    assert material["alphaMode"] == before["materials"][leaf["material"]]["alphaMode"] != "OPAQUE"
    pixels, _ = colors_of(after, new, leaf)
    was, _ = colors_of(before, old, leaf)
    assert np.array_equal(np.unique(pixels[..., 3]), np.unique(was[..., 3])) and pixels.shape == (
        SIZE,
        SIZE,
        4,
    )
    images = image_bytes(after, new)
    info = material["pbrMetallicRoughness"]["metallicRoughnessTexture"]
    both = png.decode(images[after["textures"][info["index"]]["source"]])[0]
    info = before["materials"][leaf["material"]]["pbrMetallicRoughness"]["metallicRoughnessTexture"]
    earlier = png.decode(image_bytes(before, old)[before["textures"][info["index"]]["source"]])[0]
    step = SIZE // 16
    assert np.array_equal(both[::step, ::step, 2], earlier[..., 2]), "metal"
    assert not np.array_equal(both[::step, ::step, 1], earlier[..., 1]), "roughness is the new one"
    wall = after["materials"][mesh_of(after, "wall")["primitives"][0]["material"]]["pbrMetallicRoughness"]
    assert wall["baseColorTexture"]["texCoord"] == 1 and "texCoord" not in wall["metallicRoughnessTexture"]


def test_the_second_uv_set_where_the_first_repeats(weather, tmp_path):
    item = crate("wall", look("stone"), "repeat")
    layer = item.data.uv_layers.new(name="light")
    for one, other in zip(layer.uv, item.data.uv_layers[0].uv, strict=True):
        one.vector = other.vector / 3
    source = exported(tmp_path / "in.glb")
    weather(source, tmp_path / "out.glb")
    before, (after, _) = read_glb(source)[0], read_glb(tmp_path / "out.glb")
    assert before["meshes"] == after["meshes"] and before["accessors"] == after["accessors"]
    assert after["materials"][0]["pbrMetallicRoughness"]["baseColorTexture"] == {"index": 0, "texCoord": 1}


def test_what_cannot_be_painted_is_said(weather, tmp_path):
    crate("crate", look("stone"))
    crate("strip", None, "none")
    source = exported(tmp_path / "in.glb")
    document, binary = read_glb(source)
    part = mesh_of(document, "strip")["primitives"][0]
    part["mode"] = 5
    lines = copy.deepcopy(mesh_of(document, "crate"))
    document["meshes"].append({"name": "wire", "primitives": [{**lines["primitives"][0], "mode": 1}]})
    document["meshes"].append({**lines, "name": "spare"})
    document["nodes"][0]["children"] = [len(document["nodes"])]
    document["nodes"].append({"mesh": len(document["meshes"]) - 2, "name": "wire"})
    document["nodes"].append({"mesh": 0, "scale": [1, 3, 1], "name": "tall"})
    document["scenes"][0]["nodes"].append(len(document["nodes"]) - 1)
    write_glb(source, document, binary)
    said = weather(source, tmp_path / "out.glb")
    assert (
        "strip is skipped: not all of it has UVs, and a new one cannot be made: it is made of strips" in said
    )
    assert "wire is skipped: it has no faces" in said and "spare is skipped: no node shows it" in said
    assert "crate: 1 more of its nodes show it in other proportions" in said
    after, _ = read_glb(tmp_path / "out.glb")
    assert after["nodes"] == document["nodes"]
    assert mesh_of(after, "strip") == mesh_of(document, "strip") and mesh_of(after, "wire") == mesh_of(
        document, "wire"
    )
    # a mesh that nothing shows goes on with the material that it had
    assert mesh_of(after, "spare") == mesh_of(document, "spare")
    assert mesh_of(after, "crate")["primitives"][0]["material"] == len(document["materials"])


BROKEN = {
    "it names materials -1, and has 1": lambda document: document["meshes"][0]["primitives"][0].update(
        material=-1
    ),
    "some of its data lie in another file": lambda document: document["buffers"].append(
        {"uri": "more.bin", "byteLength": 4}
    ),
    "Extension EXT_meshopt_compression is not available": lambda document: document.update(
        extensionsUsed=["EXT_meshopt_compression"], extensionsRequired=["EXT_meshopt_compression"]
    ),
    "stone is left as it is: it shines by specular and glossiness": lambda document: document["materials"][
        0
    ].update(extensions={"KHR_materials_pbrSpecularGlossiness": {}}),
    "no mesh in it has faces": lambda document: [
        part.update(mode=1) for one in document["meshes"] for part in one["primitives"]
    ],
    "it names materials 9, and has 1": lambda document: document["meshes"][0]["primitives"][0].update(
        material=9
    ),
}


@pytest.mark.parametrize("says", BROKEN)
def test_what_is_refused(weather, tmp_path, capfd, says):
    if "meshopt" in says and bpy.app.version >= (5, 1):
        pytest.skip("this Blender reads it")
    crate("crate", look("stone"))
    document, binary = read_glb(exported(tmp_path / "in.glb"))
    BROKEN[says](document)
    write_glb(tmp_path / "in.glb", document, binary)
    arguments = ("--model", "shape", "--size", str(SIZE), "--out", str(tmp_path / "no.glb"))
    assert main(["transform", str(tmp_path / "in.glb"), *arguments]) == 2
    said = capfd.readouterr().err
    assert says in said and "shape.glb" not in said and not (tmp_path / "no.glb").exists()
