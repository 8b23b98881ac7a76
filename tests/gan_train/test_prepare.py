"""prepare: from any folder to a dataset, or to a sentence; Pillow and numpy, no torch."""

import io
import json
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gan_train.cli import main
from gan_train.errors import DatasetError
from gan_train.manifest import read_manifest
from gan_train.prepare import PrepareOptions, prepare

from .pictures import save_folder, save_texture, texture


def run(source: Path, out: Path, **options):
    defaults = {"size": 128, "min_per_label": 1, "licence": "CC0-1.0"}
    return prepare(PrepareOptions(source=source, out=out, **{**defaults, **options}))


def reasons(report) -> dict[str, str]:
    return {entry.file: entry.reason for entry in report.manifest.left_out}


def stored(report, name: str) -> np.ndarray:
    return stored_in(report.manifest, name)


def stored_in(manifest, name: str) -> np.ndarray:
    item = next(item for item in manifest.items if Path(item.file).stem == name)
    with Image.open(manifest.path(item)) as image:
        assert image.mode == "RGB" and image.format == "JPEG"
        return np.asarray(image)


def huge_png(width: int, height: int) -> bytes:
    """The header of a PNG of that size with hardly any data: a decompression bomb."""
    return png_file(width, height, 8, zlib.compress(b"\0" * 1000))


