"""The rooms and the arrows between them, by walking every import statement (also those inside functions).

    ui -> scene -> engine        cli -> scene -> engine        gan_train -> blender_addon.engine

Nothing points back, `blender_addon` never knows `gan_train`, and inside `blender_addon` imports are relative:
installed from the zip its name is `bl_ext.<repository>.gancube`.
"""

import ast
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
BLENDER = ("bpy", "bmesh", "mathutils", "gpu", "bl_ext", "addon_utils")
TORCH = ("torch", "torchvision", "onnxscript", "safetensors")

# Files, as a pattern: what none of them may import. A name stands for itself and for everything below it.
FORBIDDEN = {
    "blender_addon/**/*.py": ("gan_train", "tests", *TORCH),
    "blender_addon/engine/**/*.py": (
        *BLENDER,
        "blender_addon.scene",
        "blender_addon.ui",
        "blender_addon.cli",
    ),
    "blender_addon/scene/**/*.py": ("blender_addon.ui", "blender_addon.cli"),
    "blender_addon/ui/**/*.py": ("numpy", "onnxruntime", "blender_addon.cli"),
    "blender_addon/[a-z]*.py": ("blender_addon.ui",),  # the command; __init__.py registers the panel
    "gan_train/**/*.py": (*BLENDER, "blender_addon.scene", "blender_addon.ui", "blender_addon.cli", "tests"),
}


class Import(NamedTuple):
    """One imported name, absolute, and where it stands."""

    file: str
    line: int
    name: str
    relative: bool


def imports_of(path: Path, root: Path) -> list[Import]:
    """Every import in the file; `from ..engine import card` in scene/cube.py is blender_addon.engine.card."""
    found = []
    file = path.relative_to(root)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"), str(path))):
        if isinstance(node, ast.Import):
            found += [Import(str(file), node.lineno, alias.name, False) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            # One dot is the file's own package, each further dot one package up.
            base = list(file.parts[: len(file.parts) - node.level]) if node.level else []
            base += node.module.split(".") if node.module else []
            found += [
                Import(str(file), node.lineno, ".".join([*base, alias.name]), node.level > 0)
                for alias in node.names
            ]
    return found


def files_of(pattern: str, root: Path) -> list[Path]:
    return sorted(path for path in root.glob(pattern) if "__pycache__" not in path.parts)


def is_below(name: str, top: str) -> bool:
    return name == top or name.startswith(top + ".")


def wrong_arrows(root: Path) -> list[str]:
    """Each import that is forbidden where it stands, as `file:line imports name`."""
    return [
        f"{found.file}:{found.line} imports {found.name}"
        for pattern, forbidden in FORBIDDEN.items()
        for path in files_of(pattern, root)
        for found in imports_of(path, root)
        if any(is_below(found.name, top) for top in forbidden)
    ]


def test_arrows_point_one_way():
    assert wrong_arrows(ROOT) == []


@pytest.mark.parametrize("pattern", FORBIDDEN)
def test_each_pattern_has_files(pattern):
    assert files_of(pattern, ROOT), "no such file, so its arrows were not looked at"


@pytest.mark.parametrize(
    ("file", "line", "imported"),
    [
        ("blender_addon/engine/pixels.py", "import bpy.types", "bpy.types"),
        ("blender_addon/engine/pixels.py", "from ..scene import cube", "blender_addon.scene.cube"),
        ("blender_addon/scene/cube.py", "def late():\n    from ..ui import panel", "blender_addon.ui.panel"),
        ("blender_addon/ui/panel.py", "import numpy as np", "numpy"),
        ("blender_addon/ui/panel.py", "from .. import cli", "blender_addon.cli"),
        ("blender_addon/cli.py", "import torch", "torch"),
        ("gan_train/loop.py", "from blender_addon.scene.cube import build_cube", "blender_addon.scene.cube.build_cube"),
    ],
)  # fmt: skip
def test_a_wrong_arrow_is_found(tmp_path, file, line, imported):
    path = tmp_path / file
    path.parent.mkdir(parents=True)
    path.write_text(line + "\n")
    assert [arrow.split(" imports ")[1] for arrow in wrong_arrows(tmp_path)] == [imported]


def test_training_uses_the_engine_alone():
    reached = [
        f"{found.file}:{found.line} imports {found.name}"
        for path in files_of("gan_train/**/*.py", ROOT)
        for found in imports_of(path, ROOT)
        if is_below(found.name, "blender_addon") and not is_below(found.name, "blender_addon.engine")
    ]
    assert reached == []


def test_imports_inside_the_add_on_are_relative():
    absolute = [
        f"{found.file}:{found.line} imports {found.name}"
        for path in files_of("blender_addon/**/*.py", ROOT)
        for found in imports_of(path, ROOT)
        if is_below(found.name, "blender_addon") and not found.relative
    ]
    assert absolute == []


def test_relative_imports_stay_inside_the_add_on():
    outside = [
        f"{found.file}:{found.line} imports {found.name}"
        for path in files_of("blender_addon/**/*.py", ROOT)
        for found in imports_of(path, ROOT)
        if found.relative and not is_below(found.name, "blender_addon")
    ]
    assert outside == []


def test_the_package_imports_nothing_before_register():
    source = (ROOT / "blender_addon/__init__.py").read_text(encoding="utf-8")
    at_import = [node for node in ast.parse(source).body if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in at_import] == []


def test_the_card_needs_the_standard_library_alone():
    """In a Python without site-packages (-S), as on a machine with no Blender, numpy, torch or onnxruntime."""
    code = f"import sys; sys.path[:0] = [{str(ROOT)!r}]; from blender_addon.engine import card; print(card.SCHEMA)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.strip()) == (0, "1"), done.stderr
