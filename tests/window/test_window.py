"""The zip, installed into a real Blender and clicked in its window: BLENDER=/path/to/blender make window.

Without a display it opens on a virtual one (xvfb-run). Needs xdotool. Leaves screenshots in out/window/, where
ImageMagick is there.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from blender_addon import build_extension
from tests.extension.conftest import shipped, this_platform  # noqa: F401  (shipped is a fixture)

pytestmark = pytest.mark.window
HERE = Path(__file__).parent
WIDTH, HEIGHT = 1600, 1000
TIMEOUT = 600  # seconds; a window drawn by the processor takes four minutes


@pytest.fixture(scope="module")
def blender() -> str:
    name = os.environ.get("BLENDER", "")
    path = shutil.which(name) if name else None
    if path is None:
        pytest.skip("no Blender is named in BLENDER" if not name else f"BLENDER={name} is not a program")
    if not shutil.which("xdotool"):
        pytest.skip("xdotool, which moves the mouse, is not on this machine")
    if not os.environ.get("DISPLAY") and not shutil.which("xvfb-run"):
        pytest.skip("there is neither a display nor xvfb-run on this machine")
    return path


@pytest.fixture(scope="module")
def extension_zip(blender, tmp_path_factory, shipped):  # noqa: F811
    """For this very Blender's Python: distributions build theirs with another one than Blender's own."""
    code = "import sys; print('python=%d.%d' % sys.version_info[:2])"
    done = subprocess.run(
        [blender, "-b", "--factory-startup", "--python-expr", code], capture_output=True, text=True
    )
    python = re.search(r"^python=([\d.]+)", done.stdout, re.MULTILINE)[1]
    folder = tmp_path_factory.mktemp("dist")
    (path,) = build_extension.build(
        folder, [this_platform()], shipped, sorted({*build_extension.PYTHONS, python})
    )
    return path


@pytest.fixture(scope="module")
def result(blender, extension_zip, tmp_path_factory, checkout):
    user, out = tmp_path_factory.mktemp("user"), checkout / "out" / "window"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(user), "HOME": str(user)}
    install = ["--command", "extension", "install-file", "-r", "user_default", "--enable"]
    subprocess.run([blender, *install, str(extension_zip)], env=environment, check=True, timeout=TIMEOUT)
    window = [blender, "--window-geometry", "0", "0", str(WIDTH), str(HEIGHT), "--python-exit-code", "5"]
    script = ["--python", HERE / "driver.py", "--", HERE / "scenario_panel.py", out, str(HEIGHT)]
    screen = []
    if not os.environ.get("DISPLAY"):
        environment["LIBGL_ALWAYS_SOFTWARE"] = "1"
        screen = ["xvfb-run", "-a", "-s", f"-screen 0 {WIDTH}x{HEIGHT}x24"]
    with open(out / "blender.log", "w", encoding="utf-8") as log:
        subprocess.run([*screen, *window, *script], env=environment, stdout=log, stderr=log, timeout=TIMEOUT)
    assert (out / "result.json").exists(), (out / "blender.log").read_text()[-3000:]
    return json.loads((out / "result.json").read_text())


def test_the_scenario_came_to_its_end(result):
    assert result["error"] is None
    assert len(result["checks"]) >= 19


def test_every_check_of_the_scenario(result):
    assert [check for check in result["checks"] if not check["ok"]] == []
