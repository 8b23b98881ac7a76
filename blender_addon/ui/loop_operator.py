"""A walk all the way round, baked to an image sequence that the material plays. bpy.types only.

Frame f of N has walked 4 f / N, so the frame after the last would be the first: the loop has no seam. Before:
generation.py. Next: scene/sequence.py.
"""

from dataclasses import replace
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..engine.errors import RequestError
from ..engine.surface_request import ROUND
from ..scene import faces, sequence
from . import adjust, models
from .dialog import Asking
from .face_operators import request_of
from .generation import Generation, show_textures
from .wrapped_text import filled


def frames(**how):
    limits = {"default": 48, "min": 2, "soft_max": 250, "max": 2000}
    return bpy.props.IntProperty(name="Frames", description="Length of the loop", **limits, **how)


def directory(**how):
    text = "Where a folder with the frames is made; empty: beside the saved file"
    return bpy.props.StringProperty(name="Folder", description=text, subtype="DIR_PATH", **how)


class GANCUBE_OT_bake_loop(Generation, bpy.types.Operator):
    bl_idname = "gancube.bake_loop"
    bl_label = "Bake Loop"
    bl_description = (
        "Animate the active object: images that walk from its seed by way of the second one and back"
    )
    bl_options = {"REGISTER", "UNDO"}

    frames: frames(options={"HIDDEN"})
    directory: directory(options={"HIDDEN", "SKIP_SAVE"})

    writing = None

    @classmethod
    def allows(cls, context):
        if adjust.subject(context) is None:
            cls.poll_message_set("Select an object that GAN Cubes made or textured")
            return False
        return True

    def execute(self, context):
        if (
            self.result
        ):  # Repeat Last: the frames are on the disk, and new ones would hold up Blender for minutes
            return self.fail("press Bake Loop for another one: a loop cannot be repeated")
        return Generation.execute(self, context)

    def prepare(self, context):
        item = context.active_object
        if not self.directory and not bpy.data.filepath:
            raise RequestError("save the file first, or choose a folder: the frames are kept beside it")
        folder = Path(bpy.path.abspath(self.directory or "//gancube_loops"))
        self.uid = item.session_uid
        self.parts = faces.part_names(item)
        name = bpy.path.clean_name(item.name)
        numbers = (n for n in range(1, 10000) if not (folder / f"{name}_{n:03d}").exists())
        self.target = folder / f"{name}_{next(numbers):03d}"

    def wish(self, context):
        recipe = faces.recipe_of(context.active_object)
        card = models.entry_of(recipe.model).card
        if not any(one.kind in ("latent", "field") for one in card.inputs):
            raise RequestError(f"{recipe.model['name']} has nothing that could walk")
        walks = tuple(ROUND * f / self.frames for f in range(self.frames))
        self.writing = sequence.Frames(self.target)
        return replace(request_of(recipe), walk=0.0), tuple(self.parts), walks

    def arrived(self, context, job):
        for index in list(job.textures):
            texture = job.textures.pop(index)
            frame, part = divmod(index, job.asked.count)
            self.writing.add(frame, self.parts[part], texture.maps)

    def given_up(self):
        if self.writing is not None:
            self.writing.discard()
            self.writing = None

    def build(self, context, result):
        item = faces.found(self.uid)  # deleted: the frames go, too
        self.writing.finish()
        text = str(item["gancube"])
        made = {}
        for index, part in self.parts.items():
            made[index] = sequence.load(self.writing, part, f"{item.name} {part}", result.colorspaces, text)
            yield
        return made

    def land(self, context, made):
        item = faces.found(self.uid)
        faces.show(item, made, None)
        for materials in faces.all_parts(item).values():
            for material in materials:
                for _, nodes in faces.image_nodes(material).values():
                    sequence.play(nodes, self.frames, context.scene.frame_start)
        self.writing = None
        show_textures(context)
        return rpt("Loop of {} frames in {}").format(self.frames, self.target.name)


class GANCUBE_OT_ask_for_loop(Asking, bpy.types.Operator):
    bl_idname = "gancube.ask_for_loop"
    bl_label = "Bake Loop..."
    bl_description = "Ask for the length of the loop, and animate the active object"
    bl_options = {"INTERNAL"}

    frames: frames()
    directory: directory()

    works = GANCUBE_OT_bake_loop

    def draw(self, context):
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "frames")
        layout.prop(self, "directory")
        images = self.frames * len(faces.part_names(context.active_object))
        layout.label(text=filled("{} images", images), icon="INFO", translate=False)
        if not bpy.data.filepath and not self.directory:
            layout.label(text="Save the file first, or choose a folder", icon="ERROR")


CLASSES = (GANCUBE_OT_bake_loop, GANCUBE_OT_ask_for_loop)
