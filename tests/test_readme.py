"""Runs what the README tells a newcomer to type, in the order in which it stands, in a fresh folder.

The folder holds a copy of this checkout without its environments; its `.venv` is the environment that runs the
tests, already filled, so that `make` installs nothing. Two things differ from a newcomer's day: `make test` is left
out (it is what runs this), and training stops after a few steps and is measured on few samples.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FEW_STEPS = 4
FEW_SAMPLES = 24
FEW_TRIES = 128
FEW_COLUMNS = 3
MADE_HERE = ("out", "runs", "dist", "build", "scratch", "wheels", "__pycache__", "*.egg-info")
NOT_COPIED = (".git", ".venv*", ".*_cache", *MADE_HERE)


def commands(text: str) -> list[str]:
    """The lines of the ```bash blocks, in order."""
    blocks = re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def shortened(line: str) -> str:
    """`--steps 20000` becomes a few steps, `measure` looks at few samples and `project` at few pictures, sheets between
    seeds have few columns; all else stays as the README has it."""
    line = re.sub(r"--steps \d+", f"--steps {FEW_STEPS}", line)
    line = re.sub(r"--interpolate \w+", rf"\g<0> --count {FEW_COLUMNS}", line)
    line = re.sub(r"^gan-train project .*", rf"\g<0> --tries {FEW_TRIES}", line)
    return re.sub(r"^gan-train measure .*", rf"\g<0> --count {FEW_SAMPLES}", line)


def results(lines: list[str]) -> list[str]:
    """The paths that the commands promise to write."""
    return [path for line in lines for path in re.findall(r"--(?:out|render|library|pictures) (\S+)", line)]


@pytest.fixture
def newcomer(tmp_path) -> Path:
    """A copy of the checkout whose environment is this one, filled."""
    folder = tmp_path / "gan-cubes"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_COPIED))
    if (ROOT / "blender_addon/wheels").is_dir():  # what `make extension` has fetched before
        shutil.copytree(
            ROOT / "blender_addon/wheels", folder / "blender_addon/wheels", copy_function=os.symlink
        )
    (folder / ".venv").mkdir()
    for part in ("bin", "lib", "include", "pyvenv.cfg"):
        (folder / ".venv" / part).symlink_to(Path(sys.prefix) / part)
    for stamp in re.findall(
        r"^\.venv/(\.\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE
    ):
        (folder / ".venv" / stamp).touch()
    return folder


@pytest.mark.slow
def test_every_command_does_what_it_says(newcomer):
    lines = [shortened(line) for line in commands((ROOT / "README.md").read_text(encoding="utf-8"))]
    lines.remove("make test")
    assert len(lines) > 12, "the README has lost its commands"
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "VIRTUAL_ENV"))
    }
    script = "PS4='+ ${SECONDS} s: '; set -euxo pipefail\n" + "\n".join(lines)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=newcomer,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=2400,
    )
    print(done.stdout)
    assert done.returncode == 0, (
        "a command of the README failed; its output is above, the last `+` line names it"
    )
    missing = [
        path for path in [*results(lines), "out/cube.glb", "out/cube.png"] if not (newcomer / path).exists()
    ]
    assert missing == []
    assert list(newcomer.glob("dist/*.zip")), "make extension left no zip in dist/"


def test_links_lead_somewhere():
    for document in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "exported_models/README.md"):
        path = ROOT / document
        targets = re.findall(r"\]\(([^)#\s]+)\)", path.read_text(encoding="utf-8"))
        missing = [
            target for target in targets if "://" not in target and not (path.parent / target).exists()
        ]
        assert missing == [], document


def test_named_paths_exist():
    """`blender_addon/engine/` and the like, in backquotes; what commands make (out/, dist/, runs/) aside."""
    for document in ("README.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text(encoding="utf-8")
        named = re.findall(r"`((?:blender_addon|gan_train|engine|tests|exported_models)/[\w./]*)`", text)
        missing = [
            name
            for name in named
            if "NAME" not in name
            and not (ROOT / name).exists()
            and not (ROOT / "blender_addon" / name).exists()
        ]
        assert named and missing == [], document


def test_the_words_for_the_test_itself():
    text = "```bash\nmake cube\nmake test\n```\nb\n```\nnot this\n```\n```bash\ngan-train train d --steps 20000\n```\n"
    assert commands(text) == ["make cube", "make test", "gan-train train d --steps 20000"]
    assert shortened(commands(text)[2]) == f"gan-train train d --steps {FEW_STEPS}"
    assert shortened("gan-train measure r --data d") == f"gan-train measure r --data d --count {FEW_SAMPLES}"
    assert shortened("sample r --interpolate seeds") == f"sample r --interpolate seeds --count {FEW_COLUMNS}"
    assert results(["gancube cube --out a.glb --render b.png", "x --library c"]) == ["a.glb", "b.png", "c"]
