"""Every format: the same bytes anywhere, every map back as it was generated, nothing half written or left behind."""

import io
import os
import subprocess
import sys

import bpy
import numpy as np
import pytest
from mathutils import Vector

from blender_addon.engine import fbx_file, image_file, obj, png, usdz
from blender_addon.engine.errors import OutputError
from blender_addon.engine.glb import read_glb
from blender_addon.engine.glb_images import image_bytes
from blender_addon.file_check import check_file, pixels_of
from blender_addon.scene.formats import ENCODINGS, FORMATS
from blender_addon.scene.looks import looks, part_names
from blender_addon.scene.material import strengths
from blender_addon.scene.session import COLLECTIONS

from .faces import EVERY_MAP
from .marks import FIVE, MARK, decoded, new_cube

REPRODUCIBLE = [name for name in FORMATS if name != "blend"]
PARTS = ("px", "nx", "py", "ny", "pz", "nz")


def every_format(folder):
    """{(format, encoding): {relative path: bytes}} of one cube."""
    cube, _ = new_cube(EVERY_MAP)
    made = {}
    for name in REPRODUCIBLE:
        for encoding in ENCODINGS[name]:
            files = FORMATS[name](cube, folder / f"{encoding} cube.a", MARK, encoding)
            made[name, encoding] = {str(f.relative_to(folder)): f.read_bytes() for f in files}
    return made


def test_the_same_bytes_in_another_folder_and_process(tmp_path, checkout):
    (here := tmp_path / "here").mkdir()
    (there := tmp_path / "other ñ").mkdir()
    code = f"""
import sys; sys.path.insert(0, {str(checkout)!r})
import bpy; bpy.ops.wm.read_factory_settings(use_empty=True)
import os; from pathlib import Path
from tests.scene.test_formats import every_format
bpy.ops.mesh.primitive_monkey_add()  # the session is another
new = bpy.data.materials.new("material_px"), bpy.data.images.new("px_base_color.png", 4, 4)
every_format(Path(sys.argv[1]))
sys.stdout.flush()
os._exit(0)  # the bpy 4.2 module crashes in its last exit handlers after a glTF export (see cli.script)
"""
    environment = {**os.environ, "PYTHONHASHSEED": "1"}
    subprocess.run([sys.executable, "-c", code, str(there)], check=True, env=environment, timeout=900)
    for files in every_format(here).values():
        for name, data in files.items():
            assert (there / name).read_bytes() == data, name
            assert str(tmp_path).encode() not in data and b"gancube-" not in data, f"{name}: an absolute path"


def test_times_do_not_matter(tmp_path, monkeypatch):
    """FBX and USDZ are the formats whose usual writers put in the time."""
    import datetime

    cube, _ = new_cube()
    for name in ("fbx", "usdz"):
        (file, *_) = FORMATS[name](cube, tmp_path / "cube", MARK)
        data = file.read_bytes()
        assert str(datetime.date.today().year).encode() not in data
        if name == "fbx":
            stamp = fbx_file.parse(data)[1].find("FBXHeaderExtension", "CreationTimeStamp", "Year")
            assert stamp.values == [(b"I", 1970)]
    assert data[10:14] == b"\0\0\x21\0", "1980-01-01"


