"""`gancube transform` on picture files: what is never written over, names of results, photos that lie on their side,
whom the mark credits, and what is refused before any work."""

import json
import struct
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from blender_addon.engine import image_file, png, xmp
from blender_addon.engine import transform as engine
from blender_addon.engine.exif import orientation_of
from blender_addon.engine.library import read_entry
from blender_addon.engine.picture import upright
from blender_addon.geometry_command import named_apart
from blender_addon.transform_files import grouped
from tests.engine.test_transform import drawn
from tests.tiny import write_card
from tests.tiny_picture import make_tiny_picture


@pytest.fixture(scope="module")
def takers(models) -> Path:
    make_tiny_picture(models / "looks.onnx", labels=("moss", "snow"))
    make_tiny_picture(models / "relief.onnx", gives=("normal", "roughness"))
    make_tiny_picture(models / "x2.onnx", scale=2)
    make_tiny_picture(models / "x4.onnx", scale=4)
    make_tiny_picture(models / "tops.onnx", takes=("height",), gives=("base_color",))
    make_tiny_picture(models / "worn.onnx", takes=("object_normal",), gives=("base_color",))
    return models


@pytest.fixture
def transform(takers, gancube):
    return lambda *arguments: gancube("transform", *arguments, "--quiet")


@pytest.fixture
def photo(tmp_path) -> Path:
    (tmp_path / "brick.png").write_bytes(png.encode(drawn(64)))
    return tmp_path / "brick.png"


def pixels(path: Path) -> np.ndarray:
    return png.decode(path.read_bytes())[0]


def test_no_source_is_ever_written_over(transform, photo, tmp_path):
    data = photo.read_bytes()
    (tmp_path / "wall_base_color.png").write_bytes(data)
    (tmp_path / "wall_normal.png").write_bytes(data)
    (tmp_path / "same.png").hardlink_to(photo)
    for source, model, out in (
        (photo, "looks", tmp_path),  # into the folder that it is in
        (photo, "looks", tmp_path / "same.png"),
        (tmp_path / "wall_base_color.png", "relief", tmp_path / "wall.png"),
        (tmp_path, "looks", tmp_path),
    ):
        before = {path: path.read_bytes() for path in tmp_path.iterdir()}
        answer = transform(source, "--model", model, "--out", out)
        assert answer.code == 2 and "is read as a source" in answer.err, answer.err
        assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    (tmp_path / "old.png").write_bytes(b"an older result")
    assert transform(photo, "--model", "looks", "--out", tmp_path / "old.png").code == 0


def test_pictures_of_one_name_keep_apart(transform, photo, tmp_path):
    folder, out = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    (folder / "brick.png").write_bytes(photo.read_bytes())
    Image.fromarray(drawn(48)).save(folder / "brick.jpg")
    assert transform(folder, "--model", "x2", "--out", out).code == 0
    assert {path.name: len(pixels(path)) for path in out.iterdir()} == {
        "brick-jpg.png": 96,
        "brick-png.png": 128,
    }
    names = [
        {one.name: sorted(one.files) for one in grouped([Path(name) for name in files], "base_color")}
        for files in (
            ("a.png", "a_normal.png", "b.png"),
            ("a.png", "a_base_color.png", "a_normal.png"),
            ("a.jpg", "a_base_color.png", "a_normal.png"),
        )
    ]
    assert names == [
        {"a": ["base_color", "normal"], "b": ["base_color"]},
        {"a": ["base_color"], "a-base_color": ["base_color"], "a-normal": ["normal"]},
        {"a-jpg": ["base_color"], "a-png": ["base_color", "normal"]},
    ]


