"""History, favourites and the contact sheet in bpy without a window, with the real child process."""

import shlex
from types import SimpleNamespace

import pytest

bpy = pytest.importorskip("bpy")

from blender_addon import cli  # noqa: E402
from blender_addon.engine import png, recipe  # noqa: E402
from blender_addon.engine.recipe import loads  # noqa: E402
from blender_addon.engine.seeds import derive  # noqa: E402
from blender_addon.ui import icons, kept_recipes, variants  # noqa: E402
from tests.ui.panel import generate, pictures  # noqa: E402


@pytest.fixture
def kept(settings):
    settings.seed = 3
    return settings.kept


def recipes(kept) -> list[str]:
    return [one.recipe for one in kept]


def test_what_lands_is_kept_with_its_picture(kept):
    cube = generate()
    assert recipes(kept) == [cube["gancube"]]
    rgba = kept_recipes.picture_of(kept[0])
    assert len(rgba) == icons.BYTES and set(rgba[3::4]) == {255} and len(set(rgba)) > 8
    bpy.ops.gancube.reroll(face=0, seed="1")
    assert recipes(kept)[-1] == cube["gancube"] and len(kept) == 2
    bpy.context.window_manager.gancube_adjust.seed = 6
    assert recipes(kept)[-1] == cube["gancube"] and len(kept) == 3


def test_only_the_latest_without_a_star_are_kept_and_nothing_twice(kept):
    for number in range(30):
        kept_recipes.add(bpy.context.scene, f"recipe {number}", b"")
        if number == 1:
            kept[-1].starred = True
    assert recipes(kept) == ["recipe 1", *(f"recipe {n}" for n in range(6, 30))]
    kept_recipes.add(bpy.context.scene, "recipe 1", b"")
    assert recipes(kept)[-1] == "recipe 1" and kept[-1].starred and recipes(kept).count("recipe 1") == 1


def test_saved_and_opened_again_it_is_rebuilt_to_the_byte(kept, tmp_path):
    before = pictures(generate())
    kept[0].starred = True
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "a.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "a.blend"))
    for item in list(bpy.data.objects):
        bpy.data.objects.remove(item)
    assert bpy.context.scene.gancube.kept[0].starred
    assert bpy.ops.gancube.rebuild(index=0) == {"FINISHED"}
    assert pictures(bpy.context.active_object) == before


def test_the_command_makes_the_same_cube(kept, tmp_path):
    cube = generate()
    bpy.ops.gancube.reroll(face=2, seed="it's")
    bpy.context.window_manager.gancube_adjust.walk = 0.25
    words = shlex.split(kept_recipes.command(cube["gancube"], loads(cube["gancube"])))
    assert words[:2] == ["gancube", "cube"] and words[-2] == "--out"
    assert words[-1] == "alpha-cube.glb"
    assert cli.main([*words[1:-1], str(tmp_path / "same.glb"), "--quiet"]) == 0
    again = recipe.read(tmp_path / "same.glb")
    assert again.face_seeds == loads(cube["gancube"]).face_seeds
    assert again.settings == loads(cube["gancube"]).settings


def test_a_picture_from_a_stranger_is_nothing_or_small(kept):
    import base64
    import zlib

    kept_recipes.add(bpy.context.scene, "x", b"")
    for text in ("", "no base64!", base64.b64encode(b"not zlib").decode()):
        kept[0].picture = text
        assert kept_recipes.picture_of(kept[0]) == b""
    kept[0].picture = base64.b64encode(zlib.compress(bytes(50_000_000))).decode()
    assert len(kept_recipes.picture_of(kept[0])) == icons.BYTES
    assert icons.icon_id(b"") == 0


def test_what_cannot_be_rebuilt_is_a_sentence(kept):
    with pytest.raises(RuntimeError, match="no such entry"):
        bpy.ops.gancube.rebuild(index=7)
    kept_recipes.add(bpy.context.scene, "{broken", b"")
    with pytest.raises(RuntimeError, match="not JSON"):
        bpy.ops.gancube.rebuild(index=0)
    with pytest.raises(RuntimeError, match="not made by GAN Cubes"):
        bpy.ops.gancube.rebuild(index=-1)
    assert bpy.ops.gancube.forget(index=0) == {"FINISHED"} and len(kept) == 0


def test_the_contact_sheet_shows_the_first_faces_of_the_next_seeds(settings):
    settings.seed, settings.variants = 100, "12"
    scene_before = len(bpy.data.images)
    assert bpy.ops.gancube.show_variants() == {"FINISHED"}
    assert len(bpy.data.images) == scene_before and len(settings.kept) == 0, "nothing lands"
    assert variants.sheet.seeds == tuple(range(100, 112)) and len(variants.sheet.job.textures) == 12
    cube = generate()
    bpy.ops.gancube.use_variant(index=5)
    assert settings.seed == 105 and loads(cube["gancube"]).seed == 105
    assert loads(cube["gancube"]).face_seeds == tuple(derive(105, i) for i in range(6))
    shown, made = (
        png.decode(data)[0] for data in (variants.sheet.job.textures[5].maps["base_color"], pictures(cube)[0])
    )
    assert (shown == made).all()


