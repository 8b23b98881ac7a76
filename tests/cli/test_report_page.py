"""report.html in a browser: headless Chromium, where there is one, and without it what the page is made of."""

import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from blender_addon.engine import batch_picture, batch_report, png, report_page
from blender_addon.engine.batch_report import FAILED, MADE, Line

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
RECIPE = {"model": {"name": "tiny"}, "seed": 7, "size": 64, "face_labels": ["brick", "moss"]}


def line(name: str, status: str = MADE, **more) -> Line:
    files = tuple(
        {"path": f"{name}/{name.rsplit('/', 1)[-1]}{end}", "formats": [], "bytes": 1, "sha256": "0"}
        for end in (".glb", ".thumbnail.png")
    )
    return Line(
        name, status, "key", RECIPE if status == MADE else None, files if status == MADE else (), **more
    )


LINES = [
    line("walls/brick 1"),
    line("walls/moss-2", validator={"moss-2.glb": {"errors": [], "warnings": ["uvs: odd"]}}),
    line("broken", FAILED, error="<script>alert(1)</script> & 'quotes'"),
]


@pytest.fixture
def page(tmp_path) -> Path:
    pictures = {}
    for one in LINES[:2]:
        pictures[one.asset] = one.files[1]["path"]
        path = tmp_path / pictures[one.asset]
        path.parent.mkdir(parents=True)
        path.write_bytes(png.encode(np.full((128, 128, 3), 200, np.uint8)))
    file = tmp_path / batch_report.PAGE
    file.write_text(report_page.page(LINES, pictures), encoding="utf-8")
    return file


def shown(page: Path, words: str = "") -> str:
    """The page as the browser has built it, with `words` in the filter box."""
    browser = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if browser is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed")
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"{page.as_uri()}#{words}"],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
    return done.stdout


@pytest.mark.parametrize(
    "words, count",
    [
        ("", "3 of 3"), ("moss-2", "1 of 3"), ("BRICK%20tiny", "2 of 3"), ("failed", "1 of 3"),
        ("warnings", "1 of 3"), ("zzz", "0 of 3"),
    ],
)  # fmt: skip
def test_the_filter_in_a_browser(page, words, count):
    document = shown(page, words)
    assert re.search(r'<span id="count"[^>]*>([^<]*)</span>', document)[1] == count
    assert len(re.findall(r"<article[^>]* hidden", document)) == 3 - int(count[0])


def test_nothing_in_it_is_a_script_of_others_or_comes_from_elsewhere(page):
    text = page.read_text(encoding="utf-8")
    assert "alert(1)</script>" not in text and "&lt;script&gt;alert(1)" in text
    found: list[tuple[str, str]] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag, attributes):
            found.extend((tag, value) for name, value in attributes if name in ("src", "href"))

    Links().feed(text)
    assert [value for tag, value in found if tag == "a"] == [
        "walls/brick%201/brick%201.glb", "walls/moss-2/moss-2.glb",
    ]  # fmt: skip
    assert all("//" not in value and not value.startswith("/") for _, value in found)
    assert "http" not in re.sub(r'http-equiv="[^"]*"', "", text)
    assert "1 warnings" in text


def test_a_cube_and_other_pictures():
    colors = [np.full((64, 64, 3), 40 * face, np.uint8) for face in range(6)]
    picture = batch_picture.cube_picture(dict(enumerate(colors)))
    assert picture.shape == (128, 128, 3)
    right, front, top = picture[80, 90], picture[80, 38], picture[32, 64]
    assert np.allclose([right[0], front[0], top[0]], [0, 120 / 255 * 0.92, 160 / 255], atol=0.01)
    assert np.allclose(picture[2, 2], batch_picture.PAPER)


@pytest.mark.parametrize("count, shape", [(1, (128, 128)), (5, (256, 384)), (300, (1921, 2034))])
def test_the_sheet_keeps_its_size(tmp_path, count, shape):
    (tmp_path / "a.png").write_bytes(png.encode(np.full((128, 128, 3), 7, np.uint8)))
    (tmp_path / "damaged.png").write_bytes(b"x")
    paths = [tmp_path / "a.png"] * (count - 1) + [tmp_path / "damaged.png"]
    sheet, _ = png.decode(batch_picture.contact_sheet(paths))
    assert abs(sheet.shape[0] - shape[0]) <= 64 and abs(sheet.shape[1] - shape[1]) <= 64
    assert count == 1 or (sheet[0, 0] == 7).all()
