"""Single faces of a cube that is in the scene: re-roll, lock, another seed or label. bpy.types only.

Before: generation.py. Next: scene/faces.py swaps the images. Panel: net_panel.py.
"""

import random
from dataclasses import replace

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..engine.errors import GanCubeError, RequestError
from ..engine.recipe import dumps, loads, merged
from ..engine.seeds import choose, derive, parse_seed
from ..engine.surface_request import FACES, SurfaceRequest
from ..scene import faces
from ..scene.assets import FacePixels
from ..scene.material import strengths
from ..scene.steps import image_steps
from . import models
from .dialog import go_on
from .generation import Generation, show_textures

ALL = -1
FACE_NUMBER = bpy.props.IntProperty(
    name="Face",
    description="Number of the face; -1 means all that are not locked",
    default=ALL,
    min=ALL,
    max=5,
    options={"HIDDEN"},
)
STYLE_SEED = bpy.props.StringProperty(
    name="Style Seed",
    description="The texture that lends its style: a whole number, or any word",
    default="0",
    options={"HIDDEN", "SKIP_SAVE"},
)
STYLE_FROM = bpy.props.IntProperty(
    name="Style From Layer",
    description="First layer that takes the other style: low layers are shape, high ones colour and grain. "
    "From the number of layers on there is none; -1 leaves it as it is",
    default=-1,
    min=-1,
    soft_max=20,
    options={"HIDDEN", "SKIP_SAVE"},
)
SEED = bpy.props.StringProperty(
    name="Seed", description="A whole number, or any word", options={"HIDDEN", "SKIP_SAVE"}
)


def locks(item) -> list[bool]:
    """For each image of the object; only a cube's can be locked."""
    return (
        list(item.gancube_locks) if faces.is_cube(item) else [False] * len(faces.recipe_of(item).face_seeds)
    )


def request_of(recipe) -> SurfaceRequest:
    """What made the object, with the file of its generator; ModelError where that is not here."""
    entry = models.entry_of(recipe.model)
    return recipe.to_request(str(entry.path))


def own_labels(recipe, card) -> tuple:
    """For each face the label that was set for it alone; None where it follows the label (or the choice) of all."""
    labels = []
    for seed, label in zip(recipe.face_seeds, recipe.face_labels, strict=True):
        follows = recipe.label
        if follows is None and card.labels:
            follows = card.labels[choose(seed, len(card.labels))]
        labels.append(None if label == follows else label)
    return tuple(labels)


def own_style(asked: SurfaceRequest, index: int) -> tuple | None:
    """(texture seed, layer) of the style that this face has, its own or that of all; None without."""
    own = asked.face_styles[index] if asked.face_styles else None
    return (asked.style or None) if own is None else own


def with_style(asked: SurfaceRequest, index: int, style: tuple, layers: int) -> SurfaceRequest:
    """The face with this style; it follows that of all where they are the same."""
    styles = list(asked.face_styles or (None,) * asked.count)
    none = 0 < layers <= style[1]
    styles[index] = None if (none and not asked.style) or style == asked.style else style
    return replace(asked, face_styles=tuple(styles))


class FaceGeneration(Generation):
    """New images for some faces of the active cube."""

    @classmethod
    def allows(cls, context):
        if not faces.is_cube(context.active_object):
            cls.poll_message_set("Select a GAN cube")
            return False
        return True

    def prepare(self, context):
        self.uid = context.active_object.session_uid
        self.recipe = faces.recipe_of(context.active_object)
        self.card = models.entry_of(self.recipe.model).card

    def build(self, context, result):
        cube = faces.found(self.uid)
        wanted = {
            f"{cube.name} {FACES[i]}": FacePixels(one.seed, one.label, one.maps)
            for i, one in result.textures.items()
        }
        images = yield from image_steps(wanted, result.colorspaces, result.recipe)
        return dict(zip(result.textures, images.values(), strict=True)), loads(result.recipe)

    def land(self, context, made):
        images, recipe = made
        try:
            cube = faces.found(self.uid)
            present = faces.recipe_of(cube)
            if not faces.is_cube(cube):  # a slot was removed, or it is an earlier moment of the object
                raise RequestError(f"{cube.name} is no GAN cube any more. Undo what was done to it meanwhile")
            # undone meanwhile: the other faces are what their cube says now, not what it said at the click
            text = dumps(merged(present, recipe, images))
            faces.show(cube, images, text)
        except GanCubeError:
            faces.discard(image.name for maps in images.values() for image in maps.values())
            raise
        self.made = replace(self.made, recipe=text)  # what the history keeps
        show_textures(context)
        count = len(images)
        return rpt("New face") if count == 1 else rpt("{} new faces").format(count)