def test_meshes_of_one_name_keep_apart(gancube, tmp_path):
    assert named_apart([Path("a.glb"), Path("x/a.obj"), Path("b.obj")]) == ["a-glb", "a-obj", "b"]
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.obj").write_text("v 0 0 0\n")
    answer = gancube("geometry", tmp_path / "x/a.obj", tmp_path / "y/a.obj", "--out", tmp_path / "out")
    assert answer.code == 2 and "two results would have this name" in answer.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photo_is_as_its_camera_saw_it(transform, tmp_path, kind):
    exif = Image.Exif()
    exif[0x0112] = 6
    file = tmp_path / f"photo{image_file.SUFFIX[kind]}"
    Image.fromarray(drawn(40, 64)).save(file, exif=exif)
    assert transform(file, "--model", "x2", "--out", tmp_path / "out.png").code == 0
    assert pixels(tmp_path / "out.png").shape == (128, 80, 3)


def test_all_eight_ways_up(tmp_path):
    from PIL import ImageOps

    for number in range(1, 9):
        image, exif = Image.fromarray(drawn(20, 30)), Image.Exif()
        exif[0x0112] = number
        image.save(tmp_path / "one.png", exif=exif)
        data = (tmp_path / "one.png").read_bytes()
        assert orientation_of(data) == number
        with Image.open(tmp_path / "one.png") as read:
            expected = np.asarray(ImageOps.exif_transpose(read))
        assert np.array_equal(upright(png.decode(data)[0], number), expected)
    assert orientation_of(png.encode(drawn(8))) == orientation_of(b"no picture") == 1
    at = data.index(b"eXIf")
    for end in range(4, 40):  # cut off anywhere, and nonsense
        assert 1 <= orientation_of(data[:at] + data[at : at + end]) <= 8
        assert 1 <= orientation_of(data[: at + 8] + bytes([end]) * 40 + data[at + 48 :]) <= 8


def test_every_step_is_credited(transform, gancube, takers, photo, tmp_path):
    """In one command, in two, and as a batch does it."""
    for name, licence, author in (("one", "CC-BY-4.0", "Ada"), ("two", "CC0-1.0", "Bo")):
        path = make_tiny_picture(takers / f"{name}.onnx")
        card = read_entry(path).card
        write_card(
            path, replace(card, provenance=replace(card.provenance, licences={licence: 3}, authors=(author,)))
        )
    transform(photo, "--model", "one", "--model", "two", "--out", tmp_path / "both.png")
    transform(photo, "--model", "one", "--out", tmp_path / "first.png")
    transform(tmp_path / "first.png", "--model", "two", "--out", tmp_path / "then.png")
    for name in ("both.png", "then.png"):
        packet = image_file.read_xmp((tmp_path / name).read_bytes())
        told = xmp.read(packet)
        assert told["licences"] == ["CC-BY-4.0", "CC0-1.0"] and told["authors"] == ["Ada", "Bo"]
        assert "Training images by Ada, Bo (CC-BY-4.0, CC0-1.0)" in packet


@pytest.mark.parametrize(
    "arguments, out, says",
    [
        (
            ("--model", "looks", "--model", "tops"),
            "out.png",
            "tops: needs the map height, which neither the picture",
        ),
        (
            ("--model", "x2", "--model", "looks", "--label", "-", "--label", "rust"),
            "out.png",
            "It knows moss, snow",
        ),
        (("--model", "looks"), "none/out.png", "does not exist. Make it first"),
        (("--model", "looks"), "brick.png/out", "is no folder"),
        (
            ("--model", "x4") * 6,
            "out.png",
            "64 x 64 px: the result would have 262144 x 262144, too many for a PNG. Use 2 x 2 px",
        ),
        (("--model", "looks", "--size", "64"), "out.png", "--size: is that of the images of a mesh"),
    ],
)
def test_what_cannot_be_is_said_before_the_work(
    transform, photo, tmp_path, monkeypatch, arguments, out, says
):
    monkeypatch.setattr(engine.Model, "run_picture", lambda *_: pytest.fail("it has begun"))
    answer = transform(photo, *arguments, "--out", tmp_path / out)
    assert answer.code == 2 and says in answer.err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["brick.png"]


