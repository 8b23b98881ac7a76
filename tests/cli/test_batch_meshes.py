"""Mesh files of a batch: good ones, and each of the bad ones, which fails alone with a sentence."""

import shutil
import struct

import bpy
import pytest

from blender_addon import batch_run
from blender_addon.batch_pool import Pool
from blender_addon.engine import asset_catalog, batch_report
from blender_addon.engine.errors import OutputError
from blender_addon.engine.glb import read_glb
from blender_addon.engine.plan_reader import read_plan
from blender_addon.engine.plan_source import Source
from blender_addon.engine.png import decode

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"


@pytest.fixture
def meshes(tmp_path):
    """A folder of mesh files, good and bad."""
    folder = tmp_path / "meshes"
    folder.mkdir()
    (folder / "no_uvs.obj").write_text(SQUARE + "f 1 2 3 4\n")
    (folder / "nan.obj").write_text(SQUARE.replace("v 1 1 0", "v nan 1 0") + "f 1 2 3 4\n")
    (folder / "infinite.obj").write_text(SQUARE.replace("v 1 1 0", "v 1 inf 0") + "f 1 2 3 4\n")
    (folder / "too_large.obj").write_text(SQUARE.replace("v 1 1 0", "v 1 1e39 0") + "f 1 2 3 4\n")
    (folder / "no_faces.obj").write_text(SQUARE + "l 1 2\n")
    (folder / "empty.obj").write_text("")
    (folder / "nothing.fbx").write_text("this is no FBX")
    (folder / "nothing.usdc").write_bytes(b"PXR-USDC" + bytes(80))
    several_uv_sets(folder / "uvs.blend")
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.mesh.primitive_monkey_add()
    bpy.context.object.name = "Head"
    bpy.ops.mesh.primitive_cube_add(location=(5, 0, 0))
    bpy.ops.export_scene.gltf(filepath=str(folder / "two.glb"))
    for name in ("two.usdc", "two.usda", "two.usdz"):
        bpy.ops.wm.usd_export(filepath=str(folder / name))
    bpy.ops.wm.obj_export(filepath=str(folder / "two.obj"))
    bpy.ops.export_scene.fbx(filepath=str(folder / "two.fbx"))
    for name in ("two.glb", "two.usdc", "two.usda", "two.usdz", "two.fbx", "uvs.blend"):
        content = (folder / name).read_bytes()
        (folder / f"cut_{name}").write_bytes(content[: len(content) * 2 // 3])
    lines = (folder / "two.obj").read_text().splitlines(keepends=True)
    (folder / "cut_two.obj").write_text("".join(lines[:-3]) + lines[-3].rstrip()[:-4])
    document, binary = read_glb(folder / "two.glb")
    view = document["bufferViews"][document["accessors"][0]["bufferView"]]
    nan = bytearray((folder / "two.glb").read_bytes())
    at = nan.index(binary) + view.get("byteOffset", 0) + 24
    nan[at : at + 4] = struct.pack("<f", float("nan"))
    (folder / "nan.glb").write_bytes(nan)
    return folder


def several_uv_sets(path):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.mesh.primitive_cube_add(location=(9, 9, 9))
    item = bpy.context.object
    item.name = "Crate"
    item.data.uv_layers.new(name="lightmap")
    item.data.uv_layers["lightmap"].active_render = True
    bpy.ops.object.modifier_add(type="SUBSURF")
    bpy.ops.object.light_add()
    bpy.ops.wm.save_as_mainfile(filepath=str(path))


def batch(folder, models, tmp_path, targets, **more):
    """(plan, run) of one GLB for each target."""
    group = {
        "targets": targets,
        "models": "tiny",
        "sizes": 64,
        "mode": "tile",
        "name": "{index}-{target}",
        **more,
    }
    plan = read_plan(Source("plan", {"assets": [group]}, folder), [models])
    return plan, batch_run.Run(plan, tmp_path / "out")


def made(run, before=lambda: None):
    """{target: its line}, made by one worker."""
    with batch_run.opened(run.out):
        missing = batch_run.remember(run, retry_failed=False)
        before()
        batch_run.make(run, Pool(1, "cpu", 1), missing)
    targets = [asset.target.source.rsplit("/", 1)[-1] + asset.target.object for asset in run.plan.assets]
    return {name: run.lines[asset.name] for name, asset in zip(targets, run.plan.assets, strict=True)}


def test_good_and_bad_meshes(meshes, models, tmp_path):
    targets = [path.name for path in sorted(meshes.iterdir()) if path.suffix != ".mtl"]
    targets += ["uvs.blend#Crate", "uvs.blend#Barrel"]
    (meshes / "removed.obj").write_text(SQUARE + "f 1 2 3 4\n")
    _, run = batch(meshes, models, tmp_path, [*targets, "removed.obj"])
    lines = made(run, before=(meshes / "removed.obj").unlink)
    errors = {name: line.error for name, line in lines.items() if line.status == "failed"}
    for name, words in {
        "nan.obj": "not numbers",
        "nan.glb": "not numbers",
        "infinite.obj": "not numbers",
        "too_large.obj": "line 3: a coordinate is not a number",
        "no_faces.obj": "has faces",
        "empty.obj": "is an empty file",
        "nothing.fbx": "cannot read it",
        "nothing.usdc": "cannot read it",
        "cut_two.glb": "truncated",
        "cut_two.usdc": "cannot read it",
        "cut_two.usda": "cannot read it",
        "cut_two.usdz": "no USDZ, or a damaged one",
        "cut_two.fbx": "cannot read it",
        "cut_two.obj": "its last line breaks off",
        "cut_uvs.blend": "damaged",
        "uvs.blendBarrel": "no object 'Barrel'; it has ",
        "removed.obj": "is not there any more",
    }.items():
        assert words in errors.pop(name), name
    assert errors == {}
    good = {name for name, line in lines.items() if line.status == "made"}
    two = {f"two.{kind}" for kind in ("glb", "obj", "fbx", "usdc", "usda", "usdz")}
    assert good == {"no_uvs.obj", *two, "uvs.blend", "uvs.blendCrate"}
    assert all("Traceback" not in line.error and "Error: " not in line.error for line in lines.values())
    glb = next((tmp_path / "out").glob("*-uvs/*-uvs.glb"))
    document, _ = read_glb(glb)
    primitive = document["meshes"][0]["primitives"][0]
    assert {"TEXCOORD_0", "TEXCOORD_1"} <= set(primitive["attributes"]), "a UV set was lost"
    crate, _ = read_glb(next((tmp_path / "out").glob("*-Crate/*-Crate.glb")))
    low = crate["accessors"][crate["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]["min"]
    assert max(map(abs, low)) <= 1, "an object that is named stands at its own origin"


def test_every_mode_on_every_kind_of_target(meshes, models, tmp_path):
    for mode in ("tile", "faces", "box"):
        out = tmp_path / mode
        _, run = batch(meshes, models, out, ["two.glb", "plane", "no_uvs.obj"], mode=mode, bake=16, images=2)
        assert {line.status for line in made(run).values()} == {"made"}, run.lines


def test_an_asset_library(meshes, models, tmp_path):
    wanted = {"formats": ["blend", "glb"], "catalog": "Walls/{model}", "tags": ["prop"]}
    _, run = batch(meshes, models, tmp_path, ["cube", "monkey"], **wanted)
    assert {line.status for line in made(run).values()} == {"made"}, run.lines
    assert (run.out / asset_catalog.FILE).read_text().count("Walls/tiny:Walls-tiny") == 1
    with bpy.data.libraries.load(str(run.out / "2-monkey/2-monkey.blend"), assets_only=True) as (there, got):
        got.objects, got.materials = there.objects, there.materials
    (monkey,), (material,) = got.objects, got.materials
    for block in (monkey, material):
        assert block.asset_data.catalog_id == asset_catalog.new_uuid("Walls/tiny")
        assert block.asset_data.license and min(block.preview.image_size) >= 128
    assert {"prop", "tiny"} <= {tag.name for tag in monkey.asset_data.tags}
    pixels, _ = decode((run.out / "2-monkey/2-monkey.thumbnail.png").read_bytes())
    corners, middle = pixels[[0, 0, -1, -1], [0, -1, 0, -1]], pixels[40:88, 40:88]
    assert (corners == corners[0]).all() and middle.std() > 10, "the monkey stands in the middle of paper"
    (run.out / asset_catalog.FILE).write_text(
        f"VERSION 1\n{'1' * 8}-2222-4333-8444-{'5' * 12}:Walls/tiny:x\n"
    )
    shutil.rmtree(run.out / "1-cube")
    with pytest.raises(OutputError, match="a catalog 'Walls/tiny' of its own"):
        made(batch_run.Run(run.plan, run.out))


@pytest.mark.slow
def test_a_million_faces(models, tmp_path):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    bpy.ops.mesh.primitive_grid_add(x_subdivisions=1000, y_subdivisions=1000)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "grid.blend"))
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    _, run = batch(tmp_path, models, tmp_path, ["grid.blend", "cube"])
    lines = made(run)
    assert {line.status for line in lines.values()} == {"made"}, lines
    shutil.rmtree(tmp_path / "out")


class Deadly(Pool):
    """Its workers are killed each time they have begun the asset `victim`, `times` times."""

    def __init__(self, victim: int, times: int):
        super().__init__(1, "cpu", 1)
        self.victim, self.times, self.killed = victim, times, 0

    def answers(self, timeout=0.02):
        yield from super().answers(timeout)
        for worker in self.workers:
            if self.victim in worker.begun and self.victim in worker.orders and self.killed < self.times:
                worker.process.kill()
                worker.begun.add(self.victim)
                self.killed += 1
                worker.process.wait()
                worker.is_ready = True


@pytest.mark.parametrize("times", [1, 2])
def test_a_worker_that_dies_is_replaced(models, tmp_path, times):
    group = {"models": "tiny", "sizes": 64, "seeds": "0-4"}
    plan = read_plan(Source("plan", {"assets": [group]}, tmp_path), [models])
    run = batch_run.Run(plan, tmp_path / "out")
    pool = Deadly(2, times)
    with batch_run.opened(run.out):
        batch_run.make(run, pool, batch_run.remember(run, retry_failed=False))
    assert pool.killed == times
    lines = batch_report.read(run.out)
    failed = [name for name, line in lines.items() if line.status == "failed"]
    assert len(lines) == 5 and failed == (["cube-2"] if times == 2 else [])
    assert all("signal 9" in lines[name].error and "twice" in lines[name].error for name in failed)
    assert len(list(run.out.glob("*/*.glb"))) == 5 - len(failed)
