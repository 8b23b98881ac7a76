"""Every operator, panel and property says what it is, and in words that can be translated. Real bpy, no window."""

import ast
import inspect
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon import ui  # noqa: E402
from blender_addon.ui import panels  # noqa: E402

OF_BLENDER = {"rna_type", "name", "bl_idname", "bl_label"}
SHOWN_BY = {
    "label",
    "report",
    "prop",
    "operator",
    "progress",
    "menu",
    "status_text_set",
    "poll_message_set",
    "wrapped",
}


def rna(cls):
    """Blender's description of the class; of an operator not the class's own."""
    if not issubclass(cls, bpy.types.Operator):
        return cls.bl_rna
    return getattr(bpy.ops.gancube, cls.bl_idname.partition(".")[2]).get_rna_type()


def own_properties(cls):
    """Those that the class brings; hidden ones are never shown, nor are Blender's own."""
    names = {name for base in cls.__mro__ for name in inspect.get_annotations(base)}
    return [one for one in rna(cls).properties if one.identifier in names - OF_BLENDER and not one.is_hidden]


def operators():
    return [cls for cls in ui.CLASSES if issubclass(cls, bpy.types.Operator)]


def test_there_is_something_to_look_at(registered):
    assert len(operators()) > 20 and sum(len(own_properties(cls)) for cls in ui.CLASSES) > 60


def test_every_class_is_named_for_the_search(registered):
    for cls in ui.CLASSES:
        if not issubclass(cls, bpy.types.PropertyGroup | bpy.types.AddonPreferences):
            assert cls.bl_label.strip(), cls
    labels = [cls.bl_label for cls in operators() if "INTERNAL" not in getattr(cls, "bl_options", ())]
    assert len(labels) == len(set(labels)), "F3 shows the label alone"


def test_what_is_in_the_menu_is_there(registered):
    """Blender's search (F3) looks through menus."""
    known = {cls.bl_idname for cls in operators()}
    assert {name for name, _ in panels.IN_MENU} <= known
    assert panels.draw_in_object_menu in bpy.types.VIEW3D_MT_object.draw._draw_funcs


@pytest.mark.parametrize("cls", [cls for cls in ui.CLASSES if issubclass(cls, bpy.types.Operator)])
def test_every_operator_has_a_tooltip(registered, cls):
    text = rna(cls).description
    assert len(text) > 10 and text != cls.bl_label and not text.endswith(".") and text[0].isupper(), text


@pytest.mark.parametrize("cls", ui.CLASSES)
def test_every_property_has_a_name_and_a_tooltip(registered, cls):
    for one in own_properties(cls):
        assert one.name, (cls, one.identifier)
        assert len(one.description) > 3 and not one.description.endswith("."), (cls, one.identifier)
        assert one.description[0].isupper(), (cls, one.identifier)


def test_those_beside_the_classes_too(registered):
    for owner, name in ((bpy.types.Object, "gancube_locks"),):
        assert owner.bl_rna.properties[name].description


@pytest.mark.parametrize("path", sorted(Path(ui.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_no_sentence_is_put_together_where_it_is_shown(path):
    """f"{n} faces" cannot be looked up in a dictionary: it is rpt("{} faces").format(n)."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call):
            continue
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        texts = [word.value for word in call.keywords] + (call.args if name != "prop" else [])
        for text in texts if name in SHOWN_BY else ():
            if isinstance(text, ast.JoinedStr):
                fixed = "".join(part.value for part in text.values if isinstance(part, ast.Constant))
                assert not any(c.isalpha() for c in fixed), f"{path.name}:{call.lineno}: {fixed!r}"


def test_the_menu_has_what_an_object_can_have(registered):
    """F3 finds what is in menus, and nothing that is internal anywhere else."""
    there = {name.partition(".")[2] for name, _ in panels.IN_MENU}
    assert {"generate_cube", "from_photo", "copy_strengths", "install_model", "ask_for_loop"} <= there


@pytest.mark.parametrize("name", ["bake_box", "match_photo", "use_variant", "star_variant", "copy_strengths"])
def test_why_it_is_grey(registered, name):
    from blender_addon.ui import variants

    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    variants.forget()
    bpy.context.scene.gancube.property_unset("model")
    if name == "match_photo":
        from blender_addon.ui import session

        class Open:
            open = True

        session.job = Open()
    try:
        with pytest.raises(RuntimeError, match=r"poll\(\) (?!failed, context is incorrect).*[a-z]"):
            getattr(bpy.ops.gancube, name)()
    finally:
        if name == "match_photo":
            session.job = None
