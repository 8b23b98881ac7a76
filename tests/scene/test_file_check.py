"""`gancube check`: content with what the formats write, and every rule catches a file that was broken for it."""

import json
import random
import re
import shutil
import zipfile

import bpy
import numpy as np
import pytest

from blender_addon import file_check
from blender_addon.cli import main
from blender_addon.engine import pixels, usdz
from blender_addon.engine.glb import read_glb, write_glb
from blender_addon.scene.assets import make_cube
from blender_addon.scene.formats import ENCODINGS, FORMATS

from .broken_files import BROKEN_BLEND, BROKEN_FBX, BROKEN_OBJ, BROKEN_USD, fbx_with
from .broken_glb import BROKEN_GLB, glb_with
from .faces import COLORSPACES, make_faces
from .marks import FULL_RECIPE, MARK

CAUGHT: set[str] = set()  # rules that some test below has caught


def waves(turned: bool = False, size: int = 32):
    """A height of waves in both directions, and its normals as [H, W, 3] uint8; turned: green down."""
    place = np.arange(size) * 2 * np.pi / size
    height = 0.5 + 0.2 * np.sin(place)[None, :] + 0.2 * np.cos(2 * place + np.sin(place))[:, None]
    height = height + 0.1 * np.sin(place[None, :] + 2 * place[:, None])
    rise_x = (np.roll(height, -1, 1) - np.roll(height, 1, 1)) * 4
    rise_up = (np.roll(height, 1, 0) - np.roll(height, -1, 0)) * 4
    vector = np.stack([-rise_x, rise_up if turned else -rise_up, np.ones_like(height)], axis=2)
    vector /= np.linalg.norm(vector, axis=2, keepdims=True)
    return pixels.to_uint8(height[..., None]), pixels.to_uint8(vector / 2 + 0.5)


def relief_cube(turned=False, with_height=True):
    height, normal = waves(turned)
    chance = np.random.default_rng(3)
    face = {"base_color": chance.integers(0, 256, (32, 32, 3), np.uint8), "normal": normal}
    face |= {one: chance.integers(0, 256, (32, 32, 1), np.uint8) for one in ("roughness", "metallic", "ao")}
    face |= {"height": height} if with_height else {}
    return make_cube(make_faces([face] * 6), COLORSPACES, FULL_RECIPE)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A folder with one cube in every format."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    folder = tmp_path_factory.mktemp("sound")
    for write in FORMATS.values():
        write(relief_cube(), folder / "cube", MARK)
    return folder


def rules(path, against=None) -> set[str]:
    found = file_check.check_file(path, file_check.maps_in(against) if against else None).findings
    CAUGHT.update(one.rule for one in found)
    return {one.rule for one in found}


@pytest.mark.parametrize("suffix", ["glb", "usdz", "usda", "fbx", "obj", "mtl", "blend"])
def test_content_with_what_the_formats_write(sound, suffix):
    assert rules(sound / f"cube.{suffix}", sound / "cube_textures") == set()
    assert rules(sound / "cube_textures" / "px_normal.png") == set()


