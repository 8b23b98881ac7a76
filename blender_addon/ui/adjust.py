"""Changing what the active object shows while a slider is dragged. bpy.types only.

Before: adjust_panel.py (the sliders), changed_request.py, live_job.py. Next: scene/faces.py shows each image.
"""

import contextlib
import time
from dataclasses import replace
from functools import lru_cache

import bpy

from ..engine.errors import GanCubeError, RequestError
from ..engine.recipe import loads
from ..engine.surface_request import SurfaceRequest
from ..scene import faces, stand_ins
from ..scene.images import new_image, purge
from . import kept_recipes, models, session
from .changed_request import changed
from .face_operators import locks
from .live_job import LiveJob
from .preferences import chosen
from .redraw import redraw
from .ticking import TICK

PREVIEW_FROM = (
    512  # pixels: below, whole images follow well enough, and a preview of a quarter would be coarse
)
REST = 1.0  # seconds without a change after which a change is over that was typed, scrolled or clicked
pending: list[
    SurfaceRequest
] = []  # what the operator is called for: its properties can hold plain values only


@lru_cache(maxsize=8)
def _request(text: str) -> tuple:
    recipe = loads(text)
    return recipe, recipe.to_request("")


def subject(context):
    """The object that the sliders change; None where there is none, or its generator is not here."""
    item = context.active_object
    return item if faces.parts(item) and models.is_here(faces.recipe_of(item)) else None


def current(context) -> SurfaceRequest:
    if isinstance(session.job, LiveJob) and session.job.open:
        return session.job.wanted
    item = subject(context)
    return _request(item["gancube"])[1] if item is not None else SurfaceRequest("")


def card_of(context):
    item = subject(context)
    return models.entry_of(faces.recipe_of(item).model).card if item is not None else None


def change(context, **wish) -> None:
    """What a slider was set to. The first change of a drag starts the operator."""
    item = subject(context)
    if item is None or all(locks(item)) or (session.busy() and not isinstance(session.job, LiveJob)):
        return
    entry = models.entry_of(faces.recipe_of(item).model)
    asked = changed(replace(current(context), model=str(entry.path)), item, entry.card, wish)
    if session.busy():
        session.job.want(asked, has_previews(asked, entry))
        return
    pending[:] = [asked]
    bpy.ops.gancube.adjust("EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT")


def has_previews(asked: SurfaceRequest, entry) -> bool:
    """`entry`: the generator of what is shown. Another one's first images are whole: its materials are made of them."""
    preview, size = entry.card.preview, asked.size or entry.card.default_size
    return preview is not None and size >= PREVIEW_FROM and asked.model == str(entry.path)


def adopt(context, wish: SurfaceRequest) -> None:
    """The object shows what `wish` says, with its generator, at its own size; as change()."""
    entry, have = models.entry_at(wish.model), current(context)
    here = models.entry_of(faces.recipe_of(subject(context)).model)
    if any(locks(subject(context))) and (entry.sha256, wish.latents) != (here.sha256, have.latents):
        raise RequestError("a locked face cannot stay beside another generator or photo. Unlock it first")
    if (
        entry.sha256 != here.sha256
        and have.surface != "faces"
        and not entry.card.tileable
        and not is_cube(context)
    ):
        raise RequestError(f"{entry.name} draws whole pictures that do not tile")
    size = models.nearest_size(entry.card, have.size)
    keys = ("seed", "label", "walk", "toward", "scalars", "latents")
    change(context, model=str(entry.path), size=size, style=(), **{key: getattr(wish, key) for key in keys})


def is_cube(context) -> bool:
    return faces.is_cube(subject(context))


