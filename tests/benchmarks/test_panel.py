"""What the panel costs: from the click to the textured cube, sliders, the child process, a large scene, memory.

    make bench     (or: .venv/bin/python -m pytest tests/benchmarks/test_panel.py -m bench -s)

Through the real operator without a window, with the shipped generator, on the processor. Judges nothing.
"""

import os
import statistics
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

bpy = pytest.importorskip("bpy")

import blender_addon  # noqa: E402
from blender_addon.engine import library, png  # noqa: E402
from blender_addon.engine.client import Client  # noqa: E402
from blender_addon.engine.model import Model, generate  # noqa: E402
from blender_addon.engine.pixels import icon, to_uint8  # noqa: E402
from blender_addon.engine.surface_request import SurfaceRequest  # noqa: E402
from blender_addon.quiet import captured_output  # noqa: E402
from blender_addon.scene import surfaces  # noqa: E402
from blender_addon.scene.assets import FacePixels  # noqa: E402
from blender_addon.scene.layouts import Surface  # noqa: E402
from blender_addon.scene.steps import cube_steps  # noqa: E402
from blender_addon.ui import adjust, session  # noqa: E402
from blender_addon.ui.live_job import LiveJob  # noqa: E402

pytestmark = pytest.mark.bench
SIZES = (256, 512, 1024)
RUNS = 3
TURNS = 10  # a difference of a few hundredths needs more
SECONDS = 5.0  # that a slider is dragged
GENERATIONS = 200


@pytest.fixture(scope="module")
def registered():
    blender_addon.register()
    yield
    blender_addon.unregister()


@pytest.fixture
def settings(registered):
    bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
    return bpy.context.scene.gancube


def seconds_of_a_click() -> float:
    began = time.perf_counter()
    assert bpy.ops.gancube.generate_cube() == {"FINISHED"}
    return time.perf_counter() - began


@pytest.mark.parametrize("size", SIZES)
def test_click_to_cube(settings, size):
    settings.size = size
    cold, warm = [], []
    for _ in range(RUNS):
        session.close()
        cold.append(seconds_of_a_click())
        warm.append(seconds_of_a_click())
    maps = len(session.job.loaded["colorspaces"])
    print(
        f"\nclick to cube, {size} px, {maps} maps, median of {RUNS}: "
        f"child not started yet {statistics.median(cold):.2f} s, warm {statistics.median(warm):.2f} s"
    )


def test_contact_sheet(settings):
    bpy.ops.gancube.generate_cube()  # the child is there
    for count in ("12", "64"):
        settings.variants = count
        began = time.perf_counter()
        assert bpy.ops.gancube.show_variants() == {"FINISHED"}
        print(f"\ncontact sheet of {count}, 256 px, CPU: {time.perf_counter() - began:.2f} s", end="")
    print()


def test_overhead_of_the_child_process():
    """A face at 512 px, made here and made by the child; both to PNG bytes and an icon. The child runs at a lower
    priority."""
    size, path = 512, str(library.default(library.folders(None)))
    model = Model.load(path, provider="cpu", threads=1, verify=False)
    asked = SurfaceRequest(model=path, seed=3, size=size)
    request = asked.to_request(model.card)
    message = {"do": "generate", "model": path, "asked": asdict(asked), "only": None}
    message |= {"provider": "cpu", "threads": 1, "blender": bpy.app.version_string}
    here, there, here_cpu, there_cpu, pipe = [], [], [], [], []
    client = Client()
    try:
        for _ in range(1 + TURNS):
            began, cpu = time.perf_counter(), time.process_time()
            for index in range(asked.count):
                (texture,) = generate(model, request.of(index))
                for unit in texture.maps.values():
                    png.encode(to_uint8(unit), {"gancube": "x" * 2000})
                icon(texture.maps)
            here.append((time.perf_counter() - began) / asked.count)
            here_cpu.append((time.process_time() - cpu) / asked.count)
            client.start()
            began, cpu = time.perf_counter(), time.process_time() + processor_time(client.child.process.pid)
            client.submit(message)
            done = None
            while done is None:
                done = next((h for h, _ in client.poll() if h["event"] in ("done", "error", "died")), None)
                time.sleep(0.002)
            assert done["event"] == "done", done
            there.append((time.perf_counter() - began) / asked.count)
            spent = time.process_time() + processor_time(client.child.process.pid) - cpu
            there_cpu.append(spent / asked.count)
            pipe.append(there[-1] - done["seconds"] / asked.count)
    finally:
        client.close()
    lists = (here, there, here_cpu, there_cpu, pipe)
    wall, wall_child, cpu, cpu_child, beside = (statistics.median(values[1:]) * 1000 for values in lists)
    print(
        f"\na face at {size} px: in this process {wall:.1f} ms, by the child {wall_child:.1f} ms, of which "
        f"{beside:.2f} ms not in the child; processor time {cpu:.1f} and {cpu_child:.1f} ms (aim: at most 10 ms more)"
    )


