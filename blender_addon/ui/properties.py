"""The panel's settings, saved with the scene as `scene.gancube`. bpy.types only."""

import bpy

from ..engine.surface_request import SurfaceRequest
from . import models, photo_look, transform_preview
from .kept_recipes import GANCUBE_PG_kept

LARGEST = 2**31 - 1  # of Blender's whole numbers; seeds may be larger
SCALARS = 4  # settings of a generator that the panel can show


def asked(settings, surface: str = "cube", images: int | None = None) -> SurfaceRequest:
    """What the panel says, with the model's file; ModelError where the generator is not there."""
    entry = models.entry(settings.model)
    look = photo_look.look_of(settings, entry)
    if look is not None:
        chosen = {"label": look.label, "latents": look.latents, "scalars": look.scalars}
    else:
        scalars = {one.name: scalar(settings, one) for one in scalar_inputs(entry.card)}
        chosen = {"label": asked_label(settings, entry.card), "scalars": scalars}
    return SurfaceRequest(
        model=str(entry.path),
        seed=seed_of(settings),
        size=settings.size,
        toward=settings.toward,
        walk=settings.walk,
        surface=surface,
        images=images,
        **chosen,
    )


def take(settings, wish: SurfaceRequest) -> None:
    """The panel says what `wish`, made by asked(), was; ModelError where its generator is not there any more."""
    entry = models.entry_at(wish.model)
    settings.model = entry.name
    settings.seed, settings.toward, settings.walk = min(wish.seed, LARGEST), wish.toward, wish.walk
    settings.large_seed = str(wish.seed) if wish.seed > LARGEST else ""
    if not wish.latents:  # else the look brings its own
        (one, _), (other, share) = (*parts_of(wish.label), (models.MIXED, 0.0))[:2]
        settings.label, settings.other_label, settings.label_share = one, other, share
        for name, value in wish.scalars.items():
            settings[f"{entry.name} {name}"] = value


def seed_of(settings) -> int:
    return int(settings.large_seed or settings.seed)


def seed_changed(self, context):
    self.large_seed = ""


def parts_of(label: str | dict | None) -> list[tuple[str, float]]:
    """The labels with their shares, which sum to 1; of none, or one that each image chooses, MIXED."""
    if not isinstance(label, dict):
        return [(label or models.MIXED, 1.0)]
    return [(name, weight / sum(label.values())) for name, weight in label.items()]


def asked_label(settings, card) -> str | dict | None:
    """A name, two names with their weights, or None for each image its own."""
    one, other, share = settings.label, settings.other_label, settings.label_share
    if not card.labels or one == models.MIXED:
        return None
    if share == 0 or other in (models.MIXED, one):
        return one
    return {one: 1 - share, other: share} if share < 1 else other


def scalar_inputs(card) -> list:
    return [one for one in card.inputs if one.kind == "scalar"][:SCALARS] if card is not None else []


def scalar(settings, one) -> float:
    """The value of a scalar input: as it was set for this generator, else the card's default."""
    return settings.get(f"{settings.model} {one.name}", one.default)


def scalar_property(index: int):
    """A slider that means the scalar input `index` of the generator that is chosen."""

    def input_of(self):
        inputs = scalar_inputs(models.card(self.model))
        return inputs[index] if index < len(inputs) else None

    def read(self) -> float:
        one = input_of(self)
        return scalar(self, one) if one is not None else 0.0

    def write(self, value: float) -> None:
        if (one := input_of(self)) is not None:
            self[f"{self.model} {one.name}"] = min(max(value, one.min), one.max)

    return bpy.props.FloatProperty(
        name="Setting",
        description="A setting of this generator",
        soft_min=0.0,
        soft_max=1.0,
        get=read,
        set=write,
    )


def model_changed(self, context):
    """Labels and sizes are the model's: what the new one does not know is set back."""
    # The stored number, because reading an enum that is none of its items any more prints a warning.
    # Blender 5 keeps it apart from custom properties.
    stored = self.bl_system_properties_get() if hasattr(self, "bl_system_properties_get") else self
    known = {item[3] for item in models.label_items(self, context)}
    for name in ("label", "other_label"):
        if stored and stored.get(name, 0) not in known:
            setattr(self, name, models.MIXED)
    size_changed(self, context)


def size_changed(self, context):
    """To the nearest size that the model can make; setting it again ends there, since that one fits."""
    card = models.card(self.model)
    if card is not None and (fitting := models.nearest_size(card, self.size)) != self.size:
        self.size = fitting


# What is a setting here is a slider of the active object too (adjust_panel.py), or in Adjust Last Operation.


def toward(**how):
    return bpy.props.IntProperty(
        name="Second Seed", description="The seed that Variation walks to", min=0, **how
    )


def walk(**how):
    text = "How far the images have walked from the seed to the second seed"
    return bpy.props.FloatProperty(
        name="Variation", description=text, min=0.0, max=1.0, subtype="FACTOR", **how
    )


def label_share(**how):
    text = "Share of the second label"
    return bpy.props.FloatProperty(
        name="Label Mix", description=text, min=0.0, max=1.0, subtype="FACTOR", **how
    )