def test_the_size_that_fits_is_that_of_the_picture(transform, tmp_path):
    """256 times: 11 585 pixels of a side are the most of a PNG."""
    (tmp_path / "large.png").write_bytes(png.encode(np.zeros((100, 100, 3), np.uint8)))
    answer = transform(tmp_path / "large.png", *("--model", "x4") * 4, "--out", tmp_path / "out.png")
    assert answer.code == 2 and "100 x 100 px" in answer.err and "Use 45 x 45 px or less" in answer.err


def test_options_without_an_effect_are_refused(transform, tmp_path):
    (tmp_path / "a.obj").write_text("v 0 0 0\n")
    for model, option, says in (
        ("looks", ("--size", "64"), "--size: is that of the images"),
        ("worn", ("--tiles", "yes"), "--tiles: an image laid around a mesh never repeats"),
    ):
        answer = transform(tmp_path / "a.obj", "--model", model, *option, "--out", tmp_path / "b.obj")
        assert answer.code == 2 and says in answer.err


def test_json_names_the_files_of_each_picture(transform, photo, tmp_path):
    answer = transform(photo, "--model", "relief", "--out", tmp_path / "out", "--json")
    files = [Path(path).name for path in json.loads(answer.out)["files"]]
    assert files == ["brick_base_color.png", "brick_normal.png", "brick_roughness.png"]


def test_files_that_were_not_named_are_not_written_over(transform, photo, tmp_path):
    """Maps made by hand beside the name that was given; what we made is made anew."""
    by_hand = tmp_path / "wall_normal.png"
    by_hand.write_bytes(png.encode(drawn(16)))
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    answer = transform(photo, "--model", "relief", "--out", tmp_path / "wall.png")
    assert answer.code == 2 and "wall_normal.png: is there already" in answer.err
    assert "Choose another --out, or move it away" in answer.err
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    by_hand.unlink()
    for _ in range(2):
        assert transform(photo, "--model", "relief", "--out", tmp_path / "wall.png").code == 0
    (tmp_path / "out").mkdir()
    (tmp_path / "out/brick.png").write_bytes(b"notes")
    answer = transform(photo, "--model", "looks", "--out", tmp_path / "out")
    assert answer.code == 2 and "brick.png: is there already" in answer.err
    assert (tmp_path / "out/brick.png").read_bytes() == b"notes"


def test_a_set_is_enlarged_together(transform, tmp_path):
    for name, channels in (("base_color", 3), ("normal", 3), ("ao", 1)):
        (tmp_path / f"brick_{name}.png").write_bytes(png.encode(drawn(32, channels=channels)))
    (tmp_path / "other_normal.png").write_bytes(png.encode(drawn(16)))
    source = tmp_path / "brick_base_color.png"
    assert transform(source, "--model", "x2", "--out", tmp_path / "out").code == 0
    assert {path.name: len(pixels(path)) for path in (tmp_path / "out").iterdir()} == {
        f"brick_{name}.png": 64 for name in ("ao", "base_color", "normal")
    }
    assert transform(source, "--model", "looks", "--out", tmp_path / "snowy.png").code == 0
    assert len(pixels(tmp_path / "snowy.png")) == 32, "where sizes stay, it goes alone"


@pytest.mark.parametrize("mode, depth", [("L", 8), ("RGB", 8), ("RGBA", 8), ("LA", 8), ("RGB", 16)])
def test_interlaced_pngs_are_read(transform, takers, tmp_path, mode, depth):
    """By Blender, as in the panel: every pixel is what the same picture without interlacing gives."""
    channels = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}[mode]
    colors = np.concatenate([drawn(13, seed=i, channels=1) for i in range(channels)], axis=2)
    for name, passes in (("plain", False), ("passes", True)):
        (tmp_path / f"{name}.png").write_bytes(adam7(colors, passes, depth))
        answer = transform(
            tmp_path / f"{name}.png", "--model", "looks", "--out", tmp_path / f"out-{name}.png"
        )
        assert answer.code == 0, answer.err
    assert np.array_equal(pixels(tmp_path / "out-plain.png"), pixels(tmp_path / "out-passes.png"))


