"""The small picture in a card: made, put into a file whose weights stay, and read back bounded."""

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
import onnx
import pytest

from blender_addon.engine import thumbnail
from blender_addon.engine.card import CARD_KEY, parse_card
from blender_addon.engine.errors import CardError, GanCubeError
from blender_addon.engine.model import Model
from blender_addon.engine.onnx_file import read_onnx
from blender_addon.engine.png import decode, encode
from tests.tiny import make_tiny

SHIPPED = sorted((Path(__file__).resolve().parents[2] / "exported_models").glob("*.onnx"))


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return make_tiny(tmp_path_factory.mktemp("m") / "tiny.onnx", labels=tuple("abcdef"))


def card_of(path):
    return parse_card(read_onnx(path).metadata[CARD_KEY], str(path))


def test_only_the_card_changes(tiny, tmp_path):
    out = thumbnail.add(tiny, out=tmp_path / "with.onnx")
    before, after = onnx.load(tiny), onnx.load(out)
    assert card_of(tiny).thumbnail is None and card_of(out).thumbnail
    assert {**vars(card_of(out)), "thumbnail": None} == vars(card_of(tiny))
    for model in (before, after):
        model.ClearField("metadata_props")
    assert before.SerializeToString(deterministic=True) == after.SerializeToString(deterministic=True)
    assert Model.load(out, provider="cpu", threads=1).check.max_error == 0 or Model.load(out).check.ok


def test_small_and_square_whatever_the_textures_are(tiny):
    png = thumbnail.make(Model.load(tiny, provider="cpu", threads=1))
    pixels, _ = decode(png)
    assert len(png) <= thumbnail.MAX_BYTES and pixels.shape in {(s, s, 3) for s in thumbnail.SIDES}


def test_noise_is_made_coarser_until_it_fits():
    noise = np.random.default_rng(0).integers(0, 256, (256, 256, 3), np.uint8)
    assert thumbnail.shrunk(noise, 100).shape == (100, 100, 3)
    assert thumbnail.shrunk(noise[:16, :16], 64).shape == (64, 64, 3)
    whole = thumbnail.mosaic([noise[:128, :128]], 128)
    assert np.array_equal(whole, noise[:128, :128]) and len(encode(whole)) > thumbnail.MAX_BYTES

    class Noise:
        card = type("Card", (), {"labels": ()})

        def render(self, seed, label):
            return type("Set", (), {"maps": {"base_color": noise / np.float32(255)}})

    assert len(thumbnail.make(Noise())) <= thumbnail.MAX_BYTES


def test_labels_by_name(tiny, tmp_path):
    out = thumbnail.add(tiny, ("a", "b"), tmp_path / "two.onnx")
    assert card_of(out).thumbnail
    with pytest.raises(GanCubeError, match="does not know it"):
        thumbnail.add(tiny, ("zebra",), tmp_path / "no.onnx")
    with pytest.raises(GanCubeError, match="four at most"):
        thumbnail.add(tiny, tuple("abcde"), tmp_path / "no.onnx")
    assert not (tmp_path / "no.onnx").exists()


def test_pixels_for_a_preview():
    picture = np.zeros((2, 3, 3), np.uint8)
    picture[0, 0] = (255, 0, 0)
    width, height, flat = thumbnail.pixels(base64.b64encode(encode(picture)).decode())
    assert (width, height, len(flat)) == (3, 2, 24)
    assert flat[12:16] == [1, 0, 0, 1] and flat[:4] == [0, 0, 0, 1]  # the lowest row first
    grey = thumbnail.pixels(base64.b64encode(encode(picture[:, :, :1])).decode())[2]
    assert grey[12:16] == [1, 1, 1, 1]


def bomb() -> bytes:
    """A PNG of 8 kB that says it is 16384 x 8192."""
    good = encode(np.zeros((1, 1, 1), np.uint8))
    header = b"IHDR" + struct.pack(">IIBBBBB", 16384, 8192, 8, 0, 0, 0, 0)
    return good[:12] + header + struct.pack(">I", zlib.crc32(header)) + good[33:]


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n", b"\x89PNG\r\n\x1a\n" + bytes(40), bomb()])
def test_a_hostile_picture_is_refused(data):
    with pytest.raises(CardError, match="thumbnail"):
        thumbnail.pixels(base64.b64encode(data).decode())


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_has_a_small_one_that_can_be_shown(path):
    text = card_of(path).thumbnail
    assert text and len(base64.b64decode(text)) <= thumbnail.MAX_BYTES
    assert thumbnail.pixels(text)[:2] in {(side, side) for side in thumbnail.SIDES}
