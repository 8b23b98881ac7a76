"""The contact sheet, a star, the history of a file opened again, Rebuild; and From Photo. By driver.py; bpy only.

Where GANCUBE_WINDOW_PYTHON names a Python with gan-train, a photo is matched too.
"""

import json
import os
import shlex

import bpy
from installed import (
    GENERATE,
    MODULE,
    PATIENCE,
    TAB,
    generated,
    pictures,
    session,
    settings,
    shown,
    without_default_cube,
)

SCALE = 0.7
STARRED = 4  # the variant that is kept
# Where buttons of a grid of four are, in widths of the sidebar
FIRST, FIRST_STAR, LAST_STAR = (0.1, 0.08, 0.12), (0.19, 0.2, 0.18, 0.21), (0.89, 0.88, 0.9, 0.87)


def scenario(ui):
    bpy.context.preferences.view.ui_scale = SCALE  # so that all panels have room beneath each other
    yield 1.0
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    without_default_cube()
    settings().size, settings().seed, settings().variants = 128, 20, "12"
    first = yield from generated(ui, button, "GAN Cube")
    before = shown(first)
    yield from ui.unfold("gancube.ask_for_loop")
    yield from ui.scroll_down()
    yield from ui.click_button(op="gancube.show_variants")
    yield from ui.wait(lambda: session().busy(), 20, "the contact sheet")
    yield from ui.wait(lambda: not session().busy(), PATIENCE, "twelve variants")
    yield 1.0
    yield from ui.screenshot("sheet")
    yield from ui.scroll_down()
    ui.check("twelve variants", len(session().job.textures) == 12, error=session().error)

    yield from ui.click_button(op="gancube.use_variant", having=f"index={STARRED}", columns=FIRST)
    yield from ui.wait(lambda: shown(cube()) != before and not session().busy(), PATIENCE, "the variant")
    yield 1.0
    applied = shown(cube())
    ui.check("a click puts it on all faces of the cube", not set(applied) & set(before))
    ui.check("and its seed into the panel", settings().seed == 20 + STARRED, seed=settings().seed)
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield 0.7
    ui.check("one undo takes it back", shown(cube()) == before)
    yield from ui.key("Z", ctrl=True, shift=True)
    yield 0.7
    ui.check("redo too", shown(cube()) == applied)

    yield from ui.click_button(op="gancube.star_variant", having=f"index={STARRED}", columns=FIRST_STAR)
    yield 0.5
    there = history()
    ui.check(
        "it is among the favourites",
        [one["seed"] for one in there if one["starred"]] == [20 + STARRED],
        there=there,
    )

    path = str(ui.out / "kept.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    yield 2.0
    ui.check("after opening again it is all there", history() == there, there=history())
    yield from ui.open_sidebar(TAB)
    yield from ui.scroll_down()
    yield from ui.unfold("gancube.star_variant", having="index=11", columns=LAST_STAR)
    yield from ui.scroll_down()
    yield from ui.screenshot("history")
    favourite = [one["starred"] for one in there].index(True)
    count = len(bpy.data.objects)
    yield from ui.click_button(
        op="gancube.rebuild", having=f"index={favourite}", columns=(0.205, 0.19, 0.22, 0.1)
    )
    yield from ui.wait(lambda: len(bpy.data.objects) > count and not session().busy(), PATIENCE, "the cube")
    yield 1.0
    again = bpy.context.view_layer.objects.active
    ui.check("Rebuild makes the very cube", shown(again) == applied, there=pictures(again))
    ui.check("and is one more object", len(bpy.data.objects) == count + 1)

    # Blender does not say where a button without a call is: the command is copied by its operator
    with ui.context("UI"):
        bpy.ops.gancube.copy_command("EXEC_DEFAULT", index=favourite)
    command = bpy.context.window_manager.clipboard
    # of an extension: there is no gancube on the path
    words = shlex.split(command)[1:5]
    ui.check("Copy as Command", words == ["--command", "gancube", "cube", "--recipe"], command=command[:80])
    yield from from_photo(ui, again)


def from_photo(ui, cube):
    """Without an environment for training the button is grey, and says what is missing; with one it finds a look."""
    with ui.context("UI"):
        ui.check("From Photo is grey where gan-train is not", not bpy.ops.gancube.from_photo.poll())
        said = refusal()
    ui.check(
        "and says what is missing",
        "needs gan-train" in said.lower() and "Python for Generation" in said,
        said=said,
    )
    python = os.environ.get("GANCUBE_WINDOW_PYTHON")
    if not python:
        return
    picture = ui.out / "photo.png"
    image = cube.material_slots[0].material.node_tree.nodes.active.image
    picture.write_bytes(image.packed_file.data)
    bpy.context.preferences.addons[MODULE].preferences.python = python
    with ui.context("UI"):
        bpy.ops.gancube.match_photo("INVOKE_DEFAULT", filepath=str(picture), tries=128)
    yield from ui.wait(lambda: settings().look or session().error, PATIENCE, "the look")
    ui.check("a look was found", settings().look_name == "photo.png", error=session().error)
    yield from ui.screenshot("photo")


def refusal() -> str:
    try:
        bpy.ops.gancube.match_photo("EXEC_DEFAULT")
    except RuntimeError as error:
        return str(error)
    return ""


def cube():
    return bpy.data.objects["GAN Cube"]


def history() -> list[dict]:
    return [{"seed": json.loads(one.recipe)["seed"], "starred": one.starred} for one in settings().kept]
