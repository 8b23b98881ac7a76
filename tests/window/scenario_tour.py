"""What someone does who never saw the project: a cube, one face, a Suzanne, a slider, an asset; by driver.py.

With mouse and keys alone, as Blender comes. The pictures in blender_addon/README.md are this scenario's screenshots.
"""

import bpy
from installed import GENERATE, PATIENCE, TAB, generated, session, settings, shown


def scenario(ui):
    yield from ui.over_viewport()
    yield from pressed(ui, "A", "X", "RET")  # away with the default cube
    ui.check("the scene is empty", not bpy.data.objects)
    yield from ui.open_sidebar(TAB)
    yield from ui.type_into("seed", "9")
    button = yield from ui.find_button(op=GENERATE)
    cube = yield from generated(ui, button, "GAN Cube")
    yield from framed(ui)
    yield 3.0  # thumbnails come when Blender has drawn them
    ui.redraw()
    yield 1.0
    yield from ui.screenshot("cube")
    first = shown(cube)

    yield from ui.click_button(op="gancube.reroll", having="face=0", columns=(0.55, 0.54, 0.56, 0.53))
    yield from finished(ui, "one face")
    again = shown(bpy.data.objects["GAN Cube"])
    ui.check("one face is another", [a != b for a, b in zip(first, again, strict=True)].count(True) == 1)
    yield 2.0
    yield from ui.screenshot("one_face")

    yield from ui.over_viewport()
    yield from pressed(ui, "G", "X", "5", "RET")  # aside
    yield from added_by_name(ui, "monkey")
    yield from pressed(ui, "R", "Z", "4", "0", "RET")
    yield from ui.choose("model", lambda: settings().model == "brick-wall")
    yield from ui.type_into("width", "0.8")
    yield from ui.click_button(op="gancube.texture")
    yield from finished(ui, "Suzanne")
    suzanne = bpy.data.objects["Suzanne"]
    ui.check("Suzanne is textured", "gancube" in suzanne, error=session().error)
    yield from framed(ui)
    yield from pressed(ui, "Z", "M")  # Material Preview
    yield 8.0
    yield from ui.screenshot("suzanne")

    before = shown(suzanne)
    x, y = yield from ui.find_button(prop="walk")
    yield from ui.move(x, y)
    ui.x_event("mousedown", 1)
    for _ in range(12):
        yield from ui.move_by(3, 0)
    ui.x_event("mouseup", 1)
    yield from finished(ui, "the slider")
    ui.check("the slider changed it", shown(suzanne) != before)
    yield from ui.screenshot("slider")
    yield from ui.over_viewport()
    yield from pressed(
        ui, "Z", "S"
    )  # Solid again: without a graphics card each redraw of the other takes a second

    yield from ui.unfold("gancube.ask_for_loop")
    yield from ui.click_button(op="gancube.show_variants")
    yield from finished(ui, "variants")
    ui.check("variants", len(session().job.textures) == int(settings().variants))

    yield from ui.scroll_down()
    last = int(settings().variants) - 1
    yield from ui.unfold(
        "gancube.star_variant", 2, having=f"index={last}", columns=(0.89, 0.88, 0.9, 0.87, 0.66, 0.43, 0.2)
    )
    yield from ui.scroll_down()
    yield from ui.click_button(op="gancube.save_asset")
    yield from ui.wait(lambda: suzanne.asset_data is not None, PATIENCE, "the asset")
    yield 1.0
    editor = next(area for area in ui.window.screen.areas if area.type == "PROPERTIES")
    yield from ui.move(editor.x + editor.width // 2, editor.y + editor.height // 2)
    yield from pressed(ui, "F1", "F1", shift=True)  # File Browser, Asset Browser
    ui.check("the Asset Browser is there", editor.ui_type == "ASSETS", shows=editor.ui_type)
    yield from ui.key("SPACE", ctrl=True)  # the editor fills the window
    yield 3.0
    yield from pressed(ui, "A")
    found = listed(ui)
    ui.check("it is in the Asset Browser", "Suzanne" in found, found=found)
    ui.check("it is tagged", suzanne.asset_data.tags, tags=[t.name for t in suzanne.asset_data.tags])
    yield from ui.screenshot("asset")
    yield from ui.key("SPACE", ctrl=True)
    yield 1.0

    yield from ui.over_viewport()
    yield from pressed(ui, "F3")
    yield from ui.type_text("gan cube")
    yield 1.5
    yield from ui.screenshot("search")
    yield from pressed(ui, "RET")
    yield from finished(ui, "the cube that was searched for")
    ui.check("found by F3", "GAN Cube.001" in bpy.data.objects)


def pressed(ui, *keys, shift=False):
    for key in keys:
        yield from ui.key(key, shift=shift)
        yield 0.7


def added_by_name(ui, name):
    """Shift A, and the name typed."""
    yield from pressed(ui, "A", shift=True)
    yield from ui.type_text(name)
    yield 1.0
    yield from pressed(ui, "RET")


def framed(ui):
    """The selected objects, as large as the viewport."""
    yield from ui.over_viewport()
    yield from pressed(ui, "PERIOD")
    for _ in range(2):
        ui.x_event("click", 5)  # and some air
        yield 0.2
    yield 1.0


def listed(ui):
    """What is selected in the Asset Browser."""
    area = next(area for area in ui.window.screen.areas if area.ui_type == "ASSETS")
    with bpy.context.temp_override(window=ui.window, area=area):
        return [asset.name for asset in bpy.context.selected_assets or ()]


def finished(ui, what):
    yield 0.3
    yield from ui.wait(lambda: not session().busy(), PATIENCE, what)
    yield 1.6
    yield from ui.wait(lambda: not session().busy(), PATIENCE, what)
