"""A Suzanne is textured by click, each way of covering it: the mesh stays as it was, one undo step. By driver.py."""

import bpy
import numpy as np
from installed import PATIENCE, TAB, added, names, pictures, session, settings, without_default_cube

WAYS = ("tile", "box", "faces")


def scenario(ui):
    without_default_cube()
    bpy.ops.mesh.primitive_monkey_add()
    bpy.ops.ed.undo_push(message="Suzanne")
    yield from ui.open_sidebar(TAB)
    mesh, before = shape(), names()
    for way in WAYS:
        settings().surface, settings().size = way, 128  # undo brought back what they were
        if way == "faces":
            settings().each = "slot"
        ui.redraw()
        yield 0.5
        job = session().job
        yield from ui.click_button(op="gancube.texture")
        yield from ui.wait(lambda job=job: session().job is not job and not session().busy(), PATIENCE, way)
        yield 0.7
        ui.check(f"{way}: without an error", session().error == "", error=session().error)
        ui.check(f"{way}: the mesh is as it was", shape() == mesh)
        there = pictures(suzanne())
        ui.check(f"{way}: colour and relief", len(there) >= 3, there=sorted(there))
        yield from ui.screenshot(way)
        yield from ui.over_viewport()
        yield from ui.key("Z", ctrl=True)
        yield 0.7
        ui.check(f"{way}: one undo takes it away", names() == before, **added(before, names()))
        yield from ui.key("Z", ctrl=True, shift=True)
        yield 0.7
        ui.check(f"{way}: redo brings the pixels back", pictures(suzanne()) == there)
        yield from ui.key("Z", ctrl=True)
        yield 0.7


def suzanne():
    return bpy.data.objects["Suzanne"]


def shape() -> tuple:
    """Vertices, polygons and the UV layer that it came with."""
    mesh = suzanne().data
    places = np.empty(len(mesh.vertices) * 3, np.float32)
    mesh.vertices.foreach_get("co", places)
    uvs = np.empty(len(mesh.loops) * 2, np.float32)
    mesh.uv_layers["UVMap"].data.foreach_get("uv", uvs)
    polygons = tuple(tuple(polygon.vertices) for polygon in mesh.polygons)
    return places.tobytes(), uvs.tobytes(), polygons, len(mesh.edges), len(suzanne().modifiers)
