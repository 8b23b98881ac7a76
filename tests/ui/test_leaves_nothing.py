"""What the add-on leaves in Blender when it is disabled: nothing. In bpy without a window."""

import threading

import pytest

bpy = pytest.importorskip("bpy")

import blender_addon  # noqa: E402
from blender_addon.ui import session  # noqa: E402
from tests.ui.panel import generate  # noqa: E402

OWNERS = ("Scene", "Object", "Material", "Mesh", "Image", "WindowManager")


def everything() -> dict:
    menus = {name: getattr(bpy.types, name) for name in dir(bpy.types) if "_MT_" in name}
    handlers = {name: getattr(bpy.app.handlers, name) for name in dir(bpy.app.handlers)}
    return {
        "types": dir(bpy.types),
        "operators": dir(bpy.ops.gancube),
        "properties": {name: getattr(bpy.types, name).bl_rna.properties.keys() for name in OWNERS},
        "menus": {
            name: [function.__module__ for function in getattr(menu.draw, "_draw_funcs", ())]
            for name, menu in menus.items()
            if hasattr(menu, "draw")
        },
        "handlers": {name: list(found) for name, found in handlers.items() if isinstance(found, list)},
    }


def test_disabled_it_leaves_nothing(settings):
    blender_addon.unregister()
    try:
        clean, running = everything(), set(threading.enumerate())  # some of an earlier test are about to end
        # an operator's module is made up by Blender on demand, a class is not
        assert not [name for name in clean["types"] if "gancube" in name.lower()]
        assert not any("gancube" in name for names in clean["properties"].values() for name in names)
        blender_addon.register()
        settings = bpy.context.scene.gancube
        settings.model, settings.size = "alpha", 32
        assert everything() != clean
        generate()
        child = session.client.child.process
        blender_addon.unregister()
        assert child.poll() is not None, "the child lives"
        assert everything() == clean and set(threading.enumerate()) <= running
    finally:
        blender_addon.register()


@pytest.mark.parametrize("times", [5])
def test_again_and_again(settings, times):
    for _ in range(times):
        blender_addon.unregister()
        blender_addon.register()
    bpy.context.scene.gancube.model = "alpha"
    generate()
