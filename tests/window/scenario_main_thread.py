"""Seconds that the add-on's own code holds up Blender while six 1024 px faces with all maps are made. By driver.py.

Every call from Blender into the add-on's files on the main thread is timed: operators, timers, panels, handlers,
property updates, whatever they are called. What Blender does after them (undo push, redraw, upload) is not in it.
"""

import sys
import time
from pathlib import Path

from installed import GENERATE, MODULE, TAB, generated, pictures, settings, without_default_cube

LIMIT = 0.05  # seconds
SIZE = 1024


def scenario(ui):
    yield from ui.open_sidebar(TAB)
    button = yield from ui.find_button(op=GENERATE)
    without_default_cube()
    settings().size = 128
    yield from generated(ui, button, "GAN Cube")  # the child is there, shaders are compiled
    settings().size = SIZE
    calls = Calls(Path(sys.modules[MODULE].__file__).parent)
    probe = ui.probe("generate_1024")
    calls.watch()
    cube = yield from generated(ui, button, "GAN Cube.001")
    calls.stop()
    gap = ui.end_probe(probe)
    ui.check("all maps of six faces", len(pictures(cube)) > 6, maps=len(pictures(cube)))
    ui.result["calls"] = calls.report()
    for name, figures in calls.report().items():
        print(f"[window] {name}: {figures}", flush=True)
    longest = max(max(seconds) for seconds in calls.seconds.values())
    ui.check(
        "no call of the add-on over 50 ms",
        longest < LIMIT,
        longest=round(longest, 4),
        freeze=gap["longest_gap_s"],
    )
    yield from ui.screenshot("cube_1024")


class Calls:
    """{function: [seconds of each call]} of those calls into `folder` that no frame of `folder` is behind."""

    def __init__(self, folder):
        self.folder, self.seconds, self.open = str(folder), {}, {}

    def watch(self):
        sys.setprofile(self.event)

    def stop(self):
        sys.setprofile(None)

    def event(self, frame, event, argument):
        if event == "call" and not self.open and frame.f_code.co_filename.startswith(self.folder):
            self.open[frame] = time.perf_counter()
        elif event == "return" and frame in self.open:
            name = f"{Path(frame.f_code.co_filename).name}:{frame.f_code.co_qualname}"
            self.seconds.setdefault(name, []).append(time.perf_counter() - self.open.pop(frame))

    def report(self):
        return {name: figures(seconds) for name, seconds in sorted(self.seconds.items())}


def figures(seconds):
    ordered = sorted(seconds)
    at = {"p50": ordered[len(ordered) // 2], "p95": ordered[int(len(ordered) * 0.95)], "max": ordered[-1]}
    return {"calls": len(ordered), **{name: f"{value * 1000:.2f} ms" for name, value in at.items()}}
