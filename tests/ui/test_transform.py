"""Transform in bpy without a window, with the real child process: objects, faces, the Image Editor; what cannot be."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

from blender_addon.engine import png, transform_recipe  # noqa: E402
from blender_addon.engine.pixels import to_uint8  # noqa: E402
from blender_addon.scene import faces, images, picture_source, transformed  # noqa: E402
from blender_addon.scene.material import shader_tree  # noqa: E402
from blender_addon.ui import models, session, transform_operator  # noqa: E402
from tests.engine.test_transform import drawn  # noqa: E402
from tests.tiny_picture import make_tiny_picture  # noqa: E402
from tests.ui.panel import counts, generate, pictures  # noqa: E402


@pytest.fixture(scope="module")
def folder(folder):
    make_tiny_picture(folder / "looks.onnx", labels=("moss", "snow"))
    make_tiny_picture(folder / "relief.onnx", gives=("normal", "height", "roughness"))
    make_tiny_picture(folder / "filled.onnx", takes=("position", "ao"))
    return folder


@pytest.fixture
def wish(settings):
    """Settings of Transform, on `looks`, into snow."""
    settings.transform.model, settings.transform.label = "looks", "snow"
    return settings.transform


def photo(name="Brick", pixels=None) -> bpy.types.Image:
    return images.new_image(name, png.encode(drawn(48) if pixels is None else pixels), "sRGB", "")


def plane(image=None) -> bpy.types.Object:
    bpy.ops.mesh.primitive_plane_add()
    item = bpy.context.active_object
    item.data.materials.append(material(image))
    return item


def material(image) -> bpy.types.Material:
    made = bpy.data.materials.new("Wall")
    tree = shader_tree(made)
    shader = next(node for node in tree.nodes if node.type == "BSDF_PRINCIPLED")
    if image is not None:
        node, mix = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeHueSaturation")
        node.image, node.extension = image, "MIRROR"
        tree.links.new(node.outputs["Color"], mix.inputs["Color"])
        tree.links.new(mix.outputs["Color"], shader.inputs["Base Color"])
    return made


def shown(item) -> dict:
    return {name: image for name, (image, _) in picture_source.shown_maps(item.active_material).items()}


def pixels(image) -> np.ndarray:
    return png.decode(image.packed_file.data)[0]


def test_those_that_take_a_picture_are_not_offered_for_cubes_and_the_reverse(settings):
    cubes, takers = ({item[0] for item in items} for items in (models._model_items, models._taker_items))
    assert {"looks", "relief", "filled"} <= takers and {"alpha", "beta", "tinted"} <= cubes
    assert not takers & cubes
    assert {one.name for one in models.usable()} == takers | cubes
    assert settings.transform.model in takers and settings.model == "alpha"
    bpy.ops.gancube.use_model(name="relief")
    bpy.ops.gancube.use_model(name="beta")
    assert (settings.transform.model, settings.model) == ("relief", "beta")


def test_an_object(wish):
    image = photo()
    item = plane(image)
    before, count = pixels(image).copy(), counts()
    assert bpy.ops.gancube.transform() == {"FINISHED"}
    new = shown(item)["base_color"]
    assert new != image and new.name.startswith("Brick snow") and new.packed_file
    assert np.array_equal(pixels(image), before) and not np.array_equal(pixels(new), before)
    assert counts() == {**count, "images": count["images"] + 1}, "the material is the object's own"
    recipe = transform_recipe.loads(new["gancube"])
    assert [step["label"] for step in recipe.steps] == ["snow"] and recipe.steps[0]["model"][
        "name"
    ] == "looks"
    assert png.read_text(new.packed_file.data)["gancube"] == new["gancube"]
    node = picture_source.shown_maps(item.active_material)["base_color"][1][0]
    assert node.extension == "MIRROR", "the nodes stay the artist's"
    assert len(bpy.context.scene.gancube.kept) == 0 and session.provider


def test_the_original_is_in_the_saved_file(wish, tmp_path):
    """Blender saves nothing that nobody shows; steps between the original and what is shown may go."""
    item = plane(photo())
    bpy.ops.gancube.transform()
    between = shown(item)["base_color"]
    bpy.ops.gancube.transform()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"), copy=True)
    with bpy.data.libraries.load(str(tmp_path / "saved.blend")) as (there, _):
        assert {"Brick", shown(item)["base_color"].name} <= {*there.images}
        assert between.name not in there.images


def test_the_same_again_is_the_same_and_a_chain_goes_on(wish):
    item = plane(photo())
    bpy.ops.gancube.transform()
    first = pixels(shown(item)["base_color"])
    other = plane(photo("Again"))
    bpy.ops.gancube.transform()
    assert np.array_equal(pixels(shown(other)["base_color"]), first)
    wish.label, wish.strength = "moss", 0.5
    bpy.ops.gancube.transform()
    recipe = transform_recipe.loads(shown(other)["base_color"]["gancube"])
    assert [(step["label"], step["scalars"]["strength"]) for step in recipe.steps] == [
        ("snow", 1.0),
        ("moss", 0.5),
    ]


def test_strength_zero_gives_the_same_pixels(wish):
    wish.strength = 0.0
    item = plane(photo())
    bpy.ops.gancube.transform()
    assert np.array_equal(pixels(shown(item)["base_color"]), drawn(48))


def test_a_material_that_others_show_is_copied(wish):
    item = plane(photo())
    bpy.ops.mesh.primitive_plane_add()
    other = bpy.context.active_object
    other.data.materials.append(item.active_material)
    twin = item.copy()  # a linked duplicate that is not selected
    bpy.context.collection.objects.link(twin)
    for one in (other, twin):
        one.select_set(False)
    item.select_set(True)
    bpy.ops.gancube.transform()
    assert shown(item)["base_color"].name.startswith("Brick snow")
    assert shown(other)["base_color"].name == shown(twin)["base_color"].name == "Brick"


def test_one_face_of_a_cube(wish):
    cube = generate()
    before = pictures(cube)
    cube.active_material_index = 2
    wish.only_active = True
    assert bpy.ops.gancube.transform() == {"FINISHED"}
    assert [one != other for one, other in zip(before, pictures(cube), strict=True)] == [
        i == 2 for i in range(6)
    ]
    assert faces.is_cube(cube)
    told = json.loads(faces.image_nodes(cube.active_material)["base_color"][0]["gancube"])
    assert told["source"]["recipe"]["kind"] == "cube", "the source was generated, and says so"
    wish.only_active = False
    assert bpy.ops.gancube.transform() == {"FINISHED"}
    assert not set(pictures(cube)) & set(before)


def test_maps_from_a_photo_are_wired(wish):
    image = photo()
    item = plane(image)
    assert bpy.ops.gancube.maps_from_photo() == {"FINISHED"}
    maps = shown(item)
    assert maps["base_color"] == image and {"normal", "roughness"} <= set(maps)
    tree = item.active_material.node_tree
    nodes = {node.label: node for node in tree.nodes if node.type == "TEX_IMAGE"}
    assert (
        nodes["normal"].extension == "MIRROR"
        and nodes["normal"].image.colorspace_settings.name == "Non-Color"
    )
    assert "height (for displacement)" in nodes
    shader = picture_source.principled(item.active_material)
    assert shader.inputs["Normal"].links[0].from_node.type == "NORMAL_MAP"
    assert shader.inputs["Roughness"].links[0].from_node.type == "MATH"
    count = len(tree.nodes)
    bpy.ops.gancube.maps_from_photo()
    assert len(tree.nodes) == count, "a second time changes images, not nodes"


def test_an_image_of_the_image_editor(wish):
    image, count = photo("Photo"), counts()
    assert bpy.ops.gancube.transform_image(image="Photo") == {"FINISHED"}
    (new,) = (one for one in bpy.data.images if one.name.startswith("Photo snow"))
    assert new.users and new.packed_file and counts()["images"] == count["images"] + 1
    assert np.array_equal(pixels(image), drawn(48))
    assert bpy.ops.gancube.material_from_image(image="Photo") == {"FINISHED"}
    made = bpy.data.materials["Photo"]
    maps = picture_source.shown_maps(made)
    assert maps["base_color"][0] == image and {"normal", "roughness", "height"} <= set(maps)


@pytest.mark.parametrize("kind", ["painted", "float", "generated", "jpeg", "grey", "alpha"])
def test_every_kind_of_image_arrives_as_it_looks(wish, tmp_path, kind):
    wish.strength = 0.0  # what comes out is what went in
    colors = drawn(32)
    alpha = np.full((32, 32, 1), 255, np.uint8)
    if kind == "jpeg":
        from PIL import Image

        Image.fromarray(colors).save(tmp_path / "photo.jpg", quality=95)
        image = bpy.data.images.load(str(tmp_path / "photo.jpg"))
        expected = np.array(Image.open(tmp_path / "photo.jpg"))
    elif kind == "grey":
        image, expected = photo(pixels=colors[..., :1]), np.repeat(colors[..., :1], 3, axis=2)
    elif kind == "alpha":
        expected = np.concatenate([colors, drawn(32, seed=5, channels=1)], axis=2)
        image = photo(pixels=expected)
    else:
        image = (
            photo() if kind == "painted" else bpy.data.images.new("New", 32, 32, float_buffer=kind == "float")
        )
        if kind == "painted":
            image.scale(32, 32)
        unit = np.concatenate([colors, alpha], axis=2)[::-1].astype(np.float32) / 255
        if kind == "float":
            low = unit[..., :3] <= 0.04045
            unit[..., :3] = np.where(low, unit[..., :3] / 12.92, ((unit[..., :3] + 0.055) / 1.055) ** 2.4)
        image.pixels.foreach_set(np.ascontiguousarray(unit).ravel())
        image.update()
        expected = colors
    image.name = "In"
    assert bpy.ops.gancube.transform_image(image="In") == {"FINISHED"}
    (new,) = (one for one in bpy.data.images if one.name.startswith("In snow"))
    assert np.abs(pixels(new).astype(int) - expected).max() <= (1 if kind in ("float", "jpeg") else 0)


def fails(operator, says, **options):
    count = counts()
    with pytest.raises(RuntimeError, match=says):
        operator(**options)
    assert counts() == count and session.error


def test_objects_that_cannot_be(wish, tmp_path):
    transform = bpy.ops.gancube.transform
    assert not transform.poll()
    bpy.ops.object.empty_add()
    fails(transform, "Empty is skipped: only meshes can be transformed")
    item = plane(None)
    fails(transform, "Plane is skipped: it shows no image as its colour")
    item.data.materials.clear()
    fails(transform, "Plane is skipped: it shows no image as its colour")
    item.data.materials.append(material(photo()))
    while item.data.uv_layers:
        item.data.uv_layers.remove(item.data.uv_layers[0])
    fails(transform, "it has no UV map")
    item = plane(photo())
    wish.model = "filled"
    fails(transform, "the generator needs the map (ao|position), which the material Wall.* does not show")


def test_images_that_cannot_be(wish, tmp_path):
    (tmp_path / "lost.png").write_bytes(png.encode(drawn(16)))
    lost = bpy.data.images.load(str(tmp_path / "lost.png"))
    (tmp_path / "lost.png").unlink()
    plane(lost)
    fails(
        bpy.ops.gancube.transform, r"lost.png: its file is missing or damaged .*lost\.png.*Find Missing Files"
    )
    tiled = bpy.data.images.new("Tiles", 16, 16, tiled=True)
    plane(tiled)
    fails(bpy.ops.gancube.transform, r"Tiles: has several tiles \(UDIM\)")
    fails(bpy.ops.gancube.transform_image, "Tiles: has several tiles", image="Tiles")
    fails(bpy.ops.gancube.transform_image, "No image is shown", image="none")
    image = photo("Photo")
    wish.model = "filled"
    fails(bpy.ops.gancube.transform_image, "takes several maps", image=image.name)


def test_a_skipped_one_does_not_hold_up_the_others(wish):
    good = plane(photo())
    bpy.ops.object.empty_add()
    empty = bpy.context.active_object
    good.select_set(True)
    empty.select_set(True)
    assert bpy.ops.gancube.transform() == {"FINISHED"}
    assert shown(good)["base_color"].name.startswith("Brick snow")


def test_linked_objects_and_images(wish, tmp_path):
    item = plane(photo())
    item.name = "Linked"
    bpy.data.libraries.write(str(tmp_path / "library.blend"), {item})
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.context.scene.gancube.transform.model = "looks"
    bpy.context.scene.gancube.transform.label = "snow"
    with bpy.data.libraries.load(str(tmp_path / "library.blend"), link=True) as (_, wanted):
        wanted.objects = ["Linked"]
    bpy.context.collection.objects.link(wanted.objects[0])
    bpy.context.view_layer.objects.active = wanted.objects[0]
    wanted.objects[0].select_set(True)
    fails(bpy.ops.gancube.transform, r"Linked is skipped: comes from .*library\.blend")
    linked = bpy.data.images["Brick"]
    mine = plane(linked)  # of this file; only its image is of the other
    wanted.objects[0].select_set(False)
    assert bpy.ops.gancube.transform() == {"FINISHED"}
    assert shown(mine)["base_color"].library is None and linked.library is not None


def test_files_for_the_worker_are_gone_afterwards(wish):
    plane(photo())
    bpy.ops.gancube.transform()
    assert isinstance(session.job, transform_operator.session.TransformJob)
    from pathlib import Path

    assert not Path(session.job.asked.folder.name).exists()


def test_encoding_of_linear_pixels():
    unit = np.linspace(0, 1, 256, dtype=np.float32)
    linear = np.where(unit <= 0.04045, unit / 12.92, ((unit + 0.055) / 1.055) ** 2.4)
    assert np.array_equal(to_uint8(picture_source.encoded(linear)[None, None]).ravel(), np.arange(256))


def test_a_preview_follows_the_settings_and_leaves_no_trace(wish):
    from blender_addon.ui import icons, transform_preview

    item = plane(photo())
    count, seen = counts(), []
    preview = transform_preview.preview
    for strength in (1.0, 0.0):
        wish.strength = strength
        while transform_preview.tick() is not None:
            pass
        seen.append(preview.picture)
        assert preview.shown[2] == (("strength", strength),)
    assert len(seen[0]) == icons.BYTES and seen[0] != seen[1] and counts() == count
    assert shown(item)["base_color"].name == "Brick"
    top = np.frombuffer(seen[1], np.uint8).reshape(64, 64, 4)[::-1]
    nearest = np.arange(64) * 48 // 64  # 48 px in an icon of 64; strength 0 is the picture itself
    assert np.array_equal(top[..., :3], drawn(48)[nearest][:, nearest])
    painted = shown(item)["base_color"]
    painted.pixels[:4] = (0.0, 0.0, 0.0, 1.0)
    wish.strength = 0.01
    while transform_preview.tick() is not None:
        pass
    lowest = np.frombuffer(preview.picture, np.uint8).reshape(64, 64, 4)[0, 0, :3]
    assert lowest.max() < 8, "what was painted since is looked at"
    file = preview.folder.name
    transform_preview.close()
    from pathlib import Path

    assert not Path(file).exists() and preview.shown is None
    wish.model = "filled"
    assert transform_preview.tick() is None, "it takes more than colours: nothing to show"


def test_a_preview_of_the_image_editor_is_of_its_image(wish):
    from blender_addon.ui import transform_preview

    plane(photo())
    other = photo("Stone")
    editor = SimpleNamespace(type="IMAGE_EDITOR", image=other)
    context = SimpleNamespace(space_data=editor, active_object=bpy.context.active_object)
    assert transform_preview.subject(context) == other
    assert transform_preview.subject(SimpleNamespace(**{**vars(context), "space_data": None})) != other
    transform_preview.changed(None, context)
    while transform_preview.tick() is not None:
        pass
    assert transform_preview.preview.shown[3] == other.session_uid
    editor.image = None
    assert transform_preview.subject(context) is None
    transform_preview.close()


def test_a_label_that_the_next_generator_lacks_is_set_back(wish, capfd):
    wish.model = "relief"
    assert wish.label == models.MIXED
    wish.model = "looks"
    assert wish.label == "moss" and "warn" not in capfd.readouterr().err.lower()


def test_channels_of_packed_images_stay_what_they_are(wish):
    """Roughness and metal in one image, as glTF has them; transparency in that of the colours."""
    item, packed = plane(photo()), photo("Packed")
    tree = item.active_material.node_tree
    shader = picture_source.principled(item.active_material)
    node, split = tree.nodes.new("ShaderNodeTexImage"), tree.nodes.new("ShaderNodeSeparateColor")
    node.image = packed
    tree.links.new(node.outputs["Color"], split.inputs["Color"])
    tree.links.new(split.outputs["Green"], shader.inputs["Roughness"])
    tree.links.new(split.outputs["Blue"], shader.inputs["Metallic"])
    colors = picture_source.shown_maps(item.active_material)["base_color"][1][0]
    tree.links.new(colors.outputs["Alpha"], shader.inputs["Alpha"])
    assert set(picture_source.shown_maps(item.active_material)) == {"base_color"}
    assert bpy.ops.gancube.maps_from_photo() == {"FINISHED"}
    assert node.image == packed and shader.inputs["Metallic"].links[0].from_node == split
    assert shader.inputs["Roughness"].links[0].from_node.type == "MATH"


class Layout:
    """Stands in for a panel's layout: takes what Blender's takes, notes which buttons and settings were drawn."""

    def __init__(self, drawn):
        self.drawn = drawn

    def __getattr__(self, name):
        def call(*words, **options):
            self.drawn.append((name, *(word for word in words if isinstance(word, str))))
            return Layout(self.drawn)

        return call

    def prop(self, data, name, **options):
        assert name in data.bl_rna.properties
        self.drawn.append(("prop", name))

    def operator(self, name, **options):
        assert name.partition(".")[2] in dir(bpy.ops.gancube)
        self.drawn.append(("operator", name))


@pytest.mark.parametrize("name", ["transform", "transform_material", "transform_image"])
def test_the_panels_offer_what_the_generator_has(wish, name):
    from types import SimpleNamespace

    from blender_addon.ui import transform_panel

    plane(photo())
    cls = getattr(transform_panel, f"GANCUBE_PT_{name}")
    seen = {}
    for model in ("looks", "relief"):
        wish.model = model
        cls.draw(SimpleNamespace(layout=Layout(seen.setdefault(model, []))), bpy.context)
    assert ("prop", "label") in seen["looks"] and ("prop", "strength") in seen["looks"]
    assert ("prop", "label") not in seen["relief"] and ("prop", "strength") not in seen["relief"]
    buttons = {word for _, word in (one for one in seen["looks"] if one[0] == "operator")}
    on_image = {"gancube.transform_image", "gancube.material_from_image"}
    on_objects = {"gancube.transform", "gancube.maps_from_photo"}
    assert buttons == {"gancube.follow_sketch"} | (on_image if name == "transform_image" else on_objects)


def test_the_list_of_generators_says_what_they_take(wish):
    from blender_addon.ui import model_panel

    assert dict(model_panel.about(models.entry("filled")))["Takes"] == "position, ao"
    assert "Takes" not in dict(model_panel.about(models.entry("alpha")))


def test_the_sliders_of_a_transformed_cube_say_what_they_will_do(wish):
    from types import SimpleNamespace

    from blender_addon.ui import adjust_panel

    cube, seen = generate(), []
    context = SimpleNamespace(
        mode="OBJECT",
        active_object=cube,
        window_manager=bpy.context.window_manager,
        region=SimpleNamespace(width=300),
        preferences=SimpleNamespace(system=SimpleNamespace(ui_scale=1.0)),
    )
    for step in (None, bpy.ops.gancube.transform, None):
        if step is not None:
            step()
        said = []
        adjust_panel.GANCUBE_PT_adjust.draw(SimpleNamespace(layout=Layout(said)), context)
        seen.append(sum(one[0] == "label" for one in said))
    assert seen[0] == 0 and seen[1] >= 1
    bpy.context.window_manager.gancube_adjust.seed = 4  # generates again
    assert not transformed.is_transformed(cube)


def reopened(tmp_path) -> None:
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "kept.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "kept.blend"))


def test_originals_are_in_the_saved_file_and_steps_do_not_pile_up(wish, tmp_path):
    """The artist's own image, and one that the seeds gave; of what we made out of them only what is shown."""
    item = plane(bpy.data.images.load(written(tmp_path / "own.png")))
    cube = generate()
    first = {slot.material.node_tree.nodes.active.image.name for slot in cube.material_slots}
    for label in ("snow", "moss", "snow"):
        wish.label = label
        for one in (item, cube):
            one.select_set(True)
        assert bpy.ops.gancube.transform() == {"FINISHED"}
    images.purge(0)
    name = item.name
    reopened(tmp_path)
    assert {"own.png", *first} <= set(bpy.data.images.keys())
    made = [one for one in bpy.data.images if transform_recipe.is_transform(one.get("gancube", ""))]
    assert len(made) == 7 and all(not one.use_fake_user for one in made)
    assert bpy.data.images["own.png"].use_fake_user and shown(bpy.data.objects[name])["base_color"] in made