class GANCUBE_OT_reroll(FaceGeneration, bpy.types.Operator):
    bl_idname = "gancube.reroll"
    bl_label = "Re-roll"
    bl_description = "Another image for this face, or for all faces that are not locked"
    bl_options = {"REGISTER", "UNDO"}

    # hidden here and below: Adjust Last Operation has the images of these, and no generator for others
    face: FACE_NUMBER
    seed: bpy.props.StringProperty(
        name="Seed",
        description="Empty: by chance. Several faces get seeds derived from it",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    def wish(self, context):
        held = locks(context.active_object)
        chosen = (self.face,) if self.face != ALL else tuple(i for i in range(6) if not held[i])
        if not chosen:
            raise RequestError("all faces are locked. Unlock one first")
        first = parse_seed(self.seed) if self.seed else random.SystemRandom().getrandbits(63)
        labels = own_labels(self.recipe, self.card)
        seeds, kept = list(self.recipe.face_seeds), list(self.recipe.face_labels)
        for i in chosen:
            seeds[i], kept[i] = first if len(chosen) == 1 else derive(first, i), labels[i]
        return replace(request_of(self.recipe), face_seeds=tuple(seeds), face_labels=tuple(kept)), chosen


class GANCUBE_OT_set_face(FaceGeneration, bpy.types.Operator):
    bl_idname = "gancube.set_face"
    bl_label = "Set Face"
    bl_description = "Give this face the image of a seed, with a label and a style"
    bl_options = {"REGISTER", "UNDO"}

    face: FACE_NUMBER
    seed: SEED
    label: bpy.props.StringProperty(
        name="Label", description="What the face shows; empty: as it is", options={"HIDDEN", "SKIP_SAVE"}
    )
    style_seed: STYLE_SEED
    style_from: STYLE_FROM

    def wish(self, context):
        if not 0 <= self.face < len(FACES):
            raise RequestError(f"face {self.face}: a cube's faces are 0 to 5, in the order {' '.join(FACES)}")
        seeds, labels = list(self.recipe.face_seeds), list(self.recipe.face_labels)
        seeds[self.face] = parse_seed(self.seed)
        labels[self.face] = self.label or labels[self.face]
        changed = replace(request_of(self.recipe), face_seeds=tuple(seeds), face_labels=tuple(labels))
        if self.style_from >= 0:
            layers = models.layers(self.card)
            changed = with_style(changed, self.face, (parse_seed(self.style_seed), self.style_from), layers)
        changed.to_request(self.card)  # an unknown label is said at once
        return changed, (self.face,)


class GANCUBE_OT_edit_face(bpy.types.Operator):
    bl_idname = "gancube.edit_face"
    bl_label = "Edit Face"
    bl_description = "Set the seed, the label and the style of this face"
    bl_options = {"INTERNAL"}

    face: FACE_NUMBER
    seed: SEED
    label: bpy.props.EnumProperty(
        name="Label",
        description="What this face shows",
        items=lambda self, context: models.labels_of(faces.recipe_of(context.active_object)),
        options={"SKIP_SAVE"},
    )
    style_seed: STYLE_SEED
    style_from: STYLE_FROM

    @classmethod
    def poll(cls, context):
        return GANCUBE_OT_set_face.poll(context)

    def invoke(self, context, event):
        recipe = faces.recipe_of(context.active_object)
        self.seed = str(recipe.face_seeds[self.face])
        label = recipe.face_labels[self.face]
        if label in {item[0] for item in models.labels_of(recipe)}:
            self.label = label
        if layers := models.layers(models.entry_of(recipe.model).card):
            seed, self.style_from = own_style(recipe.to_request(), self.face) or (0, layers)
            self.style_seed = str(seed)
        return context.window_manager.invoke_props_dialog(self)

    def draw(self, context):
        self.layout.use_property_split = True
        self.layout.prop(self, "seed")
        if models.labels_of(faces.recipe_of(context.active_object)):
            self.layout.prop(self, "label")
        if self.style_from >= 0:
            self.layout.prop(self, "style_seed")
            self.layout.prop(self, "style_from")

    def execute(self, context):
        chosen = self.label if self.properties.is_property_set("label") else ""
        style = {"style_seed": self.style_seed, "style_from": self.style_from}
        return go_on(self, "set_face", face=self.face, seed=self.seed, label=chosen, **style)


class GANCUBE_OT_copy_strengths(bpy.types.Operator):
    bl_idname = "gancube.copy_strengths"
    bl_label = "Copy to All Faces"
    bl_description = "Give all faces the strengths of the active material's maps"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context):
        if len(faces.parts(context.active_object)) > 1:
            return True
        cls.poll_message_set("Select an object with several generated images")
        return False

    def execute(self, context):
        item = context.active_object
        source = item.active_material
        for material in faces.shown_by(item):
            for map_name in set(strengths(material)) & set(strengths(source)):
                node, socket = strengths(source)[map_name]
                value = source.node_tree.nodes[node].inputs[socket].default_value
                material.node_tree.nodes[node].inputs[socket].default_value = value
        return {"FINISHED"}


CLASSES = (GANCUBE_OT_copy_strengths, GANCUBE_OT_reroll, GANCUBE_OT_set_face, GANCUBE_OT_edit_face)
