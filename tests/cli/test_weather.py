"""`gancube transform MESH` with a generator that takes the shape of a mesh: what goes in, what comes out, bad input."""

import json
import re

import bpy
import numpy as np
import pytest

from blender_addon import transform_command
from blender_addon.engine import png, sizes, transform_recipe
from blender_addon.engine.errors import RequestError
from blender_addon.engine.glb import read_glb
from blender_addon.engine.glb_images import image_bytes
from blender_addon.scene import bake_child, geometry_stage, images, material, transformed, weather_file
from blender_addon.scene.geometry import geometry_steps
from tests.engine.test_transform import drawn
from tests.tiny_picture import make_tiny_picture

SQUARE = ((0, 0), (1, 0), (1, 1), (0, 1))
TAKES = ("position", "object_normal", "ao", "curvature")


@pytest.fixture(scope="module")
def weather(models):
    make_tiny_picture(models / "worn.onnx", takes=TAKES, gives=("base_color", "roughness"))
    make_tiny_picture(models / "tops.onnx", takes=("object_normal",), gives=("base_color",))
    make_tiny_picture(models / "x2.onnx", scale=2)
    return models


@pytest.fixture
def transform(weather, gancube):
    return lambda *arguments: gancube("transform", *arguments)


def write_cube(path) -> None:
    """A cube without UVs."""
    corners = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    quads = ((1, 2, 4, 3), (5, 7, 8, 6), (1, 5, 6, 2), (3, 4, 8, 7), (1, 3, 7, 5), (2, 6, 8, 4))
    lines = [f"v {x} {y} {z}" for x, y, z in corners] + ["f " + " ".join(map(str, q)) for q in quads]
    path.write_text("\n".join(lines) + "\n")


