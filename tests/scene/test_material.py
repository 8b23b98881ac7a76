"""Images keep their bytes, materials are wired as the docstring of scene/material.py says."""

import bpy
import numpy as np
import pytest

from blender_addon.engine import png
from blender_addon.engine.surface_request import FACES
from blender_addon.scene.assets import apply, make_cube
from blender_addon.scene.images import new_image
from blender_addon.scene.material import build_material, strengths

from .faces import COLORSPACES, EVERY_MAP, RECIPE, make_faces, make_pixels


def make_material(*maps):
    (pixels, *_) = make_pixels(maps)
    images = {m: new_image(m, png.encode(a), COLORSPACES[m], RECIPE) for m, a in pixels.items()}
    return build_material("material", images)


def source(node, socket):
    """The node that feeds the socket, or None."""
    links = node.inputs[socket].links
    return links[0].from_node if links else None


def node_of(material, kind):
    found = [n for n in material.node_tree.nodes if n.type == kind]
    assert len(found) <= 1
    return found[0] if found else None


@pytest.mark.parametrize("name", EVERY_MAP)
def test_an_image_holds_the_png_as_it_is(name):
    array = make_pixels([name], size=16)[0][name]
    data = png.encode(array, {"gancube": "text"})
    image = new_image("x", data, COLORSPACES[name], RECIPE)
    assert image.packed_file.data == data
    assert tuple(image.size) == (16, 16)
    assert image.colorspace_settings.name == COLORSPACES[name]
    assert (image.source, image.is_dirty, image["gancube"]) == ("FILE", False, RECIPE)
    seen = np.array(image.pixels[:]).reshape(16, 16, 4)[::-1, :, : array.shape[2]]
    assert np.array_equal(np.rint(seen * 255), array.repeat(1, 2))


def test_an_image_survives_saving_and_reopening(tmp_path):
    array = make_pixels(size=16)[0]["base_color"]
    new_image("kept", png.encode(array), "sRGB", RECIPE).use_fake_user = True
    path = str(tmp_path / "file.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    image = bpy.data.images["kept"]
    seen = np.array(image.pixels[:]).reshape(16, 16, 4)[::-1, :, :3]
    assert np.array_equal(np.rint(seen * 255), array)
    assert image.colorspace_settings.name == "sRGB"


def test_colour_metal_roughness_and_alpha_reach_the_shader():
    material = make_material("base_color", "metallic", "roughness", "alpha")
    shader = node_of(material, "BSDF_PRINCIPLED")
    for socket, name in (
        ("Base Color", "base_color"),
        ("Metallic", "metallic"),
        ("Alpha", "alpha"),
    ):
        assert source(shader, socket).image.name == name
    assert source(source(shader, "Roughness"), 1).image.name == "roughness"
    assert source(node_of(material, "OUTPUT_MATERIAL"), "Surface") == shader
    assert material.node_tree.nodes.active.image.name == "base_color"


def test_normals_go_through_a_normal_map_node_and_height_beside_them_waits():
    material = make_material("base_color", "normal", "height")
    normal_map = source(node_of(material, "BSDF_PRINCIPLED"), "Normal")
    assert (normal_map.type, normal_map.space) == ("NORMAL_MAP", "TANGENT")
    assert source(normal_map, "Color").image.name == "normal"
    assert source(node_of(material, "OUTPUT_MATERIAL"), "Displacement") is None
    assert "height" in [n.image.name for n in material.node_tree.nodes if n.type == "TEX_IMAGE"]


def test_height_alone_is_shaded_as_bump():
    material = make_material("base_color", "height")
    displacement = source(node_of(material, "OUTPUT_MATERIAL"), "Displacement")
    assert source(displacement, "Height").image.name == "height"
    assert material.displacement_method == "BUMP"
    assert source(node_of(material, "BSDF_PRINCIPLED"), "Normal") is None


def test_occlusion_goes_to_the_exporters_group_and_not_into_the_colour():
    material = make_material("base_color", "ao")
    group = node_of(material, "GROUP")
    assert group.node_tree.name == "glTF Material Output"
    assert source(group, "Occlusion").image.name == "ao"
    assert source(node_of(material, "BSDF_PRINCIPLED"), "Base Color").image.name == "base_color"
    make_material("base_color", "ao")
    assert len(bpy.data.node_groups) == 1, "one group for all materials"


def test_a_foreign_group_of_that_name_is_left_alone():
    foreign = bpy.data.node_groups.new("glTF Material Output", "ShaderNodeTree")
    group = node_of(make_material("base_color", "ao"), "GROUP")
    assert group.node_tree != foreign and group.node_tree.name.startswith("glTF Material Output")


@pytest.mark.parametrize(
    ("maps", "expected"),
    [
        (("base_color",), {}),
        (("base_color", "roughness", "height"), {"roughness": 1, "height": 0.04}),
        (("base_color", "roughness", "normal", "height"), {"roughness": 1, "normal": 1}),
    ],
)
def test_the_strength_of_each_map_is_one_number(maps, expected):
    material = make_material(*maps)
    nodes = material.node_tree.nodes
    found = {
        name: nodes[node].inputs[socket].default_value for name, (node, socket) in strengths(material).items()
    }
    assert found == pytest.approx(expected)


def test_another_material_has_no_strengths():
    material = bpy.data.materials.new("mine")
    assert strengths(material) == strengths(None) == {}


def test_no_map_is_silently_dropped():
    with pytest.raises(AssertionError, match="glow"):
        build_material("x", {"base_color": None, "glow": None})


def test_a_cube_of_every_map():
    pixels = make_pixels(EVERY_MAP)
    cube = make_cube(make_faces(pixels), COLORSPACES, RECIPE)
    assert cube["gancube"] == RECIPE
    assert not cube.users_collection, "the caller links it"
    images = set()
    for face, slot, maps in zip(FACES, cube.material_slots, pixels, strict=True):
        assert slot.material.name == f"GAN Cube {face}"
        for node in slot.material.node_tree.nodes:
            if node.type == "TEX_IMAGE":
                assert node.image["gancube"] == RECIPE
                assert node.image.colorspace_settings.name == COLORSPACES[node.image.name.split()[-1]]
                assert node.image.packed_file.data == png.encode(maps[node.image.name.split()[-1]])
                images.add(node.image)
    assert len(images) == 6 * len(EVERY_MAP)


def test_applying_again_makes_new_images_and_keeps_the_old():
    cube = make_cube(make_faces(make_pixels(seed=1)), COLORSPACES, RECIPE)
    old = {image.name: image.packed_file.data for image in bpy.data.images}
    mesh = cube.data
    pixels = make_pixels(seed=2)
    apply(cube, make_faces(pixels), COLORSPACES, "{}")
    assert cube.data == mesh and cube["gancube"] == "{}"
    for slot, maps in zip(cube.material_slots, pixels, strict=True):
        image = node_of(slot.material, "BSDF_PRINCIPLED").inputs["Base Color"].links[0].from_node.image
        assert image.packed_file.data == png.encode(maps["base_color"])
        assert image.name not in old
    assert all(bpy.data.images[name].packed_file.data == data for name, data in old.items())
