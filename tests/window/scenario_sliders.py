"""A slider is dragged: the cube follows before the button is released, and the drag is one undo step. By driver.py."""

import bpy
from installed import (
    GENERATE,
    PATIENCE,
    TAB,
    generated,
    names,
    session,
    settings,
    shown,
    without_default_cube,
)


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    without_default_cube()
    settings().size = 128
    first = shown((yield from generated(ui, button, "GAN Cube")))
    count = len(bpy.data.images)
    x, y = yield from ui.find_button(prop="walk")

    probe = ui.probe("drag")
    moving = yield from dragged_until_changed(ui, x, y, first)
    ui.check("it follows while dragging", changed(first, moving) >= 1, faces=changed(first, moving))
    yield from ui.screenshot("dragging")
    ui.x_event("mouseup", 1)
    last = yield from settled(ui)
    drag = ui.end_probe(probe)
    ui.check("all six faces have followed", changed(first, last) == 6, freeze=drag["longest_gap_s"])
    ui.check("without an error", session().error == "", error=session().error)
    ui.check("the recipe says how far", '"walk":' in subject()["gancube"], recipe=subject()["gancube"][:300])
    ui.check("no image in between is left over", len(loose()) <= count, loose=loose())
    yield from undone_and_redone(ui, "a drag", first, last)

    # Held still for longer than a person thinks
    x, y = yield from ui.find_button(prop="walk")
    moving = yield from dragged_until_changed(ui, x, y, last)
    yield 3.0
    ui.check("it waits while the mouse is held", session().busy())
    for _ in range(5):
        yield from ui.move_by(1, 0)
    ui.x_event("mouseup", 1)
    rested = yield from settled(ui)
    yield from undone_and_redone(ui, "a drag with a rest in it", last, rested)

    x, y = yield from ui.find_button(prop="walk")
    yield from dragged_until_changed(ui, x, y, rested, -1)
    yield from ui.key("ESC")
    ui.x_event("mouseup", 1)
    after = yield from settled(ui)
    ui.check("Esc in the middle of a drag: as before", after == rested, faces=changed(after, rested))
    yield from ui.screenshot("dragged")
    yield from pool_of_images(ui)
    yield from loop(ui)
    yield from preview(ui)


def dragged_until_changed(ui, x, y, before, direction=1):
    """The mouse keeps moving a little, as a hand does; the button is still held at the end."""
    yield from ui.move(x, y)
    ui.x_event("mousedown", 1)
    for step in range(200):
        yield from ui.move_by(2 * direction if step < 20 else (-1) ** step, 0)
        if step > 20 and shown(subject()) != before:
            return shown(subject())
    raise TimeoutError("dragged in vain")


def settled(ui):
    yield from ui.wait(lambda: not session().busy(), PATIENCE, "the last image")
    yield 1.5
    yield from ui.wait(lambda: not session().busy(), PATIENCE, "the last image")
    return shown(subject())


def undone_and_redone(ui, deed, first, last):
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.7
    there = shown(subject())
    ui.check(f"{deed}: one undo takes all of it back", there == first, faces=changed(there, first))
    yield from ui.key("Z", ctrl=True, shift=True)
    yield 0.7
    there = shown(subject())
    ui.check(f"{deed}: redo brings the end of it", there == last, faces=changed(there, last))


def loose():
    return [image.name for image in bpy.data.images if "gancube" in image and image.users == 0]


def changed(before, after):
    """How many faces show another picture."""
    return sum(a != b for a, b in zip(before, after, strict=True))


def subject():
    """The object whose sliders are shown."""
    return bpy.context.view_layer.objects.active


def pool_of_images(ui):
    """A cube of Blender's own, each polygon its own image."""
    bpy.ops.mesh.primitive_cube_add(location=(3, 0, 0))
    bpy.ops.ed.undo_push(message="Another cube")
    settings().surface, settings().each, settings().size = "faces", "polygon", 128
    ui.redraw()
    yield 0.5
    before = session().job
    yield from ui.click_button(op="gancube.texture")
    yield from ui.wait(lambda: session().job is not before and not session().busy(), PATIENCE, "six images")
    yield 1.0
    first = shown(subject())
    ui.check("six polygons, six images", len(set(first) - {None}) == 6, first=first)
    x, y = yield from ui.find_button(prop="walk")
    yield from dragged_until_changed(ui, x, y, first)
    ui.x_event("mouseup", 1)
    last = yield from settled(ui)
    ui.check("all images of the pool have followed", changed(first, last) == 6, faces=changed(first, last))
    yield from ui.screenshot("pool")
    yield from undone_and_redone(ui, "a drag over a pool", first, last)


def loop(ui):
    """Bake Loop on the pool: Esc leaves nothing, then it plays, and one undo takes it back."""
    folder, before, there = ui.out / "loops", names(), shown(subject())
    for given_up in (True, False):
        with ui.context():
            bpy.ops.gancube.bake_loop("INVOKE_DEFAULT", frames=4, directory=str(folder))
        yield from ui.wait(lambda: session().job.made >= 3, PATIENCE, "three images")
        if given_up:
            yield from ui.over_viewport()
            yield from ui.key("ESC")
            yield from ui.wait(lambda: not session().busy(), 5, "the end of the job")
            yield 1.0
            left = [path.name for path in folder.rglob("*")]
            ui.check("Bake Loop: Esc leaves nothing behind", names() == before and not left, left=left)
    yield from ui.wait(lambda: not session().busy(), PATIENCE, "four frames")
    yield 1.0
    ui.check("Bake Loop: without an error", session().error == "", error=session().error)
    nodes = [slot.material.node_tree.nodes.active for slot in subject().material_slots]
    ui.check("Bake Loop: all images move", {node.image.source for node in nodes} == {"SEQUENCE"})
    files = sorted(path.name for path in folder.rglob("base_color_*.png"))
    ui.check("Bake Loop: six images of four frames", len(files) == 24, files=files)
    bpy.context.window_manager.windows[0].scene.frame_set(3)
    yield from ui.screenshot("loop")
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.7
    ui.check("Bake Loop: undo takes it back", shown(subject()) == there)


def preview(ui):
    """From 512 px on, what follows is a quarter of the size, and whole when the mouse is let go."""
    settings().size = 512
    button = yield from ui.find_button(op=GENERATE)
    first = shown((yield from generated(ui, button, "GAN Cube.001")))
    x, y = yield from ui.find_button(prop="walk")
    yield from dragged_until_changed(ui, x, y, first)
    ui.check("a preview while dragging", 128 in sides(), sides=sides())
    yield from ui.screenshot("preview")
    ui.x_event("mouseup", 1)
    last = yield from settled(ui)
    ui.check("whole images in the end", sides() == [512] * 6 and changed(first, last) == 6, sides=sides())
    left = [image.name for image in bpy.data.images if "gancube_stands_for" in image]
    ui.check("no preview is left over", not left, left=left)
    yield from undone_and_redone(ui, "a drag with previews", first, last)


def sides() -> list[int]:
    return [slot.material.node_tree.nodes.active.image.size[0] for slot in subject().material_slots]
