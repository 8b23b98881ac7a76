"""Generators dropped on the viewport, one of them broken; then a cube saved as asset. By driver.py; bpy only."""

import base64
import shutil
import sys
from pathlib import Path

import bpy
from installed import GENERATE, MODULE, PATIENCE, TAB, added, cubes, names, session, without_default_cube


def scenario(ui):
    without_default_cube()
    yield from ui.open_sidebar(TAB)
    yield from drop(ui)
    yield from save_as_asset(ui)


def drop(ui):
    """What Blender does when files are let go over the viewport; a drag between windows has no key and no click."""
    models, operators = (sys.modules[f"{MODULE}.ui.{name}"] for name in ("models", "model_operators"))
    shipped = models.hashes()
    folder = other_copies(ui.out / "dropped", models.entry("planks").path)
    with ui.context("WINDOW"):
        files = [{"name": path.name} for path in sorted(folder.iterdir())]
        bpy.ops.wm.drop_import_file("INVOKE_DEFAULT", directory=f"{folder}/", files=files)
    yield from ui.wait(lambda: not operators.installing(), PATIENCE, "the check of the files")
    yield 1.0
    yield from ui.screenshot("1_faults")
    faults = operators.installation.faults
    ui.check(
        "the broken one is refused with its fault",
        len(faults) == 1 and "text.onnx" in faults[0],
        faults=faults,
    )
    yield from ui.key("RET")
    yield 0.5
    ui.check(
        "the good one is listed",
        set(models.hashes()) - set(shipped) == {"mine"},
        there=sorted(models.hashes()),
    )
    with ui.context("UI"):
        bpy.ops.gancube.remove_model("EXEC_DEFAULT", name="mine")
    ui.check("removed again", models.hashes() == shipped)


def other_copies(folder: Path, path: Path) -> Path:
    """mine.onnx, a shipped generator with a thumbnail of its own, and text.onnx, which is none."""
    thumbnail = __import__(f"{MODULE}.engine.thumbnail", fromlist=["put"])
    folder.mkdir()
    picture = sys.modules[f"{MODULE}.ui.models"].entry("brick-wall").card.thumbnail
    shutil.copy(path, folder / "mine.onnx")
    thumbnail.put(folder / "mine.onnx", base64.b64decode(picture))
    (folder / "text.onnx").write_text("no generator")
    return folder


def save_as_asset(ui):
    with ui.context("WINDOW"):
        bpy.ops.gancube.generate_cube("INVOKE_DEFAULT")
    yield from ui.wait(lambda: cubes() and not session().busy(), PATIENCE, GENERATE)
    bpy.ops.wm.save_as_mainfile(filepath=str(ui.out / "assets.blend"))
    yield 0.5
    before = names()
    probe = ui.probe("save_asset")
    with ui.context("WINDOW"):
        bpy.ops.gancube.save_asset("INVOKE_DEFAULT")
    yield from ui.wait(lambda: marked(), PATIENCE, "the asset")
    ui.end_probe(probe)
    yield 0.7
    ui.check("the cube and six materials", len(marked()) == 7, marked=marked())
    ui.check("each with a picture", all(min(size) >= 128 for size in marked().values()), marked=marked())
    ui.check("nothing else came", names() == before, **added(before, names()))
    ui.check("the catalog lies beside the file", (ui.out / "blender_assets.cats.txt").is_file())
    there = marked()
    yield from ui.over_viewport()
    yield from ui.key("Z", ctrl=True)
    yield from ui.wait(lambda: not marked(), 20, "undo")
    ui.check("one undo takes the marks away, and only them", names() == before)
    yield from ui.key("Z", ctrl=True, shift=True)
    yield from ui.wait(lambda: marked() == there, 20, "redo with the pictures")
    yield from ui.screenshot("2_asset")


def marked() -> dict[str, tuple]:
    """{name: size of the preview} of every asset in the file."""
    blocks = (*bpy.data.objects, *bpy.data.materials)
    return {
        block.name: tuple(block.preview.image_size) if block.preview else (0, 0)
        for block in blocks
        if block.asset_data is not None
    }