def written(path) -> str:
    path.write_bytes(png.encode(drawn(48)))
    return str(path)


def test_maps_from_a_photo_keep_the_maps_they_replace(wish, tmp_path):
    wish.model = "relief"
    item = plane(photo())
    tree = item.active_material.node_tree
    node = tree.nodes.new("ShaderNodeTexImage")
    node.image = bpy.data.images.load(written(tmp_path / "rough.png"))
    shader = next(one for one in tree.nodes if one.type == "BSDF_PRINCIPLED")
    tree.links.new(node.outputs["Color"], shader.inputs["Roughness"])
    assert bpy.ops.gancube.maps_from_photo() == {"FINISHED"}
    assert shown(item)["roughness"].name != "rough.png"
    reopened(tmp_path)
    assert "rough.png" in bpy.data.images


def test_what_was_painted_on_a_result_is_kept(wish, tmp_path):
    item = plane(photo())
    bpy.ops.gancube.transform()
    painted = shown(item)["base_color"]
    painted.pixels[0] = 0.25
    painted.update()
    painted.pack()  # as Blender does when the file is saved
    name = painted.name
    bpy.ops.gancube.transform()
    assert shown(item)["base_color"].name != name
    reopened(tmp_path)
    assert name in bpy.data.images


def test_what_others_use_gets_no_fake_user(wish):
    image = photo()
    other = material(image)
    holder = plane(None)
    holder.data.materials[0] = other
    holder.select_set(False)
    plane(image)
    bpy.ops.gancube.transform()
    assert not image.use_fake_user and image.users == 1


