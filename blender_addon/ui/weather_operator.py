"""Weather by Geometry: the selected meshes are baked, painted by a generator that takes their shape, and shown so.
bpy.types only.

Before: transform_panel.py. Next: scene/geometry.py and weather_job.py, then scene/weathered.py.
"""

import tempfile
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..engine.errors import ModelError
from ..scene import geometry, weathered
from . import models, session
from .generation import Generation, show_textures
from .transform_job import TransformWish

kept: dict[str, list[geometry.Geometry]] = {}  # of the latest result, by its key in session.results


def painters() -> list:
    """The library entries that paint a mesh by its shape."""
    return [one for one in models.takers() if one.card.takes_geometry]


class GANCUBE_OT_weather(Generation, bpy.types.Operator):
    bl_idname = "gancube.weather"
    bl_label = "Weather by Geometry"
    bl_description = (
        "Bake the shape of the selected meshes and let the generator paint them by it: edges, hollows, tops. "
        "The meshes and their materials are kept; copies of the materials show the result. Esc cancels"
    )
    bl_options = {"REGISTER", "UNDO"}

    size: bpy.props.IntProperty(
        name="Size",
        description="Width and height of the images of each mesh",
        default=1024,
        min=64,
        max=8192,
        subtype="PIXEL",
        options={"SKIP_SAVE", "HIDDEN"},
    )
    own_uvs: bpy.props.BoolProperty(
        name="Into My UV Map",
        description="Use the mesh's UV map where each of its places has pixels of its own; else a new one is made",
        default=True,
        options={"SKIP_SAVE", "HIDDEN"},
    )

    @classmethod
    def allows(cls, context):
        if not painters():
            cls.poll_message_set("No generator at hand paints meshes by their shape")
        elif not context.selected_objects:
            cls.poll_message_set("Select one or more meshes")
        else:
            return True
        return False

    def entry(self, context):
        """What is chosen in the panel, where it is one of them; else the first of them."""
        able, name = painters(), context.scene.gancube.transform.model
        if not able:
            raise ModelError("no generator at hand paints meshes by their shape. Install one")
        return next((one for one in able if one.name == name), able[0])

    def prepare(self, context):
        settings = context.scene.gancube.transform
        for name in ("size", "own_uvs"):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(settings, name))
        self.chosen = geometry.chosen(list(context.selected_objects))

    def begin(self, context):
        settings, entry = context.scene.gancube.transform, self.entry(context)
        folder = tempfile.TemporaryDirectory(prefix="gancube-", ignore_cleanup_errors=True)
        label = settings.label if settings.label in entry.card.labels else None
        scalars = {"strength": settings.strength} if entry.card.has_strength else {}
        self.title = label.replace("_", " ") if label else entry.name
        self.baked: list[geometry.Geometry] = []
        wish = TransformWish(str(entry.path), (), label, scalars, 0, folder)
        return session.start_weather(wish, self.bake_steps(entry.card.takes, Path(folder.name)))

    def bake_steps(self, maps: tuple[str, ...], folder: Path):
        """One mesh after the other; the sources for the worker."""
        total = len(maps) * len(self.chosen.users)
        for number, uid in enumerate(self.chosen.users):
            steps = geometry.geometry_steps(uid, maps, self.size, folder / str(number), self.own_uvs)
            while True:
                try:
                    done, _ = next(steps)
                except StopIteration as stop:
                    self.baked.append(stop.value)
                    break
                yield number * len(maps) + done, total
        return tuple(geometry.request_fields(one) for one in self.baked)

    def remember(self, context, result) -> None:
        """It is no texture of a seed: nothing for the history."""

    def build(self, context, result):
        if self.result not in kept:  # else it is the redo panel's
            kept.clear()
            kept[self.result] = self.baked
        self.baked = kept[self.result]
        yield
        return [(one.maps, one.recipe) for _, one in sorted(result.textures.items())], result.colorspaces

    def land(self, context, made) -> str:
        results, colorspaces = made
        told = []
        for baked, (maps, recipe) in zip(self.baked, results, strict=True):
            users = self.chosen.users[baked.uid]
            told.append(weathered.weather(baked, users, maps, colorspaces, recipe, self.title))
        show_textures(context)
        for sentence in (*self.chosen.skipped, *(one.note for one in self.baked if one.note)):
            self.report({"WARNING"}, sentence)
        return ". ".join(self.sentence(one) for one in told)

    def sentence(self, one: weathered.Weathered) -> str:
        names = ", ".join(one.names)
        if one.seam is None:
            return rpt("{} weathered, no UV borders").format(names)
        return rpt("{} weathered, seam at UV borders {:.2f} (0 none, 1 unrelated)").format(names, one.seam)


CLASSES = (GANCUBE_OT_weather,)
