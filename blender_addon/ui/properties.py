"""The panel's settings, saved with the scene as `scene.gancube`. bpy.types only."""

import bpy

from . import models


def model_changed(self, context):
    """Labels and sizes are the model's: what the new one does not know is set back."""
    # The stored number, because reading an enum that is none of its items any more prints a warning.
    # Blender 5 keeps it apart from custom properties.
    stored = self.bl_system_properties_get() if hasattr(self, "bl_system_properties_get") else self
    if stored and stored.get("label", 0) not in {item[3] for item in models.label_items(self, context)}:
        self.label = models.MIXED
    size_changed(self, context)


def size_changed(self, context):
    """To the nearest size that the model can make; setting it again ends there, since that one fits."""
    card = models.card(self.model)
    if card is not None and (fitting := models.nearest_size(card, self.size)) != self.size:
        self.size = fitting


class GANCUBE_PG_settings(bpy.types.PropertyGroup):
    model: bpy.props.EnumProperty(
        name="Generator",
        description="The trained generator that draws the faces",
        items=models.model_items,
        update=model_changed,
    )
    label: bpy.props.EnumProperty(name="Label", description="What the faces show", items=models.label_items)
    seed: bpy.props.IntProperty(
        name="Seed",
        description="The same seed gives the same six faces",
        default=1,
        min=0,
    )
    size: bpy.props.IntProperty(
        name="Size",
        description="Width and height of each face's image. More is more texture at the same scale",
        default=256,
        min=1,
        max=8192,
        subtype="PIXEL",
        update=size_changed,
    )
    edge: bpy.props.FloatProperty(
        name="Edge Length", description="Of the cube", default=2.0, min=0.001, soft_max=100.0, unit="LENGTH"
    )
