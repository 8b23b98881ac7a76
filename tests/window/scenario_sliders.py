"""A slider is dragged: the cube follows before the button is released, and the drag is one undo step. By driver.py."""

import bpy
from installed import GENERATE, PATIENCE, TAB, generated, session, settings, shown, without_default_cube

FRONT_FACES = 3  # that can be in view


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    without_default_cube()
    settings().size = 128
    first = shown((yield from generated(ui, button, "GAN Cube")))
    count = len(bpy.data.images)
    x, y = yield from ui.find_button(prop="walk")

    probe = ui.probe("drag")
    ui.x_event("mousedown", 1)
    for step in range(1, 11):
        yield from ui.move(x + 5 * step, y)
    yield from ui.wait(lambda: shown(cube()) != first, PATIENCE, "the first change while dragging")
    moving = shown(cube())
    ui.check("it follows while dragging", 1 <= changed(first, moving) <= FRONT_FACES)
    for step in range(11, 16):
        yield from ui.move(x + 5 * step, y)
    yield from ui.screenshot("dragging")
    ui.x_event("mouseup", 1)
    yield from ui.wait(lambda: not session().busy(), PATIENCE, "the last image")
    yield 1.0
    drag = ui.end_probe(probe)
    last = shown(cube())
    ui.check("all six faces have followed", changed(first, last) == 6, freeze=drag["longest_gap_s"])
    ui.check("without an error", session().error == "", error=session().error)
    ui.check("the recipe says how far", '"walk":' in cube()["gancube"], recipe=cube()["gancube"][:300])
    loose = [image.name for image in bpy.data.images if "gancube" in image and image.users == 0]
    ui.check("no image in between is left over", len(loose) <= count, loose=loose)

    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.7
    ui.check("one undo takes the whole drag back", shown(cube()) == first)
    yield from ui.key("Z", ctrl=True, shift=True)
    yield 0.7
    ui.check("redo brings the end of it", shown(cube()) == last)

    # Esc in the middle
    x, y = yield from ui.find_button(prop="walk")
    ui.x_event("mousedown", 1)
    for step in range(1, 11):
        yield from ui.move(x - 4 * step, y)
    yield from ui.wait(lambda: shown(cube()) != last, PATIENCE, "a change")
    yield from ui.key("ESC")
    ui.x_event("mouseup", 1)
    yield from ui.wait(lambda: not session().busy(), PATIENCE, "the end")
    yield 0.5
    ui.check("Esc in the middle of a drag: as before", shown(cube()) == last)
    yield from ui.screenshot("dragged")


def changed(before, after):
    """How many faces show another picture."""
    return sum(a != b for a, b in zip(before, after, strict=True))


def cube():
    return bpy.data.objects["GAN Cube"]
