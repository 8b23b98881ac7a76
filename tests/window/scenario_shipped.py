"""The generators that ship and take a picture, by click: a brick cube that becomes another stone and is enlarged, then
a photo that gets its maps, and a mesh that is weathered by its shape. By driver.py.
"""

import bpy
from installed import GENERATE, TAB, generated, pictures, settings, shown, without_default_cube
from scenario_transform import cube, pressed, preview, transform

SIZE = 256
WAITS = 60  # seconds for a preview


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    without_default_cube()
    settings().size, settings().label = SIZE, "brick"
    button = yield from ui.find_button(op=GENERATE)
    yield from generated(ui, button, "GAN Cube")
    yield from ui.frame_selected()
    yield from ui.screenshot("1_brick")
    first = shown(cube())

    yield from ui.choose("model", lambda: transform().model == "looks", having="transform")
    yield from ui.choose("label", lambda: transform().label == "stone_wall", having="transform")
    yield from ui.wait(lambda: preview().shown is not None, WAITS, "the preview")
    yield from pressed(ui, "gancube.transform")
    second = shown(cube())
    ui.check("all six are another stone", all(a != b for a, b in zip(first, second, strict=True)))
    yield from ui.screenshot("2_stone_wall")

    yield from ui.choose("model", lambda: transform().model == "upscale-x4", having="transform")
    yield from pressed(ui, "gancube.transform")
    sizes = {name: tuple(bpy.data.images[name].size) for name in pictures(cube())}
    large = [name for name, size in sizes.items() if size == (4 * SIZE, 4 * SIZE)]
    ui.check("six colours are four times as large", len(large) == 6, sizes=sizes)
    yield from ui.screenshot("3_enlarged")

    yield from photo(ui, bpy.data.images[large[0]])


def photo(ui, image):
    """A picture of the cube's alone on a plane, lit so that its relief is seen."""
    with ui.context():
        bpy.ops.mesh.primitive_plane_add(size=3, location=(0, 0, 3))
    item = bpy.context.active_object
    material = bpy.data.materials.new("Photo")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = image
    shader = next(one for one in material.node_tree.nodes if one.type == "BSDF_PRINCIPLED")
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    item.data.materials.append(material)
    bpy.ops.ed.undo_push(message="A photo on a plane")
    yield from ui.frame_selected()
    yield from pressed(ui, "gancube.maps_from_photo")
    made = [bpy.data.images[name] for name in pictures(item) if name != image.name]
    yield from ui.frame_selected()
    ui.check("three maps", len(made) == 3, made=sorted(one.name for one in made))
    ui.check("by maps", all("maps" in one["gancube"] for one in made))
    ui.area().spaces.active.shading.type = "MATERIAL"
    yield 30.0  # its shaders are compiled
    yield from ui.screenshot("4_maps")
    yield from weathered(ui)


def weathered(ui):
    """A mesh without UVs, painted by its shape."""
    ui.area().spaces.active.shading.type = "SOLID"
    with ui.context():
        bpy.ops.object.select_all(action="DESELECT")
        bpy.ops.mesh.primitive_monkey_add(size=2, location=(0, 0, 6))
    item = bpy.context.active_object
    item.data.uv_layers.remove(item.data.uv_layers[0])
    bpy.ops.ed.undo_push(message="A monkey without UVs")
    yield from ui.frame_selected()
    yield from ui.choose("model", lambda: transform().model == "weathered", having="transform")
    transform().size = 512
    yield from pressed(ui, "gancube.weather")
    made = {name: tuple(bpy.data.images[name].size) for name in pictures(item)}
    ui.check("colour and roughness", list(made.values()) == [(512, 512)] * 2, made=made)
    ui.check("on new UVs", len(item.data.uv_layers) == 1)
    yield from ui.frame_selected()
    ui.area().spaces.active.shading.type = "MATERIAL"
    yield 30.0
    yield from ui.screenshot("5_weathered")
