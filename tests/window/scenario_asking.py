"""What asks before it works, and what comes in a pop-up: Bake Loop..., and variants from the menu. By driver.py.

A dialog of Blender's is answered by Return; what it begins goes on beside Blender, and Esc is heard.
"""

import bpy
from installed import GENERATE, PATIENCE, TAB, generated, session, settings, without_default_cube


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    without_default_cube()
    settings().size, settings().seed, settings().variants = 64, 20, "12"
    cube = yield from generated(ui, button, "GAN Cube")
    bpy.ops.wm.save_as_mainfile(filepath=str(ui.out / "asking.blend"))
    yield 1.0

    yield from ui.over_viewport()
    with ui.context():
        bpy.ops.gancube.ask_for_loop("INVOKE_DEFAULT", frames=4)
    yield 1.0
    yield from ui.screenshot("dialog")
    ui.check("the dialog asks first", not session().busy())
    yield from ui.key("RET")
    yield from ui.wait(lambda: session().busy(), 20, "the loop")
    yield from ui.wait(lambda: not session().busy(), PATIENCE, "four frames")
    yield 1.0
    nodes = [slot.material.node_tree.nodes.active for slot in cube.material_slots]
    lengths = [node.image_user.frame_duration for node in nodes if node.image.source == "SEQUENCE"]
    ui.check("the loop that was asked for plays", lengths == [4] * 6, lengths=lengths, error=session().error)

    yield from ui.over_viewport()
    with ui.context():
        bpy.ops.gancube.show_variants("INVOKE_DEFAULT", popup=True)
    yield from ui.wait(lambda: not session().busy(), PATIENCE, "twelve variants")
    yield 1.5
    yield from ui.screenshot("popup")
    ui.check("twelve variants", len(session().job.textures) == 12, error=session().error)
    with ui.context():
        ui.check("they can be clicked", bpy.ops.gancube.use_variant.poll())
    yield from ui.key("ESC")
    yield 0.5
    ui.check("Blender goes on", not session().busy() and session().error == "")
