"""Transform by click: a cube, one face, maps for a photo, an image in its editor; each one undo step. By driver.py.

The generators lie in `models` in OUT (test_window.py makes them, an installed Blender cannot) and come in by a drop.
"""

import sys

import bpy
from installed import (
    GENERATE,
    MODULE,
    PATIENCE,
    TAB,
    added,
    generated,
    names,
    pictures,
    session,
    settings,
    shown,
    without_default_cube,
)

FRONT = 3


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    without_default_cube()
    yield from installed(ui)
    settings().size = 128
    button = yield from ui.find_button(op=GENERATE)
    yield from generated(ui, button, "GAN Cube")
    yield from ui.frame_selected()
    yield from whole_cube(ui)
    yield from one_face(ui)
    yield from maps(ui)
    yield from in_image_editor(ui)


def installed(ui, wanted=frozenset({"snowy", "relief"})):
    """Files let go over the viewport."""
    operators = sys.modules[f"{MODULE}.ui.model_operators"]
    folder = ui.out / "models"
    with ui.context("WINDOW"):
        files = [{"name": path.name} for path in sorted(folder.iterdir())]
        bpy.ops.wm.drop_import_file("INVOKE_DEFAULT", directory=f"{folder}/", files=files)
    yield from ui.wait(lambda: not operators.installing(), PATIENCE, "the check of the files")
    yield 1.0
    faults = operators.installation.faults
    takers = {one.name for one in sys.modules[f"{MODULE}.ui.models"].takers()}
    ui.check("the generators are offered", not faults and takers >= wanted, faults=faults)
    ui.redraw()
    yield 0.5


def whole_cube(ui):
    first, textures = shown(cube()), session().job
    yield from ui.choose("model", lambda: transform().model == "snowy", having="transform")
    yield from ui.choose("label", lambda: transform().label == "snow", having="transform")
    yield from ui.wait(lambda: preview().shown is not None, PATIENCE, "the preview")
    yield from ui.screenshot("1_settings")
    ui.check("a preview of the picture that is shown", len(preview().picture) > 0)
    probe = ui.probe("transform")
    yield from pressed(ui, "gancube.transform")
    freeze = ui.end_probe(probe)["longest_gap_s"]
    second = shown(cube())
    ui.check("all six are others", all(a != b for a, b in zip(first, second, strict=True)), freeze=freeze)
    ui.check("none is black", None not in second)
    ui.check("a job of its own", session().job is not textures)
    yield from ui.screenshot("2_transformed")
    yield from undo_and_redo(ui, first, second)


def one_face(ui):
    first = shown(cube())
    cube().active_material_index = FRONT
    bpy.ops.ed.undo_push(message="Another slot")
    yield from ui.click_button(prop="only_active")
    yield 0.7
    ui.check("the box is ticked", transform().only_active)
    place = yield from ui.find_button(prop="strength", having="transform")
    yield from ui.type_into("strength", "0", having="transform")
    ui.check("strength 0", transform().strength == 0.0, place=place)
    yield from pressed(ui, "gancube.transform")
    ui.check("strength 0 keeps every pixel", shown(cube()) == first)
    yield from ui.type_into("strength", "0.5", having="transform")
    yield from pressed(ui, "gancube.transform")
    second = shown(cube())
    changed = [i for i, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    ui.check("one face is another", changed == [FRONT], changed=changed)
    yield from ui.screenshot("3_one_face")
    yield from undo_and_redo(ui, first, second)


def maps(ui):
    """A plane with a photo and nothing else."""
    bpy.data.objects.remove(cube())
    transform().only_active = False
    with ui.context():
        bpy.ops.mesh.primitive_plane_add(size=3)
    item, photo = bpy.context.active_object, bpy.data.images.new("Photo", 128, 128)
    photo.generated_type = "COLOR_GRID"
    material = bpy.data.materials.new("Photo")
    material.use_nodes = True
    node = material.node_tree.nodes.new("ShaderNodeTexImage")
    node.image = photo
    shader = next(one for one in material.node_tree.nodes if one.type == "BSDF_PRINCIPLED")
    material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
    item.data.materials.append(material)
    bpy.ops.ed.undo_push(message="A photo on a plane")
    yield from ui.frame_selected()
    first, before = pictures(item), names()
    yield from pressed(ui, "gancube.maps_from_photo")
    item = bpy.data.objects["Plane"]
    there = pictures(item)
    ui.check("normal, height and roughness", len(there) == len(first) + 3, there=sorted(there))
    shader = next(one for one in item.active_material.node_tree.nodes if one.type == "BSDF_PRINCIPLED")
    wired = [name for name in ("Base Color", "Normal", "Roughness") if shader.inputs[name].is_linked]
    ui.check("they are wired", len(wired) == 3, wired=wired)
    spaces = {name: bpy.data.images[name].colorspace_settings.name for name in set(there) - set(first)}
    ui.check("and are no colours", set(spaces.values()) == {"Non-Color"}, spaces=spaces)
    yield from ui.screenshot("4_maps")
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.7
    ui.check("one undo takes them away", names() == before, **added(before, names()))
    yield from ui.key("Z", ctrl=True, shift=True)
    yield 0.7
    ui.check("redo brings every pixel back", pictures(bpy.data.objects["Plane"]) == there)


def in_image_editor(ui):
    """The panel beside the image, in place of the 3D view's."""
    area = ui.area()
    area.ui_type = "IMAGE_EDITOR"
    area.spaces.active.image = bpy.data.images["Photo"]
    area.spaces.active.show_region_ui = True
    yield 1.0
    region = next(region for region in area.regions if region.type == "UI")
    if hasattr(region, "active_panel_category") and region.active_panel_category != TAB:
        for y in range(region.y + region.height - 20, region.y, -20):
            yield from ui.click(region.x + region.width - 8, y)
            if region.active_panel_category == TAB:
                break
    yield from ui.screenshot("5_image_editor")
    ui.check("the tab is there", region.active_panel_category == TAB)
    job = session().job
    with bpy.context.temp_override(window=ui.window, area=area, region=region):
        bpy.ops.gancube.transform_image("INVOKE_DEFAULT")
    yield from ui.wait(lambda: session().job is not job and not session().busy(), PATIENCE, "the image")
    yield 1.0
    shows = area.spaces.active.image.name
    ui.check("the new image is shown", shows.startswith("Photo snow"), shows=shows)
    ui.check("the photo is kept", bpy.data.images["Photo"].generated_type == "COLOR_GRID")
    yield from ui.screenshot("6_image")
    area.ui_type = "VIEW_3D"  # the driver looks for it
    yield 0.5


def pressed(ui, operator):
    before = session().job
    yield from ui.click_button(op=operator)
    yield from ui.wait(lambda: session().job is not before and not session().busy(), PATIENCE, operator)
    yield 0.7
    ui.check(f"{operator}: without an error", session().error == "", error=session().error)


def undo_and_redo(ui, first, second):
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.7
    ui.check("one undo brings back what was shown", shown(cube()) == first)
    yield from ui.key("Z", ctrl=True, shift=True)
    yield 0.7
    ui.check("redo brings the result back", shown(cube()) == second)


def cube():
    return bpy.data.objects["GAN Cube"]


def transform():
    return settings().transform


def preview():
    return sys.modules[f"{MODULE}.ui.transform_preview"].preview
