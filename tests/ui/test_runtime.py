"""Which onnxruntime the child gets: the shared one, our own unpacked, or a sentence. Made-up wheels; no bpy."""

import sys
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from blender_addon.engine import runtime
from blender_addon.engine.errors import WorkerError

PLATFORM = {"linux": "manylinux_2_28_x86_64", "win32": "win_amd64", "darwin": "macosx_14_0_arm64"}[
    sys.platform
]
HERE = runtime.python_tag()


@pytest.fixture(autouse=True)
def on_a_usual_processor(monkeypatch):
    monkeypatch.setattr(
        runtime.platform, "machine", lambda: "arm64" if sys.platform == "darwin" else "x86_64"
    )


def install(folder, version, whole=True):
    """An installed onnxruntime as far as runtime.py looks."""
    (folder / "onnxruntime" / "capi").mkdir(parents=True)
    (folder / "onnxruntime" / "__init__.py").write_text(f'__version__ = "{version}"\n')
    (folder / "onnxruntime" / "capi" / "onnxruntime_pybind11_state.so").write_bytes(b"native code")
    if whole:
        (folder / "onnxruntime" / "capi" / "_pybind_state.py").write_bytes(b"")
    return str(folder)


def wheel(folder, version="1.31.1", python=HERE, platform=PLATFORM):
    folder.mkdir(exist_ok=True)
    path = folder / f"onnxruntime-{version}-{python}-{python}-{platform}.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("onnxruntime/__init__.py", f'__version__ = "{version}"\n')
        archive.writestr("onnxruntime/capi/onnxruntime_pybind11_state.so", "native code")
        archive.writestr("onnxruntime/capi/_pybind_state.py", "")
    return folder


def other_code(folder, version):
    """Another package of the same name and version, unpacked over ours."""
    install(folder, version)
    (folder / "onnxruntime" / "capi" / "onnxruntime_pybind11_state.so").write_bytes(b"other native code")
    return str(folder)


def test_the_shared_copy_of_our_version_is_used(tmp_path):
    shared = install(tmp_path / "shared", "1.31.1")
    found = runtime.find(["", "/nowhere", shared], tmp_path / "user", wheel(tmp_path / "wheels"))
    assert str(found) == shared and not (tmp_path / "user").exists()


@pytest.mark.parametrize(
    "case", ["none", "another version", "half deleted", "another version first", "onnxruntime-gpu"]
)
def test_else_our_own_wheel_is_unpacked(tmp_path, case):
    search = {
        "none": lambda: [],
        "another version": lambda: [install(tmp_path / "other", "1.15.1")],
        "half deleted": lambda: [install(tmp_path / "other", "1.31.1", whole=False)],
        "onnxruntime-gpu": lambda: [other_code(tmp_path / "other", "1.31.1")],
        "another version first": lambda: [
            install(tmp_path / "a", "1.15.1"),
            install(tmp_path / "b", "1.31.1"),
        ],
    }[case]()
    found = runtime.find(search, tmp_path / "user", wheel(tmp_path / "wheels"))
    assert found.parent == tmp_path / "user" and runtime.installed_version(found) == "1.31.1"
    before = (found / "onnxruntime" / "__init__.py").stat().st_mtime_ns
    assert runtime.find(search, tmp_path / "user", tmp_path / "wheels") == found
    assert (found / "onnxruntime" / "__init__.py").stat().st_mtime_ns == before, "it was unpacked twice"


def test_a_half_unpacked_folder_is_replaced(tmp_path):
    wheels = wheel(tmp_path / "wheels")
    (one,) = runtime.bundled_wheels(wheels)
    install(tmp_path / "user" / one.path.stem, "1.31.1", whole=False)
    assert runtime.holds(runtime.find([], tmp_path / "user", wheels), one)


def test_an_update_takes_away_what_the_version_before_unpacked(tmp_path):
    before = runtime.find([], tmp_path / "user", wheel(tmp_path / "old", "1.30.0"))
    after = runtime.find([], tmp_path / "user", wheel(tmp_path / "new", "1.31.1"))
    assert before != after and folders(tmp_path / "user") == [after.name]


def test_two_blenders_at_once(tmp_path):
    wheels = wheel(tmp_path / "wheels")
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: runtime.find([], tmp_path / "user", wheels), range(8)))
    assert len(found) == 1 and folders(tmp_path / "user") == [next(iter(found)).name]


def test_a_whole_copy_is_never_moved_or_removed_while_blenders_race(tmp_path, monkeypatch):
    """One is told that nothing is there, and goes on only when another has unpacked and uses its copy."""
    wheels = wheel(tmp_path / "wheels")
    seen = runtime.holds
    first = runtime.find([], tmp_path / "user", wheels)
    made = first.stat().st_ino
    answers = iter([False])  # what it saw before the other was ready
    monkeypatch.setattr(runtime, "holds", lambda folder, one: next(answers, seen(folder, one)))
    assert runtime.find([], tmp_path / "user", wheels) == first
    assert first.stat().st_ino == made, "it was replaced"


def folders(user: Path) -> list[str]:
    return [path.name for path in user.iterdir() if path.is_dir()]


def test_a_broken_wheel_is_a_sentence(tmp_path):
    (tmp_path / "wheels").mkdir()
    name = f"onnxruntime-1.31.1-{HERE}-{HERE}-{PLATFORM}.whl"
    (tmp_path / "wheels" / name).write_bytes(b"not a zip")
    with pytest.raises(WorkerError, match="cannot be unpacked"):
        runtime.find([], tmp_path / "user", tmp_path / "wheels")
    assert not (tmp_path / "user").exists()


def test_no_wheel_for_this_python_is_a_sentence_with_the_versions(tmp_path):
    wheels = wheel(wheel(tmp_path / "wheels", python="cp39"), python="cp310")
    with pytest.raises(WorkerError) as caught:
        runtime.find([], tmp_path / "user", wheels)
    text = str(caught.value)
    assert f"Python {sys.version_info.major}.{sys.version_info.minor}" in text
    assert "1.31.1" in text and "3.9 (" in text and "3.10 (" in text and "Python for Generation" in text


def test_no_wheel_fits_but_the_environment_has_one(tmp_path):
    there = install(tmp_path / "site", "1.27.0")
    assert str(runtime.find([there], tmp_path / "user", wheel(tmp_path / "wheels", python="cp39"))) == there


def test_a_checkout_uses_what_its_environment_has(tmp_path):
    there = install(tmp_path / "site", "1.27.0")
    assert str(runtime.find([there], None, wheel(tmp_path / "wheels"))) == there
    with pytest.raises(WorkerError, match="no onnxruntime"):
        runtime.find([], None, tmp_path / "empty")


@pytest.mark.parametrize(
    ("tag", "system", "machine", "fits"),
    [
        ("manylinux_2_28_x86_64", "linux", "x86_64", True),
        ("manylinux_2_27_x86_64.manylinux_2_28_x86_64", "linux", "x86_64", True),
        ("manylinux_2_28_aarch64", "linux", "x86_64", False),
        ("win_amd64", "win32", "AMD64", True),
        ("win_amd64", "linux", "x86_64", False),
        ("macosx_14_0_arm64", "darwin", "arm64", True),
        ("macosx_14_0_arm64", "darwin", "x86_64", False),
        ("manylinux_2_28_x86_64", "freebsd14", "amd64", False),
    ],
)
def test_platform_tags(tag, system, machine, fits):
    assert runtime.platform_fits(tag, system, machine) == fits
