"""Pictures changed by generators that take one: those of the selected objects, or that of an Image Editor.
bpy.types only.

Before: transform_panel.py. Next: scene/picture_source.py, transform_job.py, then scene/transformed.py.
"""

import tempfile
from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..engine.errors import ModelError, RequestError
from ..scene import picture_source, transformed
from ..scene.images import new_image
from ..scene.material import build_material
from . import models, session
from .generation import Generation, show_textures
from .transform_job import TransformWish

RELIEF = "normal"  # what the generator for maps of a photo must give


class Transformation(Generation):
    """One source for each picture that is changed; nothing of it goes into the history of seeds."""

    @classmethod
    def allows(cls, context):
        if not models.takers():
            cls.poll_message_set("No generator at hand changes pictures")
            return False
        return True

    def entry(self, context):
        entry = models.entry(context.scene.gancube.transform.model)
        if not entry.card.takes_picture:
            raise ModelError(
                f"{entry.name} makes textures out of seeds. Choose a generator that changes pictures"
            )
        return entry

    def label(self, context) -> str | None:
        settings = context.scene.gancube.transform
        return settings.label if settings.label in self.entry(context).card.labels else None

    def prepare(self, context):
        label = self.label(context)
        self.title = label.replace("_", " ") if label else self.entry(context).name

    def pictures(self, context) -> list[tuple[str, dict]]:
        """(name for messages, {map name: image}) of each source."""
        raise NotImplementedError

    def begin(self, context):
        settings, entry = context.scene.gancube.transform, self.entry(context)
        folder = tempfile.TemporaryDirectory(prefix="gancube-", ignore_cleanup_errors=True)
        sources = []
        for number, (name, images) in enumerate(self.pictures(context)):
            maps = {
                key: picture_source.fields_of(image, Path(folder.name) / f"{number}-{key}")
                for key, image in images.items()
            }
            first = images.get("base_color") or next(iter(images.values()))
            sources.append({"name": name, "maps": maps, "recipe": picture_source.recipe_text(first)})
        scalars = {"strength": settings.strength} if entry.card.has_strength else {}
        return session.start_transform(
            TransformWish(str(entry.path), tuple(sources), self.label(context), scalars, 0, folder)
        )

    def remember(self, context, result) -> None:
        pass

    def build(self, context, result):
        yield
        return [(one.maps, one.recipe) for _, one in sorted(result.textures.items())], result.colorspaces


class OnObjects(Transformation):
    only_active: bpy.props.BoolProperty(
        name="Active Slot Only",
        description="Change only what the active material slot shows",
        options={"SKIP_SAVE", "HIDDEN"},
    )

    @classmethod
    def allows(cls, context):
        if not super().allows(context):
            return False
        if not context.selected_objects:
            cls.poll_message_set("Select one or more meshes")
            return False
        return True

    def prepare(self, context):
        super().prepare(context)
        card = self.entry(context).card
        if not self.properties.is_property_set("only_active"):
            self.only_active = context.scene.gancube.transform.only_active
        self.found = transformed.materials_of(
            list(context.selected_objects), set(card.takes), self.only_active
        )

    def pictures(self, context):
        return [(next(iter(images.values())).name, images) for images in self.found.materials.values()]

    def land(self, context, made) -> str:
        results, colorspaces = made
        materials = dict(zip(self.found.materials, results, strict=True))
        names = transformed.put(self.found.uids, materials, colorspaces, self.title)
        show_textures(context)
        for sentence in self.found.skipped:
            self.report({"WARNING"}, sentence)
        one, more = rpt("{} transformed"), rpt("{} objects transformed")
        return one.format(names[0]) if len(names) == 1 else more.format(len(names))


class GANCUBE_OT_transform(OnObjects, bpy.types.Operator):
    bl_idname = "gancube.transform"
    bl_label = "Transform"
    bl_description = "Change the images of the selected objects. The originals are kept. Esc cancels"
    bl_options = {"REGISTER", "UNDO"}


