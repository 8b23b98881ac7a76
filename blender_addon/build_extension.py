"""Builds the extension's zips, one per platform, with Blender's own builder. Standard library only; not in the zip.

    python blender_addon/build_extension.py [--out dist] [--platforms linux-x64 ...] [--models FILE.onnx ...]

Into a staging folder go this package, the shipped generators (models/), the plain onnxruntime wheels for each
Blender's Python (wheels/, fetched once by pip and kept), and the manifest with their list. Then Blender's
blender_ext.py, found in the bpy wheel of the running Python, builds and validates.
"""

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ADDON = Path(__file__).resolve().parent
ROOT = ADDON.parent

# The one place that says which onnxruntime is shipped. Never onnxruntime-gpu: see engine/runtime.py.
ONNXRUNTIME = "1.31.1"
PYTHONS = ("3.11", "3.13")  # Blender 4.2 to 5.0, and 5.1 to 5.2
PLATFORMS = {  # the manifest's names -> pip's, the ones under which onnxruntime is published
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64"),
    "windows-x64": ("win_amd64",),
    "macos-arm64": ("macosx_14_0_arm64",),
}


def fetch_wheels(folder: Path, platforms: list[str], pythons: list[str]) -> list[Path]:
    """The wheels, from FOLDER or, where it lacks them, from the package index."""
    wheels = []
    for platform in platforms:
        for python in pythons:
            tag = f"cp{python.replace('.', '')}"
            found = _wheel(folder, tag, platform)
            if found is None:
                command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
                command += [
                    "--no-deps",
                    "--only-binary=:all:",
                    "--implementation",
                    "cp",
                    "--python-version",
                    python,
                ]
                for name in PLATFORMS[platform]:
                    command += ["--platform", name]
                subprocess.run([*command, "--dest", str(folder), f"onnxruntime=={ONNXRUNTIME}"], check=True)
                found = _wheel(folder, tag, platform)
            wheels.append(found)
    return wheels


def _wheel(folder: Path, tag: str, platform: str) -> Path | None:
    for name in PLATFORMS[platform]:
        for path in folder.glob(f"onnxruntime-{ONNXRUNTIME}-{tag}-{tag}-*{name}*.whl"):
            return path
    return None


def stage(folder: Path, wheels: list[Path], models: list[Path], platforms: list[str]) -> Path:
    """Everything that is to be in the zips, under FOLDER/gancube."""
    target = folder / "gancube"
    ignore = shutil.ignore_patterns(
        "__pycache__", "wheels", "models", "pictures", "README.md", Path(__file__).name, ".*"
    )
    shutil.copytree(ADDON, target, ignore=ignore)
    shutil.copy(ROOT / "LICENSE", target / "LICENSE")
    for name, files in (("wheels", wheels), ("models", models)):
        (target / name).mkdir()
        for file in files:
            shutil.copy(file, target / name / file.name)
    if (readme := ROOT / "exported_models" / "README.md").exists():
        shutil.copy(readme, target / "models" / "README.md")
    manifest = target / "blender_manifest.toml"
    manifest.write_text(
        manifest_text(manifest.read_text(encoding="utf-8"), wheels, platforms), encoding="utf-8"
    )
    return target


def manifest_text(text: str, wheels: list[Path], platforms: list[str]) -> str:
    """The manifest with its list of wheels, cut to the platforms asked for."""
    names = "".join(f'  "./wheels/{wheel.name}",\n' for wheel in wheels)
    lines = []
    for line in text.splitlines():
        if line.startswith("platforms = "):
            listed = ", ".join(f'"{platform}"' for platform in platforms)
            lines += [f"platforms = [{listed}]", f"wheels = [\n{names}]"]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def blender_ext() -> Path:
    """Blender's builder, a plain script in the bpy wheel; bpy itself is not imported."""
    spec = importlib.util.find_spec("bpy")
    if spec is None:
        sys.exit(f"no bpy in {sys.executable}: run this with the Python of the base install (make extension)")
    return next(Path(spec.origin).parent.glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))


def build(out: Path, platforms: list[str], models: list[Path], pythons: list[str] = PYTHONS) -> list[Path]:
    """Zips in OUT; whatever Blender's builder or validator refuses raises CalledProcessError."""
    wheel_folder = ADDON / "wheels"
    wheel_folder.mkdir(exist_ok=True)
    wheels = fetch_wheels(wheel_folder, platforms, pythons)
    tool = [sys.executable, str(blender_ext())]
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        source = stage(Path(temporary), wheels, models, platforms)
        fresh = Path(temporary) / "zips"
        fresh.mkdir()
        command = [
            *tool,
            "build",
            "--source-dir",
            str(source),
            "--output-dir",
            str(fresh),
            "--split-platforms",
        ]
        subprocess.run(command, check=True)
        zips = []
        for path in sorted(fresh.glob("*.zip")):
            subprocess.run([*tool, "validate", str(path)], check=True)
            zips.append(out / path.name)
            shutil.copy(path, zips[-1])
    return zips


def shipped_models() -> list[Path]:
    return sorted((ROOT / "exported_models").glob("*.onnx"))


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder for the zips (dist)")
    parser.add_argument("--platforms", nargs="+", choices=PLATFORMS, default=list(PLATFORMS))
    parser.add_argument(
        "--pythons", nargs="+", default=list(PYTHONS), help="versions to bundle onnxruntime for"
    )
    parser.add_argument("--models", nargs="+", type=Path, help="generators to ship (all of exported_models)")
    options = parser.parse_args(arguments)
    models = options.models or shipped_models()
    if not models:
        sys.exit("exported_models holds no *.onnx: an extension without a generator is of no use")
    for path in build(options.out, options.platforms, models, options.pythons):
        print(f"{path} ({path.stat().st_size / 1e6:.1f} MB)")


if __name__ == "__main__":
    main()
