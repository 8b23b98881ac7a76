"""`gancube batch` with real workers: what it writes, that it goes on where it stopped, and what it says."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from blender_addon import batch_run
from blender_addon.batch_ray import Actor
from blender_addon.engine import batch_report, image_file, png, providers, recipe, xmp
from blender_addon.engine.batch_report import Line
from blender_addon.engine.mark import SOURCE_TYPE
from blender_addon.engine.plan_reader import read_plan
from blender_addon.engine.plan_source import Source, read_source
from tests.tiny import make_tiny
from tests.tiny_picture import make_tiny_picture

from .conftest import PBR

PLAN = """
models = "tiny"
sizes = 64

[[assets]]
seeds = "1-4"
labels = ["brick", "moss"]
combine = "turn"
formats = ["glb", "usdz", "obj", "png", "fbx", "blend"]
tags = ["wall"]
name = "walls/{label}-{seed}"

[[assets]]
targets = ["monkey", "cylinder", "sphere"]
models = "pbr"
mode = "tile"
texture = "jpeg"
formats = ["glb", "usd"]

[[assets]]
targets = "icosphere"
models = "pbr"
mode = "box"
bake = 32
formats = ["glb", "usdz", "usd"]
"""
SAME_BYTES = (".glb", ".usdz", ".usda", ".usdc", ".obj", ".mtl", ".png", ".jpg", ".fbx")
COUNT = 8


@pytest.fixture(scope="module")
def models(tmp_path_factory) -> Path:
    """`tiny`, and `pbr` without a normal map: that of random weights is no normal map, which the check finds."""
    folder = tmp_path_factory.mktemp("models")
    make_tiny(folder / "tiny.onnx")
    make_tiny(folder / "pbr.onnx", maps=tuple(name for name in PBR if name != "normal"), name="pbr")
    return folder


@pytest.fixture
def plan(tmp_path) -> Path:
    path = tmp_path / "plan.toml"
    path.write_text(PLAN)
    return path


def hashes(out: Path, suffixes=SAME_BYTES) -> dict[str, str]:
    return {
        path.relative_to(out).as_posix(): batch_report.sha256(path)
        for path in sorted(out.rglob("*"))
        if path.suffix in suffixes and path.parent != out and batch_report.THUMBNAIL not in path.name
    }


def times(out: Path) -> dict[Path, int]:
    """Of the assets' files alone."""
    return {path: path.stat().st_mtime_ns for path in out.rglob("*.glb")}


def rest_of(out: Path) -> list[str]:
    """What is left of unfinished work."""
    return [path.name for path in (out / ".gancube").iterdir() if path.name != "lock"]


