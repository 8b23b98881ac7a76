"""The shape of meshes baked into pictures: what they say, where there is no surface, any scale, what cannot be."""

import bmesh
import bpy
import numpy as np
import pytest

from blender_addon.engine import png, transform_recipe
from blender_addon.engine.errors import SurfaceError
from blender_addon.engine.uv_seam import sampled
from blender_addon.scene.geometry import chosen, geometry_steps, request_fields
from blender_addon.scene.material import shader_tree
from blender_addon.scene.session import all_blocks
from blender_addon.scene.weathered import weather

from .intact import intact
from .meshes import character, cube_mesh, grid_mesh, placed, run

MAPS = ("position", "object_normal", "ao", "curvature")


def baked(item, folder, maps=MAPS, size=64, **options):
    bpy.context.view_layer.update()
    made = run(geometry_steps(item.session_uid, maps, size, folder, threads=2, **options))
    return made, {name: png.decode(file.read_bytes())[0][..., :3] for name, file in made.files.items()}


def step_mesh():
    """A step: a floor, a wall that rises from its middle, a floor above; the hollow is below, the edge above. Thick."""
    content = bmesh.new()
    outline = [(-2, -2), (2, -2), (2, 1), (0, 1), (0, -1), (-2, -1)]
    face = content.faces.new([content.verts.new((x, -2, z)) for x, z in outline])
    made = bmesh.ops.extrude_face_region(content, geom=[face])["geom"]
    ends = [one for one in made if isinstance(one, bmesh.types.BMVert)]
    bmesh.ops.translate(content, verts=ends, vec=(0, 4, 0))
    bmesh.ops.recalc_face_normals(content, faces=content.faces)
    mesh = bpy.data.meshes.new("step")
    content.to_mesh(mesh)
    content.free()
    return mesh


def test_what_the_pictures_of_a_cube_say(tmp_path):
    """A cube that is three times as long as it is wide: places and normals are those of its corners."""
    item = placed("beam", cube_mesh(), scale=(3, 1, 1))
    item.rotation_euler = (1, 2, 3)  # of no matter
    bpy.context.view_layer.update()
    before = {block.name_full for block in all_blocks()}, intact(item)
    made, maps = baked(item, tmp_path / "own", size=128)
    assert ({block.name_full for block in all_blocks()}, intact(item)) == before
    assert made.uvs is None and made.note == "" and made.bake["uvs"] == "mesh"
    mesh = item.data
    for polygon in mesh.polygons:
        corners = [mesh.uv_layers[0].uv[i].vector for i in polygon.loop_indices]
        middle = np.mean([tuple(uv) for uv in corners], axis=0)
        seen = sampled(maps["object_normal"], middle) / 127.5 - 1
        assert np.abs(seen - polygon.normal).max() < 0.03
        place = sampled(maps["position"], middle) / 255
        assert np.abs(place - (np.array(polygon.center) * (3, 1, 1) / 6 + 0.5)).max() < 0.03
        assert sampled(maps["ao"], middle).mean() > 250
        assert np.abs(sampled(maps["curvature"], middle).mean() - 127.5) < 12
        border = np.mean([tuple(corners[0]), tuple(corners[1])], axis=0) * 0.96 + middle * 0.04
        assert sampled(maps["curvature"], border).mean() > 150, "an edge"
    assert (maps["curvature"][0, 0] == 128).all() and (maps["ao"][0, 0] == 255).all(), "no surface there"
    assert len({*made.files}) == 4 and all(one.shape == (128, 128, 3) for one in maps.values())


