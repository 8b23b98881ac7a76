"""Baking a box projection: the images show what was seen, through UVs, and the object stays intact."""

import itertools
import subprocess
import time
from array import array

import bpy
import numpy as np
import pytest

from blender_addon.engine import png
from blender_addon.engine.errors import OutputError, SurfaceError
from blender_addon.scene import bake_child, second_blender
from blender_addon.scene.bake import Baked, bake_steps, baked_maps
from blender_addon.scene.faces import image_nodes
from blender_addon.scene.layouts import Surface
from blender_addon.scene.material import strengths
from blender_addon.scene.session import all_blocks
from blender_addon.scene.surfaces import texture_steps
from blender_addon.scene.targets import targets
from blender_addon.scene.uv_check import fault_steps

from .faces import COLORSPACES, RECIPE, make_faces
from .intact import intact
from .meshes import character, cube_mesh, grid_mesh, placed, run, texture

MAPS = ("base_color", "roughness", "metallic", "height")


def smooth(maps, size=64):
    """Maps without sharp edges, so that pixels can be compared."""
    y, x = np.mgrid[:size, :size] / size * 2 * np.pi
    waves = {
        "base_color": [0.5 + 0.4 * np.sin(x), 0.5 + 0.4 * np.sin(y), 0.5 + 0.4 * np.cos(x + y)],
        "roughness": [0.5 + 0.3 * np.cos(x)],
        "metallic": [0.5 + 0.5 * np.sin(x) * np.sin(y)],
        "height": [0.5 + 0.5 * np.sin(x)],
    }
    arrays = {m: np.rint(255 * np.stack(waves[m], -1)).astype(np.uint8) for m in maps}
    return arrays, make_faces([arrays])


def boxed(item, maps=MAPS):
    arrays, faces = smooth(maps)
    bpy.context.view_layer.update()
    run(texture_steps(targets([item]).uids, faces, COLORSPACES, RECIPE, Surface("box")))
    return arrays


def images_of(material):
    """{map name: [H, W, C] uint8} of a material of ours."""
    return {name: png.decode(image.packed_file.data)[0] for name, (image, _) in image_nodes(material).items()}


def test_a_flat_square_bakes_to_the_texture_itself():
    """Seen from above, 1 m of the projection is one texture; the UVs are the whole square of 1 m."""
    item = placed("grid", grid_mesh(2, 2, cell=0.5, uvs=True))
    subdivision = item.modifiers.new("finer", "SUBSURF")  # of the baked surface
    subdivision.subdivision_type = "SIMPLE"
    item.modifiers.new("bent", "SIMPLE_DEFORM")  # not of the baked surface
    arrays = boxed(item)
    before = intact(item)
    node, socket = strengths(item.material_slots[0].material)["roughness"]
    item.material_slots[0].material.node_tree.nodes[node].inputs[socket].default_value = 0.5
    assert baked_maps(item) == ["base_color", "metallic", "roughness", "normal"]
    assert run(bake_steps(item.session_uid, 64)) == Baked("grid", "")
    assert intact(item) == before and [layer.name for layer in item.data.uv_layers] == ["flat"]
    material = item.material_slots[0].material
    baked = images_of(material)
    # Blender's box projection turns a picture on top by a quarter
    turn = min(
        range(4), key=lambda k: np.abs(baked["base_color"] - np.rot90(arrays["base_color"], k) / 1.0).mean()
    )
    for name in ("base_color", "metallic", "roughness"):
        seen = baked[name][..., : arrays[name].shape[2]].astype(int)
        assert np.abs(seen - np.rot90(arrays[name], turn)).mean() < 3, name
    # 2 cm of relief, 64 pixels to the metre; up in the picture is +Y
    height = 0.02 * 64 * np.rot90(arrays["height"], turn)[..., 0] / 255
    down, right = np.gradient(height)
    expected = np.stack([-right, down, np.ones_like(right)], -1)
    expected /= np.linalg.norm(expected, axis=-1, keepdims=True)
    seen = baked["normal"][..., :3] / 127.5 - 1
    assert np.abs(seen - expected)[2:-2, 2:-2].mean() < 0.01 and expected[..., :2].std() > 0.03
    assert all(node.projection == "FLAT" for _, nodes in image_nodes(material).values() for node in nodes)
    assert material.node_tree.nodes[node].inputs[socket].default_value == 0.5


def test_without_uvs_they_are_made_and_nothing_else_changes():
    item = placed("cube", cube_mesh(uvs=False))
    boxed(item, ("base_color",))
    before = intact(item), {block.name_full for block in all_blocks()}
    run(bake_steps(item.session_uid, 64))
    assert intact(item) == before[0]
    assert [layer.name for layer in item.data.uv_layers] == ["gancube"]
    new = {block.name_full for block in all_blocks()} - before[1]
    assert new == {"GAN Bake", "GAN Bake base_color"}
    picture = images_of(item.material_slots[0].material)["base_color"]
    assert (picture[..., :3].max(-1) > 0).mean() > 0.5, "the islands cover most of the picture"


def test_a_rigged_character_keeps_everything_and_other_slots_their_materials():
    body = character()
    boxed(body, ("base_color",))
    skin = bpy.data.materials.new("skin of mine")
    body.material_slots[0].material = skin
    before = intact(body)
    run(bake_steps(body.session_uid, 32, own_uvs=False))
    assert intact(body) == before
    assert body.material_slots[0].material == skin
    assert [n.uv_map for n in body.material_slots[1].material.node_tree.nodes if n.type == "UVMAP"] == [
        "gancube"
    ]
    assert bpy.context.window.scene.name == "Scene" and len(bpy.data.scenes) == 1


