"""Seconds that the add-on's own code holds up Blender while six 1024 px faces with all maps are made. By driver.py.

Every call from Blender into the add-on's files on the main thread is timed: operators, timers, panels, handlers,
property updates, whatever they are called. What Blender does after them (undo push, redraw, upload) is not in it,
nor, on Linux, the time in which other processes had the processor.
"""

import sys
import threading
import time
from pathlib import Path

from installed import GENERATE, MODULE, TAB, generated, pictures, settings, without_default_cube

LIMIT = 0.05  # seconds
SIZE = 1024
NOT_OURS = getattr(getattr(sys, "monitoring", None), "DISABLE", None)


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
        self.folder, self.seconds, self.depth, self.began = str(folder), {}, 0, 0.0
        self.schedule = open_schedule()
        self.thread = threading.get_ident()

    def watch(self):
        if not hasattr(
            sys, "monitoring"
        ):  # before Python 3.12; every call of anybody's gets slower, the longest too
            sys.setprofile(self.profiled)
            return
        tool, events = sys.monitoring, sys.monitoring.events
        tool.use_tool_id(tool.PROFILER_ID, "gancube")
        # told that a place is not ours, the interpreter asks no more about it; with exceptions it cannot be told
        callbacks = {
            events.PY_START: lambda code, *_: self.entered(code),
            events.PY_RESUME: lambda code, *_: self.entered(code),
            events.PY_RETURN: lambda code, *_: self.left(code),
            events.PY_YIELD: lambda code, *_: self.left(code),
            events.PY_THROW: lambda code, *_: self.entered(code) and None,
            events.PY_UNWIND: lambda code, *_: self.left(code) and None,
        }
        for event, callback in callbacks.items():
            tool.register_callback(tool.PROFILER_ID, event, callback)
        tool.set_events(tool.PROFILER_ID, sum(callbacks))

    def stop(self):
        if hasattr(sys, "monitoring"):
            sys.monitoring.set_events(sys.monitoring.PROFILER_ID, 0)
            sys.monitoring.free_tool_id(sys.monitoring.PROFILER_ID)
        else:
            sys.setprofile(None)

    def profiled(self, frame, event, argument):
        if event == "call":
            self.entered(frame.f_code)
        elif event == "return":
            self.left(frame.f_code)

    def entered(self, code):
        if not code.co_filename.startswith(self.folder):
            return NOT_OURS
        if threading.get_ident() == self.thread:
            self.depth += 1
            if self.depth == 1:
                self.began = time.perf_counter() - self.waited()
        return None

    def left(self, code):
        if not code.co_filename.startswith(self.folder):
            return NOT_OURS
        if threading.get_ident() == self.thread and self.depth:
            self.depth -= 1
            if self.depth == 0:
                name = f"{Path(code.co_filename).name}:{code.co_qualname}"
                self.seconds.setdefault(name, []).append(time.perf_counter() - self.waited() - self.began)
        return None

    def waited(self) -> float:
        """Seconds that this thread could have run in, so far, while others did; 0 where nobody counts them."""
        if self.schedule is None:
            return 0.0
        self.schedule.seek(0)
        return int(self.schedule.read().split()[1]) / 1e9

    def report(self):
        return {name: figures(seconds) for name, seconds in sorted(self.seconds.items())}


def open_schedule():
    try:
        return open("/proc/thread-self/schedstat", "rb", buffering=0)
    except OSError:
        return None


def figures(seconds):
    ordered = sorted(seconds)
    at = {"p50": ordered[len(ordered) // 2], "p95": ordered[int(len(ordered) * 0.95)], "max": ordered[-1]}
    return {"calls": len(ordered), **{name: f"{value * 1000:.2f} ms" for name, value in at.items()}}
