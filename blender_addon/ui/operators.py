"""The panel's operators for a whole cube. bpy.types only.

Before: properties.py, generation.py. Next: scene/steps.py builds the cube, which lands in the scene of the click
(scene/place.py).
"""

import random

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..scene import place
from ..scene.assets import FacePixels
from ..scene.steps import cube_steps
from . import models, properties, session
from .generation import Generation, show_textures


class CubeGeneration(Generation):
    """A new cube; `wish` says of what."""

    # What the redo panel can do over without the generator.
    edge: properties.edge(options={"SKIP_SAVE"})
    bevel: properties.bevel(options={"SKIP_SAVE"})
    location: bpy.props.FloatVectorProperty(
        name="Location", description="Of the cube's middle", subtype="TRANSLATION", options={"SKIP_SAVE"}
    )

    def prepare(self, context):
        settings = context.scene.gancube
        for name, value in (
            ("edge", settings.edge),
            ("bevel", settings.bevel),
            ("location", context.scene.cursor.location),
        ):
            if not self.properties.is_property_set(name):
                setattr(self, name, value)

    def arrived(self, context, job):
        place.scene_of(self.place)  # removed: nobody waits for the rest

    def build(self, context, result):
        faces = [FacePixels(one.seed, one.label, one.maps) for _, one in sorted(result.textures.items())]
        return cube_steps(faces, result.colorspaces, result.recipe, self.edge, bevel=self.bevel)

    def land(self, context, cube) -> str:
        cube.location = self.location
        scene = place.add(cube, self.place)
        show_textures(context)
        if scene == context.scene:
            return rpt("GAN cube added")
        return rpt("GAN cube added in the scene {}").format(scene.name)


class GANCUBE_OT_generate_cube(CubeGeneration, bpy.types.Operator):
    bl_idname = "gancube.generate_cube"
    bl_label = "Generate Cube"
    bl_description = "Add a cube whose six faces show six different generated images. Esc cancels"
    bl_options = {"REGISTER", "UNDO"}

    def wish(self, context):
        return properties.asked(context.scene.gancube), None


class GANCUBE_OT_cancel(bpy.types.Operator):
    bl_idname = "gancube.cancel"
    bl_label = "Cancel"
    bl_description = "Stop generating. Nothing in the scene changes"

    @classmethod
    def poll(cls, context):
        return session.busy()

    def execute(self, context):
        session.cancel()  # the operator that asked sees it on its next tick
        return {"FINISHED"}


class GANCUBE_OT_random_seed(bpy.types.Operator):
    bl_idname = "gancube.random_seed"
    bl_label = "Random Seed"
    bl_description = "Roll the dice for another seed"
    bl_options = {"UNDO", "INTERNAL"}

    def execute(self, context):
        context.scene.gancube.seed = random.SystemRandom().randrange(2**31)
        return {"FINISHED"}


class GANCUBE_OT_refresh_models(bpy.types.Operator):
    bl_idname = "gancube.refresh_models"
    bl_label = "Refresh"
    bl_description = "Look again for generators in the add-on's folder and in the one set in the preferences"
    bl_options = {"INTERNAL"}

    def execute(self, context):
        models.refresh()
        return {"FINISHED"}


CLASSES = (
    GANCUBE_OT_generate_cube,
    GANCUBE_OT_cancel,
    GANCUBE_OT_random_seed,
    GANCUBE_OT_refresh_models,
)