def test_a_plan_from_the_first_asset_to_the_page(gancube, plan, tmp_path):
    out, other = tmp_path / "out", tmp_path / "elsewhere" / "out"
    answer = gancube("batch", plan, "--out", out, "--workers", 2)
    assert answer.code == 0, answer.err
    assert f"made      {COUNT} assets" in answer.out and "an hour" in answer.out
    lines = batch_report.read(out)
    assert list(lines) == [
        "walls/brick-1", "walls/moss-2", "walls/brick-3", "walls/moss-4",
        "monkey-0", "cylinder-0", "sphere-0", "icosphere-0",
    ]  # fmt: skip
    line = lines["walls/brick-1"]
    assert line.status == "made" and line.recipe["label"] == "brick" and line.recipe["seed"] == 1
    assert recipe.read(out / "walls/brick-1/brick-1.glb").seed == 1
    kinds = {kind for one in line.files for kind in one["formats"]}
    assert kinds == {"glb", "usdz", "obj", "png", "fbx", "blend"}
    on_disk = {
        path.relative_to(out).as_posix()
        for path in (out / "walls/brick-1").rglob("*")
        if path.is_file() and not path.name.endswith(batch_report.BESIDE)
    }
    assert {one["path"] for one in line.files} == on_disk
    assert {"load", "generate", "encode", "apply", "glb", "check"} <= set(line.seconds)
    nothing = {"errors": [], "warnings": []}
    assert {"brick-1.glb", "brick-1.usdz", "brick-1.fbx", "brick-1.obj", "brick-1.blend"} <= set(
        line.validator
    )
    assert all(found == nothing for one in lines.values() for found in one.validator.values())
    picture, _ = png.decode((out / "walls/brick-1/brick-1.thumbnail.png").read_bytes())
    assert picture.shape == (128, 128, 3) and len(np.unique(picture.reshape(-1, 3), axis=0)) > 50
    assert recipe.read(out / "walls/brick-1/brick-1.thumbnail.png").seed == 1
    for path in (out / "walls/brick-1/brick-1.thumbnail.png", out / "contact_sheet.png"):
        assert xmp.read(image_file.read_xmp(path.read_bytes()))["source_type"] == SOURCE_TYPE
    sheet, _ = png.decode((out / "contact_sheet.png").read_bytes())
    assert sheet.shape == (3 * 128, 3 * 128, 3)
    page = (out / "report.html").read_text()
    assert page.count("<article") == COUNT and 'src="walls/brick-1/brick-1.thumbnail.png"' in page
    assert str(tmp_path) not in page + (out / "report.jsonl").read_text()
    assert rest_of(out) == []

    # one worker, another folder, the groups in another order: the same bytes
    head, *groups = plan.read_text().split("[[assets]]")
    (turned := tmp_path / "turned.toml").write_text("[[assets]]".join([head, *reversed(groups)]))
    assert gancube("batch", turned, "--out", other, "--workers", 1, "--quiet").code == 0
    assert [line.asset for line in batch_report.read(other).values()] != list(lines)
    assert hashes(out) == hashes(other) and len(hashes(out)) > 3 * COUNT

    # again: nothing twice; what is damaged or gone is made again, and only that
    before = times(out)
    again = gancube("batch", plan, "--out", out)
    assert again.code == 0 and f"{COUNT} were made before" in again.err and times(out) == before
    (out / "walls/moss-2/moss-2.glb").write_bytes(b"damaged")
    shutil.rmtree(out / "monkey-0")
    assert gancube("batch", plan, "--out", out, "--json").code == 0
    changed = {path.parent.name for path in before if times(out).get(path) != before[path]}
    assert changed == {"moss-2", "monkey-0"} and hashes(out) == hashes(other)