def for_maps():
    """The library entry that makes a normal map out of colours alone; None without."""
    able = [
        one for one in models.takers() if RELIEF in one.card.map_names and one.card.takes == ("base_color",)
    ]
    return able[0] if able else None


class ForMaps:
    """Mixed in where the generator is one for maps, whatever is chosen in the panel."""

    def entry(self, context):
        chosen = models.card(context.scene.gancube.transform.model)
        if chosen is not None and RELIEF in chosen.map_names and chosen.takes == ("base_color",):
            return models.entry(context.scene.gancube.transform.model)
        if (one := for_maps()) is None:
            raise ModelError("no generator at hand makes normal maps out of colours. Install one")
        return one


class GANCUBE_OT_maps_from_photo(ForMaps, OnObjects, bpy.types.Operator):
    bl_idname = "gancube.maps_from_photo"
    bl_label = "Maps from Photo"
    bl_description = "Make normal, height and roughness out of the selected objects' colours, and wire them"
    bl_options = {"REGISTER", "UNDO"}


class OnImage(Transformation):
    image: bpy.props.StringProperty(
        name="Image",
        description="Name of the image; that of the Image Editor where it is empty",
        options={"SKIP_SAVE", "HIDDEN"},
    )

    def prepare(self, context):
        super().prepare(context)
        image = bpy.data.images.get(self.image) if self.image else getattr(context, "edit_image", None)
        if image is None:
            raise RequestError("no image is shown. Open one in the Image Editor")
        picture_source.check_image(image)
        self.uid = image.session_uid
        card = self.entry(context).card
        if len(card.takes) > 1:
            names = ", ".join(card.takes)
            raise RequestError(
                f"{card.name} takes several maps ({names}). Transform an object that shows them"
            )

    def original(self) -> bpy.types.Image:
        for image in bpy.data.images:
            if image.session_uid == self.uid:
                return image
        raise RequestError("the image was removed meanwhile")

    def pictures(self, context):
        return [(self.original().name, {self.entry(context).card.takes[0]: self.original()})]

    def new_images(self, made) -> dict[str, bpy.types.Image]:
        """{map name: new image}; kept in the file though nothing shows them yet."""
        (((maps, recipe),), colorspaces), name = made, self.original().name
        images = {}
        for key, png in maps.items():
            title = f"{name} {self.title}" if key == "base_color" else f"{name} {key}"
            images[key] = new_image(title, png, colorspaces[key], recipe)
            images[key].use_fake_user = True
        return images


class GANCUBE_OT_transform_image(OnImage, bpy.types.Operator):
    bl_idname = "gancube.transform_image"
    bl_label = "Transform Image"
    bl_description = "Make a new image out of the one shown here, which is kept. Esc cancels"
    bl_options = {"REGISTER", "UNDO"}

    def land(self, context, made) -> str:
        images = self.new_images(made)
        first = images.get("base_color") or next(iter(images.values()))
        space = context.space_data
        if getattr(space, "type", "") == "IMAGE_EDITOR" and space.image == self.original():
            space.image = first
        return rpt("{} added").format(", ".join(image.name for image in images.values()))


class GANCUBE_OT_material_from_image(ForMaps, OnImage, bpy.types.Operator):
    bl_idname = "gancube.material_from_image"
    bl_label = "Material from Image"
    bl_description = "Make a material with normal, height and roughness out of the colours shown here"
    bl_options = {"REGISTER", "UNDO"}

    def land(self, context, made) -> str:
        original = self.original()
        images = {"base_color": original} | self.new_images(made)
        for image in images.values():
            image.use_fake_user = image is original and original.use_fake_user
        material = build_material(original.name.rpartition(".")[0] or original.name, images)
        material.use_fake_user = True
        return rpt("Material {} added").format(material.name)


CLASSES = (
    GANCUBE_OT_transform,
    GANCUBE_OT_maps_from_photo,
    GANCUBE_OT_transform_image,
    GANCUBE_OT_material_from_image,
)
