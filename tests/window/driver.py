"""Drives Blender's window from inside with real mouse and key events (xdotool). Blender's --python script; bpy only.

    blender --window-geometry 0 0 W H --python driver.py -- SCENARIO.py OUT HEIGHT

A scenario imports what stands beside it (installed.py).

The scenario is a generator, stepped by a timer, so that Blender's own loop keeps running between two steps:
`yield` waits for one step, `yield 0.5` for half a second, and what waits is called with `yield from`.
Coordinates are Blender's: pixels of the window, origin bottom left. OUT gets result.json and screenshots.
"""

import importlib.util
import json
import re
import shutil
import subprocess
import sys
import time
import traceback
from itertools import pairwise
from pathlib import Path

import bpy

STEP = 0.02  # seconds
PROBE = 0.05  # seconds between two ticks of a probe
KEYS = {"RET": "Return", "ESC": "Escape", "TAB": "Tab", "SPACE": "space", "PERIOD": "KP_Decimal"}
KEYS |= {f"F{n}": str(66 + n) for n in range(1, 11)}  # by code: by name xdotool holds Ctrl and Alt besides
BUTTON_OPERATORS = ("copy_python_command_button", "copy_data_path_button")


class UI:
    """One window, one viewport, one sidebar."""

    def __init__(self, out: Path, screen_height: int):
        self.out, self.screen_height = out, screen_height
        self.result = {"blender": bpy.app.version_string, "checks": [], "probes": [], "error": None}

    # What is where

    @property
    def window(self):
        return bpy.context.window_manager.windows[0]

    def area(self):
        return next(area for area in self.window.screen.areas if area.type == "VIEW_3D")

    def region(self, kind):
        return next(region for region in self.area().regions if region.type == kind)

    def context(self, kind="WINDOW"):
        return bpy.context.temp_override(
            window=self.window, screen=self.window.screen, area=self.area(), region=self.region(kind)
        )

    def redraw(self):
        for area in self.window.screen.areas:
            area.tag_redraw()

    # Waiting, checking, measuring

    def wait(self, condition, seconds, what):
        deadline = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"waited {seconds} s in vain for {what}")
            yield

    def check(self, name, ok, **detail):
        print(f"[window] {'ok' if ok else 'FAILED'}: {name}", "" if ok else detail, flush=True)
        self.result["checks"].append({"name": name, "ok": bool(ok), **detail})

    def probe(self, name):
        """Ticks in the main loop from now on; where it stands still, they are late."""
        probe = {"name": name, "ticks": [time.perf_counter()], "on": True}

        def tick():
            probe["ticks"].append(time.perf_counter())
            return PROBE if probe["on"] else None

        bpy.app.timers.register(tick, first_interval=PROBE, persistent=True)
        return probe

    def end_probe(self, probe):
        probe["on"] = False
        ticks = [*probe["ticks"], time.perf_counter()]
        gaps = [later - earlier for earlier, later in pairwise(ticks)]
        report = {
            "name": probe["name"],
            "seconds": ticks[-1] - ticks[0],
            "longest_gap_s": round(max(gaps), 4),
        }
        self.result["probes"].append(report)
        return report

    def screenshot(self, name):
        """Of the whole X screen, where ImageMagick is there: Blender's own is black when taken from a timer."""
        self.redraw()
        yield 0.5
        if shutil.which("import"):
            command = ["import", "-silent", "-window", "root", str(self.out / f"{name}.png")]
            subprocess.run(command, check=True, timeout=60)

    # Mouse and keys

    def x_event(self, *arguments):
        subprocess.run(["xdotool", *map(str, arguments)], check=True, timeout=10)

    def move(self, x, y):
        self.x_event("mousemove", self.window.x + int(x), self.screen_height - 1 - self.window.y - int(y))
        yield STEP
        yield STEP

    def over_viewport(self):
        view = self.region("WINDOW")
        yield from self.move(view.x + view.width // 3, view.y + view.height // 3)

    def click(self, x, y):
        yield from self.move(x - 1, y)
        yield from self.move(x, y)
        self.x_event("mousedown", 1)
        yield 0.06
        self.x_event("mouseup", 1)
        yield 0.06

    def move_by(self, x, y):
        """While a slider is held: Blender moves the mouse itself then, so that places on the screen mean nothing."""
        self.x_event("mousemove_relative", "--", int(x), int(-y))
        yield STEP
        yield STEP

    def key(self, key, ctrl=False, shift=False):
        held = ["ctrl"] * ctrl + ["shift"] * shift
        self.x_event("key", "+".join([*held, KEYS.get(key, key.lower())]))
        yield 0.1

    def type_text(self, text):
        self.x_event("type", "--delay", 15, text)
        yield 0.1

    # The sidebar

    def open_sidebar(self, tab):
        space = self.area().spaces.active
        if not space.show_region_ui:
            yield from self.over_viewport()
            yield from self.key("N")
        yield from self.wait(lambda: self.region("UI").width > 20, 20, "the sidebar")
        yield 0.5
        sidebar = self.region("UI")
        # the tabs are the strip on its right
        for y in range(sidebar.y + sidebar.height - 20, sidebar.y, -20):
            if sidebar.active_panel_category == tab:
                break
            yield from self.click(sidebar.x + sidebar.width - 8, y)
        if sidebar.active_panel_category != tab:
            raise LookupError(f"no tab {tab!r}, but {sidebar.active_panel_category!r}")
        self.redraw()
        yield 0.5

    def unfold(self, below, number=0, **where):
        """The folded sub-panel whose header is the first one (or that many further) below the button of that operator:
        headers have no name by which to find them."""
        _, y = yield from self.find_button(op=below, **where)
        scale = bpy.context.preferences.view.ui_scale
        yield from self.click(self.region("UI").x + 60 * scale, y - (33 + 26 * number) * scale)
        self.redraw()
        yield 0.7

    def scroll_down(self, clicks=40):
        """The sidebar, as far as it goes; up where negative."""
        sidebar = self.region("UI")
        yield from self.move(sidebar.x + sidebar.width // 3, sidebar.y + sidebar.height // 2)
        for _ in range(abs(clicks)):
            self.x_event("click", 5 if clicks > 0 else 4)
        yield 1.0

    def find_button(self, op=None, prop=None, having="", columns=(0.5, 0.8, 0.2, 0.93, 0.07)):
        """The place of an operator's or property's button: Blender is asked at each place what is under the mouse.

        having: what its call or data path holds besides, "face=3"; columns: where to look, in widths of the sidebar.
        Where it is not in sight, the sidebar is scrolled to its top and then down, a third of a screen each time.
        """
        for clicks in (0, -60, 6, 6, 6):
            if clicks:
                yield from self.scroll_down(clicks)
            place = yield from self.button_in_sight(op, prop, having, columns)
            if place is not None:
                return place
        raise LookupError(f"no button for {op or prop} {having}")

    def button_in_sight(self, op, prop, having, columns):
        sidebar = self.region("UI")

        def here():
            text = self.under_mouse()
            named = text.startswith(f"bpy.ops.{op}(") if op else re.search(rf"\b{prop}(\[\d+\])?$", text)
            return named and having in text

        for share in columns:
            x = sidebar.x + int(sidebar.width * share)
            for y in range(sidebar.y + sidebar.height - 4, sidebar.y + 4, -9):
                yield from self.move(x, y)
                if here():
                    yield from self.move(x, y - 4)
                    return x, (y - 4 if here() else y)
        return None

    def click_button(self, op=None, prop=None, **where):
        place = yield from self.find_button(op, prop, **where)
        yield from self.click(*place)
        return place

    def under_mouse(self):
        manager = bpy.context.window_manager
        with self.context("UI"):
            for name in BUTTON_OPERATORS:
                operator = getattr(bpy.ops.ui, name)
                manager.clipboard = ""
                if operator.poll():
                    operator()
                if manager.clipboard:
                    return manager.clipboard
        return ""

    def type_into(self, prop, text, **where):
        """A field of the sidebar: two clicks open it for typing."""
        place = yield from self.find_button(prop=prop, **where)
        yield from self.click(*place)
        yield from self.click(*place)
        yield 1.0
        yield from self.key("A", ctrl=True)
        yield from self.type_text(text)
        yield from self.key("RET")
        yield 0.7

    def choose(self, prop, wanted, **where):
        """A menu of the sidebar: the wheel with Ctrl goes through its entries; `wanted()` says when to stop."""
        place = yield from self.find_button(prop=prop, **where)
        for button in [4] * 20 + [5] * 40:  # to the first entry, then down
            if wanted():
                return
            yield from self.move(*place)
            self.x_event("keydown", "ctrl")
            self.x_event("click", button)
            self.x_event("keyup", "ctrl")
            yield 0.3
        raise LookupError(f"no such entry in {prop}")

    def frame_selected(self):
        with self.context():
            bpy.ops.view3d.view_selected()
        yield 0.3


def steps(scenario, ui):
    try:
        yield 1.0
        yield from scenario(ui)
    except Exception:  # whatever it is, Blender has to be closed and the reason kept
        ui.result["error"] = traceback.format_exc()
        print(ui.result["error"], flush=True)
        yield from ui.screenshot("error")


def main(scenario_file: str, out: str, screen_height: str) -> None:
    preferences = bpy.context.preferences
    preferences.view.show_splash = False
    preferences.view.show_tooltips = False
    preferences.system.viewport_aa = "OFF"  # eight samples per redraw cost a second without a graphics card
    preferences.filepaths.file_preview_type = "NONE"
    preferences.use_preferences_save = False  # none of this is the user's choice
    sys.path.insert(0, str(Path(scenario_file).parent))
    spec = importlib.util.spec_from_file_location("scenario", scenario_file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ui = UI(Path(out), int(screen_height))
    running = steps(module.scenario, ui)

    def step():
        try:
            return next(running) or STEP
        except StopIteration:
            (ui.out / "result.json").write_text(json.dumps(ui.result, indent=1))
            with ui.context():
                bpy.ops.wm.quit_blender()
            return None

    bpy.app.timers.register(step, first_interval=1.0, persistent=True)


main(*sys.argv[sys.argv.index("--") + 1 :])