def test_blend_holds_the_same_mesh_images_and_mark(tmp_path):
    found = []
    for folder in ("a", "b"):
        bpy.ops.wm.read_factory_settings(use_empty=True)
        cube, made = new_cube()
        (tmp_path / folder).mkdir()
        held = [bytes(image.packed_file.data) for image in bpy.data.images]
        (file,) = FORMATS["blend"](cube, tmp_path / folder / "cube", MARK)
        assert "gancube_mark" not in cube, "only in the file"
        assert [bytes(image.packed_file.data) for image in bpy.data.images] == held
        bpy.ops.wm.open_mainfile(filepath=str(file))
        (item,) = bpy.data.objects
        images = {image.name: bytes(image.packed_file.data) for image in bpy.data.images}
        assert all(image_file.read_xmp(data) for data in images.values())
        mesh = [tuple(v.co) for v in item.data.vertices], [tuple(p.vertices) for p in item.data.polygons]
        found.append((images, mesh, item["gancube"], item["gancube_mark"]))
        assert len(images) == 6 * len(FIVE)
        for face, maps in zip(("+X", "-X", "+Y", "-Y", "+Z", "-Z"), made, strict=True):
            for name, pixels in maps.items():
                assert np.array_equal(decoded(images[f"GAN Cube {face} {name}"]), pixels)
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["usdz", "usd", "fbx", "obj", "png"])
def test_every_map_comes_back_as_it_was_generated(tmp_path, name):
    cube, made = new_cube(EVERY_MAP)
    main, *_ = FORMATS[name](cube, tmp_path / "cube", MARK)
    if name == "usdz":
        images = {k.split("/")[-1]: v for k, (_, v) in usdz.contents(main.read_bytes()).items()}
        del images["asset.usda"]
    else:
        images = {f.name: f.read_bytes() for f in (tmp_path / "cube_textures").iterdir()}
    assert len(images) == 6 * len(EVERY_MAP)
    for part, maps in zip(PARTS, made, strict=True):
        for map_name, pixels in maps.items():
            assert np.array_equal(decoded(images[f"{part}_{map_name}.png"]), pixels), (part, map_name)
    for image in images if name == "usd" else ():
        assert f"@./cube_textures/{image}@".encode() in main.read_bytes()


def test_glb_maps_come_back(tmp_path):
    """Channel by channel in test_export.py; here that the marks left them alone."""
    cube, made = new_cube(("base_color", "roughness", "metallic", "normal"))
    (file,) = FORMATS["glb"](cube, tmp_path / "cube", MARK)
    arrays = [decoded(data) for data in image_bytes(*read_glb(file))]
    for maps in made:
        packed = np.concatenate([maps["roughness"], maps["metallic"]], axis=2)
        assert any(np.array_equal(a, maps["base_color"]) for a in arrays)
        assert any(np.array_equal(a, maps["normal"]) for a in arrays)
        assert any(a.shape[2] >= 3 and np.array_equal(a[..., 1:3], packed) for a in arrays)


@pytest.mark.parametrize(("name", "encoding"), [(n, e) for n in FORMATS for e in ENCODINGS[n] if e != "PNG"])
def test_encodings(tmp_path, name, encoding):
    """Smooth pictures come back close; a texture with alpha stays PNG in a GLB of JPEGs."""
    from blender_addon.scene.assets import make_cube

    from .faces import COLORSPACES, make_faces
    from .marks import FULL_RECIPE

    slope = np.broadcast_to(np.arange(32, dtype=np.uint8)[:, None, None] * 4 + 60, (32, 32, 3))
    cube = make_cube(make_faces([{"base_color": slope}] * 6), COLORSPACES, FULL_RECIPE)
    main, *beside = FORMATS[name](cube, tmp_path / "cube", MARK, encoding)
    if name == "glb":
        images = image_bytes(*read_glb(main))
    elif name == "blend":
        held = [bytes(image.packed_file.data) for image in bpy.data.images]
        assert {image_file.kind_of(data) for data in held} == {"PNG"}, "as before"
        bpy.ops.wm.open_mainfile(filepath=str(main))
        images = [bytes(image.packed_file.data) for image in bpy.data.images]
        assert {image.colorspace_settings.name for image in bpy.data.images} == {"sRGB"}
    elif name == "usdz":
        images = [v for k, (_, v) in usdz.contents(main.read_bytes()).items() if k.startswith("textures")]
    else:
        images = [f.read_bytes() for f in beside if f.parent != tmp_path]
    assert len(images) == 6
    for data in images:
        assert image_file.kind_of(data) == encoding
        assert image_file.size_of(data) == (32, 32)
        assert image_file.read_xmp(data)
        path = tmp_path / f"x{image_file.SUFFIX[encoding]}"
        path.write_bytes(data)
        image = bpy.data.images.load(str(path))
        back = np.array(image.pixels[:], np.float32).reshape(32, 32, 4)[::-1, :, :3]
        assert np.abs(back - slope / 255).max() < 6 / 255
        bpy.data.images.remove(image)


