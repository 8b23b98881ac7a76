"""Esc, at every point of a job: within 0.2 seconds, the scene as it was, and the next click works. By driver.py."""

import time

import bpy
from installed import (
    GENERATE,
    TAB,
    added,
    begun,
    generated,
    names,
    session,
    settings,
    without_default_cube,
)

AT_ONCE = 0.2  # seconds


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    without_default_cube()
    light = bpy.data.objects["Light"]
    light.location.x += 1.0
    bpy.ops.ed.undo_push(message="Moved the light")
    moved, before = light.location.x, names()

    yield from ui.click(*button)
    yield from ui.wait(session().busy, 20, "the start")
    yield from stopped(ui, "while the child starts", before)

    yield from ui.click(*button)
    yield from ui.wait(lambda: session().job.state == "generating", 180, "the generator")
    yield from stopped(ui, "in the first face", before)

    yield from begun(ui, button, size=1024)
    yield from ui.screenshot("running")
    yield from stopped(ui, "between two faces", before)

    yield from begun(ui, button, size=512, faces=5)
    yield from stopped(ui, "in the last face", before)

    # The button in the panel does the same as Esc
    yield from begun(ui, button, size=1024)
    yield from ui.click_button(op="gancube.cancel")
    yield from ui.wait(lambda: not session().busy(), 5, "the end of the job")
    ui.check("the Cancel button leaves nothing behind", names() == before, **added(before, names()))

    yield 1.5
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.5
    ui.check(
        "a cancelled job is no undo step",
        abs(bpy.data.objects["Light"].location.x - (moved - 1.0)) < 1e-6,
        x=bpy.data.objects["Light"].location.x,
    )
    settings().size = 128
    yield from generated(ui, button, "GAN Cube")
    ui.check("the next click works", session().error == "", error=session().error)


def stopped(ui, when, before):
    """Esc over the viewport now."""
    yield from ui.over_viewport()
    ui.check(f"it runs {when}", session().busy())
    probe = ui.probe(f"Esc {when}")
    pressed = time.perf_counter()
    ui.x_event("key", "Escape")
    yield from ui.wait(lambda: not session().busy(), 5, "the end of the job")
    seconds, redraw = time.perf_counter() - pressed, ui.end_probe(probe)["longest_gap_s"]
    # a redraw by the processor may take longer than that by itself, and keys wait for it
    ui.check(
        f"Esc {when}: within {AT_ONCE} s",
        seconds - redraw < AT_ONCE,
        seconds=round(seconds, 3),
        redraw=redraw,
    )
    yield 1.5
    ui.check(f"Esc {when}: leaves nothing behind", names() == before, **added(before, names()))
    ui.check(f"Esc {when}: is no error", session().error == "", error=session().error)
