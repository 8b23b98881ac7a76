"""What someone does who never saw the project: a cube, one face, a Suzanne, a slider, an asset. By driver.py.

The pictures in blender_addon/README.md are this scenario's screenshots.
"""

import bpy
from installed import GENERATE, PATIENCE, TAB, generated, session, settings, shown, without_default_cube


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    without_default_cube()
    settings().seed = 9
    cube = yield from generated(ui, button, "GAN Cube")
    look_at(ui, (0.8, 0, 0), 8)
    yield 3.0  # thumbnails come when Blender has drawn them
    ui.redraw()
    yield 1.0
    yield from ui.screenshot("cube")
    first = shown(cube)

    yield from ui.click_button(op="gancube.reroll", having="face=2")
    yield from finished(ui, "one face")
    again = shown(bpy.data.objects["GAN Cube"])
    ui.check("one face is another", [a != b for a, b in zip(first, again, strict=True)].count(True) == 1)
    yield 2.0
    yield from ui.screenshot("one_face")

    bpy.ops.object.select_all(action="DESELECT")
    bpy.ops.mesh.primitive_monkey_add(size=2, location=(2.6, -1, 0), rotation=(0, 0, 0.9))
    bpy.ops.object.shade_smooth()
    look_at(ui, (2.2, -0.6, 0), 7)
    settings().model, settings().width = "brick-wall", 0.8
    yield 0.5
    yield from ui.click_button(op="gancube.texture")
    yield from finished(ui, "Suzanne")
    suzanne = bpy.data.objects["Suzanne"]
    ui.check("Suzanne is textured", "gancube" in suzanne, error=session().error)
    yield 1.0
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

    settings().seed, settings().variants = 1, "12"
    yield from ui.unfold("gancube.bake_loop")
    yield from ui.click_button(op="gancube.show_variants")
    yield from finished(ui, "variants")
    ui.check("twelve variants", len(session().job.textures) == 12)

    yield from ui.scroll_down()
    yield from ui.unfold("gancube.star_variant", 2, having="index=11", columns=(0.89, 0.88, 0.9, 0.87))
    yield from ui.scroll_down()
    yield from ui.click_button(op="gancube.save_asset")
    yield from ui.wait(lambda: suzanne.asset_data is not None, PATIENCE, "the asset")
    yield 1.0
    browser = next(area for area in ui.window.screen.areas if area.type == "DOPESHEET_EDITOR")
    browser.type, browser.ui_type = "FILE_BROWSER", "ASSETS"
    yield 1.0
    browser.spaces.active.params.asset_library_reference = "LOCAL"
    yield 3.0
    ui.check(
        "it is in the Asset Browser", suzanne.asset_data.tags, tags=[t.name for t in suzanne.asset_data.tags]
    )
    yield from ui.screenshot("asset")


def look_at(ui, place, distance):
    """The viewport, so that the picture shows what was made."""
    view = ui.area().spaces.active.region_3d
    view.view_location, view.view_distance = place, distance
    ui.redraw()


def finished(ui, what):
    yield 0.3
    yield from ui.wait(lambda: not session().busy(), PATIENCE, what)
    yield 1.6
    yield from ui.wait(lambda: not session().busy(), PATIENCE, what)
