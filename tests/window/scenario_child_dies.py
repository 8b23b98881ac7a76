"""Somebody kills the child process: one sentence in the panel, and the next click works. By driver.py."""

from installed import (
    GENERATE,
    TAB,
    added,
    begun,
    child,
    generated,
    names,
    session,
    settings,
    without_default_cube,
)


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    without_default_cube()
    before = names()
    yield from begun(ui, button, size=1024)
    child().kill()
    yield from ui.wait(lambda: session().error, 10, "the error")
    ui.check("the death of the child is told", "signal 9" in session().error, error=session().error)
    ui.check("and leaves nothing behind", names() == before, **added(before, names()))
    yield from ui.screenshot("child_died")
    yield from ui.over_viewport()
    yield from ui.key("ESC")  # Blender's own report lies over the button
    yield 1.0
    settings().size = 128
    yield from generated(ui, button, "GAN Cube")
    ui.check("the next click works", session().error == "", error=session().error)

    # Idle, and then gone: the next click does not even notice
    child().kill()
    yield 1.0
    yield from generated(ui, button, "GAN Cube.001")
    ui.check("an idle child that was killed is replaced without a word", session().error == "")
