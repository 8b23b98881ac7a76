"""A generator on pictures of any size: cut where nobody sees it, memory flat, the sizes and kinds that go wrong."""

import tracemalloc

import numpy as np
import pytest

from blender_addon.engine import transform as module
from blender_addon.engine import windows
from blender_addon.engine.drawn_picture import drawn_picture
from blender_addon.engine.enlarge import enlarged
from blender_addon.engine.errors import ModelError, RequestError
from blender_addon.engine.latents import draw
from blender_addon.engine.measures import tile_seam
from blender_addon.engine.model import Model
from blender_addon.engine.picture import Picture, grey, of_pixels, of_png, tiles, together
from blender_addon.engine.pixels import decode, to_uint8
from blender_addon.engine.png import encode
from blender_addon.engine.transform import Step, transform
from tests.tiny import make_tiny
from tests.tiny_picture import make_tiny_picture, picture_card


def drawn(height, width=None, seed=3, channels=3) -> np.ndarray:
    """[H, W, C] uint8; square ones tile."""
    side = max(height, width or height)
    return to_uint8(drawn_picture(seed, channels, side).transpose(1, 2, 0)[:height, : width or height])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """made(**options of picture_card) -> Model, each once."""
    folder, known = tmp_path_factory.mktemp("models"), {}

    def get(**options):
        key = repr(sorted(options.items()))
        if key not in known:
            path = make_tiny_picture(folder / f"m{len(known)}.onnx", **options)
            known[key] = Model.load(path, "cpu", threads=1, verify=False)
        return known[key]

    return get


def untiled(model, pixels) -> np.ndarray:
    """What the graph gives for the whole picture at once, which wraps."""
    given = (pixels.astype(np.float32) / 255 * 2 - 1).transpose(2, 0, 1)[None]
    raw = model.run_picture(draw(model.card, 0, picture=given))[0]
    return to_uint8(decode(model.card, raw)["base_color"])


