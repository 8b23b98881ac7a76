"""Save as Asset: previews step by step, then all marks at once, as one undo step; the catalog beside the file.

Before: the selected objects. Next: scene/asset_mark.py, scene/asset_catalog.py. bpy.types only.
"""

from pathlib import Path

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..engine import asset_catalog
from ..engine.errors import GanCubeError
from ..scene import asset_mark
from . import models, preferences
from .redraw import redraw
from .stepped import Stepped

MOST_ASKED = 200  # selected objects that are looked at to know whether the button is grey
progress: float | None = None  # share of the previews that are there; None while nothing runs
waiting: dict[str, str] = {}  # catalogs of a file that was never saved: UUID -> path


class GANCUBE_OT_save_asset(Stepped, bpy.types.Operator):
    bl_idname = "gancube.save_asset"
    bl_label = "Save as Asset"
    bl_description = (
        "Mark the selected objects with generated faces, and their materials, as assets: with previews, tags, "
        "and the licence of what the generator was trained on. Esc cancels"
    )
    bl_options = {"REGISTER", "UNDO"}

    tick, pause = 0.1, 0.005  # the previews are made by another process
    with_materials: bpy.props.BoolProperty(
        name="Materials",
        description="Mark the materials as assets of their own, too; if not given, as the panel says",
        default=True,
        options={"HIDDEN", "SKIP_SAVE"},  # done over, rendering would hold up Blender
    )

    @classmethod
    def poll(cls, context):
        if progress is not None:
            cls.poll_message_set("Previews are being rendered")
        elif context.mode != "OBJECT":
            cls.poll_message_set("Switch to Object Mode")
        elif not any(asset_mark.has_recipe(item) for item in context.selected_objects[:MOST_ASKED]):
            cls.poll_message_set("Select an object with generated faces")
        else:
            return True
        return False

    def begin(self, context):
        global progress
        progress = 0.0
        if not self.properties.is_property_set("with_materials"):
            self.with_materials = context.scene.gancube.asset_materials
        return begun([item.name for item in chosen_objects(context)], self.with_materials)

    def show(self, context, state):
        global progress
        progress = state
        redraw()

    def ended(self, context):
        global progress
        progress = None

    def done(self, context, marked):
        if not marked:  # deleted or undone meanwhile
            return {"CANCELLED"}
        refresh_browsers()
        text = rpt("{} assets in this file").format(len(marked))
        if not bpy.data.filepath:
            text += ". " + rpt("Save it into an asset library to have them in other files")
        self.report({"INFO"}, text)
        return {"FINISHED"}


def chosen_objects(context) -> list[bpy.types.Object]:
    """The selected objects that carry a recipe and belong to this file."""
    return [item for item in context.selected_objects if item.library is None and asset_mark.recipe_of(item)]


def begun(names: list[str], with_materials: bool):
    """The steps of the work; a catalog that cannot be written is an error of the first one."""
    choice = preferences.chosen()
    catalog = catalog_of(choice.asset_catalog)
    steps = asset_mark.asset_steps(names, card_of, catalog, choice.asset_author, with_materials)
    return (yield from steps)


def card_of(recipe: dict):
    entry = models.of_recipe(recipe)
    return entry.card if entry is not None else None


def catalog_of(text: str) -> str:
    """The UUID of the catalog, in the catalog file of this .blend's library or folder; noted until there is one."""
    path = asset_catalog.clean_path(text) or "GAN Cubes"
    if bpy.data.filepath:
        return asset_catalog.ensure(catalog_folder(), path)
    made = asset_catalog.new_uuid(path)
    waiting[made] = path
    return made


def catalog_folder() -> Path:
    libraries = bpy.context.preferences.filepaths.asset_libraries
    return asset_catalog.root_of(Path(bpy.data.filepath), [Path(one.path) for one in libraries if one.path])


@bpy.app.handlers.persistent
def on_save(*_):
    """A file with assets of ours got its first folder: the catalogs go beside it."""
    blocks = (*bpy.data.objects, *bpy.data.materials) if waiting and bpy.data.filepath else ()
    used = {block.asset_data.catalog_id for block in blocks if block.asset_data is not None}
    for catalog in used & set(waiting):
        try:
            asset_catalog.ensure(catalog_folder(), waiting.pop(catalog))
        except GanCubeError as error:
            print(f"gancube: {error}")  # saving itself went well, and there is no operator to report it


def refresh_browsers() -> None:
    """Asset Browsers that are open read the catalogs anew; else a new one appears on the next start."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "FILE_BROWSER" and area.ui_type == "ASSETS":
                with bpy.context.temp_override(window=window, area=area, region=area.regions[-1]):
                    if bpy.ops.asset.library_refresh.poll():
                        bpy.ops.asset.library_refresh()


class GANCUBE_PT_asset(bpy.types.Panel):
    bl_label = "Asset"
    bl_idname = "GANCUBE_PT_asset"
    bl_parent_id = "GANCUBE_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        column = self.layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        if (prefs := preferences.stored()) is not None:
            column.prop(prefs, "asset_catalog", text="Catalog")
            column.prop(prefs, "asset_author", text="Author")
        column.prop(context.scene.gancube, "asset_materials")
        if progress is not None:
            self.layout.progress(factor=progress, text="Rendering previews; Esc cancels")
        else:
            self.layout.operator("gancube.save_asset", icon="ASSET_MANAGER")


def register() -> None:
    bpy.app.handlers.save_post.append(on_save)


def unregister() -> None:
    global progress
    progress = None
    waiting.clear()
    bpy.app.handlers.save_post.remove(on_save)


CLASSES = (GANCUBE_OT_save_asset, GANCUBE_PT_asset)
