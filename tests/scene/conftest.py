"""Every test of the scene starts in an empty file; the validators of glTF and USD are fetched once per checkout."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import bpy
import pytest

VALIDATOR = "gltf-validator@2.0.0-dev.3.10"

# Reads a file, prints the validator's report.
VALIDATE = """
const [folder, file] = process.argv.slice(1);
const validator = require(folder + "/node_modules/gltf-validator");
validator.validateBytes(new Uint8Array(require("fs").readFileSync(file)), {maxIssues: 1000})
  .then(report => console.log(JSON.stringify(report)));
"""

USD_CORE = "usd-core==26.11"

# Opens each file, prints every error of every validator of UsdValidation.
VALIDATE_USD = """
import json, sys
from pxr import Usd, UsdValidation
context = UsdValidation.ValidationContext(UsdValidation.ValidationRegistry().GetOrLoadAllValidators())
said = lambda path: [f"{e.GetName()}: {e.GetMessage()}" for e in context.Validate(Usd.Stage.Open(path))]
print(json.dumps({path: said(path) for path in sys.argv[1:]}))
"""


@pytest.fixture(autouse=True)
def empty_file():
    bpy.ops.wm.read_factory_settings(use_empty=True)


@pytest.fixture(scope="session")
def validate(checkout):
    """validate(glb path) -> the report of the Khronos glTF-Validator; skips where it cannot be had."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("the Khronos glTF-Validator needs Node.js, which is not on this machine")
    folder = checkout / "build" / "gltf-validator"
    if not (folder / "node_modules" / "gltf-validator" / "index.js").is_file():
        done = subprocess.run(
            ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", VALIDATOR],
            capture_output=True,
            text=True,
            timeout=900,
        )
        if done.returncode:
            pytest.skip(f"npm could not bring {VALIDATOR}: {done.stderr.strip()[-200:]}")

    def run(path: Path) -> dict:
        done = subprocess.run(
            ["node", "-e", VALIDATE, "--", str(folder), str(path)],
            capture_output=True,
            text=True,
            timeout=900,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.fixture(scope="session")
def usd_python(checkout) -> Path:
    """A Python of its own with Pixar's library, so that no test can lean on it: the add-on does not bring it."""
    folder = checkout / "build" / "usd-core"
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not (folder / "ready").is_file():
        commands = (
            [sys.executable, "-m", "venv", "--clear", str(folder)],
            [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", USD_CORE],
        )
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, timeout=900)
            if done.returncode:
                pytest.skip(f"pip could not bring {USD_CORE}: {done.stderr.strip()[-200:]}")
        (folder / "ready").touch()
    return python


@pytest.fixture(scope="session")
def validate_usd(usd_python):
    """validate_usd(*paths) -> {path: what UsdValidation of usd-core finds wrong, errors and warnings alike}."""

    def run(*paths: Path) -> dict[str, list[str]]:
        command = [str(usd_python), "-c", VALIDATE_USD, *map(str, paths)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run
