"""The contact sheet: many seeds side by side, to click on. bpy.types only; drawing reads memory only.

Variant k of the sheet is what the panel would make with the seed plus k; it shows the first face. The pictures live
as long as Blender runs. Before: generation.py. Next: adjust.py puts a variant on the active cube, kept.py keeps one.
"""

from dataclasses import dataclass, replace

import bpy
from bpy.app.translations import pgettext_rpt as rpt

from ..engine.errors import GanCubeError
from ..engine.recipe import dumps, loads
from ..engine.seeds import MASK, derive
from ..engine.surface_request import FACES, SurfaceRequest, resolve_label
from . import adjust, icons, models, properties, session
from . import kept_recipes as kept
from .generation import Generation
from .job import Job

SIZE = 256  # pixels of a variant, or what the model can make that is nearest
COLUMNS = 4


@dataclass(frozen=True)
class Sheet:
    """`seeds` of the variants; their textures arrive in `job`. `look` and `look_name`: the scene's, at that time."""

    seeds: tuple[int, ...]
    wish: SurfaceRequest
    job: Job
    look: str = ""
    look_name: str = ""


sheet: Sheet | None = None


class GANCUBE_OT_show_variants(Generation, bpy.types.Operator):
    bl_idname = "gancube.show_variants"
    bl_label = "Show Variants"
    bl_description = "Draw the seeds that come next as small pictures, to choose from. Esc stops"
    bl_options = {"INTERNAL"}

    popup: bpy.props.BoolProperty(
        name="Pop-up",
        description="Show them under the mouse when they are there",
        options={"HIDDEN", "SKIP_SAVE"},
    )

    def wish(self, context):
        settings = context.scene.gancube
        count = int(settings.variants)
        seeds = tuple((properties.seed_of(settings) + k) & MASK for k in range(count))
        wish = properties.asked(settings, surface="faces", images=count)
        card = models.card(settings.model)
        self.seeds = seeds
        return replace(
            wish,
            face_seeds=tuple(derive(seed, 0) for seed in seeds),
            sheet=True,
            size=models.nearest_size(card, min(SIZE, settings.size)),
        ), None

    def started(self, context):
        global sheet
        settings = context.scene.gancube
        sheet = Sheet(self.seeds, session.job.asked, session.job, settings.look, settings.look_name)

    def build(self, context, result):
        return None
        yield  # nothing is built: a generator all the same

    def land(self, context, made):
        return rpt("{} variants").format(len(self.seeds))

    def finish(self, context, made):
        outcome = Generation.finish(self, context, made)
        if self.popup and outcome == {"FINISHED"} and not bpy.app.background:
            bpy.ops.gancube.pick_variant("INVOKE_DEFAULT")  # only now: while the job is open, all is grey
        return outcome


class GANCUBE_OT_use_variant(bpy.types.Operator):
    bl_idname = "gancube.use_variant"
    bl_label = "Use This Variant"
    bl_description = (
        "Take this look: for the active object's faces that are not locked, and for the next cube"
    )
    bl_options = {"UNDO", "INTERNAL"}

    index: bpy.props.IntProperty(name="Variant", description="Number on the sheet, from 0", min=0)

    @classmethod
    def poll(cls, context):
        if sheet is None:
            cls.poll_message_set("Show variants first")
        elif session.busy():
            cls.poll_message_set("Generating; Esc cancels")
        elif context.mode != "OBJECT":
            cls.poll_message_set("Switch to Object Mode")
        else:
            return True
        return False

    @classmethod
    def description(cls, context, properties):
        return seed_and(properties.index, rpt(cls.bl_description))

    def execute(self, context):
        if self.index >= len(sheet.seeds):
            return {"CANCELLED"}
        wish = replace(sheet.wish, seed=sheet.seeds[self.index])
        try:
            if adjust.subject(context) is not None:
                adjust.adopt(context, wish)
            properties.take(context.scene.gancube, wish)
        except GanCubeError as error:
            self.report({"ERROR"}, str(error)[:1].upper() + str(error)[1:])
            return {"CANCELLED"}
        context.scene.gancube.look, context.scene.gancube.look_name = sheet.look, sheet.look_name
        return {"FINISHED"}