def adam7(pixels: np.ndarray, passes: bool, depth: int) -> bytes:
    """[H, W, 1..4] uint8 as a PNG, interlaced or not."""
    height, width, channels = pixels.shape
    starts = (
        (0, 0, 8, 8),
        (0, 4, 8, 8),
        (4, 0, 8, 4),
        (0, 2, 4, 4),
        (2, 0, 4, 2),
        (0, 1, 2, 2),
        (1, 0, 2, 1),
    )
    parts = [pixels[y::down, x::right] for y, x, down, right in starts] if passes else [pixels]
    parts = [np.repeat(part, depth // 8, axis=2) for part in parts]  # 0xABAB rounds to 0xAB
    rows = b"".join(b"\0" + row.tobytes() for part in parts if part.shape[1] for row in part)
    kind = {1: 0, 2: 4, 3: 2, 4: 6}[channels]
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(passes))
    body = [(b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return png.SIGNATURE + b"".join(png.chunk(*one) for one in body)


def test_a_transparent_colour_goes_along(transform, photo, tmp_path):
    data = photo.read_bytes()
    key = pixels(photo)[3, 5].astype(">u2").tobytes()
    photo.write_bytes(data[:33] + png.chunk(b"tRNS", key) + data[33:])
    assert transform(photo, "--model", "looks", "--out", tmp_path / "out.png").code == 0
    assert pixels(tmp_path / "out.png").shape == (64, 64, 4) and pixels(tmp_path / "out.png")[3, 5, 3] == 0


def test_messages_say_which_file_and_which_limit(transform, takers, photo, tmp_path):
    (tmp_path / "long.png").write_bytes(png.encode(np.zeros((1, 20000, 3), np.uint8)))
    answer = transform(tmp_path / "long.png", *("--model", "x4") * 2, "--out", tmp_path / "out.png")
    assert answer.code == 2 and "Use 8192 x 1 px or less" in answer.err, answer.err
    answer = transform(tmp_path / "pictures", "--model", "looks", "--out", tmp_path / "out")
    assert answer.code == 2 and "pictures: no such file or folder" in answer.err
    tops, worn = tmp_path / "high.onnx", tmp_path / "low.onnx"
    for path in (tops, worn):
        path.write_bytes((takers / "tops.onnx").read_bytes())
        answer = transform(photo, "--model", "looks", "--model", path, "--out", tmp_path / "out.png")
        assert answer.code == 2 and f"{path.stem}: needs the map height" in answer.err
        answer = transform(photo, "--model", path, "--label", "moss", "--out", tmp_path / "out.png")
        assert answer.code == 2 and f"{path.stem} has no labels" in answer.err


def test_a_bad_set_of_a_folder_is_named(transform, photo, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, side in (("a_base_color", 16), ("a_normal", 32), ("b_base_color", 16), ("c_base_color", 8)):
        (folder / f"{name}.png").write_bytes(png.encode(drawn(side)))
    answer = transform(folder, "--model", "looks", "--out", tmp_path / "out")
    first = folder / "a_base_color.png"
    assert answer.code == 2 and f"1 of 3 pictures were left out: {first}, " in answer.err
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["b.png", "c.png"]
    answer = transform(first, "--model", "x2", "--out", tmp_path / "one.png")
    assert answer.code == 2 and "a_normal.png: the maps have different sizes" in answer.err
    (folder / "d_ao.png").write_bytes(png.encode(drawn(8, channels=1)))
    answer = transform(folder, "--model", "looks", "--out", tmp_path / "out")
    assert "2 of 4 pictures" in answer.err and f"{folder / 'd_ao.png'}: looks: needs the map" in answer.err