def test_a_hollow_is_dark_and_an_edge_is_bright(tmp_path):
    item = placed("step", step_mesh())
    made, maps = baked(item, tmp_path / "new", size=128)
    assert made.bake["uvs"] == "new" and len(made.uvs) == 2 * len(item.data.loops) and not item.data.uv_layers
    place = maps["position"] / 255 * 4 - 2 - (0, 0, 0.5)  # the box goes from -2 to 1 in height
    normal = maps["object_normal"] / 127.5 - 1
    wall = (normal[..., 0] < -0.9) & (np.abs(place[..., 0]) < 0.1) & (np.abs(place[..., 1]) < 1.5)
    low, high = (wall & (np.abs(place[..., 2] - at) < 0.12) for at in (-0.9, 0.9))
    assert low.sum() > 3 and high.sum() > 3
    assert maps["ao"][low].mean() < 190 < 225 < maps["ao"][high].mean()
    assert maps["curvature"][low].mean() < 110 and maps["curvature"][high].mean() > 145


def test_a_rigged_character_keeps_everything(tmp_path):
    body = character()
    made, _ = baked(body, tmp_path / "own", maps=("object_normal",))
    other = body.copy()
    bpy.context.scene.collection.objects.link(other)
    old = [slot.material for slot in body.material_slots]
    for one in old:
        shader_tree(one)  # before Blender 5 they would have no nodes
    before, of_other = intact(body), intact(other)
    recipe = "{}"
    picture = png.encode(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    grey = png.encode(np.full((64, 64, 1), 90, np.uint8))
    colorspaces = {"base_color": "sRGB", "normal": "Non-Color", "roughness": "Non-Color"}
    maps = {"base_color": picture, "roughness": grey}
    done = weather(made, (body.session_uid,), maps, colorspaces, recipe, "worn")
    assert (intact(body), intact(other)) == (before, of_other)
    assert done.names == ["Body"] and (done.seam is None or done.seam > 0.3)
    assert [slot.material for slot in other.material_slots] == old
    assert [slot.material.name for slot in body.material_slots] == ["Skin.001", "Eyes.001"]
    assert not [node for one in old for node in one.node_tree.nodes if node.type == "TEX_IMAGE"]


def test_each_mesh_once_and_what_is_left_out():
    mesh = cube_mesh()
    one, twin = placed("one", mesh), placed("twin", mesh)
    empty = bpy.data.objects.new("marker", None)
    found = chosen([one, empty, twin])
    assert found.users == {one.session_uid: (one.session_uid, twin.session_uid)}
    assert found.skipped == (
        "marker is skipped: only meshes have a surface to weather; convert it to a mesh first.",
    )
    with pytest.raises(SurfaceError, match="marker is skipped"):
        chosen([empty])
    with pytest.raises(SurfaceError, match="Nothing is selected"):
        chosen([])


def test_a_mesh_that_changes_meanwhile_is_refused(tmp_path):
    item = placed("grid", grid_mesh(2, 2, uvs=True))
    steps = geometry_steps(item.session_uid, ("object_normal",), 64, tmp_path / "own", threads=2)
    assert next(steps) == (0, 1)
    item.data = grid_mesh(3, 3, uvs=True)
    with pytest.raises(SurfaceError, match="grid: was changed meanwhile"):
        run(steps)
    with pytest.raises(SurfaceError, match="deleted"):
        run(geometry_steps(12345678, ("ao",), 64, tmp_path / "gone"))


def test_the_recipe_knows_the_mesh(tmp_path):
    item = placed("grid", grid_mesh(2, 2, uvs=True))
    made, _ = baked(item, tmp_path / "a", maps=("object_normal",))
    item.data.vertices[0].co.z = 0.5
    bent, _ = baked(item, tmp_path / "b", maps=("object_normal",))
    assert made.bake["mesh_sha256"] != bent.bake["mesh_sha256"]
    fields = request_fields(made)
    assert fields["tiles"] is False and list(fields["maps"]) == ["object_normal"]
    recipe = transform_recipe.dumps(
        transform_recipe.extended(
            {"object_normal": "0" * 64},
            None,
            [
                {
                    "model": {"name": "worn", "sha256": "0" * 64},
                    "label": None,
                    "scalars": {},
                    "seed": 0,
                    "tiles": False,
                    "provider": "cpu",
                }
            ],
            {},
            made.bake,
        )
    )
    assert transform_recipe.loads(recipe).source["bake"] == made.bake
