"""The cube's geometry and what its faces show, looked at from outside."""

import bpy
import numpy as np
import pytest
from mathutils import Matrix, Vector

from blender_addon.engine import png
from blender_addon.engine.surface_request import FACES
from blender_addon.scene.cube import UV_LAYER, build_cube
from blender_addon.scene.images import new_image
from blender_addon.scene.material import shader_tree

NORMALS = dict(
    zip(
        FACES, map(Vector, [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)]), strict=True
    )
)
# What the docstring of build_cube draws: the directions of u and v, seen from outside.
RIGHT_AND_UP = {
    "+X": ((0, 1, 0), (0, 0, 1)),
    "-X": ((0, -1, 0), (0, 0, 1)),
    "+Y": ((-1, 0, 0), (0, 0, 1)),
    "-Y": ((1, 0, 0), (0, 0, 1)),
    "+Z": ((1, 0, 0), (0, 1, 0)),
    "-Z": ((1, 0, 0), (0, -1, 0)),
}


def plain_materials():
    return [bpy.data.materials.new(face) for face in FACES]


def test_a_closed_cube_of_the_size_asked_for():
    cube = build_cube(3.0, plain_materials())
    mesh = cube.data
    assert (len(mesh.vertices), len(mesh.edges), len(mesh.polygons)) == (8, 12, 6)
    assert {tuple(round(c, 6) for c in v.co) for v in mesh.vertices} == {
        (x, y, z) for x in (-1.5, 1.5) for y in (-1.5, 1.5) for z in (-1.5, 1.5)
    }
    assert not any(polygon.use_smooth for polygon in mesh.polygons)
    assert not mesh.validate()


@pytest.mark.parametrize("index, face", list(enumerate(FACES)))
def test_each_face_has_its_slot_and_points_outwards(index, face):
    cube = build_cube(2.0, plain_materials())
    polygon = cube.data.polygons[index]
    assert polygon.material_index == index
    assert cube.material_slots[index].material.name == face
    assert (polygon.normal - NORMALS[face]).length < 1e-6


@pytest.mark.parametrize("index, face", list(enumerate(FACES)))
def test_each_uv_island_is_the_unit_square_as_drawn(index, face):
    cube = build_cube(2.0, plain_materials())
    mesh = cube.data
    corner = {}
    for loop in mesh.polygons[index].loop_indices:
        uv = mesh.uv_layers[UV_LAYER].data[loop].uv
        corner[round(uv.x, 6), round(uv.y, 6)] = mesh.vertices[mesh.loops[loop].vertex_index].co
    assert set(corner) == {(0, 0), (1, 0), (0, 1), (1, 1)}
    right, up = ((corner[end] - corner[0, 0]) / 2 for end in ((1, 0), (0, 1)))
    assert (tuple(right), tuple(up)) == RIGHT_AND_UP[face]
    assert (right.cross(up) - NORMALS[face]).length < 1e-6, "mirrored"


@pytest.mark.parametrize("face", FACES)
def test_a_picture_is_seen_upright_and_not_mirrored(face, tmp_path):
    """Renders the face head-on and compares with the picture: its four corners have four colours."""
    top = [(255, 0, 0), (0, 255, 0)]
    bottom = [(0, 0, 255), (255, 255, 255)]
    picture = np.array([top, bottom], np.uint8).repeat(8, 0).repeat(8, 1)
    materials = plain_materials()
    for name, material in zip(FACES, materials, strict=True):
        show(material, picture if name == face else np.zeros_like(picture))
    cube = build_cube(2.0, materials)
    scene = bpy.context.scene
    scene.collection.objects.link(cube)
    look_at_face(scene, NORMALS[face], Vector(RIGHT_AND_UP[face][1]))
    scene.render.filepath = str(tmp_path / "seen.png")
    bpy.ops.render.render(write_still=True)
    seen = png.decode((tmp_path / "seen.png").read_bytes())[0]
    assert [seen[2, 2].tolist(), seen[2, 13].tolist()] == [list(c) for c in top]
    assert [seen[13, 2].tolist(), seen[13, 13].tolist()] == [list(c) for c in bottom]


def show(material, picture):
    """Makes the material shine with the picture, so that no light matters."""
    tree = shader_tree(material)
    tree.nodes.clear()
    texture, emission, output = (
        tree.nodes.new(f"ShaderNode{kind}") for kind in ("TexImage", "Emission", "OutputMaterial")
    )
    texture.image = new_image("picture", png.encode(picture), "sRGB", "{}")
    tree.links.new(texture.outputs["Color"], emission.inputs["Color"])
    tree.links.new(emission.outputs["Emission"], output.inputs["Surface"])


def look_at_face(scene, normal, up):
    camera = bpy.data.objects.new("camera", bpy.data.cameras.new("camera"))
    camera.data.type = "ORTHO"
    camera.data.ortho_scale = 2.0
    right = up.cross(normal)
    camera.matrix_world = Matrix.Translation(5 * normal) @ Matrix((right, up, normal)).transposed().to_4x4()
    scene.collection.objects.link(camera)
    scene.camera = camera
    scene.render.engine = "CYCLES"
    scene.cycles.samples = 1
    scene.cycles.use_denoising = False
    scene.view_settings.view_transform = "Standard"
    scene.render.resolution_x = scene.render.resolution_y = 16
    scene.render.image_settings.file_format = "PNG"
    scene.render.image_settings.color_mode = "RGB"