class GANCUBE_OT_star_variant(bpy.types.Operator):
    bl_idname = "gancube.star_variant"
    bl_label = "Keep This Variant"
    bl_description = "Add this variant to the favourites in the history"
    bl_options = {"UNDO", "INTERNAL"}

    index: bpy.props.IntProperty(name="Variant", description="Number on the sheet, from 0", min=0)

    @classmethod
    def poll(cls, context):
        if sheet is None:
            cls.poll_message_set("Show variants first")
        elif not sheet.job.recipe:
            cls.poll_message_set("Wait until all variants are there")
        else:
            return True
        return False

    @classmethod
    def description(cls, context, properties):
        return seed_and(properties.index, rpt(cls.bl_description))

    def execute(self, context):
        texture = sheet.job.textures.get(self.index)
        if texture is None:
            return {"CANCELLED"}
        kept.add(context.scene, cube_recipe(sheet, self.index), texture.icon, starred=True)
        return {"FINISHED"}


def seed_and(index: int, text: str) -> str:
    """A tooltip: cells are narrow, and seeds may be long."""
    known = sheet is not None and 0 <= index < len(sheet.seeds)
    return rpt("Seed {}. {}").format(sheet.seeds[index], text) if known else text


class GANCUBE_OT_pick_variant(bpy.types.Operator):
    bl_idname = "gancube.pick_variant"
    bl_label = "Variants"
    bl_description = "Choose one of the variants that were drawn"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context):
        if sheet is None:
            cls.poll_message_set("Show variants first")
        return sheet is not None

    def invoke(self, context, event):
        return context.window_manager.invoke_popup(self, width=110 * COLUMNS)

    def draw(self, context):
        if sheet is not None:
            draw_sheet(self.layout, context, scale=5.0)

    def execute(self, context):
        return {"FINISHED"}


def cube_recipe(shown: Sheet, index: int) -> str:
    """The recipe of the whole cube of which the sheet shows the first face."""
    recipe = loads(shown.job.recipe)
    card = models.entry_of(recipe.model).card
    seeds = tuple(derive(shown.seeds[index], i) for i in range(len(FACES)))
    labels = tuple(resolve_label(card, seed, recipe.label) for seed in seeds)
    made = replace(recipe, kind="cube", seed=shown.seeds[index], face_seeds=seeds, face_labels=labels)
    return dumps(made)


class GANCUBE_PT_variants(bpy.types.Panel):
    bl_label = "Variants"
    bl_idname = "GANCUBE_PT_variants"
    bl_parent_id = "GANCUBE_PT_main"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "GAN Cubes"
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context):
        layout = self.layout
        row = layout.row(align=True)
        row.prop(context.scene.gancube, "variants", text="")
        row.operator("gancube.show_variants", icon="IMGDISPLAY")
        if sheet is not None:
            draw_sheet(layout, context, scale=3.0)


def draw_sheet(layout, context, scale: float) -> None:
    current = adjust.current(context) if adjust.subject(context) else None
    now = current.seed if current is not None else properties.seed_of(context.scene.gancube)
    grid = layout.grid_flow(row_major=True, columns=COLUMNS, even_columns=True, align=True)
    for index, seed in enumerate(sheet.seeds):
        texture = sheet.job.textures.get(index)
        cell = grid.column(align=True)
        if texture is None:
            cell.label(text="", icon="TIME")
            continue
        cell.template_icon(icon_value=icons.icon_id(texture.icon), scale=scale)
        mark = "CHECKBOX_HLT" if seed == now else "CHECKBOX_DEHLT"
        cell.operator("gancube.use_variant", text=str(seed), icon=mark).index = index
        cell.operator("gancube.star_variant", text="", icon="SOLO_OFF").index = index


def forget() -> None:
    global sheet
    sheet = None


CLASSES = (
    GANCUBE_OT_show_variants,
    GANCUBE_OT_use_variant,
    GANCUBE_OT_star_variant,
    GANCUBE_OT_pick_variant,
    GANCUBE_PT_variants,
)