@pytest.mark.parametrize("encoding", ["JPEG", "WEBP"])
def test_data_survives_lossy_encodings(tmp_path, encoding):
    """Normals and packed maps come back to the bit; grey maps nearly (here: a slope)."""
    cube, made = new_cube(("base_color", "normal", "roughness", "metallic"))
    (file,) = FORMATS["glb"](cube, tmp_path / "cube", MARK, encoding)
    document, binary = read_glb(file)
    images = image_bytes(document, binary)
    for material, maps in zip(document["materials"], made, strict=True):
        pbr = material["pbrMetallicRoughness"]
        for info, wanted, channels in (
            (material["normalTexture"], maps["normal"], slice(0, 3)),
            (pbr["metallicRoughnessTexture"], maps["roughness"], slice(1, 2)),
            (pbr["metallicRoughnessTexture"], maps["metallic"], slice(2, 3)),
        ):
            texture = document["textures"][info["index"]]
            source = texture.get("extensions", {}).get("EXT_texture_webp", texture).get("source")
            assert np.array_equal(pixels_of(images[source])[..., channels], wanted)


def test_the_validator_is_content_with_every_encoding(tmp_path, validate):
    cube, _ = new_cube(EVERY_MAP)
    for encoding in ENCODINGS["glb"]:
        (file,) = FORMATS["glb"](cube, tmp_path / encoding, MARK, encoding)
        issues = validate(file)["issues"]
        assert (issues["numErrors"], issues["numWarnings"]) == (0, 0), issues["messages"]


@pytest.mark.parametrize("name", FORMATS)
def test_nothing_is_half_written_and_nothing_left_behind(tmp_path, name):
    cube, _ = new_cube(("base_color", "normal"))
    before = [[block.name for block in getattr(bpy.data, one)] for one in COLLECTIONS]
    with pytest.raises(OutputError, match="no such folder"):
        FORMATS[name](cube, tmp_path / "no such folder" / "cube", MARK)
    (tmp_path / "cube_textures").write_text("in the way")
    for suffix in ("glb", "usdz", "usda", "fbx", "obj", "blend"):
        (tmp_path / f"cube.{suffix}").mkdir()
    with pytest.raises(OutputError):
        FORMATS[name](cube, tmp_path / "cube", MARK)
    assert {p.name for p in tmp_path.rglob("*") if p.is_file()} == {"cube_textures"}
    with pytest.raises(OutputError, match="TIFF"):
        FORMATS[name](cube, tmp_path / "cube", MARK, "TIFF")
    assert [[block.name for block in getattr(bpy.data, one)] for one in COLLECTIONS] == before


def test_strengths_are_in_the_pixels_where_the_format_has_no_number(tmp_path):
    cube, made = new_cube()
    for node, socket in strengths(cube.material_slots[0].material).values():
        cube.material_slots[0].material.node_tree.nodes[node].inputs[socket].default_value = 0.5
    maps = looks(cube)[0].maps
    assert np.array_equal(decoded(maps["roughness"]), np.floor(made[0]["roughness"] * 0.5 + 0.5))
    bent = decoded(maps["normal"]).astype(float) / 127.5 - 1
    before = made[0]["normal"].astype(float) / 127.5 - 1
    expected = [0, 0, 1] + (before - [0, 0, 1]) * 0.5
    expected /= np.linalg.norm(expected, axis=2, keepdims=True)
    assert np.abs(bent - expected).max() < 0.02
    assert decoded(maps["base_color"]).tobytes() == made[0]["base_color"].tobytes()


def test_a_texture_that_repeats_has_its_repetitions_in_the_uvs(tmp_path):
    from blender_addon.scene.layouts import Surface

    from .meshes import cube_mesh, placed, texture

    item = placed("cube", cube_mesh())
    texture([item], Surface("tile"), maps=("base_color", "normal"))
    (look,) = looks(item)
    assert part_names(item) == [""] and look.uv_scale[0] > 1
    main, *_ = FORMATS["obj"](item, tmp_path / "cube", MARK)
    uvs = np.array([row.split()[1:] for row in main.read_text().splitlines() if row[:3] == "vt "], float)
    own = np.empty(len(item.data.loops) * 2, np.float32)
    item.data.uv_layers[0].uv.foreach_get("vector", own)
    assert np.allclose(np.ptp(uvs, axis=0), np.ptp(own.reshape(-1, 2), axis=0) * look.uv_scale, atol=1e-4)


