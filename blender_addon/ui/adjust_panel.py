"""The sliders of the active object. bpy.types only; drawing reads memory only.

They hold no values of their own: they show what the object's recipe says, so undo, another object and another file
need no looking after. They live in the window manager, where a drag pushes no undo step; adjust.py pushes the one.
"""

import bpy

from ..scene import faces
from ..scene.material import strengths
from ..scene.transformed import is_transformed
from . import models, properties, session
from .adjust import card_of, change, current, subject
from .face_operators import locks
from .live_job import LiveJob
from .properties import LARGEST, SCALARS, scalar_inputs
from .wrapped_text import sidebar_width, wrapped

TRANSFORMED = "Transformed since it was generated. A slider generates it again: Transform it once more then"


def _number(name: str, most: float = LARGEST):
    return {
        "get": lambda self: min(getattr(current(bpy.context), name), most),
        "set": lambda self, value: change(bpy.context, **{name: value}),
    }


def _mixture(context) -> tuple[str, str, float]:
    """(label, second label, its share) as the sliders show them."""
    label = current(context).label
    if label is None:
        return models.MIXED, models.MIXED, 0.0
    if isinstance(label, str):
        return label, models.MIXED, 0.0
    (one, first), *rest = label.items()
    other, second = rest[0] if rest else (models.MIXED, 0.0)
    return one, other, second / (first + second)


def _set_mixture(part: int, value) -> None:
    one, other, share = (*_mixture(bpy.context)[:part], value, *_mixture(bpy.context)[part + 1 :])
    if one == models.MIXED:
        label = None
    elif other in (models.MIXED, one):
        label = one
    else:
        label = {one: 1 - share, other: share}
    change(bpy.context, label=label)


def label_items(self, context) -> list[tuple]:
    return models.items_of(faces.recipe_of(context.active_object))


def _label(part: int):
    def read(self) -> int:
        name = _mixture(bpy.context)[part]
        return next((i[3] for i in label_items(self, bpy.context) if i[0] == name), 0)

    def write(self, value: int) -> None:
        _set_mixture(part, next(i[0] for i in label_items(self, bpy.context) if i[3] == value))

    return {"get": read, "set": write}


def _scalar(index: int):
    def read(self) -> float:
        inputs = scalar_inputs(card_of(bpy.context))
        if index >= len(inputs):
            return 0.0
        return current(bpy.context).scalars.get(inputs[index].name, inputs[index].default)

    def write(self, value: float) -> None:
        one = scalar_inputs(card_of(bpy.context))[index]
        change(bpy.context, scalars={one.name: min(max(value, one.min), one.max)})

    return bpy.props.FloatProperty(
        name="Setting",
        description="A setting of the generator",
        soft_min=0.0,
        soft_max=1.0,
        get=read,
        set=write,
    )


def _style(part: int):
    """Of (seed, first layer); no style is (0, all layers): from the last one on there is nothing."""

    def layers() -> int:
        return models.layers(card_of(bpy.context))

    def both() -> tuple:
        return current(bpy.context).style or (0, layers())

    def read(self) -> int:
        return min(both()[part], LARGEST)

    def write(self, value: int) -> None:
        style = (*both()[:part], value, *both()[part + 1 :])
        change(bpy.context, style=style if style[1] < layers() else ())

    return {"get": read, "set": write}


class GANCUBE_PG_adjust(bpy.types.PropertyGroup):
    seed: bpy.props.IntProperty(
        name="Seed", description="Of the faces that are not locked", min=0, **_number("seed")
    )
    walk: properties.walk(**_number("walk", 1.0))
    toward: properties.toward(**_number("toward"))
    label: bpy.props.EnumProperty(
        name="Label", description="Of the faces that are not locked", items=label_items, **_label(0)
    )
    other_label: bpy.props.EnumProperty(
        name="Second Label", description="What the label is mixed with", items=label_items, **_label(1)
    )
    label_share: properties.label_share(
        get=lambda self: _mixture(bpy.context)[2], set=lambda self, value: _set_mixture(2, value)
    )
    style_seed: bpy.props.IntProperty(
        name="Style Seed", description="The texture that lends its style", min=0, **_style(0)
    )
    style_from: bpy.props.IntProperty(
        name="Style From Layer",
        description="First layer that takes the other style: low layers are shape, high ones colour and grain",
        min=0,
        soft_max=20,
        **_style(1),
    )
    scalar_0: _scalar(0)
    scalar_1: _scalar(1)
    scalar_2: _scalar(2)
    scalar_3: _scalar(3)


class GANCUBE_PT_adjust(bpy.types.Panel):
    bl_label = "Adjust"
    bl_idname = "GANCUBE_PT_adjust"
    bl_parent_id = "GANCUBE_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"

    @classmethod
    def poll(cls, context):
        return subject(context) is not None

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        values = context.window_manager.gancube_adjust
        layout.enabled = context.mode == "OBJECT" and (not session.busy() or isinstance(session.job, LiveJob))
        if context.mode != "OBJECT":
            layout.label(text="Switch to Object Mode", icon="INFO")
        elif all(locks(context.active_object)):
            layout.label(text="All faces are locked", icon="LOCKED")
            layout.enabled = False
        card = card_of(context)
        if is_transformed(context.active_object):
            wrapped(layout, TRANSFORMED, "INFO", sidebar_width(context))
        layout.prop(values, "seed")
        layout.prop(values, "walk")
        layout.prop(values, "toward")
        if card.labels:
            layout.prop(values, "label")
            if values.label != models.MIXED:
                layout.prop(values, "other_label")
                if values.other_label != models.MIXED:
                    layout.prop(values, "label_share")
        if models.layers(card):
            layout.prop(values, "style_seed")
            layout.prop(values, "style_from")
        for index, one in enumerate(scalar_inputs(card)):
            layout.prop(values, f"scalar_{index}", text=models.scalar_name(one), slider=True)
        draw_strengths(layout, context.active_object)
        layout.operator("gancube.ask_for_loop", icon="FILE_MOVIE")


def draw_strengths(layout, item) -> None:
    """Of the active material: numbers in its nodes, so Blender itself shows, animates and undoes them."""
    material = item.active_material
    for map_name, (node, socket) in strengths(material).items():
        layout.prop(
            material.node_tree.nodes[node].inputs[socket], "default_value", text=map_name.capitalize()
        )
    if strengths(material) and len(faces.parts(item)) > 1:
        layout.operator("gancube.copy_strengths", icon="COPYDOWN")


assert SCALARS == 4, "one slider for each"
CLASSES = (GANCUBE_PG_adjust, GANCUBE_PT_adjust)
