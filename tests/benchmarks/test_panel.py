"""What the panel costs: from the click to the textured cube, the child process, memory over many generations.

    make bench     (or: .venv/bin/python -m pytest tests/benchmarks/test_panel.py -m bench -s)

Through the real operator without a window, with the shipped generator, on the processor. Judges nothing.
"""

import os
import statistics
import sys
import time
from dataclasses import asdict
from pathlib import Path

import pytest

bpy = pytest.importorskip("bpy")

import blender_addon  # noqa: E402
from blender_addon.engine import library, png  # noqa: E402
from blender_addon.engine.client import Client  # noqa: E402
from blender_addon.engine.model import Model  # noqa: E402
from blender_addon.engine.pixels import to_uint8  # noqa: E402
from blender_addon.engine.surface_request import SurfaceRequest  # noqa: E402
from blender_addon.ui import session  # noqa: E402

pytestmark = pytest.mark.bench
SIZES = (256, 512, 1024)
RUNS = 3
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


def test_overhead_of_the_child_process():
    """A face at 512 px, made here and made by the child; both to PNG bytes. The child runs at a lower priority."""
    size, path = 512, str(library.default(library.folders(None)))
    model = Model.load(path, provider="cpu", threads=1, verify=False)
    asked = SurfaceRequest(model=path, seed=3, size=size)
    seeds = [(seed, label) for seed, label in asked.faces()]
    message = {"do": "generate", "model": path, "asked": asdict(asked), "only": None}
    message |= {"provider": "cpu", "threads": 1, "blender": bpy.app.version_string}
    here, there, here_cpu, there_cpu, pipe = [], [], [], [], []
    client = Client()
    try:
        for _ in range(1 + RUNS):
            began, cpu = time.perf_counter(), time.process_time()
            for seed, label in seeds:
                texture = model.render(seed, label, size)
                for unit in texture.maps.values():
                    png.encode(to_uint8(unit), {"gancube": "x" * 2000})
            here.append((time.perf_counter() - began) / len(seeds))
            here_cpu.append((time.process_time() - cpu) / len(seeds))
            client.start()
            began, cpu = time.perf_counter(), time.process_time() + processor_time(client.child.process.pid)
            client.submit(message)
            done = None
            while done is None:
                done = next((h for h, _ in client.poll() if h["event"] in ("done", "error", "died")), None)
                time.sleep(0.002)
            assert done["event"] == "done", done
            there.append((time.perf_counter() - began) / len(seeds))
            spent = time.process_time() + processor_time(client.child.process.pid) - cpu
            there_cpu.append(spent / len(seeds))
            pipe.append(there[-1] - done["seconds"] / len(seeds))
    finally:
        client.close()
    lists = (here, there, here_cpu, there_cpu, pipe)
    wall, wall_child, cpu, cpu_child, beside = (statistics.median(values[1:]) * 1000 for values in lists)
    print(
        f"\na face at {size} px: in this process {wall:.1f} ms, by the child {wall_child:.1f} ms, of which "
        f"{beside:.2f} ms not in the child; processor time {cpu:.1f} and {cpu_child:.1f} ms (aim: at most 10 ms more)"
    )


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
