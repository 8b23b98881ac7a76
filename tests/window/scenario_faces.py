"""Single faces of a cube: one re-rolled, one locked, the others re-rolled, each one undo step. By driver.py."""

import json

import bpy
from installed import GENERATE, PATIENCE, TAB, generated, session, settings, shown, without_default_cube

FRONT = 3  # -Y, in the middle row of the net
COLUMNS = (0.34, 0.36, 0.32, 0.38, 0.3)  # where the arrows of its buttons are
PENCIL = (0.43, 0.41, 0.45, 0.4, 0.47)


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    without_default_cube()
    settings().size = 128
    first = shown((yield from generated(ui, button, "GAN Cube")))
    yield from ui.screenshot("net")

    place = yield from ui.find_button(op="gancube.reroll", having=f"face={FRONT}", columns=COLUMNS)
    second = yield from rerolled(ui, place)
    ui.check("one face is another now", changed(first, second) == [FRONT])
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.7
    ui.check("one undo brings it back", shown(cube()) == first)
    yield from ui.key("Z", ctrl=True, shift=True)
    yield 0.7
    ui.check("redo too", shown(cube()) == second)

    x, y = place
    yield from ui.click(x - 20, y)  # its neighbour on the left
    yield 0.3
    ui.check("the face is locked", list(cube().gancube_locks) == [i == FRONT for i in range(6)])
    place = yield from ui.find_button(op="gancube.reroll", having="face=-1")
    third = yield from rerolled(ui, place)
    ui.check(
        "all but the locked one are others", changed(second, third) == [i for i in range(6) if i != FRONT]
    )
    ui.check("the mesh is as it was", len(cube().data.polygons) == 6 and len(cube().material_slots) == 6)
    yield from ui.screenshot("rerolled")
    yield from style_of_one_face(ui, button)


def style_of_one_face(ui, button):
    """A generator with styles: the dialog under the pencil has its two fields, and one face changes."""
    bpy.data.objects.remove(cube())
    settings().model = "planets"
    bpy.ops.ed.undo_push(message="Planets")
    first = shown((yield from generated(ui, button, "GAN Cube")))
    place = yield from ui.find_button(op="gancube.edit_face", having=f"face={FRONT}", columns=PENCIL)
    yield from ui.click(*place)
    yield 1.0
    yield from ui.screenshot("edit_face")
    before = session().job
    yield from ui.key("RET")
    yield from ui.wait(lambda: session().job is not before and not session().busy(), PATIENCE, "the face")
    yield 1.0
    ui.check("nothing was changed, so it is the same", shown(cube()) == first, error=session().error)
    before = session().job
    with ui.context():
        seed = str(json.loads(cube()["gancube"])["face_seeds"][FRONT])
        style = {"style_seed": "12", "style_from": 0}
        bpy.ops.gancube.set_face("INVOKE_DEFAULT", face=FRONT, seed=seed, **style)
    yield from ui.wait(lambda: session().job is not before and not session().busy(), PATIENCE, "the style")
    yield 1.0
    ui.check("the style of another seed on one face", changed(first, shown(cube())) == [FRONT])
    yield from ui.screenshot("style")


def cube():
    return bpy.data.objects["GAN Cube"]


def changed(before, after):
    """Numbers of the faces that show another picture."""
    return [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]


def rerolled(ui, place):
    before = session().job
    yield from ui.click(*place)
    yield from ui.wait(lambda: session().job is not before and not session().busy(), PATIENCE, "the new face")
    yield 0.5
    ui.check("without an error", session().error == "", error=session().error)
    return shown(cube())
