"""Undo, redo, save and reopen keep every pixel of every map. By driver.py."""

import bpy
from installed import GENERATE, TAB, generated, pictures, settings, without_default_cube


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    without_default_cube()
    settings().size = 256
    first = pictures((yield from generated(ui, button, "GAN Cube")))
    settings().seed = 2
    second = pictures((yield from generated(ui, button, "GAN Cube.001")))
    ui.check("every map of every face", len(first) == len(second) >= 6, first=len(first), second=len(second))

    def same(when):
        there = {name: pictures(bpy.data.objects[name]) for name in ("GAN Cube", "GAN Cube.001")}
        ok = there == {"GAN Cube": first, "GAN Cube.001": second}
        ui.check(f"every pixel as before {when}", ok, images=[len(images) for images in there.values()])

    # over a step that has nothing to do with it, then over the cube itself
    yield from ui.over_viewport()
    bpy.data.objects["Light"].location.x += 1.0
    bpy.ops.ed.undo_push(message="Moved the light")
    yield from undo_and_redo(ui, 1)
    same("after undo and redo of a later step")
    yield from undo_and_redo(ui, 2)
    same("after undo and redo of the cube")

    path = str(ui.out / "cubes.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    same("after saving")
    yield from undo_and_redo(ui, 2)
    same("after saving, undo and redo")
    bpy.ops.wm.open_mainfile(filepath=path)
    yield 2.0
    same("after reopening")
    ui.check("the file keeps the recipe", '"seed":2' in bpy.data.objects["GAN Cube.001"]["gancube"])
    bpy.data.objects["Light"].location.x += 1.0
    bpy.ops.ed.undo_push(message="Moved the light again")
    yield from ui.over_viewport()
    yield from undo_and_redo(ui, 1)
    same("after reopening, undo and redo")
    yield from ui.screenshot("reopened")


def undo_and_redo(ui, steps):
    for _ in range(steps):
        yield from ui.key("Z", ctrl=True)
        yield 0.7
    for _ in range(steps):
        yield from ui.key("Z", ctrl=True, shift=True)
        yield 0.7