class GANCUBE_OT_adjust(bpy.types.Operator):
    bl_idname = "gancube.adjust"
    bl_label = "Adjust Texture"
    bl_description = "Make what the active object shows anew while a slider is dragged"
    bl_options = {"UNDO", "INTERNAL"}

    @classmethod
    def poll(cls, context):
        return context.mode == "OBJECT" and subject(context) is not None and not session.busy()

    def begin(self, context) -> LiveJob:
        item = subject(context)
        recipe = faces.recipe_of(item)
        view = getattr(context.region_data, "view_matrix", None)
        self.names = faces.part_names(item)
        order, in_view = tuple(self.names), 3
        if view is not None and faces.is_cube(item):
            order, in_view = faces.facing(item, view.inverted().translation)
        held = locks(item)
        in_view = sum(not held[i] for i in order[:in_view])
        order = tuple(i for i in order if not held[i])
        self.uid, self.before, self.recipe = item.session_uid, faces.Before.of(item), str(item["gancube"])
        self.materials = set(bpy.data.materials.keys())
        self.tried: dict[int, dict[str, int]] = {}  # by number: the images shown, {name: session_uid}
        self.originals = {
            number: {name: image.name for name, image in faces.images_of(item, number).items()}
            for number in self.names
        }
        wanted, entry = pending.pop(), models.entry_of(recipe.model)
        have = replace(recipe.to_request(), model=str(entry.path))
        self.given_up = False
        job = session.start_live(have, order, in_view)
        stand_ins.trying[:] = [self.put_back]
        job.want(wanted, has_previews(wanted, entry))
        return job

    def show(self) -> None:
        """Images that have come: on the object, in place of those tried before them."""
        job = session.job
        for index, texture in job.take().items():
            item = self.unchanged()
            images = {
                key: new_image(
                    f"{item.name} {self.names[index]} {key}", png, job.loaded["colorspaces"][key], self.recipe
                )
                for key, png in texture.maps.items()
            }
            old = self.tried.get(index, {})
            new = {image.name: image.session_uid for image in images.values()}
            self.tried[index] = old | new
            if texture.preview:
                stand_ins.mark(images, self.originals[index])
                images = faces.images_of(item, index) | images  # maps that a preview lacks stay
            faces.show(item, {index: images}, None)
            faces.discard(old)
            self.tried[index] = {name: uid for name, uid in old.items() if name in bpy.data.images} | new
            self.icon = texture.icon

    def undone(self, item) -> bool:
        """Undo brings the object of an earlier moment, and takes away images that were tried after it."""
        there = {image.name: image.session_uid for image in bpy.data.images}
        tried = [pair for names in self.tried.values() for pair in names.items()]
        gone = item["gancube"] != self.recipe or any(there.get(name) != uid for name, uid in tried)
        return self.given_up or gone

    def put_back(self) -> None:
        """Undo or redo is about to happen."""
        with contextlib.suppress(GanCubeError):
            self.before.restore(self.unchanged())
        self.given_up = True

    def unchanged(self):
        """The object; RequestError where it is gone or another by now."""
        item = faces.found(self.uid)
        if "gancube" not in item or self.undone(item):
            raise RequestError("the change was given up, since something was undone meanwhile. Make it again")
        return item

    def land(self) -> set:
        job = session.job
        if job.recipe_of is None:  # back where it began
            stand_ins.trying.clear()
            session.cancel()
            return {"CANCELLED"}
        faces.show(self.unchanged(), {}, job.recipe)
        stand_ins.trying.clear()
        for names in self.tried.values():
            for name in names:
                bpy.data.images[name]["gancube"] = job.recipe
        session.landed()
        purge(chosen().cache_limit * 2**20)
        kept_recipes.add(bpy.context.scene, job.recipe, self.icon)
        return {"FINISHED"}

    def undo_all(self) -> None:
        with contextlib.suppress(GanCubeError):  # it may be gone, or undo has brought back what was before
            self.before.restore(self.unchanged())
            faces.discard_materials(self.materials)
        there = {image.name: image.session_uid for image in bpy.data.images}
        for names in self.tried.values():
            faces.discard(name for name, uid in names.items() if there.get(name) == uid)

    def execute(self, context):
        try:
            job = self.begin(context)
            job.released = True
            while job.open and not job.settled:
                job.step()
                self.show()
                time.sleep(0.002)
            return self.land() if job.open else self.fail(job.error)
        except GanCubeError as error:
            return self.fail(str(error))

    def invoke(self, context, event):
        try:
            self.begin(context)
        except GanCubeError as error:
            return self.fail(str(error))
        # Blender keeps the latest button here while the mouse moves. A slider held still is no drag that is over.
        self.held = (event.type, event.value) == ("LEFTMOUSE", "PRESS")
        self.released = False
        self.timer = context.window_manager.event_timer_add(TICK / 2, window=context.window)
        context.window_manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        escaped = event.type == "ESC" and event.value == "PRESS"
        if escaped:
            session.cancel()
        elif event.type in {"LEFTMOUSE", "RET", "NUMPAD_ENTER"} and event.value == "RELEASE":
            self.released = True
        elif event.value == "PRESS":
            self.held = False  # the drag is over or given up, whether the button's release comes or not
        if event.type != "TIMER" and not escaped:
            return {"PASS_THROUGH"}
        # at Esc at once: the slider sees Esc next and sets itself back, which begins another change
        try:
            outcome = self.tick(context)
        except Exception:  # a mistake of ours: Blender shows it, and the panel must not stay grey
            self.cancel(context)
            raise
        if outcome is not None:
            context.window_manager.event_timer_remove(self.timer)
            redraw()
        return (outcome or set()) | {"PASS_THROUGH"}

    def tick(self, context) -> set | None:
        job = session.job
        if not isinstance(job, LiveJob):  # the add-on was disabled, or its preferences changed
            return self.fail("")
        try:
            job.released = self.released
            job.step()
            self.show()
            if not job.open:
                return self.fail(job.error)
            over = self.released or (not self.held and time.monotonic() - job.moved > REST)
            if over and job.settled:
                return self.land()
        except GanCubeError as error:
            return self.fail(str(error))
        redraw()
        return None

    def cancel(self, context):
        """Blender calls it when another file is opened meanwhile."""
        stand_ins.trying.clear()
        session.cancel()
        context.window_manager.event_timer_remove(self.timer)

    def fail(self, message: str) -> set:
        stand_ins.trying.clear()
        session.cancel()
        session.error = message[:1].upper() + message[1:]
        if hasattr(self, "before"):
            self.undo_all()
        if message:
            self.report({"ERROR"}, session.error)
        return {"CANCELLED"}


CLASSES = (GANCUBE_OT_adjust,)