def test_an_obj_a_glb_and_the_same_bytes_again(transform, gancube, tmp_path):
    write_cube(tmp_path / "box.obj")
    chain = ("--model", "worn", "--model", "x2", "--size", 64)
    answer = transform(tmp_path / "box.obj", *chain, "--out", tmp_path / "old.obj", "--json")
    assert answer.code == 0, answer.err
    assert re.search(r"box\S*: seam at UV borders 0\.\d\d", answer.err)
    files = json.loads(answer.out)["files"]
    assert files[0].endswith("old.obj") and any(name.endswith(".mtl") for name in files)
    pictures = {path.name: path for path in (tmp_path / "old_textures").iterdir()}
    assert len(pictures) == 2
    for path in pictures.values():
        pixels, text = png.decode(path.read_bytes())
        assert pixels.shape[:2] == (128, 128), "a chain goes on"
        recipe = transform_recipe.loads(text["gancube"])
        assert [step["model"]["name"] for step in recipe.steps] == ["worn", "x2"]
        assert recipe.source["bake"]["size"] == 64 and recipe.source["bake"]["uvs"] == "new"
        assert set(recipe.source["maps"]) == set(TAKES)
    assert not bpy.data.objects, "what is open stays as it was"

    bpy.ops.mesh.primitive_cube_add()
    bpy.ops.export_scene.gltf(filepath=str(tmp_path / "box.glb"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    made = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        out = tmp_path / name / "old.glb"
        answer = transform(tmp_path / "box.glb", "--model", "tops", "--size", 64, "--out", out)
        assert answer.code == 0, answer.err
        assert "seam at UV borders" in answer.err, "a GLB has a point for each side of a border"
        made.append(out.read_bytes())
    assert made[0] == made[1]
    document, binary = read_glb(out)
    assert len(image_bytes(document, binary)) == 1
    assert json.loads(gancube("recipe", out).out)["source"]["bake"]["uvs"] == "mesh"
    assert gancube("check", out).code == 0


def test_a_blend_keeps_its_objects(transform, tmp_path):
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.name = "Stone"
    bpy.ops.object.light_add()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "yard.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    out = tmp_path / "old.blend"
    answer = transform(tmp_path / "yard.blend", "--model", "tops", "--size", 64, "--out", out)
    assert answer.code == 0, answer.err
    assert "Stone: seam at UV borders" in answer.err
    bpy.ops.wm.open_mainfile(filepath=str(out))
    scene = bpy.data.scenes[0]
    assert {item.type for item in scene.objects} == {"MESH", "LIGHT"}
    stone = next(item for item in scene.objects if item.type == "MESH")
    assert stone.name.startswith("Stone")
    images = [n.image for n in stone.active_material.node_tree.nodes if n.type == "TEX_IMAGE"]
    assert [image.size[0] for image in images] == [64]


def test_the_shape_alone(transform, gancube, tmp_path):
    """What `gancube geometry` bakes goes into the generator as any set of maps does."""
    write_cube(tmp_path / "box.obj")
    answer = gancube("geometry", tmp_path / "box.obj", "--size", 64, "--out", tmp_path / "maps")
    assert answer.code == 0, answer.err
    assert sorted(p.name for p in (tmp_path / "maps").iterdir()) == sorted(
        f"box_{name}.png" for name in TAKES
    )
    shapes = {name: png.decode((tmp_path / f"maps/box_{name}.png").read_bytes())[0].shape for name in TAKES}
    assert shapes["ao"] == shapes["curvature"] == (64, 64, 1) and shapes["position"] == (64, 64, 3)
    out = tmp_path / "painted.png"
    assert transform(tmp_path / "maps/box_ao.png", "--model", "worn", "--out", out).code == 0
    assert (tmp_path / "painted_roughness.png").is_file()
    (tmp_path / "empty.obj").write_text("")
    answer = gancube(
        "geometry",
        tmp_path / "box.obj",
        tmp_path / "empty.obj",
        "--size",
        64,
        "--out",
        tmp_path / "two",
        "--json",
    )
    assert answer.code == 2 and "1 of 2 meshes were left out" in answer.err and "empty file" in answer.err
    assert len(json.loads(answer.out)["files"]) == 4
    for mesh, says in (("none.obj", "no such file"), ("box.stl", "is no mesh that is read")):
        answer = gancube("geometry", tmp_path / mesh, "--out", tmp_path / "no")
        assert answer.code == 2 and says in answer.err


def test_a_shape_baked_again_replaces_its_own_pictures_and_nobody_elses(gancube, tmp_path):
    write_cube(tmp_path / "box.obj")
    out = tmp_path / "maps"
    again = ("geometry", tmp_path / "box.obj", "--size", 64, "--out", out, "--json")
    answer = gancube(*again)
    (note,) = json.loads(answer.out)["notes"]
    assert note.startswith("box.obj: has no UV map.") and "They fit no UV map of the file" in note
    before = (out / "box_ao.png").read_bytes()
    assert json.loads(png.read_text(before)["gancube_bake"])["uvs"] == "new"
    assert gancube(*again).code == 0 and (out / "box_ao.png").read_bytes() == before
    mine = png.encode(np.zeros((4, 4, 3), np.uint8))
    (out / "box_ao.png").write_bytes(mine)
    answer = gancube(*again)
    assert answer.code == 2 and "box_ao.png: is there already and was not made here" in answer.err
    assert (out / "box_ao.png").read_bytes() == mine


def test_stopped_between_two_meshes_it_says_what_is_there(gancube, tmp_path, monkeypatch):
    from blender_addon import geometry_command

    for name in "ab":
        write_cube(tmp_path / f"{name}.obj")
    asked = []

    def stop_at_the_second(source, size):
        asked.append(source)
        if len(asked) == 2:
            raise KeyboardInterrupt
        return dict.fromkeys(TAKES, b"png"), ""

    monkeypatch.setattr(geometry_command, "baked", stop_at_the_second)
    answer = gancube("geometry", tmp_path / "a.obj", tmp_path / "b.obj", "--out", tmp_path / "maps")
    assert answer.code == 130 and "stopped; 1 of 2 meshes were written." in answer.err


@pytest.mark.parametrize(
    "lines, arguments, says",
    [
        ("v 0 0 0\n", (), "no mesh in it has faces"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 nan\nf 1 2 3\n", (), "not numbers"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", ("--size", "12"), "from 64 to 8192"),
        ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", ("--size", "many"), "from 64 to 8192"),
    ],
)
def test_bad_input(transform, tmp_path, lines, arguments, says):
    (tmp_path / "bad.obj").write_text(lines)
    answer = transform(
        tmp_path / "bad.obj", "--model", "tops", *arguments, "--out", tmp_path / "o.obj", "--quiet"
    )
    assert answer.code == 2 and says in answer.err and not (tmp_path / "o.obj").exists()
    assert len(answer.err.splitlines()) == 1


def test_not_enough_memory_to_bake_says_what_fits(transform, gancube, tmp_path, monkeypatch):
    monkeypatch.setattr(sizes, "free_memory", lambda: 2**30)
    write_cube(tmp_path / "box.obj")
    for answer in (
        gancube("geometry", tmp_path / "box.obj", "--size", 8192, "--out", tmp_path / "maps"),
        transform(
            tmp_path / "box.obj", "--model", "tops", "--size", 8192, "--out", tmp_path / "o.obj", "--quiet"
        ),
    ):
        assert answer.code == 2 and "size 8192: baking would need about 15.6 GiB" in answer.err
        assert "Use 1792 or less" in answer.err
    assert sizes.check_bake_size(1792) == 1792
    bpy.ops.mesh.primitive_cube_add()
    with pytest.raises(RequestError, match="Use 1792 or less"):  # as the panel asks
        next(geometry_steps(bpy.context.object.session_uid, ("ao",), 2048, tmp_path / "bake"))
    assert [path.name for path in tmp_path.iterdir()] == ["box.obj"]


@pytest.mark.parametrize("split", [False, True])
def test_faces_that_meet_lie_in_one_island_though_the_file_splits_their_vertices(split, tmp_path):
    """As GLBs with sharp edges do, and flat ones at all of them: each face would be an island of a few pixels."""
    if split:
        corners = [(x + dx, y + dy, 0) for y in range(3) for x in range(3) for dx, dy in SQUARE]
        corners += [
            (5, 0, 0),
            (6, 0, 0),
            (6, 0, 0),
            (5, 1, 0),
        ]  # it would have a corner twice, and stays a face
        faces = [tuple(range(4 * i, 4 * i + 4)) for i in range(10)]
    else:
        corners = [(x, y, 0) for y in range(4) for x in range(4)]
        faces = [tuple(x + dx + 4 * (y + dy) for dx, dy in SQUARE) for y in range(3) for x in range(3)]
    mesh = bpy.data.meshes.new("floor")
    mesh.from_pydata(corners, [], faces)
    item = bpy.data.objects.new("floor", mesh)
    bpy.context.scene.collection.objects.link(item)
    steps = geometry_steps(item.session_uid, ("ao",), 64, tmp_path / "bake", threads=1)
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            uvs = stop.value.uvs
            break
    assert len(uvs) == 2 * len(mesh.loops)
    found = {}
    for loop in range(36):
        place = tuple(mesh.vertices[mesh.loops[loop].vertex_index].co)
        found.setdefault(place, set()).add((round(uvs[2 * loop], 5), round(uvs[2 * loop + 1], 5)))
    assert len(found) == 16 and all(len(one) == 1 for one in found.values())


def test_a_chain_that_cannot_be_is_said_before_the_bake(transform, weather, tmp_path, monkeypatch):
    monkeypatch.setattr(weather_file, "bake", lambda *_: pytest.fail("it bakes"))
    make_tiny_picture(weather / "high.onnx", takes=("height",), gives=("base_color",))
    write_cube(tmp_path / "box.obj")
    answer = transform(
        tmp_path / "box.obj", "--model", "tops", "--model", "high", "--out", tmp_path / "o.obj", "--quiet"
    )
    assert answer.code == 2 and "needs the map height, which neither the picture" in answer.err


def test_an_obj_is_not_painted_over_its_own_images(transform, tmp_path):
    write_cube(tmp_path / "box.obj")
    (tmp_path / "box.obj").write_text("mtllib new.mtl\n" + (tmp_path / "box.obj").read_text())
    (tmp_path / "new.mtl").write_text("newmtl w\n")
    answer = transform(tmp_path / "box.obj", "--model", "tops", "--out", tmp_path / "new.obj", "--quiet")
    assert answer.code == 2 and "is read as a source" in answer.err
    assert (tmp_path / "new.mtl").read_text() == "newmtl w\n"


def test_a_bake_is_told_while_it_goes_on(transform, tmp_path, monkeypatch):
    """Each line stands on standard error before the next map is baked, not after all work."""
    known = []
    bake = bake_child.bake
    monkeypatch.setattr(transform_command, "say", known.append)

    def slow(item, folder):
        known.append("bakes")
        bake(item, folder)

    monkeypatch.setattr(bake_child, "bake", slow)
    monkeypatch.setattr(geometry_stage, "RAYS", dict.fromkeys(geometry_stage.RAYS, 1))
    write_cube(tmp_path / "box.obj")
    answer = transform(tmp_path / "box.obj", "--model", "worn", "--size", 64, "--out", tmp_path / "old.obj")
    assert answer.code == 0, answer.err
    lines = [line.rpartition(": ")[2] for line in known]
    start = lines.index("0 of 4 maps baked")
    expected = ["bakes", *(line for i in (1, 2, 3) for line in (f"{i} of 4 maps baked", "bakes"))]
    assert lines[start + 1 : start + 9] == [*expected, "4 of 4 maps baked"]


def test_a_blend_is_told_of_while_it_is_changed(transform, weather, tmp_path, monkeypatch):
    make_tiny_picture(weather / "looks.onnx")
    item = shown_plane(png.encode(drawn(32)))
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "yard.blend"))
    bpy.ops.wm.read_factory_settings(use_empty=True)
    known = []
    put = transformed.put
    monkeypatch.setattr(transform_command, "say", known.append)
    monkeypatch.setattr(transformed, "put", lambda *a: (known.append("put"), put(*a))[1])
    answer = transform(tmp_path / "yard.blend", "--model", "looks", "--out", tmp_path / "new.blend")
    assert answer.code == 0, answer.err
    assert "put" in known[1:] and item in known[0]


def shown_plane(data: bytes) -> str:
    """The name of the image that it shows."""
    bpy.ops.mesh.primitive_plane_add()
    image = images.new_image("Wall", data, "sRGB", "")
    bpy.context.object.data.materials.append(material.build_material("Wall", {"base_color": image}))
    return "Wall"
