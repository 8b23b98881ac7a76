"""GAN Cubes: cubes whose six faces carry six different images, all drawn from one trained generator.

This file imports nothing until register(), so `blender_addon.engine.card` can be imported where there is
no Blender, no numpy and no onnxruntime. Rooms: ui -> scene -> engine, cli -> scene -> engine.
"""

__version__ = "0.1.0"  # the manifest has the same, held by a test


_commands = []  # handles of `blender --command gancube`


def register():
    import bpy

    from . import ui

    ui.register()
    _commands.append(bpy.utils.register_cli_command("gancube", command))


def unregister():
    import bpy

    from . import ui

    while _commands:
        bpy.utils.unregister_cli_command(_commands.pop())
    ui.unregister()


def command(arguments: list[str]) -> int:
    """`blender --command gancube ...`: the command in Blender's own process, with the onnxruntime that is ours."""
    import sys

    from . import cli
    from .engine.errors import GanCubeError
    from .ui import session

    try:
        folder = session.runtime_folder()
    except GanCubeError as error:
        print(f"gancube: error: {error}", file=sys.stderr)
        return 2
    sys.path.insert(0, str(folder))
    return cli.main(arguments)