def png_file(width: int, height: int, bits: int, data: bytes) -> bytes:
    """An RGB PNG around compressed rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, bits, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


# Good input


def test_folders_become_labels_and_the_dataset_is_whole(tmp_path):
    report = run(save_folder(tmp_path / "in", {"brick": 5, "moss": 4}), tmp_path / "out")
    manifest = read_manifest(tmp_path / "out")
    assert manifest == report.manifest
    assert manifest.labels == ("brick", "moss") and len(manifest.items) == 9 and not manifest.left_out
    assert {item.label for item in manifest.split("heldout")} == {"brick", "moss"}
    assert manifest.licences == {"CC0-1.0": 9}
    assert all((item.width, item.height) == (128, 128) for item in manifest.items)
    assert json.loads((tmp_path / "out" / "report.json").read_text())["labels"]["brick"] == {
        "train": 4,
        "heldout": 1,
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"], "a temporary folder was left"


def test_scaling_keeps_the_mean_light(tmp_path):
    """A checker of black and white pixels reflects half the light: sRGB 188, not 128."""
    checker = np.indices((512, 512)).sum(0) % 2 * 255
    (tmp_path / "in" / "a").mkdir(parents=True)
    Image.fromarray(checker.astype(np.uint8)).convert("RGB").save(tmp_path / "in" / "a" / "checker.png")
    pixels = stored(run(tmp_path / "in", tmp_path / "out"), "checker")
    assert abs(pixels[8:-8, 8:-8].astype(float).mean() - 188) < 2


def test_what_wraps_still_wraps_after_scaling(tmp_path):
    x = np.arange(384) / 384
    wave = (0.5 + 0.4 * np.sin(2 * np.pi * (x[:, None] * 3 + x[None] * 2) + 1)) * 255
    (tmp_path / "in" / "a").mkdir(parents=True)
    Image.fromarray(np.repeat(wave[..., None], 3, 2).astype(np.uint8)).save(
        tmp_path / "in" / "a" / "wave.png"
    )
    (tmp_path / "in" / "manifest.csv").write_text("path,tileable,seam_ratio\na/wave.png,yes,1.0\n")
    report = run(tmp_path / "in", tmp_path / "out")
    pixels = stored(report, "wave").astype(float)
    assert report.manifest.items[0].tileable is True
    jumps = np.abs(np.roll(pixels, -1, 1) - pixels).mean((0, 2))
    assert jumps[-1] <= jumps[:-1].max() * 1.05


def test_sizes_are_never_enlarged_and_long_images_are_cropped(tmp_path):
    source = tmp_path / "in" / "a"
    save_texture(source / "small.png", 1, 140)
    save_texture(source / "tiny.png", 2, 100)
    Image.fromarray(texture(3, 2048)[:256]).save(source / "long.png")
    report = run(tmp_path / "in", tmp_path / "out", size=256)
    sizes = {Path(item.file).stem: (item.width, item.height) for item in report.manifest.items}
    assert sizes == {"small": (140, 140), "long": (1024, 256)}
    assert "too small: 100 x 100" in reasons(report)["a/tiny.png"]
    assert any("smaller than 256" in note for _, note in report.notes)


def test_long_images_become_squares_where_asked(tmp_path):
    source = tmp_path / "in" / "a"
    save_texture(source / "square.png", 1, 160)
    Image.fromarray(texture(3, 320)[:160]).save(source / "long.png")
    (tmp_path / "in" / "manifest.csv").write_text("path,tileable,seam_ratio\na/long.png,yes,1.0\n")
    kept = run(tmp_path / "in", tmp_path / "kept").manifest
    assert sorted((item.width, item.height) for item in kept.items) == [(128, 128), (256, 128)]
    report = run(tmp_path / "in", tmp_path / "out", non_square="crop")
    assert {(item.width, item.height) for item in report.manifest.items} == {(128, 128)}
    assert report.notes == [("a/long.png", "centre-cropped to a square")]
    long = stored(report, "long").astype(int)
    assert np.abs(long - stored_in(kept, "long")[:, 64:192].astype(int)).mean() < 2
    assert [item.tileable for item in report.manifest.items] == [False, None], "a piece of it wraps no more"


def test_the_smallest_size_is_as_asked(tmp_path):
    source = tmp_path / "in" / "a"
    for size in (100, 140, 160):
        save_texture(source / f"{size}.png", size, size)
    found = reasons(run(tmp_path / "in", tmp_path / "out", min_size=150))
    assert found == {
        f"a/{size}.png": f"too small: {size} x {size} px, the short side must be at least 150"
        for size in (100, 140)
    }
    assert not reasons(run(tmp_path / "in", tmp_path / "all", min_size=100))
    assert not reasons(run(tmp_path / "in", tmp_path / "small", size=100)), (
        "of the asked size, so not too small"
    )
    with pytest.raises(DatasetError, match="--min-size 3"):
        run(tmp_path / "in", tmp_path / "none", min_size=3)


def test_a_folder_of_maps_is_one_material(tmp_path):
    source = tmp_path / "in" / "brick" / "Old Wall"
    save_texture(source / "Wall_2K_Color.jpg", 1)
    save_texture(source / "Wall_2K_NormalGL.jpg", 2)
    save_texture(source / "Wall_2K_Roughness.jpg", 3)
    save_texture(source / "Wall_4K_Roughness.jpg", 5)
    save_texture(source / "Wall_2K_Opacity.jpg", 6)
    save_texture(tmp_path / "in" / "brick" / "NoBase" / "normal.jpg", 4)
    report = run(tmp_path / "in", tmp_path / "out")
    assert [(item.file, item.material) for item in report.manifest.items] == [
        ("images/brick/Old Wall.jpg", "brick/Old Wall")
    ]
    assert list(report.manifest.items[0].maps) == ["roughness"]
    unused = ["brick/Old Wall/Wall_2K_Opacity.jpg", "brick/Old Wall/Wall_4K_Roughness.jpg"]
    assert report.other_maps == report.as_json()["other_maps"] == unused
    assert f"not used: {', '.join(unused)}" in "\n".join(report.lines())
    assert "1 image in 1 label" in report.lines()[0]
    assert any("normal map is not used" in what for _, what in report.notes)  # it is coloured noise
    assert "no base colour" in reasons(report)["brick/NoBase/normal.jpg"]


def test_manifest_csv_gives_licence_author_group_and_label(tmp_path):
    for number in range(3):
        save_texture(tmp_path / "in" / "x" / f"{number}.png", number)
    (tmp_path / "in" / "manifest.csv").write_text(
        "path,class,material_id,map,author,licence,tileable,seam_ratio,group,upstream\n"
        "x/0.png,Wood,m0,basecolor,Ada,CC-BY-3.0,yes,1.0,g0,https://example.org/0\n"
        "x/1.png,Wood,m1,basecolor,,CC0-1.0,yes,3.0,g1,\n"
        "x/2.png,Wood,m1,normal,,CC0-1.0,yes,3.0,g1,\n"
    )
    report = run(tmp_path / "in", tmp_path / "out", licence="", source_text="elsewhere")
    first, second = report.manifest.items
    assert (first.label, first.material, first.group) == ("Wood", "m0", "g0")
    assert (first.licence, first.author, first.source) == ("CC-BY-3.0", "Ada", "https://example.org/0")
    assert (first.tileable, second.tileable) == (True, False), "a measured seam refutes the claim"
    assert second.source == "elsewhere" and any(file == "x/1.png" for file, _ in report.notes), (
        "m1's normal map"
    )
    assert report.manifest.authors == ("Ada",) and not report.warnings()


def test_labels_from_a_csv_and_from_zips(tmp_path):
    save_texture(tmp_path / "in" / "one.png", 1)
    save_texture(tmp_path / "in" / "two.png", 2)
    (tmp_path / "labels.csv").write_text("file,label\none.png,brick\n")
    report = run(tmp_path / "in", tmp_path / "out", labels_file=tmp_path / "labels.csv")
    assert [item.label for item in report.manifest.items] == ["brick"]
    assert reasons(report)["two.png"] == "is not in labels.csv"

    (tmp_path / "labels.json").write_text('{"two.png": "moss", "./gone.png": "moss"}')
    report = run(tmp_path / "in", tmp_path / "json", labels_file=tmp_path / "labels.json")
    assert [(item.label, item.file) for item in report.manifest.items] == [("moss", "images/moss/two.jpg")]
    assert reasons(report)["one.png"] == "is not in labels.json"

    with zipfile.ZipFile(tmp_path / "all.zip", "w") as archive:
        archive.write(tmp_path / "in" / "one.png", "rock/one.png")
        archive.writestr("../../evil.png", b"x")
    report = run(tmp_path / "all.zip", tmp_path / "zipped")
    assert [(item.label, item.file) for item in report.manifest.items] == [("rock", "images/rock/one.jpg")]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"a": 1}', '{"a": "x", "a": "y"}', "[" * 100_000, "\udcff"])
def test_what_is_no_list_of_labels(tmp_path, text):
    save_folder(tmp_path / "in", {"a": 2})
    (tmp_path / "labels.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(DatasetError, match=r"labels\.json"):
        run(tmp_path / "in", tmp_path / "out", labels_file=tmp_path / "labels.json")


def test_a_flat_folder_is_one_label(tmp_path):
    save_texture(tmp_path / "wood" / "one.png", 1)
    assert run(tmp_path / "wood", tmp_path / "out").manifest.labels == ("wood",)


# Bad and odd files


def test_bad_files_are_listed_and_skipped(tmp_path):
    source = save_folder(tmp_path / "in", {"brick": 2}) / "brick"
    good = (source / "0.png").read_bytes()
    (source / "notes.txt").write_text("a text")
    (source / "text.jpg").write_text("a text that says it is a JPEG")
    (source / "empty.jpg").write_bytes(b"")
    (source / "cut.png").write_bytes(good[: len(good) // 2])
    jpeg = save_texture(tmp_path / "whole.jpg", 7).read_bytes()
    (source / "cut.jpg").write_bytes(jpeg[: len(jpeg) // 2])
    (source / "bomb.png").write_bytes(huge_png(60000, 60000))
    (source / "huge.png").write_bytes(huge_png(12000, 12000))
    (source / "broken.zip").write_bytes(b"PK no zip")
    report = run(tmp_path / "in", tmp_path / "out")
    assert len(report.manifest.items) == 2
    found = {name.removeprefix("brick/"): reason for name, reason in reasons(report).items()}
    assert "not an image file" in found["notes.txt"]
    assert found["text.jpg"].startswith("not an image, whatever its name says")
    assert found["empty.jpg"] == "empty file (0 bytes)"
    assert found["cut.png"].startswith("damaged") and found["cut.jpg"].startswith("damaged")
    assert found["bomb.png"].startswith("too large") and "12000 x 12000" in found["huge.png"]
    assert found["broken.zip"].startswith("unreadable zip")
    assert set(found) == {
        "notes.txt",
        "text.jpg",
        "empty.jpg",
        "cut.png",
        "cut.jpg",
        "bomb.png",
        "huge.png",
        "broken.zip",
    }
    text = "\n".join(report.lines())
    assert "left out: 8" in text and "text.jpg" in text


def test_every_mode_becomes_8_bit_rgb(tmp_path):
    source = tmp_path / "in" / "a"
    source.mkdir(parents=True)
    images = {
        name: Image.fromarray(texture(seed))
        for seed, name in enumerate(("cmyk", "palette", "grey", "one", "ga"))
    }
    images["cmyk"].convert("CMYK").save(source / "cmyk.jpg", quality=95)
    images["palette"] = images["palette"].quantize(64)
    images["palette"].save(source / "palette.png")
    images["grey"].convert("L").save(source / "grey.png")
    images["one"].convert("1").save(source / "one.png")
    images["ga"].convert("LA").save(source / "ga.png")
    ramp = np.linspace(0, 65535, 160 * 160).reshape(160, 160).astype(np.uint16)
    Image.fromarray(ramp).save(source / "deep.png")
    Image.fromarray((ramp / 65535).astype(np.float32)).save(source / "float.tif")
    report = run(tmp_path / "in", tmp_path / "out", size=160)
    assert not [name for name in reasons(report) if "float" not in name]
    for name, image in images.items():
        if name == "one":  # dots of black and white, which JPEG does not keep exactly
            continue
        expected = np.asarray(image.convert("L" if name in ("grey", "ga") else "RGB"), float)
        if expected.ndim == 2:
            expected = expected[..., None]
        assert np.abs(stored(report, name) - expected).mean() < 6, name  # JPEG
    assert np.abs(stored(report, "deep")[..., 0] - ramp / 65535 * 255).mean() < 2


def test_16_bit_colour_keeps_its_values(tmp_path):
    """Pillow reads it as 8 bit by leaving the low byte out: half a level darker at most than rounding would give."""
    source = tmp_path / "in" / "a"
    source.mkdir(parents=True)
    deep = np.linspace(0, 65535, 160 * 160 * 3).reshape(160, 160, 3).astype(np.uint16)
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in deep)
    (source / "deep.png").write_bytes(png_file(160, 160, 16, zlib.compress(rows)))
    report = run(tmp_path / "in", tmp_path / "out", size=160)
    assert np.abs(stored(report, "deep") - deep / 257).mean() < 1.5  # JPEG


def test_the_content_counts_not_the_ending(tmp_path):
    save_texture(tmp_path / "in" / "a" / "real.png", 1).rename(tmp_path / "in" / "a" / "real.jpg")
    report = run(tmp_path / "in", tmp_path / "out", size=160)
    assert np.abs(stored(report, "real").astype(int) - texture(1)).mean() < 6


def test_transparent_colours_of_palettes_and_grey(tmp_path):
    """The other ways in which a file may say what is transparent: a palette entry, one grey, a grey with alpha."""
    source = tmp_path / "in" / "a"
    source.mkdir(parents=True)
    half = np.zeros((160, 160), np.uint8)
    half[:, 80:] = 1
    palette = Image.fromarray(half).convert("P")
    palette.putpalette([200, 100, 50, 0, 255, 0])
    palette.save(source / "palette.png", transparency=1)
    Image.fromarray(half * 155 + 100).save(source / "grey.png", transparency=255)
    Image.merge("LA", [Image.fromarray(half * 155 + 100), Image.fromarray(255 - half * 255)]).save(
        source / "alpha.png"
    )
    report = run(tmp_path / "in", tmp_path / "out", size=160)
    assert reasons(report) == {"a/grey.png": "exact duplicate of a/alpha.png"}
    assert np.abs(stored(report, "palette").astype(int) - (200, 100, 50)).max() <= 3
    assert np.abs(stored(report, "alpha").astype(int) - 100).max() <= 3


def test_a_float_duplicate_of_a_16_bit_image_is_found(tmp_path):
    source = tmp_path / "in" / "a"
    source.mkdir(parents=True)
    ramp = np.linspace(0, 65535, 160 * 160).reshape(160, 160).astype(np.uint16)
    Image.fromarray(ramp).save(source / "deep.png")
    Image.fromarray((ramp / 65535).astype(np.float32)).save(source / "float.tif")
    Image.fromarray(np.full((160, 160), 3.0, np.float32)).save(source / "hdr.tif")
    found = reasons(run(tmp_path / "in", tmp_path / "out"))
    assert (
        "duplicate of a/deep.png" in found["a/float.tif"] and "must stay within 0 to 1" in found["a/hdr.tif"]
    )


def test_alpha_is_filled_with_the_mean_of_what_shows(tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    image = np.zeros((160, 160, 4), np.uint8)
    image[:, :80] = (200, 100, 50, 255)
    image[:, 80:] = (0, 255, 0, 0)  # hidden green that must not come through
    Image.fromarray(image).save(tmp_path / "in" / "a" / "half.png")
    Image.fromarray(image[:, 80:].repeat(2, 1)).save(tmp_path / "in" / "a" / "nothing.png")
    report = run(tmp_path / "in", tmp_path / "out", size=160)
    assert np.abs(stored(report, "half").astype(int) - (200, 100, 50)).max() <= 3
    assert ("a/half.png", "transparent parts filled with the mean colour of the rest") in report.notes
    assert reasons(report)["a/nothing.png"] == "wholly transparent"


def test_exif_orientation_is_applied(tmp_path):
    (tmp_path / "in" / "a").mkdir(parents=True)
    image = Image.fromarray(texture(1, 320)[:160])  # 320 wide, 160 high
    exif = image.getexif()
    exif[0x0112] = 6  # turn by 90 degrees to look at it
    image.save(tmp_path / "in" / "a" / "turned.jpg", exif=exif)
    item = run(tmp_path / "in", tmp_path / "out").manifest.items[0]
    assert (item.width, item.height) == (128, 256)


def test_names_with_spaces_and_letters_of_any_language(tmp_path):
    save_texture(tmp_path / "in" / "H\u00f6lzer alt" / "\u6728 \u00e9 #1.png", 1)
    save_texture(tmp_path / "in" / "H\u00f6lzer alt" / "aux.png", 2)
    save_texture(tmp_path / "in" / "H\u00f6lzer alt" / "A.png", 3)
    save_texture(tmp_path / "in" / "H\u00f6lzer alt" / "a.png", 4)
    manifest = run(tmp_path / "in", tmp_path / "out").manifest
    assert manifest.labels == ("H\u00f6lzer alt",) and len(manifest.items) == 4
    names = [Path(item.file).name for item in manifest.items]
    assert "\u6728 \u00e9 #1.jpg" in names and "_aux.jpg" in names
    assert len({name.casefold() for name in names}) == 4, "two names that one Windows folder cannot hold"


# Duplicates, thin labels, split


def test_duplicates_are_left_out(tmp_path):
    source = save_folder(tmp_path / "in", {"a": 4}) / "a"
    (source / "copy.png").write_bytes((source / "0.png").read_bytes())
    Image.fromarray(texture(1)).save(source / "squeezed.jpg", quality=60)
    for name, color in (("flat1", (200, 10, 10)), ("flat2", (10, 10, 200))):
        Image.new("RGB", (160, 160), color).save(source / f"{name}.png")
    report = run(tmp_path / "in", tmp_path / "out")
    found = reasons(report)
    assert found["a/copy.png"] == "exact duplicate of a/0.png"
    assert found["a/squeezed.jpg"] == "near-duplicate of a/1.png"
    assert len(found) == 2, "plain images of different colours are no duplicates"


def test_thin_labels_are_left_out_with_the_reason(tmp_path):
    report = run(save_folder(tmp_path / "in", {"many": 6, "few": 3}), tmp_path / "out", min_per_label=6)
    assert report.manifest.labels == ("many",)
    assert "3 usable materials, fewer than 6 (--min-per-label)" in reasons(report)["few/0.png"]
    assert sorted(path.name for path in (tmp_path / "out" / "images").iterdir()) == ["many"]


def test_without_leaves_a_label_out(tmp_path):
    source = save_folder(tmp_path / "in", {"a": 2, "misc": 2})
    assert run(source, tmp_path / "out", without=("misc",)).manifest.labels == ("a",)
    with pytest.raises(DatasetError, match="no such label"):
        run(source, tmp_path / "out2", without=("mosc",))


def test_the_same_folder_gives_the_same_dataset(tmp_path):
    source = save_folder(tmp_path / "in", {"a": 8, "b": 5})
    first, second = run(source, tmp_path / "one"), run(source, tmp_path / "two")
    assert first.manifest.sha256 == second.manifest.sha256
    again = run(source, tmp_path / "one")
    assert again.unchanged and again.manifest == first.manifest
    save_texture(source / "a" / "new.png", 99)
    with pytest.raises(DatasetError, match="--force"):
        run(source, tmp_path / "one")
    assert len(read_manifest(tmp_path / "one").items) == 13, "a refused run must leave the old dataset"
    assert len(run(source, tmp_path / "one", force=True).manifest.items) == 14


def test_the_split_is_frozen_when_files_are_added(tmp_path):
    source = save_folder(tmp_path / "in", {"a": 12, "b": 5})
    before = {
        item.material: item.split for item in run(source, tmp_path / "out", heldout=0.25).manifest.items
    }
    for number in range(20):
        save_texture(source / "a" / f"new{number}.png", 100 + number)
    after = {
        item.material: item.split
        for item in run(source, tmp_path / "out", heldout=0.25, force=True).manifest.items
    }
    assert len(after) == 37 and before.items() <= after.items()
    elsewhere = run(source, tmp_path / "fresh", heldout=0.25).manifest
    assert {item.material: item.split for item in elsewhere.items} != after, "the test shows nothing"
    new = [split for material, split in after.items() if material not in before]
    assert "heldout" in new and "train" in new


def test_a_missing_licence_is_said_and_recorded(tmp_path):
    report = run(save_folder(tmp_path / "in", {"a": 2}), tmp_path / "out", licence="")
    assert report.manifest.licences == {"unknown": 2}
    assert "should not be given to others" in report.lines()[-1]


def test_licence_and_source_are_asked_for_where_nothing_says_them(tmp_path):
    source = save_folder(tmp_path / "in", {"a": 2})
    questions = []

    def answers(*lines: str):
        left = list(lines)
        return lambda question: questions.append(question) or left.pop(0)

    def ask(out: str, *lines: str, **options):
        prepared = PrepareOptions(source=source, out=tmp_path / out, size=128, min_per_label=1, **options)
        return prepare(prepared, ask=answers(*lines))

    report = ask("one", "CC-BY-4.0\n", "my garden\n")
    assert report.manifest.licences == {"CC-BY-4.0": 2} and not report.warnings()
    assert {item.source for item in report.manifest.items} == {"my garden"}
    assert "2 images" in questions[0] and len(questions) == 2, "once, not for each file"
    report = ask("two", "\n")
    assert report.manifest.licences == {"unknown": 2} and report.warnings()
    ask("three", licence="CC0-1.0", source_text="here")
    (source / "manifest.csv").write_text(
        "path,licence,source\na/0.png,CC0-1.0,there\na/1.png,CC0-1.0,there\n"
    )
    ask("four")
    assert len(questions) == 3


def test_nobody_is_asked_without_a_terminal(tmp_path, monkeypatch, capsys):
    source = save_folder(tmp_path / "in", {"a": 2})
    monkeypatch.setattr("sys.stdin", io.StringIO("MIT\n"))
    assert main(["prepare", str(source), "--out", str(tmp_path / "out"), "--min-per-label", "1"]) == 0
    assert "licence of 2 images is unknown" in capsys.readouterr().out


def test_a_terminal_is_asked(tmp_path, monkeypatch, capsys):
    source = save_folder(tmp_path / "in", {"a": 2})
    for stream, text in (("stdin", "CC0-1.0\nhere\n"), ("stderr", "")):
        terminal = io.StringIO(text)
        terminal.isatty = lambda: True
        monkeypatch.setattr(f"sys.{stream}", terminal)
    command = ["prepare", str(source), "--out", str(tmp_path / "out"), "--min-per-label", "1", "--json"]
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out)["warnings"] == []
    assert read_manifest(tmp_path / "out").items[0].source == "here"


# Refusals


@pytest.mark.parametrize("case", ["absent", "empty", "only text", "inside", "size", "labels", "occupied"])
def test_refusals_end_with_a_sentence_and_exit_code_2(tmp_path, capsys, case):
    source, out = tmp_path / "in", tmp_path / "out"
    extra = []
    if case != "absent":
        source.mkdir()
    if case == "only text":
        (source / "a.txt").write_text("text")
    if case in ("inside", "size", "labels", "occupied"):
        save_folder(source, {"a": 2})
    if case == "inside":
        out = source / "out"
    if case == "size":
        extra = ["--size", "0"]
    if case == "labels":
        extra = ["--labels", str(tmp_path / "absent.csv")]
    if case == "occupied":
        out.mkdir()
        (out / "mine.txt").write_text("mine")
        extra = ["--force"]
    before = sorted(tmp_path.rglob("*"))
    assert main(["prepare", str(source), "--out", str(out), *extra]) == 2
    assert capsys.readouterr().err.startswith("gan-train: error: ")
    assert sorted(tmp_path.rglob("*")) == before, "something was written"


def test_an_unwritable_place_is_a_sentence(tmp_path):
    save_folder(tmp_path / "in", {"a": 2})
    (tmp_path / "file").write_text("no folder")
    assert main(["prepare", str(tmp_path / "in"), "--out", str(tmp_path / "file" / "out")]) == 2
