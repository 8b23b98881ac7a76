"""What a person does with the panel, in a real Blender window, with mouse and keys. Run by driver.py; bpy and numpy.

Another driver will do if its `ui` has the same methods. The extension is installed from its zip and enabled.
"""

import sys
import time

import bpy
import numpy as np

OPERATOR = "gancube.generate_cube"
ALLOWED = 0.15  # seconds that a freeze may be longer than that of the idle window doing the same redraws
OURS = 0.25  # seconds that the add-on may hold up Blender at a time; 0.03 to 0.11 measured on a very busy machine


def scenario(ui):
    yield from ui.open_sidebar("GAN Cubes")
    yield from ui.screenshot("1_panel")
    button = yield from ui.find_button(op=OPERATOR)
    bpy.data.objects.remove(bpy.data.objects["Cube"])  # the default one would stand in the same place
    plain_cold = yield from plain_textured_cube(ui, "cold")  # with shaders to compile
    plain_warm = yield from plain_textured_cube(ui, "warm")
    before = names()
    held_up = watch_ticks()

    # Cold: the child process starts, loads, checks, generates
    probe = ui.probe("generate_cold")
    yield from ui.click(*button)
    yield from ui.wait(lambda: "GAN Cube" in bpy.data.objects, 180, "the cube")
    yield 1.0
    cold = ui.end_probe(probe)
    yield from ui.frame_selected()
    yield from ui.screenshot("2_cube")
    cube = bpy.data.objects["GAN Cube"]
    seen = pictures(cube)
    ui.check("six faces, six different pictures", len(seen) == 6 and len(set(seen.values())) == 6, seen=seen)
    ui.check("selected and active", cube.select_get() and bpy.context.view_layer.objects.active == cube)
    ui.check("images are shown in solid shading", ui.area().spaces.active.shading.color_type == "TEXTURE")
    ui.check("what it ran on is told", "checked" in session().provider, line=session().provider)

    # One undo takes all of it away, redo brings it back with its pixels
    yield from over_viewport(ui)
    probe = ui.probe("undo_redo")
    yield from ui.key("Z", ctrl=True)
    yield from ui.wait(lambda: "GAN Cube" not in bpy.data.objects, 20, "undo")
    ui.check("one undo leaves what was there before", names() == before, before=before, after=names())
    yield from ui.key("Z", ctrl=True, shift=True)
    yield from ui.wait(lambda: "GAN Cube" in bpy.data.objects, 20, "redo")
    yield 1.0
    undone = ui.end_probe(probe)
    ui.check("redo brings the pixels back", pictures(bpy.data.objects["GAN Cube"]) == seen)
    yield from ui.screenshot("3_redone")

    # Warm: another cube, while the view is used
    scene_settings().seed = 2
    probe = ui.probe("generate_warm")
    yield from ui.click(*button)
    yield from ui.wait(lambda: "GAN Cube.001" in bpy.data.objects, 180, "the second cube")
    yield 1.0
    warm = ui.end_probe(probe)
    second = pictures(bpy.data.objects["GAN Cube.001"])
    ui.check("another seed, other pictures", not set(second.values()) & set(seen.values()))
    again = yield from drawn_afresh(ui, bpy.data.objects["GAN Cube.001"])
    idle = max(report["longest_gap_s"] for report in (plain_warm, again, undone))
    for name, report, least in (("cold", cold, max(idle, plain_cold["longest_gap_s"])), ("warm", warm, idle)):
        gap = report["longest_gap_s"]
        ui.check(
            f"no longer freeze than by the same redraws, {name}", gap <= least + ALLOWED, gap=gap, idle=least
        )
    ui.check(
        "the add-on itself holds up nothing", max(held_up) < OURS, longest=max(held_up), ticks=len(held_up)
    )

    yield from redo_panel(ui, second)
    yield from cancelled(ui, button)
    yield from child_dies(ui, button)
    yield from saved_and_reopened(ui, button, second)


def plain_textured_cube(ui, name):
    """What a cube with images costs the window without any of the add-on's work: shaders, uploads, redraws."""
    bpy.ops.ed.undo_push(message="Start")
    yield 0.5
    probe = ui.probe(f"plain_cube_{name}")
    yield 0.1
    bpy.ops.mesh.primitive_cube_add()
    plain = bpy.context.active_object
    for i in range(6):
        image = bpy.data.images.new(f"plain {i}", 256, 256)
        image.generated_type = "COLOR_GRID"
        material = bpy.data.materials.new(f"plain {i}")
        if material.node_tree is None:
            material.use_nodes = True
        node = material.node_tree.nodes.new("ShaderNodeTexImage")
        node.image = image
        material.node_tree.nodes.active = node
        plain.data.materials.append(material)
        plain.data.polygons[i].material_index = i
    shading = ui.area().spaces.active.shading
    shading.color_type = "TEXTURE"
    bpy.ops.ed.undo_push(message="Plain cube")
    ui.redraw()
    yield 1.5
    report = ui.end_probe(probe)
    for image in [slot.material.node_tree.nodes.active.image for slot in plain.material_slots]:
        bpy.data.images.remove(image)
    for material in [slot.material for slot in plain.material_slots]:
        bpy.data.materials.remove(material)
    mesh = plain.data
    bpy.data.objects.remove(plain)
    bpy.data.meshes.remove(mesh)
    shading.color_type = "MATERIAL"
    bpy.ops.ed.undo_push(message="Without the plain cube")
    yield 0.5
    return report


