"""Assets in an hour: `gancube batch` against what it is made of, and against a script that starts Blender each time.

    GANCUBE_BATCH_COUNT=60 .venv/bin/python -m pytest tests/benchmarks/test_batch.py -m bench -s

(a) one process an asset: torch in eager mode (the generator of random weights, layer by layer as the shipped one),
Blender's own PNG writer and glTF exporter with their defaults. (b) the same onnxruntime, image encoder and Blender's
own glTF export in a loop, without recipe, mark, check, thumbnail, report or files that appear whole.
Seconds on the wall depend on what else the machine does; seconds of the processor hardly do, and what they allow an
hour on two free cores stands beside them.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from blender_addon import cli
from blender_addon.engine import batch_report

COUNT = int(os.environ.get("GANCUBE_BATCH_COUNT", "24"))
ROOT = Path(__file__).parents[2]

BARE = """
import json, os, sys, tempfile, time
from blender_addon.cube_command import start_blender
from blender_addon.engine import library, png
from blender_addon.engine.model import Model, generate
from blender_addon.engine.pixels import to_uint8
from blender_addon.engine.surface_request import SurfaceRequest
size, count, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
model = Model.load(library.default(library.folders()), "cpu", 1)
start_blender()
import bpy
from blender_addon.scene.assets import FacePixels, make_cube
from blender_addon.scene.session import nothing_left_behind
spaces = {spec.name: spec.colorspace for spec in model.card.maps}
for seed in range(count + 1):
    if seed == 1:
        began, used = time.perf_counter(), time.process_time()  # the first one warms up
    request = SurfaceRequest(model="", seed=seed, size=size).to_request(model.card)
    faces = [FacePixels(t.seed, t.label, {n: png.encode(to_uint8(p)) for n, p in t.maps.items()})
             for t in generate(model, request)]
    with nothing_left_behind():
        cube = make_cube(faces, spaces, "{}")
        bpy.context.scene.collection.objects.link(cube)
        path = os.path.join(out, f"{seed}.glb")
        bpy.ops.export_scene.gltf(filepath=path, export_tangents=True, use_active_scene=True)
print("RATE", 3600 * count / (time.perf_counter() - began), (time.process_time() - used) / count)
"""

NAIVE = """
import os, sys
import torch
from torch import nn
import bpy
size, seed, out = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
torch.manual_seed(seed)
widths = (128, 64, 32, 16)
layers, into = [], 16
for width in widths:
    for a, b in ((into, width), (width, width)):
        layers += [nn.Conv2d(a, b, 3, padding=1, padding_mode="circular"), nn.LeakyReLU(0.2)]
    layers.append(nn.Upsample(scale_factor=2))
    into = width
