"""Every test of the scene starts in an empty Blender file; the validator of Khronos is fetched once per checkout."""

import json
import shutil
import subprocess
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