def test_closed_early_it_leaves_nothing_and_nobody(monkeypatch):
    started, popen = [], subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda *a, **k: started.append(popen(*a, **k)) or started[-1])
    item = placed("cube", cube_mesh(uvs=False))
    boxed(item, ("base_color", "roughness"))
    before = {block.name_full for block in all_blocks()}, intact(item), len(item.data.uv_layers)
    for taken in range(1, 6):
        steps = bake_steps(item.session_uid, 16)
        assert len(list(itertools.islice(steps, taken))) == taken
        begin = time.monotonic()
        steps.close()
        assert time.monotonic() - begin < 0.5, "Esc is heard at once"
        assert all(process.returncode is not None for process in started) and len(started) == taken - 1
        assert ({block.name_full for block in all_blocks()}, intact(item), len(item.data.uv_layers)) == before


def test_one_undo_takes_it_back_and_a_linked_duplicate_keeps_its_projection():
    mesh = cube_mesh()
    one, other = placed("one", mesh), placed("other", mesh)
    texture([one, other], Surface("box"))
    bpy.ops.ed.undo_push(message="box")
    projected = one.material_slots[0].material.name
    run(bake_steps(one.session_uid, 16, own_uvs=False))
    assert other.material_slots[0].material.name == projected != one.material_slots[0].material.name
    bpy.ops.ed.undo_push(message="bake")
    bpy.ops.ed.undo()
    one = bpy.data.objects["one"]
    assert one.material_slots[0].material.name == projected and "gancube" not in one.data.uv_layers
    bpy.ops.ed.redo()
    assert images_of(bpy.data.objects["one"].material_slots[0].material)["base_color"].shape[:2] == (16, 16)


def test_a_blender_that_fails_is_a_sentence_and_leaves_nothing(monkeypatch, tmp_path):
    item = placed("cube", cube_mesh())
    boxed(item, ("base_color",))
    before = {block.name_full for block in all_blocks()}, intact(item)
    script = tmp_path / "broken.py"
    script.write_text("raise SystemExit('no memory left')")
    monkeypatch.setattr(bake_child, "__file__", str(script))
    with pytest.raises(OutputError, match=r"Baking failed .*no memory left"):
        run(bake_steps(item.session_uid, 16))
    assert ({block.name_full for block in all_blocks()}, intact(item)) == before


def test_what_shows_no_box_projection_is_refused():
    item = placed("cube", cube_mesh())
    texture([item], Surface("tile"))
    with pytest.raises(SurfaceError, match="no box projection"):
        run(bake_steps(item.session_uid))
    bpy.data.objects.remove(item)
    with pytest.raises(SurfaceError, match="deleted"):
        run(bake_steps(12345678))


def uvs_of(item) -> np.ndarray:
    return np.array([tuple(one.vector) for one in item.data.uv_layers[0].uv])


def put_uvs(item, uvs) -> None:
    item.data.uv_layers[0].uv.foreach_set("vector", np.asarray(uvs, np.float32).ravel())


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        (lambda uvs: uvs * 0, "has faces without area"),
        (lambda uvs: uvs + 0.5, "reaches beyond the picture"),
        (lambda uvs: uvs % 0.501, "overlaps itself"),
        (lambda uvs: uvs, ""),
        (lambda uvs: uvs * [-0.5, 0.5] + [1, 0.2], ""),
        (lambda uvs: np.where(np.arange(len(uvs))[:, None] < 4, 0.3, uvs), "has faces without area"),
    ],
)
def test_uvs_that_cannot_be_baked_into_get_a_layer_beside_them(change, fault):
    item = placed("grid", grid_mesh(4, 4, cell=0.5, uvs=True))
    put_uvs(item, change(uvs_of(item)))
    boxed(item, ("base_color",))
    baked = run(bake_steps(item.session_uid, 32))
    assert baked.note == (
        f'grid: its UV map "flat" {fault}, so a new one was made for the images.' if fault else ""
    )
    assert [layer.name for layer in item.data.uv_layers] == ["flat", "gancube"][: 2 if fault else 1]
    assert images_of(item.material_slots[0].material)["base_color"][..., :3].max(-1).mean() > 40, "not black"


def test_the_six_faces_of_a_cube_on_one_square_overlap_and_a_fine_mesh_does_not():
    box = placed("box", cube_mesh())
    put_uvs(box, [(0, 0), (1, 0), (1, 1), (0, 1)] * 6)
    fine = placed("fine", grid_mesh(100, 100, cell=0.01, uvs=True))
    for item, fault in ((box, "overlaps itself"), (fine, "")):
        uvs = array("f", uvs_of(item).ravel())
        begin = time.monotonic()
        assert run(fault_steps(item.data, uvs, {0})) == fault
        assert time.monotonic() - begin < 10


def test_the_second_blender_hears_that_this_one_is_gone(tmp_path):
    """Its input is a pipe of ours: closed, by us or by the system, it ends."""
    script = tmp_path / "sleeper.py"
    script.write_text("import time; time.sleep(60)")
    process = second_blender.start(script)
    time.sleep(0.3)
    assert process.poll() is None
    process.stdin.close()
    assert process.wait(20) == 1
