"""The command as a process of its own: ways in, clean standard output, exit codes, a disk that really is full."""

import json
import os
import subprocess
import sys

import pytest

from blender_addon.engine.glb import read_glb


@pytest.fixture
def process(models, checkout):
    """process(*arguments) -> CompletedProcess of `python -m blender_addon` with bytes for output."""

    def run(*arguments, before="", **variables):
        """`before`: Python that runs in the child first."""
        code = f"import sys\n{before}\nimport runpy; runpy.run_module('blender_addon', run_name='__main__')"
        environment = {**os.environ, "GANCUBE_MODELS": str(models), "PYTHONPATH": str(checkout), **variables}
        return subprocess.run(
            [sys.executable, "-c", code, *map(str, arguments)],
            capture_output=True,
            env=environment,
            timeout=900,
        )

    return run


def test_json_alone_reaches_a_pipe_and_bytes_do_not_depend_on_the_process(process, tmp_path):
    (tmp_path / "b").mkdir()
    made = []
    for hash_seed, out in (("1", tmp_path / "a.glb"), ("2", tmp_path / "b" / "other.glb")):
        done = process(
            "cube",
            "--model",
            "pbr",
            "--seed",
            7,
            "--size",
            64,
            "--out",
            out,
            "--json",
            PYTHONHASHSEED=hash_seed,
        )
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["files"] == [str(out)]
        made.append(out.read_bytes())
    assert made[0] == made[1]
    read_glb(out)


def test_an_error_is_one_sentence_and_exit_code_2(process, tmp_path):
    done = process("cube", "--model", "tiny", "--size", 100, "--out", tmp_path / "c.glb", "--quiet")
    assert (done.returncode, done.stdout) == (2, b"")
    assert done.stderr.startswith(b"gancube: error: size 100")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
@pytest.mark.parametrize("name", ["cube.glb", "cube.blend"])
def test_files_that_cannot_grow(process, tmp_path, name):
    """A limit of 3 kB for any file stands for the full disk: real writes fail, in Blender and in Python."""
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (3_000, 3_000))"
    done = process("cube", "--model", "tiny", "--out", tmp_path / name, "--quiet", before=limit)
    assert (done.returncode, done.stdout) == (2, b""), done.stderr
    assert b"gancube: error: " in done.stderr and b"Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_without_blender_it_is_one_sentence(process, tmp_path):
    done = process(
        "cube", "--model", "tiny", "--out", tmp_path / "c.glb", "--quiet", before="sys.modules['bpy'] = None"
    )
    assert done.returncode == 2 and b"bpy" in done.stderr and b"Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_list_needs_no_blender_and_no_runtime(process):
    hidden = "sys.modules.update(bpy=None, numpy=None, onnxruntime=None)"
    done = process("models", before=hidden)
    assert done.returncode == 0 and b"tiny" in done.stdout, done.stderr


def test_the_users_extensions_stay_out(process, tmp_path):
    """Without a set user folder, the command gives Blender an empty one and removes it at the end."""
    before = "import os; os.environ.pop('BLENDER_USER_RESOURCES', None)"
    done = process(
        "cube", "--model", "tiny", "--size", 64, "--out", tmp_path / "c.glb", "--json", before=before,
        HOME=str(tmp_path / "home"), TMPDIR=str(tmp_path),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    left = {p.name for p in tmp_path.iterdir()}
    assert not [name for name in left if name.startswith("gancube-")] and "c.glb" in left
