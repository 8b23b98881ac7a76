"""What people do while a job runs: delete, rename, undo, another scene, mode, file. By driver.py.

No crash, no half result, nothing of the job in a file that it was not begun in.
"""

import bpy
from installed import (
    GENERATE,
    PATIENCE,
    TAB,
    added,
    begun,
    cubes,
    generated,
    names,
    pictures,
    session,
    settings,
    shown,
)

SIZE = 512  # large enough that the deed falls into the middle of the job


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)

    yield from begun(ui, button, SIZE)
    bpy.data.objects.remove(bpy.data.objects["Cube"])
    bpy.data.objects["Light"].name = "GAN Cube"  # the name that the result would like to have
    bpy.ops.ed.undo_push(message="Deleted and renamed")
    yield from landed(ui, "delete and rename", 1)

    yield from begun(ui, button, SIZE)
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)  # away with the first cube
    yield from ended(ui)
    report(ui, "undo", len(cubes()))

    yield from begun(ui, button, SIZE)
    count = len(cubes())
    yield from ui.over_viewport()
    yield from ui.key("A")
    bpy.ops.object.delete()
    yield from ended(ui)
    report(ui, "delete everything", count)

    yield from begun(ui, button, SIZE)
    begun_in, before = bpy.context.window_manager.windows[0].scene.name, made()
    other = bpy.data.scenes.new("Other")
    bpy.context.window_manager.windows[0].scene = other
    yield from ended(ui)
    scenes = {
        s.name: [o.name for o in s.objects if "gancube" in o and o.name not in before]
        for s in bpy.data.scenes
    }
    there = {name: len(cubes) for name, cubes in scenes.items() if cubes}
    ui.check(
        "another scene: it lands in the one of the click, and nowhere else", there == {begun_in: 1}, **scenes
    )
    everything_whole(ui, "another scene")

    yield from begun(ui, button, SIZE)
    before = made()
    bpy.data.scenes.remove(other)  # the one it was begun in
    yield from ended(ui)
    ui.check("scene removed: Blender lives", begun_in in bpy.data.scenes)
    ui.check(
        "scene removed: no cube, and the panel says why", made() == before and "Other" in session().error
    )
    everything_whole(ui, "scene removed")

    path = str(ui.out / "meanwhile.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)  # saving leaves out what nobody uses
    yield 1.0
    in_file = names()
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    yield from begun(ui, button, SIZE)
    bpy.ops.wm.open_mainfile(filepath=path)
    yield 2.5
    ui.check("open: nothing of the job in the file", names() == in_file, **added(in_file, names()))
    ui.check("open: the job is over", not session().busy())

    yield from begun(ui, button, SIZE)
    bpy.ops.wm.save_mainfile()
    yield from ended(ui)
    everything_whole(ui, "save")

    yield from begun(ui, button, SIZE)
    bpy.ops.wm.read_homefile(app_template="")
    yield 2.5
    left = [name for kind in names().values() for name in kind if name.startswith("GAN Cube")]
    ui.check("new file: nothing of the job in it", not left, left=left)
    ui.check("new file: the job is over", not session().busy())

    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    yield from begun(ui, button, SIZE)
    bpy.context.view_layer.objects.active = bpy.data.objects["Cube"]
    yield from ui.over_viewport()
    yield from ui.key("TAB")
    yield from ui.wait(lambda: bpy.context.mode == "EDIT_MESH", 20, "Edit Mode")
    yield from ui.wait(
        lambda: session().job.state == "done" or not session().busy(), PATIENCE, "the last face"
    )
    yield 0.5
    ui.check("edit mode: it waits", cubes() == [] and session().busy(), there=cubes())
    yield from ui.over_viewport()
    yield from ui.key("TAB")
    yield from landed(ui, "edit mode", 1)

    settings().size = 128
    count = len(cubes())
    yield from generated(ui, button, "GAN Cube.001")
    ui.check("after all that the next click works", len(cubes()) == count + 1 and session().error == "")


def made() -> list[str]:
    """The cubes of ours in the file, whatever they are called."""
    return sorted(o.name for o in bpy.data.objects if "gancube" in o)


def ended(ui):
    yield from ui.wait(lambda: not session().busy(), PATIENCE, "the end of the job")
    yield 1.0


def landed(ui, deed, count):
    yield from ended(ui)
    ui.check(f"{deed}: the cube lands", len(made()) == count, there=made())
    everything_whole(ui, deed)


def report(ui, deed, count):
    """Whether it landed or was given up is told; that it is whole is checked."""
    ui.check(f"{deed}: at most one more", len(made()) <= count + 1, there=made(), error=session().error)
    everything_whole(ui, deed)


def everything_whole(ui, deed):
    there = [bpy.data.objects[name] for name in made()]
    whole = all(len(set(shown(o)) - {None}) == 6 for o in there)
    ui.check(f"{deed}: whole cubes only", whole, there={o.name: len(pictures(o)) for o in there})
    loose = [i.name for i in bpy.data.images if "gancube" in i and i.users == 0]
    ui.check(f"{deed}: no image without a cube", not loose, loose=loose)