def test_a_starred_variant_is_the_recipe_of_its_cube(settings):
    settings.seed, settings.variants, settings.label = 100, "12", "moss"
    bpy.ops.gancube.show_variants()
    assert bpy.ops.gancube.star_variant(index=3) == {"FINISHED"}
    assert settings.kept[0].starred
    bpy.ops.gancube.rebuild(index=0)
    rebuilt = pictures(bpy.context.active_object)
    settings.seed = 103
    assert pictures(generate()) == rebuilt


def test_the_icon_of_a_texture():
    np = pytest.importorskip("numpy")
    from blender_addon.engine.pixels import ICON, icon

    color = np.zeros((100, 100, 3), np.float32)
    color[0] = 1.0  # the top row
    rgba = np.frombuffer(icon({"base_color": color}), np.uint8).reshape(ICON, ICON, 4)
    assert rgba[-1, 0].tolist() == [255, 255, 255, 255] and rgba[0, 0].tolist() == [0, 0, 0, 255]
    for size in (1, 16, 64, 200):
        alpha = np.zeros((size, size, 1), np.float32)
        rgba = icon({"base_color": np.ones((size, size, 1), np.float32), "alpha": alpha})
        assert len(rgba) == icons.BYTES and set(rgba) == {128, 255}


def test_old_images_beyond_the_cache_limit_go(settings, monkeypatch):
    from blender_addon.ui import adjust, generation, preferences

    cube = generate()
    maps = len(bpy.data.images) // 6
    bpy.ops.gancube.reroll(face=0, seed="1")
    assert len(bpy.data.images) == 7 * maps, "within the limit they stay"
    for module in (generation, adjust):
        monkeypatch.setattr(module, "chosen", lambda: preferences.Choice(cache_limit=0))
    bpy.data.images.new("the artist's own", 4, 4)
    bpy.ops.gancube.reroll(face=0, seed="2")
    assert len(bpy.data.images) == 6 * maps + 1
    bpy.context.window_manager.gancube_adjust.seed = 8
    assert len(bpy.data.images) == 6 * maps + 1 and len(pictures(cube)) == 6


def test_a_preset_holds_the_settings_of_the_panel(settings, tmp_path, monkeypatch):
    from blender_addon.ui import presets

    assert all(
        hasattr(settings, name.partition(".")[2]) for name in presets.GANCUBE_OT_add_preset.preset_values
    )
    monkeypatch.setenv("BLENDER_USER_SCRIPTS", str(tmp_path))
    settings.seed, settings.label, settings.width, settings.scalar_0 = 77, "moss", 2.5, 0.25
    assert bpy.ops.gancube.add_preset(name="Mossy") == {"FINISHED"}
    file = tmp_path / "presets" / "gancube" / "Mossy.py"
    settings.seed, settings.label, settings.width, settings.scalar_0 = 1, "MIXED", 1.0, 0.75
    bpy.ops.script.execute_preset(filepath=str(file), menu_idname="GANCUBE_PT_presets")
    assert (settings.seed, settings.label, settings.width) == (77, "moss", 2.5)
    assert settings.scalar_0 == 0.25


def test_the_command_is_for_the_shell_of_the_system_and_for_an_extension(kept, monkeypatch):
    text = generate()["gancube"]
    monkeypatch.setattr(kept_recipes.sys, "platform", "win32")
    assert '--recipe "{\\"face_labels\\":' in kept_recipes.command(text, loads(text))
    monkeypatch.undo()
    monkeypatch.setattr(kept_recipes, "ADDON", "bl_ext.user_default.gancube")
    words = shlex.split(kept_recipes.command(text, loads(text)))
    assert words[1:4] == ["--command", "gancube", "cube"] and words[0] in (bpy.app.binary_path, "blender")
    assert words[5] == text


@pytest.mark.parametrize("surface", ["tile", "box", "faces"])
def test_the_recipe_of_textures_is_for_the_selected_objects(kept, settings, surface):
    settings.surface = surface
    bpy.ops.mesh.primitive_cube_add()
    first = bpy.context.active_object
    bpy.ops.gancube.texture()
    settings.seed, settings.surface = 99, "box" if surface == "tile" else "tile"
    with pytest.raises(RuntimeError, match="Use Texture Again"):
        bpy.ops.gancube.rebuild(index=0)
    bpy.ops.mesh.primitive_cube_add()
    other = bpy.context.active_object
    assert kept_recipes.kind_of(kept[0]) == surface
    assert bpy.ops.gancube.rebuild_texture(entry=0) == {"FINISHED"}
    assert pictures(other) == pictures(first) and other["gancube"] == first["gancube"]
    generate()
    with pytest.raises(RuntimeError, match="Use Rebuild"):
        bpy.ops.gancube.rebuild_texture(entry=len(kept) - 1)
    kept_recipes.add(bpy.context.scene, "{broken", b"")
    assert kept_recipes.kind_of(kept[len(kept) - 1]) == ""