net = nn.Sequential(*layers, nn.Conv2d(into, 9, 3, padding=1, padding_mode="circular"), nn.Sigmoid())
with torch.no_grad():
    maps = net(torch.randn(6, 16, size // 16, size // 16)).permute(0, 2, 3, 1)
bpy.ops.wm.read_factory_settings(use_empty=True)
bpy.ops.mesh.primitive_cube_add()
cube = bpy.context.object
for face in range(6):
    material = bpy.data.materials.new(str(face))
    if material.node_tree is None:
        material.use_nodes = True
    tree = material.node_tree
    shader = next(n for n in tree.nodes if n.type == "BSDF_PRINCIPLED")
    for name, first, socket in (("color", 0, "Base Color"), ("normal", 3, None), ("roughness", 6, "Roughness"),
                                ("metallic", 7, "Metallic")):
        image = bpy.data.images.new(name, size, size)
        value = torch.ones(size, size, 4)
        part = maps[face, ..., first:first + (3 if name in ("color", "normal") else 1)]
        value[..., :3] = part
        image.pixels = value.flatten().tolist()
        image.pack()
        node = tree.nodes.new("ShaderNodeTexImage")
        node.image = image
        if socket:
            tree.links.new(node.outputs["Color"], shader.inputs[socket])
        else:
            bump = tree.nodes.new("ShaderNodeNormalMap")
            tree.links.new(node.outputs["Color"], bump.inputs["Color"])
            tree.links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    cube.data.materials.append(material)
for polygon in cube.data.polygons:
    polygon.material_index = polygon.index
bpy.ops.export_scene.gltf(filepath=os.path.join(out, "cube.glb"))
os._exit(0)
"""


PEAK = """
import resource
from blender_addon import cli
code = cli.main({})
print("PEAK", code, *(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))
"""


def child(code: str, *arguments, threads: int) -> str:
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *map(str, arguments)],
        env=environment, cwd=ROOT, capture_output=True, text=True, timeout=3600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def used() -> float:
    """Seconds of the processor, of all children that have ended."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


def batch(out: Path, size: int, workers: int, *more, count: int = COUNT, capsys=None) -> dict:
    """{"wall": assets in an hour with the start, "steady": without, "used": of a core, "seconds": {stage: s}}."""
    began, before = time.perf_counter(), used()
    words = ["--count", count, "--size", size, "--workers", workers, "--out", out, "--provider", "cpu"]
    code = cli.main(["batch", *map(str, words), "--quiet", "--json", *more])
    wall = time.perf_counter() - began
    assert code == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    lines = [one for one in events if one["event"] == "asset"]
    if count <= workers:
        return {"used": used() - before}
    stages = list(lines[-1]["seconds"])
    mean = {
        name: sum(line["seconds"].get(name, 0) for line in lines[1:]) / (len(lines) - 1) for name in stages
    }
    written = sorted(path.stat().st_mtime for path in out.glob("*/*" + batch_report.BESIDE))
    steady = (len(written) - 1 - workers) / (written[-1] - written[workers])
    return {"wall": 3600 * count / wall, "steady": 3600 * steady, "seconds": mean, "used": used() - before}


@pytest.mark.bench
@pytest.mark.parametrize("size", [256, 512])
def test_assets_in_an_hour(tmp_path, capsys, size):
    rows = []
    for name, workers, more in (
        ("1 worker, checked", 1, ()),
        ("2 workers, checked", 2, ()),
        ("1 worker, --check off", 1, ("--check", "off")),
        ("2 workers, --check off", 2, ("--check", "off")),
    ):
        out = tmp_path / name.replace(" ", "")
        start = batch(Path(f"{out}-start"), size, workers, *more, count=workers, capsys=capsys)["used"]
        row = batch(out, size, workers, *more, capsys=capsys)
        rows.append((name, {**row, "used": (row["used"] - start) / (COUNT - workers)}))
    bare, bare_used = map(float, child(BARE, size, COUNT, tmp_path, threads=1).split("RATE")[1].split())
    began = time.perf_counter()
    for seed in range(3):
        child(NAIVE, size, seed, tmp_path, threads=2)
    naive = 3 * 3600 / (time.perf_counter() - began)
    with capsys.disabled():
        print(f"\nGLB cubes in an hour at {size} px, {COUNT} each; load {os.getloadavg()[0]:.1f}")
        print(f"  (a) a process each, torch eager {naive:8.0f}")
        print(f"  (b) bare loop, one process      {bare:8.0f}   {bare_used:.3f} s of a core each")
        for name, row in rows:
            share = f"({bare_used / row['used']:.0%} of (b)), two free cores {7200 / row['used']:.0f}"
            steady = f"without the start {row['steady']:.0f}"
            print(
                f"  {name:<28}    {row['wall']:8.0f}   {row['used']:.3f} s of a core each {share}; {steady}"
            )
            print("      " + ", ".join(f"{stage} {value:.3f}" for stage, value in row["seconds"].items()))


@pytest.mark.bench
def test_memory_stays_flat(tmp_path, capsys):
    """The peak of the largest worker over 50 assets and over 1,000 (GANCUBE_BATCH_MANY), of 64 px: more is the same."""
    many = int(os.environ.get("GANCUBE_BATCH_MANY", "1000"))
    peaks = {}
    for count in (50, many):
        words = ["batch", "--count", count, "--size", 64, "--workers", 1, "--provider", "cpu", "--quiet"]
        words += ["--check", "off", "--out", tmp_path / str(count)]
        code = PEAK.format(list(map(str, words)))
        words = child(code, threads=1).split("PEAK")[1].split()
        assert words[0] == "0"
        peaks[count] = (int(words[1]) / 1024, int(words[2]) / 1024)
    with capsys.disabled():
        for count, (command, worker) in peaks.items():
            print(f"\n{count} assets: command {command:.0f} MiB, worker {worker:.0f} MiB")
        print(f"{peaks[many][1] / peaks[50][1]:.2f} times the peak of 50")
