"""Every panel, menu and dialog draws: with a layout that takes what Blender's takes, and refuses what it would."""

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon import ui  # noqa: E402
from blender_addon.ui import variants  # noqa: E402
from tests.ui.panel import generate  # noqa: E402

ICONS = set(bpy.types.UILayout.bl_rna.functions["label"].parameters["icon"].enum_items.keys())


class Layout:
    """Says what was drawn in `drawn`; an unknown property, operator or icon is an error."""

    def __init__(self, drawn):
        self.__dict__["drawn"] = drawn

    def __setattr__(self, name, value):
        assert name in bpy.types.UILayout.bl_rna.properties, name

    def part(self, *_, **__):
        return Layout(self.drawn)

    row = column = box = split = grid_flow = column_flow = part

    def prop(self, data, name, icon="NONE", **_):
        assert name in data.bl_rna.properties and icon in ICONS, name
        self.drawn.append(name)

    def prop_enum(self, data, name, value, **_):
        self.prop(data, name)

    def operator(self, name, icon="NONE", **_):
        assert icon in ICONS, icon
        room, _, word = name.partition(".")
        known = getattr(getattr(bpy.ops, room), word).get_rna_type()  # KeyError: there is no such operator
        self.drawn.append(name)
        return Chosen(known)

    def label(self, text="", icon="NONE", **_):
        assert isinstance(text, str) and icon in ICONS
        self.drawn.append(text)

    def menu(self, name, **_):
        self.drawn.append(name)

    def progress(self, factor=0.0, text="", **_):
        assert 0 <= factor <= 1

    def template_icon(self, icon_value=0, scale=1.0):
        assert isinstance(icon_value, int)

    def separator(self, **_):
        pass

    def template_ID(self, *_, **__):
        pass


class Chosen:
    """An operator's properties, as a button sets them."""

    def __init__(self, known):
        self.__dict__["known"] = known

    def __setattr__(self, name, value):
        assert name in self.known.properties, name


class Context:
    """The real one, with a sidebar."""

    class region:
        width = 280

    class preferences:
        class system:
            ui_scale = 1.0  # 0 without a window

    def __getattr__(self, name):
        return getattr(bpy.context, name, None)  # some are there in their own editors only


def drawn(cls) -> list[str]:
    context, found = Context(), []
    context.object = context.active_object
    context.material = getattr(context.object, "active_material", None)
    if hasattr(cls, "poll") and not cls.poll(context):
        return found

    class Drawing:
        layout = Layout(found)

        def __getattr__(self, name):
            return getattr(cls, name).__get__(self)

    cls.draw(Drawing(), context)
    return found


def panels():
    return [cls for cls in ui.CLASSES if issubclass(cls, bpy.types.Panel | bpy.types.Menu)]


def everything() -> dict[str, list[str]]:
    found = {cls.__name__: drawn(cls) for cls in panels() if "presets" not in cls.__name__}
    return {name: words for name, words in found.items() if words}


def test_an_empty_scene_a_cube_and_other_meshes(settings):
    variants.forget()
    there = everything()
    assert {"GANCUBE_PT_main", "GANCUBE_PT_options", "GANCUBE_PT_models", "GANCUBE_MT_object"} <= set(there)
    assert {"walk", "toward", "scalar_0"} <= set(there["GANCUBE_PT_options"])
    assert "other_label" not in there["GANCUBE_PT_options"]
    settings.label, settings.other_label = "brick", "moss"
    assert {"other_label", "label_share"} <= set(drawn(ui.panels.GANCUBE_PT_options))

    cube = generate()
    assert "gancube.ask_for_loop" in drawn(ui.adjust_panel.GANCUBE_PT_adjust)
    assert "gancube.copy_command" in drawn(ui.kept_panel.GANCUBE_PT_kept)
    cube.gancube_locks = [True] * 6
    assert "All faces are locked" in drawn(ui.adjust_panel.GANCUBE_PT_adjust)
    cube.gancube_locks = [False] * 6
    bpy.ops.object.mode_set(mode="EDIT")
    assert "Switch to Object Mode" in drawn(ui.adjust_panel.GANCUBE_PT_adjust)
    bpy.ops.object.mode_set(mode="OBJECT")

    settings.variants = "12"
    bpy.ops.gancube.show_variants()
    sheet = drawn(ui.variants.GANCUBE_PT_variants)
    assert sheet.count("gancube.use_variant") == sheet.count("gancube.star_variant") == 12
    assert drawn(ui.variants.GANCUBE_OT_pick_variant).count("gancube.use_variant") == 12
    everything()

    settings.kept.clear()
    bpy.ops.mesh.primitive_cube_add()
    settings.surface = "box"
    bpy.ops.gancube.texture()
    history = drawn(ui.kept_panel.GANCUBE_PT_kept)
    assert "gancube.rebuild_texture" in history and "gancube.copy_command" not in history
    assert "gancube.ask_to_bake" in drawn(ui.surface_operators.GANCUBE_PT_texture)
    everything()


def test_a_look_of_another_generator_is_said_so(settings, monkeypatch):
    settings.look, settings.look_name = "x", "photo.png"
    monkeypatch.setattr(ui.photo_operator.photo_look, "is_used", lambda settings: False)
    assert "photo.png: not of this generator" in drawn(ui.panels.GANCUBE_PT_main)
    monkeypatch.setattr(ui.photo_operator.photo_look, "is_used", lambda settings: True)
    assert "photo.png" in drawn(ui.panels.GANCUBE_PT_main)
    settings.look = ""