@pytest.mark.parametrize("shows", ("whole images", "previews"))
@pytest.mark.parametrize("size", (128, 256, 512, 1024))
@pytest.mark.parametrize("surface", ("tile", "cube"))
def test_slider(settings, monkeypatch, surface, size, shows):
    """A slider dragged for SECONDS, through the operator: images per second on the object while the wish moves."""
    monkeypatch.setattr(adjust, "PREVIEW_FROM", 0 if shows == "previews" else size + 1)
    settings.size = size
    if surface == "tile":
        bpy.ops.mesh.primitive_monkey_add()
        settings.surface = "tile"
        bpy.ops.gancube.texture()
    else:
        bpy.ops.gancube.generate_cube()
    step, began, shown, child = LiveJob.step, time.perf_counter(), [0], session.client.child.process.pid
    computed, made, while_moving = processor_time(child), [0], []

    def dragged(job):
        elapsed = time.perf_counter() - began
        job.released = elapsed >= SECONDS
        if not job.released:
            job.want(replace(job.wanted, walk=min(elapsed / SECONDS, 1.0)), job.previews)
        step(job)
        shown[0] += len(job.fresh) if elapsed < SECONDS else 0
        made[0] += len(job.fresh)
        if job.released and not while_moving:
            while_moving.append((processor_time(child) - computed) / max(made[0], 1) * 1000)

    monkeypatch.setattr(LiveJob, "step", dragged)
    bpy.context.window_manager.gancube_adjust.walk = 0.001
    rested = time.perf_counter() - began - SECONDS
    print(
        f"\na slider over {'one texture' if surface == 'tile' else 'a cube'}, {size} px, CPU: {shown[0] / SECONDS:.1f} "
        f"{shows} per second while it moves; all there {rested:.2f} s after it rests; "
        f"computed {while_moving[0]:.0f} ms an image while it moved"
    )


def test_a_scene_of_a_million_faces(settings, tmp_path):
    """What is Blender's own, and what of it is ours: the longest step of each kind of work on the main thread."""
    mesh = a_million_faces()
    item = bpy.data.objects.new("Million", mesh)
    bpy.context.collection.objects.link(item)
    settings.size = 1024
    bpy.ops.gancube.generate_cube()
    result = next(iter(session.results.values()))
    pixels = [FacePixels(one.seed, one.label, one.maps) for _, one in sorted(result.textures.items())]
    steps = {"a cube": lambda: cube_steps(pixels, result.colorspaces, result.recipe)}
    for mode, each in (("tile", "slot"), ("box", "slot"), ("faces", "slot"), ("faces", "polygon")):
        textures = pixels if mode == "faces" else pixels[:1]
        steps[f"the million, {mode} by {each}" if mode == "faces" else f"the million, {mode}"] = (
            lambda mode=mode, each=each, textures=textures: surfaces.texture_steps(
                (item.session_uid,), textures, result.colorspaces, result.recipe, Surface(mode, each)
            )
        )
    for name, begin in steps.items():
        times = seconds_of_steps(begin())
        print(
            f"\nours, {name}: {len(times)} steps, longest {max(times) * 1000:.1f} ms, "
            f"the last {times[-1] * 1000:.1f} ms, all {sum(times):.2f} s",
            end="",
        )
    blender = {
        "undo push": lambda: bpy.ops.ed.undo_push(message="bench"),
        "undo push again": lambda: bpy.ops.ed.undo_push(message="bench"),
        "save": lambda: bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "million.blend")),
        "export of the cube": lambda: export(tmp_path / "cube.glb", True),
        "export of all": lambda: export(tmp_path / "all.glb", False),
    }
    bpy.ops.object.select_all(action="DESELECT")
    bpy.data.objects["GAN Cube"].select_set(True)
    for name, work in blender.items():
        began, computed = time.perf_counter(), time.process_time()
        work()
        wall, computed = time.perf_counter() - began, time.process_time() - computed
        print(f"\nBlender's own, {name}: {wall:.2f} s, of which computed {computed:.2f} s", end="")
    print()


def a_million_faces():
    side = 1000
    mesh = bpy.data.meshes.new("Million")
    steps = np.linspace(-5, 5, side + 1, dtype=np.float32)
    x, y = np.meshgrid(steps, steps)
    corner = np.arange(side * (side + 1)).reshape(side, side + 1)[:, :-1]
    quads = np.stack([corner, corner + 1, corner + side + 2, corner + side + 1], -1).astype(np.int32)
    mesh.vertices.add(x.size)
    mesh.vertices.foreach_set("co", np.stack([x, y, np.sin(x) * np.cos(y)], -1).ravel())
    mesh.loops.add(quads.size)
    mesh.loops.foreach_set("vertex_index", quads.ravel())
    mesh.polygons.add(side * side)
    mesh.polygons.foreach_set("loop_start", np.arange(0, quads.size, 4, dtype=np.int32))
    mesh.update(calc_edges=True)
    return mesh


def seconds_of_steps(steps) -> list[float]:
    """Of processor time: what other processes take is not ours."""
    found = []
    while True:
        began = time.thread_time()
        try:
            next(steps)
        except StopIteration:
            return [*found, time.thread_time() - began]
        found.append(time.thread_time() - began)


def export(path, selected: bool) -> None:
    with captured_output():  # it says a lot
        bpy.ops.export_scene.gltf(filepath=str(path), export_format="GLB", use_selection=selected)


def processor_time(pid: int) -> float:
    """Seconds that the process has computed; 0 where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_over_many_generations(settings):
    """A new file after every tenth one, since what is in the file is no leak."""
    settings.size = 64
    found = []
    for count in range(1, GENERATIONS + 1):
        bpy.context.scene.gancube.seed = count
        bpy.context.scene.gancube.size = 64
        seconds_of_a_click()
        if count % 10 == 0:
            bpy.ops.wm.read_homefile(use_factory_startup=True, use_empty=True)
            if count % 40 == 0 or count == 10:
                found.append((count, resident("self"), resident(session.client.child.process.pid)))
    print(
        "\nresident memory after so many cubes: "
        + ", ".join(f"{n}: Blender {b}, child {c} MiB" for n, b, c in found)
    )


def resident(pid) -> int:
    """MiB."""
    line = next(t for t in Path(f"/proc/{pid}/status").read_text().splitlines() if t.startswith("VmRSS"))
    return int(line.split()[1]) // 1024
