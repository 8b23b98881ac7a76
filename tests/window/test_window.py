"""The zip, installed into a clean Blender and used in its window: BLENDER=/path/to/blender make window.

Without a display it opens on a virtual one (xvfb-run). Needs xdotool. Leaves the log, the figures and, where
ImageMagick is there, screenshots of each scenario in out/window/NAME/. One scenario: make window, then
`BLENDER=... .venv/bin/python -m pytest tests/window -m window -s -k cancel`.
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
TIMEOUT = 900  # seconds; a window drawn by the processor takes one to three minutes

# A file scenario_NAME.py each, in a Blender and with a user folder of its own.
SCENARIOS = (
    "generate",
    "cancel",
    "child_dies",
    "pixels",
    "faces",
    "sliders",
    "texture",
    "transform",
    "shipped",
    "sketch",
    "weather",
    "kept",
    "asking",
    "models_and_assets",
    "tour",
    "meanwhile",
    "main_thread",
    "removed",
)

# What a clean Blender prints in red; everything else that sounds like it is ours.
RED = re.compile(
    r"Traceback|[Ee]rror|ERROR|[Ww]arning|WARN|assert|[Ff]ailed|not found|matches no enum|Unable"
)
NOT_OURS = (
    "ALSA lib",  # no sound card
    "AL lib",
    "libEGL warning",
    "MESA",
    "XDG_RUNTIME_DIR",
    "pulse",
    "Xvfb",
    "xkbcomp",
    "_XSERVTransmkdir",
    "Warning: Could not open (default) display",
    # sentences for the user, shown in the status bar too; before Blender 5 they look like Blender's own
    "operator         | WARNING",
    "Warning: A normal map is wrong under a box projection",
)


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
def installed(blender, extension_zip, tmp_path_factory) -> Path:
    """A user folder in which the zip is the first thing that was ever installed."""
    user = tmp_path_factory.mktemp("user")
    install = ["--command", "extension", "install-file", "-r", "user_default", "--enable"]
    command = [blender, "--offline-mode", *install, str(extension_zip)]
    subprocess.run(command, env=environment(user), check=True, timeout=TIMEOUT)
    return user


def environment(user: Path) -> dict:
    return {**os.environ, "BLENDER_USER_RESOURCES": str(user), "HOME": str(user)}


def test_batch_in_this_blender(blender, installed, tmp_path):
    """Without a window: `blender --command gancube batch`, whose workers are Blenders too."""
    out = tmp_path / "out"
    batch = ["--count", "3", "--size", "64", "--target", "monkey", "--mode", "tile", "--workers", "2"]
    batch += ["--format", "glb,usdz,fbx,obj,blend", "--catalog", "Heads/{label}", "--out", str(out)]
    command = [blender, "--offline-mode", "--command", "gancube"]
    done = subprocess.run(
        [*command, "batch", *batch],
        env=environment(installed),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [json.loads(line) for line in (out / "report.jsonl").read_text().splitlines()]
    assert [line["status"] for line in lines] == ["made"] * 3
    assert not any(said["errors"] for line in lines for said in line["validator"].values())
    files = [
        str(out / one["path"]) for line in lines for one in line["files"] if one["path"].endswith(".glb")
    ]
    done = subprocess.run(
        [*command, "recipe", files[0]], env=environment(installed), capture_output=True, text=True
    )
    assert done.returncode == 0 and '"seed":' in done.stdout.replace(" ", ""), done.stdout + done.stderr


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_scenario(scenario, blender, installed, tmp_path, checkout):
    user, out = tmp_path / "user", checkout / "out" / "window" / scenario
    shutil.copytree(installed, user, symlinks=True)
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    BRINGS.get(scenario, nothing)(out)
    settings = environment(user)
    window = [blender, "--offline-mode", "--window-geometry", "0", "0", str(WIDTH), str(HEIGHT)]
    script = ["--python", HERE / "driver.py", "--", HERE / f"scenario_{scenario}.py", out, str(HEIGHT)]
    screen = []
    if not os.environ.get("DISPLAY"):
        settings["LIBGL_ALWAYS_SOFTWARE"] = "1"
        screen = ["xvfb-run", "-a", "-s", f"-screen 0 {WIDTH}x{HEIGHT}x24"]
    with open(out / "blender.log", "w", encoding="utf-8") as log:
        command = [*screen, *window, "--python-exit-code", "5", *script]
        code = subprocess.run(command, env=settings, stdout=log, stderr=log, timeout=TIMEOUT).returncode
    console = (out / "blender.log").read_text(encoding="utf-8", errors="replace")
    assert (out / "result.json").exists(), console[-3000:]
    result = json.loads((out / "result.json").read_text())
    assert result["error"] is None
    assert result["checks"]
    assert [check for check in result["checks"] if not check["ok"]] == []
    assert code == 0, f"Blender ended with {code}"
    assert red(console) == []


def takers(out: Path) -> None:
    """Generators that take a picture, in OUT/models: for an installed Blender, which cannot make any."""
    from tests.tiny_picture import make_tiny_picture

    (out / "models").mkdir()
    make_tiny_picture(out / "models" / "snowy.onnx", labels=("moss", "snow"))
    make_tiny_picture(out / "models" / "relief.onnx", gives=("normal", "height", "roughness"), seed=1)


def painter(out: Path) -> None:
    """A generator that takes the shape of a mesh."""
    from tests.tiny_picture import make_tiny_picture

    (out / "models").mkdir()
    takes = ("position", "object_normal", "ao", "curvature")
    make_tiny_picture(out / "models" / "weather.onnx", takes=takes, gives=("base_color", "roughness"))


def nothing(out: Path) -> None:
    pass


BRINGS = {"transform": takers, "sketch": takers, "weather": painter}  # what a scenario finds in its folder


def red(console: str) -> list[str]:
    """Lines that should not be there. The driver's own begin with [window]."""
    lines = [line for line in console.splitlines() if not line.startswith("[window]")]
    return [line for line in lines if RED.search(line) and not any(known in line for known in NOT_OURS)]


def test_every_scenario_is_listed():
    assert {path.stem.removeprefix("scenario_") for path in HERE.glob("scenario_*.py")} == set(SCENARIOS)