def width(**how):
    text = "How wide one texture is on the object"
    limits = {"default": 1.0, "min": 0.001, "soft_max": 100.0}
    return bpy.props.FloatProperty(name="Width", description=text, unit="LENGTH", **limits, **how)


def blend(**how):
    text = "How softly the three sides of a box projection run into each other"
    limits = {"default": 0.25, "min": 0.0, "max": 1.0}
    return bpy.props.FloatProperty(name="Blend", description=text, subtype="FACTOR", **limits, **how)


def edge(**how):
    limits = {"default": 2.0, "min": 0.001, "soft_max": 100.0}
    return bpy.props.FloatProperty(
        name="Edge Length", description="Of the cube", unit="LENGTH", **limits, **how
    )


def bevel(**how):
    text = "Width of the cube's rounded edges; 0 leaves them sharp"
    return bpy.props.FloatProperty(
        name="Bevel", description=text, unit="LENGTH", min=0.0, soft_max=1.0, **how
    )


def transform_model_changed(self, context):
    """The label is the generator's: one that the new one does not know is set back to its first."""
    stored = self.bl_system_properties_get() if hasattr(self, "bl_system_properties_get") else self
    items = models.label_items(self, context)
    if stored and stored.get("label", 0) not in {item[3] for item in items}:
        self.label = items[0][0]
    transform_preview.changed(self, context)


class GANCUBE_PG_transform(bpy.types.PropertyGroup):
    """What generators that change a picture are asked for."""

    model: bpy.props.EnumProperty(
        name="Generator",
        description="The trained generator that changes pictures",
        items=models.taker_items,
        update=transform_model_changed,
    )
    label: bpy.props.EnumProperty(
        name="Into",
        description="What the picture becomes",
        items=models.label_items,
        update=transform_preview.changed,
    )
    strength: bpy.props.FloatProperty(
        name="Strength",
        description="How far the picture goes: 0 leaves it as it is",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
        update=transform_preview.changed,
    )
    only_active: bpy.props.BoolProperty(
        name="Active Slot Only",
        description="Change only what the active material slot shows; of a GAN cube that is one face",
    )
    size: bpy.props.IntProperty(
        name="Size",
        description="Width and height of the images of each mesh",
        default=1024,
        min=64,
        max=8192,
        subtype="PIXEL",
    )
    own_uvs: bpy.props.BoolProperty(
        name="Into My UV Map",
        description="Use the mesh's UV map where each of its places has pixels of its own; else a new one is made",
        default=True,
    )


class GANCUBE_PG_settings(bpy.types.PropertyGroup):
    model: bpy.props.EnumProperty(
        name="Generator",
        description="The trained generator that draws the faces",
        items=models.model_items,
        update=model_changed,
    )
    label: bpy.props.EnumProperty(name="Label", description="What the faces show", items=models.label_items)
    other_label: bpy.props.EnumProperty(
        name="Second Label", description="What the label is mixed with", items=models.label_items
    )
    label_share: label_share()
    seed: bpy.props.IntProperty(
        name="Seed",
        description="The same seed gives the same images",
        default=9,
        min=0,
        update=seed_changed,
    )
    large_seed: bpy.props.StringProperty(
        options={"HIDDEN"}
    )  # one that `seed` cannot hold; empty: it is `seed`
    toward: toward(default=2)
    walk: walk()
    scalar_0: scalar_property(0)
    scalar_1: scalar_property(1)
    scalar_2: scalar_property(2)
    scalar_3: scalar_property(3)
    variants: bpy.props.EnumProperty(
        name="Variants",
        description="How many variants the contact sheet shows",
        items=[(str(n), f"{n} Variants", f"Show {n} seeds") for n in (12, 24, 48, 64)],
    )
    kept: bpy.props.CollectionProperty(
        name="History", description="What was made in this file", type=GANCUBE_PG_kept
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
    transform: bpy.props.PointerProperty(
        name="Transform", description="Changing pictures", type=GANCUBE_PG_transform
    )
    look: bpy.props.StringProperty(options={"HIDDEN"})  # JSON of engine/latent_file.py
    look_name: bpy.props.StringProperty(name="Photo", description="What the look was found for")
    surface: bpy.props.EnumProperty(
        name="Mapping",
        description="How textures lie on the selected objects",
        items=(
            ("tile", "Tile", "One texture through the UV map; the mesh is unwrapped only if it has none"),
            ("box", "Box", "One texture projected from three sides; needs no UV map"),
            ("faces", "Faces", "Different images on the polygons, or on the material slots"),
        ),
    )
    each: bpy.props.EnumProperty(
        name="Image per",
        description="What gets an image of its own",
        items=(("polygon", "Polygon", "Each polygon"), ("slot", "Slot", "Each material slot")),
    )
    asset_materials: bpy.props.BoolProperty(
        name="Materials", description="Mark the materials as assets of their own, too", default=True
    )
    width: width()
    blend: blend()
    edge: edge()
    bevel: bevel()
