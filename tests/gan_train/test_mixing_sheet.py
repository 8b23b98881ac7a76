"""`sample --mix`: the sheet holds each source and each mixture, and says what it cannot do."""

import numpy as np
import pytest

from blender_addon.engine import png
from blender_addon.engine.model import Model
from blender_addon.engine.pixels import to_uint8
from blender_addon.engine.styles import from_layer, style_of
from gan_train.cli import main
from gan_train.grid import GAP, TEXT
from gan_train.picture_sets import base_color
from tests.tiny import make_tiny
from tests.tiny_style import SIDE, make_tiny_style


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return make_tiny_style(tmp_path_factory.mktemp("tinted") / "tinted.onnx")


def test_the_sheet_holds_what_the_engine_mixes(path, tmp_path, capsys):
    out = tmp_path / "sheets" / "mix.png"
    assert main(["sample", str(path), "--mix", "1", "--count", "2", "--seed", "4", "--out", str(out)]) == 0
    sheet, _ = png.decode(out.read_bytes())
    model = Model.load(path, "cpu")
    rows, columns = ((4, "dawn"), (5, "dusk")), ((6, "dawn"), (7, "dusk"))

    def places(row: int, source, **styles) -> set[int]:
        """The columns of pixels at which the picture stands in a row of the sheet."""
        expected = base_color(model, model.render(*source, **styles).maps)
        strip = sheet[TEXT + 2 * GAP + row * (SIDE + TEXT + 2 * GAP) :][:SIDE]
        return {x for x in range(strip.shape[1]) if np.array_equal(strip[:, x : x + SIDE], expected)}

    for i, row in enumerate(rows):
        places_in_row = [places(i + 1, row)]
        for column in columns:
            assert places(0, column)
            places_in_row.append(places(i + 1, row, styles=from_layer(style_of(model, *column), 1)))
        lefts = [min(found) for found in places_in_row]
        first, second = np.diff(lefts).tolist()
        assert first == second >= SIDE + GAP, "as wide as the words need"
    assert str(out) in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--mix", "0"], "a layer from 1 to 2"),
        (["--mix", "3"], "a layer from 1 to 2"),
        (["--mix", "--count", "99"], "1 to 16"),
    ],
)
def test_refusals(path, tmp_path, capsys, arguments, words):
    assert main(["sample", str(path), "--out", str(tmp_path / "x.png"), *arguments]) == 2
    assert words in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_a_sheet_is_a_png(path, tmp_path, capsys):
    assert main(["sample", str(path), "--mix", "--out", str(tmp_path / "sheet")]) == 2
    assert "must end in .png" in capsys.readouterr().err and list(tmp_path.iterdir()) == []


def test_a_model_without_styles_says_so(tmp_path, capsys):
    tiny = make_tiny(tmp_path / "tiny.onnx")
    assert main(["sample", str(tiny), "--mix", "--out", str(tmp_path / "x.png")]) == 2
    assert "no styles" in capsys.readouterr().err


def test_transparent_parts_lie_on_grey(path):
    model = Model.load(path, "cpu")
    color, alpha = np.full((2, 2, 3), 0.9, np.float32), np.array([[[0.0], [1.0]]] * 2, np.float32)
    made = base_color(model, {"base_color": color, "alpha": alpha})
    assert (made[:, 0] == 128).all() and (made[:, 1] == 230).all()


def test_single_files_keep_their_transparency(path, tmp_path):
    assert main(["sample", str(path), "--out", str(tmp_path / "out"), "--count", "1", "--label", "dusk"]) == 0
    pixels, _ = png.decode((tmp_path / "out" / "dusk" / "0.png").read_bytes())
    maps = Model.load(path, "cpu").render(0, "dusk").maps
    assert pixels.shape == (SIDE, SIDE, 4)
    assert np.array_equal(pixels[..., 3:], to_uint8(maps["alpha"]))
