"""Follow Sketch: strokes with the mouse in Texture Paint; the plane shows what becomes of them. By driver.py."""

import sys

import bpy
import numpy as np
from installed import MODULE, PATIENCE, TAB, pictures, session, settings, without_default_cube
from scenario_transform import installed


def scenario(ui):
    without_default_cube()
    yield from ui.open_sidebar(TAB)
    yield from installed(ui)
    with ui.context():
        bpy.ops.mesh.primitive_plane_add(size=4)
        canvas = bpy.data.images.new("Canvas", 256, 256)
        canvas.generated_type = "COLOR_GRID"
        material = bpy.data.materials.new("Wall")
        material.use_nodes = True
        node = material.node_tree.nodes.new("ShaderNodeTexImage")
        node.image = canvas
        shader = next(one for one in material.node_tree.nodes if one.type == "BSDF_PRINCIPLED")
        material.node_tree.links.new(node.outputs["Color"], shader.inputs["Base Color"])
        bpy.context.active_object.data.materials.append(material)
        bpy.ops.view3d.view_axis(type="TOP")
        bpy.ops.object.mode_set(mode="TEXTURE_PAINT")
    bpy.ops.ed.undo_push(message="A canvas")
    settings().transform.model, settings().transform.label = "snowy", "snow"
    yield 1.0
    yield from ui.click_button(op="gancube.follow_sketch")
    yield from ui.wait(lambda: result() is not None, PATIENCE, "the first result")
    yield from settled(ui)
    first = pictures(plane())
    ui.check("the plane shows the result", list(first) == ["Canvas result"], shows=sorted(first))
    yield from ui.screenshot("1_following")
    seen = [first]
    for row in (0.4, 0.6):
        before = fingerprint()
        yield from stroke(ui, row)
        ui.check("a stroke on the canvas", fingerprint() != before)
        yield from settled(ui)
        seen.append(pictures(plane()))
    ui.check("the result followed each", len({str(one) for one in seen}) == 3)
    ui.check("it is one image", len(result_images()) == 1, images=result_images())
    yield from ui.screenshot("2_strokes")
    yield from ui.over_viewport()
    last = seen[2]
    if has_brush():
        yield from ui.key("Z", ctrl=True)
        yield 1.0
        yield from settled(ui)
        last = seen[1]
        ui.check("undo of a stroke is followed too", pictures(plane()) == last)
    yield from ui.key("ESC")
    yield from ui.wait(lambda: not session().busy(), 20, "the end")
    yield 0.5
    ui.check("without an error", session().error == "", error=session().error)
    ui.check("Esc keeps what is shown", pictures(plane()) == last)
    with ui.context():
        bpy.ops.object.mode_set(mode="OBJECT")
    plane().location.x += 1
    bpy.ops.ed.undo_push(message="Moved")
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.7
    ui.check("its pixels are there after undo", pictures(plane()) == last)
    yield from ui.screenshot("3_ended")


def stroke(ui, row):
    """From left to right over the viewport. Debian's Blender 4.3 comes without brushes: pixels are written there."""
    if not has_brush():
        image = bpy.data.images["Canvas"]
        pixels = np.empty(256 * 256 * 4, np.float32)
        image.pixels.foreach_get(pixels)
        pixels.reshape(256, 256, 4)[int(256 * row) :][:20, :, :3] = 0
        image.pixels.foreach_set(pixels)
        image.update()
        return
    view = ui.region("WINDOW")
    yield from ui.move(view.x + view.width * 0.3, view.y + view.height * row)
    ui.x_event("mousedown", 1)
    yield 0.1
    for share in (0.33, 0.36, 0.39, 0.42, 0.45):
        yield from ui.move(view.x + view.width * share, view.y + view.height * row)
    ui.x_event("mouseup", 1)
    yield 0.5


def has_brush() -> bool:
    return bpy.context.tool_settings.image_paint.brush is not None


def settled(ui):
    yield 0.6  # it looks at the canvas five times a second
    yield from ui.wait(lambda: session().job.settled, PATIENCE, "the result of the newest strokes")
    yield 0.3


def fingerprint():
    return sys.modules[f"{MODULE}.scene.canvas"].fingerprint(bpy.data.images["Canvas"])


def plane():
    return bpy.data.objects["Plane"]


def result():
    return bpy.data.images.get("Canvas result")


def result_images():
    return sorted(image.name for image in bpy.data.images if image.name.startswith("Canvas "))
