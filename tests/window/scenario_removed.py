"""Disabled, enabled, disabled, uninstalled: nothing of the add-on stays behind. By driver.py."""

import os
import sys
from pathlib import Path

import bpy
from installed import GENERATE, MODULE, TAB, child, generated, session, settings, without_default_cube


def scenario(ui):
    extensions = Path(bpy.utils.user_resource("EXTENSIONS"))
    bpy.ops.preferences.addon_disable(module=MODULE)
    yield 0.5
    clean = everything()
    ui.check("no class of the add-on is left", not ours(clean), there=ours(clean))
    bpy.ops.preferences.addon_enable(module=MODULE)
    yield 0.5
    without_default_cube()
    for attempt in (1, 2):
        yield from ui.open_sidebar(TAB)
        button = yield from ui.find_button(op=GENERATE)
        settings().size = 128
        yield from generated(ui, button, "GAN Cube" if attempt == 1 else "GAN Cube.001")
        process = child()
        bpy.ops.preferences.addon_disable(module=MODULE)
        yield 1.0
        ui.check(
            f"disabled, time {attempt}: all as before it was enabled", everything() == clean, **new(clean)
        )
        ui.check(f"disabled, time {attempt}: the child has ended", process.poll() is not None)
        ui.check(f"disabled, time {attempt}: no thread is left", not threads(), there=threads())
        if attempt == 1:
            yield from ui.screenshot("disabled")
            bpy.ops.preferences.addon_enable(module=MODULE)
            yield 0.5

    # In the middle of a job
    bpy.ops.preferences.addon_enable(module=MODULE)
    yield 0.5
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    settings().size = 1024
    yield from ui.click(*button)
    yield from ui.wait(lambda: session().busy() and len(session().job.textures) >= 1, 180, "the first face")
    process, images = child(), len(bpy.data.images)
    bpy.ops.preferences.addon_disable(module=MODULE)
    yield 1.5
    ui.check("disabled in a job: all as before", everything() == clean, **new(clean))
    ui.check("disabled in a job: the child has ended", process.poll() is not None)
    ui.check("disabled in a job: no image of it", len(bpy.data.images) == images)

    repositories = [repo.module for repo in bpy.context.preferences.extensions.repos]
    bpy.ops.extensions.package_uninstall(repo_index=repositories.index("user_default"), pkg_id="gancube")
    yield 1.5
    left = sorted(
        os.path.relpath(os.path.join(folder, name), extensions)
        for folder, _, files in os.walk(extensions)
        for name in files
        if "gancube" in folder or "onnxruntime" in folder
    )
    ui.check("uninstalled: no file is left", not left, left=left[:10])
    ui.check("uninstalled: no class is left", not ours(everything()), there=ours(everything()))
    ui.check("uninstalled: the cubes stay", "GAN Cube" in bpy.data.objects and len(bpy.data.images) == images)
    yield from ui.screenshot("uninstalled")


def everything() -> dict:
    """What an add-on can leave in Blender."""
    menus = [getattr(bpy.types, name) for name in dir(bpy.types) if "_MT_" in name or "_PT_" in name]
    handlers = {n: getattr(bpy.app.handlers, n) for n in dir(bpy.app.handlers)}
    keymaps = bpy.context.window_manager.keyconfigs.addon.keymaps
    return {
        "types": sorted(dir(bpy.types)),
        "operators": sorted(dir(bpy.ops.gancube)),
        "properties": {
            name: sorted(getattr(bpy.types, name).bl_rna.properties.keys())
            for name in ("Scene", "Object", "Material", "Image", "WindowManager", "WorldLighting", "Mesh")
            if hasattr(bpy.types, name)
        },
        "menus": sorted(
            f"{menu.__name__}: {function.__module__}"
            for menu in menus
            for function in getattr(menu.draw if hasattr(menu, "draw") else None, "_draw_funcs", ())
        ),
        "handlers": {
            name: sorted(function.__module__ for function in functions if callable(function))
            for name, functions in handlers.items()
            if isinstance(functions, list)
        },
        "keys": sorted(f"{keymap.name}: {item.idname}" for keymap in keymaps for item in keymap.keymap_items),
        "modules": sorted(name for name in sys.modules if name.startswith(MODULE)),
        "path": sorted(folder for folder in sys.path if "gancube" in folder),
    }


def ours(there: dict) -> list[str]:
    """Without the modules: Blender itself keeps those of every add-on that was ever enabled."""
    return [text for text in flat({**there, "modules": []}) if "gancube" in text.lower()]


def new(clean: dict) -> dict:
    return {"more": sorted(set(flat(everything())) - set(flat(clean)))}


def flat(there: dict) -> list[str]:
    found = []
    for value in there.values():
        found += value if isinstance(value, list) else [text for part in value.values() for text in part]
    return found


def threads() -> list[str]:
    import threading

    return [t.name for t in threading.enumerate() if "_listen" in t.name or "_keep_complaints" in t.name]