def drawn_afresh(ui, cube):
    """What drawing this cube for the first time costs: its pictures are decoded and uploaded once more."""
    probe = ui.probe("drawn_afresh")
    cube.hide_set(True)
    ui.redraw()
    yield 0.5
    for slot in cube.material_slots:
        image = slot.material.node_tree.nodes.active.image
        image.buffers_free()
        image.gl_free()
    cube.hide_set(False)
    ui.redraw()
    yield 1.0
    return ui.end_probe(probe)


def watch_ticks() -> list:
    """Seconds of each of the operator's looks at its job, building included, from now on."""
    operator = next(m for name, m in sys.modules.items() if name.endswith("gancube.ui.operators"))
    tick, seconds = operator.GANCUBE_OT_generate_cube.tick, []

    def timed(self, context):
        started = time.perf_counter()
        try:
            return tick(self, context)
        finally:
            seconds.append(round(time.perf_counter() - started, 4))

    operator.GANCUBE_OT_generate_cube.tick = timed
    return seconds


def redo_panel(ui, expected):
    """The edge length is changed in Adjust Last Operation; the pictures stay."""
    generated = session().job
    hud = ui.region("HUD")
    yield from ui.click(hud.x + 40, hud.y + hud.height // 2)  # it is folded: unfold it
    yield 1.0
    hud = ui.region("HUD")
    # Blender does not name the buttons of this region; the first field is one row below the title
    field = hud.x + int(hud.width * 0.7), hud.y + hud.height - 44
    yield from ui.click(*field)
    yield from ui.click(*field)  # twice: a number field opens for typing
    yield 1.5
    yield from ui.key("A", ctrl=True)
    yield 0.5
    yield from ui.type_text("3")
    yield 0.5
    yield from ui.key("RET")
    yield from ui.wait(
        lambda: abs(bpy.data.objects["GAN Cube.001"].dimensions.x - 3) < 1e-4, 60, "the edge length"
    )
    yield 0.5
    ui.check("the redo panel asks the generator for nothing", session().job is generated)
    ui.check("the redo panel keeps the pictures", pictures(bpy.data.objects["GAN Cube.001"]) == expected)
    ui.check("the redo panel makes no second cube", "GAN Cube.002" not in bpy.data.objects)
    yield from ui.screenshot("4_adjusted")


def cancelled(ui, button):
    """Esc, in the middle of a run that takes a while."""
    before = names()
    scene_settings().size = 2048
    yield from ui.click(*button)
    yield from ui.wait(lambda: session().job.faces, 180, "the first face")
    yield from ui.screenshot("5_running")
    yield from over_viewport(ui)
    yield from ui.key("ESC")
    yield from ui.wait(lambda: not session().busy(), 5, "the end of the job")
    yield 1.5
    ui.check("Esc leaves nothing behind", names() == before, before=before, after=names())
    ui.check("Esc is no error", session().error == "" and session().job.state == "cancelled")
    scene_settings().size = 256


def child_dies(ui, button):
    """Somebody kills the child process: one sentence in the panel, and the next click works."""
    before = names()
    scene_settings().size = 2048
    yield from ui.click(*button)
    yield from ui.wait(lambda: session().job.faces, 180, "the first face")
    session().client.child.process.kill()
    yield from ui.wait(lambda: session().error, 10, "the error")
    ui.check("the death of the child is told", "signal 9" in session().error, error=session().error)
    ui.check("and leaves nothing behind", names() == before)
    yield from ui.screenshot("6_error")
    yield from ui.key("ESC")  # Blender's own report lies over the button
    yield from over_viewport(ui)
    yield 1.0
    scene_settings().size = 256
    yield from ui.click(*button)
    yield from ui.wait(lambda: "GAN Cube.002" in bpy.data.objects, 180, "the third cube")
    ui.check("the next click works", session().error == "")


def saved_and_reopened(ui, button, expected):
    """Opened while yet another cube is on its way, which must not land in the file."""
    path = str(ui.out / "cubes.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    before = names()["objects"]
    scene_settings().size = 1024
    yield from ui.click(*button)
    yield from ui.wait(lambda: session().job.faces, 180, "the first face")
    bpy.ops.wm.open_mainfile(filepath=path)
    yield 2.0
    after, state = names()["objects"], session().job.state
    ui.check(
        "opening a file ends the job", state == "cancelled" and after == before, state=state, after=after
    )
    cube = bpy.data.objects["GAN Cube.001"]
    ui.check("the file keeps the pictures", pictures(cube) == expected)
    ui.check("and the recipe", '"seed":2' in cube["gancube"], recipe=cube["gancube"])
    yield from ui.open_sidebar("GAN Cubes")
    yield from ui.screenshot("7_reopened")


def session():
    """The add-on's module of that name, whichever repository it was installed into."""
    return next(module for name, module in sys.modules.items() if name.endswith("gancube.ui.session"))


def scene_settings():
    return bpy.context.window_manager.windows[0].scene.gancube


def names() -> dict:
    kinds = ("objects", "meshes", "materials", "images")
    return {kind: sorted(block.name for block in getattr(bpy.data, kind)) for kind in kinds}


def pictures(cube) -> dict:
    """{image: (mean, standard deviation) of its pixels} for the base colour of each slot; black ones are left out."""
    found = {}
    for slot in cube.material_slots:
        image = slot.material.node_tree.nodes.active.image
        pixels = np.empty(len(image.pixels), np.float32)  # [H * W * 4] in [0, 1]
        image.pixels.foreach_get(pixels)
        colour = pixels.reshape(-1, 4)[:, :3]
        if colour.std() > 0.005:
            found[image.name] = (round(float(colour.mean()), 5), round(float(colour.std()), 5))
    return found


def over_viewport(ui):
    region = ui.region("WINDOW")
    yield from ui.move(region.x + region.width // 3, region.y + region.height // 3)