def test_a_box_projection_is_refused_with_advice(tmp_path):
    from blender_addon.scene.layouts import Surface

    from .meshes import cube_mesh, placed, texture

    item = placed("cube", cube_mesh())
    texture([item], Surface("box"), maps=("base_color", "height"))
    for name in FORMATS:
        if name != "blend":
            with pytest.raises(OutputError, match="Bake the object first"):
                FORMATS[name](item, tmp_path / "cube", MARK)


def test_a_mirrored_and_moved_object_stays_inside_in(tmp_path):
    cube, _ = new_cube(("base_color",))
    cube.scale, cube.location = (-1, 1, 2), (3, 0, 0)
    main, *_ = FORMATS["obj"](cube, tmp_path / "cube", MARK)
    bpy.ops.wm.obj_import(filepath=str(main))
    (item,) = bpy.context.selected_objects
    world = [item.matrix_world @ v.co for v in item.data.vertices]
    assert np.allclose(np.mean(world, axis=0), (3, 0, 0), atol=1e-5)
    assert np.allclose(np.ptp(world, axis=0), (2, 2, 4), atol=1e-5)
    middle = sum(world, Vector()) / len(world)
    for polygon in item.data.polygons:
        outward = item.matrix_world @ polygon.center - middle
        assert outward.dot(item.matrix_world.to_3x3() @ polygon.normal) > 0
    assert obj.COMMENT in main.read_text()


def test_empty_and_broken_meshes_are_refused(tmp_path):
    for points, faces, what in (
        ([], [], "no faces"),
        ([(0, 0, 0), (1, 0, 0), (0, float("nan"), 0)], [(0, 1, 2)], "NaN"),
    ):
        mesh = bpy.data.meshes.new("broken")
        mesh.from_pydata(points, [], faces)
        item = bpy.data.objects.new("broken", mesh)
        for name in ("usdz", "usd", "fbx", "obj"):
            with pytest.raises(OutputError, match=what):
                FORMATS[name](item, tmp_path / "cube", MARK)


def test_odd_names_and_plain_objects(tmp_path):
    """Signs that mean something in a format, and an object that shows nothing of ours."""
    cube, _ = new_cube(("base_color", "normal"))
    bpy.ops.mesh.primitive_cube_add()
    plain = bpy.context.object
    plain.data.materials.append(bpy.data.materials.new("someone's"))
    for name, write in FORMATS.items():
        for item in (cube, plain) if name != "png" else (cube,):
            main, *_ = write(item, tmp_path / "a@b 50% 'ñ'.c", MARK)
            if name != "png":
                assert {f.rule for f in check_file(main).findings if f.severity == "error"} == set(), name
    with pytest.raises(OutputError, match="no generated texture"):
        FORMATS["png"](plain, tmp_path / "plain", MARK)


def test_fbx_files_stay_what_they_were(tmp_path):
    """Reading and writing a FBX of Blender's gives its bytes again."""
    bpy.ops.mesh.primitive_monkey_add()
    file = tmp_path / "monkey.fbx"
    bpy.ops.export_scene.fbx(filepath=str(file), bake_anim=False)
    data = file.read_bytes()
    assert fbx_file.dump(*fbx_file.parse(data)) == data


def test_png_written_by_others_keeps_its_parts():
    data = png.encode(np.zeros((4, 4, 3), np.uint8), {"Author": "someone"})
    twice = image_file.add_xmp(image_file.add_xmp(data, "<one/>"), "<two/>")
    assert image_file.read_xmp(twice) == "<two/>" and twice.count(b"XML:com.adobe.xmp") == 1
    assert png.decode(twice)[1]["Author"] == "someone"


@pytest.mark.parametrize("channels", [3, 4])
def test_a_png_of_another_program_is_read_to_the_bit(channels):
    from PIL import Image

    hills = np.random.default_rng(1).normal(size=(48, 40, channels)).cumsum(0).cumsum(1)
    pixels = np.clip(128 + 3 * hills, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")  # with filters that lean on neighbours: read by Blender
    assert png.is_slow(file.getvalue()) and not png.is_slow(png.encode(pixels))
    assert np.array_equal(pixels_of(file.getvalue()), pixels)
    assert np.array_equal(png.decode(file.getvalue())[0], pixels)
