"""No file, however damaged, ends `prepare`: it is read, or left out with a reason. Seeded damage to every format."""

import io
import random
import zipfile

import numpy as np
import pytest
from PIL import Image, ImageCms

from gan_train.image_reader import UnusableImage, read_image, read_planes
from gan_train.prepare import PrepareOptions, prepare

from .pictures import save_texture, texture

TRIES = 60  # of each format


def encoded(image: Image.Image, kind: str, **options) -> bytes:
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def formats() -> dict[str, bytes]:
    image = Image.fromarray(texture(0))
    deep = np.asarray(image.convert("L")).astype(np.uint16) * 257
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = image.getexif()
    exif[0x0112], exif[0x010E] = 6, "a description"
    files = {
        "jpeg": encoded(image, "JPEG", exif=exif, icc_profile=profile),
        "progressive": encoded(image, "JPEG", progressive=True),
        "cmyk": encoded(image.convert("CMYK"), "JPEG"),
        "png": encoded(image, "PNG", icc_profile=profile),
        "palette": encoded(image.quantize(32), "PNG", transparency=3),
        "alpha": encoded(image.convert("RGBA"), "PNG"),
        "png16": encoded(Image.fromarray(deep), "PNG"),
        "webp": encoded(image, "WEBP", exif=exif),
        "bmp": encoded(image, "BMP"),
        "tiff": encoded(image, "TIFF"),
        "lzw": encoded(image, "TIFF", compression="tiff_lzw"),
        "tiff16": encoded(Image.fromarray(deep), "TIFF"),
        "float": encoded(Image.fromarray((deep / 65535).astype(np.float32)), "TIFF"),
        "tga": encoded(image.convert("RGBA"), "TGA", compression="tga_rle"),
        "gif": encoded(image.quantize(16), "GIF", save_all=True, append_images=[image.quantize(8)]),
    }
    return files


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut off, a few bytes changed (anywhere, or in the header), a piece taken out, or rubbish put in."""
    data, place = bytearray(data), rng.randrange(len(data))
    match rng.randrange(5):
        case 0:
            return bytes(data[:place])
        case 1:
            return bytes(data[:place] + data[place + rng.randrange(1, 200) :])
        case 2:
            return bytes(data[:place] + rng.randbytes(rng.randrange(1, 50)) + data[place:])
        case where:
            for _ in range(rng.choice((1, 3, 10))):
                data[rng.randrange(len(data) if where == 3 else min(len(data), 200))] = rng.randrange(256)
            return bytes(data)


@pytest.mark.parametrize("name", formats())
def test_damage_is_always_a_reason(name):
    rng, reasons, data = random.Random(name), 0, formats()[name]
    assert read_image(data, 128, wraps=False).pixels.shape == (128, 128, 3)
    for _ in range(TRIES):
        piece = damaged(data, rng)
        for read in (
            lambda data: read_image(data, 128, False),
            lambda data: read_planes(data, (128, 128), True),
        ):
            try:
                read(piece)
            except UnusableImage as reason:
                assert str(reason)
                reasons += 1
    assert reasons, "the damage shows nothing"


def test_an_exif_that_cannot_be_written_again():
    """Pillow takes the orientation out by writing the rest anew, and stumbles over a tag of the wrong type."""
    image = Image.fromarray(texture(0))
    exif = image.getexif()
    exif[0x0112], exif[0x0100] = 6, 160
    data = encoded(image, "JPEG", exif=exif)
    rng, start = random.Random(0), data.index(b"Exif")
    for _ in range(300):
        piece = bytearray(data)
        for _ in range(3):
            piece[start + rng.randrange(60)] = rng.randrange(256)
        try:
            read_image(bytes(piece), 128, wraps=False)
        except UnusableImage:
            continue


def test_a_damaged_zip_is_left_out_member_by_member(tmp_path):
    for number in range(3):
        save_texture(tmp_path / "in" / "a" / f"{number}.png", number)
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(10, 13):
            data = Image.fromarray(texture(number)).tobytes()  # no image, but it compresses
            archive.writestr(f"{number}.png", data)
            archive.write(save_texture(tmp_path / f"{number}.bmp", number), f"{number}.bmp")
    rng = random.Random(0)
    for number in range(12):
        piece = bytearray(whole.getvalue())
        for _ in range(6):
            piece[rng.randrange(len(piece))] = rng.randrange(256)
        (tmp_path / "in" / "a" / f"{number}.zip").write_bytes(piece)
    report = prepare(
        PrepareOptions(
            source=tmp_path / "in", out=tmp_path / "out", size=128, min_per_label=1, licence="CC0-1.0"
        )
    )
    assert len(report.manifest.items) >= 3
    assert any("zip member unreadable" in entry.reason for entry in report.manifest.left_out)