@pytest.mark.parametrize("mode, share", [("PREMUL", 1), ("STRAIGHT", 0.5), ("CHANNEL_PACKED", 0.5)])
def test_floats_under_half_an_alpha_keep_their_colours(tmp_path, mode, share):
    """An EXR holds 0.5 multiplied by alpha; whoever calls it straight means the 0.25 that stands there."""
    made = bpy.data.images.new("made", 4, 4, float_buffer=True, alpha=True)
    made.pixels.foreach_set(np.tile(np.array([0.25, 0.125, 0.0625, 0.5], np.float32), 16))
    made.update()
    settings = bpy.context.scene.render.image_settings
    settings.file_format, settings.color_mode = "OPEN_EXR", "RGBA"
    made.save_render(str(tmp_path / "made.exr"))
    read = bpy.data.images.load(str(tmp_path / "made.exr"))
    read.alpha_mode = mode
    colors = picture_source.encoded(np.array([0.5, 0.25, 0.125], np.float32) * share) * 255
    rgba = np.frombuffer(picture_source.rgba_of(read), np.uint8).reshape(4, 4, 4)[0, 0]
    assert np.abs(rgba - [*colors, 127.5]).max() <= 1, rgba
    if mode == "PREMUL":  # Blender holds what it generates so, too
        assert np.array_equal(np.frombuffer(picture_source.rgba_of(made), np.uint8)[:4], rgba)