@pytest.mark.parametrize(("name", "encoding"), [(n, e) for n in FORMATS for e in ENCODINGS[n] if e != "PNG"])
def test_content_with_other_encodings(sound, tmp_path, name, encoding):
    height, normal = waves()
    face = {"base_color": normal, "normal": normal, "roughness": height, "metallic": height // 2}
    cube = make_cube(make_faces([face] * 6), COLORSPACES, FULL_RECIPE)
    FORMATS["png"](cube, tmp_path / "as generated", MARK)
    (file, *_) = FORMATS[name](cube, tmp_path / "cube", MARK, encoding)
    assert rules(file, tmp_path / "as generated_textures") == set()


def test_content_with_a_mesh_that_is_no_cube(tmp_path):
    """Smooth, mirrored, and turned; its texture repeats."""
    from blender_addon.scene.layouts import Surface

    from .meshes import placed, texture

    bpy.ops.mesh.primitive_monkey_add()
    mesh = bpy.context.object.data
    mesh.shade_smooth()
    item = placed("monkey", mesh)
    item.scale, item.rotation_euler = (-1, 1, 1.5), (0.3, 0.2, 0.1)
    texture([item], Surface("tile"), maps=("base_color", "normal", "roughness"))
    for name in ("glb", "usdz", "fbx", "obj", "blend"):
        (file, *_) = FORMATS[name](item, tmp_path / "monkey", MARK)
        found = {f.rule for f in file_check.check_file(file).findings}
        assert found <= {"mark", "normal-map", "tangents"}, (name, file_check.check_file(file).findings)


@pytest.mark.parametrize("name", BROKEN_GLB)
def test_broken_glb(sound, tmp_path, name):
    rule, change = BROKEN_GLB[name]
    path = glb_with(sound, tmp_path / "cube.glb", change)
    assert rule in rules(path, sound / "cube_textures")


@pytest.mark.parametrize("name", ["green down", "green down, no height", "sound, no height"])
def test_the_green_of_normals_alone(tmp_path, name):
    """The GLB has no height: there the slopes themselves must tell."""
    cube = relief_cube(turned="down" in name, with_height="no height" not in name)
    for kind in ("glb", "usdz"):
        (file,) = FORMATS[kind](cube, tmp_path / "cube", MARK)
        assert ("normal-convention" in rules(file)) == ("down" in name), kind


def test_an_image_that_is_damaged(sound, tmp_path):
    def damage(document, binary):
        view = document["bufferViews"][document["images"][0]["bufferView"]]
        middle = view["byteOffset"] + view["byteLength"] // 2
        binary[middle : middle + 40] = bytes(40)

    assert "image" in rules(glb_with(sound, tmp_path / "cube.glb", damage))


@pytest.mark.parametrize("suffix", ["glb", "usdz", "usda", "fbx", "blend", "png"])
def test_truncated_and_foreign_files(sound, tmp_path, suffix):
    whole = next(sound.rglob(f"*.{suffix}")).read_bytes()
    for data in (whole[: len(whole) // 2], b"", b"hello" * 100):
        (path := tmp_path / f"x.{suffix}").write_bytes(data)
        assert rules(path) & {"unreadable", "image", "mark"}, data[:10]


# ---- USD


@pytest.mark.parametrize("name", BROKEN_USD)
def test_broken_usd(sound, tmp_path, name):
    rule, before, after = BROKEN_USD[name]
    text = (sound / "cube.usda").read_text()
    assert before in text
    copy_textures(sound, tmp_path)
    if name == "a vertex that is not there":
        text = re.sub(r"faceVertexIndices = \[\d+", "faceVertexIndices = [99", text)
    elif name == "nan":
        text = re.sub(r"points = \[\([^,]+,", "points = [(nan,", text)
    else:
        text = text.replace(before, after)
    (path := tmp_path / "cube.usda").write_text(text)
    assert rule in rules(path, sound / "cube_textures")


def copy_textures(sound, folder):
    shutil.copytree(sound / "cube_textures", folder / "cube_textures")


def test_broken_usdz(sound, tmp_path):
    inside = {name: data for name, (_, data) in usdz.contents((sound / "cube.usdz").read_bytes()).items()}
    (path := tmp_path / "x.usdz").write_bytes(usdz.package({**inside, "notes.txt": b"hello"}))
    assert rules(path) == {"package"}
    path.write_bytes(usdz.package({k: v for k, v in inside.items() if "px_normal" not in k}))
    assert rules(path) == {"missing-texture"}
    layer = inside["asset.usda"].replace(b"@textures/px_normal", b"@../px_normal")
    path.write_bytes(usdz.package({**inside, "asset.usda": layer}))
    assert "reference" in rules(path)
    for method, rule in ((zipfile.ZIP_DEFLATED, "unreadable"), (zipfile.ZIP_STORED, "package")):
        with zipfile.ZipFile(path, "w", method) as archive:  # neither aligned
            for name, content in inside.items():
                archive.writestr(name, content)
        assert rule in rules(path)


# ---- OBJ


@pytest.mark.parametrize("name", BROKEN_OBJ)
def test_broken_obj(sound, tmp_path, name):
    rule, suffix, before, after = BROKEN_OBJ[name]
    copy_textures(sound, tmp_path)
    for one in ("obj", "mtl"):
        text = (sound / f"cube.{one}").read_text()
        changed_text = re.sub(before, after, text) if one == suffix else text
        assert one != suffix or changed_text != text
        (tmp_path / f"cube.{one}").write_text(changed_text)
    assert rule in rules(tmp_path / "cube.obj", sound / "cube_textures")


# ---- FBX and .blend


@pytest.mark.parametrize("name", BROKEN_FBX)
def test_broken_fbx(sound, tmp_path, name):
    rule, change = BROKEN_FBX[name]
    copy_textures(sound, tmp_path)
    assert rule in rules(fbx_with(sound, tmp_path / "cube.fbx", change), sound / "cube_textures")


@pytest.mark.parametrize("name", BROKEN_BLEND)
def test_broken_blend(tmp_path, name):
    from blender_addon.scene.export import save_blend

    rule, change = BROKEN_BLEND[name]
    cube = relief_cube()
    change(cube)
    save_blend([cube], tmp_path / "cube.blend")
    assert rule in rules(tmp_path / "cube.blend")
    assert len(bpy.data.objects) == 1, "nothing of the file stays in the open one"


def test_every_rule_has_caught_something(checkout, request):
    """All rules that the code can name; after the tests above."""
    if sum(one.path == request.path for one in request.session.items) < 100:
        pytest.skip("only where the whole file runs")
    named = set()
    for file in ("file_check.py", "engine/checked*.py", "scene/checked_blender.py"):
        for path in (checkout / "blender_addon").glob(file):
            named |= set(re.findall(r'\.(?:error|warning)\(\s*"([a-z-]+)"', path.read_text()))
    assert named >= {"nan", "packing", "normal-convention"} and named <= CAUGHT, named - CAUGHT


# ---- the command


def test_the_command(sound, tmp_path, capsys):
    files = [str(sound / f"cube.{suffix}") for suffix in ("glb", "usdz", "obj")]
    assert main(["check", *files]) == 0
    assert capsys.readouterr().out.count(": ok; 6 materials") == 3
    bad = glb_with(sound, tmp_path / "bad.glb", BROKEN_GLB["green down"][1])
    assert main(["check", files[0], str(bad)]) == 1
    out = capsys.readouterr().out
    assert "normal-convention" in out and "1 errors" not in out.splitlines()[0]
    assert main(["check", str(bad), "--json"]) == 1
    (answer,) = json.loads(capsys.readouterr().out)["files"]
    assert not answer["ok"] and answer["findings"][0]["rule"] == "normal-convention"
    for arguments in (["gone.glb"], ["cube.txt"], [files[0], "--against", str(tmp_path / "gone")]):
        assert main(["check", *arguments]) == 2
        assert capsys.readouterr().err.startswith("gancube: error: ")


@pytest.mark.parametrize("suffix", ["glb", "usdz", "usda", "fbx", "obj", "png"])
def test_damaged_files_end_in_findings(sound, tmp_path, suffix):
    """No damage ends in anything but findings."""
    whole = next(sound.rglob(f"*.{suffix}")).read_bytes()
    chance = random.Random(suffix)
    for _ in range(25 if suffix != "fbx" else 8):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 5, 50))):
            data[chance.randrange(min(len(data), 20_000))] = chance.randrange(256)
        (path := tmp_path / f"x.{suffix}").write_bytes(data)
        file_check.check_file(path)


def test_a_glb_whose_json_holds_anything_anywhere(sound, tmp_path):
    whole, binary = read_glb(sound / "cube.glb")
    chance = random.Random(5)

    def places(value):
        keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
        for key in list(keys):
            yield value, key
            yield from places(value[key])

    for _ in range(16):
        document = json.loads(json.dumps(whole))
        holder, key = chance.choice(list(places(document)))
        holder[key] = chance.choice([None, -1, 10**12, 1.5, "x", [], {}, True, [1], {"a": 1}])
        write_glb(tmp_path / "x.glb", document, binary)
        file_check.check_file(tmp_path / "x.glb")
