"""Weather by Geometry by click: two meshes baked and painted, Esc while it bakes, one undo step. By driver.py."""

import bpy
from installed import PATIENCE, TAB, added, names, pictures, session, settings, without_default_cube
from scenario_transform import installed

SIZE = 256


def scenario(ui):
    without_default_cube()
    yield from ui.open_sidebar(TAB)
    yield from installed(ui, {"weather"})
    with ui.context():
        bpy.ops.mesh.primitive_monkey_add(size=2)
        bpy.ops.mesh.primitive_cube_add(size=1.5, location=(2.5, 0, 0))
        for item in bpy.context.view_layer.objects:
            item.select_set(item.type == "MESH")
    bpy.ops.ed.undo_push(message="Two meshes")
    settings().transform.model, settings().transform.size = "weather", SIZE
    before, meshes = names(), shapes()
    yield from ui.frame_selected()

    yield from ui.click_button(op="gancube.weather")
    yield from ui.wait(session().busy, 10, "the bake")
    yield 0.3
    yield from ui.screenshot("1_baking")
    yield from ui.over_viewport()
    yield from ui.key("ESC")
    yield from ui.wait(lambda: not session().busy(), 20, "the end")
    ui.check("Esc leaves the scene as it was", names() == before and shapes() == meshes)
    ui.check("without an error", session().error == "", error=session().error)

    probe = ui.probe("weather")
    yield from ui.click_button(op="gancube.weather")
    yield from ui.wait(session().busy, 10, "the bake")
    yield from ui.wait(lambda: not session().busy(), PATIENCE, "the painted meshes")
    yield 0.5
    ui.end_probe(probe)
    seen = {name: pictures(bpy.data.objects[name]) for name in ("Suzanne", "Cube")}
    new = added(before, names())
    ui.check("without an error", session().error == "", error=session().error)
    ui.check("each mesh shows images of its own", len({str(one) for one in seen.values()}) == 2, shows=seen)
    ui.check("two maps each", len(new["images"]) == 4, new=new)
    ui.check("the meshes are as they were", shapes() == meshes)
    yield from ui.screenshot("2_weathered")

    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.7
    ui.check("one undo step takes all away", not pictures(bpy.data.objects["Suzanne"]), shapes=names())
    yield from ui.key("Z", ctrl=True, shift=True)
    yield 1.0
    again = {name: pictures(bpy.data.objects[name]) for name in ("Suzanne", "Cube")}
    ui.check("redo brings every pixel back", again == seen)


def shapes() -> dict:
    """Of every mesh its corners; a new UV map may come."""
    return {
        item.name: [tuple(vertex.co) for vertex in item.data.vertices]
        for item in bpy.data.objects
        if item.type == "MESH"
    }