def test_flat_and_the_short_form_and_lines_of_json(gancube, tmp_path):
    out = tmp_path / "out"
    answer = gancube(
        "batch", "--model", "tiny", "--count", 2, "--seed", 5, "--labels", "brick,moss", "--size", 64,
        "--format", "glb,png", "--layout", "flat", "--out", out, "--json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    events = [json.loads(line) for line in answer.out.splitlines()]
    assert [one["event"] for one in events if one["event"] != "progress"] == [
        "begin",
        "asset",
        "asset",
        "end",
    ]
    assert events[-1]["made"] == 2 and events[-1]["missing"] == 0
    assert {path.name for path in out.iterdir()} == {
        ".gancube", "report.jsonl", "report.html", "contact_sheet.png",
        *(f"{name}{end}" for name in ("cube-brick-5", "cube-moss-6")
          for end in (".glb", ".thumbnail.png", ".report.json", "_textures")),
    }  # fmt: skip
    # the line was lost with the power: what stands beside the asset is enough
    (out / "report.jsonl").unlink()
    before = times(out)
    assert gancube("batch", "--model", "tiny", "--count", 2, "--seed", 5, "--labels", "brick,moss", "--size", 64,
                   "--format", "glb,png", "--layout", "flat", "--out", out).code == 0  # fmt: skip
    assert times(out) == before and len(batch_report.read(out)) == 2


def test_a_dry_run_says_what_it_would_take_and_makes_nothing(gancube, plan, tmp_path):
    answer = gancube("batch", plan, "--out", tmp_path / "out", "--dry-run")
    assert answer.code == 0 and not (tmp_path / "out").exists()
    assert f"{COUNT} assets" in answer.out and "walls/brick-1" in answer.out
    assert "MB, estimated" in answer.out and "about" in answer.out
    said = json.loads(gancube("batch", plan, "--out", tmp_path / "out", "--dry-run", "--json").out)
    assert len(said["assets"]) == COUNT and said["seconds"] > 0 and said["bytes"] > 1e5


@pytest.mark.parametrize(
    "arguments, words",
    [
        (("--count", 0), "--count"),
        (("--count", 2, "--seed", 2**64 - 1), "--count"),
        (("--size", 65), "--size: size 65"),
        (("--labels", "gravel"), "--labels: label 'gravel'"),
        (("--model", "tinny"), "--model: model 'tinny'"),
        (("--format", "stl"), "--format: 'stl'"),
        (("--workers", 0), "--workers"),
        (("--ray-gpus", 0.5), "--ray-gpus: belongs to --ray"),
        (("--ray", "auto", "--ray-gpus", -1, "--ray-cpus", 0), "--ray-gpus: -1 must be"),
        (("--ray", "auto", "--ray-cpus", 0), "--ray-cpus: 0 must be"),
        (("--ray", "auto", "--ray-gpus", 1.5), "--ray-gpus: 1.5 must be"),
        (("--seed", "1-20"), "--seed"),
        (("--name", "../x"), "--name"),
        (("--target", "none.glb"), "--target: none.glb: cannot be read"),
    ],
)
def test_a_short_form_that_cannot_be(gancube, tmp_path, arguments, words):
    base = () if "--model" in arguments else ("--model", "tiny")
    answer = gancube("batch", *base, *arguments, "--out", tmp_path / "out")
    assert (answer.code, answer.out) == (2, "") and words in answer.err, answer.err
    assert not (tmp_path / "out").exists()


def test_every_fault_of_a_plan_has_its_line(gancube, tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text('[[assets]]\nmodels = "tiny"\nlabels = []\nsizes = 65\nname = "/x"\ncatalog = "Walls"\n')
    answer = gancube("batch", path, "--out", tmp_path / "out")
    lines = answer.err.splitlines()
    assert answer.code == 2 and len(lines) == 4 and "Put blend among the formats" in lines[3]
    for n, line in enumerate(lines):
        assert f"gancube: error: {path}:{n + 3}: " in line
    assert "belongs into the plan" in gancube("batch", path, "--size", 64, "--out", tmp_path / "out").err


def test_an_empty_folder_is_not_the_current_one(gancube, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for out in ("", " "):
        answer = gancube("batch", "--model", "tiny", "--out", out)
        assert answer.code == 2 and "--out: is empty" in answer.err
    assert list(tmp_path.iterdir()) == []


def test_faults_are_an_event_for_programs(gancube, tmp_path):
    answer = gancube("batch", "--model", "tiny", "--labels", "x,y", "--out", tmp_path / "out", "--json")
    said = json.loads(answer.out)
    assert answer.code == 2 and said["event"] == "error" and len(said["faults"]) == 2
    assert all(one in answer.err for one in said["faults"])
    answer = gancube("batch", tmp_path / "no.toml", "--out", tmp_path / "out", "--json")
    assert answer.code == 2 and "no.toml: cannot be read" in json.loads(answer.out)["faults"][0]


@pytest.mark.skipif("coreml" in providers.available(), reason="this machine has CoreML")
def test_a_provider_that_is_not_here_fails_once_and_before_the_folder(gancube, tmp_path):
    answer = gancube(
        "batch", "--model", "tiny", "--count", 3, "--provider", "coreml", "--out", tmp_path / "out"
    )
    assert answer.code == 2 and answer.err.count("provider coreml: does not start") == 1
    assert not (tmp_path / "out").exists()


@pytest.fixture
def started(models, checkout, tmp_path):
    """started(*arguments, before="") -> a process of its own that makes a batch in tmp_path/out."""
    running = []

    def run(*arguments, before="", out=tmp_path / "out"):
        code = f"import sys\n{before}\nimport runpy; runpy.run_module('blender_addon', run_name='__main__')"
        environment = {**os.environ, "GANCUBE_MODELS": str(models), "PYTHONPATH": str(checkout)}
        process = subprocess.Popen(
            [sys.executable, "-c", code, "batch", *map(str, arguments), "--out", str(out)],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()


MANY = ("--model", "pbr", "--count", 14, "--size", 64, "--workers", 2)


def wait_for_lines(out: Path, count: int) -> None:
    end = time.monotonic() + 120
    while len(batch_report.read(out)) < count:
        assert time.monotonic() < end, "nothing was made"
        time.sleep(0.02)


def test_after_a_kill_the_same_command_makes_what_is_missing(started, gancube, tmp_path):
    out = tmp_path / "out"
    process = started(*MANY)
    wait_for_lines(out, 4)
    process.kill()
    process.wait()
    made = batch_report.read(out)
    for line in made.values():  # whole or not at all
        assert all(batch_report.is_unchanged(out, one) for one in line.files)
    whole = {path for path in out.glob("*/*.glb") if not path.is_relative_to(out / ".gancube")}
    assert 4 <= len(made) <= len(whole) < 14
    before = {path: path.stat().st_mtime_ns for path in whole}
    assert gancube("batch", *MANY, "--out", out, "--quiet").code == 0
    assert {path: path.stat().st_mtime_ns for path in whole} == before, "made twice"
    assert gancube("batch", *MANY, "--out", tmp_path / "straight", "--quiet").code == 0
    assert hashes(out) == hashes(tmp_path / "straight") and len(hashes(out)) == 14
    assert rest_of(out) == [] and list(batch_report.read(out)) == [f"cube-{n}" for n in range(14)]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_finishes_what_is_in_hand_and_says_how_to_go_on(started, gancube, tmp_path, number):
    out = tmp_path / "out"
    process = started(*MANY)
    wait_for_lines(out, 3)
    process.send_signal(number)
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 130, complaints
    made = batch_report.read(out)
    assert 3 <= len(made) < 14 and all(line.status == "made" for line in made.values())
    assert f"{14 - len(made)} of 14 assets are still missing" in complaints
    assert f"gancube batch --out {out} --model pbr --count 14" in complaints and "Traceback" not in complaints
    assert (out / "report.html").is_file() and rest_of(out) == []
    assert gancube("batch", *MANY, "--out", out).code == 0 and len(batch_report.read(out)) == 14


def test_ctrl_c_while_the_command_loads_is_no_traceback(started):
    early = """
class Early:
    def find_spec(self, name, *_):
        if name == "blender_addon.engine.library":
            raise KeyboardInterrupt
sys.meta_path.insert(0, Early())"""
    process = started("--model", "tiny", before=early)
    assert process.communicate(timeout=60) == ("", "") and process.returncode == 130


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
def test_a_folder_that_takes_no_more(started, tmp_path):
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, 15_000))"
    process = started("--model", "pbr", "--count", 3, "--size", 64, "--workers", 1, before=limit)
    _, complaints = process.communicate(timeout=120)
    assert process.returncode == 1 and "takes no more files" in complaints and "Traceback" not in complaints
    assert "3 of 3 assets are still missing" in complaints
    assert list((tmp_path / "out").glob("*/*.glb")) == [] and rest_of(tmp_path / "out") == []


def test_folders_that_cannot_be_used(gancube, started, tmp_path):
    (tmp_path / "file").write_text("")
    answer = gancube("batch", "--model", "tiny", "--out", tmp_path / "file" / "out")
    assert answer.code == 2 and "cannot be written to" in answer.err
    process = started(*MANY)
    wait_for_lines(tmp_path / "out", 1)
    answer = gancube("batch", *MANY, "--out", tmp_path / "out")
    assert answer.code == 2 and "used by another run" in answer.err
    process.kill()


# Capabilities 1 and 2 let root write anywhere; a thread gives them up with capset(2).
AS_OTHERS = """import ctypes
header = (ctypes.c_uint32 * 2)(0x20080522, 0)
kept = (ctypes.c_uint32 * 6)()
libc = ctypes.CDLL(None, use_errno=True)
assert libc.capset(header, kept) == 0, ctypes.get_errno()"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="gives up what root may as Linux has it")
def test_a_read_only_folder(started, tmp_path):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    process = started("--model", "tiny", before=AS_OTHERS, out=locked / "out")
    _, complaints = process.communicate(timeout=60)
    assert process.returncode == 2 and "cannot be written to (Permission denied)" in complaints, complaints
    assert list(locked.iterdir()) == []


def test_a_file_of_somebody_else_is_not_overwritten(gancube, tmp_path):
    mine = tmp_path / "out" / "cube-0" / "notes.txt"
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    answer = gancube("batch", "--model", "tiny", "--count", 2, "--size", 64, "--out", tmp_path / "out")
    assert answer.code == 1 and "is there already" in answer.err and mine.read_text() == "mine"
    assert (tmp_path / "out/cube-1/cube-1.glb").is_file()


def test_a_changed_plan_replaces_what_it_made(gancube, tmp_path):
    base = ("batch", "--model", "tiny", "--size", 64, "--name", "wall", "--out", tmp_path / "out")
    assert gancube(*base, "--seed", 1).code == 0
    assert gancube(*base, "--seed", 2, "--format", "glb,png").code == 0
    assert recipe.read(tmp_path / "out/wall/wall.glb").seed == 2 and rest_of(tmp_path / "out") == []


def test_another_layout_moves_what_was_made(gancube, tmp_path):
    out = tmp_path / "out"
    base = (
        "batch",
        "--model",
        "tiny",
        "--size",
        64,
        "--name",
        "walls/a",
        "--format",
        "glb,png",
        "--out",
        out,
    )
    assert gancube(*base).code == 0 and (out / "walls/a/a.glb").is_file()
    assert gancube(*base, "--layout", "flat").code == 0
    below = {path.name for path in (out / "walls").iterdir()}
    assert below == {"a.glb", "a_textures", "a.thumbnail.png", "a.report.json"}
    before = times(out)
    assert gancube(*base, "--layout", "flat").code == 0 and times(out) == before
    (out / "walls/a.glb").write_bytes(b"mine now")
    assert gancube(*base).code == 0
    assert {path.name for path in (out / "walls").iterdir()} == {"a", "a.glb"}, "what was changed stays"


def test_what_is_gone_of_an_earlier_plan_is_forgotten(models, tmp_path):
    plan = read_plan(Source("plan", {"assets": [{"models": "tiny", "seeds": 7}]}, tmp_path), [models])
    run = batch_run.Run(plan, tmp_path)
    for name in ("here", "gone"):
        file = {"path": f"{name}/{name}.glb", "formats": ["glb"], "bytes": 1, "sha256": ""}
        run.lines[name] = Line(name, "made", "", None, (file,))
    run.lines["bad"] = Line("bad", "failed", "", error="why")
    (tmp_path / "here").mkdir()
    (tmp_path / "here/here.glb").write_bytes(b"1")
    batch_run.finish(run)
    assert set(batch_report.read(tmp_path)) == {"here", "bad"}


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights in Windows")
def test_links_that_lead_out_of_the_folder(gancube, tmp_path):
    out, away = tmp_path / "out", tmp_path / "away"
    out.mkdir()
    away.mkdir()
    (out / "walls").symlink_to(away)
    base = ("batch", "--model", "tiny", "--size", 64, "--out", out)
    answer = gancube(*base, "--name", "walls/{seed}")
    assert answer.code == 1 and "leads out of the output folder by a link" in answer.err
    assert list(away.iterdir()) == []
    shutil.rmtree(out / ".gancube")
    (out / ".gancube").symlink_to(away)
    answer = gancube(*base)
    assert answer.code == 2 and "is a link" in answer.err and list(away.iterdir()) == []


def test_what_the_check_finds_is_not_handed_out(gancube, tmp_path):
    make_tiny(tmp_path / "skewed.onnx", maps=PBR, name="skewed")
    base = ("batch", "--model", tmp_path / "skewed.onnx", "--size", 64, "--out", tmp_path / "out")
    answer = gancube(*base)
    assert answer.code == 1 and "gancube check finds: normal-map" in answer.err
    (line,) = batch_report.read(tmp_path / "out").values()
    assert "normal-map" in line.validator["cube-0.glb"]["errors"][0]
    assert list((tmp_path / "out").glob("*/*.glb")) == []
    assert gancube(*base, "--check", "off", "--retry-failed").code == 0


def test_a_model_that_goes_away_in_the_middle(tmp_path, monkeypatch, gancube):
    folder = tmp_path / "models"
    folder.mkdir()
    for number, name in enumerate(("first", "second", "third")):
        make_tiny(folder / f"{name}.onnx", seed=number)
    plan = tmp_path / "plan.toml"
    plan.write_text(
        '[[assets]]\nmodels=["first","second","third"]\nseeds="0-2"\nsizes=64\nname="{model}-{seed}"\n'
    )
    monkeypatch.setenv("GANCUBE_MODELS", str(folder))
    remember, kept = batch_run.remember, (folder / "second.onnx").read_bytes()

    def and_remove(*arguments):
        (folder / "second.onnx").unlink(missing_ok=True)
        make_tiny(folder / "third.onnx", seed=7)
        return remember(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(batch_run, "remember", and_remove)
        answer = gancube("batch", plan, "--out", tmp_path / "out", "--workers", 1)
    assert answer.code == 1, answer.err
    lines = batch_report.read(tmp_path / "out")
    status = {name: line.status for name, line in lines.items()}
    assert status == {
        f"{m}-{n}": "made" if m == "first" else "failed"
        for m in ("first", "second", "third")
        for n in range(3)
    }
    assert "second.onnx" in lines["second-1"].error and "not the file any more" in lines["third-0"].error
    (folder / "second.onnx").write_bytes(kept)
    make_tiny(folder / "third.onnx", seed=2)
    assert gancube("batch", plan, "--out", tmp_path / "out").code == 1, (
        "what failed is not tried again unasked"
    )
    assert gancube("batch", plan, "--out", tmp_path / "out", "--retry-failed").code == 0
    assert len(list((tmp_path / "out").glob("*/*.glb"))) == 9


def test_a_chain_of_generators_goes_over_the_textures(gancube, models, tmp_path, monkeypatch):
    """`transform` of a plan: other pictures and more maps, the steps in each recipe; the same bytes again."""
    folder = tmp_path / "models"
    folder.mkdir()
    make_tiny_picture(folder / "looks.onnx", labels=("moss", "snow"))
    make_tiny_picture(folder / "relief.onnx", gives=("height", "roughness"), seed=1)
    monkeypatch.setenv("GANCUBE_MODELS", f"{models}{os.pathsep}{folder}")
    chain = '["relief", { model = "looks", label = "snow", strength = 0.5 }]'
    text = f'[[assets]]\nmodels = "tiny"\nsizes = 32\ntransform = {chain}\ntargets = ["cube", "plane"]\n'
    (tmp_path / "plan.toml").write_text(text + 'mode = "tile"\nformats = ["glb", "png"]\n')
    outs = [tmp_path / "one", tmp_path / "two"]
    for out in outs:
        answer = gancube("batch", tmp_path / "plan.toml", "--workers", "1", "--out", out, "--quiet")
        assert answer.code == 0, answer.err
    assert hashes(outs[0]) == hashes(outs[1])
    lines = batch_report.read(outs[0]).values()
    assert all("transform" in line.seconds for line in lines)
    files = sorted(outs[0].rglob("*.glb"))
    assert len(files) == 2
    for file in files:
        steps = recipe.read(file).settings["transform"]
        assert [step["model"]["name"] for step in steps] == ["relief", "looks"]
    answer = gancube("recipe", files[0])
    assert answer.code == 0 and '"snow"' in answer.out
    assert len([one for one in outs[0].rglob("*.png") if "height" in one.name]) == 2


def test_an_actor_of_a_cluster_is_given_the_whole_chain(models, tmp_path):
    """Without Ray: what it calls, with the bytes that it sends; a box projection, for which normals are no use."""
    looks = make_tiny_picture(tmp_path / "looks.onnx", labels=("moss", "snow"))
    relief = make_tiny_picture(tmp_path / "relief.onnx", gives=("normal", "roughness"), seed=1)
    text = f'[[assets]]\nmodels = "tiny"\nsizes = 32\ntransform = ["{relief.name}", "{looks.name}"]\n'
    text += 'targets = "ball.obj"\nmode = "box"\nbake = 32\nformats = ["glb"]\n'
    (tmp_path / "ball.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nvt 0 0\nvt 1 0\nvt 0 1\nf 1/1 2/2 3/3\n")
    (tmp_path / "plan.toml").write_text(text)
    (asset,) = read_plan(read_source(tmp_path / "plan.toml"), [models]).assets
    paths = [asset.request.model, relief, looks, tmp_path / "ball.obj"]
    actor = Actor("cpu", 1, True)
    said, files = actor.make(asdict(asset), *(Path(path).read_bytes() for path in paths))
    assert said["event"] == "made", said
    assert [step["model"]["name"] for step in said["recipe"]["settings"]["transform"]] == ["relief", "looks"]
    assert any(name.endswith(".glb") for name in files)
