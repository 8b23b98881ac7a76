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
        if way == "box":
            yield from baked(ui, there)
        yield from ui.key("Z", ctrl=True)
        yield 0.7


def baked(ui, before):
    """The box projection to images, by another Blender; Esc ends it, and one undo takes it back."""
    blocks = names()
    for given_up in (True, False):
        with ui.context():
            bpy.ops.gancube.bake_box("INVOKE_DEFAULT", size=64)
        yield 0.3
        if given_up:
            yield from ui.key("ESC")
            yield 1.0
            ui.check("bake: Esc leaves nothing behind", names() == blocks, **added(blocks, names()))
    yield from ui.wait(lambda: pictures(suzanne()) != before, PATIENCE, "the baked images")
    ui.check("bake: the mesh keeps its UVs", "UVMap" in suzanne().data.uv_layers)
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.7
    ui.check("bake: one undo takes it back", pictures(suzanne()) == before)


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
