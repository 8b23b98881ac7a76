"""A small picture of what Transform would make, while its settings change: of a crop of what is shown. bpy.types only.

    a setting changes --changed()--> a timer --tick()--> the worker, one crop at a time, of the newest wish --> panel

Nothing of it is in the scene: no image, no undo step. A job of the buttons goes first. Before: properties.py. Next:
icons.py, drawn by transform_panel.py.
"""

import tempfile
from pathlib import Path

import bpy

from ..engine.errors import GanCubeError
from ..scene import picture_source
from . import icons, models, session
from .job import texture_in
from .preferences import chosen
from .redraw import redraw

SIDE = 128  # pixels of the crop, at most
TICK = 0.03  # seconds between two looks at the worker
LATER = 0.3  # seconds until the next look where a button's job runs


class Preview:
    """`wanted` and `shown` are (generator's file, label, scalars, session_uid of the image)."""

    def __init__(self):
        self.wanted = self.asked = self.shown = None
        self.picture = b""  # of `shown`, as icons.py wants it
        self.folder: tempfile.TemporaryDirectory | None = None
        self.crop: tuple = ()  # (session_uid of the image, the fields of its map)
        self.looked_at = 0  # session_uid of the image in the place where a setting changed last
        self.in_image_editor = False  # that place

    def step(self, client, options: dict, image) -> bool:
        """Takes in what the worker said and asks for the newest wish; True where there is nothing to wait for."""
        for header, blob in client.poll() if self.asked else ():
            self.hear(header, blob)
        if self.asked is None and self.wanted != self.shown:
            self.ask(client, options, image)
        return self.asked is None

    def ask(self, client, options: dict, image) -> None:
        self.asked = self.wanted
        model, label, scalars, uid = self.wanted
        if not self.crop or self.crop[0] != uid or image.is_dirty:  # painted on since
            self.folder = self.folder or tempfile.TemporaryDirectory(
                prefix="gancube-", ignore_cleanup_errors=True
            )
            self.crop = uid, picture_source.crop_of(image, SIDE, Path(self.folder.name) / "crop")
        source = {"name": image.name, "maps": {"base_color": self.crop[1]}, "tiles": False, "icon": True}
        wish = {"model": model, "label": label, "scalars": dict(scalars), "seed": 0, "sources": [source]}
        client.submit({"do": "transform", **wish, **options})

    def hear(self, header: dict, blob: bytes) -> None:
        match header.get("event"):
            case "image":
                self.picture = texture_in(header, blob).icon
            case "done" | "error" | "died" | "cancelled":  # what is wrong, the button says
                self.shown, self.asked = self.asked, None

    def forget(self) -> None:
        if self.folder is not None:
            self.folder.cleanup()
        self.__init__()


preview = Preview()


def changed(self, context) -> None:
    """Of a setting: begins to look, where there is a window to show it in."""
    image = subject(context)
    preview.looked_at = image.session_uid if image is not None else 0
    preview.in_image_editor = in_image_editor(context)
    if not bpy.app.background and not bpy.app.timers.is_registered(tick):
        bpy.app.timers.register(tick, first_interval=TICK)


def tick() -> float | None:
    """Seconds until the next look; None ends it until a setting changes."""
    if session.busy():
        preview.asked = None  # its answer is not heard any more
        return LATER
    try:
        image = next((one for one in bpy.data.images if one.session_uid == preview.looked_at), None)
        preview.wanted = wish(bpy.context.scene.gancube.transform, image)
        if preview.wanted is None:
            return None
        over = preview.step(session.child(chosen()), session.options(), image)
    except GanCubeError:
        return None
    redraw()
    return None if over else TICK


def in_image_editor(context) -> bool:
    return context.space_data is not None and context.space_data.type == "IMAGE_EDITOR"


def subject(context) -> bpy.types.Image | None:
    """The image of an Image Editor; anywhere else the colours of the active material."""
    if in_image_editor(context):
        image = context.space_data.image
        return image if image is not None and image.type in ("IMAGE", "UV_TEST") else None
    item = context.active_object
    material = item.active_material if item is not None and item.type == "MESH" else None
    return picture_source.shown_maps(material).get("base_color", (None,))[0]


def wish(settings, image) -> tuple | None:
    """None where there is nothing to show: no image, or a generator that takes more than colours."""
    card = models.card(settings.model)
    if image is None or card is None or card.takes != ("base_color",):
        return None
    label = settings.label if settings.label in card.labels else None
    scalars = (("strength", settings.strength),) if card.has_strength else ()
    return str(models.entry(settings.model).path), label, scalars, image.session_uid


def draw(layout, context) -> None:
    """Beside the settings: what was asked for last. Another image is looked at only where somebody looked at one."""
    image = subject(context)
    if preview.shown is None or image is None or preview.in_image_editor != in_image_editor(context):
        return
    if preview.shown[3] != image.session_uid:  # what was there stays until then, else the buttons would jump
        changed(None, context)
    icon = icons.icon_id(preview.picture)
    if icon:
        layout.template_icon(icon_value=icon, scale=6.0)


def close() -> None:
    if bpy.app.timers.is_registered(tick):
        bpy.app.timers.unregister(tick)
    preview.forget()