@pytest.mark.parametrize("options", [{"depth": 5}, {"depth": 3, "multiple_of": 8}, {"depth": 2, "scale": 2}])
def test_parts_give_what_the_whole_gives(made, options):
    model = made(**options)
    pixels, parts = drawn(1024 // model.card.scale), []
    result = transform(
        model, of_pixels(pixels), Step(), True, lambda done, count: parts.append((done, count))
    )
    assert parts[0] == (0, len(parts) - 1) and parts[-1] == (len(parts) - 1,) * 2 and len(parts) == 5
    difference = np.abs(result.maps["base_color"].astype(int) - untiled(model, pixels))
    assert difference.max() <= 2 and (difference > 0).mean() < 1e-3


def test_what_tiles_still_tiles_and_a_photo_is_not_wrapped(made):
    model, pixels = made(depth=3), drawn(600)
    assert tiles(of_pixels(pixels))
    assert tile_seam(transform(model, of_pixels(pixels), Step(), True).maps["base_color"]) < 1.1
    photo = pixels[:300, :260]
    assert not tiles(of_pixels(photo))
    free = transform(model, of_pixels(photo), Step(), False).maps["base_color"]
    wrapped = transform(model, of_pixels(photo), Step(), True).maps["base_color"]
    assert (
        np.abs(free.astype(int) - wrapped)[10:-10, 10:-10].max() == 0
    )  # only the border knows what lies beyond
    assert np.abs(free.astype(int) - wrapped).max() > 2
    whole = transform(model, of_pixels(pixels), Step(), True).maps["base_color"][:300, :260]
    border = [np.abs(one.astype(int) - whole)[:, -2:].mean() for one in (free, wrapped)]
    assert border[0] < border[1]


def test_tiles_of_large_pictures_is_decided_on_a_part_of_them():
    pixels = drawn(1100)
    assert tiles(of_pixels(pixels)) and not tiles(of_pixels(pixels[:, :1090]))
    assert not tiles(of_pixels(pixels[:1001, :1001]))


@pytest.mark.parametrize("wraps", [True, False])
@pytest.mark.parametrize("size", [(1, 1), (1, 2000), (20000, 1), (3, 5), (37, 53)])
@pytest.mark.parametrize("options", [{"depth": 3}, {"depth": 3, "multiple_of": 8, "scale": 2}])
def test_any_size(made, options, size, wraps):
    model, pixels = made(**options), np.resize(drawn(64), (*size, 3))
    result = transform(model, of_pixels(pixels), Step(), wraps).maps["base_color"]
    assert result.shape == (size[0] * model.card.scale, size[1] * model.card.scale, 3)


def test_strength_zero_gives_the_picture_back(made):
    model, pixels = made(depth=2), drawn(300, 200)
    result = transform(model, of_pixels(pixels), Step(scalars={"strength": 0.0}), False).maps["base_color"]
    assert np.array_equal(result, pixels)
    half = transform(model, of_pixels(pixels), Step(scalars={"strength": 0.5}), False).maps["base_color"]
    assert np.abs(half.astype(int) - pixels).mean() > 1


def test_label(made):
    model, picture = made(labels=("moss", "snow")), of_pixels(drawn(64))
    moss, snow, chosen = (transform(model, picture, Step(one), True) for one in ("moss", "snow", None))
    assert not np.array_equal(moss.maps["base_color"], snow.maps["base_color"])
    assert any(np.array_equal(chosen.maps["base_color"], one.maps["base_color"]) for one in (moss, snow))
    with pytest.raises(RequestError, match=r"does not know it\. It knows moss, snow"):
        transform(model, picture, Step("rust"), True)
    with pytest.raises(RequestError, match="setting 'depth'"):
        transform(model, picture, Step("moss", {"depth": 1.0}), True)


def test_same_bits_with_two_threads(made):
    one = made(depth=3)
    two = Model.load(one.path, "cpu", threads=2, verify=False)
    picture = of_pixels(drawn(300, 280))
    results = [transform(model, picture, Step(), False).maps["base_color"] for model in (one, two)]
    assert np.array_equal(*results)


def test_maps_out_of_a_picture_lie_beside_it(made):
    model, pixels = made(gives=("normal", "height", "roughness")), drawn(96)
    result = transform(model, of_pixels(pixels), Step(), True)
    assert list(result.maps) == ["base_color", "normal", "height", "roughness"]
    assert result.maps["base_color"] is not None and np.array_equal(result.maps["base_color"], pixels)
    assert result.maps["normal"].shape == (96, 96, 3) and result.maps["height"].shape == (96, 96, 1)


def test_all_maps_of_a_set_grow_together(made):
    picture = together([of_pixels(drawn(64)), of_pixels(drawn(64, channels=1), "height")])
    result = transform(made(scale=4), picture, Step(), True)
    assert {name: values.shape for name, values in result.maps.items()} == {
        "base_color": (256, 256, 3),
        "height": (256, 256, 1),
    }
    with pytest.raises(RequestError, match=r"different sizes .base_color 64 x 64, height 60 x 64"):
        together([of_pixels(drawn(64)), of_pixels(drawn(64, channels=1)[:, :60], "height")])


def test_several_maps_go_in_by_name(made):
    model = made(takes=("position", "ao"))
    colors, ao = drawn(64), drawn(64, seed=9, channels=1)
    result = transform(model, Picture({"ao": ao, "position": colors}), Step(), True).maps["base_color"]
    given = np.concatenate([colors, ao], axis=2)
    assert np.abs(result.astype(int) - untiled(model, given)).max() <= 1
    with pytest.raises(RequestError, match=r"^m\d+: needs the map ao, and the picture has position"):
        transform(model, Picture({"position": colors}), Step(), True)


def test_what_is_derived_from_the_colours(made):
    colors = drawn(64)
    by_hand = Picture({"luminance": grey(colors)})
    of_colors = transform(made(takes=("luminance",)), of_pixels(colors), Step(), True).maps["base_color"]
    given = transform(made(takes=("luminance",)), by_hand, Step(), True).maps["base_color"]
    assert np.abs(of_colors.astype(int) - given).max() <= 2
    lines = np.zeros((64, 64, 3), np.uint8)
    lines[30:32] = 255
    model = made(takes=("sketch",))
    light = transform(model, of_pixels(lines), Step(), True).maps["base_color"]
    dark = transform(model, of_pixels(255 - lines), Step(), True).maps["base_color"]
    assert np.array_equal(light, dark)


def test_grey_alpha_palettes_and_sixteen_bits(made):
    model, colors = made(), drawn(64)
    shade = drawn(64, channels=1)
    as_rgb = transform(model, of_pixels(np.repeat(shade, 3, axis=2)), Step(), True).maps["base_color"]
    assert np.array_equal(transform(model, of_pixels(shade), Step(), True).maps["base_color"], as_rgb)
    alpha = drawn(64, seed=8, channels=1)
    result = transform(model, of_pixels(np.concatenate([colors, alpha], axis=2)), Step(), True)
    assert np.array_equal(result.alpha, alpha)
    assert np.array_equal(
        result.maps["base_color"], transform(model, of_pixels(colors), Step(), True).maps["base_color"]
    )
    assert of_pixels(np.concatenate([colors, np.full_like(alpha, 255)], axis=2)).alpha is None
    larger = transform(made(scale=2), of_pixels(np.concatenate([colors, alpha], axis=2)), Step(), True)
    assert larger.alpha.shape == (128, 128, 1) and abs(larger.alpha.mean() - alpha.mean()) < 1
    assert np.array_equal(of_png(encode(colors)).maps["base_color"], colors)


def test_sixteen_bits_are_rounded():
    import struct
    import zlib

    from blender_addon.engine.png import SIGNATURE, chunk

    values = np.array([[[0], [257 * 7], [65535]]], ">u2")
    rows = b"\0" + values.tobytes()
    header = struct.pack(">IIBBBBB", 3, 1, 16, 0, 0, 0, 0)
    data = SIGNATURE + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert of_png(data).maps["base_color"].ravel().tolist() == [0, 7, 255]


def test_cancel_between_two_parts(made):
    class Stopped(Exception):
        pass

    seen = []

    def stop(done, count):
        seen.append(done)
        if done == 2:
            raise Stopped

    with pytest.raises(Stopped):
        transform(made(), of_pixels(drawn(1100)), Step(), False, stop)
    assert seen == [0, 1, 2]


def test_memory_does_not_grow_with_the_picture(made):
    """Beyond the picture and the result themselves, a byte a value: what a part needs, whatever the size."""
    model, extra = made(depth=2), []
    for side in (1024, 2048):
        picture = of_pixels(np.resize(drawn(64), (side, side, 3)))
        tracemalloc.start()
        result = transform(model, picture, Step(), True)
        extra.append(tracemalloc.get_traced_memory()[1] - result.maps["base_color"].nbytes)
        tracemalloc.stop()
    assert extra[1] < extra[0] * 1.1 + 100_000


def test_not_enough_memory(made, monkeypatch):
    card = made().card
    monkeypatch.setattr(module, "free_memory", lambda: 2 * 2**30)
    assert module.fitting_core(card, 4096, 4096, 3) == windows.core_side(card)
    monkeypatch.setattr(module, "free_memory", lambda: 500 * 2**20)
    assert module.fitting_core(card, 2048, 2048, 3) == windows.core_side(card) // 2
    with pytest.raises(
        RequestError, match=r"8192 x 8192 px: would need about .* Use (\d+) x \1 px or less"
    ) as caught:
        module.fitting_core(card, 8192, 8192, 3)
    side = int(str(caught.value).split("Use ")[1].split()[0])
    assert module.fitting_core(card, side, side, 3) and 1000 < side < 8192
    monkeypatch.setattr(module, "free_memory", lambda: 2**20)
    with pytest.raises(RequestError, match="Close other programs"):
        module.fitting_core(card, 64, 64, 3)


def test_too_many_pixels_for_a_png(made):
    with pytest.raises(RequestError, match=r"40000 x 40000, too many for a PNG\. Use 2896 x 2896 px or less"):
        module.fitting_core(made(scale=4).card, 10000, 10000, 3)
    with pytest.raises(
        RequestError, match=r"Use 32768 x 1 px or less"
    ):  # its length is too much, not its pixels
        module.fitting_core(made(scale=4).card, 1, 40000, 3)


def test_who_takes_no_picture_and_who_contradicts_its_card(made, tmp_path):
    seeds = Model.load(make_tiny(tmp_path / "seeds.onnx"), "cpu", threads=1, verify=False)
    with pytest.raises(RequestError, match="makes textures out of seeds and takes no picture"):
        transform(seeds, of_pixels(drawn(64)), Step(), True)
    model = Model.load(made(scale=2).path, "cpu", threads=1, verify=False)
    model.card = picture_card(scale=4)
    with pytest.raises(ModelError, match=r"gave float32 .* where its card promises"):
        transform(model, of_pixels(drawn(64)), Step(), True)


def test_spans_cover_an_axis_once():
    card = picture_card(multiple_of=8, depth=3)
    for wraps in (True, False):
        for size in (1, 7, 8, 100, 511, 512, 513, 1500):
            core = np.concatenate(
                [
                    one.at[one.before : one.before + one.length]
                    for one in windows.spans(size, 512, card, wraps)
                ]
            )
            assert np.array_equal(core, np.arange(size))
            assert all(len(one.at) % 8 == 0 for one in windows.spans(size, 512, card, wraps))
    assert windows.mirrored(np.arange(-4, 7), 3).tolist() == [2, 2, 1, 0, 0, 1, 2, 2, 1, 0, 0]


def test_enlarged_keeps_means_and_wraps():
    values = drawn(48)
    large = enlarged(values, 4, True)
    assert large.shape == (192, 192, 3)
    blocks = large.reshape(48, 4, 48, 4, 3).mean(axis=(1, 3))
    assert np.abs(blocks - values).mean() < np.abs(np.roll(blocks, 1, axis=0) - values).mean() / 4
    rolled = enlarged(np.roll(values, 7, axis=1), 4, True)
    assert np.array_equal(rolled, np.roll(large, 28, axis=1))
    normal = enlarged(np.full((8, 8, 3), (128, 128, 255), np.uint8), 2, False, True)
    assert np.abs(normal.astype(int) - (128, 128, 255)).max() <= 1
