"""From a dialog to the work. One that has a dialog cannot go on as a modal one: it calls another. bpy only.

Before: the operators that ask. Next: those that work, loop_operator.py and its like.
"""

import bpy


def go_on(asking: bpy.types.Operator, name: str, **properties) -> set:
    """Begins the operator gancube.<name>; what it complains about is said by the one that asked."""
    try:
        getattr(bpy.ops.gancube, name)("INVOKE_DEFAULT", **properties)
    except RuntimeError as error:  # Blender makes one of each report, "Error: ..."
        asking.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
        return {"CANCELLED"}
    return {"FINISHED"}