def test_a_sheet_leaves_the_pictures_that_a_cube_is_adjusted_from(settings):
    from blender_addon.ui import session

    generate()
    (key,) = session.results
    settings.variants = "12"
    bpy.ops.gancube.show_variants()
    assert list(session.results) == [key]


def test_adjust_last_operation_shows_nothing_that_does_nothing(settings):
    for name, hidden in (
        ("reroll", {"face", "seed"}),
        ("set_face", {"face", "seed", "label", "style_seed", "style_from"}),
        ("rebuild", {"index"}),
        ("rebuild_texture", {"entry"}),
        ("bake_loop", {"frames", "directory"}),
        ("bake_box", {"size", "own_uvs"}),
        ("save_asset", {"with_materials"}),
    ):
        known = getattr(bpy.ops.gancube, name).get_rna_type().properties
        assert all(known[one].is_hidden for one in hidden), name


def test_a_variant_of_another_generator_is_the_picture_that_was_clicked(settings):
    settings.model, settings.label = "beta", "straw"
    other = generate()
    settings.model, settings.size, settings.label, settings.variants = "alpha", 32, "moss", "12"
    settings.seed, settings.walk, settings.toward, settings.scalar_0 = 100, 0.25, 7, 0.5
    bpy.ops.gancube.show_variants()
    settings.model, settings.seed, settings.walk, settings.scalar_0 = "beta", 1, 0.0, 0.9
    bpy.context.view_layer.objects.active = other
    bpy.ops.gancube.use_variant(index=5)
    shown = png.decode(variants.sheet.job.textures[5].maps["base_color"])[0]
    assert loads(other["gancube"]).model["name"] == "alpha"
    settings_now = (settings.model, settings.label, settings.seed, settings.walk, settings.toward)
    assert settings_now == ("alpha", "moss", 105, 0.25, 7) and settings.scalar_0 == 0.5
    settings.size = 24  # what the cube of beta has, as alpha can make it
    settings.size = loads(other["gancube"]).size
    made = generate()
    assert pictures(made) == pictures(other), "the next cube is the same"
    settings.size = variants.sheet.wish.size
    assert (png.decode(pictures(generate())[0])[0] == shown).all()


def test_a_variant_of_another_generator_leaves_locked_faces_alone(settings):
    settings.model = "beta"
    other = generate()
    settings.model, settings.variants = "alpha", "12"
    bpy.ops.gancube.show_variants()
    bpy.context.view_layer.objects.active = other
    other.gancube_locks[3] = True
    before = pictures(other), other["gancube"]
    with pytest.raises(RuntimeError, match="Unlock it first"):
        bpy.ops.gancube.use_variant(index=5)
    assert (pictures(other), other["gancube"]) == before


def test_an_error_with_another_generator_leaves_no_material(settings, monkeypatch):
    from blender_addon.engine.errors import RequestError
    from blender_addon.scene import faces
    from tests.ui.panel import counts

    settings.model = "beta"
    other = generate()
    settings.model, settings.variants = "alpha", "12"
    bpy.ops.gancube.show_variants()
    bpy.context.view_layer.objects.active = other
    before, show = (pictures(other), other["gancube"], counts()), faces.show

    def then_fail(*arguments):
        show(*arguments)
        raise RequestError("no more")

    monkeypatch.setattr(faces, "show", then_fail)
    with pytest.raises(RuntimeError, match="No more"):
        bpy.ops.gancube.use_variant(index=5)
    assert (pictures(other), other["gancube"], counts()) == before


def test_a_variant_keeps_a_seed_that_is_larger_than_the_panel_can_show(settings):
    settings.seed, settings.variants = 2**31 - 1, "12"
    cube = generate()
    bpy.ops.gancube.show_variants()
    bpy.ops.gancube.use_variant(index=5)
    assert loads(cube["gancube"]).seed == 2**31 + 4
    made = generate()
    assert loads(made["gancube"]).seed == 2**31 + 4 and pictures(made) == pictures(cube)
    settings.seed = 3
    assert loads(generate()["gancube"]).seed == 3


def test_the_tooltip_of_a_variant_says_its_seed(settings):
    settings.seed, settings.variants = 123456, "12"
    bpy.ops.gancube.show_variants()
    for cls in (variants.GANCUBE_OT_use_variant, variants.GANCUBE_OT_star_variant):
        assert cls.description(bpy.context, SimpleNamespace(index=3)).startswith("Seed 123459. ")
