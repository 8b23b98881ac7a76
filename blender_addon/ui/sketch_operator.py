"""Follow Sketch: while one paints, a generator makes a texture of it, and the object shows that. bpy.types only.

Before: transform_panel.py. Next: scene/canvas.py, sketch_job.py. Strokes have Blender's own undo steps; following adds
one when it begins and one when it ends. Undone from before it began, it ends.
"""

import contextlib
import time

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..engine.errors import GanCubeError, ModelError, RequestError
from ..scene import canvas
from ..scene.picture_source import check_image
from ..scene.targets import find
from . import icons, models, session
from .generation import show_textures
from .sketch_job import SketchJob
from .ticking import Ticking

LOOK = 0.2  # seconds between two looks at the pixels, at least; and
SHARE = 0.1  # of the time may go into looking, which takes longer at large images


def entry_of(context):
    """The library entry of a generator that takes a single picture: colours, or the lines in them."""
    entry = models.entry(context.scene.gancube.transform.model)
    if entry.card.takes != ("base_color",):
        raise ModelError(f"{entry.name} does not take a picture alone. Choose a generator that does")
    return entry


def draws_lines(card) -> bool:
    return any(one.name == "sketch" for one in card.input("image").picture_maps)


class GANCUBE_OT_follow_sketch(Ticking, bpy.types.Operator):
    bl_idname = "gancube.follow_sketch"
    bl_label = "Follow Sketch"
    bl_description = "Make a texture out of what you paint, after each stroke, and show it. Esc stops"
    bl_options = {"UNDO"}

    image: bpy.props.StringProperty(
        name="Image",
        description="Name of the image that is painted on; where it is empty, the one at hand",
        options={"SKIP_SAVE", "HIDDEN"},
    )

    @classmethod
    def poll(cls, context):
        if session.busy():
            cls.poll_message_set("Generating; Esc cancels")
        elif not models.takers():
            cls.poll_message_set("No generator at hand changes pictures")
        elif context.mode not in ("OBJECT", "PAINT_TEXTURE"):
            cls.poll_message_set("Switch to Object Mode or Texture Paint")
        else:
            return True
        return False

    def launch(self, context) -> None:
        image = bpy.data.images.get(self.image) if self.image else canvas.canvas_of(context)
        if image is None:
            raise RequestError(
                "there is no image to paint on. Open one in the Image Editor, or go to Texture Paint"
            )
        check_image(image)
        entry_of(context)
        item = canvas.shown_on(context)
        self.uid, self.item = image.session_uid, () if item is None else (item.session_uid,)
        self.images, self.next_look = {}, 0.0
        session.start_sketch(image.name)

    def tick(self, context) -> set | None:
        """One look at the canvas and at the worker."""
        job = session.job
        if not isinstance(job, SketchJob):  # the add-on was disabled, or its preferences changed
            return self.end()
        image = canvas.found(self.uid)
        if any(name not in bpy.data.images for name in self.images.values()):
            self.images = {}  # undone from before it began
            return self.end()
        if (began := time.monotonic()) >= self.next_look:
            job.want((canvas.fingerprint(image), *self.wish(context)))
            ended = time.monotonic()
            self.next_look = ended + max(LOOK, (ended - began) / SHARE)
        if job.open:
            paper = draws_lines(entry_of(context).card)
            job.step(lambda file: canvas.fields_of(canvas.found(self.uid), file, paper))
            self.show(context, job)
        return None if job.open else self.end()

    def wish(self, context) -> tuple:
        settings, entry = context.scene.gancube.transform, entry_of(context)
        label = settings.label if settings.label in entry.card.labels else None
        scalars = (("strength", settings.strength),) if entry.card.has_strength else ()
        return str(entry.path), label, scalars

    def show(self, context, job) -> None:
        texture = job.take()
        if texture is None:
            return
        self.latest = texture
        if self.images and canvas.rewrite(self.images, texture.maps, texture.recipe):
            return
        first = not self.images
        self.replace(context, job)
        bpy.ops.ed.undo_push(message=self.bl_label)
        if first:
            show_textures(context)

    def replace(self, context, job) -> None:
        """New images of the latest result, in place of those that were followed with: an undo step brings back no
        earlier pixels of an image that was written over."""
        item, image = next(iter(find(self.item)), None), canvas.found(self.uid)
        texture, spaces = self.latest, job.loaded["colorspaces"]
        self.images = canvas.replace_shown(item, image, self.images, texture.maps, spaces, texture.recipe)
        canvas.keep_painting(context, image)

    def execute(self, context):
        """From a script, and without a window: once."""
        try:
            self.launch(context)
            while (outcome := self.tick(context)) is None and not session.job.settled:
                time.sleep(0.002)
        except GanCubeError as error:
            return self.fail(str(error))
        return outcome or self.end()

    def end(self) -> set:
        return self.fail(session.job.error if isinstance(session.job, SketchJob) else "")

    def fail(self, message: str) -> set:
        """What is shown stays, with an undo step; nothing to say means that the user stopped it."""
        job = session.job if isinstance(session.job, SketchJob) else None
        session.error = message[:1].upper() + message[1:]
        shown = getattr(self, "images", {})
        if job is not None:
            job.cancel()
            if shown:
                with contextlib.suppress(
                    GanCubeError
                ):  # the canvas is gone, or the object: what is there stays
                    self.replace(bpy.context, job)
                session.landed()
                shown = self.images
        if message:
            self.report({"ERROR"}, session.error)
        elif shown:
            self.report({"INFO"}, rpt("{} added").format(", ".join(shown.values())))
        return {"FINISHED"} if shown else {"CANCELLED"}


class GANCUBE_OT_stop_following(bpy.types.Operator):
    bl_idname = "gancube.stop_following"
    bl_label = "Stop Following"
    bl_description = "End Follow Sketch. What is shown stays"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context):
        return following()

    def execute(self, context):
        session.cancel()  # Follow Sketch sees it on its next tick
        return {"FINISHED"}


def following() -> bool:
    return session.busy() and isinstance(session.job, SketchJob)


def draw_picture(layout) -> None:
    """The latest result: Texture Paint in Solid shading shows the canvas alone."""
    icon = icons.icon_id(session.job.icon) if session.job.icon else 0
    if icon:
        layout.template_icon(icon_value=icon, scale=6.0)


def draw(layout) -> None:
    if following():
        layout.operator("gancube.stop_following", text="Stop Following (Esc)", icon="PAUSE")
    else:
        layout.operator("gancube.follow_sketch", icon="GREASEPENCIL")


CLASSES = (GANCUBE_OT_follow_sketch, GANCUBE_OT_stop_following)
