"""From a dialog to the work. One that has a dialog cannot go on as a modal one: it calls another. bpy only.

Before: the operators that ask. Next: those that work, loop_operator.py and its like.
"""

import bpy


class Asking:
    """Mixed into an operator that asks for some properties of another, which have the same names there: `works` is that
    one's class."""

    works = None

    @classmethod
    def poll(cls, context):
        return cls.works.poll(context)

    def invoke(self, context, event):
        return context.window_manager.invoke_props_dialog(self)

    def execute(self, context):
        name = self.works.bl_idname.partition(".")[2]
        return go_on(self, name, **{one: getattr(self, one) for one in type(self).__annotations__})


def go_on(asking: bpy.types.Operator, name: str, **properties) -> set:
    """Begins the operator gancube.<name>; what it complains about is said by the one that asked."""
    try:
        getattr(bpy.ops.gancube, name)("INVOKE_DEFAULT", **properties)
    except RuntimeError as error:  # Blender makes one of each report, "Error: ..."
        asking.report({"ERROR"}, str(error).removeprefix("Error: ").strip())
        return {"CANCELLED"}
    return {"FINISHED"}
